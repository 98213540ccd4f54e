"""capture/source.py (with formats.py) and spool.py: files, pipes, gzip, and what is no capture at all."""

import gzip
import io
import os
import stat
import subprocess
import sys
import tempfile
import threading
import tracemalloc
from collections.abc import Iterator
from pathlib import Path

import pytest
from written_by_hand import RECORDS, Record, enhanced, interface, pcap, pcapng, section

from wsinspect.capture import source as module
from wsinspect.capture.packet import Packet
from wsinspect.capture.source import CaptureReader, open_capture
from wsinspect.errors import WsinspectError
from wsinspect.spool import Spool

WHOLE = {"pcap": pcap(), "pcapng": pcapng(), "gzip": gzip.compress(pcap()), "pcapng.gz": gzip.compress(pcapng())}


@pytest.fixture(params=WHOLE)
def capture(request: pytest.FixtureRequest, tmp_path: Path) -> Path:
    # No suffix: what a file is, its bytes say.
    path = tmp_path / "capture"
    path.write_bytes(WHOLE[request.param])
    return path


@pytest.fixture
def stdin() -> Iterator[int]:
    """The writing end of a pipe whose other end is standard input."""
    saved = os.dup(0)
    reading, writing = os.pipe()
    os.dup2(reading, 0)
    os.close(reading)
    yield writing
    os.dup2(saved, 0)
    os.close(saved)


def feed(writing: int, data: bytes, piece: int = 7) -> threading.Thread:
    def write() -> None:
        with open(writing, "wb", buffering=0) as pipe:
            for start in range(0, len(data), piece):
                pipe.write(data[start : start + piece])

    thread = threading.Thread(target=write)
    thread.start()
    return thread


def test_the_same_packets_from_every_kind_of_file(capture: Path) -> None:
    with open_capture(str(capture)) as reader:
        assert reader.size == capture.stat().st_size
        packets = list(reader)
        assert [(p.time_ns, p.data, p.wire_length) for p in packets] == list(RECORDS)
        assert reader.problems == []
        assert reader.packets == len(RECORDS)
        assert reader.position == reader.size
        assert reader.dropped is None
        assert reader.secrets == []
        assert reader.format == ("pcap" if packets[0].offset == 24 else "pcapng")


def test_packets_are_handed_out_in_batches(capture: Path) -> None:
    with open_capture(str(capture)) as reader:
        counts = []
        for batch in reader.batches(3):
            counts.append((len(batch), reader.packets))
        assert counts == [(3, 3), (1, 4)]
        assert list(reader) == []


def test_packets_can_be_read_again_while_reading(capture: Path) -> None:
    with open_capture(str(capture), random_access=True) as reader:
        seen: list[Packet] = []
        for packet in reader:
            seen.append(packet)
            assert [reader.packet_at(p.offset, p.number) for p in seen] == seen


def test_reading_again_has_to_be_asked_for_when_it_costs_a_copy(tmp_path: Path) -> None:
    path = tmp_path / "capture"
    path.write_bytes(WHOLE["gzip"])
    with open_capture(str(path)) as reader:
        packet = next(iter(reader))
        with pytest.raises(ValueError, match="random_access"):
            reader.packet_at(packet.offset, packet.number)


def test_a_file_that_shrank_is_noticed_when_read_again(tmp_path: Path) -> None:
    path = tmp_path / "capture"
    path.write_bytes(pcap())
    with open_capture(str(path)) as reader:
        packets = list(reader)
        path.write_bytes(b"")
        with pytest.raises(WsinspectError, match="changed"):
            reader.packet_at(packets[0].offset, 1)


@pytest.mark.parametrize("kind", WHOLE)
@pytest.mark.parametrize("random_access", [False, True])
def test_standard_input(stdin: int, kind: str, random_access: bool) -> None:
    thread = feed(stdin, WHOLE[kind])
    with open_capture("-", random_access=random_access) as reader:
        assert reader.size is None
        packets = list(reader)
        assert [(p.time_ns, p.data, p.wire_length) for p in packets] == list(RECORDS)
        if random_access:
            assert [reader.packet_at(p.offset, p.number) for p in packets] == packets
    thread.join()
    os.fstat(0)  # still open: it is not ours to close


