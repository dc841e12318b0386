#include "net/large_sender.hpp"

#include <algorithm>
#include <utility>

namespace switchboard::net {

void large_sender::read() {
  auto& what = entries_.front();
  auto size = static_cast<std::size_t>(
      std::min<std::uint64_t>(fragment_size, what.large->size() - what.offset));
  reading_ = true;
  count_piece(size);
  what.large->read(what.offset, size,
                   [door = door_, whom = whom_](std::string&& bytes,
                                                std::error_code problem) {
                     door->post(
                         [whom, bytes = std::move(bytes), problem]() mutable {
                           if (*whom != nullptr)
                             (*whom)->on_piece(std::move(bytes), problem);
                         });
                   });
}

std::vector<send_token> large_sender::drop_oldest(std::size_t bytes) {
  std::vector<send_token> result;
  std::size_t gone = 0;
  std::erase_if(entries_, [&](const entry& what) {
    // The first may be on its way already.
    if (gone >= bytes || &what == &entries_.front())
      return false;
    gone += what.cost;
    if (what.token != 0)
      result.push_back(what.token);
    return true;
  });
  bytes_ -= gone;
  return result;
}

std::vector<send_token> large_sender::tokens() const {
  std::vector<send_token> result;
  for (auto& what : entries_)
    if (what.token != 0)
      result.push_back(what.token);
  return result;
}

} // namespace switchboard::net
