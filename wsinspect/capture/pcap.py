"""The classic pcap format: bytes of the file in, packets out.

draft-ietf-opsawg-pcap (the file header in section 4, the packet records in section 5); the variant with longer record
headers is Alexey Kuznetzov's, as old Linux systems wrote it.
"""

from wsinspect.capture.packet import Interface, Origin, Packet
from wsinspect.capture.records import (
    MAX_RECORD,
    Damage,
    Read,
    RecordBuffer,
    both_orders,
    changed,
    damaged,
    read_exactly,
    truncated,
)

FILE_HEADER = 24
RECORD_HEADER = 16
KUZNETZOV_RECORD_HEADER = 24
LINK_TYPE_MASK = 0xFFFF
"""The upper half of the field says how long the frame check sequence is, not what the link is."""

SNAP_LENGTH_SLACK = 256 * 1024
"""Writers exceed their own snap length (segmentation offload); by more than this, it is damage."""

_NANOSECONDS, _MICROSECONDS = 1, 1000

# Magic number as the file's first four bytes: (byte order, nanoseconds per unit of the fraction, record header length).
_MAGICS = {
    bytes.fromhex(magic): (order, unit, record_header)
    for big_endian, unit, record_header in (
        ("a1b2c3d4", _MICROSECONDS, RECORD_HEADER),
        ("a1b23c4d", _NANOSECONDS, RECORD_HEADER),
        ("a1b2cd34", _MICROSECONDS, KUZNETZOV_RECORD_HEADER),
    )
    for order, magic in ((">", big_endian), ("<", bytes.fromhex(big_endian)[::-1].hex()))
}
MAGICS = frozenset(_MAGICS)

_FILE_HEADER_TAIL = both_orders("II")  # snap length, link type
_RECORD = both_orders("IIII")  # seconds, fraction, captured length, length on the wire


class PcapParser:
    """`feed` bytes as they come, then `finish`; neither raises, whatever the bytes are."""

    format = "pcap"

    def __init__(self) -> None:
        self.problems: list[str] = []
        self.number = 0
        """Of the latest packet, so also how many there were."""
        self.over = False
        """Nothing more can be read: the file is damaged from here on, or finished."""
        self.dropped: int | None = None
        """Always None: the format has no place for it."""
        self.secrets: list[bytes] = []
        """Always empty: the format has no place for them."""
        self.end_ns = 0
        """Always 0, likewise."""
        self._buffer = RecordBuffer(FILE_HEADER)
        self._record = _RECORD["<"]
        self._record_header = 0
        self._unit = _MICROSECONDS
        self._link_type = 0
        self._snap_length = 0
        self._limit = 0

    def feed(self, data: bytes) -> list[Packet]:
        """The packets that these bytes complete."""
        if self.over:
            return []
        joined = self._buffer.join(data)
        if joined is None:
            return []
        start = 0
        if not self._record_header:
            try:
                start = self._read_file_header(joined)
            except Damage as damage:
                self._stop(self._buffer.offset, str(damage))
                return []
        return self._records(joined, start)

    def finish(self, end: int | None = None) -> list[Packet]:
        """The input has ended: say whether it did so in the middle of something.

        `end` is the size of the file by now, if it is known: a writer without room cuts what it could not write whole.
        """
        if not self.over:
            self.over = True
            held = len(self._buffer) and (end is None or end > self._buffer.offset)
            if held or not self._record_header:
                self.problems.append(truncated(self.number, self._buffer.offset))
        return []

    def packet_at(self, read: Read, offset: int, number: int) -> Packet:
        """One packet of an earlier pass again. Raises `WsinspectError` when the file has changed since."""
        header = self._record_header
        seconds, fraction, captured, wire_length = self._record.unpack_from(read_exactly(read, offset, header))
        if captured > self._limit:
            raise changed(offset)
        data = read_exactly(read, offset + header, captured)
        return Packet(
            number, seconds * 1_000_000_000 + fraction * self._unit, self._link_type, data, wire_length, offset
        )

    def origin_at(self, read: Read, offset: int) -> Origin:
        """What else the file says about a packet: nothing."""
        return Origin(0, ())

    def interface(self, read: Read, number: int) -> Interface:
        """The one interface, of which no name is known."""
        return Interface(self._link_type, self._snap_length, ())

    def _read_file_header(self, data: bytes) -> int:
        known = _MAGICS.get(data[:4])
        if known is None:
            raise Damage(f"{data[:4].hex(' ')} does not begin a pcap file")
        order, self._unit, self._record_header = known
        self._record = _RECORD[order]
        self._snap_length, network = _FILE_HEADER_TAIL[order].unpack_from(data, 16)
        self._link_type = network & LINK_TYPE_MASK
        # 0 is how some writers say "no limit".
        self._limit = min(self._snap_length + SNAP_LENGTH_SLACK, MAX_RECORD) if self._snap_length else MAX_RECORD
        return FILE_HEADER

    def _records(self, data: bytes, start: int) -> list[Packet]:
        """Every whole record from `start`; keeps the rest. One pass of this loop is what a packet costs."""
        packets: list[Packet] = []
        unpack = self._record.unpack_from
        header, unit, link_type, limit = self._record_header, self._unit, self._link_type, self._limit
        base = self._buffer.offset
        number = self.number
        position, end = start, len(data)
        needed = header
        second, second_ns = 0, 0
        # Declared, since to the compiler a struct's fields could be anything.
        seconds: int
        fraction: int
        captured: int
        wire_length: int
        while position + header <= end:
            seconds, fraction, captured, wire_length = unpack(data, position)
            if captured > limit:
                self.number = number
                self._stop(base + position, f"captured length {captured} is impossible")
                return packets
            body = position + header
            following = body + captured
            if following > end:
                needed = header + captured
                break
            number += 1
            if seconds != second:  # seldom, and compiled a product this large is slow
                second, second_ns = seconds, seconds * 1_000_000_000
            time_ns = second_ns + fraction * unit
            packets.append(Packet(number, time_ns, link_type, data[body:following], wire_length, base + position))
            position = following
        self.number = number
        self._buffer.keep(data, position, needed)
        return packets

    def _stop(self, offset: int, reason: str) -> None:
        self.over = True
        self.problems.append(damaged(self.number, offset, reason))
