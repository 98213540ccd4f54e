"""The rules of tier 1 by group: each needs a capture that breaks it and one that only comes close.

Taken from the rule catalogue (docs/rules.md); a test compares the two.
"""

from typing import Final

TIER_1: Final = {
    "Opening handshake: request": (
        "request-method-not-get",
        "request-http-version",
        "invalid-host-header",
        "missing-request-upgrade",
        "missing-request-connection-upgrade",
        "missing-sec-websocket-key",
        "invalid-sec-websocket-key",
        "duplicate-sec-websocket-key",
        "missing-sec-websocket-version",
        "wrong-sec-websocket-version",
        "duplicate-sec-websocket-version",
        "invalid-subprotocol-offer",
        "duplicate-subprotocol-offer",
        "invalid-extension-header",
        "request-target-fragment",
        "data-before-handshake-response",
    ),
    "Opening handshake: response": (
        "missing-response-upgrade",
        "missing-response-connection-upgrade",
        "missing-sec-websocket-accept",
        "wrong-accept",
        "duplicate-sec-websocket-accept",
        "unrequested-subprotocol",
        "duplicate-subprotocol-response",
        "invalid-subprotocol-response",
        "unrequested-extension",
        "invalid-request-accepted",
        "missing-supported-versions",
        "response-http-version",
        "unsolicited-101",
    ),
    "Framing": (
        "rsv-bits-set",
        "reserved-opcode",
        "non-minimal-length",
        "length-msb-set",
        "http-inside-stream",
    ),
    "Masking": (
        "unmasked-client-frame",
        "masked-server-frame",
        "repeated-masking-key",
    ),
    "Fragmentation and control frames": (
        "continuation-without-message",
        "interleaved-data-frame",
        "fragmented-control-frame",
        "control-frame-too-long",
    ),
    "Ping and pong": ("missing-pong",),
    "Text": ("invalid-utf8-text",),
    "Closing handshake": (
        "close-payload-one-byte",
        "invalid-utf8-close-reason",
        "invalid-close-code",
        "data-after-close",
        "frame-after-close",
        "missing-close-reply",
    ),
    "permessage-deflate": (
        "invalid-deflate-offer-accepted",
        "invalid-deflate-response",
        "unrequested-client-max-window-bits",
        "server-max-window-bits-not-honoured",
        "server-no-context-takeover-not-honoured",
        "conflicting-extensions",
        "inflate-error",
        "context-takeover-used",
        "deflate-window-exceeded",
    ),
}

TIER_1_IDS: Final = tuple(rule for rules in TIER_1.values() for rule in rules)
WARNINGS: Final = frozenset({"frame-after-close"})
"""Tier 1 holds errors; this is the one warning among them."""
