"""`wsinspect export`: what it writes where, and what it refuses."""

import json
import os
import pty
import subprocess
import sys
from pathlib import Path

import pytest
from exporting import HOSTILE, TOUR

from wsinspect.cli.main import main
from wsinspect.export.formats import FORMATS


def run(*arguments: str) -> subprocess.CompletedProcess[bytes]:
    return subprocess.run([sys.executable, "-m", "wsinspect", "export", *arguments], capture_output=True)


def refused(capsys: pytest.CaptureFixture[str], *arguments: str) -> str:
    """What the command says when it does nothing."""
    with pytest.raises(SystemExit) as end:
        main(["export", *arguments])
    assert end.value.code == 2
    told = capsys.readouterr()
    assert told.out == ""
    assert told.err.count("\n") == 1
    return told.err


def test_every_format_to_a_file(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for format_ in FORMATS:
        path = tmp_path / f"x{format_.suffix}"
        with pytest.raises(SystemExit) as end:
            main(["export", str(TOUR), "--format", format_.id, "--connection", "3", "-o", str(path)])
        assert end.value.code in (0, None)
        assert path.stat().st_size > 300
        assert "1 of 33 connections written to" in capsys.readouterr().err


def test_choices_of_the_command_are_the_formats() -> None:
    help_text = run("--help").stdout.decode()
    assert "[" + "|".join(it.id for it in FORMATS) + "]" in help_text


def test_a_filter_chooses(capsys: pytest.CaptureFixture[str]) -> None:
    done = run(str(TOUR), "--format", "json", "-Y", "ws.close.code == 1006 && ws.close.tcp.by == server")
    report = json.loads(run(str(TOUR), "--format", "json").stdout)
    opened = [it for it in report["connections"] if it["state"] != "failed"]
    closes = [(it["id"], it["close"]) for it in opened if it["close"]["event"] and it["close"]["tcp"]]
    want = [id for id, it in closes if it["event"]["client"]["code"] == 1006 and it["tcp"]["by"] == "server"]
    assert [it["id"] for it in json.loads(done.stdout)["connections"]] == want
    assert 0 < len(want) < len(report["connections"])
    both = run(str(TOUR), "--format", "json", "-Y", "ws.close.code == 1006", "--connection", str(want[0]))
    assert [it["id"] for it in json.loads(both.stdout)["connections"]] == want[:1]
    assert "no connection matches the filter" in refused(
        capsys, str(TOUR), "--format", "json", "-Y", "tcp.stream == 999"
    )


def test_it_judges_as_the_report_does(tmp_path: Path) -> None:
    book = tmp_path / "book.toml"
    book.write_text('name = "acme"\n[codes]\n3000 = "acme said so"\n')
    tls = str(TOUR.parent / "situations" / "tls-1.3-without-keys.pcap")
    options = {
        str(TOUR): ["--timer", "our proxy=60", "--threshold", "pong_slow=0.001", "--codebook", str(book)],
        tls: ["--all-tls"],
    }
    for path, more in options.items():
        command = [sys.executable, "-m", "wsinspect", "report", path, "--format", "json", *more]
        report = json.loads(subprocess.run(command, capture_output=True, check=True).stdout)
        assert json.loads(run(path, "--format", "json", *more).stdout)["connections"] == report["connections"]
    told = json.dumps(report_of_tour := json.loads(run(str(TOUR), "--format", "json", *options[str(TOUR)]).stdout))
    assert "our proxy" in told
    assert "acme said so" in told
    assert any(it["rule"] == "late-pong" for one in report_of_tour["connections"] for it in one["violations"])


def test_standard_output_and_input() -> None:
    with open(TOUR, "rb") as capture:
        done = subprocess.run(
            [sys.executable, "-m", "wsinspect", "export", "-", "--format", "json", "--connection", "14"],
            stdin=capture, capture_output=True, check=True,
        )  # fmt: skip
    assert [it["id"] for it in json.loads(done.stdout)["connections"]] == [14]
    assert done.stderr == b""


def test_a_message() -> None:
    done = run(str(TOUR), "--connection", "14", "--message", "client:0")
    assert done.stdout == b'{"op":"subscribe","channel":"trades"}'


def test_binary_is_not_written_to_a_terminal() -> None:
    ours, theirs = pty.openpty()
    for words in (["--format", "pcapng"], ["--connection", "5", "--message", "client:0"]):
        command = [sys.executable, "-m", "wsinspect", "export", str(HOSTILE), *words]
        done = subprocess.run(command, stdout=theirs, stderr=subprocess.PIPE)
        assert done.returncode == 2
        assert b"nothing for a terminal: name a file: -o FILE" in done.stderr
    os.close(ours)
    os.close(theirs)


def test_what_is_refused(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    capture = str(TOUR)
    (tmp_path / "there").write_text("old")
    assert "say --format, or --message" in refused(capsys, capture)
    assert "no connection 99: they are numbered from 1 to 33" in refused(
        capsys, capture, "--format", "csv", "--connection", "99"
    )
    assert "takes one --connection" in refused(capsys, capture, "--message", "client:0")
    assert "no frame client:77" in refused(capsys, capture, "--message", "client:77", "--connection", "1")
    assert "exists already" in refused(capsys, capture, "--format", "csv", "-o", str(tmp_path / "there"))
    assert (tmp_path / "there").read_text() == "old"


def test_the_capture_itself_is_never_overwritten(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    copy = tmp_path / "x.pcapng"
    copy.write_bytes(TOUR.read_bytes())
    assert "is the capture itself" in refused(capsys, str(copy), "--format", "pcapng", "-o", str(copy), "--force")
    assert copy.read_bytes() == TOUR.read_bytes()
