#include "net/tls_source.hpp"

#include <utility>
#include <variant>

#include "net/tls_wire.hpp"

namespace switchboard::net {

namespace {

/// The files that a context is made from.
std::vector<std::string> files_of(const tls_options& options) {
  std::vector<std::string> result;
  if (options.key_store)
    result.push_back(options.key_store->path);
  if (!options.trust_store.path.empty())
    result.push_back(options.trust_store.path);
  if (auto crls = options.revocation
                      ? std::get_if<crl_file>(&*options.revocation)
                      : nullptr)
    result.push_back(crls->path);
  return result;
}

std::vector<file_stamp> stamps_of(const tls_options& options) {
  std::vector<file_stamp> result;
  for (auto& path : files_of(options))
    result.push_back(stamp_of(path));
  return result;
}

} // namespace

tls_source::tls_source(role self, const tls_options& options)
    : self_(self), options_(options) {}

std::shared_ptr<tls_source>
tls_source::make(role self, const tls_options& options, std::string& problem) {
  std::shared_ptr<tls_source> result{new tls_source{self, options}};
  return result->renew(problem) ? result : nullptr;
}

std::shared_ptr<const tls_context> tls_source::current() const {
  std::lock_guard guard{mutex_};
  return context_;
}

tls_options tls_source::options() const {
  std::lock_guard guard{mutex_};
  return options_;
}

bool tls_source::renew(std::string& problem) {
  auto wanted = options();
  // Before the reading: what changes meanwhile is seen as a change.
  auto before = stamps_of(wanted);
  std::shared_ptr<const tls_context> made =
      tls_context::make(self_, wanted, problem);
  std::lock_guard guard{mutex_};
  // Other options have come meanwhile, and with them another context.
  if (wanted != options_)
    return true;
  read_ = std::move(before);
  if (!made)
    return false;
  if (started_)
    made->start();
  context_.swap(made);
  return true;
}

bool tls_source::renew(const tls_options& options, std::string& problem) {
  auto before = stamps_of(options);
  std::shared_ptr<const tls_context> made =
      tls_context::make(self_, options, problem);
  if (!made)
    return false;
  std::lock_guard guard{mutex_};
  options_ = options;
  read_ = std::move(before);
  if (started_)
    made->start();
  context_.swap(made);
  return true;
}

void tls_source::start() {
  std::lock_guard guard{mutex_};
  started_ = true;
  context_->start();
}

std::vector<file_stamp> tls_source::stamps() const {
  return stamps_of(options());
}

std::vector<file_stamp> tls_source::stamps_read() const {
  std::lock_guard guard{mutex_};
  return read_;
}

make_secure_wire make_client_wire(std::shared_ptr<const tls_source> source) {
  return [source = std::move(source)](
             unique_fd fd,
             const std::string& host) -> std::unique_ptr<handshaking_wire> {
    return make_tls_wire(std::move(fd), source->current(), host);
  };
}

} // namespace switchboard::net
