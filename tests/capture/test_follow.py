"""wsinspect/capture/follow.py, and source.py where it follows: growing files, FIFOs, pipes."""

import os
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from written_by_hand import RECORDS, pcap, pcapng

from wsinspect.capture.follow import PULSE, Follow
from wsinspect.capture.packet import Packet
from wsinspect.capture.source import CaptureReader, open_capture
from wsinspect.errors import WsinspectError

LATENCY = 0.25
FORMATS = {"pcap": pcap(), "pcapng": pcapng()}


@pytest.fixture(params=FORMATS)
def content(request: pytest.FixtureRequest) -> bytes:
    return FORMATS[request.param]


def next_packets(batches: Iterator[list[Packet]]) -> list[Packet]:
    """The next ones, and that they came in time."""
    begun = time.monotonic()
    while not (batch := next(batches)):
        assert time.monotonic() - begun < 5
    return batch


def test_a_file_is_read_as_it_grows(content: bytes, tmp_path: Path) -> None:
    path = tmp_path / "capture"
    half = len(content) // 2
    path.write_bytes(content[:half])
    follow = Follow()
    with open_capture(str(path), follow=follow, random_access=True) as reader:
        assert reader.size is None
        batches = reader.batches()
        packets = next_packets(batches)
        assert next(batches) == []  # nothing more for now
        with path.open("ab") as file:
            file.write(content[half:])
        written = time.monotonic()
        while len(packets) < len(RECORDS):
            packets += next_packets(batches)
        assert time.monotonic() - written < LATENCY
        assert [packet.data for packet in packets] == [data for _, data, _ in RECORDS]
        assert reader.packet_at(packets[0].offset, 1) == packets[0]
        follow.stop()
        assert list(batches) == []
        assert reader.problems == []
        assert reader.position == len(content)


def test_the_end_is_what_the_writer_says(content: bytes, tmp_path: Path) -> None:
    path = tmp_path / "capture"
    path.write_bytes(content[:-30])
    answers = iter([False, False, True])

    def ended() -> bool:
        answer = next(answers)
        if answer:
            # The last bytes come just before the writer says so.
            with path.open("ab") as file:
                file.write(content[-30:])
        return answer

    with open_capture(str(path), follow=Follow(ended)) as reader:
        assert len(list(reader)) == len(RECORDS)
        assert reader.problems == []


def test_an_end_in_the_middle_of_a_packet_is_told(content: bytes, tmp_path: Path) -> None:
    path = tmp_path / "capture"
    path.write_bytes(content[:-5])
    with open_capture(str(path), follow=Follow(lambda: True)) as reader:
        list(reader)
        assert "truncated" in reader.problems[0]


def test_what_the_writer_takes_back_is_not_missed(content: bytes, tmp_path: Path) -> None:
    path = tmp_path / "capture"
    path.write_bytes(content)
    with open_capture(str(path)) as reader:
        last = list(reader)[-1].offset
    path.write_bytes(content[: last + 10])

    def ended() -> bool:
        os.truncate(path, last)
        return True

    with open_capture(str(path), follow=Follow(ended)) as reader:
        assert len(list(reader)) == len(RECORDS) - 1
        assert reader.problems == []


def test_silence_is_told_now_and_then(content: bytes, tmp_path: Path) -> None:
    path = tmp_path / "capture"
    path.write_bytes(content)
    follow = Follow()
    with open_capture(str(path), follow=follow) as reader:
        batches = reader.batches()
        next_packets(batches)
        begun, used = time.monotonic(), time.process_time()
        for _ in range(3):
            assert next(batches) == []
        assert 2 * PULSE < time.monotonic() - begun < 10 * PULSE
        assert time.process_time() - used < PULSE  # no busy waiting
        follow.stop()
        assert list(batches) == []


