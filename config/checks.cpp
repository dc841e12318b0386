#include "config/checks.hpp"

#include <algorithm>
#include <map>
#include <tuple>
#include <unordered_map>

#include "config/addresses.hpp"
#include "config/nearest.hpp"

namespace switchboard::config {

namespace {

std::string line(source_place at) {
  return "line " + std::to_string(at.line);
}

/// Whether the admin API's clients have to show certificates, or might have to
/// where the file is wrong.
bool is_by_certificate(const draft& read) {
  auto& name = read.value.admin.tls;
  auto& contexts = read.value.switchboard.tls;
  if (read.admin.tls_wrong || (!name.empty() && read.tls_unclear))
    return true;
  return std::any_of(contexts.begin(), contexts.end(), [&](auto& what) {
    return what.name == name && vouches_for_clients(what);
  });
}

void check_admin(reading& shared, const draft& read) {
  auto& host = read.admin.host;
  if (!host || read.admin.has_tokens || is_loopback(host->value)
      || is_by_certificate(read))
    return;
  std::string expected = read.value.admin.tls.empty()
                             ? "tokens beside it or a loopback address"
                             : "tokens beside it, a loopback address, or a tls "
                               "with client_authentication and a trust_store "
                               "of its own";
  shared.refuse(*host, shown(*host)
                           + " is reached from other machines, expected "
                           + expected);
}

/// Listeners share their port with SO_REUSEPORT: a second one on the same
/// address would bind without an error and take half of the connections.
void check_addresses(reading& shared, const draft& read) {
  std::map<std::pair<std::string, std::uint16_t>, std::string> owners;
  auto& admin = read.value.admin;
  if (!read.admin.host_wrong && !read.admin.port_wrong && admin.port != 0)
    owners[{admin.host, admin.port}] =
        admin.at.line == 0 ? "of the admin API, which [admin] moves"
                           : "of [admin] in " + line(admin.at);
  for (auto& notes : read.listeners) {
    if (!notes.host || !notes.port || *notes.port == 0)
      continue;
    auto [owner, is_new] =
        owners.try_emplace(std::pair{notes.host->value, *notes.port},
                           "of " + notes.key + " in " + line(notes.port_at));
    if (!is_new)
      shared.report(notes.port_at, notes.key + ".port",
                    "makes this the address " + owner->second
                        + ", expected another");
  }
}

void check_websockets(reading& shared, const draft& read) {
  auto& listeners = read.value.switchboard.listeners;
  std::vector<std::string_view> known;
  std::unordered_map<std::string_view, std::size_t> index;
  for (std::size_t i = 0; i < listeners.size(); ++i) {
    known.push_back(listeners[i].name);
    index.emplace(listeners[i].name, i);
  }
  std::map<std::pair<std::size_t, std::string>, source_place> taken;
  for (auto& notes : read.websockets) {
    if (!notes.listener)
      continue;
    auto found = index.find(notes.listener->value);
    if (found == index.end()) {
      if (!read.listeners_unclear)
        shared.refuse(*notes.listener,
                      unknown_name(*notes.listener, "http_listener", known));
      continue;
    }
    auto path = read.listeners[found->second].base_path;
    auto at = notes.listener->at;
    auto key = notes.listener->key;
    if (notes.base_path) {
      path = notes.base_path->value;
      at = notes.base_path->at;
      key = notes.base_path->key;
    }
    if (notes.base_path_wrong || !path)
      continue;
    auto [other, is_new] =
        taken.try_emplace(std::pair{found->second, *path}, at);
    if (!is_new)
      shared.report(at, key,
                    "shares listener and base path with the configuration of "
                        + line(other->second)
                        + ", expected another listener_base_path");
  }
}

void check_proxies(reading& shared, const draft& read) {
  if (read.proxies_unclear)
    return;
  std::vector<std::string_view> known;
  for (auto& proxy : read.value.switchboard.proxies)
    known.push_back(proxy.name);
  auto check = [&](const text& name) {
    if (std::find(known.begin(), known.end(), name.value) == known.end())
      shared.refuse(name, unknown_name(name, "[proxy.NAME]", known));
  };
  for (auto& notes : read.websockets)
    if (notes.proxy)
      check(*notes.proxy);
  for (auto& notes : read.flows)
    for (auto& name : notes.http_proxies)
      check(name);
}

void check_tls(reading& shared, const draft& read) {
  auto& contexts = read.value.switchboard.tls;
  std::vector<std::string_view> known;
  for (auto& context : contexts)
    known.push_back(context.name);
  for (auto& use : read.tls_uses) {
    auto found = std::find(known.begin(), known.end(), use.name.value);
    if (found == known.end()) {
      if (!read.tls_unclear)
        shared.refuse(use.name, unknown_name(use.name, "tls", known));
      continue;
    }
    auto& context = contexts[static_cast<std::size_t>(found - known.begin())];
    if (use.serves && !context.key_store)
      shared.refuse(use.name, shown(use.name)
                                  + " has no key_store, expected one with the "
                                    "listener's certificate and key");
  }
}

/// Two stores in one file would be one.
void check_object_stores(reading& shared, const draft& read) {
  std::map<std::string, source_place> taken;
  for (auto& notes : read.object_stores) {
    if (!notes.path)
      continue;
    auto [other, is_new] = taken.try_emplace(notes.path->value, notes.path->at);
    if (!is_new)
      shared.refuse(*notes.path, "is the file of the store of "
                                     + line(other->second)
                                     + ", expected another");
  }
}

void check_store_names(reading& shared, const draft& read) {
  if (read.object_stores_unclear)
    return;
  std::vector<std::string_view> known{default_object_store};
  for (auto& store : read.value.object_stores)
    known.push_back(store.name);
  for (auto& notes : read.flows)
    for (auto& name : notes.object_stores)
      if (std::find(known.begin(), known.end(), name.value) == known.end())
        shared.refuse(name, unknown_name(name, "[object_store.NAME]", known));
}

} // namespace

std::string unknown_name(const text& name, std::string_view kind,
                         std::vector<std::string_view> known) {
  auto result = shown(name) + " is no " + std::string{kind};
  if (known.empty())
    return result + ", expected one in this file, which has none";
  return result + ", the nearest is " + in_quotes(nearest(name.value, known));
}

void check_services(reading& shared, const draft& read) {
  check_admin(shared, read);
  check_addresses(shared, read);
  check_websockets(shared, read);
  check_proxies(shared, read);
  check_tls(shared, read);
  check_object_stores(shared, read);
  check_store_names(shared, read);
}

} // namespace switchboard::config
