"""TCP reassembly of one direction: segments in any order become bytes in order, or a Gap (RFC 9293 §3.4, §3.10).

In: the segments of one direction and the other side's acknowledgements. Out: `Chunk`s that follow each other without
overlap, `Gap`s where bytes went by that the capture did not hold, and `Note`s about what was odd. First copy wins.
(`Syn`, `Fin` and `Reset` are told by `stream.py`, which sees both directions.)
"""

from bisect import bisect_right
from enum import StrEnum
from operator import attrgetter
from typing import Final, NamedTuple

from wsinspect.transport.tcp import Segment

MAX_HELD_BYTES: Final = 4 * 1024 * 1024
"""Out-of-order bytes held per direction before the hole in front of them is given up."""
MAX_HELD_SEGMENTS: Final = 2048
"""Out-of-order segments held per direction before the hole in front of them is given up."""
MAX_UNACKNOWLEDGED: Final = 64
"""Delivered segments kept per direction, until acknowledged, to compare retransmissions with."""
LARGEST_WINDOW: Final = 1 << 30
"""The largest receive window there is (RFC 7323 §2.3): what lies further ahead belongs to no stream of ours."""
DOUBTS: Final = 3
"""Packets that may pass after an acknowledgement of bytes we lack before they are called missing: captures on several
queues deliver an acknowledgement before its data now and then."""

_MASK: Final = 0xFFFFFFFF


class Chunk(NamedTuple):
    """In-order bytes of one direction, from one packet."""

    direction: int
    offset: int
    """Stream offset of the first byte; the first byte behind the SYN (or the first one captured) has 0."""
    data: bytes
    packet: int
    time_ns: int


class Gap(NamedTuple):
    """Bytes of one direction that were on the wire and are not in the capture."""

    direction: int
    offset: int
    length: int
    packet: int
    """Packet that showed that they are missing."""
    time_ns: int
    certain: bool = True
    """Whether the length is known and no estimate, as it can be where what is missing was encrypted."""


class Oddity(StrEnum):
    """What may be said of a segment, in Wireshark's words where it has them."""

    RETRANSMISSION = "Retransmission"
    CONFLICT = "Retransmission with other bytes"
    OUT_OF_ORDER = "Out-Of-Order"
    KEEP_ALIVE = "Keep-Alive"
    OUT_OF_WINDOW = "Outside every window"
    COPY = "Copy of a packet captured before"


class Note(NamedTuple):
    """A remark on a packet; it changes nothing in the bytes."""

    direction: int
    oddity: Oddity
    packet: int
    time_ns: int


class Remark(NamedTuple):
    """Something that a protocol above TCP did or that is to be said of it, and that carries no bytes."""

    direction: int
    text: str
    packet: int
    time_ns: int


class Syn(NamedTuple):
    """A direction opens (or repeats that it does)."""

    direction: int
    answers: bool
    """Whether it is a SYN/ACK."""
    packet: int
    time_ns: int


class Fin(NamedTuple):
    """Everything that the direction had to say has been delivered, and it said so."""

    direction: int
    packet: int
    time_ns: int


class Reset(NamedTuple):
    """An RST: no more bytes in either direction, and what was under way may be lost."""

    direction: int
    packet: int
    time_ns: int


StreamEvent = Chunk | Gap | Note | Syn | Fin | Reset


class _Held(NamedTuple):
    """Bytes that arrived ahead of their turn."""

    start: int
    data: bytes
    cut: int
    packet: int
    time_ns: int

    def behind(self, offset: int) -> "_Held":
        """What is left behind stream offset `offset`, which is not before its start."""
        skip = offset - self.start
        return self._replace(start=offset, data=self.data[skip:], cut=self.cut - max(0, skip - len(self.data)))


_START: Final = attrgetter("start")


