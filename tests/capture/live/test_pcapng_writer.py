"""wsinspect/capture/live/pcapng_writer.py: what it writes, our parser and Wireshark read."""

import os
import shutil
import subprocess
from pathlib import Path

import pytest

from wsinspect.capture.live.output import OutputFiles
from wsinspect.capture.live.pcapng_writer import LinkInfo, PcapngWriter
from wsinspect.capture.pcapng_blocks import packet_block
from wsinspect.capture.source import open_capture
from wsinspect.errors import WsinspectError

TIME_NS = 1_700_000_000_123_456_789
LINKS = [LinkInfo("eth0", 1), LinkInfo("tun0", 101)]
PACKETS = [bytes(range(size)) for size in (60, 61, 62, 63)]


def writer(path: Path, file_size: int | None = None) -> PcapngWriter:
    return PcapngWriter(OutputFiles(str(path), "", "", file_size, lambda _: None), LINKS, "tcp port 80")


def blocks() -> bytes:
    return b"".join(packet_block(i % 2, TIME_NS + i, data, len(data) + i) for i, data in enumerate(PACKETS))


def test_what_was_written_is_read(tmp_path: Path) -> None:
    path = tmp_path / "x.pcapng"
    written = writer(path)
    written.write(blocks())
    written.statistics([(2, 0), (2, 7)])
    written.close()
    with open_capture(str(path)) as reader:
        packets = list(reader)
        assert reader.problems == []
        assert reader.dropped == 7
    assert [packet.data for packet in packets] == PACKETS
    assert [packet.time_ns - TIME_NS for packet in packets] == [0, 1, 2, 3]
    assert [packet.link_type for packet in packets] == [1, 101, 1, 101]
    assert [packet.wire_length - len(packet.data) for packet in packets] == [0, 1, 2, 3]


def test_drops_are_in_the_file_before_its_end(tmp_path: Path) -> None:
    path = tmp_path / "x.pcapng"
    written = writer(path)
    written.statistics([(0, 0), (0, 0)])
    before = path.stat().st_size
    written.statistics([(5, 0), (5, 0)])
    assert path.stat().st_size == before
    written.statistics([(5, 0), (5, 1)])
    with open_capture(str(path)) as reader:
        list(reader)
        assert reader.dropped == 1
    written.close()


@pytest.mark.skipif(shutil.which("capinfos") is None, reason="capinfos is not installed")
def test_wireshark_reads_names_filter_and_drops(tmp_path: Path) -> None:
    path = tmp_path / "x.pcapng"
    written = writer(path)
    written.write(blocks())
    written.statistics([(2, 3), (2, 0)])
    written.close()
    told = subprocess.run(["capinfos", str(path)], capture_output=True, text=True, check=True).stdout
    for words in ("Name = eth0", "Name = tun0", "tcp port 80", "Time precision = nanoseconds (9)"):
        assert words in told


def test_a_ring_goes_on_between_packets(tmp_path: Path) -> None:
    written = writer(tmp_path / "x.pcapng", 65536)
    for _ in range(400):
        written.write(blocks())
    written.close()
    files = sorted(tmp_path.iterdir())
    assert len(files) == 3
    counts = []
    for file in files:
        with open_capture(str(file)) as reader:
            counts.append(len(list(reader)))
            assert reader.problems == []
        assert file.stat().st_size < 70000
    assert sum(counts) == 1600


def test_a_full_disk_leaves_whole_blocks(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "x.pcapng"
    written = writer(path)
    real, room = os.write, 250

    def write(descriptor: int, data: bytes) -> int:
        nonlocal room
        if not room:
            raise OSError(28, "No space left on device")
        count = real(descriptor, data[:room])
        room -= count
        return count

    monkeypatch.setattr(os, "write", write)
    with pytest.raises(WsinspectError, match="No space left"):
        written.write(blocks())
    monkeypatch.undo()
    assert written.lost == 2
    with open_capture(str(path)) as reader:
        assert [packet.data for packet in reader] == PACKETS[:2]
        assert reader.problems == []
    written.close()
