"""wsinspect/report/encode.py (with model.py): the JSON contract, whose names scripts depend on."""

import json
from typing import Any

import pytest

from tests.transport.segments import ROOT
from wsinspect.report.build import report_file
from wsinspect.report.encode import connection_line, json_document, rest_lines

PATHS = [
    "tour.pcapng",
    "hostile.pcap",
    "situations/nothing.pcap",
    "situations/refused-403.pcap",
    "situations/still-open.pcap",
    "situations/joined-midstream.pcap",
    "situations/close-without-code.pcap",
]

# The names of the contract (docs/report.md). New ones may be added to them; none may go or change.
REPORT = {"schema", "capture", "connections", "summary"}
CAPTURE = {"source", "format", "packets", "bytes", "start", "end", "tcp_streams", "dropped", "problems"}
CAPTURE |= {"received", "behind", "copies"}
CONNECTION = {
    "id", "tcp_stream", "http2_stream", "http_version", "tls", "client", "server", "url", "subprotocol", "extensions",
    "handshake", "joined_midstream", "state", "started", "opened", "ended", "gaps", "frames", "messages",
    "payload_bytes", "ping", "close", "violations", "extensions_inferred",
}  # fmt: skip
ENDPOINT = {"address", "port"}
HANDSHAKE = {"status", "request_packet", "response_packet", "seconds"}
FRAMES = {"text", "binary", "continuation", "close", "ping", "pong", "reserved"}
PING = {"sent", "answered", "rtt_min", "rtt_median", "rtt_max"}
CLOSE = {"initiator", "client_frame", "server_frame", "tcp", "event", "summary", "diagnosis"}
CLOSE_FRAME = {"code", "name", "registry", "reason", "packet", "time"}
TCP = {"kind", "by", "packet", "time"}
EVENT = {"code", "reason", "was_clean"}
DIAGNOSIS = {"id", "confidence", "text"}
GROUP = {
    "code", "name", "source", "means", "by", "status", "connections", "median_age", "median_idle", "first", "last",
    "servers",
}  # fmt: skip
VIOLATION_GROUP = {"rule", "severity", "by", "connections", "count", "first", "last"}
OVERVIEW = {"overview", "close_groups", "closes_over_time", "bursts", "violation_groups"}
VIOLATION = {"rule", "severity", "by", "section", "frame", "packet", "time", "count", "detail"}
SUMMARY = {"connections", "open", "failed_handshakes", "closes", "violations"}
CLOSE_COUNT = {"code", "name", "initiator", "connections"}
VIOLATION_COUNT = {"rule", "severity", "connections", "count"}
SIDES = {"client", "server"}

ADDED: dict[str, set[str]] = {
    "document": {"filter"},
    "summary": {"diagnoses", *OVERVIEW},
    "close": {"idle", "message", "go_away"},
    "ping": {"network_median", "network_max", "peer_median", "peer_max", "missed", "late", "unsolicited"},
    "close frame": {"codebook", "because", "shown"},
    "event": {"name", "registry", "codebook", "because", "why"},
    "tcp": {"http2"},
    "diagnosis": {"brief"},
}
"""Names beyond the first contract, by where they stand."""


def has(value: dict[str, Any] | None, names: set[str], nullable: bool = False, where: str = "") -> None:
    """Exactly these names (and those that were added there)."""
    if nullable and value is None:
        return
    assert value is not None
    assert set(value) >= names
    assert set(value) <= names | ADDED.get(where, set()), where


