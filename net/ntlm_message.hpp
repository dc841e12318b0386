#pragma once

#include <string>
#include <string_view>

namespace switchboard::net {

/// Gives NTLM's second message (MS-NLMP §2.2.1.2) the length that GSS-API
/// insists on, where it is of the old kind that describes no target, and
/// leaves out a target's name that is said to lie outside: squid's own helper
/// sends both. Any other message stays as it is.
void mend_ntlm_challenge(std::string& message);

/// Names our machine in NTLM's third message (MS-NLMP §2.2.1.3), in place of
/// what stands there. GSS-API has no way to say it but the environment, which
/// is one for the whole process.
/// @param workstation ASCII, at most 255 bytes.
/// @returns false, and leaves the message alone, where it is none, is signed,
///          or the name cannot be sent.
bool set_ntlm_workstation(std::string& message, std::string_view workstation);

} // namespace switchboard::net
