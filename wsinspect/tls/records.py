"""TLS records of one direction (RFC 8446 §5.1): out of bytes in order, with what a gap in them costs.

Behind a gap that swallowed a record's header the next one is sought: a content type, the version that the direction
uses and a possible length, five bytes that ciphertext has by chance once in some hundred million places.
"""

from enum import IntEnum
from typing import Final, NamedTuple

from wsinspect.transport.reassembly import Chunk, Gap

HEADER: Final = 5
MAX_PAYLOAD: Final = 16384 + 2048
"""Largest payload of a record (RFC 5246 §6.2.3)."""
LEAST_PAYLOAD: Final = 17
"""Bytes below which no encrypted record has a payload, to tell how many fit into a gap."""


class ContentType(IntEnum):
    """What a record carries."""

    CHANGE_CIPHER_SPEC = 20
    ALERT = 21
    HANDSHAKE = 22
    APPLICATION_DATA = 23


class Record(NamedTuple):
    """A record as it travels."""

    direction: int
    kind: int
    """A `ContentType`; encrypted, TLS 1.3 calls everything application data."""
    version: int
    payload: bytes
    end: int
    """Offset behind it on the channel below."""
    packet: int
    """The packet that completed it."""
    time_ns: int


class Lost(NamedTuple):
    """Records that the capture did not hold, or not all of."""

    direction: int
    least: int
    """At least so many records."""
    most: int
    length: int
    """Bytes of them on the channel below, headers included."""
    payload: int
    """Payload bytes of the single record that was lost, if its header was captured; else -1."""
    kind: int
    """Its content type; else 0."""
    end: int
    packet: int
    time_ns: int


class Unreadable(NamedTuple):
    """These bytes are no records: another protocol, or none."""

    direction: int
    packet: int
    time_ns: int


RecordEvent = Record | Lost | Unreadable


def like_record(data: bytes) -> bool | None:
    """Whether a channel that begins with `data` carries TLS; None if it is too short to tell."""
    if data[:1] and data[0] not in (21, 22, 23, 20):
        return False
    if data[1:2] not in (b"", b"\x03"):
        return False
    if len(data) < HEADER:
        return None
    return data[2] <= 4 and 0 < int.from_bytes(data[3:5], "big") <= MAX_PAYLOAD


def holds_record(data: bytes) -> bool:
    """Whether an encrypted record begins in the first bytes of a connection joined late, or anywhere in them.

    At the very beginning its header will do; elsewhere another one has to follow it, or the end.
    """
    at = data.find(b"\x17\x03\x03")
    if at < 0 or at + HEADER > len(data):
        return False
    length = int.from_bytes(data[at + 3 : at + 5], "big")
    end = at + HEADER + length
    if not LEAST_PAYLOAD <= length <= MAX_PAYLOAD:
        return False
    return at == 0 or end == len(data) or data[end : end + 3] == b"\x17\x03\x03"


