"""Which header field a rule about the opening handshake is about."""

from typing import Final

START_LINE: Final = ""
"""Stands for the request line or the status line."""

FIELD_OF_RULE: Final[dict[str, str]] = {
    "request-method-not-get": START_LINE,
    "request-http-version": START_LINE,
    "request-target-fragment": START_LINE,
    "response-http-version": START_LINE,
    "handshake-rejected": START_LINE,
    "unsolicited-101": START_LINE,
    "invalid-request-accepted": START_LINE,
    "slow-handshake": START_LINE,
    "data-before-handshake-response": START_LINE,
    "invalid-host-header": "host",
    "missing-request-upgrade": "upgrade",
    "missing-response-upgrade": "upgrade",
    "missing-request-connection-upgrade": "connection",
    "missing-response-connection-upgrade": "connection",
    "missing-browser-origin": "origin",
    "request-body": "content-length",
    "missing-supported-versions": "sec-websocket-version",
    "wrong-accept": "sec-websocket-accept",
    "no-subprotocol-selected": "sec-websocket-protocol",
    "unrequested-subprotocol": "sec-websocket-protocol",
    "unrequested-extension": "sec-websocket-extensions",
    "unregistered-extension": "sec-websocket-extensions",
    "conflicting-extensions": "sec-websocket-extensions",
    "unrequested-client-max-window-bits": "sec-websocket-extensions",
}
"""Rules whose id does not say it."""

_PARTS: Final = (
    ("sec-websocket-key", "sec-websocket-key"),
    ("sec-websocket-accept", "sec-websocket-accept"),
    ("sec-websocket-version", "sec-websocket-version"),
    ("subprotocol", "sec-websocket-protocol"),
    ("extension", "sec-websocket-extensions"),
    ("deflate", "sec-websocket-extensions"),
    ("server-max-window-bits", "sec-websocket-extensions"),
    ("server-no-context-takeover", "sec-websocket-extensions"),
)

JUDGED: Final = frozenset(
    {
        "host",
        "upgrade",
        "connection",
        "origin",
        "sec-websocket-key",
        "sec-websocket-version",
        "sec-websocket-accept",
        "sec-websocket-protocol",
        "sec-websocket-extensions",
    }
)
"""Fields that rules look at: worth a tick where nothing is wrong with them."""


def field_of(rule: str) -> str:
    """The field, in small letters, that `rule` is about; START_LINE where it is about none."""
    known = FIELD_OF_RULE.get(rule)
    if known is not None:
        return known
    return next((field for part, field in _PARTS if part in rule), START_LINE)
