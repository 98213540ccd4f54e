"""Bytes as they are: text, hex digits, base64."""

import base64
import binascii
import re
from collections.abc import Iterator
from typing import Final

from wsinspect.payload.viewer import (
    MAX_DECODED,
    MAX_VALUE,
    SUMMARY,
    Context,
    Match,
    Nested,
    Rank,
    Row,
    Rows,
    Unreadable,
    Viewer,
)  # fmt: skip

_BASE64_BYTES: Final = 57
"""Of which base64 makes 76 characters, MIME's line."""
_LOOKED_AT: Final = 4096
_BYTES_SHOWN: Final = 48
_BASE64_TEXT: Final = re.compile(rb"[A-Za-z0-9+/]{16,}={0,2}|[A-Za-z0-9_-]{16,}={0,2}")


def text_rows(data: bytes) -> Iterator[Row]:
    """UTF-8, broken at the sender's line ends; bytes that are no UTF-8 as `\\xNN`."""
    start = 0
    while start <= len(data):
        end = data.find(b"\n", start)
        end = len(data) if end < 0 else end
        line = data[start:end].removesuffix(b"\r")
        while len(line) > MAX_VALUE:
            cut = _whole_characters(line)
            yield Row(0, "", line[:cut].decode("utf-8", "backslashreplace").expandtabs(4))
            line = line[cut:]
        yield Row(0, "", line.decode("utf-8", "backslashreplace").expandtabs(4))
        start = end + 1


def is_utf8(data: bytes) -> bool:
    """Whether the beginning of `data` is UTF-8 without NUL."""
    head = data[:_LOOKED_AT]
    try:
        head.decode()
    except UnicodeDecodeError as error:
        # A character may be cut in two at the end of what is looked at.
        return len(data) > _LOOKED_AT and error.start >= len(head) - 3
    return b"\0" not in head


def preview(data: bytes, is_text: bool) -> str:
    """The beginning of `data` on one line, as text or in hex. Not escaped."""
    return data[:SUMMARY].decode("utf-8", "backslashreplace") if is_text else data[:_BYTES_SHOWN].hex(" ")


def _whole_characters(line: bytes) -> int:
    """Where to cut `line`, no longer than a row and not within a character."""
    cut = MAX_VALUE
    while cut > MAX_VALUE - 4 and line[cut] & 0xC0 == 0x80:
        cut -= 1
    return cut


def hex_parts(data: bytes, start: int, step: int) -> tuple[str, str, str]:
    """A line of a hex dump, from byte `start` on: its offset, `step` (8 or 16) bytes in hex, the same as ASCII."""
    piece = data[start : start + step]
    left, right = piece[:8].hex(" "), piece[8:].hex(" ")
    shown = "".join(chr(byte) if 32 <= byte < 127 else "·" for byte in piece)
    digits = f"{left:<23}  {right:<23}" if step == 16 else f"{left:<23}"
    return f"{start:06x}  ", digits, f"  {shown}"


def hex_rows(data: bytes) -> Iterator[Row]:
    """A hex dump, sixteen bytes a line."""
    for start in range(0, len(data), 16):
        offset, digits, shown = hex_parts(data, start, 16)
        yield Row(0, offset, digits + shown)


def _base64_rows(data: bytes, context: Context) -> Rows:
    for start in range(0, len(data), _BASE64_BYTES):
        yield Row(0, "", base64.b64encode(data[start : start + _BASE64_BYTES]).decode())


def _is_text(data: bytes, context: Context) -> Match | None:
    if context.is_text:
        return Match(Rank.TEXT, "the frame is a text frame")
    return Match(Rank.TEXT_OF_BINARY, "the bytes are UTF-8") if data and is_utf8(data) else None


def _hex_fits(data: bytes, context: Context) -> Match:
    if context.is_text:
        return Match(Rank.HEX_OF_TEXT, "every payload is bytes")
    return Match(Rank.HEX_OF_BINARY, "every payload is bytes")


def unbase64(data: bytes) -> bytes:
    """What the base64 text `data` stands for, in either alphabet, padded or not."""
    try:
        return base64.b64decode(data.translate(_STANDARD) + b"=" * (-len(data) % 4), validate=True)
    except (binascii.Error, ValueError) as error:
        raise Unreadable(f"no base64: {error}") from error


_STANDARD: Final = bytes.maketrans(b"-_", b"+/")


def _is_base64(data: bytes, context: Context) -> Match | None:
    # Words and numbers are base64, too; so it wants both cases and a digit.
    head = data[:_LOOKED_AT]
    if len(data) > MAX_DECODED or not _BASE64_TEXT.fullmatch(head) or len(data) % 4 == 1:
        return None
    if head.isalpha() or head == head.lower() or head == head.upper():
        return None
    return Match(Rank.PERHAPS, "every character is one of base64's")


def _decoded_rows(data: bytes, context: Context) -> Rows:
    yield Nested("decoded", unbase64(data))


TEXT: Final = Viewer("text", _is_text, lambda data, context: text_rows(data))
HEX: Final = Viewer("hex", _hex_fits, lambda data, context: hex_rows(data))
BASE64: Final = Viewer("base64", lambda data, context: Match(Rank.ANY, "every payload is bytes"), _base64_rows)
FROM_BASE64: Final = Viewer("from base64", _is_base64, _decoded_rows)
