"""What the packets themselves tell about the end of a TCP connection, beside its bytes: IP headers and repetitions.

In: the headers of every packet, and each segment that is not just the next one. Out: the last few packets of each
direction, every RST with what came before it, the run of retransmissions that a direction has ended with, and whether
a packet is only a copy of one that was captured already (mirror ports and several interfaces show packets twice). Facts
for `wsinspect/diagnosis/`; small and bounded, since there is one of these for every connection.
"""

from collections import deque
from typing import Final, NamedTuple

from wsinspect.transport.tcp import ACK, FIN, RST, SYN, Segment

TAIL: Final = 5
"""Packets remembered per direction."""
MAX_RESETS: Final = 8
"""RSTs remembered per connection."""
OUTLIVED_NS: Final = 50_000_000
"""What comes so long after an RST was not on its way already."""
MAX_RUN_TIMES: Final = 16
"""Times of repetitions remembered per direction, the latest ones."""

COPY_NS: Final = 100_000_000
"""Time within which the same packet again is a copy: no sender waits less before it repeats one by itself."""
COPY_WITHOUT_ID_NS: Final = 2_000_000
"""The same for packets whose IP header does not number them."""
TCP_BYTES: Final = 16
"""Bytes of the TCP header kept with the one of IP: ports, numbers, flags, window."""

_NO_TAILS: Final[tuple[deque[tuple[int, bytes]], deque[tuple[int, bytes]]]] = (deque(maxlen=0), deque(maxlen=0))
_MASK: Final = 0xFFFFFFFF
_HALF: Final = 0x80000000
_TCP: Final = 6


class IpMark(NamedTuple):
    """A packet by its IP header; `hops` and `ip_id` are -1 where the header has none or is not plain."""

    time_ns: int
    hops: int
    """Time to live (IPv4) or hop limit (IPv6)."""
    ip_id: int
    """Identification (IPv4)."""


class ResetMark(NamedTuple):
    """An RST, and the packets of its claimed sender before it."""

    direction: int
    packet: int
    mark: IpMark
    before: tuple[IpMark, ...]
    """The last packets of the claimed sender."""
    ahead: int | None
    """Sequence number less the next one expected; None if that is not known."""
    acknowledges: bool
    """Whether it carries ACK. An RST that answers a packet for an unknown connection does not (RFC 9293 §3.10.7.1)."""
    other_ns: int
    """Time of the other side's last packet before it; 0 without one."""
    other_repeats: bool
    """Whether that packet brought nothing new: a retransmission or a keep-alive."""


class Run(NamedTuple):
    """Repetitions of one sequence number, with nothing from the other side in between."""

    times_seen: int
    first_ns: int
    times: tuple[int, ...]
    """Of the last repetitions."""
    length: int
    """Payload bytes of the repeated segment; 0: a bare FIN or a keep-alive without payload."""
    keep_alive: bool


