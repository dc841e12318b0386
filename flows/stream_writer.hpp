#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <system_error>

#include <caf/all.hpp>

#include <switchboard/error.hpp>
#include <switchboard/flow_options.hpp>
#include <switchboard/payload.hpp>

#include "net/file_worker.hpp"
#include "net/temporary_file.hpp"

namespace switchboard::flows {

/// The error of a message that could not be kept.
inline constexpr std::string_view not_stored = "STREAM_NOT_STORED";

/// Why a message fails that the process gets no memory for.
inline error_text no_memory() {
  return {std::string{not_stored}, "there is no memory for the message"};
}

/// Where large messages lie.
struct stream_place {
  /// Null where no flow needs it.
  std::shared_ptr<net::file_worker> files = nullptr;
  /// Absolute, or relative to the process.
  std::string directory = {};
};

/// The most bytes of one message that stay in memory; what is more is an error
/// or goes into a file.
std::size_t memory_limit(const streaming_options& how) noexcept;

class stream_writer;

/// Bytes of a stream are in its file, or cannot be; to the writer's owner.
struct stream_written {
  std::shared_ptr<stream_writer> writer;
  std::size_t bytes = 0;
  std::error_code problem;
};

/// Keeps the bytes of one message as its flow's `streaming` says. Belongs to
/// one thread; what may wait for a disk is done by the place's worker.
class stream_writer : public std::enable_shared_from_this<stream_writer> {
public:
  /// @param owner gets `stream_written`, to hand it to `take`.
  stream_writer(const streaming_options& how, stream_place where, bool binary,
                caf::actor owner);

  /// Leaves the file's end to the worker.
  ~stream_writer();

  stream_writer(const stream_writer&) = delete;
  stream_writer& operator=(const stream_writer&) = delete;

  /// @returns whether more may come at once: not while much waits for the
  ///          disk.
  bool add(std::string_view bytes);

  /// Nothing more comes.
  void complete();

  /// Takes what became of bytes on their way to the file.
  void take(const stream_written& what);

  /// Whether more may come.
  bool has_room() const noexcept {
    return on_way_ <= least_on_way;
  }

  /// Whether nothing waits for the disk.
  bool is_settled() const noexcept {
    return on_way_ == 0;
  }

  /// Why the message cannot be kept.
  const std::optional<error_text>& problem() const noexcept {
    return problem_;
  }

  /// The content; none where there is a problem.
  /// @pre complete and settled
  payload finish();

private:
  /// A peer that sends byte by byte must not cost a write for each.
  static constexpr std::size_t block_size = 64 * 1024;
  static constexpr std::size_t most_on_way = 512 * 1024;
  static constexpr std::size_t least_on_way = 128 * 1024;

  void keep(std::string_view bytes);
  void put(std::string_view bytes);
  void store(std::string bytes);
  void drop_file() noexcept;
  void fail(std::string_view type, std::string message);

  streaming_options how_;
  stream_place where_;
  caf::actor owner_;
  bool binary_ = false;
  /// All of it, or what does not fill a block of the file yet.
  std::string memory_;
  /// Null while all of it is in memory.
  std::shared_ptr<net::temporary_file> file_;
  std::uint64_t stored_ = 0;
  /// Bytes that wait for the disk.
  std::size_t on_way_ = 0;
  std::optional<error_text> problem_;
};

} // namespace switchboard::flows

CAF_ALLOW_UNSAFE_MESSAGE_TYPE(switchboard::flows::stream_written)
