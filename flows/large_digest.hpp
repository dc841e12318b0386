#pragma once

#include <functional>
#include <memory>
#include <string>
#include <system_error>

#include <switchboard/large_content.hpp>

#include "flows/message_digest.hpp"

namespace switchboard::flows {

/// Computes the digest of a content that is too large for memory, piece by
/// piece and without holding up the caller.
/// @param done called once, from another thread, never from within the call;
///        the digest is empty where there is a problem, or OpenSSL fails.
void digest_large(
    std::shared_ptr<const large_content> content,
    const digest_algorithm& algorithm,
    std::function<void(std::string digest, std::error_code problem)> done);

} // namespace switchboard::flows
