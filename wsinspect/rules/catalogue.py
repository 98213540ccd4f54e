"""Every rule there is, in the order in which the documentation lists them."""

from typing import Any, Final

from wsinspect.rules import (
    closing,
    deflate,
    deflate_negotiation,
    fragmentation,
    framing,
    handshake_extensions,
    handshake_key,
    handshake_request,
    handshake_response,
    handshake_subprotocol,
    masking,
    ping,
    text,
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
"""Asked about an opening handshake, once for each side that they can blame."""

RULES: Final[tuple[Rule[Any], ...]] = (
    *HANDSHAKE_RULES,
    *framing.RULES,
    *masking.RULES,
    *fragmentation.RULES,
    *ping.RULES,
    *text.RULES,
    *closing.RULES,
    *deflate.RULES,
)

BY_ID: Final = {rule.id: rule for rule in RULES}
