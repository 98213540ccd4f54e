"""`wsinspect report` on traffic that is still going on: an interface, a pipe, a file that another program writes."""

import codecs
import os
import re
import signal
import sys
import time
from collections import Counter, deque
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from types import FrameType
from typing import Final

import click

from wsinspect.capture.follow import Follow
from wsinspect.capture.live.capture import LiveCapture, start_capture
from wsinspect.capture.live.privileges import can_import, invoking_user
from wsinspect.capture.live.ring import parse_ring
from wsinspect.capture.live.settings import Method, Settings
from wsinspect.capture.source import CaptureReader, open_capture
from wsinspect.connection import Connection
from wsinspect.errors import WsinspectError
from wsinspect.inspector import Inspector
from wsinspect.report import model
from wsinspect.report.build import capture_report, connection_report, summarise
from wsinspect.report.encode import connection_line, json_document, rest_lines
from wsinspect.report.text import closing_text, connection_text
from wsinspect.rules.rule import Severity

MAX_CONNECTIONS: Final = 20_000
"""Ended connections kept for the end of the report, some 4 kB each; of older ones only the sums are."""

_UNITS: Final = {"": 1, "ms": 0.001, "s": 1, "m": 60, "min": 60, "h": 3600}
_DURATION: Final = re.compile(r"(\d+(?:\.\d+)?)\s*(ms|s|min|m|h|)")


@dataclass(frozen=True, slots=True)
class LiveOptions:
    """What the command line asks for."""

    interfaces: tuple[str, ...] = ()
    filter: str = ""
    promiscuous: bool = True
    method: str = Method.AUTO
    write: str | None = None
    ring: str | None = None
    max_packets: int | None = None
    duration: str | None = None
    user: str | None = None


def parse_duration(text: str) -> float:
    """Seconds in `30s`, `5m`, `1.5h`, `90`. Raises `WsinspectError` for anything else."""
    match = _DURATION.fullmatch(text.strip().lower())
    if match is None:
        raise WsinspectError(f"{text!r} is no length of time", "for example: 30s, 5m, 1h")
    return float(match[1]) * _UNITS[match[2]]


def begin_capture(options: LiveOptions) -> LiveCapture:
    """Start what the options ask for, and give up the rights that took. Raises `WsinspectError`."""
    if options.write == "-":
        raise WsinspectError("a capture cannot be written to standard output", "name a file; or use tcpdump -w -")
    ring = parse_ring(options.ring) if options.ring else None
    if ring is not None and options.method == Method.DUMPCAP:
        raise WsinspectError("--ring does not work with dumpcap", "leave one of them away")
    settings = Settings(
        interfaces=options.interfaces,
        filter=options.filter,
        promiscuous=options.promiscuous,
        method=Method(options.method),
        path=options.write,
        max_packets=options.max_packets,
        max_seconds=parse_duration(options.duration) if options.duration else None,
        file_size=ring.file_size if ring else None,
    )
    user = invoking_user(options.user)
    if user is not None and not can_import(user):
        _import_all()
    return start_capture(settings, user, ring.files if ring else None)


def _import_all() -> None:
    """Load what is otherwise loaded when it is needed: the program lies where the user it becomes may not read."""
    import wsinspect.transport.encapsulation  # noqa: F401

    for codec in ("ascii", "latin-1", "utf-8", "idna"):
        codecs.lookup(codec)


def report_live(options: LiveOptions, format_: str, fail_on: str | None, max_connections: int) -> int:
    """Capture and print connections as they end; returns the exit status."""
    with _EndSignals() as signals, begin_capture(options) as capture:
        signals.lead_to(capture.request_stop, lambda: _abandon(capture))
        if sys.stderr.isatty():
            click.echo(f"Capturing on {capture.name} with {capture.method}; Ctrl-C ends.", err=True)
        try:
            report = _report(capture.name, capture.reader, format_, max_connections)
        except Exception:
            capture.keep = True  # a bug of ours must not cost the user what was captured
            raise
        finally:
            _say_where(capture)
    return _status(report, fail_on)


def watch_live(options: LiveOptions) -> None:
    """Capture, and look at it on the screen."""
    # Before the rights are given up: afterwards the program's own files may not be readable.
    from wsinspect.tui.app import run_live

    with begin_capture(options) as capture:
        run_live(capture)
        capture.request_stop()
        _say_where(capture)


def report_followed(path: str, format_: str, fail_on: str | None, max_connections: int) -> int:
    """The same for a file that grows, or a pipe."""
    follow = Follow()
    with _EndSignals() as signals:
        signals.lead_to(follow.stop)
        with open_capture(path, follow=follow) as reader:
            report = _report("standard input" if path == "-" else path, reader, format_, max_connections)
    return _status(report, fail_on)


