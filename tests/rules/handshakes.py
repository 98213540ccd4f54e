"""Handshakes for the rules' tests: a good one, of which each test changes a line."""

from collections.abc import Iterable

from wsinspect.rules.rule import Finding, Rule
from wsinspect.transport.httphead import parse_request, parse_response
from wsinspect.websocket.handshake import Handshake
from wsinspect.websocket.side import Side

HandshakeRule = Rule[[Handshake, Side]]

KEY = "/VLaRA97VUmIzhtZVs6Tsw=="
ACCEPT = "ZL+ra/JpIHkiTvhOYUo5CvRahUU="

GOOD_REQUEST = {
    "Host": "example.test",
    "Upgrade": "websocket",
    "Connection": "Upgrade",
    "Sec-WebSocket-Key": KEY,
    "Sec-WebSocket-Version": "13",
}
GOOD_RESPONSE = {
    "Upgrade": "websocket",
    "Connection": "Upgrade",
    "Sec-WebSocket-Accept": ACCEPT,
}

Changes = dict[str, str | list[str] | None]
"""Field values to put in place of the good ones; None takes the field away, a list repeats it."""


def asked(changes: Changes | None = None, start: str = "GET /chat HTTP/1.1") -> Handshake:
    """A handshake of which only the request is known."""
    return handshake(changes, start=start, answered=False)


def handshake(
    request: Changes | None = None,
    response: Changes | None = None,
    *,
    start: str = "GET /chat HTTP/1.1",
    status: str = "HTTP/1.1 101 Switching Protocols",
    answered: bool = True,
    requested: bool = True,
    early_bytes: int = 0,
    early_packet: int | None = None,
    wait_ns: int = 1_000_000,
) -> Handshake:
    """A good handshake but for the given changes."""
    request_head = parse_request(_head(start, GOOD_REQUEST, request), 4, 4, 0, 0) if requested else None
    response_head = None
    if answered:
        response_head = parse_response(_head(status, GOOD_RESPONSE, response), 6, 6, wait_ns, wait_ns)
        assert response_head is not None
    return Handshake(request_head, response_head, early_bytes, early_packet)


def _head(start: str, good: dict[str, str], changes: Changes | None) -> bytes:
    fields: Changes = {**good, **(changes or {})}
    lines = [start]
    for name, value in fields.items():
        values = [] if value is None else [value] if isinstance(value, str) else value
        lines += [f"{name}: {each}" for each in values]
    return "\r\n".join(lines).encode("latin-1")


def find(rule: HandshakeRule, subject: Handshake, side: Side | None = None) -> Finding | None:
    """What the rule says, called for the side that it can blame (or `side`)."""
    return rule.check(subject, side or Side(rule.by.value))


def fired(rules: Iterable[HandshakeRule], subject: Handshake) -> list[str]:
    """The ids of all rules that find something, each called once per side that it can blame."""
    ids = []
    for rule in rules:
        sides = [Side.CLIENT, Side.SERVER] if rule.by.value == "either" else [Side(rule.by.value)]
        ids += [rule.id for side in sides if rule.check(subject, side)]
    return ids