class Reassembler:
    """The bytes of one direction in order."""

    __slots__ = (
        "_direction", "_doubted", "_doubts", "_expected", "_fin_acknowledged", "_held", "_held_bytes",
        "_unacknowledged",
        "acknowledged", "fin", "gap_bytes", "next_seq", "offset",
    )  # fmt: skip

    def __init__(self, direction: int) -> None:
        self._direction = direction
        self.next_seq = -1
        """Sequence number of the next byte wanted; -1 until the direction's start is known."""
        self.offset = 0
        """Stream offset of the next byte wanted; one beyond `fin` once the FIN was taken."""
        self.acknowledged = 0
        """Stream offset up to which the other side has acknowledged; never beyond what it can have received."""
        self.fin = -1
        """Stream offset of the sender's FIN; -1 until one was captured."""
        self.gap_bytes = 0
        """Bytes declared missing so far."""
        self._expected = -1
        self._fin_acknowledged = False
        self._held: list[_Held] = []
        self._held_bytes = 0
        self._unacknowledged: list[tuple[int, bytes]] = []
        self._doubts = 0
        self._doubted = 0  # the offset at which they arose

    def begin(self, seq: int) -> None:
        """A SYN with sequence number `seq`: the first byte has the next number."""
        if self.next_seq < 0:
            self.next_seq = (seq + 1) & _MASK

    def take_next(self, seq: int, payload: bytes) -> int:
        """Stream offset of `payload` if it is exactly what comes next and nothing waits; -1 if `feed` must tell."""
        if seq != self.next_seq or self._held or self.fin >= 0:
            return -1
        offset = self.offset
        size = len(payload)
        if size:
            self.offset = offset + size
            self.next_seq = (seq + size) & _MASK
            if len(self._unacknowledged) < MAX_UNACKNOWLEDGED:
                self._unacknowledged.append((offset, payload))
        return offset

    def feed(self, segment: Segment) -> list[StreamEvent]:
        """What a segment with payload (or a cut one) adds to the stream."""
        if not segment.cut:
            offset = self.take_next(segment.seq, segment.payload)
            if offset >= 0:
                return [Chunk(self._direction, offset, segment.payload, segment.packet, segment.time_ns)]
        return self._feed_out_of_order(segment)

    def end(self, segment: Segment) -> None:
        """A FIN: it stands behind the payload of `segment`."""
        if self.next_seq < 0:
            self._locate(segment.seq)
        position = self._position(segment.seq) + len(segment.payload) + segment.cut
        if self.fin < 0 and self.offset <= position <= self.offset + LARGEST_WINDOW:
            self.fin = position
            self._fin_acknowledged = self.acknowledged > position
            self.acknowledged = min(self.acknowledged, position)
            self._drop_behind_fin()

    def take_fin(self) -> bool:
        """Whether the FIN's turn has come: True once, when every byte before it has been delivered or declared missing.

        The FIN takes up one sequence number, and so one stream offset: a keep-alive behind it is seen for what it is.
        """
        if self.fin < 0 or self.offset != self.fin:
            return False
        self._advance(1)
        if self._fin_acknowledged:
            self.acknowledged = self.offset
        return True

    @property
    def waits(self) -> bool:
        """Whether bytes are known to have been sent that have not been captured, or not yet."""
        return bool(self._held) or self.fin > self.offset or self._lacks_acknowledged()

    def acknowledge_all(self, ack: int) -> bool:
        """Whether `ack` acknowledges just what there is; if so it is noted."""
        if ack != self.next_seq:
            return False
        if self.offset > self.acknowledged:
            self.acknowledged = self.offset
        if self._unacknowledged:
            self._unacknowledged.clear()
        return True

    def acknowledge(self, ack: int, packet: int, time_ns: int) -> list[StreamEvent]:
        """The other side has everything before sequence number `ack`; returns a Gap if we provably lack some of it."""
        if self.acknowledge_all(ack):
            return []
        if self.next_seq < 0:
            self._acknowledge_unseen(ack)
            return []
        position = self._position(ack)
        if position > self.offset + LARGEST_WINDOW:
            return []
        if 0 <= self.fin < position:
            self._fin_acknowledged = True
            position = self.fin
        if position > self.acknowledged:
            self.acknowledged = position
        if position <= self.offset:
            self._forget_before(position)
            return []
        return self._doubt(packet, time_ns)

    def finish(self, packet: int, time_ns: int) -> list[StreamEvent]:
        """Nothing more will come: whatever is held is delivered, with a Gap before it where bytes are missing."""
        delivered: list[StreamEvent] = []
        while self._held:
            delivered += self._give_up(self._held[0].start, packet, time_ns)
        if self.fin > self.offset or (self.next_seq >= 0 and self._lacks_acknowledged()):
            delivered += self._give_up(max(self.fin, self.acknowledged), packet, time_ns)
        return delivered

    def _acknowledge_unseen(self, ack: int) -> None:
        """Bytes of a direction are acknowledged of which no packet was captured yet: count them from the first time."""
        if self._expected < 0:
            self._expected = ack
        behind = (ack - self._expected) & _MASK
        if behind < MAX_HELD_BYTES:
            self.acknowledged = max(self.acknowledged, behind)

    def _locate(self, seq: int) -> None:
        """The first segment: the other side's first acknowledgement tells where the direction stood when it began."""
        behind = (seq - self._expected) & _MASK
        if self._expected >= 0 and behind < MAX_HELD_BYTES:
            self.next_seq = self._expected
        else:
            self.next_seq, self.acknowledged = seq, 0

    def _position(self, seq: int) -> int:
        """Stream offset of sequence number `seq`, taken as the nearest one to the next byte wanted (32-bit wrap)."""
        return self.offset + ((seq - self.next_seq + 0x80000000) & _MASK) - 0x80000000

    def _feed_out_of_order(self, segment: Segment) -> list[StreamEvent]:
        """Everything but the plain next segment."""
        delivered: list[StreamEvent] = []
        if self.next_seq < 0:
            self._locate(segment.seq)
        start = self._position(segment.seq)
        if abs(start - self.offset) > LARGEST_WINDOW or self._is_behind_fin(start, segment):
            return [self._note(Oddity.OUT_OF_WINDOW, segment)]
        new = _Held(start, segment.payload, segment.cut, segment.packet, segment.time_ns)
        if start < self.offset:
            delivered.append(self._judge_repeat(start, segment))
            if start + len(new.data) + new.cut <= self.offset:
                return delivered + self._doubt_again(segment)
            new = new.behind(self.offset)
        elif start > self.offset:
            delivered.append(self._note(Oddity.OUT_OF_ORDER, segment))
        self._hold(new, segment, delivered)
        if self.fin >= 0:
            self._drop_behind_fin()
        delivered += self._release()
        while self._held_bytes > MAX_HELD_BYTES or len(self._held) > MAX_HELD_SEGMENTS:
            delivered += self._give_up(self._held[0].start, segment.packet, segment.time_ns)
        return delivered + self._doubt_again(segment)

    def _is_behind_fin(self, start: int, segment: Segment) -> bool:
        """Whether a segment brings data where the sender has said that there is none; a keep-alive may stand there."""
        if self.fin < 0 or start < self.fin:
            return False
        return start != self.offset - 1 or len(segment.payload) > 1

    def _drop_behind_fin(self) -> None:
        """RFC 9293 §3.10.7.4: what is sent behind a FIN is ignored."""
        held = self._held
        while held and held[-1].start + len(held[-1].data) + held[-1].cut > self.fin:
            last = held.pop()
            room = self.fin - last.start
            kept = last.data[: max(0, room)]
            self._held_bytes -= len(last.data) - len(kept)
            if room > 0:
                held.append(last._replace(data=kept, cut=min(last.cut, room - len(kept))))

    def _note(self, oddity: Oddity, segment: Segment) -> Note:
        return Note(self._direction, oddity, segment.packet, segment.time_ns)

    def _judge_repeat(self, start: int, segment: Segment) -> Note:
        """The note on a segment whose first bytes, from stream offset `start`, have been delivered before."""
        data = segment.payload
        if start == self.offset - 1 and len(data) <= 1:
            # RFC 9293 §3.8.4: the one byte of a keep-alive is garbage and belongs to nobody.
            return self._note(Oddity.KEEP_ALIVE, segment)
        for offset, earlier in self._unacknowledged:
            low, high = max(start, offset), min(start + len(data), offset + len(earlier))
            if low < high and data[low - start : high - start] != earlier[low - offset : high - offset]:
                return self._note(Oddity.CONFLICT, segment)
        return self._note(Oddity.RETRANSMISSION, segment)

    def _forget_before(self, position: int) -> None:
        """Drop delivered segments that are acknowledged: a copy of them would be spurious whatever it holds."""
        kept = [entry for entry in self._unacknowledged if entry[0] + len(entry[1]) > position]
        self._unacknowledged = kept

    def _hold(self, new: _Held, segment: Segment, notes: list[StreamEvent]) -> None:
        """Keep the parts of `new` that no held segment has: the first copy of a byte wins."""
        held = self._held
        rest = new
        place = max(0, bisect_right(held, rest.start, key=_START) - 1)
        while place < len(held) and held[place].start < rest.start + len(rest.data) + rest.cut:
            other = held[place]
            end = other.start + len(other.data)
            if end > rest.start:
                low, high = max(other.start, rest.start), min(end, rest.start + len(rest.data))
                if low < high:
                    same = (
                        other.data[low - other.start : high - other.start]
                        == rest.data[low - rest.start : high - rest.start]
                    )
                    notes.append(self._note(Oddity.RETRANSMISSION if same else Oddity.CONFLICT, segment))
                if other.start > rest.start:
                    front = rest.data[: other.start - rest.start]
                    held.insert(place, rest._replace(data=front, cut=other.start - rest.start - len(front)))
                    self._held_bytes += len(front)
                    place += 1
                if end >= rest.start + len(rest.data) + rest.cut:
                    return
                rest = rest.behind(end)
            place += 1
        held.insert(place, rest)
        self._held_bytes += len(rest.data)

    def _release(self) -> list[StreamEvent]:
        """Deliver held bytes whose turn has come."""
        released: list[StreamEvent] = []
        while self._held and self._held[0].start <= self.offset:
            held = self._held.pop(0)
            self._held_bytes -= len(held.data)
            data = held.data[self.offset - held.start :]
            if data:
                released.append(Chunk(self._direction, self.offset, data, held.packet, held.time_ns))
                self._unacknowledged.append((self.offset, data))
                del self._unacknowledged[:-MAX_UNACKNOWLEDGED]
                self._advance(len(data))
            cut_end = held.start + len(held.data) + held.cut
            if held.cut and cut_end > self.offset:
                # Cut by the snap length: no retransmission brings these bytes, the next one would be cut as well.
                end = min(cut_end, self._held[0].start) if self._held else cut_end
                if end > self.offset:
                    released.append(self._gap(end, held.packet, held.time_ns))
        return released

    def _doubt_again(self, segment: Segment) -> list[StreamEvent]:
        """One more packet went by while an acknowledged hole stays open."""
        if self.acknowledged <= self.offset:
            return []
        return self._doubt(segment.packet, segment.time_ns)

    def _doubt(self, packet: int, time_ns: int) -> list[StreamEvent]:
        """An acknowledgement says that we lack bytes: believe it once enough packets have gone by without them."""
        if not self._lacks_acknowledged():
            return []
        if self._doubted != self.offset:
            self._doubted, self._doubts = self.offset, 0
        self._doubts += 1
        if self._doubts <= DOUBTS:
            return []
        end = min(self.acknowledged, self._held[0].start) if self._held else self.acknowledged
        return self._give_up(end, packet, time_ns)

    def _lacks_acknowledged(self) -> bool:
        """Whether bytes were acknowledged that we do not have."""
        if self.acknowledged == self.offset + 1 and self.fin < 0 and not self._held:
            return False  # a FIN that was not captured takes up one sequence number and looks the same
        return self.acknowledged > self.offset

    def _give_up(self, end: int, packet: int, time_ns: int) -> list[StreamEvent]:
        """Call the bytes before stream offset `end` missing and deliver what follows them."""
        return [self._gap(end, packet, time_ns), *self._release()]

    def _gap(self, end: int, packet: int, time_ns: int) -> Gap:
        gap = Gap(self._direction, self.offset, end - self.offset, packet, time_ns)
        self.gap_bytes += gap.length
        self._advance(gap.length)
        return gap

    def _advance(self, length: int) -> None:
        self.offset += length
        self.next_seq = (self.next_seq + length) & _MASK
