"""IP fragments in, whole IP packets out (RFC 791 s3.2, RFC 8200 s4.5).

Any order; where fragments overlap, the first copy of a byte wins. Fragments that the capture cut short (snap length)
give a packet that is cut at the first byte missing, as if it had been captured whole with a shorter snap length.
"""

from typing import Final

MAX_DATAGRAMS: Final = 1024
"""Incomplete datagrams held; the oldest is given up for a new one."""
MAX_BYTES: Final = 16 * 1024 * 1024
"""Bytes of fragments held, in all datagrams together."""
MAX_PIECES: Final = 2048
"""Fragments of one datagram; 64 KiB over the smallest IPv4 MTU are fewer."""
TIMEOUT_NS: Final = 30 * 1_000_000_000
"""Packet time after the first fragment, as Linux waits (ipfrag_time)."""

_MAX_LENGTH: Final = 65535
_FRAGMENT_HEADER: Final = 8


class FragmentCollector:
    """Holds fragments until their datagram is complete. The counters are what the user is told."""

    def __init__(self) -> None:
        self.timed_out = 0
        """Datagrams given up, incomplete, after TIMEOUT_NS."""
        self.evicted = 0
        """Datagrams given up for want of room."""
        self.malformed = 0
        """Fragments that cannot be part of any datagram."""
        self.held_bytes = 0
        self.carrier = (0, 0)
        """Offset and number of the captured packet that the next fragment comes in; set by who wants `carriers`."""
        self.carriers: list[tuple[int, int]] = []
        """Those of all fragments of the datagram that the last one completed, in the order in which they came."""
        self._datagrams: dict[bytes, _Datagram] = {}  # oldest first

    def feed_v4(self, data: bytes, time_ns: int) -> bytes | None:
        """The whole packet that this IPv4 fragment (header and all) completes."""
        header = (data[0] & 15) << 2
        field = data[6] << 8 | data[7]
        start = (field & 0x1FFF) << 3
        end = start + int.from_bytes(data[2:4], "big") - header
        # RFC 791: source, destination, protocol and identification make the datagram.
        key = b"4" + data[12:20] + data[9:10] + data[4:6]
        datagram = self._add(key, start, end, data[header:], bool(field & 0x2000), data[:header], time_ns)
        if datagram is None:
            return None
        head = bytearray(datagram.head)
        head[6:8] = (head[6] & 0xC0, 0)
        return with_ipv4_lengths(head, datagram.length) + datagram.payload()

    def feed_v6(self, data: bytes, fragment: int, next_header: int, time_ns: int) -> bytes | None:
        """The same for IPv6, with the offsets of the fragment header and of the byte that announces it."""
        field = int.from_bytes(data[fragment + 2 : fragment + 4], "big")
        start = field & 0xFFF8
        body = fragment + _FRAGMENT_HEADER
        end = start + 40 + int.from_bytes(data[4:6], "big") - body
        head = bytearray(data[:fragment])
        head[next_header] = data[fragment]
        if not field & 0xFFF9:
            # RFC 6946: an atomic fragment is whole, and has nothing to do with others of the same identification.
            return with_ipv6_length(head, end) + data[body:]
        key = b"6" + data[8:40] + data[fragment + 4 : fragment + 8]
        datagram = self._add(key, start, end, data[body:], bool(field & 1), bytes(head), time_ns)
        if datagram is None:
            return None
        return with_ipv6_length(bytearray(datagram.head), datagram.length) + datagram.payload()

    def _add(
        self, key: bytes, start: int, end: int, data: bytes, more: bool, head: bytes, time_ns: int
    ) -> "_Datagram | None":
        """Keep the fragment; the datagram if that made it whole. `data` ends before `end` when it was cut."""
        self._forget_old(time_ns)
        # All but the last come in units of eight bytes.
        if end <= start or len(head) + end > _MAX_LENGTH or (more and (end - start) % 8):
            self.malformed += 1
            return None
        datagram = self._datagrams.get(key)
        self.carriers = []
        if datagram is None:
            datagram = self._datagrams[key] = _Datagram(time_ns)
        elif datagram.piece_count >= MAX_PIECES:
            self.malformed += 1
            return None
        if start == 0 and not datagram.head:
            datagram.head = head
        if not more and not datagram.length:
            datagram.length = end
        self.held_bytes += datagram.add(start, end, data)
        datagram.carriers.append(self.carrier)
        if datagram.is_whole:
            self.carriers = datagram.carriers
            self._forget(key)
            return datagram
        while len(self._datagrams) > MAX_DATAGRAMS or self.held_bytes > MAX_BYTES:
            self._forget(next(iter(self._datagrams)))
            self.evicted += 1
        return None

    def _forget_old(self, time_ns: int) -> None:
        while self._datagrams:
            key, datagram = next(iter(self._datagrams.items()))
            if time_ns - datagram.time_ns <= TIMEOUT_NS:
                return
            self._forget(key)
            self.timed_out += 1

    def _forget(self, key: bytes) -> None:
        self.held_bytes -= self._datagrams.pop(key).held_bytes


class _Datagram:
    """The pieces of one datagram so far."""

    def __init__(self, time_ns: int) -> None:
        self.time_ns = time_ns
        self.head = b""
        """The header of the first fragment; empty until that has come."""
        self.length = 0
        """Of the payload; 0 until the last fragment has come."""
        self.held_bytes = 0
        self.carriers: list[tuple[int, int]] = []
        self._pieces: list[tuple[int, int, bytes]] = []  # start, end, bytes (fewer if cut); sorted, without overlap

    @property
    def piece_count(self) -> int:
        return len(self._pieces)

    @property
    def is_whole(self) -> bool:
        if not self.head or not self.length:
            return False
        reached = 0
        for start, end, _ in self._pieces:
            if start > reached:
                break
            reached = end
        return reached >= self.length

    def add(self, start: int, end: int, data: bytes) -> int:
        """Fill what is still missing between `start` and `end`; how many bytes that took."""
        gaps = []
        position = start
        for held_start, held_end, _ in self._pieces:
            if held_start >= end:
                break
            if held_start > position:
                gaps.append((position, held_start))
            position = max(position, held_end)
        if position < end:
            gaps.append((position, end))
        new = [(a, b, data[a - start : b - start]) for a, b in gaps]
        if new:
            self._pieces = sorted(self._pieces + new)
        size = sum(len(piece) for _, _, piece in new)
        self.held_bytes += size
        return size

    def payload(self) -> bytes:
        parts = []
        for start, end, data in self._pieces:
            parts.append(data)
            if len(data) < end - start:
                break
        return b"".join(parts)[: self.length]


def with_ipv4_lengths(head: bytearray, payload_length: int) -> bytes:
    """The IPv4 header with its total length and checksum made right for a payload of that length."""
    head[2:4] = (len(head) + payload_length).to_bytes(2, "big")
    head[10:12] = bytes(2)
    total = sum(int.from_bytes(head[at : at + 2], "big") for at in range(0, len(head), 2))
    while total > 0xFFFF:
        total = (total & 0xFFFF) + (total >> 16)
    head[10:12] = (~total & 0xFFFF).to_bytes(2, "big")
    return bytes(head)


def with_ipv6_length(head: bytearray, payload_length: int) -> bytes:
    """The IPv6 header, and its extension headers, with the payload length made right."""
    head[4:6] = (len(head) - 40 + payload_length).to_bytes(2, "big")
    return bytes(head)
