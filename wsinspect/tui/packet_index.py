"""How many packets an endless input may have indexed, and which ones go when that is not enough."""

from typing import Final

from wsinspect.connection import Connection
from wsinspect.tui.archive import Archive
from wsinspect.tui.units import plural

MAX_INDEXED: Final = 16_777_216
"""Packets whose places in the file are kept, some 4 bytes each, when the input has no end."""
INTERVAL: Final = 1_048_576
"""Packets between two looks at how many there are."""


class PacketIndex:
    """Bounds what all connections together have indexed: first those that are over give way, oldest first."""

    def __init__(self) -> None:
        self._shortened: dict[int, int] = {}  # packets kept, by the index of the connection
        self._placeless = 0  # connections that were over when the places of their packets went
        self._look_at = INTERVAL

    @property
    def problems(self) -> list[str]:
        """What can no longer be shown."""
        connections = len(self._shortened) + self._placeless
        if not connections:
            return []
        shown = plural(connections, "connection")
        return [f"{shown} can be opened in part only, or not at all: more than {MAX_INDEXED:,} packets"]

    def bound(self, packets: int, connections: dict[int, Connection], archive: Archive) -> None:
        """Forget places of packets if there are too many by now; `packets` have been read.

        `connections` are under way, those in `archive` are over.
        """
        for index, kept in self._shortened.items():
            if index in connections:
                connections[index].packets.shorten(kept)
        self._placeless = archive.placeless
        if packets < self._look_at:
            return
        self._look_at = packets + INTERVAL
        surplus = archive.packets + sum(len(one.packets) for one in connections.values()) - MAX_INDEXED
        in_archive = archive.packets
        if surplus > 0:
            archive.forget_places(surplus)
            self._placeless = archive.placeless
            surplus -= in_archive - archive.packets
        self._shortened = {
            index: kept for index, kept in self._shortened.items() if index in connections or index in archive
        }
        for index, connection in connections.items():
            if surplus > 0 and index not in self._shortened:
                # Of one that goes on, the beginning is worth more than nothing.
                kept = len(connection.packets) // 2
                surplus -= len(connection.packets) - kept
                connection.packets.shorten(kept)
                self._shortened[index] = kept
