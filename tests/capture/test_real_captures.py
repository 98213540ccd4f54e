"""The captures beside the repository, where there are any: counts, times and lengths as Wireshark has them."""

import shutil
import subprocess
from pathlib import Path

import pytest

from wsinspect.capture.source import open_capture

FOLDER = Path(__file__).parents[2].parent / "shared" / "captures"
CAPTURES = sorted(path for path in FOLDER.rglob("*.pcap*") if path.suffix in (".pcap", ".pcapng"))
VARIED = [path for path in CAPTURES if path.parent.name == "encapsulation"]
TSHARK, CAPINFOS = shutil.which("tshark"), shutil.which("capinfos")

pytestmark = pytest.mark.skipif(not CAPTURES, reason=f"no captures in {FOLDER}")


@pytest.mark.parametrize("path", CAPTURES, ids=lambda path: path.name)
def test_real_captures_read_without_problems(path: Path) -> None:
    with open_capture(str(path)) as reader:
        packets = list(reader)
        assert packets
        assert reader.problems == []
        assert [reader.packet_at(packet.offset, packet.number) for packet in packets] == packets


@pytest.mark.skipif(CAPINFOS is None, reason="capinfos is not installed")
def test_capinfos_counts_the_same() -> None:
    assert CAPINFOS is not None
    command = [CAPINFOS, "-T", "-r", "-c", "-M", *map(str, CAPTURES)]
    lines = subprocess.run(command, capture_output=True, text=True, check=True).stdout.splitlines()
    theirs = {Path(name): int(count) for name, count in (line.split("\t") for line in lines)}
    ours = {}
    for path in CAPTURES:
        with open_capture(str(path)) as reader:
            ours[path] = sum(map(len, reader.batches()))
    assert ours == theirs


@pytest.mark.skipif(TSHARK is None, reason="tshark is not installed")
@pytest.mark.parametrize("path", VARIED, ids=lambda path: path.name)
def test_tshark_reads_the_same(path: Path) -> None:
    assert TSHARK is not None
    names = ("frame.number", "frame.time_epoch", "frame.cap_len", "frame.len", "frame.encap_type")
    command = [TSHARK, "-n", "-r", str(path), "-T", "fields", *(part for name in names for part in ("-e", name))]
    lines = subprocess.run(command, capture_output=True, text=True, check=True).stdout.splitlines()
    theirs: dict[int, tuple[int | None, int, int]] = {}
    for line in lines:
        number, time, captured, length, encapsulation = line.split("\t")
        if not encapsulation:  # a block that Wireshark shows though it is no packet
            continue
        seconds, _, fraction = time.partition(".")
        time_ns = int(seconds) * 10**9 + int(fraction.ljust(9, "0")) if time else None
        theirs[int(number)] = (time_ns, int(captured), int(length))
    with open_capture(str(path)) as reader:
        ours = {p.number: (p.time_ns, len(p.data), p.wire_length) for p in reader}
    assert ours.keys() == theirs.keys()
    for number, (time_ns, *lengths) in theirs.items():
        assert ours[number][1:] == tuple(lengths)
        # Simple Packet Blocks have no time; we take that of the packet before.
        assert time_ns is None or ours[number][0] == time_ns
