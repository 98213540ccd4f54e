"""UTF-8 checked as it arrives, with the first byte that no UTF-8 can have at its place (RFC 3629, RFC 6455 §8.1)."""

import codecs
from typing import Final, NamedTuple

_DECODER: Final = codecs.getincrementaldecoder("utf-8")


class BadByte(NamedTuple):
    """The first byte at which a text stops being UTF-8."""

    offset: int
    """Bytes of the text before it."""
    byte: int | None
    """The byte; None when the text ends inside a character."""
    lead: bytes
    """The valid beginning of the character that it breaks, at most three bytes; empty if no character was begun."""


class Utf8Validator:
    """Checks one text. Python's decoder does the work; only the place of the error is told more exactly."""

    __slots__ = ("_decoder", "_held", "_length")

    def __init__(self) -> None:
        self._decoder: codecs.IncrementalDecoder | None = None
        self._held = b""  # the beginning of a character, as the decoder holds it
        self._length = 0

    def feed(self, data: bytes) -> BadByte | None:
        """The first bad byte in `data`, which goes on with the text; do not call again after one."""
        if not self._held and data.isascii():
            self._length += len(data)
            return None
        if self._decoder is None:
            self._decoder = _DECODER()
        start = self._length - len(self._held)
        try:
            self._decoder.decode(data)
        except UnicodeDecodeError as error:
            return _locate(error, start)
        self._length += len(data)
        self._held = held = self._decoder.getstate()[0]
        if len(held) == 2 and held[0] == 0xED and held[1] >= 0xA0:
            # Python waits for the third byte of a surrogate before it says no; the second is one too many already.
            return BadByte(self._length - 1, held[1], held[:1])
        return None

    def finish(self) -> BadByte | None:
        """What is wrong with the text's end: it may fall inside a character."""
        return BadByte(self._length, None, self._held) if self._held else None


def _locate(error: UnicodeDecodeError, start: int) -> BadByte:
    """The exact bad byte: the decoder names where the broken character begins, the standard where it breaks."""
    broken = error.end if error.reason == "invalid continuation byte" else error.start
    data = error.object
    return BadByte(start + broken, data[broken], bytes(data[error.start : broken]))
