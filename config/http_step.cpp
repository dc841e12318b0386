#include "config/http_step.hpp"

#include <algorithm>
#include <limits>

#include <boost/url/parse.hpp>
#include <boost/url/url_view.hpp>

#include "config/addresses.hpp"
#include "config/name_values.hpp"
#include "config/reconnection.hpp"
#include "config/templates.hpp"

namespace switchboard::config {

namespace {

using std::chrono::nanoseconds;

constexpr std::string_view expected_url =
    R"(a URL such as "https://host:port/path")";

constexpr key_spec keys[] = {
    {"method"},
    {"url", presence::required, expected_url},
    {"headers"},
    {"body"},
    {"timeout"},
    {"secret"},
    {"tls"},
    {"proxy"},
    {"max_connections"},
    {"queue_limit"},
    {"max_response_size"},
    {"reconnection"},
    {"event"},
    {"idempotent"},
    {"webhook_origin"},
};

constexpr std::int64_t most = std::numeric_limits<std::int32_t>::max();

std::string check_method(const text& method) {
  if (!is_token(method.value))
    return shown(method) + R"( is no method, expected one such as "POST")";
  if (method.value == "CONNECT")
    return R"("CONNECT" is for proxies, expected a method such as "POST")";
  return {};
}

/// Never repeats the URL, which may hold a secret.
std::string check_url(const text& url) {
  auto expected = ", expected " + std::string{expected_url};
  auto parsed = boost::urls::parse_uri(url.value);
  if (!parsed)
    return "is no URL" + expected;
  auto scheme = lower(std::string{parsed->scheme()});
  if (scheme != "http" && scheme != "https")
    return "has another scheme than http and https" + expected;
  if (parsed->has_userinfo())
    return "holds credentials, expected them in headers";
  if (parsed->encoded_host().empty())
    return "names no host" + expected;
  return {};
}

std::string check_origin(const text& origin) {
  return is_host(origin.value) ? ""
                               : shown(origin)
                                     + R"( is no host name, expected one such )"
                                       R"(as "switchboard.example.com")";
}

/// Headers that the step sets itself.
void check_own_headers(const table_reader& table,
                       const template_pairs& headers) {
  for (auto& [name, value] : headers.items) {
    auto plain = lower(name);
    if (plain == "host" || plain == "switchboard-signature"
        || plain.starts_with("ce-"))
      table.refuse_key("headers", "has " + in_quotes(name)
                                      + ", which the request sets itself, "
                                        "expected another header");
  }
}

void read_limits(const table_reader& table, http_request_settings& out) {
  table.duration("timeout", out.timeout, nanoseconds{1});
  table.integer("max_connections", out.max_connections, 1, 65535);
  table.integer("queue_limit", out.queue_limit, 0, most);
  table.size("max_response_size", out.max_response_size, 1,
             std::uint64_t{1} << 30);
  out.reconnection = read_reconnection(table);
}

} // namespace

std::optional<http_request_step> read_http_request(const value_reader& value,
                                                   flow_draft& notes) {
  table_reader table{value, keys};
  http_request_step result;
  auto& settings = result.settings;
  result.method = read_template(table, "method", check_method);
  auto url = read_template(table, "url", check_url);
  result.headers = read_header_templates(table);
  check_own_headers(table, result.headers);
  result.body = read_template(table, "body");
  read_limits(table, settings);
  table.boolean("event", settings.event);
  auto idempotent = false;
  if (table.boolean("idempotent", idempotent))
    settings.idempotent = idempotent;
  if (auto secret = table.find("secret"))
    if (auto constant = read_constant(*secret, "a secret that is not empty")) {
      settings.secret = constant->value;
      if (!settings.event)
        table.refuse_key("secret", "signs the id of an event, expected event "
                                   "to be true");
    }
  if (auto name = table.string("tls")) {
    settings.tls = name->value;
    notes.http_tls.push_back(std::move(*name));
  }
  if (auto name = table.string("proxy")) {
    settings.proxy = name->value;
    notes.http_proxies.push_back(std::move(*name));
  }
  if (auto origin = table.string("webhook_origin")) {
    if (auto problem = check_origin(*origin); problem.empty())
      settings.webhook_origin = origin->value;
    else
      table.shared().refuse(*origin, std::move(problem));
  }
  if (!url)
    return std::nullopt;
  result.url = std::move(*url);
  return result;
}

} // namespace switchboard::config
