"""Wireshark as an oracle: the same stream numbers and the same frames, where it sees what we see."""

import shutil
import subprocess
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Final

import msgspec
import pytest

from wsinspect.report.build import report_file

ROOT = Path(__file__).resolve().parent.parent
REAL = ROOT.parent / "shared" / "captures" / "real"
SITUATIONS = (
    "deflate-fragments", "duplicated-packets", "fragments", "ipv4-fragments", "many-frames-in-a-segment",
    "out-of-order", "overlap-other-bytes", "port-reuse", "sequence-wrap", "simultaneous-open", "zero-window",
)  # fmt: skip
PATHS = [
    ROOT / "captures" / "tour.pcapng",
    *(ROOT / "captures" / "situations" / f"{name}.pcap" for name in SITUATIONS),
    *sorted(REAL.glob("*.pcap")),
]
OPCODES: Final = {"continuation": 0, "text": 1, "binary": 2, "close": 8, "ping": 9, "pong": 10}

EXCEPTIONS: Final[dict[str, dict[int, str]]] = {
    "tour.pcapng": {
        16: "Wireshark does not look for HTTP inside a CONNECT tunnel",
        20: "Wireshark reads the HTTP response inside the stream as frames",
        23: "Wireshark waits for the segment that was not captured and tells of nothing behind it",
    },
    "pcap2har-ipv4-websocket-segmented.pcap": {
        0: "of an older WebSocket only the end was captured: Wireshark needs the 101 to know of it",
    },
}
"""Connections, by capture and stream number, whose frames Wireshark counts otherwise, and why it is wrong about them.

Not compared at all, for the same kinds of reasons: captures with gaps, those that begin midstream (without the 101
Wireshark knows of no WebSocket), PROXY protocol v2, 64-bit lengths beyond 2^32 (it takes their lower half), and the
captures of broken rules: it does not go on behind a fault as we do.
"""

Counts = Counter[tuple[int, int]]
"""Frames by stream number and opcode."""


def by_tshark(path: Path) -> tuple[Counts, int]:
    """Frames, and how many TCP streams there are."""
    command = ["tshark", "-r", str(path), "-o", "tcp.reassemble_out_of_order:TRUE", "-T", "fields"]
    command += ["-E", "occurrence=a", "-E", "aggregator=,", "-e", "tcp.stream", "-e", "websocket.opcode"]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    counts: Counts = Counter()
    streams = set()
    for line in done.stdout.splitlines():
        numbers, _, opcodes = line.partition("\t")
        streams |= {int(number) for number in numbers.split(",") if number}
        counts.update((int(numbers), int(opcode, 0)) for opcode in opcodes.split(",") if opcode)
    return counts, len(streams)


def by_us(path: Path) -> tuple[Counts, int]:
    """The same from our report."""
    report = msgspec.to_builtins(report_file(str(path)))
    counts: Counts = Counter()
    for connection in report["connections"]:
        for frames in connection["frames"].values():
            counts.update({(connection["tcp_stream"], OPCODES[name]): frames[name] for name in OPCODES if frames[name]})
    return counts, report["capture"]["tcp_streams"]


@pytest.fixture(scope="module")
def theirs() -> dict[Path, tuple[Counts, int]]:
    """What tshark says of every capture; most of its time is its start, so two run at once."""
    if shutil.which("tshark") is None:
        pytest.skip("tshark is not installed")
    with ThreadPoolExecutor(2) as pool:
        return dict(zip(PATHS, pool.map(by_tshark, PATHS), strict=True))


@pytest.mark.parametrize("path", PATHS, ids=lambda path: path.name)
def test_frames_and_streams(path: Path, theirs: dict[Path, tuple[Counts, int]]) -> None:
    frames, streams = by_us(path)
    their_frames, their_streams = theirs[path]
    excepted = EXCEPTIONS.get(path.name, {})
    assert streams == their_streams
    assert {key: count for key, count in frames.items() if key[0] not in excepted} == {
        key: count for key, count in their_frames.items() if key[0] not in excepted
    }


def test_exceptions_are_still_needed(theirs: dict[Path, tuple[Counts, int]]) -> None:
    for path in PATHS:
        ours, _ = by_us(path)
        their, _ = theirs[path]
        differing = {stream for stream, _ in (ours - their) | (their - ours)}
        assert differing == set(EXCEPTIONS.get(path.name, {})), path.name
