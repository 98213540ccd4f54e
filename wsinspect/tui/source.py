"""What the screens are about: a source of connections. One for capture files is here; tests bring their own."""

import os
import threading
import time
from collections.abc import Iterator
from typing import Final, Protocol

from wsinspect.capture.follow import Follow
from wsinspect.capture.packet import Packet
from wsinspect.capture.source import STANDARD_INPUT, CaptureReader, open_capture
from wsinspect.codebooks.recognise import NO_BOOKS, Library
from wsinspect.connection import Connection
from wsinspect.diagnosis.facts import Facts
from wsinspect.diagnosis.gather import gather
from wsinspect.diagnosis.timers import Timers
from wsinspect.errors import WsinspectError
from wsinspect.export.selection import PacketFile
from wsinspect.filter.particulars import Particulars, particulars
from wsinspect.inspector import Inspector
from wsinspect.keys import NO_OPTIONS, KeySource, TlsOptions
from wsinspect.replay import Part, Recording, replay, replay_in_parts
from wsinspect.report import model
from wsinspect.report.build import capture_report, connection_report, diagnosis_reports
from wsinspect.rules.thresholds import DEFAULTS, Thresholds
from wsinspect.timeline import Timeline
from wsinspect.transport.packet_places import PacketPlaces
from wsinspect.tui.archive import Archive, Archived
from wsinspect.tui.packet_index import PacketIndex

ARCHIVED: Final = -2
"""The revision of a connection that will not change any more."""


class Source(Protocol):
    """Packets that turn into connections as they are fed, and the details of each connection on demand.

    Connections go by their index, from 0 in the order of first appearance. `batches` may be slow and is called without
    a lock; `feed`, `finish`, `archive`, `revision`, `report` and `particulars` are called under one; `timeline` comes
    from another thread.
    """

    name: str
    """What the user knows it by."""

    @property
    def live(self) -> bool:
        """Whether packets come as they are captured."""

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
    def behind(self) -> int:
        """Bytes captured and not read yet, as far as that is known."""

    @property
    def problems(self) -> list[str]:
        """What is wrong with the capture."""

    def batches(self, count: int) -> Iterator[list[Packet]]:
        """The packets, `count` at a time; an empty list now and then while a live capture has none."""

    def stop(self) -> None:
        """Let `batches` come to its end; what was read stays. From any thread."""

    def feed(self, packets: list[Packet]) -> list[int]:
        """Take packets; returns the indexes of the connections that are over with them."""

    def finish(self) -> list[int]:
        """There are no more packets; returns the connections that were not over before."""

    def forget(self, index: int) -> None:
        """Nobody will ask for this connection again: it is over and there is no room for it."""

    def __len__(self) -> int:
        """How many connections there have been, forgotten ones included."""

    def revision(self, index: int) -> int:
        """A number that grows when something of the connection changes."""

    def report(self, index: int) -> model.Connection:
        """The facts about a connection as far as it has come."""

    def particulars(self, index: int) -> Particulars:
        """What filters ask beyond the report."""

    def archive(self, index: int) -> tuple[model.Connection, Facts | None]:
        """Put a connection that is over where it takes less memory.

        Returns its report, and what it is judged by together with others; None if the source has no such facts.
        """

    def judge(self, crowd: list[Facts]) -> dict[int, list[model.Diagnosis]]:
        """The causes that these connections show together, by index. Needs no lock."""

    def freeze(self, index: int) -> object:
        """What `timeline` needs of a connection that may go on growing."""

    def timeline(self, frozen: object) -> Timeline:
        """Everything that happened on a connection. Raises `WsinspectError` if it cannot be read again."""

    def timeline_in_parts(self, frozen: object) -> Iterator[Part]:
        """The same, as it grows."""

    @property
    def file(self) -> PacketFile:
        """Where packets can be read again."""

    def places(self, frozen: object) -> PacketPlaces:
        """Where the packets of a connection are. Raises `WsinspectError` if that is not known any more."""

    def capture(self) -> model.Capture:
        """The facts about the capture as far as it has been read."""

    def close(self) -> None:
        """The source is not needed any more."""


