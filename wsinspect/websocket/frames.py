"""The frame decoder: in-order bytes of one direction become frames, exactly as sent (RFC 6455 §5.2).

In: bytes and gaps. Out: `FramePiece`s: each frame's header as soon as it is complete, its payload unmasked as it
arrives, its end. Nothing is judged here and nothing is changed: whatever the sender broke, decoding goes on, but for
two cases in which the frame boundaries are lost for good: a 64-bit length with its top bit set, and HTTP text where a
frame should begin. A payload length never drives an allocation.
"""

from enum import Enum, IntEnum, auto
from typing import Final, NamedTuple

from wsinspect.transport.reassembly import Chunk, Gap

FIN: Final = 0x80
RSV1: Final = 0x4
RSV2: Final = 0x2
RSV3: Final = 0x1


class Opcode(IntEnum):
    """The opcodes that RFC 6455 §11.8 registers."""

    CONTINUATION = 0x0
    TEXT = 0x1
    BINARY = 0x2
    CLOSE = 0x8
    PING = 0x9
    PONG = 0xA


OPCODE_NAMES: Final = {int(opcode): opcode.name.lower() for opcode in Opcode}


def opcode_name(opcode: int) -> str:
    """`text`, `close` …; `reserved` for the ten opcodes without a meaning."""
    return OPCODE_NAMES.get(opcode, "reserved")


class FrameHeader(NamedTuple):
    """A frame header as it was on the wire (one is made per frame: a cheap tuple)."""

    number: int
    """Per direction, from 0 after the 101."""
    fin: bool
    rsv: int
    """The three reserved bits: RSV1 = 4, RSV2 = 2, RSV3 = 1."""
    opcode: int
    """0–15, registered or not."""
    masked: bool
    masking_key: bytes
    """Four bytes; empty if MASK is 0."""
    length: int
    """The declared payload length, up to 2**64 - 1."""
    length_form: int
    """Bits of the length field used: 7, 16 or 64."""
    offset: int
    """Stream offset of the header's first byte."""
    packet: int
    """Packet that holds the header's first byte."""
    time_ns: int

    @property
    def is_control(self) -> bool:
        """Close, Ping, Pong and the reserved opcodes 11–15 (RFC 6455 §5.5)."""
        return self.opcode >= 8


class FramePiece(NamedTuple):
    """A part of a frame; most frames are one piece that is first and last at once."""

    header: FrameHeader
    first: bool
    data: bytes
    """Payload bytes, unmasked."""
    missing: int
    """Payload bytes that a gap swallowed at this place (then `data` is empty)."""
    last: bool
    packet: int
    """Packet that the bytes came in."""
    time_ns: int


class HttpInStream(NamedTuple):
    """HTTP text where a frame should begin."""

    line: bytes
    """Its first line, as far as it was captured, 120 bytes at most."""
    offset: int
    packet: int
    time_ns: int


class OutOfSync(NamedTuple):
    """The direction's frame boundaries are unknown from here on."""

    reason: str
    offset: int
    packet: int
    time_ns: int


class TlsRecord(NamedTuple):
    """What begins like a TLS record where a frame should begin (RFC 8446 §5.1)."""

    type: int
    minor: int
    """Of its version 3.x."""


class Unfinished(NamedTuple):
    """A frame of which only a part was sent."""

    number: int
    sent: int
    """Bytes, its header included."""
    declared: int
    """The same as its header announces; 0 if not even that is complete."""
    packet: int
    time_ns: int


FrameEvent = FramePiece | HttpInStream | OutOfSync

_HTTP_STARTS: Final = (
    b"HTTP/1.", b"GET ", b"HEAD ", b"POST ", b"PUT ", b"PATCH ", b"DELETE ", b"OPTIONS ", b"CONNECT ", b"TRACE ",
)  # fmt: skip
_LONGEST_HEADER: Final = 14
_INTRUDER_SHOWN: Final = 120
_INTRUDED: Final = "HTTP text stands where a frame should begin"
_MSB: Final = 1 << 63


class _Intrusion(Enum):
    YES = auto()
    NO = auto()
    TOO_SHORT = auto()


def unmask(data: bytes, key: bytes, position: int = 0) -> bytes:
    """`data` XOR `key` (RFC 6455 §5.3), where `data` begins at payload offset `position`."""
    size = len(data)
    turn = position & 3
    if turn:
        key = key[turn:] + key[:turn]
    stream = key * ((size >> 2) + 1)
    value = int.from_bytes(data, "little") ^ int.from_bytes(stream[:size], "little")
    return value.to_bytes(size, "little")


def header_size(header: FrameHeader) -> int:
    """Bytes of a frame's header on the wire."""
    form = header.length_form
    return (2 if form == 7 else 4 if form == 16 else 10) + (4 if header.masked else 0)


