"""The JSON report (`docs/report.md`) with some of the connections only."""

from collections.abc import Iterator
from typing import BinaryIO

import msgspec

from wsinspect.escape import json_text
from wsinspect.export.selection import Progress, Selection
from wsinspect.report import model
from wsinspect.report.build import summarise
from wsinspect.report.overview import add_overview


def write_json(selection: Selection, output: BinaryIO, progress: Progress) -> None:
    """Write the report, a connection a line; its summary is of these connections."""
    capture = selection.capture()
    output.write(b'{"schema":%s,\n"capture":%s,\n"connections":[' % (_json(model.SCHEMA), _json(capture)))

    total = 2 * len(selection)

    def written() -> Iterator[model.Connection]:
        for place in range(len(selection)):
            progress(place, total)
            report = selection.report(place)
            output.write((b",\n" if place else b"\n") + _json(report))
            yield report

    def again() -> Iterator[model.Connection]:
        for place in range(len(selection)):
            progress(len(selection) + place, total)
            yield selection.report(place)

    summary = summarise(written())
    # All reports at once would not fit into memory.
    add_overview(summary, again(), capture)
    output.write(b'],\n"summary":%s}\n' % _json(summary))


def _json(value: object) -> bytes:
    return json_text(msgspec.json.encode(value).decode()).encode()
