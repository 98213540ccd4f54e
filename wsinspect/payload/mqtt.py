"""MQTT 3.1, 3.1.1 and 5.0 control packets (OASIS MQTT 5.0 §2 and §3)."""

from collections.abc import Iterator
from typing import Final

from wsinspect.payload.cursor import Cursor
from wsinspect.payload.mqtt_names import CONNACK_3, PACKETS, PROPERTIES, PROTOCOLS, REASONS
from wsinspect.payload.plain import is_utf8, preview
from wsinspect.payload.tree import scalar
from wsinspect.payload.viewer import Context, Match, Nested, Rank, Row, Rows, Unreadable, Viewer, field, named

_CONNECT: Final = (b"\x00\x04MQTT", b"\x00\x06MQIsdp")
_PACKETS_SHORT: Final = 5
"""Packets of one message that a line tells."""


def _recognise(data: bytes, context: Context) -> Match | None:
    if not data or context.is_text:
        return None
    if match := named(context, "mqtt", "mqttv3.1", "mqttv3.1.1", "mqttv5"):
        return match
    if data[0] == 0x10 and any(name in data[:14] for name in _CONNECT):
        return Match(Rank.SIGNATURE, "the bytes begin with MQTT's CONNECT")
    if context.first_sent[:1] == b"\x10" and any(name in context.first_sent[:14] for name in _CONNECT):
        return Match(Rank.SIGNATURE, "the client's first message is MQTT's CONNECT")
    return None


def _level(context: Context) -> int:
    """The protocol level in the client's CONNECT; 4 (MQTT 3.1.1) if that was not captured."""
    for name in _CONNECT:
        place = context.first_sent.find(name, 0, 14)
        if place >= 0 and place + len(name) < len(context.first_sent):
            return context.first_sent[place + len(name)]
    return 4


def _packets(data: bytes) -> Iterator[tuple[int, int, Cursor]]:
    """Type, flags and body of each packet: a message may hold several, or a part of one (MQTT 5.0 §6.0)."""
    cursor = Cursor(data)
    while cursor.left:
        first = cursor.uint(1)
        if not first >> 4:
            raise Unreadable("no MQTT packet begins here: type 0 is reserved, or it continues an earlier message")
        body = cursor.varint(4)
        if body > cursor.left:
            raise Unreadable(
                f"{PACKETS[first >> 4]} of {body:,} bytes is cut off, {cursor.left:,} are here: "
                "the rest may be in the next message"
            )
        yield first >> 4, first & 15, Cursor(cursor.take(body))


def _string(body: Cursor) -> str:
    return body.take(body.uint(2)).decode("utf-8", "backslashreplace")


def _binary(body: Cursor) -> bytes:
    return body.take(body.uint(2))


def _properties(body: Cursor, depth: int = 1) -> Iterator[Row]:
    properties = Cursor(body.take(body.varint(4)))
    while properties.left:
        number = properties.varint(4)
        name, shape = PROPERTIES.get(number, ("", ""))
        match shape:
            case "s":
                value = _string(properties)
            case "b":
                value = scalar(_binary(properties))
            case "p":
                value = f"{_string(properties)} = {_string(properties)}"
            case "v":
                value = str(properties.varint(4))
            case "":
                raise Unreadable(f"property {number} is not known")
            case _:
                value = str(properties.uint(int(shape)))
        yield field(name, value, depth)


def _reason(code: int) -> str:
    return f"{code} {REASONS.get(code, 'unknown')}"


def _rows(data: bytes, context: Context) -> Rows:
    level = _level(context)
    for kind, flags, body in _packets(data):
        yield Row(0, "", PACKETS[kind])
        yield from _body(PACKETS[kind], flags, body, level)


def _body(name: str, flags: int, body: Cursor, level: int) -> Rows:
    match name:
        case "CONNECT":
            yield from _connect(body)
        case "PUBLISH":
            yield from _publish(flags, body, level)
        case "CONNACK":
            yield field("session present", "yes" if body.uint(1) & 1 else "no", 1)
            yield from _connack_code(body.uint(1), level)
            if level >= 5:
                yield from _properties(body)
        case "SUBSCRIBE" | "UNSUBSCRIBE":
            yield from _subscribe(name, body, level)
        case "SUBACK" | "UNSUBACK" | "PUBACK" | "PUBREC" | "PUBREL" | "PUBCOMP":
            yield from _acknowledgement(name, body, level)
        case "DISCONNECT" | "AUTH":
            if body.left:
                yield field("reason", _disconnect_reason(name, body.uint(1)), 1)
            if body.left:
                yield from _properties(body)
    if body.left:
        yield Row(1, "", f"{body.left:,} bytes are left over", remark=True)


