"""The file of an export: private, whole or absent, and never in place of another."""

import os
import stat
from pathlib import Path

import pytest
from exporting import TOUR

from wsinspect.capture.source import CaptureReader, open_capture
from wsinspect.errors import WsinspectError
from wsinspect.export.target import new_file


def write(path: Path, data: bytes = b"new", *, overwrite: bool = False, capture: CaptureReader | None = None) -> None:
    with new_file(str(path), overwrite=overwrite, capture=capture) as file:
        file.write(data)


def test_only_the_owner_may_read_it(tmp_path: Path) -> None:
    write(tmp_path / "x")
    assert (tmp_path / "x").read_bytes() == b"new"
    assert stat.S_IMODE((tmp_path / "x").stat().st_mode) == 0o600
    assert os.listdir(tmp_path) == ["x"]


def test_another_file_stays(tmp_path: Path) -> None:
    (tmp_path / "x").write_bytes(b"old")
    with pytest.raises(WsinspectError, match="exists already"):
        write(tmp_path / "x")
    assert (tmp_path / "x").read_bytes() == b"old"
    write(tmp_path / "x", overwrite=True)
    assert (tmp_path / "x").read_bytes() == b"new"
    assert os.listdir(tmp_path) == ["x"]


def test_a_file_that_came_in_the_meantime_stays(tmp_path: Path) -> None:
    with pytest.raises(WsinspectError, match="exists already"), new_file(str(tmp_path / "x"), overwrite=False):
        (tmp_path / "x").write_bytes(b"old")
    assert (tmp_path / "x").read_bytes() == b"old"
    assert os.listdir(tmp_path) == ["x"]


def test_what_fails_leaves_nothing(tmp_path: Path) -> None:
    (tmp_path / "x").write_bytes(b"old")
    with pytest.raises(ZeroDivisionError), new_file(str(tmp_path / "x"), overwrite=True) as file:
        file.write(b"half")
        raise ZeroDivisionError
    assert (tmp_path / "x").read_bytes() == b"old"
    assert os.listdir(tmp_path) == ["x"]


def test_a_link_is_replaced_and_what_it_leads_to_stays(tmp_path: Path) -> None:
    (tmp_path / "far").write_bytes(b"old")
    (tmp_path / "x").symlink_to(tmp_path / "far")
    with pytest.raises(WsinspectError, match="exists already"):
        write(tmp_path / "x")
    write(tmp_path / "x", overwrite=True)
    assert (tmp_path / "far").read_bytes() == b"old"
    assert (tmp_path / "x").read_bytes() == b"new"


def test_never_the_capture_itself(tmp_path: Path) -> None:
    (tmp_path / "x").write_bytes(TOUR.read_bytes())
    (tmp_path / "link").symlink_to(tmp_path / "x")
    with open_capture(str(tmp_path / "x")) as reader:
        for name in ("x", "link"):
            with pytest.raises(WsinspectError, match="the capture itself"):
                write(tmp_path / name, overwrite=True, capture=reader)
        write(tmp_path / "other", capture=reader)


def test_a_device_is_written_to() -> None:
    write(Path("/dev/null"))
    assert stat.S_ISCHR(os.stat("/dev/null").st_mode)


@pytest.mark.parametrize(("name", "why"), [("none/x", "no such directory"), (".", "exists already|is a directory")])
def test_places_that_cannot_be(tmp_path: Path, name: str, why: str) -> None:
    with pytest.raises(WsinspectError, match=why):
        write(tmp_path / name)
