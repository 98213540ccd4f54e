"""One direction of HTTP/2 cut into frames (RFC 9113 §3.4, §4.1), each byte of DATA traceable to its packet.

In: in-order bytes and gaps. Out: DATA as it comes, every other frame once it is complete, and what was missed. Nothing
is refused: endpoint libraries stop at the first fault, an inspector goes on.
"""

from typing import Final, NamedTuple

from wsinspect.http2 import codes
from wsinspect.http2.likeness import PREFACE
from wsinspect.http2.resync import HEADER_SIZE, FrameHeader, Resynchroniser, parse_header
from wsinspect.transport.reassembly import Chunk, Gap

MAX_FRAME: Final = 64 * 1024
"""Bytes of a frame other than DATA that are held; the payload of a longer one is passed over."""


class Data(NamedTuple):
    """Bytes of a DATA frame, its padding left out."""

    stream_id: int
    data: bytes
    end: int
    """Offset behind them on the channel below."""
    packet: int
    time_ns: int


class Frame(NamedTuple):
    """A complete frame. Of DATA, which went before as `Data`, the payload is left out."""

    header: FrameHeader
    payload: bytes | None
    """None if it is not there: too long, or not captured as a whole."""
    packet: int
    """Packet of its first byte."""
    last_packet: int
    time_ns: int
    """Time of `packet`."""
    end_time_ns: int


class Missed(NamedTuple):
    """Bytes that were not captured."""

    stream_id: int | None
    """Whose DATA they were; None: frame boundaries are lost, so whatever they were."""
    gap: Gap
    length: int
    """Of them that were DATA of the stream; all of them where nothing is known."""
    end: int
    """Offset behind them on the channel below."""


class NoPreface(NamedTuple):
    """The client does not begin as HTTP/2 does."""


FrameEvent = Data | Frame | Missed | NoPreface


class FrameReader:
    """Cuts the bytes of one direction into frames."""

    __slots__ = (
        "_buffer", "_first", "_header", "_left", "_pad", "_preface", "_resync", "_whole", "frames",
    )  # fmt: skip

    def __init__(self, preface: bool, synced: bool = True) -> None:
        """`preface` says whether these bytes begin with PREFACE, `synced` whether they begin with a frame else."""
        self.frames = 0
        """Complete frames so far."""
        self._preface = len(PREFACE) if preface else 0  # bytes of it still to come
        self._buffer = bytearray()  # of a header, or of the payload of a frame that is no DATA
        self._header: FrameHeader | None = None
        self._left = 0  # payload bytes still to come
        self._pad = 0  # of these, bytes of padding; -1 while its length is still to come
        self._first: tuple[int, int] = (0, 0)  # packet and time of the first byte of the frame
        self._whole = True  # whether the payload is there
        self._resync: Resynchroniser | None = None if synced else Resynchroniser()

    @property
    def synced(self) -> bool:
        """Whether frames can be told apart."""
        return self._resync is None

    def feed(self, chunk: Chunk) -> list[FrameEvent]:
        """What the next bytes bring."""
        if self._resync is not None:
            found = self._resync.feed(chunk)
            if found is None:
                return []
            self._resync = None
            return [event for piece in found for event in self.feed(piece)]
        events: list[FrameEvent] = []
        at = 0
        if self._preface:
            at = self._take_preface(chunk.data)
            if at < 0:
                return [NoPreface()]
        data, size = chunk.data, len(chunk.data)
        while at < size or (self._header is not None and not self._left):
            if self._header is None:
                at = self._take_header(chunk, at)
                continue
            take = min(self._left, size - at)
            self._left -= take
            if self._header.type == codes.DATA:
                self._take_data(chunk, at, at + take, events)
            elif self._whole:
                self._buffer += data[at : at + take]
            at += take
            if not self._left:
                events.append(self._complete(chunk.packet, chunk.time_ns))
        return events

    def gap(self, gap: Gap) -> list[FrameEvent]:
        """Bytes are missing: inside a payload the framing holds, anywhere else the boundaries are lost."""
        end = gap.offset + gap.length
        if self._resync is not None:
            self._resync.gap()
            return [Missed(None, gap, gap.length, end)]
        header = self._header
        if header is None or not gap.certain or gap.length > self._left or self._pad < 0:
            self._lose()
            return [Missed(None, gap, gap.length, end)]
        events: list[FrameEvent] = []
        self._left -= gap.length
        if header.type == codes.DATA:
            length = max(0, self._left + gap.length - self._pad) - max(0, self._left - self._pad)
            events.append(Missed(header.stream_id, gap, length, end))
        self._whole = False
        if not self._left:
            events.append(self._complete(gap.packet, gap.time_ns))
        return events

    def _lose(self) -> None:
        self._resync = Resynchroniser()
        self._header = None
        self._buffer.clear()
        self._preface = 0
        self._left = self._pad = 0

    def _take_preface(self, data: bytes) -> int:
        """Pass over the preface, as far as `data` goes; -1 if this is none."""
        start = len(PREFACE) - self._preface
        part = data[: self._preface]
        if PREFACE[start : start + len(part)] != part:
            return -1
        self._preface -= len(part)
        return len(part)

    def _take_header(self, chunk: Chunk, at: int) -> int:
        """Collect the bytes of a header; returns the place behind them."""
        buffer = self._buffer
        if not buffer:
            self._first = (chunk.packet, chunk.time_ns)
        part = chunk.data[at : at + HEADER_SIZE - len(buffer)]
        buffer += part
        if len(buffer) == HEADER_SIZE:
            header = parse_header(bytes(buffer))
            buffer.clear()
            self._header = header
            self._left = header.length
            self._pad = -1 if header.type == codes.DATA and header.flags & codes.PADDED and header.length else 0
            self._whole = header.length <= MAX_FRAME
        return at + len(part)

    def _take_data(self, chunk: Chunk, start: int, stop: int, events: list[FrameEvent]) -> None:
        """Payload of DATA from `start` to `stop`; `_left` counts what comes behind it."""
        if self._pad < 0 and start < stop:
            self._pad = chunk.data[start]
            start += 1
        stop = min(stop, stop + self._left - self._pad) if self._pad > 0 else stop
        if start < stop and self._header is not None:
            data = chunk.data[start:stop] if stop - start < len(chunk.data) else chunk.data
            events.append(Data(self._header.stream_id, data, chunk.offset + stop, chunk.packet, chunk.time_ns))

    def _complete(self, packet: int, time_ns: int) -> Frame:
        header = self._header
        assert header is not None
        payload = bytes(self._buffer) if self._whole and header.type != codes.DATA else None
        self._buffer.clear()
        self._header = None
        self._pad = 0
        self.frames += 1
        return Frame(header, payload, self._first[0], packet, self._first[1], time_ns)
