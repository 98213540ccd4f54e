"""What is exported: connections of a capture, and what can be asked about each when its turn comes."""

from collections.abc import Callable
from typing import Protocol

from wsinspect.capture.packet import Interface, Origin, Packet
from wsinspect.report import model
from wsinspect.timeline import Timeline
from wsinspect.transport.packet_places import PacketPlaces

Progress = Callable[[int, int], None]
"""Told how much is done, and of how much; may raise `Cancelled`."""


class Cancelled(Exception):
    """Nobody wants the export any more. Raised by a `Progress`, for whoever asked for the export."""


class PacketFile(Protocol):
    """The capture, to read packets of it again. Each method raises `WsinspectError` if the file has changed."""

    def packet_at(self, offset: int, number: int) -> Packet:
        """The packet whose record is at `offset`."""

    def origin_at(self, offset: int) -> Origin:
        """What the file says about it besides."""

    def interface(self, number: int) -> Interface:
        """What the file says about an interface."""

    def is_at(self, path: str) -> bool:
        """Whether `path` leads to the capture itself."""


class Selection(Protocol):
    """Connections by their place, from 0, in the order of the export."""

    def __len__(self) -> int:
        """How many."""

    @property
    def of(self) -> int:
        """Connections of the whole capture."""

    @property
    def file(self) -> PacketFile:
        """Where the packets are."""

    def capture(self) -> model.Capture:
        """The facts about the capture they are from."""

    def report(self, place: int) -> model.Connection:
        """The facts about a connection."""

    def timeline(self, place: int) -> Timeline:
        """All that happened on it. Raises `WsinspectError` if its packets cannot be read again."""

    def places(self, place: int) -> PacketPlaces:
        """Where its packets are."""
