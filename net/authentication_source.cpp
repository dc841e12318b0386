#include "net/authentication_source.hpp"

#include <utility>

namespace switchboard::net {

std::shared_ptr<authentication_source>
authentication_source::make(const listener_authentication& options,
                            std::string& problem) {
  std::shared_ptr<authentication_source> result{
      new authentication_source{options}};
  return result->renew(problem) ? result : nullptr;
}

std::shared_ptr<const authenticator> authentication_source::current() const {
  std::lock_guard guard{mutex_};
  return current_;
}

bool authentication_source::renew(std::string& problem) {
  // Before the reading: what changes meanwhile is seen as a change.
  auto before = stamps();
  auto made = authenticator::make(options_, problem);
  std::lock_guard guard{mutex_};
  read_ = std::move(before);
  if (!made)
    return false;
  current_.swap(made);
  return true;
}

void authentication_source::use(const authentication_source& other) {
  auto next = other.current();
  auto read = other.stamps_read();
  std::lock_guard guard{mutex_};
  current_.swap(next);
  read_.swap(read);
}

std::vector<file_stamp> authentication_source::stamps() const {
  std::vector<file_stamp> result;
  for (auto& path : files_of(options_))
    result.push_back(stamp_of(path));
  return result;
}

std::vector<file_stamp> authentication_source::stamps_read() const {
  std::lock_guard guard{mutex_};
  return read_;
}

} // namespace switchboard::net
