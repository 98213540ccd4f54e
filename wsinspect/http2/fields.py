"""Header fields of one direction (RFC 9113 §4.3, §8): header blocks joined and decompressed with HPACK (RFC 7541)."""

import logging
from typing import Final, NamedTuple

from hpack import Decoder
from hpack.exceptions import HPACKError

from wsinspect.http2 import codes
from wsinspect.http2.frames import Frame

MAX_HEADER_BLOCK: Final = 64 * 1024
"""Compressed bytes of one header block (HEADERS and its CONTINUATIONs); of a longer one nothing is known."""
MAX_HEADER_LIST: Final = 256 * 1024
"""Bytes that a header block may decompress to, counted as RFC 7541 §4.1 does."""
MAX_TABLE_SIZE: Final = 256 * 1024
"""Bytes of a dynamic table; a sender that was allowed more and uses it cannot be followed."""

# hpack writes several lines a field to its log; nobody reads them, but even asking costs.
logging.getLogger("hpack").setLevel(logging.WARNING)

Fields = tuple[tuple[str, str], ...]


class Headers(NamedTuple):
    """A complete header block."""

    stream_id: int
    fields: Fields | None
    """None if they cannot be known: the state of the compression is lost, or the block is broken or too large."""
    why: str
    """Why they cannot be known."""
    end_stream: bool
    packet: int
    last_packet: int
    time_ns: int
    end_time_ns: int


class FieldReader:
    """Turns HEADERS and CONTINUATION of one direction into header fields.

    Once the state is lost it begins anew with an empty table. The table counts from its newest entry, so a block that
    refers to nothing older than that still decodes rightly, and any other is known to refer to what was lost.
    """

    __slots__ = ("_block", "_decoder", "_first", "_pushed", "lost")

    def __init__(self) -> None:
        self.lost = ""
        """Why the state of the compression is lost, if it ever was."""
        self._decoder = _decoder()
        self._first: Frame | None = None  # the frame that began the block under way
        self._block: bytearray | None = None  # None if a part of it is missing
        self._pushed = False

    def lose(self, why: str) -> None:
        """A header block may have passed unseen."""
        self.lost = self.lost or why
        self._decoder = _decoder()
        self._first = None

    def feed(self, frame: Frame) -> Headers | None:
        """Take a HEADERS, PUSH_PROMISE or CONTINUATION frame; the header block that it completes."""
        header, payload = frame.header, frame.payload
        if header.type != codes.CONTINUATION:
            self._first = frame
            self._pushed = header.type == codes.PUSH_PROMISE
            fragment = _fragment(header.type, header.flags, payload)
            self._block = bytearray(fragment) if fragment is not None else None
        elif self._first is None or header.stream_id != self._first.header.stream_id:
            self.lose("a CONTINUATION frame without its HEADERS")
            return None
        elif self._block is not None:
            if payload is None or len(self._block) + len(payload) > MAX_HEADER_BLOCK:
                self._block = None
            else:
                self._block += payload
        return self._complete(self._first, frame) if header.flags & codes.END_HEADERS else None

    def _complete(self, first: Frame, last: Frame) -> Headers | None:
        block, self._first = self._block, None
        fields, why = self._decode(block)
        if self._pushed:
            return None
        return Headers(
            first.header.stream_id, fields, why, bool(first.header.flags & codes.END_STREAM),
            first.packet, last.last_packet, first.time_ns, last.end_time_ns,
        )  # fmt: skip

    def _decode(self, block: bytearray | None) -> tuple[Fields | None, str]:
        if block is None:
            self.lose("a header block was not captured as a whole or is larger than is kept")
            return None, self.lost
        try:
            fields = self._decoder.decode(bytes(block), raw=True)
        except (HPACKError, ValueError, IndexError) as error:
            if not self.lost:
                self.lose(f"a header block cannot be decompressed ({str(error) or type(error).__name__})")
            self._decoder = _decoder()
            return None, self.lost
        return tuple((_text(name), _text(value)) for name, value in fields), ""


def _decoder() -> Decoder:
    decoder = Decoder(MAX_HEADER_LIST)
    decoder.max_allowed_table_size = MAX_TABLE_SIZE
    return decoder


def _text(data: bytes | str) -> str:
    return data if isinstance(data, str) else bytes(data).decode("latin-1")


def _fragment(kind: int, flags: int, payload: bytes | None) -> bytes | None:
    """The part of a header block in a HEADERS or PUSH_PROMISE frame; None if it is not there."""
    if payload is None or len(payload) > MAX_HEADER_BLOCK:
        return None
    start, end = 0, len(payload)
    if flags & codes.PADDED:
        if not payload or payload[0] >= len(payload):
            return None
        start, end = 1, len(payload) - payload[0]
    if kind == codes.PUSH_PROMISE:
        start += 4
    elif flags & codes.PRIORITISED:
        start += 5
    return payload[start:end] if start <= end else None
