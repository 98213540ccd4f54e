"""Which responses a client must not accept: the handshake part of the rules whose breach fails the connection.

In: a handshake with a 101. Out: the rules it breaks for which RFC 6455 §4.1 and RFC 7692 §5, §7 tell the client to give
the connection up. A client that goes on all the same shows it by sending a frame.
"""

from typing import Final

from wsinspect.rules import (
    deflate_negotiation,
    handshake_extensions,
    handshake_key,
    handshake_response,
    handshake_subprotocol,
)
from wsinspect.rules.handshake_response import (
    missing_response_connection_upgrade,
    missing_response_upgrade,
    response_http_version,
    unsolicited_101,
)
from wsinspect.rules.rule import Rule
from wsinspect.websocket.handshake import Handshake
from wsinspect.websocket.http2_handshake import Http2Handshake
from wsinspect.websocket.side import Side

CLIENT_MUST_REFUSE: Final[tuple[Rule[[Handshake, Side]], ...]] = (
    missing_response_upgrade,
    missing_response_connection_upgrade,
    handshake_key.missing_sec_websocket_accept,
    handshake_key.wrong_accept,
    handshake_key.duplicate_sec_websocket_accept,
    handshake_extensions.invalid_extension_header,
    handshake_extensions.unrequested_extension,
    handshake_subprotocol.unrequested_subprotocol,
    handshake_subprotocol.duplicate_subprotocol_response,
    handshake_subprotocol.invalid_subprotocol_response,
    response_http_version,
    deflate_negotiation.invalid_deflate_response,
    deflate_negotiation.unrequested_client_max_window_bits,
    deflate_negotiation.server_max_window_bits_not_honoured,
    deflate_negotiation.server_no_context_takeover_not_honoured,
    deflate_negotiation.conflicting_extensions,
    unsolicited_101,  # a client that never asked does not even look for the rest
)

_HTTP1_ALONE: Final = frozenset({*handshake_key.RULES, *handshake_response.RULES})
HTTP2_CLIENT_MUST_REFUSE: Final = tuple(rule for rule in CLIENT_MUST_REFUSE if rule not in _HTTP1_ALONE)
"""Over HTTP/2 there is no Upgrade and no key; what was agreed is judged as ever (RFC 8441 §5)."""


def client_refuses(handshake: Handshake) -> tuple[str, ...]:
    """The ids of the rules for which a client that follows the standard fails this 101; empty if it may go on."""
    if not handshake.accepted:
        return ()
    rules = HTTP2_CLIENT_MUST_REFUSE if isinstance(handshake, Http2Handshake) else CLIENT_MUST_REFUSE
    return tuple(rule.id for rule in rules if rule.check(handshake, Side.SERVER))
