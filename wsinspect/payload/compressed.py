"""gzip and zlib inside a message, on top of permessage-deflate or instead of it."""

import zlib
from typing import Final

from wsinspect.payload.plain import is_utf8
from wsinspect.payload.viewer import Context, Match, Nested, Rank, Row, Rows, Unreadable, Viewer

MAX_INFLATED: Final = 4 * 1024 * 1024
"""Bytes that are inflated for a view; a bomb stops there."""
_SUMMARISED: Final = 4096
_ANY_HEADER: Final = zlib.MAX_WBITS | 32


def _recognise(data: bytes, context: Context) -> Match | None:
    if data[:3] == b"\x1f\x8b\x08":
        return Match(Rank.SIGNATURE, "the bytes begin with gzip's 1f 8b 08")
    # RFC 1950 §2.2: method 8, a window of 32 KiB at most, and a check that makes it a multiple of 31.
    if len(data) > 5 and data[0] & 0x8F == 0x08 and not (data[0] << 8 | data[1]) % 31 and not data[1] & 0x20:
        try:
            begun = zlib.decompressobj().decompress(data[:-4][:256], 64)  # its checksum may be wrong
        except zlib.error:
            return None
        if begun:
            return Match(Rank.SIGNATURE, f"the bytes begin with zlib's {data[:2].hex(' ')}, and inflate")
    return None


def _inflate(data: bytes, most: int) -> tuple[bytes, str]:
    """The content, up to `most` bytes of it, and what is to be said about it."""
    inflater = zlib.decompressobj(_ANY_HEADER)
    plain = b""
    try:
        plain = inflater.decompress(data, most)
    except zlib.error as error:
        # In small steps it gives what is before the damage.
        return _until_damage(data, most), f"damaged: {error}"
    if inflater.eof:
        left = len(inflater.unused_data)
        return plain, f"{left:,} bytes behind the end" if left else ""
    if inflater.unconsumed_tail:
        return plain, f"only the first {most:,} bytes; there are more"
    return plain, "cut off: the end is missing"


def _until_damage(data: bytes, most: int) -> bytes:
    inflater = zlib.decompressobj(_ANY_HEADER)
    plain = bytearray()
    for start in range(0, len(data), 64):
        try:
            plain += inflater.decompress(data[start : start + 64], most)
        except zlib.error:
            break
        if len(plain) >= most:
            break
    return bytes(plain[:most])


def _name(data: bytes) -> str:
    return "gzip" if data[:2] == b"\x1f\x8b" else "zlib"


def _rows(data: bytes, context: Context) -> Rows:
    plain, remark = _inflate(data, MAX_INFLATED)
    if remark:
        yield Row(0, "", remark, remark=True)
    if not plain:
        raise Unreadable("nothing inflates")
    yield Nested(
        f"{_name(data)}, {len(data):,} bytes inflated to {len(plain):,}", plain, is_utf8(plain), same_protocol=True
    )


def _summary(data: bytes, context: Context) -> Nested:
    plain, _ = _inflate(data[: 4 * _SUMMARISED], _SUMMARISED)
    return Nested(_name(data), plain, is_utf8(plain), same_protocol=True)


VIEWER: Final = Viewer("gzip/zlib", _recognise, _rows, _summary)
