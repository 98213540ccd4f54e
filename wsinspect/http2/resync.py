"""Where a frame of HTTP/2 begins when the bytes before it are unknown: headers that lead to each other tell."""

from typing import Final, NamedTuple

from wsinspect.http2 import codes
from wsinspect.transport.pieces import Pieces
from wsinspect.transport.reassembly import Chunk

HEADER_SIZE: Final = 9
MAX_HELD: Final = 64 * 1024
"""Bytes held while a frame header is sought; the oldest are given up."""
MAX_CANDIDATES: Final = 64
"""Places followed at once; the oldest are given up."""
LARGEST_FRAME: Final = 16384
"""While seeking, a longer frame is not believed: none that has not been asked for is (RFC 9113 §4.2)."""
LEAST_CHAIN: Final = 2
"""Plausible frames that must follow each other, up to a third header or the end of what was sent."""

_FLAGS: Final = (0x09, 0x2D, 0x00, 0x00, 0x01, 0x0C, 0x01, 0x00, 0x00, 0x04)
"""The flags that each type of frame knows."""
_LENGTHS: Final = {
    codes.PRIORITY: 5, codes.RST_STREAM: 4, codes.PING: 8, codes.WINDOW_UPDATE: 4,
}  # fmt: skip
_ON_STREAM: Final = frozenset(
    {codes.DATA, codes.HEADERS, codes.PRIORITY, codes.RST_STREAM, codes.PUSH_PROMISE, codes.CONTINUATION}
)
_ON_CONNECTION: Final = frozenset({codes.SETTINGS, codes.PING, codes.GOAWAY})


class FrameHeader(NamedTuple):
    """The nine bytes in front of each frame (RFC 9113 §4.1)."""

    length: int
    type: int
    flags: int
    stream_id: int


def parse_header(data: bytes) -> FrameHeader:
    """The header in the nine bytes `data`; the reserved bit is ignored."""
    return FrameHeader(int.from_bytes(data[:3], "big"), data[3], data[4], int.from_bytes(data[5:9], "big") & 0x7FFFFFFF)


def is_plausible(data: bytes | bytearray, at: int) -> bool:
    """Whether the nine bytes at `at` may well be the header of a frame."""
    kind = data[at + 3]
    if kind > codes.CONTINUATION or data[at + 5] & 0x80 or data[at + 4] & ~_FLAGS[kind]:
        return False
    length = data[at] << 16 | data[at + 1] << 8 | data[at + 2]
    if length > LARGEST_FRAME or _LENGTHS.get(kind, length) != length:
        return False
    stream_id = int.from_bytes(data[at + 5 : at + 9], "big")
    fits = kind not in _ON_STREAM if stream_id == 0 else kind not in _ON_CONNECTION
    return fits and (kind != codes.SETTINGS or length % 6 == 0)


def chain_of_frames(data: bytes | bytearray, at: int) -> int:
    """How many plausible frames follow each other from `at` on; -1 if something else does.

    The last one may be incomplete. Where `data` ends exactly behind a frame, that counts as one more.
    """
    frames = 0
    while at + HEADER_SIZE <= len(data):
        if not is_plausible(data, at):
            return -1
        frames += 1
        at += HEADER_SIZE + (data[at] << 16 | data[at + 1] << 8 | data[at + 2])
    return frames + 1 if at == len(data) else frames


class Resynchroniser:
    """Seeks the next frame."""

    __slots__ = ("_candidates", "_pieces", "_scanned")

    def __init__(self) -> None:
        self._pieces = Pieces()
        self._scanned = 0  # places looked at
        self._candidates: list[int] = []  # those of them that may still turn out to be it

    def feed(self, chunk: Chunk) -> list[Chunk] | None:
        """More bytes; what is held from the frame on, once one is found."""
        pieces = self._pieces
        start = len(pieces)
        pieces.append(chunk)
        data = pieces.data
        limit = len(data) - HEADER_SIZE + 1
        new = [at for at in range(self._scanned, limit) if is_plausible(data, at)]
        self._scanned = max(self._scanned, limit)
        candidates = []
        for at in self._candidates + new:
            frames = chain_of_frames(data, at)
            # Senders like to begin a segment with a frame: a single one that fills it will do.
            if frames > LEAST_CHAIN or (at == start and frames == LEAST_CHAIN):
                if at:
                    pieces.take(at)
                return [piece for piece in pieces.drain() if isinstance(piece, Chunk)]
            if frames > 0:
                candidates.append(at)
        self._candidates = candidates[-MAX_CANDIDATES:]
        if len(data) > MAX_HELD:
            self._forget(len(data) - MAX_HELD // 2)
        return None

    def gap(self) -> None:
        """Bytes are missing: what is held leads nowhere."""
        self._pieces.drain()
        self._scanned = 0
        self._candidates = []

    def _forget(self, count: int) -> None:
        self._pieces.take(count)
        self._scanned -= count
        self._candidates = [at - count for at in self._candidates if at >= count]
