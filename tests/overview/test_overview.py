"""wsinspect/overview/overview.py and wsinspect/report/overview.py: from captures to sentences, groups and numbers."""

from pathlib import Path

import pytest

from tests.transport.segments import ROOT
from wsinspect.report import model
from wsinspect.report.build import report_file
from wsinspect.report.overview import refusal

CAUSES = ROOT.parent / "shared" / "captures" / "causes"


def summary(path: Path) -> model.Summary:
    return report_file(str(path)).summary


@pytest.mark.parametrize(
    ("capture", "told"),
    [
        ("haproxy-tunnel4-client", "4 of 7 connections ended 1006 after 4.0 s idle, FIN from 10.77.2.2:80: likely"),
        ("hs-502-front", "All 4 connections failed at the handshake with HTTP 502 Bad Gateway from 10.77.2.2:80"),
        ("hs-strip-400-back", "likely a proxy before this capture point removed Upgrade: websocket"),
        ("http-in-stream-client", "6 of 7 connections ended 1006, first Close from the client"),
        ("http-in-stream-client", "likely HTTP written into the open WebSocket stream."),
        ("ka-aiohttp-client-client", "likely a keepalive timeout of the client"),
        ("ka-pyws-server-peer-stopped-server", "likely a keepalive timeout of the server"),
        ("life-1001-client", "All 8 connections ended 1001 at an age of 5.0 s, first Close from 10.77.3.2:8080"),
        ("mass-1012-server", "All 30 connections ended 1012 Service Restart, first Close from 10.77.3.2:8080"),
        ("mass-1012-server", ": likely a deploy or restart."),
        ("nginx-idle-together-front", "All 8 connections ended 1006 after 5.0 s idle, FIN from 10.77.2.2:80: likely"),
        ("path-one-flow-client", "4 of 6 connections fell silent and nobody closed"),
        ("race-nginx5-client", "ended 1006 after 5.0 s idle"),
        ("rst-both-ttl-client", "RST from 10.77.3.2:8080: likely an RST injected on the path."),
        ("size-pyws-default-client", "likely a message larger than the server takes"),
        ("storm-200ms-client", "10.77.1.2 reconnected 12 times, 0.2 s after each failure, without backing off."),
        ("mass-share-neg-client", "24 connections, all closed 1000 or 1001: no abnormal ending."),
        ("neg-idle-client", "no abnormal ending."),
        ("neg-nginx-front", "no abnormal ending."),
    ],
)  # fmt: skip
def test_the_sentence_for_each_cause(capture: str, told: str) -> None:
    path = CAUSES / f"{capture}.pcap"
    if not path.exists():
        pytest.skip("the captures are not here")
    assert told in " ".join(summary(path).overview)


@pytest.mark.parametrize("capture", ["rst-genuine-neg-client", "storm-backoff-neg-client", "neg-close-variants-client"])
def test_no_cause_where_none_was_diagnosed(capture: str) -> None:
    path = CAUSES / f"{capture}.pcap"
    if not path.exists():
        pytest.skip("the captures are not here")
    text = " ".join(summary(path).overview)
    assert "timer" not in text and "injected" not in text and "reconnected" not in text


def test_a_burst_in_a_capture() -> None:
    path = CAUSES / "mass-1012-client.pcap"
    if not path.exists():
        pytest.skip("the captures are not here")
    (burst,) = summary(path).bursts
    assert (burst.connections, burst.code) == (30, 1012)
    assert burst.usual < 1


@pytest.mark.parametrize(
    ("capture", "told"),
    [
        ("tour.pcapng", "21 of 33 connections stand out: failed handshake ×6,"),
        ("situations/still-open.pcap", "1 connection, still open as far as the capture goes."),
        ("situations/refused-403.pcap", "The only connection failed at the handshake with HTTP 403 Forbidden"),
        ("situations/close-by-client.pcap", "1 connection, closed 1000: no abnormal ending."),
        ("situations/nothing.pcap", "No WebSocket connection was seen."),
    ],
)
def test_captures_of_ours(capture: str, told: str) -> None:
    assert summary(ROOT / "captures" / capture).overview[0].startswith(told)


def test_everything_adds_up() -> None:
    report = report_file(str(ROOT / "captures" / "tour.pcapng"))
    found = report.summary
    over = found.connections - found.open
    assert sum(group.connections for group in found.close_groups) == over
    assert found.closes_over_time is not None
    assert sum(sum(series.connections) for series in found.closes_over_time.series) == over
    for sums, groups in ((found.violations, found.violation_groups),):
        assert sum(one.count for one in sums) == sum(one.count for one in groups)
        assert {one.rule for one in sums} == {one.rule for one in groups}
    by_code: dict[int | None, int] = {}
    for connection in report.connections:
        if connection.state == "closed" and connection.close.event and connection.close.event.client:
            code = connection.close.event.client.code
            by_code[code] = by_code.get(code, 0) + 1
    groups = [group for group in found.close_groups if group.status is None and group.means is not None]
    for code, number in by_code.items():
        assert sum(group.connections for group in groups if group.code == code) == number


@pytest.mark.parametrize(
    ("status", "text"),
    [(None, "no answer"), (101, "101 not accepted"), (403, "HTTP 403 Forbidden"), (799, "HTTP 799")],
)
def test_refusal(status: int | None, text: str) -> None:
    assert refusal(status) == text
