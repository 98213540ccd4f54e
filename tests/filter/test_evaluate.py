"""What filters match. The expected numbers are those of tshark and of the tour's script, or follow from the report."""

import time
from collections.abc import Iterator
from typing import Any

import pytest
from subjects import TOUR, subjects_of

from wsinspect.filter.filter import parse_filter
from wsinspect.filter.subject import ReportedConnection
from wsinspect.report import model
from wsinspect.report.brief import told


class Plain:
    """A subject that has a report and nothing else."""

    now = 2000.0

    def __init__(self, **changes: Any) -> None:
        none = model.FrameCounts(0, 0, 0, 0, 0, 0, 0)
        event = model.CloseEvent(4001, "Be gone", True)
        facts: dict[str, Any] = {
            "id": 7, "tcp_stream": 3, "http2_stream": None, "http_version": "1.1", "tls": None,
            "client": model.Endpoint("10.0.0.7", 50512), "server": model.Endpoint("2001:db8::1", 443),
            "url": "wss://api.example.com:443/chat?room=1", "subprotocol": "mqtt", "extensions": ["a", "b; c=1"],
            "handshake": model.Handshake(101, 4, 6, 0.001), "joined_midstream": False, "state": "closed",
            "started": 1000.0, "opened": 1000.5, "ended": 1060.0, "gaps": model.BySide(0, 0),
            "frames": model.Frames(none, none), "messages": model.BySide(2, 3), "payload_bytes": model.BySide(0, 9),
            "ping": model.PingTimes(0, 0, None, None, None),
            "close": model.Close("server", None, None, None, model.CloseEvents(event, None), "Over.", []),
            "violations": [
                model.Violation("frame-after-close", "error", "client", "", 1, 2, 3.0, 1, "A detail"),
                model.Violation("missing-close-reply", "warning", "server", "", None, None, None, 1, ""),
            ],
        }  # fmt: skip
        self.report = model.Connection(**(facts | changes))


TRUE = [
    "ws.id == 7", "ws.id in {1, 5..9}", "ws.id < 8", "ws.id >= 7", "ws.id not in {1..6}",
    # any value of many, but != wants all to differ
    "tcp.port == 443", "tcp.port == 50512", "!(tcp.port != 443)", "tcp.port != 80", "tcp.port > 1000",
    "ip.addr == 10.0.0.0/8", "ip.addr == 2001:db8::/32", "ip.addr == 2001:0DB8::1", "ip.addr != 10.0.0.8",
    "ip.addr in {10.0.0.1..10.0.0.9}", "ws.client.addr < 10.0.0.8", "ws.client.addr <= 10.0.0.0/24",
    # what is not there is neither equal nor different
    "!ws.tls", "!(ws.tls == \"x\")", "!(ws.tls != \"x\")", "!ws.gap", "!ws.rtt", "!(ws.close.tcp.kind != rst)",
    "!ws.joined", "ws.joined == false", "ws.close.clean", "ws.close.clean == true", "!(ws.close.clean != true)",
    # text: case counts but for matches and for searching
    'ws.close.reason == "Be gone"', '!(ws.close.reason == "be gone")', 'ws.close.reason contains "e g"',
    '!(ws.close.reason contains "GONE")', "ws.close.reason matches GONE$", 'ws.close.reason matches "^be.*e$"',
    "gone", '"be gone"', "MQTT", "10.0.0.7", "50512", "4001", "frame-after-close", '"a detail"', "room", "!nowhere",
    # words have an order
    "ws.severity >= warning", "ws.severity == warning", "ws.severity > warning", "!(ws.severity < warning)",
    "ws.rule contains close", 'ws.rule matches "^missing"', "ws.violation.by == client && ws.violation.by == server",
    "ws.duration == 60s", "ws.duration == 1m", "ws.duration > 59.9", "ws.started == 1000", "ws.started < 2026-01-01",
    "ws.host == api.example.com", "http.host == api.example.com:443", "ws.path == /chat",
    'http.request.uri == "/chat?room=1"', 'ws.extensions contains "c=1"', "ws.messages == 5", "ws.close.code == 4001",
    "ws.id == 8 || ws.id == 7 && ws.state == closed", "!(ws.id == 8 || ws.id == 9)", "",
]  # fmt: skip


