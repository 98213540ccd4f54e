"""One TCP connection: two directions, and how it began and ended. And all of them, numbered as Wireshark does."""

import struct
from itertools import islice
from typing import Final

from wsinspect.transport.marks import Marks
from wsinspect.transport.reassembly import Fin, Reassembler, Reset, StreamEvent, Syn
from wsinspect.transport.tcp import ACK, FIN, RST, SYN, Segment, reverse_flow

_NOTHING: Final[list[StreamEvent]] = []
_NO_HALVES: Final = (Reassembler(0), Reassembler(1))
_NO_MARKS: Final = Marks()
_MASK: Final = 0xFFFFFFFF
_REMAINS: Final = struct.Struct("=Qqq")
_NO_SEGMENT: Final = Segment(b"", 0, 0, 0, 0, 0, 0, b"", 0)


class TcpStream:
    """A TCP connection between two endpoints; direction 0 is that of the side that opened it (sent the SYN)."""

    __slots__ = (
        "_base", "_fin_packets", "_fins", "_halves", "_reset", "flow", "ignored", "ip_width", "marks", "number",
        "opening_seen", "tails", "time_ns", "watching",
    )  # fmt: skip

    def __init__(self, number: int, flow: bytes, first: Segment, direction: int) -> None:
        self.number = number
        """From 0, in the order of the first packets: Wireshark's `tcp.stream`."""
        self.flow = flow
        """Addresses and ports of direction 0."""
        self.time_ns = first.time_ns
        """Time of the first packet."""
        self.opening_seen = bool(first.flags & SYN)
        """Whether the capture has the connection from its first packet on."""
        self.ignored = False
        """Whether reassembly has stopped."""
        self.ip_width = 20 if len(flow) == 12 else 40
        """Bytes of the IP header right in front of TCP."""
        self.watching = False
        """Whether somebody waits for an acknowledgement and wants to hear of every packet."""
        self.marks = Marks()
        self.tails = self.marks.tails
        """The last packets of each direction, for whoever sees the IP headers to write down."""
        # Initial sequence numbers as Wireshark takes them: a first packet that is no SYN is counted from one before it.
        self._base = [-1, -1]
        self._base[direction] = first.seq if first.flags & SYN else (first.seq - 1) & _MASK
        if first.flags & ACK:
            self._base[1 - direction] = (first.ack - 1) & _MASK
        self._halves = (Reassembler(0), Reassembler(1))
        self._fins = 0  # bit 0: direction 0 sent a FIN, bit 1: direction 1 did
        self._fin_packets: dict[int, tuple[int, int]] = {}
        self._reset = False

    # As a `Channel`

    def sent(self, direction: int) -> int:
        """Stream offset behind the last byte (or FIN) that was sent, missing bytes included."""
        return self._halves[direction].offset

    def acknowledged(self, direction: int) -> int:
        """Stream offset up to which the other side has acknowledged; never beyond what it can have received."""
        return self._halves[direction].acknowledged

    def gap_bytes(self, direction: int) -> int:
        """Bytes declared missing so far."""
        return self._halves[direction].gap_bytes

    def end_may_be_missed(self, direction: int) -> bool:
        """Whether the other side acknowledged one number more than there were bytes: a FIN that was not captured."""
        half = self._halves[direction]
        return half.fin < 0 and half.acknowledged == half.offset + 1

    def waits(self, direction: int) -> bool:
        """Whether bytes of a direction are known to have been sent that have not been captured, or not yet."""
        half = self._halves[direction]
        return half.waits or any(one.direction == direction and one.ahead for one in self.marks.resets)

    def fin_acknowledged(self, direction: int) -> bool:
        """Whether the other side knows that this one has ended its half."""
        half = self._halves[direction]
        return 0 <= half.fin < half.acknowledged

    @property
    def closed(self) -> bool:
        """Whether TCP is done: an RST, or a FIN of each side."""
        return self._reset or self._fins == 3

    def outlives_reset(self) -> bool:
        """Whether it goes on after an RST, which does not close it then; to be asked a while after the RST."""
        marks = self.marks
        if not self._reset or self._fins == 3 or not marks.resets or not marks.outlived(marks.resets[-1].mark.time_ns):
            return False
        self._reset = False
        return True

    def ignore(self) -> None:
        """Nobody wants the bytes (any more): reassembly stops and frees its memory, numbering goes on."""
        self.ignored = True
        self._halves = _NO_HALVES
        self.marks = _NO_MARKS
        self.tails = _NO_MARKS.tails

    def settle(self) -> None:
        """The connection is over: reassembly stops, what is known of the end stays."""
        self.ignored = True
        self.marks.settle()
        self.tails = self.marks.tails

    def remains(self) -> bytes:
        """What has to be known of it once it is closed and ignored, for `revived`."""
        return _REMAINS.pack(self.number, self._base[0], self._base[1])

    @staticmethod
    def revived(flow: bytes, remains: bytes) -> "TcpStream":
        """The stream that left `remains`; `flow` is that of its direction 0."""
        number, first, second = _REMAINS.unpack(remains)
        stream = TcpStream(number, flow, _NO_SEGMENT, 0)
        stream.ignore()
        stream._base = [first, second]
        stream._fins = 3
        return stream

    def is_copy(self, segment: Segment, direction: int, header: bytes) -> bool:
        """Whether the packet was captured a moment ago already; `header` is as for `mark_irregular`."""
        return self.marks.is_copy(segment.time_ns, direction, header)

    def mark_irregular(self, segment: Segment, direction: int, header: bytes) -> None:
        """Write down a segment that `take_next` did not take, before `feed` does; `header` as `Marks.tails` keep it."""
        self.marks.irregular(segment, direction, header, self._halves[direction].next_seq)

    def is_new_connection(self, segment: Segment, direction: int) -> bool:
        """Whether a SYN on the same addresses and ports opens another connection, by Wireshark's rules.

        A SYN that repeats the initial sequence number is a retransmission, unless the connection is over.
        """
        flags = segment.flags & (SYN | ACK)
        if flags == SYN:
            known = self._base[direction]
            return known >= 0 and (known != segment.seq or self.closed)
        if flags == SYN | ACK:
            mine, other = self._base[direction], self._base[1 - direction]
            return mine >= 0 and mine != segment.seq and other != (segment.ack - 1) & _MASK
        return False

    def take_next(self, direction: int, seq: int, ack: int, payload: bytes) -> int:
        """Stream offset of the payload of a segment with ACK and no other flag, if all is as it should be.

        That is: it follows what came before, and acknowledges what the other side has sent. -1 if `feed` must tell.
        """
        first, second = self._halves
        if self.ignored:
            return -1
        if direction:
            return second.take_next(seq, payload) if first.acknowledge_all(ack) else -1
        return first.take_next(seq, payload) if second.acknowledge_all(ack) else -1

    def feed(self, segment: Segment, direction: int) -> list[StreamEvent]:
        """What a segment of `direction` brings: bytes and gaps of both directions, in order, then FIN or RST."""
        if self.ignored:
            if segment.flags & (SYN | FIN | RST):
                self._remember_ends(segment, direction)
            return _NOTHING
        events = _NOTHING
        half = self._halves[direction]
        if segment.flags & ACK:
            other = self._halves[1 - direction]
            events = other.acknowledge(segment.ack, segment.packet, segment.time_ns)
            if events:
                self._add_fin(events, 1 - direction, other)
        if segment.flags & (SYN | FIN | RST) or half.fin >= 0:
            return self._feed_special(segment, direction, half, events)
        if segment.payload or segment.cut:
            return events + half.feed(segment) if events else half.feed(segment)
        return events

    def finish(self, packet: int, time_ns: int) -> list[StreamEvent]:
        """The capture is over, or the connection was replaced: what can still be delivered, with gaps."""
        events: list[StreamEvent] = []
        if not self.ignored:
            for direction, half in enumerate(self._halves):
                events += half.finish(packet, time_ns)
                self._add_fin(events, direction, half)
        return events

    def _feed_special(
        self, segment: Segment, direction: int, half: Reassembler, events: list[StreamEvent]
    ) -> list[StreamEvent]:
        """A segment that opens or ends the connection, or that comes when a FIN is already known."""
        flags = segment.flags
        events = list(events)
        self._remember_ends(segment, direction)
        if flags & SYN:
            half.begin(segment.seq)
            events.append(Syn(direction, bool(flags & ACK), segment.packet, segment.time_ns))
            if segment.payload or segment.cut:  # TCP Fast Open: data behind the SYN (RFC 7413)
                segment = segment._replace(seq=(segment.seq + 1) & _MASK)
        if flags & RST:
            events.append(Reset(direction, segment.packet, segment.time_ns))
            return events  # the payload of an RST is a text for people (RFC 9293 §3.10.7.4), no stream data
        if segment.payload or segment.cut:
            events += half.feed(segment)
        if flags & FIN and half.fin < 0:
            half.end(segment)
            self._fin_packets[direction] = (segment.packet, segment.time_ns)
        self._add_fin(events, direction, half)
        return events

    def _remember_ends(self, segment: Segment, direction: int) -> None:
        if segment.flags & SYN and self._base[direction] < 0:
            self._base[direction] = segment.seq
        if segment.flags & RST:
            self._reset = True
        if segment.flags & FIN:
            self._fins |= 1 << direction

    def _add_fin(self, events: list[StreamEvent], direction: int, half: Reassembler) -> None:
        if half.take_fin():
            events.append(Fin(direction, *self._fin_packets[direction]))


