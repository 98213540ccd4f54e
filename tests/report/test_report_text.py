"""wsinspect/report/text.py: the report for people."""

import re

import pytest

from captures.encoder.conversation import Trace
from captures.encoder.websocket import WebSocket
from tests.transport.segments import ROOT
from wsinspect.report import model
from wsinspect.report.build import report_file
from wsinspect.report.text import clock, duration, size, text_report


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (0, "0.0 ms"),
        (0.00084, "0.8 ms"),
        (0.99994, "999.9 ms"),
        (0.99996, "1.0 s"),
        (12.44, "12.4 s"),
        (59.94, "59.9 s"),
        (59.96, "1 min 0 s"),
        (252, "4 min 12 s"),
        (3599.4, "59 min 59 s"),
        (3599.6, "1 h 0 min"),
        (7500, "2 h 5 min"),
        (360000, "100 h 0 min"),
    ],
)
def test_duration(seconds: float, text: str) -> None:
    assert duration(seconds) == text


@pytest.mark.parametrize(
    ("count", "text"),
    [
        (0, "0 B"),
        (999, "999 B"),
        (1000, "1.0 kB"),
        (4096, "4.1 kB"),
        (99_949, "99.9 kB"),
        (99_960, "100 kB"),
        (999_499, "999 kB"),
        (999_999, "1.0 MB"),
        (80_000_000, "80.0 MB"),
        (2 * 10**12, "2000 GB"),
    ],
)
def test_size(count: int, text: str) -> None:
    assert size(count) == text


def test_clock_of_a_damaged_time() -> None:
    assert re.fullmatch(r"\d\d:\d\d:\d\d\.\d{3}", clock(1_795_424_000.5))
    assert clock(1e20).endswith(" s")


def written(tmp_path: object, *talks: object) -> model.Report:
    from captures.encoder.files import pcap

    trace = Trace("text")
    for talk in talks:
        talk(WebSocket(trace))  # type: ignore[operator]
    path = f"{tmp_path}/some.pcap"
    with open(path, "wb") as file:
        file.write(pcap(trace.in_order()))
    return report_file(path)


def test_a_whole_report(tmp_path: object) -> None:
    def talk(talk: WebSocket) -> None:
        talk.open()
        talk.client.text("hello")
        talk.server.frame(3, b"??")
        talk.close(talk.client, 1000, "done")

    text = text_report(written(tmp_path, talk))
    first, second, blank, *lines = text.splitlines()
    assert first == "1 connection, closed 1000: no abnormal ending."
    assert second == "Rules were broken on 1 connection (2 errors), most often violation-tolerated."
    assert blank == ""
    assert re.fullmatch(r".*/some\.pcap: 19 packets in [\d.]+ ms, 1 TCP connection, 1 WebSocket", lines[0])
    assert re.fullmatch(
        r"  first packet on 20\d\d-\d\d-\d\d at \d\d:\d\d:\d\d, all times are local \(UTC[+-]\d{4}\)", lines[1]
    )
    assert lines[2] == ""
    assert re.fullmatch(
        r"#1  \d\d:\d\d:\d\d\.\d{3}  192\.0\.2\.10:50412 → 198\.51\.100\.20:80  ws://ws\.example\.com/chat", lines[3]
    )
    assert re.fullmatch(r"    closed · open for [\d.]+ ms · messages ↑1 ↓0 · payload ↑5 B ↓0 B", lines[4])
    assert lines[5].startswith('    Client closed first: 1000 Normal Closure "done"; server echoed 1000; ')
    assert lines[6].startswith("    E reserved-opcode by server (RFC 6455 §5.2")
    assert lines[7].startswith("    E violation-tolerated by client (RFC 6455 §5.1")
    assert lines[8] == ""
    assert lines[9:] == [
        "1 WebSocket",
        "  1000 Normal Closure: 1 (first Close by the client)",
        "  E reserved-opcode: 1 connection, 1 time",
        "  E violation-tolerated: 1 connection, 1 time",
    ]
    assert text.endswith("\n") and not text.endswith("\n\n")


def test_nothing_found(tmp_path: object) -> None:
    def talk(talk: WebSocket) -> None:
        talk.connect()
        talk.client.send(b"SSH-2.0-x\r\n")

    assert text_report(written(tmp_path, talk)).splitlines()[-1] == "0 WebSockets"


HOSTILE = "\x1b]0;owned\x07\x1b[2J\x9b31m\u202e\r\n[/b]"


def test_nothing_that_was_captured_acts_upon_the_terminal(tmp_path: object) -> None:
    def talk(talk: WebSocket) -> None:
        asked = talk.request.starting("GET /\x1b[2J\x9b HTTP/1.1").having("Sec-WebSocket-Protocol", "a\x1b[31m\x07")
        talk.open(asked, talk.switching.having("Sec-WebSocket-Protocol", "a\x1b[31m\x07"))
        talk.client.text("x")
        talk.close(talk.server, 1000, HOSTILE)

    text = text_report(written(tmp_path, talk))
    assert not re.search(r"[\x00-\x09\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]", text)
    assert "owned" in text


@pytest.mark.parametrize("path", ["tour.pcapng", "hostile.pcap", "situations/file-truncated.pcap"])
def test_real_reports(path: str) -> None:
    report = report_file(str(ROOT / "captures" / path))
    text = text_report(report)
    assert text.count("\n#") == len(report.connections)
    assert all(f"  ! {problem}" in text for problem in report.capture.problems)
    assert max(map(len, text.splitlines())) < 2000
