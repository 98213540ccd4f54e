"""tcpreplay sends the benchmark capture over a cable: nothing is lost, the report is that of the file."""

import json
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from running import Running, count_packets, wait_until

PACKETS = 300_000
_TIMES = {"time", "started", "opened", "ended", "start", "end", "seconds", "rtt_min", "rtt_median", "rtt_max"}
_TIMES |= {"first", "last", "median_age"}
_FROM_TIMES = {"diagnosis", "diagnoses", "bursts", "closes_over_time", "overview"}
_OF_THE_FILE = {"source", "format", "dropped", "received", "behind"}


@pytest.fixture(scope="session")
def expected(benchmark_capture: Path) -> Any:
    command = [sys.executable, "-m", "wsinspect", "report", str(benchmark_capture), "--format", "json"]
    done = subprocess.run(command, capture_output=True, check=True)
    return timeless(json.loads(done.stdout))


def timeless(value: Any) -> Any:
    """Without what tcpreplay changes, which sends at times of its own."""
    if isinstance(value, dict):
        return {key: timeless(each) for key, each in value.items() if key not in _TIMES | _FROM_TIMES | _OF_THE_FILE}
    return [timeless(each) for each in value] if isinstance(value, list) else value


def replay(inside: list[str], capture: Path, *speed: str) -> str:
    if shutil.which("tcpreplay") is None:
        pytest.skip("tcpreplay is not installed")
    command = [*inside, "tcpreplay", "-q", "-K", *speed, "-i", "v0", str(capture)]
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout


@pytest.mark.parametrize(
    ("method", "speed"),
    [("libpcap", ("--pps=100000",)), ("libpcap", ("--topspeed",)), ("raw", ("--pps=100000",))],
    ids=["libpcap-100000-a-second", "libpcap-top-speed", "raw-100000-a-second"],
)
def test_nothing_is_lost(
    namespace: list[str], benchmark_capture: Path, expected: Any, tmp_path: Path, method: str, speed: tuple[str, ...]
) -> None:
    file = tmp_path / "spool.pcap"
    running = Running("v1", file, "--capture-with", method, "--format", "json", inside=namespace)
    sent = replay(namespace, benchmark_capture, *speed)
    assert f"{PACKETS} packets" in sent
    assert running.stop() == 0, running.errors
    assert f"{PACKETS:,} packets received, 0 dropped by the kernel, 0 by wsinspect" in running.errors
    assert count_packets(file) == PACKETS
    report = json.loads(running.output)
    assert report["capture"]["source"] == "v1"
    assert report["capture"]["dropped"] == 0
    assert timeless(report) == expected


def test_a_ring_keeps_the_latest_files(namespace: list[str], tmp_path: Path) -> None:
    from generate import write

    write(tmp_path / "sent.pcapng", 20_000, connections=10, seed=1)
    pattern = tmp_path / "ring.pcap"
    running = Running("v1", pattern, "--ring", "3x1MB", "--format", "json", inside=namespace)
    replay(namespace, tmp_path / "sent.pcapng", "--pps=50000")
    assert running.stop() == 0, running.errors
    # Every packet was read, although most files are gone.
    report = json.loads(running.output)
    assert report["capture"]["packets"] == 20_000 == report["connections"][-1]["close"]["tcp"]["packet"] + tail(report)
    files = sorted(tmp_path.glob("ring_*.pcap"))
    assert len(files) == 3
    assert all(str(file) in running.errors for file in files)
    assert all(count_packets(file) > 0 and file.stat().st_size < 2_000_000 for file in files)


def tail(report: Any) -> int:
    """Packets after the first FIN of the last connection."""
    return report["capture"]["packets"] - report["connections"][-1]["close"]["tcp"]["packet"]


@pytest.mark.parametrize("method", ["libpcap", "raw"])
def test_vlan_tags_are_kept(namespace: list[str], tmp_path: Path, method: str) -> None:
    from written_by_hand_vlan import tagged_packet, write_pcap

    packet = tagged_packet()
    write_pcap(tmp_path / "sent.pcapng", [packet] * 5)
    file = tmp_path / "vlan.pcap"
    running = Running("v1", file, "--capture-with", method, "-c", "5", inside=namespace)
    replay(namespace, tmp_path / "sent.pcapng", "--pps=1000")
    assert running.wait() == 0, running.errors
    fields = ["-T", "fields", "-e", "vlan.id", "-e", "tcp.dstport", "-e", "frame.len"]
    shown = subprocess.run(["tshark", "-r", str(file), *fields], capture_output=True, text=True, check=True).stdout
    assert shown.split("\n")[:5] == [f"42\t8080\t{len(packet)}"] * 5


def test_two_interfaces_in_one_file(namespace: list[str], tmp_path: Path) -> None:
    from written_by_hand_vlan import tagged_packet, write_pcap

    write_pcap(tmp_path / "sent.pcap", [tagged_packet()] * 50)
    file = tmp_path / "both.pcapng"
    running = Running("v1", file, "-i", "v0", inside=namespace)
    replay(namespace, tmp_path / "sent.pcap", "--pps=1000")
    wait_until(lambda: file.stat().st_size > 100 * 100, "100 packets are in the file")
    assert running.stop() == 0, running.errors
    assert "100 packets received" in running.errors
    command = ["tshark", "-r", str(file), "-T", "fields", "-e", "frame.interface_name", "-e", "frame.time_epoch"]
    shown = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    rows = [line.split("\t") for line in shown.splitlines()]
    assert sorted(row[0] for row in rows) == ["v0"] * 50 + ["v1"] * 50
    times = [float(row[1]) for row in rows]
    assert times == sorted(times)


def test_a_filter_keeps_the_rest_out(namespace: list[str], tmp_path: Path) -> None:
    from written_by_hand_vlan import tagged_packet, write_pcap

    write_pcap(tmp_path / "sent.pcapng", [tagged_packet(), tagged_packet(port=9)] * 10)
    # The kernel takes VLAN tags out before a raw socket's filter sees the packet; libpcap knows how to ask for them.
    for method, words in (("libpcap", "vlan and tcp port 9"), ("raw", "tcp port 9")):
        file = tmp_path / f"{method}.pcap"
        running = Running("v1", file, "--capture-with", method, words, inside=namespace)
        replay(namespace, tmp_path / "sent.pcapng", "--pps=1000")
        assert running.stop() == 0, running.errors
        assert "10 packets received" in running.errors