class StreamTable:
    """Every TCP connection of the capture, found by addresses and ports."""

    __slots__ = ("_over", "by_flow", "count")

    def __init__(self) -> None:
        self.by_flow: dict[bytes, tuple[TcpStream, int]] = {}
        """The stream that a flow (`ip.TcpPlace`) belongs to now, and the direction that it is of it."""
        self._over: dict[bytes, bytes] = {}  # what remains of streams that are over, by the flow of direction 0
        self.count = 0
        """Connections seen so far; the next one gets this number."""

    def find(self, segment: Segment) -> tuple[TcpStream, int, TcpStream | None]:
        """The stream of `segment`, the segment's direction in it, and the older stream that it replaces, if any."""
        found = self.by_flow.get(segment.flow) or self._revive(segment.flow)
        if found is None:
            return self._open(segment, None)
        stream, direction = found
        if segment.flags & SYN and stream.is_new_connection(segment, direction):
            return self._open(segment, stream)
        return stream, direction, None

    def __len__(self) -> int:
        """Streams that are known."""
        return len(self.by_flow) // 2 + len(self._over)

    def is_current(self, stream: TcpStream) -> bool:
        """Whether no later one has its addresses and ports."""
        found = self.by_flow.get(stream.flow)
        return found is not None and found[0] is stream

    def retire(self, stream: TcpStream) -> None:
        """It is closed and ignored: only what tells a straggler of it from a new stream is kept, some 250 bytes."""
        self.forget(stream)
        self._over[stream.flow] = stream.remains()

    def forget_over(self, count: int) -> None:
        """Forget so many of those that are over, the oldest."""
        for flow in list(islice(self._over, count)):
            del self._over[flow]

    def clear(self) -> None:
        """Forget all of them; how many there were stays known."""
        self.by_flow.clear()
        self._over.clear()

    def forget(self, stream: TcpStream) -> None:
        """Its flow is unknown from now on."""
        for flow in (stream.flow, reverse_flow(stream.flow)):
            self.by_flow.pop(flow, None)  # both are the same if somebody talks to himself

    def _revive(self, flow: bytes) -> tuple[TcpStream, int] | None:
        """A stream that was over, with its direction of that flow: a straggler has come, or a successor."""
        for direction, forward in enumerate((flow, reverse_flow(flow))):
            remains = self._over.pop(forward, None)
            if remains is not None:
                stream = TcpStream.revived(forward, remains)
                self._put(stream)
                return stream, direction
        return None

    def _put(self, stream: TcpStream) -> None:
        self.by_flow[reverse_flow(stream.flow)] = (stream, 1)
        self.by_flow[stream.flow] = (stream, 0)

    def _open(self, segment: Segment, replaced: TcpStream | None) -> tuple[TcpStream, int, TcpStream | None]:
        # A SYN/ACK as the first packet: its receiver opened the connection.
        direction = 1 if segment.flags & (SYN | ACK) == SYN | ACK else 0
        forward = reverse_flow(segment.flow) if direction else segment.flow
        stream = TcpStream(self.count, forward, segment, direction)
        self.count += 1
        self._put(stream)
        return stream, direction, replaced
