"""`wsinspect report`: reads the capture, prints the report in one of its formats."""

import sys
from typing import BinaryIO

import click

from wsinspect.capture.source import CaptureReader, open_capture
from wsinspect.cli.progress import with_progress
from wsinspect.connection import Connection
from wsinspect.inspector import Inspector
from wsinspect.report import model
from wsinspect.report.build import capture_report, connection_report, summarise
from wsinspect.report.encode import connection_line, json_document, rest_lines
from wsinspect.report.text import text_report
from wsinspect.rules.rule import Severity


def print_report(path: str, format_: str, fail_on: str | None) -> int:
    """Print the report on the capture at `path`; returns the exit status."""
    with open_capture(path) as reader:
        report = _stream(path, reader) if format_ == "ndjson" else _inspect(path, reader)
    if format_ == "json":
        sys.stdout.buffer.write(json_document(report, for_people=sys.stdout.isatty()))
    elif format_ == "text":
        click.echo(text_report(report), nl=False)
    return 1 if fail_on is not None and _has_violation(report, Severity(fail_on)) else 0


def _inspect(path: str, reader: CaptureReader) -> model.Report:
    inspector = Inspector()
    for batch in with_progress(reader):
        inspector.feed_batch(batch)
    inspector.finish()
    connections = [connection_report(connection) for connection in inspector.connections]
    return _report(path, reader, inspector, connections)


def _stream(path: str, reader: CaptureReader) -> model.Report:
    """Print each connection as soon as it is over, then the rest."""
    inspector = Inspector()
    output = sys.stdout.buffer
    connections: list[model.Connection] = []
    for batch in with_progress(reader):
        connections += _print_connections(inspector.feed_batch(batch), output)
        output.flush()
    connections += _print_connections(inspector.finish(), output)
    report = _report(path, reader, inspector, connections)
    output.writelines(rest_lines(report))
    output.flush()
    return report


def _print_connections(ended: list[Connection], output: BinaryIO) -> list[model.Connection]:
    reports = [connection_report(connection) for connection in ended]
    output.writelines(connection_line(report) for report in reports)
    return reports


def _report(
    path: str, reader: CaptureReader, inspector: Inspector, connections: list[model.Connection]
) -> model.Report:
    capture = capture_report(path, reader, inspector)
    return model.Report(capture=capture, connections=connections, summary=summarise(connections))


def _has_violation(report: model.Report, least: Severity) -> bool:
    return any(Severity(count.severity).rank >= least.rank for count in report.summary.violations)
