"""Connections that are over, in as little memory as may be: reports, handshakes, the places of packets, compressed.

A connection under way takes some 15 kB, most of it for what may still come. What the screens ask of one that is over
takes some 300 bytes, if many are compressed together.
"""

import pickle
import zlib
from typing import Final, NamedTuple

from wsinspect.filter.particulars import Particulars
from wsinspect.report import model
from wsinspect.rules.violation import Violation
from wsinspect.transport.packet_places import CHUNK, PacketPlaces

BLOCK: Final = 64
"""Connections that are compressed together. To look at one takes the whole block, a fraction of a millisecond."""

Packed = tuple[list[int], list[int]]


class Archived(NamedTuple):
    """A connection that is over, but for where its packets are."""

    report: model.Connection
    particulars: Particulars
    attempt: int
    """Attempts to open a WebSocket on its TCP connection before it."""
    sealed: bool
    """Whether nothing is known of it but what TLS itself shows."""
    violations: list[Violation]


class _Block:
    """Some connections, by their index."""

    def __init__(self) -> None:
        self.members: dict[int, int] = {}  # place of each in the lists
        self.packets = 0
        """Whose places are kept."""
        self.placeless = False
        """Whether the places of its first packets were forgotten."""
        self._records: list[bytes] | None = []  # each pickled; None once they are compressed
        self._places: list[Packed | None] | None = []
        self._large: dict[int, PacketPlaces] = {}
        self._compressed = b""
        self._compressed_places = b""

    def put(self, index: int, archived: Archived, places: PacketPlaces) -> None:
        """One more."""
        assert self._records is not None and self._places is not None
        self.members[index] = len(self._records)
        self._records.append(pickle.dumps(archived, pickle.HIGHEST_PROTOCOL))
        self.packets += len(places)
        if places.connections > 1 or len(places) > CHUNK:
            self._large[index] = places  # shared by all of them; or compressed already
        self._places.append(places.packed() if index not in self._large else None)
        if len(self._records) == BLOCK:
            self._compressed = zlib.compress(pickle.dumps(self._records, pickle.HIGHEST_PROTOCOL))
            self._compressed_places = zlib.compress(pickle.dumps(self._places, pickle.HIGHEST_PROTOCOL))
            self._records = self._places = None

    @property
    def full(self) -> bool:
        """Whether it takes no more."""
        return self._records is None

    def records(self) -> list[bytes]:
        """Those of all members, to be unpickled."""
        if self._records is not None:
            return self._records
        found: list[bytes] = pickle.loads(zlib.decompress(self._compressed))
        return found

    def places(self, index: int) -> PacketPlaces:
        """Where the packets of a member are; empty if that was forgotten."""
        if index in self._large:
            return self._large[index]
        lists = self._places
        if lists is None and self._compressed_places:
            lists = pickle.loads(zlib.decompress(self._compressed_places))
        packed = lists[self.members[index]] if lists else None
        return PacketPlaces.unpack(packed) if packed is not None else PacketPlaces()

    def forget_places(self) -> None:
        """Forget where the packets of all members are."""
        self.placeless = True
        self.packets = 0
        self._large.clear()
        self._compressed_places = b""
        if self._places is not None:
            self._places = [None] * len(self._places)


class Archive:
    """All connections that are over and have not been forgotten."""

    def __init__(self) -> None:
        self._blocks: dict[int, _Block] = {}  # by the index of each connection
        self._filling = _Block()
        self._kept = {self._filling: None}  # every block, the oldest first
        self._read: tuple[_Block, list[bytes]] | None = None  # the block that was read last: most come in order

    def __contains__(self, index: int) -> bool:
        """Whether a connection is here."""
        return index in self._blocks

    @property
    def packets(self) -> int:
        """Packets whose places are kept."""
        return sum(block.packets for block in self._kept)

    @property
    def placeless(self) -> int:
        """Connections of whose packets it was forgotten where they are."""
        return sum(len(block.members) for block in self._kept if block.placeless)

    def put(self, index: int, archived: Archived, places: PacketPlaces) -> None:
        """Keep a connection."""
        if self._filling.full:
            self._filling = _Block()
            self._kept[self._filling] = None
        self._filling.put(index, archived, places)
        self._blocks[index] = self._filling

    def get(self, index: int) -> Archived:
        """A connection, made anew."""
        block = self._blocks[index]
        if not block.full:
            records = block.records()
        elif self._read is not None and self._read[0] is block:
            records = self._read[1]
        else:
            records = block.records()
            self._read = block, records
        found: Archived = pickle.loads(records[block.members[index]])
        return found

    def places(self, index: int) -> PacketPlaces:
        """Where its packets are; empty if that was forgotten."""
        return self._blocks[index].places(index)

    def forget(self, index: int) -> None:
        """Nobody will ask for this one again. The memory of a block goes with its last connection."""
        block = self._blocks.pop(index)
        del block.members[index]
        if block.full and not block.members:
            del self._kept[block]
            self._read = None

    def forget_places(self, packets: int) -> None:
        """Forget where the packets of the oldest connections are, so many at least."""
        for block in self._kept:
            if packets <= 0:
                return
            packets -= block.packets
            block.forget_places()
