"""`wsinspect report` on traffic that is still going on: an interface, a pipe, a file that another program writes."""

import codecs
import os
import re
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

import click

from wsinspect.capture.follow import Follow
from wsinspect.capture.live.capture import LiveCapture, start_capture
from wsinspect.capture.live.privileges import can_import, invoking_user
from wsinspect.capture.live.ring import parse_ring
from wsinspect.capture.live.settings import Method
from wsinspect.capture.live.settings import Settings as CaptureSettings
from wsinspect.capture.source import CaptureReader, open_capture
from wsinspect.cli.choice import Choice
from wsinspect.cli.printer import Printer
from wsinspect.cli.signals import EndSignals
from wsinspect.codebooks.own import user_library
from wsinspect.diagnosis.timers import with_user_timers
from wsinspect.errors import WsinspectError
from wsinspect.escape import terminal
from wsinspect.inspector import Inspector
from wsinspect.keys import KeySource, TlsOptions
from wsinspect.report import model
from wsinspect.report.build import capture_report
from wsinspect.rules.rule import Severity
from wsinspect.settings.model import Settings

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


def begin_capture(options: LiveOptions, import_all: Callable[[], None]) -> LiveCapture:
    """Start what the options ask for, and give up the rights that took. Raises `WsinspectError`.

    `import_all` loads what is otherwise loaded when it is needed, if the user it becomes may not read the program.
    """
    if options.write == "-":
        raise WsinspectError("a capture cannot be written to standard output", "name a file; or use tcpdump -w -")
    ring = parse_ring(options.ring) if options.ring else None
    if ring is not None and options.method == Method.DUMPCAP:
        raise WsinspectError("--ring does not work with dumpcap", "leave one of them away")
    settings = CaptureSettings(
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
        import_all()
    return start_capture(settings, user, ring.files if ring else None)


def import_all() -> None:
    """Load what a report may need."""
    import wsinspect.layers.tls
    import wsinspect.transport.encapsulation  # noqa: F401

    for codec in ("ascii", "latin-1", "utf-8", "idna"):
        codecs.lookup(codec)


def report_live(
    options: LiveOptions, format_: str, fail_on: str | None, max_connections: int, settings: Settings, tls: TlsOptions,
    choice: Choice,
) -> int:  # fmt: skip
    """Capture and print connections as they end; returns the exit status."""
    known = with_user_timers(settings.timers, settings.lifetimes)
    with EndSignals() as signals, begin_capture(options, import_all) as capture:
        signals.lead_to(capture.request_stop, lambda: abandon(capture))
        if sys.stderr.isatty():
            click.echo(f"Capturing on {capture.name} with {capture.method}; Ctrl-C ends.", err=True)
        try:
            printer = Printer(format_, max_connections, known, user_library(settings), choice, capture.reader)
            report = _report(capture.name, capture.reader, printer, tls, settings, choice)
        except Exception:
            capture.keep = True  # a bug of ours must not cost the user what was captured
            raise
        finally:
            say_where(capture)
    return _status(report, fail_on)


def report_followed(
    path: str, format_: str, fail_on: str | None, max_connections: int, settings: Settings, tls: TlsOptions,
    choice: Choice,
) -> int:  # fmt: skip
    """The same for a file that grows, or a pipe."""
    known = with_user_timers(settings.timers, settings.lifetimes)
    follow = Follow()
    with EndSignals() as signals:
        signals.lead_to(follow.stop)
        with open_capture(path, follow=follow, random_access=choice.needs_packets) as reader:
            printer = Printer(format_, max_connections, known, user_library(settings), choice, reader)
            report = _report("standard input" if path == "-" else path, reader, printer, tls, settings, choice)
    return _status(report, fail_on)


def _report(
    source: str, reader: CaptureReader, printer: Printer, tls: TlsOptions, settings: Settings, choice: Choice
) -> model.Report | None:
    """Print everything; None if nobody reads it any more."""
    keys = KeySource(tls, lambda: reader.secrets, growing=True)
    inspector = Inspector(
        index=choice.needs_packets, keys=keys.log, all_tls=tls.all_tls, thresholds=settings.thresholds
    )
    moved = time.monotonic()
    try:
        for batch in reader.batches():
            keys.refresh()
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
            inspector.trim()
            printer.flush()
        printer.print(inspector.finish(reader.end_ns), inspector)
        return printer.finish(capture_report(source, reader, inspector), inspector)
    except BrokenPipeError:
        # Whoever read has seen enough (`| head`); the interpreter must not try again at exit.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return None


def abandon(capture: LiveCapture) -> None:
    """End at once; a signal handler calls it."""
    capture.abandon()
    os.write(2, f"wsinspect: ended at once; the capture is in {' '.join(capture.files)}\n".encode())


def say_where(capture: LiveCapture) -> None:
    """The honest counters, on standard error; what was captured and not looked at is in the file all the same."""
    if capture.problem:
        click.echo(f"wsinspect: {terminal(capture.problem)}", err=True)
    behind = capture.behind
    counts = f"{capture.received:,} packets received, {capture.dropped:,} dropped by the kernel, 0 by wsinspect"
    unread = f", {behind:,} bytes not looked at" if behind else ""
    where = f"the capture is in {terminal(', '.join(capture.files))}" if capture.keep else "not kept (-w FILE keeps it)"
    click.echo(f"wsinspect: {counts}{unread}; {where}", err=True)


def _status(report: model.Report | None, fail_on: str | None) -> int:
    if report is None or fail_on is None:
        return 0
    least = Severity(fail_on).rank
    return int(any(Severity(count.severity).rank >= least for count in report.summary.violations))
