"""Socket.IO on Engine.IO: a digit of the one, a digit of the other, and JSON
(https://socket.io/docs/v4/engine-io-protocol/, https://socket.io/docs/v4/socket-io-protocol/).
"""

import re
from typing import Final, NamedTuple

from wsinspect.payload.json_text import compact, json_rows, raw_array, scalar
from wsinspect.payload.viewer import Context, Match, Nested, Rank, Row, Rows, Unreadable, Viewer, field

_ENGINE: Final = ("open", "close", "ping", "pong", "message", "upgrade", "noop")
_SOCKET: Final = ("connect", "disconnect", "event", "ack", "connect error", "binary event", "binary ack")
_PACKET: Final = re.compile(r"([0-6])(?:(\d{1,10})-)?(?:(/[^,\[{]*),?)?(\d{0,20})(.*)", re.DOTALL)


class _Packet(NamedTuple):
    """A packet of Socket.IO."""

    kind: str
    attachments: str
    namespace: str
    id: str
    json: str


def _recognise(data: bytes, context: Context) -> Match | None:
    version = context.query("EIO")
    if not version or not data:
        return None
    if context.is_text and not 0x30 <= data[0] <= 0x36:
        return None
    return Match(Rank.NAMED, f"the URL has EIO={version}")


def _attachment(data: bytes, context: Context) -> Nested:
    """Binary data: EIO=3 puts the type of the packet before it, later versions nothing."""
    return Nested("attachment", data[1:] if context.query("EIO") == "3" and data[:1] == b"\x04" else data)


def _split(data: bytes) -> tuple[str, str]:
    """Type of the Engine.IO packet and what follows."""
    text = data.decode("utf-8", "backslashreplace")
    return _ENGINE[int(text[0])], text[1:]


def _packet(text: str) -> _Packet:
    match = _PACKET.fullmatch(text)
    if match is None:
        raise Unreadable("no packet of Socket.IO follows the digit of Engine.IO")
    kind, attachments, namespace, id, json = match.groups()
    return _Packet(_SOCKET[int(kind)], attachments or "", namespace or "", id, json)


def _rows(data: bytes, context: Context) -> Rows:
    if not context.is_text:
        yield _attachment(data, context)
        return
    engine, rest = _split(data)
    yield field("Engine.IO", engine)
    if engine != "message":
        if rest:
            yield from json_rows(rest)
        return
    packet = _packet(rest)
    yield field("Socket.IO", packet.kind)
    for name, value in (
        ("namespace", packet.namespace),
        ("acknowledgement id", packet.id),
        ("attachments", packet.attachments),
    ):
        if value:
            yield field(name, value)
    if packet.json[:1] == "[" and packet.kind.endswith("event"):
        name, *arguments = raw_array(packet.json.encode("utf-8", "surrogatepass")) or [""]
        yield field("event", scalar(name))
        for argument in arguments:
            yield from json_rows(argument, 1)
    elif packet.json:
        yield Row(0, "data:")
        yield from json_rows(packet.json, 1)


def _summary(data: bytes, context: Context) -> str | Nested:
    if not context.is_text:
        return _attachment(data, context)
    engine, rest = _split(data)
    if engine != "message":
        return f"{engine} {compact(rest)}".rstrip()
    packet = _packet(rest)
    parts = [packet.namespace, packet.kind, f"id={packet.id}" if packet.id else ""]
    if packet.json[:1] == "[" and packet.kind.endswith("event"):
        name, *arguments = raw_array(packet.json.encode("utf-8", "surrogatepass")) or [""]
        parts += [scalar(name), "[" + ", ".join(compact(argument) for argument in arguments[:20]) + "]"]
    else:
        parts.append(compact(packet.json))
    return " ".join(part for part in parts if part)


VIEWER: Final = Viewer("Socket.IO", _recognise, _rows, _summary)
