"""100,000 connections are filtered while the user waits. The limit is generous: machines differ."""

import time
from collections.abc import Iterator
from typing import Any

import pytest

from wsinspect.filter.filter import parse_filter
from wsinspect.report import model
from wsinspect.tui.connections.row import Row, make_row
from wsinspect.tui.connections.subject import RowAccess, RowSubject

ROWS = 100_000
LIMIT = 3.0
"""Seconds of this process; the aim is 0.3."""


@pytest.fixture(scope="module")
def rows() -> Iterator[list[Row]]:
    none = model.FrameCounts(0, 0, 0, 0, 0, 0, 0)
    event = model.CloseEvent(1006, "", False)
    report = model.Connection(
        id=1, tcp_stream=0, http2_stream=None, http_version="1.1", tls=None, client=model.Endpoint("10.0.0.1", 40000),
        server=model.Endpoint("192.0.2.1", 80), url="ws://example.test/chat", subprotocol=None, extensions=[],
        handshake=None, joined_midstream=False, state="closed", started=1.0, opened=1.0, ended=2.0,
        gaps=model.BySide(0, 0), frames=model.Frames(none, none), messages=model.BySide(0, 0),
        payload_bytes=model.BySide(0, 0), ping=model.PingTimes(0, 0, None, None, None),
        close=model.Close(None, None, None, None, model.CloseEvents(event, event), "", []), violations=[],
    )  # fmt: skip
    row = make_row(report, 2.0)
    yield [
        row._replace(id=id, code=1000 + id % 7, client=f"10.0.{id // 250 % 250}.{id % 250}:40000", path=f"/{id}")
        for id in range(ROWS)
    ]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("ws.close.code == 1006", 14285),
        ("ip.addr == 10.0.1.0/24", 500),
        ("ws.close.code in {1001, 1003..1004} && ws.id < 70", 30),
        ("/9999", 11),
        ('ws.path matches "^/9{4}$"', 1),
    ],
)
def test_filtering_rows(rows: list[Row], text: str, expected: int) -> None:
    store: Any = None  # what rows have, nobody asks the store for
    begin = time.process_time()
    matches = parse_filter(text).bind(RowAccess())
    found = sum(matches(RowSubject(store, index, row)) for index, row in enumerate(rows))
    taken = time.process_time() - begin
    assert found == expected
    assert taken < LIMIT
