"""wsinspect/keys.py: key log files, that grow or do not, and the secrets inside a capture."""

import shutil
import subprocess
from pathlib import Path

import pytest

from wsinspect.errors import WsinspectError
from wsinspect.keys import KeySource, TlsOptions
from wsinspect.report.build import report_file


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


def test_an_export_carries_keys_if_asked_and_those_of_its_connections_alone(tmp_path: Path) -> None:
    captures = Path(__file__).parents[2] / "captures"
    recorded = (captures / "recorded" / "tls-1.3.txt").read_bytes().splitlines(keepends=True)
    keys = b"".join(one for one in recorded if one[1:2] != b" ")
    (tmp_path / "keys").write_bytes(line(1) + keys)
    command = ["python", "-m", "wsinspect", "export", str(captures / "situations" / "tls-1.3-without-keys.pcap")]
    command += ["--format", "pcapng", "--keylog", "keys", "-o"]
    subprocess.run([*command, "bare.pcapng"], cwd=tmp_path, check=True)
    subprocess.run([*command, "with.pcapng", "--embed-keys"], cwd=tmp_path, check=True)
    secret = keys.split()[-1]
    assert secret not in (tmp_path / "bare.pcapng").read_bytes()
    exported = (tmp_path / "with.pcapng").read_bytes()
    assert secret in exported and line(1).split()[2] not in exported
    # It is read again without any option.
    [connection] = report_file(str(tmp_path / "with.pcapng")).connections
    assert (connection.tls, connection.url) == ("decrypted", "wss://ws.example.com/chat")
    refused = subprocess.run(
        ["python", "-m", "wsinspect", "export", "with.pcapng", "--format", "har", "--embed-keys"],
        cwd=tmp_path, capture_output=True,
    )  # fmt: skip
    assert refused.returncode == 2