def tls_record(header: FrameHeader, payload: bytes) -> TlsRecord | None:
    """The TLS record that the first bytes of a frame are; None if they are none."""
    first = header.rsv << 4 | header.opcode
    if header.fin or not 0x14 <= first <= 0x17 or header.masked or header.length != 3 or header.length_form != 7:
        return None
    return TlsRecord(first, payload[0]) if payload and payload[0] <= 4 else None


class FrameDecoder:
    """The frames of one direction."""

    __slots__ = ("_header", "_intruder", "_left", "_partial", "_partial_chunk", "_position", "count", "synced")

    def __init__(self, synced: bool = True) -> None:
        self.synced = synced
        """Whether the next byte's place in a frame is known."""
        self.count = 0
        """Frames begun so far; the next one gets this number."""
        self._header: FrameHeader | None = None  # the frame whose payload is under way
        self._left = 0  # payload bytes of it to come
        self._position = 0  # payload bytes of it seen
        self._partial = b""  # the beginning of a header
        self._partial_chunk: Chunk | None = None  # where that beginning came in
        self._intruder: HttpInStream | None = None  # HTTP text whose first line is incomplete

    @property
    def inside(self) -> FrameHeader | None:
        """The frame whose payload is incomplete, if any."""
        return self._header

    @property
    def unfinished(self) -> Unfinished | None:
        """The frame that is incomplete, be it its payload or its header."""
        header = self._header
        if header is not None:
            size = header_size(header)
            sent, declared = size + self._position, size + header.length
            return Unfinished(header.number, sent, declared, header.packet, header.time_ns)
        start = self._partial_chunk
        if not self._partial or start is None:
            return None
        return Unfinished(self.count, len(self._partial), 0, start.packet, start.time_ns)

    @property
    def at_boundary(self) -> bool:
        """Whether every byte so far belongs to a complete frame."""
        return self.synced and self._header is None and not self._partial

    def feed(self, chunk: Chunk) -> list[FrameEvent]:
        """The frames and parts of frames in `chunk`."""
        events: list[FrameEvent] = []
        if not self.synced:
            return self._feed_intruder(chunk.data) if self._intruder else events
        data = chunk.data
        packet, time_ns = chunk.packet, chunk.time_ns
        position, end = 0, len(data)
        if self._header is not None:
            position = self._feed_payload(data, packet, time_ns, events)
        elif self._partial:
            position = self._feed_partial(chunk, events)
        while position < end and self.synced:
            step = self._feed_frame(data, position, end, chunk, events)
            if step < 0:
                self._partial = data[position:]
                self._partial_chunk = chunk._replace(offset=chunk.offset + position, data=b"")
                break
            position = step
        return events

    def gap(self, gap: Gap) -> list[FrameEvent]:
        """Bytes are missing: inside a payload the framing holds, anywhere else the boundaries are lost."""
        header = self._header
        if not self.synced:
            return []
        if header is not None and gap.certain and gap.length <= self._left:
            self._position += gap.length
            self._left -= gap.length
            last = not self._left
            if last:
                self._header = None
            return [FramePiece(header, False, b"", gap.length, last, gap.packet, gap.time_ns)]
        return [self._lose("bytes of a frame header were not captured", gap.offset, gap.packet, gap.time_ns)]

    def resume(self) -> None:
        """The boundaries were found again: a frame begins with the next byte."""
        self.synced = True

    def finish(self) -> list[FrameEvent]:
        """No more bytes will come: what is known of a header that is incomplete, of HTTP text whose line is."""
        intruder, self._intruder = self._intruder, None
        if intruder:
            return [intruder]
        partial, self._partial = self._partial, b""
        if len(partial) < 2 or self._partial_chunk is None or _intrusion(partial[:8]) is _Intrusion.TOO_SHORT:
            return []
        return [self._incomplete_header(partial, self._partial_chunk)]

    def _incomplete_header(self, partial: bytes, start: Chunk) -> FramePiece:
        """The frame whose first two bytes alone are known: the 7-bit field stands for its length, no key."""
        first, second = partial[0], partial[1]
        header = FrameHeader(
            self.count, first >= 0x80, first >> 4 & 7, first & 15, second >= 0x80, b"", second & 0x7F, 7,
            start.offset, start.packet, start.time_ns,
        )  # fmt: skip
        self.count += 1
        return FramePiece(header, True, b"", 0, False, start.packet, start.time_ns)

    def _lose(self, reason: str, offset: int, packet: int, time_ns: int) -> OutOfSync:
        self.synced = False
        self._header = None
        self._partial = b""
        return OutOfSync(reason, offset, packet, time_ns)

    def _feed_frame(self, data: bytes, position: int, end: int, chunk: Chunk, events: list[FrameEvent]) -> int:
        """Decode the frame that begins at `position`; where it goes on, or -1 if its header is incomplete."""
        if end - position < 2:
            return -1
        first = data[position]
        second = data[position + 1]
        if first & 0x70 and (intrusion := _intrusion(data[position : position + 8])) is not _Intrusion.NO:
            if intrusion is _Intrusion.TOO_SHORT:
                return -1
            events.append(self._lose(_INTRUDED, chunk.offset + position, chunk.packet, chunk.time_ns))
            self._intruder = HttpInStream(b"", chunk.offset + position, chunk.packet, chunk.time_ns)
            events += self._feed_intruder(data[position:])
            return end
        length = second & 0x7F
        body = position + 2
        form = 7
        if length >= 126:
            body = position + 4 if length == 126 else position + 10
            if end < body:
                return -1
            form = 16 if length == 126 else 64
            length = int.from_bytes(data[position + 2 : body], "big")
        masked = second >= 0x80
        key = b""
        if masked:
            if end < body + 4:
                return -1
            key = data[body : body + 4]
            body += 4
        packet, time_ns = chunk.packet, chunk.time_ns
        header = FrameHeader(
            self.count, first >= 0x80, first >> 4 & 7, first & 15, masked, key, length, form,
            chunk.offset + position, packet, time_ns,
        )  # fmt: skip
        self.count += 1
        stop = body + length
        if stop <= end:
            payload = data[body:stop]
            if masked and length:
                payload = unmask(payload, key)
            events.append(FramePiece(header, True, payload, 0, True, packet, time_ns))
            return stop
        self._begin(header, data[body:end], packet, time_ns, events)
        return end

    def _begin(self, header: FrameHeader, data: bytes, packet: int, time_ns: int, events: list[FrameEvent]) -> None:
        """The header of a frame whose payload goes on in later segments, and the payload bytes at hand."""
        lost = header.length >= _MSB
        payload = unmask(data, header.masking_key) if header.masked and not lost else data
        events.append(FramePiece(header, True, b"" if lost else payload, 0, False, packet, time_ns))
        if lost:
            events.append(self._lose("a 64-bit payload length has its top bit set", header.offset, packet, time_ns))
            return
        self._header = header
        self._position = len(data)
        self._left = header.length - len(data)

    def _feed_payload(self, data: bytes, packet: int, time_ns: int, events: list[FrameEvent]) -> int:
        """Go on with the payload under way; returns how many bytes of `data` it took."""
        header = self._header
        assert header is not None
        taken = min(self._left, len(data))
        payload = data if taken == len(data) else data[:taken]
        if header.masked:
            payload = unmask(payload, header.masking_key, self._position)
        self._position += taken
        self._left -= taken
        last = not self._left
        if last:
            self._header = None
        events.append(FramePiece(header, False, payload, 0, last, packet, time_ns))
        return taken

    def _feed_partial(self, chunk: Chunk, events: list[FrameEvent]) -> int:
        """Complete the header that began in an earlier segment; returns how many bytes of `chunk` are used up."""
        known = self._partial
        start = self._partial_chunk
        assert start is not None
        # A header and nothing of its payload, so that payload bytes keep the packet they came in.
        for size in range(len(known) + 1, len(known) + len(chunk.data) + 1):
            joined = known + chunk.data[: size - len(known)]
            if self._feed_frame(joined, 0, size, start, events) >= 0:
                self._partial = b""
                return self._after_partial(size - len(known), chunk, events)
            if size > _LONGEST_HEADER:
                break
        self._partial = known + chunk.data
        return len(chunk.data)

    def _after_partial(self, taken: int, chunk: Chunk, events: list[FrameEvent]) -> int:
        """The header is complete and was told with the packet it began in; the payload goes on in `chunk`."""
        if self._intruder:
            events += self._feed_intruder(chunk.data[taken:])
        piece = events[-1]
        if isinstance(piece, FramePiece):
            # What is known now was known only when this packet came.
            events[-1] = piece._replace(packet=chunk.packet, time_ns=chunk.time_ns)
        if self._header is not None and taken < len(chunk.data):
            return taken + self._feed_payload(chunk.data[taken:], chunk.packet, chunk.time_ns, events)
        return taken

    def _feed_intruder(self, data: bytes) -> list[FrameEvent]:
        """Collect the first line of the HTTP text, so that it can be told whole however it was cut into segments."""
        intruder = self._intruder
        assert intruder is not None
        line, end, _ = (intruder.line + data).partition(b"\n")
        self._intruder = intruder._replace(line=line[:_INTRUDER_SHOWN])
        return self.finish() if end or len(line) >= _INTRUDER_SHOWN else []


def _intrusion(start: bytes) -> _Intrusion:
    """Whether a frame boundary is followed by HTTP text rather than by a frame header that merely looks odd."""
    for text in _HTTP_STARTS:
        if start.startswith(text):
            return _Intrusion.YES
        if len(start) < 8 and text.startswith(start):
            return _Intrusion.TOO_SHORT
    return _Intrusion.NO