def test_packets_come_while_the_pipe_is_open(stdin: int) -> None:
    with open(stdin, "wb", buffering=0) as pipe:
        pipe.write(pcap(RECORDS[:1]))
        with open_capture("-") as reader:
            batches = reader.batches()
            assert len(next(batches)) == 1
            pipe.write(pcap(RECORDS[1:])[24:])
            assert len(next(batches)) == 3


def test_a_file_on_standard_input_can_be_read_again_unless_its_beginning_is_gone(tmp_path: Path) -> None:
    path = tmp_path / "capture"
    path.write_bytes(b"HEAD" + pcap())
    saved = os.dup(0)
    try:
        with open(path, "rb", buffering=0) as file:
            file.seek(4)
            os.dup2(file.fileno(), 0)
            with open_capture("-", random_access=True) as reader:
                packets = list(reader)
                assert packets[0].offset == 24
                assert [reader.packet_at(p.offset, p.number) for p in packets] == packets
    finally:
        os.dup2(saved, 0)
        os.close(saved)


def test_the_spool_is_private(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    spool = Spool()
    spool.write(b"secret")
    assert spool.read(2, 99) == b"cret"
    assert list(tmp_path.iterdir()) == []
    assert stat.S_IMODE(os.fstat(spool._file.fileno()).st_mode) == 0o600
    spool.close()


def test_no_room_for_the_spool(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path / "missing"))
    with pytest.raises(WsinspectError, match="TMPDIR"):
        Spool()
    monkeypatch.setattr(tempfile, "TemporaryFile", lambda **_: io.FileIO("/dev/full", "r+"))
    spool = Spool()
    with pytest.raises(WsinspectError, match="No space left on device"):
        spool.write(b"x")
    spool.close()


def problems_of(path: Path) -> tuple[int, list[str]]:
    with open_capture(str(path)) as reader:
        return len(list(reader)), reader.problems


def test_a_cut_off_file(tmp_path: Path) -> None:
    path = tmp_path / "capture"
    path.write_bytes(pcap()[:-1])
    assert problems_of(path) == (3, [f"truncated after packet 3 (file offset {len(pcap()) - 19})"])
    path.write_bytes(pcap()[:10])
    assert problems_of(path) == (0, ["truncated after packet 0 (file offset 0)"])


def test_a_damaged_file_is_read_up_to_the_damage(tmp_path: Path) -> None:
    path = tmp_path / "capture"
    path.write_bytes(section() + interface() + enhanced(b"sound") + bytes(3 * module.READ_SIZE))
    with open_capture(str(path)) as reader:
        assert len(list(reader)) == 1
        assert reader.problems == ["damaged at file offset 88 after packet 1: block length 0 is impossible"]
        assert reader.size is not None
        assert reader.position < reader.size


def test_a_cut_off_gzip_file(tmp_path: Path) -> None:
    path = tmp_path / "capture"
    whole = gzip.compress(pcap(), 0)
    path.write_bytes(whole[:80])
    count, problems = problems_of(path)
    assert (count, problems[0]) == (1, "the gzip data is cut off")
    assert problems[1].startswith("truncated after packet 1")
    path.write_bytes(whole[:-8] + bytes(8))
    assert problems_of(path) == (4, ["the gzip data is damaged: incorrect data check"])


