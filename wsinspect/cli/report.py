"""`wsinspect report`: reads the capture, prints the report in one of its formats."""

import sys

import click

from wsinspect.capture.source import CaptureReader, open_capture
from wsinspect.cli.choice import Choice
from wsinspect.cli.progress import with_progress
from wsinspect.codebooks.own import user_library
from wsinspect.codebooks.recognise import Library
from wsinspect.connection import Connection
from wsinspect.diagnosis.diagnose import diagnose_one
from wsinspect.diagnosis.facts import Facts
from wsinspect.diagnosis.gather import gather
from wsinspect.diagnosis.timers import Timers, with_user_timers
from wsinspect.inspector import Inspector
from wsinspect.keys import KeySource, TlsOptions
from wsinspect.report import model
from wsinspect.report.build import add_diagnoses, capture_report, connection_report, connection_reports, whole_report
from wsinspect.report.encode import connection_line, json_document, rest_lines
from wsinspect.report.text import text_report
from wsinspect.rules.rule import Severity
from wsinspect.settings.model import Settings


def print_report(
    path: str, format_: str, fail_on: str | None, settings: Settings, tls: TlsOptions, choice: Choice
) -> int:
    """Print the report on the connections of the capture at `path` that are chosen. Returns the exit status."""
    known, codebooks = with_user_timers(settings.timers, settings.lifetimes), user_library(settings)
    read = _stream if format_ == "ndjson" else _inspect
    with open_capture(path, random_access=choice.needs_packets) as reader:
        keys = KeySource(tls, lambda: reader.secrets)
        inspector = Inspector(
            index=choice.needs_packets, keys=keys.log, all_tls=tls.all_tls, thresholds=settings.thresholds
        )
        report = read(path, reader, inspector, keys, known, codebooks, choice)
    if format_ == "json":
        sys.stdout.buffer.write(json_document(report, for_people=sys.stdout.isatty()))
    elif format_ == "text":
        click.echo(text_report(report), nl=False)
    return 1 if fail_on is not None and _has_violation(report, Severity(fail_on)) else 0


def _inspect(
    path: str, reader: CaptureReader, inspector: Inspector, keys: KeySource, timers: Timers, codebooks: Library,
    choice: Choice,
) -> model.Report:  # fmt: skip
    for batch in with_progress(reader):
        keys.refresh()
        inspector.feed_batch(batch)
    inspector.finish(reader.end_ns)
    reports = connection_reports(inspector.connections, timers, codebooks)
    both = zip(inspector.connections, reports, strict=True)
    chosen = [report for connection, report in both if choice.takes(connection, report, inspector, reader)]
    return whole_report(capture_report(path, reader, inspector), chosen, choice.told())


def _stream(
    path: str, reader: CaptureReader, inspector: Inspector, keys: KeySource, timers: Timers, codebooks: Library,
    choice: Choice,
) -> model.Report:  # fmt: skip
    """Print each connection as soon as it is over, then the rest: the summary knows what only all of them show."""
    output = sys.stdout.buffer
    printed: list[model.Connection] = []
    everyone: list[Facts] = []

    def take(ended: list[Connection]) -> None:
        for connection in ended:
            facts = gather(connection)
            everyone.append(facts)
            report = connection_report(connection, diagnose_one(facts, timers), facts=facts, codebooks=codebooks)
            if choice.takes(connection, report, inspector, reader):
                output.write(connection_line(report))
                printed.append(report)

    for batch in with_progress(reader):
        keys.refresh()
        take(inspector.feed_batch(batch))
        output.flush()
    take(inspector.finish(reader.end_ns))
    add_diagnoses(printed, everyone, timers)
    report = whole_report(capture_report(path, reader, inspector), printed, choice.told())
    output.writelines(rest_lines(report))
    output.flush()
    return report


def _has_violation(report: model.Report, least: Severity) -> bool:
    return any(Severity(count.severity).rank >= least.rank for count in report.summary.violations)
