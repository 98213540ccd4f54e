"""Every rule there is, in the order in which the documentation lists them."""

from typing import Any, Final

from wsinspect.rules import (
    close_etiquette,
    closing,
    content,
    deflate,
    deflate_habits,
    deflate_negotiation,
    diagnosed,
    fragmentation,
    framing,
    handshake_extensions,
    handshake_failed,
    handshake_key,
    handshake_request,
    handshake_response,
    handshake_subprotocol,
    http2,
    masking,
    masking_keys,
    neighbours,
    ping,
    pong,
    reactions,
    subprotocol,
    teardown,
    text,
    unfinished,
)
from wsinspect.rules.rule import Rule

HANDSHAKE_RULES: Final = (
    *handshake_request.RULES,
    *handshake_key.RULES,
    *handshake_subprotocol.RULES,
    *handshake_extensions.RULES,
    *handshake_response.RULES,
    *deflate_negotiation.RULES,
)
"""Asked about an opening handshake over HTTP/1.x, once for each side that they can blame."""

HTTP2_HANDSHAKE_RULES: Final = (
    *http2.HANDSHAKE_RULES,
    *handshake_subprotocol.RULES,
    *handshake_extensions.RULES,
    *deflate_negotiation.RULES,
)
"""Asked about an opening handshake over HTTP/2."""

RULES: Final[tuple[Rule[Any], ...]] = (
    *HANDSHAKE_RULES,
    *handshake_failed.RULES,
    *framing.RULES,
    *unfinished.RULES,
    *masking.RULES,
    *masking_keys.RULES,
    *fragmentation.RULES,
    *ping.RULES,
    *pong.RULES,
    *text.RULES,
    *content.RULES,
    *closing.RULES,
    *close_etiquette.RULES,
    *teardown.RULES,
    *deflate.RULES,
    *deflate_habits.RULES,
    *reactions.RULES,
    *neighbours.RULES,
    *diagnosed.RULES,
    *subprotocol.RULES,
    *http2.RULES,
)

BY_ID: Final = {rule.id: rule for rule in RULES}
