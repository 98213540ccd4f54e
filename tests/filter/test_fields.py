"""The table of fields: each can be asked of any connection, and the list's rows say the same as the reports."""

from pathlib import Path

import pytest
from subjects import CAPTURES, subjects_of

from wsinspect.filter.fields import BY_NAME, FIELDS, INSTEAD, everywhere
from wsinspect.filter.kinds import Kind, read
from wsinspect.tui.connections.row import make_row
from wsinspect.tui.connections.subject import ROW_FIELDS, row_text

KINDS = {
    Kind.BOOLEAN: bool, Kind.NUMBER: int, Kind.DURATION: float, Kind.TIME: float, Kind.TEXT: str, Kind.WORD: str,
    Kind.ADDRESS: str,
}  # fmt: skip
PROMISED = """
    ws.close.code ws.close.initiator ws.close.tcp.kind ws.close.tcp.by ws.rule ws.severity ws.violation.by ws.diagnosis
    ws.server.addr ws.server.port ws.state tcp.stream ip.addr tcp.port http.host http.request.uri websocket.opcode
    websocket.payload.text
"""
"""Names that scripts and other screens rely on."""


def some_captures() -> list[Path]:
    return [CAPTURES / "tour.pcapng", *sorted((CAPTURES / "situations").glob("*.pcap*"))]


@pytest.mark.parametrize("path", some_captures(), ids=lambda path: path.name)
def test_rows_say_what_reports_say(path: Path) -> None:
    with subjects_of(path) as subjects:
        for subject in subjects:
            row = make_row(subject.report, subject.now)
            for name, get in ROW_FIELDS.items():
                field = BY_NAME[name]
                mine, other = get(row), field.get(subject)
                if field.many:
                    mine, other = list(mine), list(other)
                assert (mine or None) == (other or None) or mine == other, name
            words = everywhere(subject).replace("\n", " ").split()
            lost = [word for word in words if word not in row_text(row)]
            assert not lost


@pytest.mark.parametrize("path", some_captures(), ids=lambda path: path.name)
def test_values_are_of_their_kind(path: Path) -> None:
    with subjects_of(path) as subjects:
        for subject in subjects:
            for field in FIELDS:
                found = field.get(subject)
                values = list(found) if field.many else [] if found is None or found == "" else [found]
                for value in values:
                    assert isinstance(value, KINDS[field.kind]) or (KINDS[field.kind] is float and value == int(value))
                    assert not field.words or value in field.words
                    if field.kind is Kind.ADDRESS:
                        assert read(field.kind, value) is not None


def test_table() -> None:
    assert len(BY_NAME) == len(FIELDS)
    assert set(PROMISED.split()) <= set(BY_NAME)
    assert set(ROW_FIELDS) <= set(BY_NAME)
    assert not set(INSTEAD) & set(BY_NAME)
    for field in FIELDS:
        assert field.name == field.name.lower() and len(field.about) < 90 and not field.about.endswith(".")
        assert (field.kind is Kind.WORD) == bool(field.words)