class Marks:
    """One TCP connection's."""

    __slots__ = ("_last_ns", "_last_reset", "_runs", "handshake_ns", "resets", "tails")

    def __init__(self) -> None:
        self.tails: tuple[deque[tuple[int, bytes]], deque[tuple[int, bytes]]] = (deque(maxlen=TAIL), deque(maxlen=TAIL))
        """Per direction: times and headers (IP, and TCP_BYTES of TCP) of the last packets that are no RST."""
        self.resets: list[ResetMark] = []
        self.handshake_ns = [0, 0, 0]
        """Times of the SYN and of the SYN/ACK, the last one of each, and of what answers that; 0 if not captured."""
        self._runs: list[tuple[int, int, list[int], int, bool] | None] = [None, None]
        self._last_reset: tuple[int, bytes] | None = None
        self._last_ns: tuple[int, int] | None = None  # of each direction, once it is settled

    def settle(self) -> None:
        """No more packets will come: their headers are not needed any more, and take 3 kB."""
        self._last_ns = self.last_ns(0), self.last_ns(1)
        self.tails = _NO_TAILS
        self._last_reset = None

    def is_copy(self, time_ns: int, direction: int, header: bytes) -> bool:
        """Whether a packet with this header was captured a moment ago: the same packet, not the same bytes again."""
        ip_id = ip_mark(time_ns, header).ip_id
        limit = COPY_NS if ip_id > 0 else COPY_WITHOUT_ID_NS
        candidates = [*self.tails[direction], *((self._last_reset,) if self._last_reset else ())]
        same = _without_hops(header)
        return any(0 <= time_ns - earlier_ns <= limit and _without_hops(one) == same for earlier_ns, one in candidates)

    def irregular(self, segment: Segment, direction: int, header: bytes, next_seq: int) -> None:
        """A segment that is not just the next one of its direction; `next_seq` is -1 while that is unknown."""
        flags = segment.flags
        tail = self.tails[direction]
        if flags & RST:
            self._last_reset = (segment.time_ns, header)
            self._reset(segment, direction, header, next_seq)
            return
        tail.append((segment.time_ns, header))
        if flags & SYN:
            self.handshake_ns[1 if flags & ACK else 0] = segment.time_ns
        elif next_seq >= 0:
            self._repeat(segment, direction, next_seq)

    def first_bytes(self) -> None:
        """The first bytes of the stream have come: who opened it has acknowledged the SYN/ACK by now."""
        answer_ns = self.handshake_ns[1]
        if answer_ns and not self.handshake_ns[2]:
            self.handshake_ns[2] = next((time_ns for time_ns, _ in self.tails[0] if time_ns > answer_ns), 0)

    def marks(self, direction: int) -> tuple[IpMark, ...]:
        """The last packets of a direction, oldest first."""
        return tuple(ip_mark(time_ns, header) for time_ns, header in self.tails[direction])

    def last_ns(self, direction: int) -> int:
        """Time of the last packet of a direction that is no RST; 0 without one."""
        if self._last_ns is not None:
            return self._last_ns[direction]
        tail = self.tails[direction]
        return tail[-1][0] if tail else 0

    def outlived(self, reset_ns: int) -> bool:
        """Whether both sides went on after an RST: the one that it was sent to has ignored it (RFC 5961 §3.2)."""
        return min(self.last_ns(0), self.last_ns(1)) > reset_ns + OUTLIVED_NS

    def run(self, direction: int) -> Run | None:
        """The repetitions that a direction has ended with; None if the other side spoke after they began."""
        found = self._runs[direction]
        if found is None or self.last_ns(1 - direction) > found[2][0]:
            return None
        _, count, times, length, keep_alive = found
        return Run(count, times[0], tuple(times), length, keep_alive)

    def _reset(self, segment: Segment, direction: int, header: bytes, next_seq: int) -> None:
        if len(self.resets) >= MAX_RESETS:
            return
        other_ns = self.last_ns(1 - direction)
        run = self._runs[1 - direction]
        ahead = ((segment.seq - next_seq + _HALF) & _MASK) - _HALF if next_seq >= 0 else None
        self.resets.append(
            ResetMark(
                direction, segment.packet, ip_mark(segment.time_ns, header), self.marks(direction), ahead,
                bool(segment.flags & ACK), other_ns, run is not None and run[2][-1] == other_ns,
            )
        )  # fmt: skip

    def _repeat(self, segment: Segment, direction: int, next_seq: int) -> None:
        behind = (next_seq - segment.seq) & _MASK
        if not 0 < behind < _HALF:
            return
        length = len(segment.payload) + segment.cut
        if not length and not segment.flags & FIN and behind > 1:
            return  # an acknowledgement that was overtaken
        run = self._runs[direction]
        if run is not None and run[0] == segment.seq and self.last_ns(1 - direction) <= run[2][0]:
            times = run[2]
            times.append(segment.time_ns)
            if len(times) > MAX_RUN_TIMES:
                del times[1]  # the first one says since when
            self._runs[direction] = (segment.seq, run[1] + 1, times, max(run[3], length), run[4])
            return
        keep_alive = behind == 1 and length <= 1 and not segment.flags & FIN
        self._runs[direction] = (segment.seq, 1, [segment.time_ns], length, keep_alive)


def ip_mark(time_ns: int, header: bytes) -> IpMark:
    """The marks in a packet's headers: 20 bytes of IPv4 or 40 of IPv6 right in front of TCP, and TCP_BYTES of TCP."""
    if len(header) == 20 + TCP_BYTES and header[0] == 0x45:
        return IpMark(time_ns, header[8], header[4] << 8 | header[5])
    if len(header) == 40 + TCP_BYTES and header[0] >> 4 == 6 and header[6] == _TCP:
        return IpMark(time_ns, header[7], -1)
    return IpMark(time_ns, -1, -1)


def _without_hops(header: bytes) -> bytes:
    """The headers without what a router changes: the time to live and with it the checksum of IPv4, the hop limit."""
    if len(header) == 20 + TCP_BYTES:
        return header[:8] + header[9:10] + header[12:]
    return header[:7] + header[8:]
