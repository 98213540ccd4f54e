"""`wsinspect export`: reads the capture, writes some of its connections, or one message, in another format."""

import contextlib
import sys
import time
from collections.abc import Iterator, Sequence
from functools import partial
from typing import Any, BinaryIO, Final, NamedTuple

import click

from wsinspect.capture.source import CaptureReader, open_capture
from wsinspect.cli.choice import Choice
from wsinspect.cli.progress import SHOW_AFTER, with_progress
from wsinspect.codebooks.own import user_library
from wsinspect.codebooks.recognise import NO_BOOKS, Library
from wsinspect.connection import Connection
from wsinspect.diagnosis.diagnose import diagnose_all
from wsinspect.diagnosis.gather import gather
from wsinspect.diagnosis.timers import Timers, known_timers, with_user_timers
from wsinspect.errors import WsinspectError
from wsinspect.export.formats import BY_ID
from wsinspect.export.message import frame_name, is_printable, payload_of
from wsinspect.export.pcapng_slice import write_slice
from wsinspect.export.selection import Progress
from wsinspect.export.target import new_file
from wsinspect.inspector import Inspector
from wsinspect.keys import KeySource, TlsOptions
from wsinspect.replay import replay
from wsinspect.report import model
from wsinspect.report.build import capture_report, connection_report
from wsinspect.settings.model import Settings
from wsinspect.timeline import Timeline
from wsinspect.transport.packet_places import PacketPlaces

STANDARD_OUTPUT: Final = "-"


class Wanted(NamedTuple):
    """Which connections of which capture, and how they are judged."""

    path: str
    ids: Sequence[int]
    """Numbers of connections; none: all."""
    choice: Choice
    settings: Settings
    tls: TlsOptions


class FileSelection:
    """Connections of a capture that has been read to its end."""

    def __init__(
        self, path: str, reader: CaptureReader, inspector: Inspector, chosen: Sequence[Connection],
        timers: Timers | None = None, codebooks: Library = NO_BOOKS,
    ) -> None:  # fmt: skip
        self.file = reader
        self.of = len(inspector.connections)
        self._path = path
        self._inspector = inspector
        self._chosen = chosen
        self._codebooks = codebooks
        # Some causes show only in all connections together.
        facts = [gather(connection) for connection in inspector.connections]
        self._found = diagnose_all(facts, timers or known_timers())

    def __len__(self) -> int:
        return len(self._chosen)

    def capture(self) -> model.Capture:
        return capture_report(self._path, self.file, self._inspector)

    def report(self, place: int) -> model.Connection:
        connection = self._chosen[place]
        return connection_report(connection, self._found[connection.id], codebooks=self._codebooks)

    def choose(self, choice: Choice) -> None:
        """Keep the connections that match."""
        self._chosen = [
            connection
            for place, connection in enumerate(self._chosen)
            if choice.takes(connection, self.report(place), self._inspector, self.file)
        ]

    def secrets(self) -> bytes:
        """A key log of the connections' TLS."""
        lines = {
            line: None
            for connection in self._chosen
            if connection.tls is not None
            for random in connection.tls.client_randoms
            for line in connection.keys.lines(random)
        }
        return "".join(f"{line}\n" for line in lines).encode()

    def timeline(self, place: int) -> Timeline:
        return replay(self._chosen[place], self.file)

    def places(self, place: int) -> PacketPlaces:
        return self._chosen[place].packets


