"""wsinspect/capture/live/ring.py and output.py: which files a capture is written to."""

import stat
from pathlib import Path

import pytest

from wsinspect.capture.live.output import OutputFiles
from wsinspect.capture.live.ring import Ring, file_name, parse_ring
from wsinspect.errors import WsinspectError


@pytest.mark.parametrize(
    ("text", "ring"),
    [
        ("10x100MB", Ring(10, 100_000_000)),
        ("2x1GiB", Ring(2, 1 << 30)),
        ("5x0.5g", Ring(5, 500_000_000)),
        ("3x65536", Ring(3, 65536)),
    ],
)
def test_rings(text: str, ring: Ring) -> None:
    assert parse_ring(text) == ring


@pytest.mark.parametrize("text", ["", "100MB", "1x100MB", "501x100MB", "10x1KB", "10x", "x", "10x100MB more", "-2x1GB"])
def test_no_rings(text: str) -> None:
    with pytest.raises(WsinspectError, match="is no ring"):
        parse_ring(text)


def test_names_are_numbered_like_those_of_dumpcap() -> None:
    name = file_name("/captures/today.pcapng", 12)
    assert name.startswith("/captures/today_00012_")
    assert name.endswith(".pcapng")


def files(path: Path | None, file_size: int | None = None) -> tuple[OutputFiles, list[str]]:
    announced: list[str] = []
    return OutputFiles(str(path) if path else None, ".pcap", "eth0/../x", file_size, announced.append), announced


def test_a_named_file_is_written_over_and_nobody_else_may_read_it(tmp_path: Path) -> None:
    path = tmp_path / "capture.pcap"
    path.write_bytes(b"old")
    path.chmod(0o644)
    made, announced = files(path)
    assert made.next() == str(path)
    assert announced == [str(path)]
    assert path.read_bytes() == b""
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


def test_a_temporary_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    made, _ = files(None)
    path = Path(made.next())
    assert path.parent == tmp_path
    assert path.name.startswith("wsinspect_eth0____x_")
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


@pytest.mark.parametrize("named", [True, False])
def test_a_ring_makes_new_files_only(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, named: bool) -> None:
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    made, announced = files(tmp_path / "ring.pcap" if named else None, 100_000)
    paths = [Path(made.next()) for _ in range(3)]
    assert announced == [str(path) for path in paths]
    assert len(set(paths)) == 3
    assert sorted(paths) == sorted(tmp_path.iterdir())
    assert all(stat.S_IMODE(path.stat().st_mode) == 0o600 for path in paths)


def test_a_directory_that_is_not_there(tmp_path: Path) -> None:
    made, announced = files(tmp_path / "missing" / "capture.pcap")
    with pytest.raises(WsinspectError, match=r"missing .*No such file"):
        made.next()
    assert announced == []
