"""What the screens are about: a source of connections. One for capture files is here; tests bring their own."""

import copy
import os
from collections.abc import Iterator
from typing import Protocol

from wsinspect.capture.packet import Packet
from wsinspect.capture.source import STANDARD_INPUT, open_capture
from wsinspect.connection import Connection
from wsinspect.inspector import Inspector
from wsinspect.replay import replay
from wsinspect.report import model
from wsinspect.report.build import connection_report
from wsinspect.timeline import Timeline


class Source(Protocol):
    """Packets that turn into connections as they are fed, and the details of each connection on demand.

    Connections go by their index, from 0 in the order of first appearance. `batches` may be slow and is called without
    a lock; `feed`, `finish`, `revision` and `report` are called under one; `timeline` comes from another thread.
    """

    name: str
    """What the user knows it by."""

    @property
    def size(self) -> int | None:
        """Bytes to read; None if that is unknown."""

    @property
    def position(self) -> int:
        """Bytes read so far."""

    @property
    def packets(self) -> int:
        """Packets fed so far."""

    @property
    def last_time(self) -> float | None:
        """Time of the latest packet, in seconds since the epoch."""

    @property
    def dropped(self) -> int | None:
        """Packets that the capturing program lost; None if it does not say."""

    @property
    def problems(self) -> list[str]:
        """What is wrong with the capture."""

    def batches(self, count: int) -> Iterator[list[Packet]]:
        """The packets, `count` at a time."""

    def feed(self, packets: list[Packet]) -> list[int]:
        """Take packets; returns the indexes of the connections that are over with them."""

    def finish(self) -> list[int]:
        """There are no more packets; returns the connections that were not over before."""

    def __len__(self) -> int:
        """How many connections there are."""

    def revision(self, index: int) -> int:
        """A number that grows when something of the connection changes."""

    def report(self, index: int) -> model.Connection:
        """The facts about a connection as far as it has come."""

    def freeze(self, index: int) -> object:
        """What `timeline` needs of a connection that may go on growing."""

    def timeline(self, frozen: object) -> Timeline:
        """Everything that happened on a connection. Raises `WsinspectError` if it cannot be read again."""

    def close(self) -> None:
        """The source is not needed any more."""


class CaptureSource:
    """A capture file, or standard input. Raises `WsinspectError` if there is none."""

    def __init__(self, path: str) -> None:
        self.name = "standard input" if path == STANDARD_INPUT else os.path.basename(path)
        self._reader = open_capture(path, random_access=True)
        self._inspector = Inspector(index=True)

    @property
    def size(self) -> int | None:
        return self._reader.size

    @property
    def position(self) -> int:
        return self._reader.position

    @property
    def packets(self) -> int:
        return self._inspector.packets

    @property
    def last_time(self) -> float | None:
        return self._inspector.last_ns / 1e9 if self._inspector.packets else None

    @property
    def dropped(self) -> int | None:
        return self._reader.dropped

    @property
    def problems(self) -> list[str]:
        return self._reader.problems

    def batches(self, count: int) -> Iterator[list[Packet]]:
        return self._reader.batches(count)

    def feed(self, packets: list[Packet]) -> list[int]:
        feed = self._inspector.feed
        ended: list[int] = []
        for packet in packets:
            if over := feed(packet):
                ended += [connection.id - 1 for connection in over]
        return ended

    def finish(self) -> list[int]:
        return [connection.id - 1 for connection in self._inspector.finish()]

    def __len__(self) -> int:
        return len(self._inspector.connections)

    def revision(self, index: int) -> int:
        return self._inspector.connections[index].revision

    def report(self, index: int) -> model.Connection:
        return connection_report(self._inspector.connections[index])

    def freeze(self, index: int) -> object:
        connection = copy.copy(self._inspector.connections[index])
        connection.packet_offsets = connection.packet_offsets[:]
        connection.packet_numbers = connection.packet_numbers[:]
        return connection

    def timeline(self, frozen: object) -> Timeline:
        assert isinstance(frozen, Connection)
        return replay(frozen, self._reader)

    def close(self) -> None:
        self._reader.close()
