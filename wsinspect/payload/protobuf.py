"""Protocol Buffers without their schema: numbers of fields, wire types, values
(https://protobuf.dev/programming-guides/encoding/)."""

import struct
from collections.abc import Iterator
from typing import Final, NamedTuple

from wsinspect.payload.cursor import Cursor
from wsinspect.payload.tree import scalar
from wsinspect.payload.viewer import MAX_VALUE, SUMMARY, Context, Match, Rank, Row, Unreadable, Viewer

MAX_LEVELS: Final = 16
"""Messages inside each other that are opened."""
_LIKELY_NUMBER: Final = 2047
"""Field numbers of real messages are small: two bytes of tag. Random bytes have others soon."""
_FIELDS_TRIED: Final = 500

_VARINT, _I64, _LEN, _START, _END, _I32 = range(6)


class _Field(NamedTuple):
    number: int
    wire_type: int
    value: int | bytes
    """The bytes of LEN, I64 and I32."""


def _fields(data: bytes) -> Iterator[_Field]:
    cursor = Cursor(data)
    while cursor.left:
        start = cursor.position
        tag = cursor.varint(10)
        number, wire_type = tag >> 3, tag & 7
        if not 0 < number < 1 << 29 or wire_type > _I32:
            raise Unreadable(f"no protobuf: byte {start} is no tag of a field")
        value: int | bytes = b""
        if wire_type == _VARINT:
            value = cursor.varint(10)
        elif wire_type == _LEN:
            value = cursor.take(cursor.varint(10))
        elif wire_type in (_I64, _I32):
            value = cursor.take(8 if wire_type == _I64 else 4)
        yield _Field(number, wire_type, value)


def _is_likely(data: bytes) -> bool:
    """Whether `data` could well be a message: it ends where a field ends, and no number is odd."""
    groups = 0
    try:
        for place, (number, wire_type, _) in enumerate(_fields(data)):
            groups += (wire_type == _START) - (wire_type == _END)
            if number > _LIKELY_NUMBER or groups < 0 or place == _FIELDS_TRIED:
                return place == _FIELDS_TRIED
    except Unreadable:
        return False
    return bool(data) and not groups


def _text(data: bytes) -> str | None:
    """A string, if it is one that people read."""
    try:
        text = data.decode()
    except UnicodeDecodeError:
        return None
    return text if all(character.isprintable() or character in "\n\r\t" for character in text[:MAX_VALUE]) else None


def _rows(data: bytes, depth: int = 0) -> Iterator[Row]:
    base = depth
    for number, wire_type, value in _fields(data):
        if wire_type == _END:
            depth = max(base, depth - 1)
            yield Row(depth, "", "}")
        elif wire_type == _START:
            yield Row(depth, f"{number}: ", "{  (group)")
            depth = min(depth + 1, base + MAX_LEVELS)
        elif isinstance(value, int):
            yield Row(depth, f"{number}: ", f"{_number(value)}  (varint)")
        elif wire_type != _LEN:
            yield Row(depth, f"{number}: ", _fixed(value))
        elif (text := _text(value)) is not None:
            yield Row(depth, f"{number}: ", f"{scalar(text)}  (string)")
        elif depth < MAX_LEVELS and _is_likely(value):
            yield Row(depth, f"{number}: ", f"{{  (message, {len(value):,} bytes)")
            yield from _rows(value, depth + 1)
            yield Row(depth, "", "}")
        else:
            yield Row(depth, f"{number}: ", f"{scalar(value)}  (bytes)")


def _number(value: int) -> str:
    value &= (1 << 64) - 1
    return f"{value} or {value - (1 << 64)}" if value >> 63 else str(value)


def _fixed(value: bytes) -> str:
    """Eight or four bytes: nobody says whether they are an integer or a floating-point number."""
    integer = int.from_bytes(value, "little")
    (real,) = struct.unpack("<d" if len(value) == 8 else "<f", value)
    return f"{integer} or {real:.9g}  ({'64' if len(value) == 8 else '32'} bits)"


def _recognise(data: bytes, context: Context) -> Match | None:
    if context.is_text or not data:
        return None
    if "protobuf" in context.subprotocol.lower():
        return Match(Rank.NAMED, f"subprotocol={context.subprotocol}")
    if len(data) > 3 and _is_likely(data):
        return Match(Rank.PERHAPS, "the bytes can be read as fields, and nothing is left")
    return None


def _summary(data: bytes, context: Context) -> str:
    parts: list[str] = []
    length = 0
    for row in _rows(data[: 4 * SUMMARY] if not _is_likely(data) else data):
        part = f"{row.name}{row.value}".split("  (")[0]
        parts.append(part)
        length += len(part)
        if length > SUMMARY:
            break
    return " ".join(parts)


VIEWER: Final = Viewer("protobuf", _recognise, lambda data, context: _rows(data), _summary)