def export_file(wanted: Wanted, format_id: str, output: str, *, overwrite: bool, embed_keys: bool) -> None:
    """Write the connections to `output`; with `embed_keys`, and the secrets of their TLS."""
    format_ = BY_ID[format_id]
    if embed_keys and format_.write is not write_slice:
        raise WsinspectError("--embed-keys is for --format pcapng alone", "no other format can hold them")
    if output == STANDARD_OUTPUT and not format_.is_text and sys.stdout.isatty():
        raise WsinspectError(f"{format_id} is nothing for a terminal", "name a file: -o FILE")
    with open_capture(wanted.path, random_access=True) as reader, _output(reader, output, overwrite) as file:
        selection = _select(wanted, reader)
        if embed_keys:
            format_ = format_._replace(write=partial(write_slice, secrets=selection.secrets()))
        with _progress() as progress:
            format_.write(selection, file, progress)
    if output != STANDARD_OUTPUT:
        _tell(f"{len(selection):,} of {selection.of:,} connections", output)


def export_message(wanted: Wanted, name: str, output: str, *, overwrite: bool) -> None:
    """Write the payload of the message that frame `name` of the only connection belongs to."""
    if len(wanted.ids) != 1:
        raise WsinspectError(
            "--message takes one --connection", "wsinspect export FILE --connection 3 --message client:0"
        )
    frame = frame_name(name)
    with open_capture(wanted.path, random_access=True) as reader:
        payload = payload_of(_select(wanted, reader).timeline(0), frame)
        if output == STANDARD_OUTPUT and sys.stdout.isatty() and not is_printable(payload):
            raise WsinspectError("this message is nothing for a terminal", "name a file: -o FILE")
        with _output(reader, output, overwrite) as file:
            file.write(payload)
    if output != STANDARD_OUTPUT:
        _tell(f"{len(payload):,} bytes", output)


def _select(wanted: Wanted, reader: CaptureReader) -> FileSelection:
    """Read the capture and take what is wanted. Raises `WsinspectError` if that is nothing."""
    settings = wanted.settings
    keys = KeySource(wanted.tls, lambda: reader.secrets)
    inspector = Inspector(index=True, keys=keys.log, all_tls=wanted.tls.all_tls, thresholds=settings.thresholds)
    for batch in with_progress(reader):
        keys.refresh()
        inspector.feed_batch(batch)
    inspector.finish(reader.end_ns)
    timers = with_user_timers(settings.timers, settings.lifetimes)
    numbered = _numbered(inspector.connections, wanted.ids)
    selection = FileSelection(wanted.path, reader, inspector, numbered, timers, user_library(settings))
    selection.choose(wanted.choice)
    if not len(selection):
        raise WsinspectError("no connection matches the filter", "wsinspect report FILE lists all of them")
    return selection


def _numbered(connections: list[Connection], ids: Sequence[int]) -> list[Connection]:
    if not connections:
        raise WsinspectError("there is no WebSocket in the capture", "wsinspect report FILE tells what is")
    for id in ids:
        if not 1 <= id <= len(connections):
            raise WsinspectError(f"there is no connection {id}", f"they are numbered from 1 to {len(connections)}")
    return [connections[id - 1] for id in sorted(set(ids))] if ids else connections


@contextlib.contextmanager
def _output(reader: CaptureReader, output: str, overwrite: bool) -> Iterator[BinaryIO]:
    if output == STANDARD_OUTPUT:
        yield sys.stdout.buffer
        sys.stdout.buffer.flush()
        return
    with new_file(output, overwrite=overwrite, capture=reader) as file:
        yield file


@contextlib.contextmanager
def _progress() -> Iterator[Progress]:
    """A bar on standard error, if that is a terminal and it takes longer than a moment."""
    begun = time.monotonic()
    bar: Any = None

    def show(done: int, total: int) -> None:
        nonlocal bar
        if bar is None and sys.stderr.isatty() and time.monotonic() - begun >= SHOW_AFTER:
            bar = click.progressbar(length=total, label="Writing", file=sys.stderr, show_pos=False)
        if bar is not None:
            bar.update(done - bar.pos)

    yield show
    if bar is not None:
        bar.finish()
        click.echo("\r\x1b[K", nl=False, err=True)


def _tell(what: str, output: str) -> None:
    from wsinspect.escape import terminal

    click.echo(f"{what} written to {terminal(output)}", err=True)