def test_waiting_for_the_first_bytes_can_be_stopped(tmp_path: Path) -> None:
    path = tmp_path / "capture"
    path.touch()
    follow = Follow()
    stopper = threading.Timer(0.1, follow.stop)
    stopper.start()
    with pytest.raises(WsinspectError, match="is empty"):
        open_capture(str(path), follow=follow)
    stopper.join()


@pytest.mark.parametrize("random_access", [False, True])
def test_a_fifo(content: bytes, tmp_path: Path, random_access: bool) -> None:
    path = tmp_path / "fifo"
    os.mkfifo(path)
    begun = threading.Event()

    def write() -> None:
        with path.open("wb", buffering=0) as pipe:
            pipe.write(content[:50])
            begun.wait(5)
            pipe.write(content[50:])

    writer = threading.Thread(target=write)
    writer.start()
    with open_capture(str(path), follow=Follow(), random_access=random_access) as reader:
        batches = reader.batches()
        begun.set()
        packets = [packet for batch in batches for packet in batch]
        assert [packet.data for packet in packets] == [data for _, data, _ in RECORDS]
        assert not random_access or reader.packet_at(packets[-1].offset, 4) == packets[-1]
    writer.join()


def test_a_pipe_that_says_nothing_can_be_stopped(content: bytes, tmp_path: Path) -> None:
    path = tmp_path / "fifo"
    os.mkfifo(path)
    keep_open = os.open(path, os.O_RDWR)
    os.write(keep_open, content)
    follow = Follow()
    with open_capture(str(path), follow=follow) as reader:
        batches = reader.batches()
        assert len(next_packets(batches)) == len(RECORDS)
        assert next(batches) == []
        follow.stop()
        assert list(batches) == []
        assert reader.problems == []
    os.close(keep_open)


def report(*arguments: str, stdin: int) -> "subprocess.Popen[bytes]":
    command = [sys.executable, "-m", "wsinspect", "report", *arguments, "--format", "ndjson"]
    return subprocess.Popen(command, stdin=stdin, stdout=subprocess.PIPE, stderr=subprocess.PIPE)


def test_ctrl_c_on_a_pipe_prints_the_report(content: bytes) -> None:
    reading, writing = os.pipe()
    process = report("-", stdin=reading)
    os.write(writing, content)
    interrupt(process)
    output, errors = process.communicate(timeout=20)
    os.close(reading)
    os.close(writing)
    assert process.returncode == 0, errors
    assert f'"packets":{len(RECORDS)}'.encode() in output


def test_ctrl_c_on_a_file_that_is_followed_prints_the_report(content: bytes, tmp_path: Path) -> None:
    path = tmp_path / "capture"
    path.write_bytes(content)
    process = report("-r", str(path), "--follow", stdin=subprocess.DEVNULL)
    interrupt(process)
    output, errors = process.communicate(timeout=20)
    assert process.returncode == 0, errors
    assert f'"packets":{len(RECORDS)}'.encode() in output


def interrupt(process: "subprocess.Popen[bytes]") -> None:
    """Ctrl-C once the signal handlers are in place."""
    deadline = time.monotonic() + 20
    while time.monotonic() < deadline:
        caught = Path(f"/proc/{process.pid}/status").read_text().partition("SigCgt:")[2].split()[0]
        if int(caught, 16) >> 14 & 1:  # SIGTERM, which Python itself does not catch
            break
        time.sleep(0.02)
    time.sleep(0.2)
    process.terminate()


def test_reading_goes_on_while_another_program_writes(tmp_path: Path) -> None:
    content, path = pcap(), tmp_path / "capture"
    path.write_bytes(b"")

    def write() -> None:
        with path.open("ab", buffering=0) as file:
            for start in range(0, len(content), 7):
                file.write(content[start : start + 7])
                time.sleep(0.001)

    writer = threading.Thread(target=write)
    follow = Follow(lambda: not writer.is_alive())
    writer.start()
    reader: CaptureReader
    with open_capture(str(path), follow=follow) as reader:
        assert [packet.data for packet in reader] == [data for _, data, _ in RECORDS]
    writer.join()