def check_connection(connection: dict[str, Any]) -> None:
    has(connection, CONNECTION, where="connection")
    for side in SIDES:
        has(connection[side], ENDPOINT)
        has(connection["frames"][side], FRAMES)
        has(connection["close"][f"{side}_frame"], CLOSE_FRAME, nullable=True, where="close frame")
        has((connection["close"]["event"] or {}).get(side), EVENT, nullable=True, where="event")
    for name in ("gaps", "frames", "messages", "payload_bytes"):
        has(connection[name], SIDES)
    has(connection["handshake"], HANDSHAKE, nullable=True)
    has(connection["ping"], PING, where="ping")
    has(connection["close"], CLOSE, where="close")
    has(connection["close"]["tcp"], TCP, nullable=True, where="tcp")
    has(connection["close"]["event"], SIDES, nullable=True)
    for diagnosis in connection["close"]["diagnosis"]:
        has(diagnosis, DIAGNOSIS, where="diagnosis")
    for violation in connection["violations"]:
        has(violation, VIOLATION, where="violation")
        assert violation["severity"] in ("error", "warning", "note")
        assert violation["by"] in ("client", "server", None)
        assert violation["count"] >= 1
    assert connection["state"] in ("connecting", "open", "closing", "closed", "failed")
    assert connection["close"]["initiator"] in ("client", "server", None)
    times = [connection["started"], connection["opened"], connection["ended"]]
    known = [time for time in times if time is not None]
    assert known == sorted(known)


def check_summary(summary: dict[str, Any]) -> None:
    has(summary, SUMMARY, where="summary")
    for close in summary["closes"]:
        has(close, CLOSE_COUNT)
    for violation in summary["violations"]:
        has(violation, VIOLATION_COUNT)
    assert 1 <= len(summary["overview"]) <= 3
    for group in summary["close_groups"]:
        has(group, GROUP)
        assert group["connections"] == sum(server["connections"] for server in group["servers"])
    for group in summary["violation_groups"]:
        has(group, VIOLATION_GROUP)
    times = summary["closes_over_time"]
    if times is not None:
        has(times, {"start", "seconds", "series"})
        assert len({len(series["connections"]) for series in times["series"]}) == 1


@pytest.mark.parametrize("path", PATHS)
@pytest.mark.parametrize("for_people", [False, True])
def test_the_document(path: str, for_people: bool) -> None:
    report = report_file(str(ROOT / "captures" / path))
    encoded = json_document(report, for_people)
    document = json.loads(encoded)
    has(document, REPORT, where="document")
    assert document["schema"] == "wsinspect.report/1"
    has(document["capture"], CAPTURE, where="capture")
    for connection in document["connections"]:
        check_connection(connection)
    check_summary(document["summary"])
    assert [connection["id"] for connection in document["connections"]] == [*range(1, len(report.connections) + 1)]
    assert document["summary"]["connections"] == len(document["connections"])
    assert encoded.endswith(b"}\n")
    assert (encoded.count(b"\n") > 1) is for_people


@pytest.mark.parametrize("path", PATHS)
def test_the_lines_say_the_same(path: str) -> None:
    report = report_file(str(ROOT / "captures" / path))
    document = json.loads(json_document(report, for_people=False))
    lines = [*map(connection_line, report.connections), *rest_lines(report)]
    objects = [json.loads(line) for line in lines]
    assert all(line.endswith(b"}\n") and line.count(b"\n") == 1 for line in lines)
    assert all(next(iter(entry)) == "type" for entry in objects)
    kinds: dict[str, list[dict[str, Any]]] = {}
    for entry in objects:
        kinds.setdefault(entry.pop("type"), []).append(entry)
    assert set(kinds) <= {"capture", "connection", "violation", "summary"}
    assert kinds.get("connection", []) == document["connections"]
    (capture,) = kinds["capture"]
    assert {**capture, "schema": None} == {**document["capture"], "schema": None}
    assert kinds["summary"] == [document["summary"]]
    told = [
        {"connection": connection["id"], **violation}
        for connection in document["connections"]
        for violation in connection["violations"]
    ]
    assert kinds.get("violation", []) == told


def test_any_text_survives() -> None:
    """What the network sent is not pretty, but JSON holds it, and only JSON's own escapes are used."""
    report = report_file(str(ROOT / "captures" / "hostile.pcap"))
    encoded = json_document(report, for_people=False)
    assert not any(byte < 0x20 for byte in encoded[:-1])
    encoded.decode()
