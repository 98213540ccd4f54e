"""MessagePack (https://github.com/msgpack/msgpack/blob/master/spec.md)."""

from typing import Final

import msgspec

from wsinspect.payload.tree import notation, value_rows
from wsinspect.payload.viewer import Context, Match, Rank, Unreadable, Viewer, decodable

_CHECKED: Final = 64 * 1024
"""Bytes of the largest payload that is decoded to find out whether it is MessagePack."""


def decode(data: bytes) -> object:
    """The value; it must end where `data` ends."""
    try:
        return msgspec.msgpack.decode(decodable(data))
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError, OverflowError, TypeError, ValueError) as error:
        raise Unreadable(f"no MessagePack: {error}") from error


def _recognise(data: bytes, context: Context) -> Match | None:
    if not data or context.is_text:
        return None
    if "msgpack" in context.subprotocol.lower() or "messagepack" in context.subprotocol.lower():
        return Match(Rank.NAMED, f"subprotocol={context.subprotocol}")
    # Any byte below 0x80 is a number: only a map or an array says enough.
    first = data[0]
    if not (0x80 <= first <= 0x9F or 0xDC <= first <= 0xDF) or not 2 <= len(data) <= _CHECKED:
        return None
    try:
        decode(data)
    except Unreadable:
        return None
    return Match(Rank.PERHAPS, "the bytes decode to a map or an array, and nothing is left")


VIEWER: Final = Viewer(
    "msgpack",
    _recognise,
    lambda data, context: value_rows(decode(data)),
    lambda data, context: notation(decode(data)),
)
