"""CSV: a table for a spreadsheet, in which nothing is calculated."""

import csv
import io
from pathlib import Path

import pytest
from exporting import HOSTILE, TOUR, exported

from wsinspect.export.csv_table import COLUMNS, MAX_CELL, cell
from wsinspect.report.build import report_file


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        ("=1+1", "'=1+1"),
        ("+1", "'+1"),
        ("-1", "'-1"),
        ("@SUM(A1)", "'@SUM(A1)"),
        ("\t=1", r"\t=1"),
        ("\r=1", r"\r=1"),
        (" =1", "' =1"),
        ("＝1", "'＝1"),
        ("a;=1;b", "a;'=1;b"),
        ("a=1", "a=1"),
        ("10.0.0.1:80", "10.0.0.1:80"),
        ("\x1b[31m\u202e", r"\x1b[31m\u202e"),
        (-5, -5),
        (None, ""),
    ],
)
def test_cells(value: str | int | None, shown: str | int) -> None:
    assert cell(value) == shown


def test_a_cell_is_never_longer_than_a_spreadsheet_takes() -> None:
    shown = cell("A" * 65536)
    assert isinstance(shown, str)
    assert len(shown) < 32_767
    assert shown.endswith("… (65,536 characters)")
    assert shown.startswith("A" * MAX_CELL)


@pytest.mark.parametrize("path", [TOUR, HOSTILE], ids=lambda path: path.name)
def test_a_line_a_connection(path: Path) -> None:
    rows = list(csv.DictReader(io.StringIO(exported("csv", path).decode(), newline=""), strict=True))
    connections = report_file(str(path)).connections
    assert len(rows) == len(connections)
    for row, connection in zip(rows, connections, strict=True):
        assert list(row) == [title for title, _ in COLUMNS]
        assert int(row["id"]) == connection.id
        assert row["state"] == connection.state
        assert int(row["messages_client"]) == connection.messages.client
        code = connection.close.event.client.code if connection.close.event and connection.close.event.client else None
        assert row["close_code"] == ("" if code is None else str(code))
        for value in row.values():
            assert value[:1] not in ("=", "+", "-", "@")
