"""Rules of the handshake's proof: Sec-WebSocket-Key and Sec-WebSocket-Accept (RFC 6455 §4.1, §4.2, §11.3)."""

from itertools import pairwise
from typing import Final

from wsinspect.rules.rule import By, Finding, Need, Rule, Severity, rule
from wsinspect.rules.wording import counted, quoted
from wsinspect.websocket.handshake import Handshake, decode_key, expected_accept
from wsinspect.websocket.side import Side

SAMPLE_KEY: Final = "dGhlIHNhbXBsZSBub25jZQ=="
"""The key of the examples in RFC 6455 §1.2 and §1.3, which many programs were written after."""
_NONCE_SIZE: Final = 16


@rule(
    "missing-sec-websocket-key",
    Severity.ERROR,
    "RFC 6455 §4.1, §4.2.1",
    by=By.CLIENT,
    needs={Need.REQUEST},
    means="The client sends a random key, and the server's answer proves that it understood the request as WebSocket. "
    "Without the key there is nothing to answer and servers refuse with 400.",
    look_at="Whether a WebSocket client wrote the request at all: curl, scanners and health checks often send only "
    "the Upgrade fields. Else a proxy that filters unknown fields.",
    aka=("Zeek `websocket_missing_key_header`", 'ws "Missing or invalid Sec-WebSocket-Key header"'),
)
def missing_sec_websocket_key(handshake: Handshake, side: Side) -> Finding | None:
    request = handshake.asking
    return None if request is None or handshake.keys else Finding("no Sec-WebSocket-Key field")


@rule(
    "invalid-sec-websocket-key",
    Severity.ERROR,
    "RFC 6455 §4.1, §4.2.1",
    by=By.CLIENT,
    needs={Need.REQUEST},
    means="The key is 16 random bytes in base64, that is 22 characters and `==`. Strict servers refuse anything else "
    "with 400; lax ones hash whatever text is there.",
    look_at="The client's key generator: base64 without padding, the URL alphabet (`-`, `_`), a UUID as text, or "
    "hexadecimal digits are the usual slips.",
    aka=('websockets "invalid Sec-WebSocket-Key header"', 'ws "Missing or invalid Sec-WebSocket-Key header"'),
)
def invalid_sec_websocket_key(handshake: Handshake, side: Side) -> Finding | None:
    if handshake.asking is None:
        return None
    for key in handshake.keys:
        nonce = decode_key(key)
        if nonce is None:
            return Finding(f"key {quoted(key)} is not base64")
        if len(nonce) != _NONCE_SIZE:
            return Finding(f"key {quoted(key)} decodes to {counted(len(nonce), 'byte')}; {_NONCE_SIZE} are required")
    return None


@rule(
    "duplicate-sec-websocket-key",
    Severity.ERROR,
    "RFC 6455 §11.3.1",
    by=By.CLIENT,
    needs={Need.REQUEST},
    means="Sec-WebSocket-Key may appear once in a request. With two, each server chooses its own, and the client may "
    "reject the answer.",
    look_at="A proxy or a piece of middleware that opens its own WebSocket and copies the client's fields into it.",
    aka=("Zeek `websocket_multiple_key_headers`", 'websockets "multiple values"'),
)
def duplicate_sec_websocket_key(handshake: Handshake, side: Side) -> Finding | None:
    if handshake.asking is None or len(handshake.keys) < 2:
        return None
    return Finding(f"{len(handshake.keys)} Sec-WebSocket-Key fields; one is allowed")


@rule(
    "weak-sec-websocket-key",
    Severity.NOTE,
    "RFC 6455 §4.1",
    by=By.CLIENT,
    tier=3,
    needs={Need.REQUEST},
    means="The key should be chosen at random for each connection; this one follows a pattern. The connection works, "
    "but the key no longer guards against a cached or replayed answer.",
    look_at="Test tools and home-made clients with a key copied from an example.",
)
def weak_sec_websocket_key(handshake: Handshake, side: Side) -> Finding | None:
    nonce = decode_key(handshake.key) if handshake.asking and handshake.key else None
    if nonce is None or len(nonce) != _NONCE_SIZE:
        return None
    steps = {(after - before) % 256 for before, after in pairwise(nonce)}
    if steps == {0}:
        return Finding(f"the nonce is the byte {nonce[0]:02X}, sixteen times")
    if steps == {1}:
        return Finding(f"the nonce counts up from {nonce[0]:02X}")
    if all(0x20 <= byte <= 0x7E for byte in nonce):
        return Finding(f"the nonce is readable text: {quoted(nonce.decode('ascii'))}")
    return None


