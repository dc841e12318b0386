#include "flows/large_digest.hpp"

#include <algorithm>
#include <cstdint>
#include <utility>

namespace switchboard::flows {

namespace {

/// Bytes that are in memory at a time.
constexpr std::uint64_t piece_size = 256 * 1024;

struct digesting : std::enable_shared_from_this<digesting> {
  digesting(std::shared_ptr<const large_content> what,
            const digest_algorithm& algorithm)
      : content(std::move(what)), digest(algorithm) {}

  void next() {
    auto left = content->size() - offset;
    if (left == 0)
      return done(digest.finish(), {});
    content->read(offset, static_cast<std::size_t>(std::min(left, piece_size)),
                  [self = shared_from_this()](std::string&& bytes,
                                              std::error_code problem) {
                    if (problem)
                      return self->done({}, problem);
                    self->digest.add(bytes);
                    self->offset += bytes.size();
                    self->next();
                  });
  }

  std::shared_ptr<const large_content> content;
  message_digest digest;
  std::uint64_t offset = 0;
  std::function<void(std::string, std::error_code)> done;
};

} // namespace

void digest_large(
    std::shared_ptr<const large_content> content,
    const digest_algorithm& algorithm,
    std::function<void(std::string digest, std::error_code problem)> done) {
  auto work = std::make_shared<digesting>(std::move(content), algorithm);
  work->done = std::move(done);
  work->next();
}

} // namespace switchboard::flows
