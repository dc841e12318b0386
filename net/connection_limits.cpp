#include "net/connection.hpp"

// What a peer may ask of a connection, and what the connection holds for it.

namespace switchboard::net {

namespace {

/// What a socket costs that is quiet: connection, actor, attributes, its place
/// in the books. Measured, see doc/operations.md.
constexpr std::size_t quiet_socket = 3 * 1024;

/// What OpenSSL holds for it besides.
constexpr std::size_t quiet_encryption = 14 * 1024;

/// What zlib holds beside its window.
constexpr std::size_t inflate_state = 10 * 1024;

} // namespace

/// Does what a rate says.
/// @returns whether to go on with what was counted.
bool connection::obey(inbound_rate::verdict what) {
  if (what == inbound_rate::verdict::good)
    return true;
  auto messages = rate_->last() == inbound_rate::kind::messages;
  auto& traffic = loop_.traffic();
  (messages ? traffic.message_rates : traffic.byte_rates).add();
  if (what == inbound_rate::verdict::wait) {
    throttled_ = true;
    return true;
  }
  close(close_codes::policy_violation,
        messages ? "message rate exceeded" : "byte rate exceeded",
        closed_by::limit);
  return false;
}

void connection::count_read(std::size_t bytes) {
  if (phase_ != phase::open)
    return;
  obey(rate_->take_bytes(bytes));
  update_interest();
}

void connection::on_rate_recovered() {
  if (phase_ != phase::open || !throttled_)
    return;
  throttled_ = false;
  // A peer that we did not read could not be heard.
  heard_ = loop_.now();
  take_leftover();
}

void connection::shed() {
  if (phase_ != phase::open)
    return;
  drop_queued(drop_cause::overflow, "memory has run out");
  // What comes after this is read and thrown away.
  reader_.discard();
  fail(close_codes::try_again_later, "out of memory", closed_by::limit);
  note_memory();
}

/// There is no memory for what the peer sends: it has to go, nobody else.
void connection::starve() {
  loop_.traffic().starved.add();
  if (phase_ == phase::open)
    shed();
  else
    lose("out of memory", closed_by::limit);
}

std::size_t connection::buffered_bytes() const noexcept {
  return reader_.buffered_bytes() + (leftover_ ? leftover_->capacity() : 0);
}

std::size_t connection::base_memory() const noexcept {
  auto result = quiet_socket;
  if (secure())
    result += quiet_encryption;
  if (compression_) {
    auto ours = options_->self == role::server
                    ? compression_->server_max_window_bits
                    : compression_->client_max_window_bits;
    auto theirs = options_->self == role::server
                      ? compression_->client_max_window_bits
                      : compression_->server_max_window_bits;
    // zconf.h says what zlib takes.
    if (deflater_)
      result += (std::size_t{1} << (ours + 2))
                + (std::size_t{1} << (options_->compression.memory_level + 9));
    if (reader_.inflates())
      result += (std::size_t{1} << theirs) + inflate_state;
  }
  return result;
}

void connection::note_memory() noexcept {
  auto now = base_memory() + buffered_bytes();
  loop_.traffic().held_bytes.add(now - noted_memory_);
  noted_memory_ = now;
  buffers_noted_ = buffered_bytes() != 0;
}

} // namespace switchboard::net
