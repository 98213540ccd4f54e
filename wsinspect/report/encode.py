"""The report as JSON: one document, or one object a line (`docs/report.md`)."""

from collections.abc import Iterator
from typing import Any

import msgspec

from wsinspect.report import model


def json_document(report: model.Report, for_people: bool) -> bytes:
    """The whole report as one JSON document and a line end; indented if `for_people`."""
    encoded = msgspec.json.encode(report)
    return (msgspec.json.format(encoded, indent=2) if for_people else encoded) + b"\n"


def connection_line(connection: model.Connection) -> bytes:
    """One connection as a line of NDJSON."""
    return _line("connection", connection)


def rest_lines(report: model.Report) -> Iterator[bytes]:
    """The NDJSON lines that follow the connections: the capture, every violation, the summary."""
    yield _line("capture", report.capture, schema=report.schema)
    for connection in report.connections:
        for violation in connection.violations:
            yield _line("violation", violation, connection=connection.id)
    if report.filter is not None:
        yield _line("filter", report.filter)
    yield _line("summary", report.summary)


def _line(kind: str, body: msgspec.Struct, **more: Any) -> bytes:
    return msgspec.json.encode({"type": kind, **more, **msgspec.structs.asdict(body)}) + b"\n"
