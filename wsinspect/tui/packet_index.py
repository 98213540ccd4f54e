"""How many packets an endless input may have indexed, and which ones go when that is not enough."""

from typing import Final

from wsinspect.connection import Connection
from wsinspect.tui.units import plural

MAX_INDEXED: Final = 16_777_216
"""Packets whose places in the file are kept, 16 bytes each, when the input has no end."""
INTERVAL: Final = 1_048_576
"""Packets between two looks at how many there are."""


class PacketIndex:
    """Bounds what all connections together have indexed: first those that are over give way, oldest first."""

    def __init__(self) -> None:
        self._shortened: dict[int, int] = {}  # packets kept, by the index of the connection
        self._look_at = INTERVAL

    @property
    def problems(self) -> list[str]:
        """What can no longer be shown."""
        if not self._shortened:
            return []
        shown = plural(len(self._shortened), "connection")
        return [f"{shown} can be opened in part only, or not at all: more than {MAX_INDEXED:,} packets"]

    def bound(self, packets: int, connections: dict[int, Connection]) -> None:
        """Forget places of packets if there are too many by now; `packets` have been read."""
        for index, kept in self._shortened.items():
            if index in connections:
                _shorten(connections[index], kept)
        if packets < self._look_at:
            return
        self._look_at = packets + INTERVAL
        self._shortened = {index: kept for index, kept in self._shortened.items() if index in connections}
        surplus = sum(len(connection.packet_offsets) for connection in connections.values()) - MAX_INDEXED
        for over in (True, False):
            for index, connection in connections.items():
                if surplus <= 0:
                    return
                if connection.finished is over and index not in self._shortened:
                    # Of one that goes on, the beginning is worth more than nothing.
                    kept = 0 if over else len(connection.packet_offsets) // 2
                    surplus -= len(connection.packet_offsets) - kept
                    _shorten(connection, kept)
                    self._shortened[index] = kept


def _shorten(connection: Connection, kept: int) -> None:
    del connection.packet_offsets[kept:]
    del connection.packet_numbers[kept:]
