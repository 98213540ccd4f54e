"""CBOR (RFC 8949)."""

from io import BytesIO
from typing import Final

from wsinspect.payload.tree import notation, value_rows
from wsinspect.payload.viewer import Context, Match, Rank, Unreadable, Viewer, decodable

_CHECKED: Final = 64 * 1024
"""Bytes of the largest payload that is decoded to find out whether it is CBOR."""
_SELF_DESCRIBED: Final = b"\xd9\xd9\xf7"


def decode(data: bytes) -> object:
    """The value; it must end where `data` ends."""
    import cbor2  # only who meets CBOR pays for it

    stream = BytesIO(decodable(data))
    try:
        value: object = cbor2.CBORDecoder(stream).decode()
    except (cbor2.CBORError, RecursionError, ValueError, TypeError, OverflowError, ArithmeticError) as error:
        raise Unreadable(f"no CBOR: {error}") from error
    if left := len(data) - stream.tell():
        raise Unreadable(f"no CBOR: {left} bytes are left behind the value")
    return value


def _recognise(data: bytes, context: Context) -> Match | None:
    if not data or context.is_text:
        return None
    if "cbor" in context.subprotocol.lower():
        return Match(Rank.NAMED, f"subprotocol={context.subprotocol}")
    if data[:3] == _SELF_DESCRIBED:
        return Match(Rank.SIGNATURE, "the bytes begin with CBOR's d9 d9 f7")
    # Major types 4 and 5: any byte is some value, only an array or a map says enough.
    if not 0x80 <= data[0] <= 0xBF or not 2 <= len(data) <= _CHECKED:
        return None
    try:
        decode(data)
    except Unreadable:
        return None
    return Match(Rank.PERHAPS, "the bytes decode to a map or an array, and nothing is left")


VIEWER: Final = Viewer(
    "CBOR",
    _recognise,
    lambda data, context: value_rows(decode(data)),
    lambda data, context: notation(decode(data)),
)
