"""Every capture in every format, read again: the exports tell what the report tells."""

import csv
import io
import json
from pathlib import Path

import msgspec
import pytest
from exporting import CAPTURES, HOSTILE, selected
from slices import facts
from test_har import payload, validator

from wsinspect.export.formats import BY_ID
from wsinspect.export.pcapng_slice import write_slice
from wsinspect.report import model
from wsinspect.report.build import report_file

HAR = validator()
TOGETHER = {"browser-repeats-with-credentials.pcap"}
"""What one connection tells takes another one."""
PATHS = sorted(path for path in CAPTURES.rglob("*") if ".pcap" in path.name)


@pytest.mark.parametrize("path", PATHS, ids=lambda path: path.name)
def test_the_slice_of_each_connection_tells_the_same(path: Path, tmp_path: Path) -> None:
    slice_path = tmp_path / "slice.pcapng"
    with selected(path) as selection:
        connections = selection._chosen
        for connection in connections:
            selection._chosen = [connection, *(connections if path.name in TOGETHER else ())]
            report = selection.report(0)
            with slice_path.open("wb") as output:
                write_slice(selection, output, lambda done, total: None, selection.secrets())
            assert facts(report) in [facts(again) for again in report_file(str(slice_path)).connections]


@pytest.mark.parametrize("path", PATHS, ids=lambda path: path.name)
def test_other_formats_tell_the_same(path: Path) -> None:
    report = report_file(str(path))
    with selected(path) as selection:
        if not len(selection):
            return

        def exported(format_: str) -> str:
            output = io.BytesIO()
            BY_ID[format_].write(selection, output, lambda done, total: None)
            return output.getvalue().decode()

        assert msgspec.json.decode(exported("json"), type=model.Report, strict=False) == report
        har = json.loads(exported("har"))
        assert [error.message for error in HAR.iter_errors(har)] == []
        entries = har["log"]["entries"]
        rows = list(csv.DictReader(io.StringIO(exported("csv"), newline=""), strict=True))
        markdown, page = exported("markdown"), exported("html")
    for connection, entry, row in zip(report.connections, entries, rows, strict=True):
        event = connection.close.event.client if connection.close.event else None
        close = entry["_webSocketClose"] or {"code": None, "reason": None, "wasClean": None}
        assert (close["code"], close["reason"], close["wasClean"]) == (
            (event.code, event.reason, event.was_clean) if event else (None, None, None)
        )
        assert row["close_code"] == (str(event.code) if event else "")
        assert (int(row["id"]), row["state"]) == (connection.id, connection.state)
        for message in entry["_webSocketMessages"]:
            payload(message)
    for violation in {one.rule for connection in report.connections for one in connection.violations}:
        assert violation in markdown
        assert violation in page
    assert markdown.count("\n## WebSocket ") + markdown.startswith("## WebSocket ") == len(report.connections)
    assert page.count("<details") == len(report.connections)
    assert HOSTILE in PATHS
