"""WAMP, version 2 (https://wamp-proto.org/wamp_latest_ietf.html), in JSON, MessagePack and CBOR."""

from collections.abc import Callable, Iterator
from typing import Final

from wsinspect.payload import cbor, json_text, msgpack
from wsinspect.payload.cursor import Cursor
from wsinspect.payload.tree import notation, value_rows
from wsinspect.payload.viewer import Context, Match, Rank, Row, Rows, Unreadable, Viewer

_ARGUMENTS: Final = ("arguments", "keyword arguments")
_MESSAGES: Final[dict[int, tuple[str, ...]]] = {
    1: ("HELLO", "realm", "details"),
    2: ("WELCOME", "session", "details"),
    3: ("ABORT", "details", "reason"),
    4: ("CHALLENGE", "method", "extra"),
    5: ("AUTHENTICATE", "signature", "extra"),
    6: ("GOODBYE", "details", "reason"),
    8: ("ERROR", "request type", "request", "details", "error", *_ARGUMENTS),
    16: ("PUBLISH", "request", "options", "topic", *_ARGUMENTS),
    17: ("PUBLISHED", "request", "publication"),
    32: ("SUBSCRIBE", "request", "options", "topic"),
    33: ("SUBSCRIBED", "request", "subscription"),
    34: ("UNSUBSCRIBE", "request", "subscription"),
    35: ("UNSUBSCRIBED", "request"),
    36: ("EVENT", "subscription", "publication", "details", *_ARGUMENTS),
    48: ("CALL", "request", "options", "procedure", *_ARGUMENTS),
    49: ("CANCEL", "request", "options"),
    50: ("RESULT", "request", "details", *_ARGUMENTS),
    64: ("REGISTER", "request", "options", "procedure"),
    65: ("REGISTERED", "request", "registration"),
    66: ("UNREGISTER", "request", "registration"),
    67: ("UNREGISTERED", "request"),
    68: ("INVOCATION", "request", "registration", "details", *_ARGUMENTS),
    69: ("INTERRUPT", "request", "options"),
    70: ("YIELD", "request", "options", *_ARGUMENTS),
}
"""Name of each type of message, and of the elements behind the type."""
_QUIET: Final = frozenset({"details", "options", "extra"})
"""Elements that a line has no room for."""
_BARE: Final = frozenset({"topic", "procedure", "realm", "reason", "error", "method", *_ARGUMENTS})
"""Elements whose value says what they are."""


def _recognise(data: bytes, context: Context) -> Match | None:
    subprotocol = context.subprotocol.lower()
    if subprotocol.startswith("wamp.2."):
        return Match(Rank.NAMED, f"subprotocol={context.subprotocol}")
    return None


def _messages(data: bytes, context: Context) -> Iterator[list[object]]:
    for value in _values(data, context.subprotocol.lower().removeprefix("wamp.2.")):
        if not isinstance(value, list | tuple) or not value or not isinstance(value[0], int):
            raise Unreadable("a message of WAMP is an array that begins with a number, this is none")
        yield list(value)


def _values(data: bytes, serialization: str) -> Iterator[object]:
    if serialization == "json.batched":
        for text in data.split(b"\x18"):
            if text:
                yield json_text.decode(text)
        return
    name, _, batched = serialization.partition(".")
    decode = _DECODERS.get(name)
    if decode is None:
        raise Unreadable(f"the serialization {serialization} is not known")
    if batched != "batched":
        yield decode(data)
        return
    cursor = Cursor(data)
    while cursor.left:
        yield decode(cursor.take(cursor.uint(4)))


_DECODERS: Final[dict[str, Callable[[bytes], object]]] = {
    "json": json_text.decode,
    "msgpack": msgpack.decode,
    "cbor": cbor.decode,
}


def _names(message: list[object]) -> tuple[str, ...]:
    number = message[0]
    assert isinstance(number, int)
    return _MESSAGES.get(number, (f"type {number}",))


def _rows(data: bytes, context: Context) -> Rows:
    for message in _messages(data, context):
        title, *names = _names(message)
        yield Row(0, "", title)
        for place, value in enumerate(message[1:]):
            name = names[place] if place < len(names) else f"element {place + 1}"
            yield from value_rows(value, f"{name}: ", 1)


def _summary(data: bytes, context: Context) -> str:
    parts: list[str] = []
    for message in _messages(data, context):
        title, *names = _names(message)
        parts.append(title)
        for name, value in zip(names, message[1:], strict=False):
            if name in _QUIET:
                continue
            text = value if isinstance(value, str) else notation(value)
            parts.append(text if name in _BARE else f"{name}={text}")
    return " ".join(parts)


VIEWER: Final = Viewer("WAMP", _recognise, _rows, _summary)