def _connack_code(code: int, level: int) -> Iterator[Row]:
    if level >= 5:
        yield field("reason", _reason(code), 1)
    else:
        yield field("return code", f"{code} {CONNACK_3[code] if code < len(CONNACK_3) else 'unknown'}", 1)


def _disconnect_reason(name: str, code: int) -> str:
    return "0 normal disconnection" if name == "DISCONNECT" and not code else _reason(code)


def _connect(body: Cursor) -> Iterator[Row]:
    protocol, level, flags = _string(body), body.uint(1), body.uint(1)
    yield field("protocol", f"{protocol} {level} ({PROTOCOLS.get(level, 'unknown version')})", 1)
    yield field("clean start" if level >= 5 else "clean session", "yes" if flags & 2 else "no", 1)
    yield field("keep alive", f"{body.uint(2)} s", 1)
    if level >= 5:
        yield from _properties(body)
    yield field("client id", _string(body), 1)
    if flags & 4:
        yield Row(1, "", "will")
        yield field("QoS", flags >> 3 & 3, 2)
        yield field("retain", "yes" if flags & 0x20 else "no", 2)
        if level >= 5:
            yield from _properties(body, 2)
        yield field("topic", _string(body), 2)
        yield field("message", _binary(body).decode("utf-8", "backslashreplace"), 2)
    if flags & 0x80:
        yield field("user name", _string(body), 1)
    if flags & 0x40:
        yield field("password", f"{len(_binary(body))} bytes", 1)


def _publish(flags: int, body: Cursor, level: int) -> Rows:
    yield field("topic", _string(body), 1)
    quality = flags >> 1 & 3
    yield field("QoS", quality, 1)
    for bit, name in ((8, "duplicate"), (1, "retain")):
        if flags & bit:
            yield field(name, "yes", 1)
    if quality:
        yield field("packet id", body.uint(2), 1)
    if level >= 5:
        yield from _properties(body)
    payload = body.rest()
    yield Nested("payload", payload, is_utf8(payload), 1) if payload else field("payload", "none", 1)


def _subscribe(name: str, body: Cursor, level: int) -> Iterator[Row]:
    yield field("packet id", body.uint(2), 1)
    if level >= 5:
        yield from _properties(body)
    while body.left:
        topic = _string(body)
        if name == "UNSUBSCRIBE":
            yield field("topic filter", topic, 1)
            continue
        options = body.uint(1)
        notes = [f"QoS {options & 3}"]
        notes += [note for bit, note in ((4, "no local"), (8, "retain as published")) if options & bit]
        if options >> 4 & 3:
            notes.append(f"retain handling {options >> 4 & 3}")
        yield field("topic filter", f"{topic}  ({', '.join(notes)})", 1)


def _acknowledgement(name: str, body: Cursor, level: int) -> Iterator[Row]:
    yield field("packet id", body.uint(2), 1)
    if name in ("SUBACK", "UNSUBACK"):
        if level >= 5:
            yield from _properties(body)
        while body.left:
            code = body.uint(1)
            granted = f"{code} granted QoS 0" if name == "SUBACK" and not code else _reason(code)
            yield field("return code" if level < 5 else "reason", granted, 1)
        return
    if body.left:
        yield field("reason", _reason(body.uint(1)), 1)
    if body.left:
        yield from _properties(body)


_TOLD: Final = ("client id: ", "topic: ", "topic filter: ", "reason: ", "return code: ")
_NUMBERS: Final = {"QoS: ": "QoS", "packet id: ": "id"}


def _summary(data: bytes, context: Context) -> str:
    parts: list[str] = []
    level = _level(context)
    for count, (kind, flags, body) in enumerate(_packets(data)):
        if count == _PACKETS_SHORT:
            parts.append("· …")
            break
        parts += ["·", PACKETS[kind]] if parts else [PACKETS[kind]]
        for row in _body(PACKETS[kind], flags, body, level):
            if isinstance(row, Nested):
                parts.append(preview(row.data, row.is_text))
            elif row.name in _NUMBERS and row.depth == 1:
                parts.append(f"{_NUMBERS[row.name]}={row.value}")
            elif row.name in _TOLD and row.depth == 1:
                parts.append(row.value)
    return " ".join(parts)


VIEWER: Final = Viewer("MQTT", _recognise, _rows, _summary)
