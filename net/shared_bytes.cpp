#include "net/shared_bytes.hpp"

#include <cstddef>
#include <utility>
#include <vector>

#include "net/pool_allocator.hpp"

namespace switchboard::net {

namespace {

/// A thread keeps at most so many strings, none with more memory than this.
constexpr std::size_t most_spare = 512;
constexpr std::size_t most_capacity = 4096;

using owned_string = std::unique_ptr<std::string>;

/// Strings that are not in use, one list a thread.
class spare_strings {
public:
  /// Null once the thread ends.
  static spare_strings* mine() {
    thread_local spare_strings strings;
    return ended_ ? nullptr : &strings;
  }

  spare_strings() {
    list_.reserve(most_spare);
  }

  ~spare_strings() {
    ended_ = true;
  }

  owned_string take() {
    if (list_.empty())
      return std::make_unique<std::string>();
    auto result = std::move(list_.back());
    list_.pop_back();
    return result;
  }

  void keep(owned_string what) noexcept {
    if (list_.size() < most_spare && what->capacity() <= most_capacity)
      list_.push_back(std::move(what));
  }

private:
  static constinit thread_local bool ended_;

  std::vector<owned_string> list_;
};

constinit thread_local bool spare_strings::ended_ = false;

void let_go(const std::string* what) noexcept {
  owned_string owned{const_cast<std::string*>(what)};
  if (auto mine = spare_strings::mine())
    mine->keep(std::move(owned));
}

} // namespace

std::shared_ptr<const std::string> share_bytes(std::string_view bytes) {
  auto mine = spare_strings::mine();
  auto result =
      mine != nullptr ? mine->take() : std::make_unique<std::string>();
  result->assign(bytes);
  return {static_cast<const std::string*>(result.release()), let_go,
          pool_allocator<std::byte>{}};
}

} // namespace switchboard::net
