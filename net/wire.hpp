#pragma once

#include <cstddef>
#include <memory>
#include <span>
#include <string>

#include <boost/system/error_code.hpp>

#include <sys/uio.h>

#include <switchboard/peer_certificate.hpp>

#include "net/unique_fd.hpp"

namespace switchboard::net {

/// What a read or write did.
struct wire_result {
  enum class status : unsigned char {
    /// `bytes` were moved, at least one.
    ok,
    /// Nothing now; readiness will tell.
    would_block,
    /// The peer has sent its last byte (reads only).
    end,
    /// The connection is lost; see `error`.
    failed,
  };

  status what = status::ok;
  std::size_t bytes = 0;
  /// Where it failed, why; for an `end`, set where TCP ended without the
  /// encrypted goodbye, so that bytes may be missing.
  boost::system::error_code error;
  /// Bytes behind `bytes` that are encrypted already and only partly written
  /// (writes only): the next write has to begin with them.
  std::size_t held = 0;
};

/// What receiving from or sending to a socket came to.
/// @param result bytes or a negative errno.
wire_result read_outcome(long result);
wire_result write_outcome(long result);

/// A byte stream over a non-blocking socket. Without encryption a call is one
/// system call. Readiness of the socket, level-triggered, is all that a user
/// waits for.
class wire {
public:
  /// Bytes of a read's buffer from which on nothing that could be read now
  /// stays in the wire, where readiness would not tell of it.
  static constexpr std::size_t ample = 40 * 1024;

  virtual ~wire() = default;

  /// @param into `loop::read_buffer`, or at least `ample`. Less will do for
  ///        whoever reads on until `would_block`.
  virtual wire_result read(std::span<std::byte> into) = 0;

  /// @param from begins with what the write before has not written; all of
  ///        that may have changed except what it has `held`. Not empty.
  /// @returns `ok` with fewer bytes than given where the socket is full, and
  ///          now and then so that others get their turn.
  virtual wire_result write(std::span<const iovec> from) = 0;

  /// Tells the peer that nothing more comes.
  virtual void shutdown_write() noexcept = 0;

  /// For readiness; where the wire does not encrypt, others may receive from
  /// it and send to it as well.
  virtual int fd() const noexcept = 0;

  /// Whether the wire encrypts.
  virtual bool secure() const noexcept = 0;

  /// The certificate that a client has shown us; empty where there is none.
  virtual peer_certificate peer() const {
    return {};
  }

  /// Gives up the socket where the wire passes bytes on as they are, for
  /// `plain_read` and `plain_write`; the wire is of no use any more.
  /// @returns none where it does more than that.
  virtual unique_fd release() noexcept {
    return {};
  }
};

/// A wire that has to agree with its peer before it carries anything.
class handshaking_wire : public wire {
public:
  enum class progress : unsigned char {
    done,
    wants_read,
    wants_write,
    /// Whether the peer may come in is being found out: readiness for reading
    /// of `verdict_fd` tells, not of `fd`.
    wants_verdict,
    failed,
  };

  /// Goes on with the handshake; to be called again once the socket is ready
  /// for what it wants. Takes nothing that comes behind the handshake.
  /// @param problem receives why it has failed: words that follow "TLS with
  ///        HOST failed: ", no full stop, no secret.
  virtual progress handshake(std::string& problem) = 0;

  /// While it `wants_verdict`; goes with the wire.
  virtual int verdict_fd() const noexcept {
    return -1;
  }
};

/// Receive from and send to a non-blocking socket, bytes as they are.
/// @returns bytes or a negative errno.
long plain_read(int fd, std::span<std::byte> into) noexcept;
long plain_write(int fd, std::span<const std::byte> from) noexcept;
long plain_write(int fd, std::span<const iovec> from) noexcept;

/// TCP as it is.
std::unique_ptr<wire> make_plain_wire(unique_fd fd);

} // namespace switchboard::net
