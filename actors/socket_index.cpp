#include "actors/socket_index.hpp"

#include <utility>

#include "actors/socket.hpp"

namespace switchboard::actors {

namespace {

std::string_view id_of(const caf::strong_actor_ptr& handle) noexcept {
  return static_cast<const socket&>(*handle->get()).identity().socket_id();
}

} // namespace

std::size_t socket_index::hash::operator()(std::string_view id) const {
  return std::hash<std::string_view>{}(id);
}

std::size_t
socket_index::hash::operator()(const caf::strong_actor_ptr& socket) const {
  return (*this)(id_of(socket));
}

bool socket_index::equal::operator()(
    const caf::strong_actor_ptr& x,
    const caf::strong_actor_ptr& y) const noexcept {
  return id_of(x) == id_of(y);
}

bool socket_index::equal::operator()(
    std::string_view id, const caf::strong_actor_ptr& socket) const noexcept {
  return id == id_of(socket);
}

bool socket_index::equal::operator()(const caf::strong_actor_ptr& socket,
                                     std::string_view id) const noexcept {
  return id == id_of(socket);
}

void socket_index::add(caf::strong_actor_ptr handle) {
  std::lock_guard guard{mutex_};
  sockets_.insert(std::move(handle));
}

void socket_index::remove(std::string_view id) {
  // The last handle ends its socket: not under the lock.
  decltype(sockets_)::node_type gone;
  std::lock_guard guard{mutex_};
  if (auto i = sockets_.find(id); i != sockets_.end())
    gone = sockets_.extract(i);
  if (auto i = reserved_.find(id); i != reserved_.end())
    reserved_.erase(i);
}

bool socket_index::reserve(const std::string& id) {
  std::lock_guard guard{mutex_};
  return sockets_.find(id) == sockets_.end() && reserved_.insert(id).second;
}

void socket_index::release(const std::string& id) {
  std::lock_guard guard{mutex_};
  reserved_.erase(id);
}

caf::strong_actor_ptr socket_index::find(std::string_view id) const {
  std::lock_guard guard{mutex_};
  auto i = sockets_.find(id);
  return i == sockets_.end() ? nullptr : *i;
}

} // namespace switchboard::actors
