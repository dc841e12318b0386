#include <switchboard/pinned_handler.hpp>

namespace switchboard {

std::unique_ptr<message_parts> pinned_handler::on_parts(local_socket&, bool) {
  return nullptr;
}

void pinned_handler::on_sent(std::uint64_t, const caf::error&) {
  // nop
}

void pinned_handler::fail() {
  failed_ = true;
  caf::anon_send_exit(this, caf::exit_reason::unhandled_exception);
}

} // namespace switchboard