def _report(source: str, reader: CaptureReader, format_: str, max_connections: int) -> model.Report | None:
    """Print everything; None if nobody reads it any more."""
    inspector = Inspector()
    printer = _Printer(format_, max_connections)
    moved = time.monotonic()
    try:
        for batch in reader.batches():
            if batch:
                moved = time.monotonic()
            else:
                # Silence on the wire is time, too: ended connections must not wait for the next packet.
                idle_ns = int((time.monotonic() - moved) * 1e9)
                printer.print(inspector.advance(inspector.last_ns + idle_ns), inspector)
            for packet in batch:
                ended = inspector.feed(packet)
                if ended:
                    printer.print(ended, inspector)
            printer.flush()
        printer.print(inspector.finish(), inspector)
        return printer.finish(capture_report(source, reader, inspector), inspector.connections)
    except BrokenPipeError:
        # Whoever read has seen enough (`| head`); the interpreter must not try again at exit.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return None


class _Printer:
    """Prints connections as they end, and keeps as many as it may for the rest of the report."""

    def __init__(self, format_: str, max_connections: int) -> None:
        self._format = format_
        self._max = max_connections
        self._output = sys.stdout.buffer
        self._kept: deque[model.Connection] = deque()
        self._evicted = 0
        self._sums = summarise(())
        """Of the evicted ones."""

    def print(self, ended: Iterable[Connection], inspector: Inspector) -> None:
        """These are over."""
        for connection in ended:
            inspector.connections.remove(connection)
            self._add(connection_report(connection))

    def flush(self) -> None:
        """Let the reader at the other end of the pipe have it now."""
        self._output.flush()

    def finish(self, capture: model.Capture, still_open: list[Connection]) -> model.Report:
        """What comes after the last connection."""
        for connection in still_open:
            self._add(connection_report(connection))
        if self._evicted:
            capture.problems.append(f"{self._evicted} ended connections are in the sums only (--max-connections)")
        kept = sorted(self._kept, key=lambda connection: connection.id)
        report = model.Report(capture=capture, connections=kept, summary=_add(self._sums, summarise(kept)))
        if self._format == "json":
            self._output.write(json_document(report, for_people=sys.stdout.isatty()))
        elif self._format == "ndjson":
            self._output.writelines(rest_lines(report))
        else:
            self._output.write(closing_text(report).encode())
        self.flush()
        return report

    def _add(self, report: model.Connection) -> None:
        if self._format == "ndjson":
            self._output.write(connection_line(report))
        elif self._format == "text":
            self._output.write(connection_text(report).encode())
        self._kept.append(report)
        if len(self._kept) > self._max:
            self._sums = _add(self._sums, summarise([self._kept.popleft()]))
            self._evicted += 1


def _add(first: model.Summary, second: model.Summary) -> model.Summary:
    """Two sums in one."""
    closes: Counter[tuple[int, str | None, str | None]] = Counter()
    hit: Counter[tuple[str, str]] = Counter()
    violations: Counter[tuple[str, str]] = Counter()
    for summary in (first, second):
        for close in summary.closes:
            closes[close.code, close.name, close.initiator] += close.connections
        for violation in summary.violations:
            hit[violation.rule, violation.severity] += violation.connections
            violations[violation.rule, violation.severity] += violation.count
    order = sorted(violations, key=lambda key: (-Severity(key[1]).rank, -violations[key], key[0]))
    return model.Summary(
        connections=first.connections + second.connections,
        open=first.open + second.open,
        failed_handshakes=first.failed_handshakes + second.failed_handshakes,
        closes=[model.CloseCount(code, name, by, count) for (code, name, by), count in closes.most_common()],
        violations=[model.ViolationCount(*key, hit[key], violations[key]) for key in order],
    )


class _EndSignals:
    """The first Ctrl-C or SIGTERM ends the capture in good order, the second one ends the program at once."""

    _NUMBERS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)

    def __init__(self) -> None:
        self._first: Callable[[], None] | None = None
        self._second: Callable[[], None] | None = None
        self._count = 0

    def lead_to(self, first: Callable[[], None], second: Callable[[], None] | None = None) -> None:
        """What the first signal does, and the second before the program ends; until this is said, any is an end."""
        self._first, self._second = first, second

    def __enter__(self) -> "_EndSignals":
        for number in self._NUMBERS:
            signal.signal(number, self._handle)
        return self

    def __exit__(self, *_: object) -> None:
        for number in self._NUMBERS:
            signal.signal(number, signal.SIG_DFL)

    def _handle(self, number: int, _frame: FrameType | None) -> None:
        if self._first is None:
            raise KeyboardInterrupt
        self._count += 1
        if self._count == 1:
            self._first()
            return
        if self._second is not None:
            self._second()
        os._exit(128 + number)


def _abandon(capture: LiveCapture) -> None:
    capture.abandon()
    os.write(2, f"wsinspect: ended at once; the capture is in {' '.join(capture.files)}\n".encode())


def _say_where(capture: LiveCapture) -> None:
    """The honest counters, on standard error."""
    if capture.problem:
        click.echo(f"wsinspect: {capture.problem}", err=True)
    where = f"the capture is in {', '.join(capture.files)}" if capture.keep else "not kept (-w FILE keeps it)"
    click.echo(
        f"wsinspect: {capture.received:,} packets received, {capture.dropped:,} dropped by the kernel, 0 by wsinspect; "
        + where,
        err=True,
    )


def _status(report: model.Report | None, fail_on: str | None) -> int:
    if report is None or fail_on is None:
        return 0
    least = Severity(fail_on).rank
    return int(any(Severity(count.severity).rank >= least for count in report.summary.violations))
