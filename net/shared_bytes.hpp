#pragma once

#include <memory>
#include <string>
#include <string_view>

namespace switchboard::net {

/// A copy of a message's bytes, to be shared by any threads. The thread that
/// lets go of it last uses its memory again, so that steady traffic does not
/// ask the heap.
std::shared_ptr<const std::string> share_bytes(std::string_view bytes);

} // namespace switchboard::net
