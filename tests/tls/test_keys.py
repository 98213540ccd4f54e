"""wsinspect/keys.py: key log files, that grow or do not, and the secrets inside a capture."""

import shutil
import subprocess
from pathlib import Path

import pytest

from wsinspect.errors import WsinspectError
from wsinspect.keys import KeySource, TlsOptions


def line(number: int) -> bytes:
    return f"CLIENT_RANDOM {number:064x} {number:096x}\n".encode()


def test_a_file_is_read_whole_though_its_last_line_has_no_end(tmp_path: Path) -> None:
    path = tmp_path / "keys"
    path.write_bytes(line(1) + line(2).rstrip())
    assert len(KeySource(TlsOptions(str(path)), list).log) == 2


def test_a_file_that_grows_begins_anew_and_is_replaced(tmp_path: Path) -> None:
    path = tmp_path / "keys"
    source = KeySource(TlsOptions(str(path)), list, growing=True)
    assert source.log.growing and not len(source.log)
    path.write_bytes(line(1) + line(2)[:30])
    source.refresh()
    assert len(source.log) == 1
    with path.open("ab") as file:
        file.write(line(2)[30:])
    source.refresh()
    assert len(source.log) == 2
    path.write_bytes(line(3))
    source.refresh()
    (tmp_path / "other").write_bytes(line(4) + line(5))
    shutil.move(tmp_path / "other", path)
    source.refresh()
    assert len(source.log) == 5


def test_secrets_of_the_capture_come_as_it_is_read() -> None:
    secrets: list[bytes] = []
    source = KeySource(TlsOptions(), lambda: secrets)
    assert not source.log.growing
    secrets.append(line(1).rstrip())
    source.refresh()
    source.refresh()
    secrets.append(line(2))
    source.refresh()
    assert len(source.log) == 2 and source.log.growing


def test_no_such_file(tmp_path: Path) -> None:
    with pytest.raises(WsinspectError, match="does not exist"):
        KeySource(TlsOptions(str(tmp_path / "none")), list)
    with pytest.raises(WsinspectError, match="cannot be read"):
        KeySource(TlsOptions(str(tmp_path)), list)


def test_the_command_line(tmp_path: Path) -> None:
    (tmp_path / "keys").write_bytes(line(1))
    capture = Path(__file__).parents[2] / "captures" / "tour.pcapng"
    for words, status in ((["--keylog", "keys"], 0), (["--keylog", "missing"], 2)):
        command = ["python", "-m", "wsinspect", "report", str(capture), *words]
        done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True)
        assert done.returncode == status, done.stderr
    assert done.stderr == "wsinspect: the key log missing does not exist: check the name\n"