class RecordReader:
    """Cuts the bytes of one direction into records."""

    __slots__ = (
        "_buffer", "_direction", "_lost_at", "_offset", "_seeking", "_started", "_swallow", "_version", "joined",
    )  # fmt: skip

    def __init__(self, direction: int) -> None:
        self.joined = False
        """Whether the first bytes may be the middle of a record."""
        self._direction = direction
        self._buffer = bytearray()
        self._offset = 0  # on the channel below, of the buffer's first byte
        self._version = b"\x03\x03"
        self._started = False
        self._seeking = False
        self._lost_at = 0  # offset at which what is lost begins
        self._swallow: tuple[int, int, int] | None = None  # kind, payload length and end of a record with a hole in it

    @property
    def waits_from(self) -> int:
        """Offset of the first byte that belongs to no record yet."""
        return self._lost_at if self._seeking else self._offset

    def feed(self, piece: Chunk | Gap) -> list[RecordEvent]:
        """The records that `piece` completes."""
        if isinstance(piece, Gap):
            return self._gap(piece)
        data = piece.data
        events: list[RecordEvent] = []
        if self._swallow is not None:
            _, _, end = self._swallow
            behind = end - piece.offset
            if behind > len(data):
                return []
            events.append(self._swallowed(piece.packet, piece.time_ns))
            data = data[behind:]
            self._offset = end
        elif not self._buffer:
            self._offset = piece.offset
        self._buffer += data
        if self._seeking:
            self._seek(piece, events)
        while not self._seeking and self._take(piece, events):
            pass
        return events

    def finish(self, packet: int, time_ns: int) -> Lost | None:
        """No more bytes will come; what was lost and never found its end."""
        if self._swallow is not None:
            return self._swallowed(packet, time_ns)
        if not self._seeking:
            return None
        self._drop(len(self._buffer))
        self._seeking = False
        return self._lost(packet, time_ns)

    def _lost(self, packet: int, time_ns: int) -> Lost:
        """What lies between the last record and the next one."""
        length = self._offset - self._lost_at
        least = -(-length // (HEADER + MAX_PAYLOAD))
        most = length // (HEADER + LEAST_PAYLOAD) + 1
        return Lost(self._direction, least, most, length, -1, 0, self._offset, packet, time_ns)

    def _gap(self, gap: Gap) -> list[RecordEvent]:
        end = gap.offset + gap.length
        if self._swallow is None and not self._seeking and len(self._buffer) >= HEADER:
            payload = int.from_bytes(self._buffer[3:5], "big")
            self._swallow = (self._buffer[0], payload, self._offset + HEADER + payload)
            self._lost_at = self._offset
            self._buffer.clear()
        if self._swallow is not None:
            if end < self._swallow[2]:
                return []
            if end == self._swallow[2]:
                lost = self._swallowed(gap.packet, gap.time_ns)
                self._offset = end
                return [lost]
            self._swallow = None
        elif not self._seeking:
            self._lost_at = self._offset if self._buffer else gap.offset
        self._buffer.clear()
        self._offset = end
        self._seeking = True
        return []

    def _swallowed(self, packet: int, time_ns: int) -> Lost:
        assert self._swallow is not None
        kind, payload, end = self._swallow
        self._swallow = None
        return Lost(self._direction, 1, 1, HEADER + payload, payload, kind, end, packet, time_ns)

    def _take(self, piece: Chunk, events: list[RecordEvent]) -> bool:
        """Take the record at the front of the buffer, if it is whole."""
        buffer = self._buffer
        if len(buffer) < HEADER:
            return False
        length = int.from_bytes(buffer[3:5], "big")
        if not self._is_header(buffer, 0):
            if not self._started and not self.joined:
                events.append(Unreadable(self._direction, piece.packet, piece.time_ns))
                buffer.clear()
                return False
            self._lost_at = self._offset
            self._seeking = True
            self._seek(piece, events)
            return not self._seeking
        if len(buffer) < HEADER + length:
            return False
        self._started = True
        payload = bytes(buffer[HEADER : HEADER + length])
        version = bytes(buffer[1:3])
        kind = buffer[0]
        del buffer[: HEADER + length]
        self._offset += HEADER + length
        if kind == ContentType.APPLICATION_DATA:
            self._version = version
        number = int.from_bytes(version, "big")
        events.append(Record(self._direction, kind, number, payload, self._offset, piece.packet, piece.time_ns))
        return True

    def _is_header(self, data: bytearray, at: int) -> bool:
        length = data[at + 3] << 8 | data[at + 4]
        return 20 <= data[at] <= 23 and data[at + 1] == 3 and data[at + 2] <= 4 and 0 < length <= MAX_PAYLOAD

    def _seek(self, piece: Chunk, events: list[RecordEvent]) -> None:
        """Look for the next record behind what is lost."""
        buffer, version = self._buffer, self._version
        at = 0
        while True:
            found = buffer.find(version, at + 1)
            if found < 0 or found + 4 > len(buffer):
                # What cannot be judged yet stays: a header's first byte, or a header that is cut.
                keep = found - 1 if found > 0 else max(0, len(buffer) - 2)
                self._drop(keep)
                return
            at = found - 1
            if buffer[at] in (21, 22, 23) and self._is_header(buffer, at):
                break
            at += 1
        self._drop(at)
        self._seeking = False
        events.append(self._lost(piece.packet, piece.time_ns))

    def _drop(self, count: int) -> None:
        del self._buffer[:count]
        self._offset += count