@pytest.mark.parametrize("text", TRUE)
def test_matches(text: str) -> None:
    assert parse_filter(text).matches(Plain()) is True  # type: ignore[arg-type]
    if text:
        assert parse_filter(f"!({text})").matches(Plain()) is False  # type: ignore[arg-type]


def test_time_of_day_is_local(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TZ", "XXX-2")
    time.tzset()
    try:
        plain = Plain(started=1_700_000_000.0)  # 22:13:20 UTC
        for text in ("ws.started > 0:13:20", "ws.started == 22:13:20"):
            assert not parse_filter(text).matches(plain)  # type: ignore[arg-type]
        for text in ("ws.started == 0:13:20", "ws.started in {0:13..0:14}", 'ws.started == "2023-11-15 00:13:20"',
                     "ws.started == 2023-11-14T22:13:20Z"):  # fmt: skip
            assert parse_filter(text).matches(plain)  # type: ignore[arg-type]
    finally:
        monkeypatch.undo()
        time.tzset()


def test_open_connections_have_a_duration_but_no_end() -> None:
    plain = Plain(state="open", ended=None)
    assert parse_filter("ws.duration == 1000s && !ws.ended").matches(plain)  # type: ignore[arg-type]


def test_a_failed_handshake_has_no_close_code() -> None:
    plain = Plain(state="failed", handshake=model.Handshake(403, 1, 2, 0.1))
    assert parse_filter("!ws.close.code && ws.close.client.code == 4001").matches(plain)  # type: ignore[arg-type]
    assert parse_filter("http.response.code == 403").matches(plain)  # type: ignore[arg-type]


@pytest.fixture(scope="module")
def tour() -> Iterator[list[ReportedConnection]]:
    with subjects_of(TOUR) as subjects:
        yield subjects


def ids(subjects: list[ReportedConnection], text: str) -> list[int]:
    matches = parse_filter(text).matches
    return [subject.report.id for subject in subjects if matches(subject)]


def test_codes_of_the_tour(tour: list[ReportedConnection]) -> None:
    expected = [one.report.id for one in tour if (event := told(one.report)) and event.code == 1006]
    assert expected and ids(tour, "ws.close.code == 1006") == expected
    assert ids(tour, "http.user_agent") and len(ids(tour, "http.user_agent")) < len(tour)


def test_packets_are_read_again(tour: list[ReportedConnection]) -> None:
    """Connection 10 of the tour says {"hello":"feed"} in packet 139, and is reset in packet 508."""
    assert ids(tour, r'websocket.payload.text contains "{\"hello\":\"feed\"}"') == [10]
    assert ids(tour, "frame.number == 139") == [10]
    assert ids(tour, "frame.number in {139, 508}") == [10]
    assert 10 in ids(tour, "websocket.opcode == text") and 10 not in ids(tour, "websocket.opcode == close")
    assert ids(tour, "websocket.mask == true && ws.id == 10") == [10]


def test_a_pattern_cannot_take_forever() -> None:
    matches = parse_filter('ws.close.summary matches "(a+)+$"').matches
    plain = Plain(close=model.Close(None, None, None, None, None, "a" * 50_000 + "b", []))
    begin = time.perf_counter()
    assert not matches(plain)  # type: ignore[arg-type]
    assert time.perf_counter() - begin < 5


def test_what_the_network_sent_cannot_break_a_filter() -> None:
    event = model.CloseEvent(1000, "\ud800\0\x1b[2J", True)
    plain = Plain(close=model.Close(None, None, None, None, model.CloseEvents(event, None), "", []), url="ws://")
    for text in ("ws.close.reason matches x", "ws.close.reason contains x", "x", "ws.host == x", "ws.path"):
        parse_filter(text).matches(plain)  # type: ignore[arg-type]
