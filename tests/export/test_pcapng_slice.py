"""Slices: the same packets, comments where rules were broken, and the same facts when they are read again."""

import re
import shutil
import struct
import subprocess
from pathlib import Path

import pytest
from exporting import CAPTURES, HOSTILE, TOUR, exported, selected

from wsinspect.capture.packet import Packet
from wsinspect.capture.pcapng_blocks import section_header
from wsinspect.capture.source import open_capture
from wsinspect.export import pcapng_slice
from wsinspect.report import model
from wsinspect.report.build import report_file

SECTIONS = CAPTURES / "situations" / "file-pcapng-sections.pcapng"


def packets(path: Path) -> list[Packet]:
    with open_capture(str(path)) as reader:
        found = list(reader)
        assert reader.problems == []
    return found


@pytest.mark.parametrize("path", [TOUR, SECTIONS], ids=lambda path: path.name)
def test_packets_are_untouched(path: Path, tmp_path: Path) -> None:
    ids = [1, 2]
    with selected(path, ids) as selection:
        numbers = {number for place in range(2) for number in selection.places(place).numbers()}
    (tmp_path / "x.pcapng").write_bytes(exported("pcapng", path, ids))
    want = [packet for packet in packets(path) if packet.number in numbers]
    got = packets(tmp_path / "x.pcapng")
    assert len(want) > 20
    assert [(it.data, it.time_ns, it.wire_length, it.link_type) for it in got] == [
        (it.data, it.time_ns, it.wire_length, it.link_type) for it in want
    ]


def test_attempts_on_one_tcp_connection_bring_its_packets_once(tmp_path: Path) -> None:
    path = next(
        path
        for path in sorted((CAPTURES / "situations").glob("*.pcap"))
        if len({it.tcp_stream for it in report_file(str(path)).connections}) == 1
        and len(report_file(str(path)).connections) > 1
    )
    (tmp_path / "x.pcapng").write_bytes(exported("pcapng", path))
    assert [it.data for it in packets(tmp_path / "x.pcapng")] == [it.data for it in packets(path)]


def test_every_occurrence_has_a_comment_up_to_the_limit(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    often = next(
        it.id
        for it in report_file(str(TOUR)).connections
        if any(violation.rule == "non-minimal-length" and violation.count == 3 for violation in it.violations)
    )
    assert exported("pcapng", TOUR, [often]).count(b"wsinspect: non-minimal-length (error, client): ") == 3
    monkeypatch.setattr(pcapng_slice, "MAX_COMMENTS", 2)
    assert exported("pcapng", TOUR, [often]).count(b"wsinspect: non-minimal-length (error, client): ") == 2


def test_interfaces_and_options_survive_a_change_of_byte_order(tmp_path: Path) -> None:
    """A big-endian file with a name, a comment and flags; the slice is little-endian."""
    pcap = packets(CAPTURES / "situations" / "close-by-client.pcap")

    def block(kind: int, body: bytes) -> bytes:
        length = struct.pack(">I", len(body) + 12)
        return struct.pack(">I", kind) + length + body + length

    def option(code: int, value: bytes) -> bytes:
        return struct.pack(">HH", code, len(value)) + value + bytes(-len(value) % 4)

    secrets = block(10, struct.pack(">II", 0x544C534B, 4) + b"SECR")
    old = block(0x0A0D0D0A, struct.pack(">IHHq", 0x1A2B3C4D, 1, 0, -1)) + secrets
    old += block(1, struct.pack(">HHI", 101, 0, 0))  # an interface that no packet of the slice came from
    old += block(1, struct.pack(">HHI", pcap[0].link_type, 0, 99999)
                 + option(2, b"eth7") + option(9, b"\x09") + option(8, struct.pack(">Q", 1_000_000)))  # fmt: skip
    for packet in pcap:
        high, low = divmod(packet.time_ns, 1 << 32)
        head = struct.pack(">IIIII", 1, high, low, len(packet.data), packet.wire_length)
        extra = option(1, "grüße".encode()) + option(2, struct.pack(">I", 2)) + option(19372, bytes(8))
        old += block(6, head + packet.data + bytes(-len(packet.data) % 4) + extra)
    (tmp_path / "old.pcapng").write_bytes(old)
    new = tmp_path / "new.pcapng"
    new.write_bytes(exported("pcapng", tmp_path / "old.pcapng"))
    assert b"SECR" not in new.read_bytes()
    assert [it.data for it in packets(new)] == [it.data for it in pcap]
    with open_capture(str(new), random_access=True) as reader:
        first = next(iter(reader))
        origin = reader.origin_at(first.offset)
        assert origin.interface == 0
        assert origin.options == ((1, "grüße".encode()), (2, struct.pack("<I", 2)))
        interface = reader.interface(0)
        assert interface.snap_length == 99999
        assert interface.options == ((2, b"eth7"), (8, struct.pack("<Q", 1_000_000)))


def test_the_file_says_what_it_was_cut_out_of() -> None:
    head = exported("pcapng", TOUR, [3, 7])[:400]
    assert b"tour.pcapng: the packets of 2 of 33 WebSocket connections" in head
    assert b"#3 (tcp.stream 2), #7 (tcp.stream 6)" in head


def test_a_comment_that_is_too_long_is_cut_between_characters() -> None:
    header = section_header("é" * 40_000)
    length = struct.unpack_from("<H", header, 26)[0]
    assert header[28 : 28 + length].decode() == "é" * 32_767


@pytest.mark.skipif(shutil.which("tshark") is None, reason="tshark is not installed")
@pytest.mark.parametrize("path", [TOUR, HOSTILE], ids=lambda path: path.name)
def test_wireshark_sees_the_same_frames_and_the_comments(path: Path, tmp_path: Path) -> None:
    new = tmp_path / "x.pcapng"
    new.write_bytes(exported("pcapng", path))
    with selected(path) as selection:
        numbers = {number for place in range(len(selection)) for number in selection.places(place).numbers()}
        broken = [
            (violation.packet, f"wsinspect: {violation.rule} ({violation.severity}, {violation.by})")
            for place in range(len(selection))
            for violation in selection.report(place).violations
            if violation.packet is not None
        ]
    fields = ["frame.time_epoch", "frame.len", "_ws.col.Protocol", "_ws.col.Info", "websocket.payload"]
    before = tshark(path, fields)
    want = [before[number - 1] for number in sorted(numbers)]
    assert tshark(new, fields) == want
    places = {number: place for place, number in enumerate(sorted(numbers))}
    comments = tshark(new, ["frame.comment"])
    assert broken
    for packet, comment in broken:
        assert comment in comments[places[packet]]
    assert sum(bool(comment) for comment in comments) <= sum(it.count for it in all_violations(path))


def all_violations(path: Path) -> list[model.Violation]:
    return [violation for it in report_file(str(path)).connections for violation in it.violations]


def tshark(path: Path, fields: list[str]) -> list[str]:
    wanted = [word for field in fields for word in ("-e", field)]
    command = ["tshark", "-r", str(path), "-T", "fields", *wanted]
    lines = subprocess.run(command, capture_output=True, text=True, check=True).stdout.split("\n")[:-1]
    return [re.sub(r"\[TCP [^]]*\] ?", "", line) for line in lines]
