#include <algorithm>

#include "config/addresses.hpp"
#include "config/file_path.hpp"
#include "config/revocation.hpp"
#include "config/sections.hpp"

namespace switchboard::config {

namespace {

constexpr key_spec tls_keys[] = {
    {"enabled_protocols"}, {"enabled_cipher_suites"}, {"trust_store"},
    {"key_store"},         {"revocation_check"},      {"client_authentication"},
};

constexpr key_spec trust_keys[] = {
    {"path"}, {"password"}, {"type"}, {"algorithm"}, {"insecure"},
};

constexpr key_spec key_keys[] = {
    {"path", presence::required, "a file"},
    {"type"},
    {"alias"},
    {"key_password"},
    {"password"},
    {"algorithm"},
};

constexpr named<store_type> types[] = {
    {"PEM", store_type::pem},
    {"PKCS12", store_type::pkcs12},
    {"JKS", store_type::jks},
};

/// Names of the reference's; one way of choosing certificates serves both.
constexpr named<bool> algorithms[] = {
    {"PKIX", true},
    {"SunX509", true},
};

constexpr named<client_authentication> authentications[] = {
    {"none", client_authentication::none},
    {"optional", client_authentication::optional},
    {"required", client_authentication::required},
};

constexpr std::string_view protocols[] = {"TLSv1", "TLSv1.1", "TLSv1.2",
                                          "TLSv1.3"};

void read_word(const table_reader& table, std::string_view name,
               std::string& out) {
  if (auto word = table.string(name))
    out = word->value;
}

void read_trust_store(const value_reader& value, trust_store_options& out) {
  table_reader table{value, trust_keys};
  read_file_path(table, out.path);
  read_word(table, "password", out.password);
  table.one_of("type", out.type, types);
  auto checked = false;
  table.one_of("algorithm", checked, algorithms);
  table.boolean("insecure", out.insecure);
  if (table.has("path") || table.is_misspelled("path"))
    return;
  for (auto name : {"password", "type"})
    if (table.has(name))
      table.refuse_key(name, "stands without a path, expected the path of the "
                             "store that it is for");
}

void read_key_store(const value_reader& value, key_store_options& out) {
  table_reader table{value, key_keys};
  read_file_path(table, out.path);
  table.one_of("type", out.type, types);
  read_word(table, "alias", out.alias);
  read_word(table, "key_password", out.key_password);
  read_word(table, "password", out.password);
  auto checked = false;
  table.one_of("algorithm", checked, algorithms);
}

/// An array of names that is not empty: nothing could be spoken else.
/// @param fits judges one of them.
template <class Predicate>
void read_names(const table_reader& table, std::string_view key,
                std::vector<std::string>& out, const std::string& expected,
                Predicate fits) {
  auto names = table.strings(key);
  if (!names)
    return;
  auto value = table.find(key);
  if (value->node().as_array()->empty())
    value->refuse("is empty, expected " + expected
                  + ", or no such key for the defaults");
  for (auto& name : *names)
    if (fits(name.value))
      out.push_back(name.value);
    else
      table.shared().refuse(name,
                            shown(name) + " is unknown, expected " + expected);
}

void read_context(const named_table& entry, draft& out) {
  table_reader table{entry.value, tls_keys};
  tls_options options;
  options.name = entry.name;
  options.at = table.at();
  read_names(table, "enabled_protocols", options.enabled_protocols,
             R"("TLSv1", "TLSv1.1", "TLSv1.2" or "TLSv1.3")",
             [](const std::string& name) {
               return std::find(std::begin(protocols), std::end(protocols),
                                name)
                      != std::end(protocols);
             });
  // Which suites there are, the library that does them tells.
  read_names(table, "enabled_cipher_suites", options.enabled_cipher_suites,
             "names such as \"TLS_AES_128_GCM_SHA256\"",
             [](const std::string& name) { return is_token(name); });
  if (auto store = table.find("trust_store"))
    read_trust_store(*store, options.trust_store);
  if (auto store = table.find("key_store"))
    read_key_store(*store, options.key_store.emplace());
  if (auto check = table.find("revocation_check"))
    options.revocation =
        read_revocation_check(*check, !options.trust_store.path.empty());
  table.one_of("client_authentication", options.client_auth, authentications);
  out.value.switchboard.tls.push_back(std::move(options));
}

} // namespace

void read_tls(const value_reader& section, draft& out) {
  auto known = section.shared().found.size();
  auto entries = named_tables(section, "a table [tls.NAME]");
  out.tls_unclear = section.shared().found.size() != known;
  for (auto& entry : entries)
    read_context(entry, out);
}

} // namespace switchboard::config