class CaptureSource:
    """A capture that is read from a file."""

    def __init__(
        self, name: str, reader: CaptureReader, timers: Timers | None = None, tls: TlsOptions = NO_OPTIONS,
        thresholds: Thresholds = DEFAULTS, codebooks: Library = NO_BOOKS, *, endless: bool = False,
    ) -> None:  # fmt: skip
        """`endless` input may go on for longer than every TCP connection can be remembered; TLS secrets come with it.

        Raises `WsinspectError` if the key log cannot be read.
        """
        self.name = name
        self._reader = reader
        self._timers = timers
        self._codebooks = codebooks
        self._endless = endless
        self._keys = KeySource(tls, lambda: reader.secrets, growing=endless)
        self._inspector = Inspector(index=True, keys=self._keys.log, all_tls=tls.all_tls, thresholds=thresholds)
        self._thresholds = thresholds
        self._connections: dict[int, Connection] = {}  # by index, those under way
        self._archive = Archive()
        self._begun = 0
        self._index = PacketIndex()
        self._stopped = threading.Event()
        self._moved = time.monotonic()

    @property
    def live(self) -> bool:
        return False

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
    def behind(self) -> int:
        return 0

    @property
    def problems(self) -> list[str]:
        return [*self._reader.problems, *self._index.problems]

    def batches(self, count: int) -> Iterator[list[Packet]]:
        for batch in self._reader.batches(count):
            yield batch
            if self._stopped.is_set():
                return

    def stop(self) -> None:
        self._stopped.set()

    def feed(self, packets: list[Packet]) -> list[int]:
        self._keys.refresh()
        if not packets:
            # Silence is time, too: a connection that has ended must not wait for the next packet to be over.
            now_ns = self._inspector.last_ns + int((time.monotonic() - self._moved) * 1e9)
            return [connection.id - 1 for connection in self._inspector.advance(now_ns)]
        self._moved = time.monotonic()
        feed = self._inspector.feed
        ended: list[int] = []
        for packet in packets:
            if over := feed(packet):
                ended += [connection.id - 1 for connection in over]
        self._take_new()
        if self._endless:
            self._inspector.trim()
            self._index.bound(self._inspector.packets, self._connections, self._archive)
        return ended

    def finish(self) -> list[int]:
        ended = [connection.id - 1 for connection in self._inspector.finish(self._reader.end_ns)]
        self._take_new()
        return ended

    def _take_new(self) -> None:
        begun = self._inspector.connections
        if begun:
            for connection in begun:
                self._connections[connection.id - 1] = connection
            self._begun += len(begun)
            begun.clear()

    def forget(self, index: int) -> None:
        self._archive.forget(index)

    def __len__(self) -> int:
        return self._begun

    def revision(self, index: int) -> int:
        return ARCHIVED if index in self._archive else self._connections[index].revision

    def report(self, index: int) -> model.Connection:
        if index in self._archive:
            return self._archive.get(index).report
        return connection_report(self._connections[index], timers=self._timers, codebooks=self._codebooks)

    def particulars(self, index: int) -> Particulars:
        if index in self._archive:
            return self._archive.get(index).particulars
        return particulars(self._connections[index])

    def archive(self, index: int) -> tuple[model.Connection, Facts | None]:
        connection = self._connections.pop(index)
        facts = gather(connection)
        report = connection_report(connection, timers=self._timers, facts=facts, codebooks=self._codebooks)
        archived = Archived(
            report, particulars(connection), connection.attempt, connection.sealed, connection.violations
        )
        self._archive.put(index, archived, connection.packets)
        connection.release()
        return report, facts

    def judge(self, crowd: list[Facts]) -> dict[int, list[model.Diagnosis]]:
        return {id - 1: found for id, found in diagnosis_reports(crowd, self._timers).items()}

    def freeze(self, index: int) -> object:
        one: Archived | Connection
        if index in self._archive:
            one, places = self._archive.get(index), self._archive.places(index)
        else:
            one = self._connections[index]
            places = one.packets.copy()
        return Recording(one.attempt, one.sealed, one.violations, places, self._keys.log, self._thresholds)

    def timeline(self, frozen: object) -> Timeline:
        assert isinstance(frozen, Recording)
        self.places(frozen)
        return replay(frozen, self._reader)

    def timeline_in_parts(self, frozen: object) -> Iterator[Part]:
        assert isinstance(frozen, Recording)
        self.places(frozen)
        return replay_in_parts(frozen, self._reader)

    @property
    def file(self) -> PacketFile:
        return self._reader

    def places(self, frozen: object) -> PacketPlaces:
        assert isinstance(frozen, Recording)
        if not frozen.packets:
            raise WsinspectError("where its packets are is no longer kept: there were too many of others")
        return frozen.packets

    def capture(self) -> model.Capture:
        return capture_report(self.name, self._reader, self._inspector)

    def close(self) -> None:
        self._reader.close()


def open_source(
    path: str, timers: Timers | None = None, tls: TlsOptions = NO_OPTIONS, thresholds: Thresholds = DEFAULTS,
    codebooks: Library = NO_BOOKS,
) -> CaptureSource:  # fmt: skip
    """A capture file, or standard input, with what its diagnosis knows of and its rules judge by.

    Raises `WsinspectError` if it cannot be read.
    """
    if path != STANDARD_INPUT:
        reader = open_capture(path, random_access=True)
        return CaptureSource(os.path.basename(path), reader, timers, tls, thresholds, codebooks)
    reader = open_capture(_input_beside_keyboard(), random_access=True)
    return CaptureSource("standard input", reader, timers, tls, thresholds, codebooks)


class FollowedSource(CaptureSource):
    """A file that another program is still writing. Raises `WsinspectError` if it cannot be read."""

    def __init__(
        self, path: str, timers: Timers | None = None, tls: TlsOptions = NO_OPTIONS, thresholds: Thresholds = DEFAULTS,
        codebooks: Library = NO_BOOKS,
    ) -> None:  # fmt: skip
        self._follow = Follow()
        reader = open_capture(path, random_access=True, follow=self._follow)
        super().__init__(os.path.basename(path), reader, timers, tls, thresholds, codebooks, endless=True)

    @property
    def live(self) -> bool:
        return not self._follow.stopped

    @property
    def size(self) -> int | None:
        return None

    def stop(self) -> None:
        self._follow.stop()


def _input_beside_keyboard() -> str:
    """Where standard input can be read when the screen reads the keyboard: the terminal takes descriptor 0."""
    try:
        keyboard = os.open("/dev/tty", os.O_RDWR)
    except OSError as error:
        raise WsinspectError("there is no terminal to show the screen on", "try: wsinspect report -") from error
    if os.isatty(0):
        return STANDARD_INPUT  # refused there, with a word on what to do
    capture = os.dup(0)
    os.dup2(keyboard, 0)
    os.close(keyboard)
    return f"/dev/fd/{capture}"