@rule(
    "missing-sec-websocket-accept",
    Severity.ERROR,
    "RFC 6455 §4.1, §4.2.2",
    by=By.SERVER,
    needs={Need.RESPONSE},
    means="A 101 has to answer the client's key in Sec-WebSocket-Accept; that is the proof that a WebSocket server "
    "read the request. Without it a client must give up the connection.",
    look_at="What sent the 101: a generic upgrade handler or a proxy that filters fields, rather than a WebSocket "
    "library.",
    aka=("Zeek `websocket_missing_accept_header`", "Chromium \"'Sec-WebSocket-Accept' header is missing\""),
)
def missing_sec_websocket_accept(handshake: Handshake, side: Side) -> Finding | None:
    if handshake.agreeing is None or handshake.accepts:
        return None
    return Finding("the 101 has no Sec-WebSocket-Accept field")


@rule(
    "wrong-accept",
    Severity.ERROR,
    "RFC 6455 §4.1, §4.2.2",
    by=By.SERVER,
    needs={Need.REQUEST, Need.RESPONSE},
    means="Sec-WebSocket-Accept is not the hash of this request's key, so the 101 does not answer this request. "
    "Clients must give up the connection.",
    look_at="A cache or proxy that serves another request's 101, a mock server with a fixed value, or code that "
    "decodes the key before hashing it or mistypes the GUID.",
    aka=(
        "Zeek `websocket_wrong_accept_header`",
        "Chromium \"Incorrect 'Sec-WebSocket-Accept' header value\"",
        'ws "Invalid Sec-WebSocket-Accept header"',
    ),
)
def wrong_accept(handshake: Handshake, side: Side) -> Finding | None:
    expected, found = handshake.expected_accept, handshake.accept
    if handshake.agreeing is None or expected is None or found is None:
        return None
    # Of two keys or two answers the repetition is the fault, and it has its own rule: any pair that fits will do.
    if {expected_accept(key) for key in handshake.keys} & set(handshake.accepts):
        return None
    return Finding(f"expected {expected}, found {quoted(found) if found else 'nothing'}{_likeness(handshake, found)}")


def _likeness(handshake: Handshake, found: str) -> str:
    """What the wrong value is, where that can be told."""
    if handshake.accept_owner:
        return f"; fits the key of connection {handshake.accept_owner}"
    key = handshake.key or ""
    nonce = decode_key(key)
    if found == key:
        return "; it equals the key: echoed, not hashed"
    if nonce is not None and found == expected_accept(nonce.decode("latin-1")):
        return "; it is the hash of the decoded key, which has to be hashed as text"
    if found == expected_accept(SAMPLE_KEY):
        return "; it is the answer to the sample key of RFC 6455"
    return ""


@rule(
    "duplicate-sec-websocket-accept",
    Severity.ERROR,
    "RFC 6455 §11.3.3",
    by=By.SERVER,
    needs={Need.RESPONSE},
    means="Sec-WebSocket-Accept may appear once in a response. Clients that join the two compare the hash with "
    "`a, b` and fail the handshake.",
    look_at="Middleware that adds handshake fields to a response that has them already, or a proxy that terminates "
    "WebSocket and also copies its upstream's fields.",
    aka=("Zeek `websocket_multiple_accept_headers`", 'websockets "multiple values"'),
)
def duplicate_sec_websocket_accept(handshake: Handshake, side: Side) -> Finding | None:
    if len(handshake.accepts) < 2:
        return None
    values = ", ".join(map(quoted, handshake.accepts))
    return Finding(f"{len(handshake.accepts)} Sec-WebSocket-Accept fields: {values}; one is allowed")


RULES: tuple[Rule[[Handshake, Side]], ...] = (
    missing_sec_websocket_key,
    invalid_sec_websocket_key,
    duplicate_sec_websocket_key,
    weak_sec_websocket_key,
    missing_sec_websocket_accept,
    wrong_accept,
    duplicate_sec_websocket_accept,
)
