#pragma once

#include <caf/all.hpp>

#include <switchboard/messages.hpp>

namespace switchboard {

/// One socket.
using socket_actor = caf::typed_actor<
    // Queues a message; answers once it was handed to the operating system, or
    // with CONNECTIVITY.
    caf::replies_to<socket_send>::with<void>,
    // Starts the closing handshake; answers when the socket is gone.
    caf::replies_to<socket_close>::with<void>,
    // Joins groups; repeats are ignored.
    caf::replies_to<socket_subscribe>::with<void>,
    // Leaves groups; absent ones are ignored.
    caf::replies_to<socket_unsubscribe>::with<void>,
    // Puts another token in the place of the one it was let in with, or
    // answers with INVALID_ARGUMENT.
    caf::replies_to<socket_renew_token>::with<void>,
    // Tells what the socket is doing.
    caf::replies_to<socket_query>::with<socket_info>>;

/// The registry: routes every operation, gathers the answers. An error is one
/// of `errc`.
using registry_actor = caf::typed_actor<
    // NO_SUCH_SOCKET, CONNECTIVITY.
    caf::replies_to<send_request>::with<void>,
    // INVALID_ARGUMENT for a wrong pattern or an unknown configuration; sockets
    // that could not be reached are in the result.
    caf::replies_to<broadcast_request>::with<broadcast_result>,
    // NO_SUCH_SOCKET, INVALID_ARGUMENT for a code or reason that cannot be
    // sent.
    caf::replies_to<close_request>::with<void>,
    // INVALID_ARGUMENT.
    caf::replies_to<bulk_close_request>::with<bulk_close_result>,
    // NO_SUCH_SOCKET, INVALID_ARGUMENT for a name that is empty or too long.
    caf::replies_to<subscribe_groups_request>::with<void>,
    // NO_SUCH_SOCKET.
    caf::replies_to<unsubscribe_groups_request>::with<void>,
    // NO_SUCH_SOCKET; INVALID_ARGUMENT for a token that does not do, and for a
    // socket that came without one.
    caf::replies_to<renew_token_request>::with<void>,
    // NO_SUCH_SOCKET.
    caf::replies_to<get_socket_request>::with<socket_info>,
    // INVALID_ARGUMENT.
    caf::replies_to<list_sockets_request>::with<socket_list>,
    // INVALID_ARGUMENT.
    caf::replies_to<list_closed_request>::with<closed_list>,
    // NO_SUCH_SOCKET where none of the last that are gone has the id.
    caf::replies_to<get_closed_request>::with<post_mortem>,
    // INVALID_ARGUMENT for an unknown configuration.
    caf::replies_to<list_groups_request>::with<group_list>,
    // Never fails.
    caf::replies_to<list_configs_request>::with<config_list>,
    // Answered once every shard knows; INVALID_ARGUMENT.
    caf::replies_to<subscribe_source_request>::with<void>,
    // As above, for several at once, in place of others.
    caf::replies_to<update_sources_request>::with<void>,
    // Answered with the socket's id once it is open. INVALID_SOCKET_ID,
    // NON_UNIQUE_SOCKET_ID; INVALID_ARGUMENT for a configuration without
    // client settings or a target that cannot be put together; what the peer
    // answered: BASIC_AUTHENTICATION, UNAUTHORIZED, FORBIDDEN, NOT_FOUND,
    // INTERNAL_SERVER_ERROR, SERVICE_UNAVAILABLE; REMOTELY_CLOSED,
    // CONNECTIVITY; RETRY_EXHAUSTED.
    caf::replies_to<open_outbound_socket_request>::with<std::string>,
    // Answered once every shard knows. INVALID_ARGUMENT, NO_SUCH_SOCKET,
    // TOO_MANY_REQUESTS, CONNECTIVITY.
    caf::replies_to<tap_request>::with<void>>;

/// What a source's target looks like.
using message_handler =
    caf::typed_actor<caf::replies_to<message_event>::with<void>>;
using connection_handler =
    caf::typed_actor<caf::replies_to<connection_event>::with<void>>;
using closed_handler = caf::typed_actor<caf::reacts_to<closed_event>>;

/// What a tap's target looks like.
using tap_handler = caf::typed_actor<caf::replies_to<tap_events>::with<void>,
                                     caf::reacts_to<tap_end>>;

} // namespace switchboard