def test_a_failing_disk_is_a_problem_of_the_capture(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "capture"
    path.write_bytes(pcap())
    reads = iter([pcap()])

    class FailingFile(io.FileIO):
        def read(self, size: int | None = -1) -> bytes:
            for data in reads:
                return data
            raise OSError(5, "Input/output error")

    monkeypatch.setattr(module.io, "FileIO", FailingFile)
    assert problems_of(path) == (4, [f"reading stopped at byte {len(pcap())}: Input/output error"])
    with pytest.raises(WsinspectError, match="Input/output error"):
        open_capture(str(path))


@pytest.mark.parametrize(
    ("content", "message", "hint"),
    [
        (b"", "is empty", "tcpdump"),
        (b"PK\3\4....", r"is not a pcap or pcapng file \(starts with 50 4b 03 04: a zip archive\)", "unpack"),
        (b"\xfd7zXZ\0\0", "an xz file", "unpack"),
        (b"\x28\xb5\x2f\xfd\0\0", "a zstd file", "unpack"),
        (b"BZh91AY", "a bzip2 file", "unpack"),
        (b"x" * 257 + b"ustar", "a tar archive", "unpack"),
        (b"snoop\0\0\0\0\0\0\2", "a snoop capture", "editcap"),
        (b"\x89PNG\r\n", "a PNG picture", "tcpdump"),
        (b"%PDF-1.7", "a PDF document", "tcpdump"),
        (b'\xef\xbb\xbf\n {"log": {"entries": []}}', "a HAR file", "tcpdump"),
        (b"CLIENT_RANDOM 00 11", "a TLS key log", "tcpdump"),
        (b"12:00:01.5 IP a > b: Flags [S]\n", ": text", "tcpdump"),
        (b"\0\1\2\3\4\5", r"\(starts with 00 01 02 03\)", "tcpdump"),
        (b"\xd4\xc3", r"starts with d4 c3", "tcpdump"),
        (b"\x1f", r"starts with 1f", "tcpdump"),
        (gzip.compress(b'{"log": 1}'), "is gzip, but what it holds is not a pcap or pcapng file .*HAR", "tcpdump"),
        (gzip.compress(gzip.compress(pcap())), "a gzip file", "unpack"),
        (gzip.compress(b""), "is gzip with nothing in it", "tcpdump"),
        (gzip.compress(pcap())[:9], r"cannot be read \(the gzip data is cut off\)", "copy"),
    ],
)
def test_what_is_no_capture_is_named(tmp_path: Path, content: bytes, message: str, hint: str) -> None:
    path = tmp_path / "thing"
    path.write_bytes(content)
    with pytest.raises(WsinspectError, match=message) as caught:
        open_capture(str(path))
    assert caught.value.message.startswith(str(path))
    assert hint in caught.value.hint


def test_no_such_file(tmp_path: Path) -> None:
    with pytest.raises(WsinspectError, match="does not exist"):
        open_capture(str(tmp_path / "missing"))


def test_a_directory(tmp_path: Path) -> None:
    with pytest.raises(WsinspectError, match="is a directory"):
        open_capture(str(tmp_path))


def test_impossible_names() -> None:
    with pytest.raises(WsinspectError, match="null"):
        open_capture("a\0b")
    with pytest.raises(WsinspectError, match="cannot be opened"):
        open_capture("x" * 5000)


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read everything")
def test_no_permission(tmp_path: Path) -> None:
    path = tmp_path / "capture"
    path.write_bytes(pcap())
    path.chmod(0)
    with pytest.raises(WsinspectError, match="may not be read"):
        open_capture(str(path))


def test_no_permission_is_told_from_other_trouble(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(path: str) -> io.FileIO:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(module.io, "FileIO", refuse)
    with pytest.raises(WsinspectError, match="may not be read"):
        open_capture("capture")


def test_a_terminal() -> None:
    controller, terminal = os.openpty()
    program = "from wsinspect.capture.source import open_capture; open_capture('-')"
    done = subprocess.run([sys.executable, "-c", program], stdin=terminal, capture_output=True, text=True, check=False)
    os.close(controller)
    os.close(terminal)
    assert "standard input is a terminal" in done.stderr


def test_memory_does_not_grow_with_the_file(tmp_path: Path) -> None:
    path = tmp_path / "capture"
    path.write_bytes(pcap([Record(0, bytes(1000), 1000)] * 20_000))

    def peak(reader: CaptureReader) -> int:
        tracemalloc.start()
        with reader:
            for _ in reader:
                pass
        result = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        return result

    assert peak(open_capture(str(path))) < 3 * 1024 * 1024
    packed = tmp_path / "packed"
    packed.write_bytes(gzip.compress(path.read_bytes()))
    assert peak(open_capture(str(packed))) < 3 * 1024 * 1024
