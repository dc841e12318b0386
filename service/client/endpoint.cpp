#include "service/client/endpoint.hpp"

#include <boost/url.hpp>

namespace switchboard::service::client {

std::optional<endpoint> parse_endpoint(std::string_view text,
                                       std::string& problem) {
  auto parsed = boost::urls::parse_uri(text);
  if (!parsed) {
    problem = "it is no URL, expected http://HOST:PORT";
    return std::nullopt;
  }
  auto& url = *parsed;
  endpoint result;
  if (url.scheme_id() == boost::urls::scheme::https) {
    result.secure = true;
  } else if (url.scheme_id() != boost::urls::scheme::http) {
    problem = "its scheme is neither http nor https";
    return std::nullopt;
  }
  if (url.has_userinfo()) {
    problem = "it has a user name; tokens come from SWITCHBOARD_TOKEN or "
              "--token-file";
    return std::nullopt;
  }
  if (url.has_query() || url.has_fragment()) {
    problem = "it has a query or a fragment";
    return std::nullopt;
  }
  result.host = url.host_address();
  if (result.host.empty()) {
    problem = "it has no host";
    return std::nullopt;
  }
  result.port = url.port();
  if (result.port.empty())
    result.port = result.secure ? "443" : "80";
  result.authority = std::string{url.encoded_host_and_port()};
  result.prefix = std::string{url.encoded_path()};
  while (result.prefix.ends_with('/'))
    result.prefix.pop_back();
  return result;
}

std::string to_string(const endpoint& what) {
  return (what.secure ? "https://" : "http://") + what.authority + what.prefix;
}

} // namespace switchboard::service::client
