"""wsinspect/cli/main.py and cli/report.py: what is asked for on the command line, and how trouble is told."""

import gzip
import json
import os
import subprocess
import sys
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Final

import click
import pytest

from tests.transport.segments import ROOT
from wsinspect import __version__, inspector
from wsinspect.cli.main import main
from wsinspect.connection import Connection
from wsinspect.inspector import Inspector
from wsinspect.rules.catalogue import RULES

CAPTURES = ROOT / "captures"
TOUR = str(CAPTURES / "tour.pcapng")
CLEAN = str(CAPTURES / "situations" / "fragments.pcap")
WARNED = str(CAPTURES / "rules" / "frame-after-close.pcap")
BROKEN = str(CAPTURES / "rules" / "unmasked-client-frame.pcap")

Run = Callable[..., tuple[int, str, str]]


@pytest.fixture
def run(capfdbinary: pytest.CaptureFixture[bytes]) -> Run:
    """The exit status, standard output and standard error of a command."""

    def runs(*arguments: str) -> tuple[int, str, str]:
        try:
            main([*arguments])
            status = 0
        except SystemExit as end:
            assert isinstance(end.code, int | None)
            status = end.code or 0
        out, err = capfdbinary.readouterr()
        return status, out.decode(), err.decode()

    return runs


def process(
    *arguments: str, stdin: bytes = b"", program: tuple[str, ...] = ("-m", "wsinspect")
) -> subprocess.CompletedProcess[bytes]:
    return subprocess.run(
        [sys.executable, *program, *arguments], input=stdin, capture_output=True, check=False, cwd=ROOT
    )


# Good input -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("path", [TOUR, CLEAN, str(CAPTURES / "situations" / "file-gzip.pcap.gz")])
def test_text(path: str, run: Run) -> None:
    status, out, err = run("report", path)
    assert (status, err) == (0, "")
    assert f"\n{path}: " in out


def test_json_and_ndjson_tell_the_same(run: Run) -> None:
    status, document, err = run("report", TOUR, "--format", "json")
    assert (status, err) == (0, "")
    report = json.loads(document)
    status, lines, err = run("report", TOUR, "--format", "ndjson")
    assert (status, err) == (0, "")
    entries = [json.loads(line) for line in lines.splitlines()]
    connections = [entry for entry in entries if entry.pop("type") == "connection"]
    assert sorted(connections, key=lambda entry: entry["id"]) == report["connections"]


def test_a_damaged_capture_is_reported_up_to_the_damage(run: Run) -> None:
    status, out, err = run("report", str(CAPTURES / "situations" / "file-truncated.pcap"), "--format", "json")
    assert (status, err) == (0, "")
    assert len(json.loads(out)["capture"]["problems"]) == 1


@pytest.mark.parametrize("packed", [False, True])
def test_standard_input(packed: bool, run: Run) -> None:
    data = Path(CLEAN).read_bytes()
    done = process("report", "-", "--format", "json", stdin=gzip.compress(data) if packed else data)
    assert (done.returncode, done.stderr) == (0, b"")
    _, out, _ = run("report", CLEAN, "--format", "json")
    assert json.loads(done.stdout)["connections"] == json.loads(out)["connections"]


@pytest.mark.parametrize(
    ("path", "severity", "status"),
    [
        (CLEAN, "note", 0),
        (CLEAN, "error", 0),
        (WARNED, "note", 1),
        (WARNED, "warning", 1),
        (WARNED, "error", 0),
        (BROKEN, "warning", 1),
        (BROKEN, "error", 1),
    ],
)
@pytest.mark.parametrize("format_", ["text", "json", "ndjson"])
def test_fail_on(path: str, severity: str, status: int, format_: str, run: Run) -> None:
    told, out, err = run("report", path, "--fail-on", severity, "--format", format_)
    assert (told, err) == (status, "")
    assert out


@pytest.mark.parametrize("format_", ["text", "json", "ndjson"])
def test_a_reader_that_goes_away_is_no_trouble(format_: str) -> None:
    """`wsinspect report … | head`: EPIPE, and not a word about it."""
    path = str(CAPTURES / "hostile.pcap")
    reading, writing = os.pipe()
    os.close(reading)
    command = [sys.executable, "-m", "wsinspect", "report", path, "--format", format_]
    with os.fdopen(writing, "wb") as pipe:
        done = subprocess.run(command, stdout=pipe, stderr=subprocess.PIPE, check=False, cwd=ROOT)
    assert done.stderr == b""
    assert done.returncode in (0, 1)


# Bad input: one line that says what, why and what to do ---------------------------------------------------------------


def unreadable(folder: Path) -> str:
    if os.geteuid() == 0:
        pytest.skip("root may read everything")
    path = folder / "secret.pcap"
    path.write_bytes(b"x")
    path.chmod(0)
    return str(path)


def written(content: bytes) -> Callable[[Path], str]:
    def write(folder: Path) -> str:
        path = folder / "some.file"
        path.write_bytes(content)
        return str(path)

    return write


BAD_FILES: Final = [
    pytest.param(lambda folder: str(folder / "absent.pcap"), "does not exist", id="no such file"),
    pytest.param(lambda folder: str(folder), "director", id="a directory"),
    pytest.param(written(b""), "empty", id="empty"),
    pytest.param(written(b"hello, this is some text\n"), "not a", id="text"),
    pytest.param(written(b"\x89PNG\r\n\x1a\n" + bytes(30)), "not a", id="a picture"),
    pytest.param(written(gzip.compress(b"text")), "not a", id="packed text"),
    pytest.param(written(b"\x1f\x8bnonsense"), "", id="broken gzip"),
    pytest.param(unreadable, "ermission", id="no permission"),
]


@pytest.mark.parametrize(("make", "word"), BAD_FILES)
@pytest.mark.parametrize("format_", ["text", "ndjson"])
def test_bad_file(make: Callable[[Path], str], word: str, format_: str, tmp_path: Path, run: Run) -> None:
    path = make(tmp_path)
    status, out, err = run("report", path, "--format", format_)
    assert (status, out) == (2, "")
    assert err.startswith("wsinspect: ") and err.count("\n") == 1
    assert word in err.lower()
    assert Path(path).name in err


def test_empty_standard_input() -> None:
    done = process("report", "-")
    assert (done.returncode, done.stdout) == (2, b"")
    assert done.stderr.startswith(b"wsinspect: ") and done.stderr.count(b"\n") == 1


def test_a_name_cannot_act_upon_the_terminal(run: Run) -> None:
    status, _, err = run("report", "/absent/\x1b[2J\x9b31m")
    assert status == 2
    assert "\x1b" not in err and "\x9b" not in err


@pytest.mark.parametrize(
    ("arguments", "word"),
    [
        pytest.param(["report", CLEAN, "--formt", "json"], "--format", id="an option misspelt"),
        pytest.param(["report", CLEAN, "--format", "xml"], "ndjson", id="unknown format"),
        pytest.param(["report", CLEAN, "--fail-on", "fatal"], "warning", id="unknown severity"),
        pytest.param(["report"], "wsinspect", id="no file"),
        pytest.param(["report", CLEAN, TOUR], "one capture file", id="two files"),
        pytest.param(["explain"], "TOPIC", id="nothing to explain"),
        pytest.param(["explain", "no-such-rule-at-all"], "wsinspect: ", id="unknown rule"),
        pytest.param(["explain", "99999999999999999999"], "wsinspect: ", id="a number far out"),
        pytest.param(["completion", "tcsh"], "fish", id="unknown shell"),
        pytest.param(["--unknown"], "--unknown", id="unknown option"),
    ],
)
def test_wrong_usage(arguments: list[str], word: str, run: Run) -> None:
    status, out, err = run(*arguments)
    assert (status, out) == (2, "")
    assert word in err
    assert "Traceback" not in err and len(err.splitlines()) <= 4


# The other commands ---------------------------------------------------------------------------------------------------


def test_version(run: Run) -> None:
    status, out, err = run("--version")
    assert (status, err) == (0, "")
    assert out.startswith(f"wsinspect {__version__}") and out.count("\n") == 1


@pytest.mark.parametrize("arguments", [["--help"], ["-h"], ["report", "--help"], ["explain", "-h"], ["open", "--help"]])
def test_help_teaches(arguments: list[str], run: Run) -> None:
    status, out, err = run(*arguments)
    assert (status, err) == (0, "")
    assert out.startswith("Usage: wsinspect")
    assert max(map(len, out.splitlines())) <= 100


@pytest.mark.parametrize("topic", ["1006", "1000", "4321", *[rule.id for rule in RULES[:5]]])
def test_explain(topic: str, run: Run) -> None:
    status, out, err = run("explain", topic)
    assert (status, err) == (0, "")
    assert topic in out or topic == "4321"


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_completion(shell: str, run: Run) -> None:
    status, out, err = run("completion", shell)
    assert (status, err) == (0, "")
    assert "_WSINSPECT_COMPLETE" in out


@pytest.mark.skipif(sys.platform == "win32", reason="a POSIX shell")
def test_the_completion_script_is_bash() -> None:
    script = process("completion", "bash").stdout
    done = subprocess.run(["bash", "-n"], input=script, capture_output=True, check=False)
    assert (done.returncode, done.stderr) == (0, b"")


def test_what_is_no_command_is_a_file(monkeypatch: pytest.MonkeyPatch, run: Run) -> None:
    opened: list[str] = []
    monkeypatch.setattr("wsinspect.cli.watch.watch_file", lambda path, *_, **__: opened.append(path))
    assert run(CLEAN)[0] == run("-r", CLEAN)[0] == run("open", CLEAN)[0] == 0
    assert opened == [CLEAN] * 3


def test_every_command_has_a_line_in_the_help(run: Run) -> None:
    from wsinspect.cli.main import cli

    _, out, _ = run("--help")
    context = click.Context(cli)
    for name in cli.list_commands(context):
        assert f"  {name} " in out


def test_without_a_terminal_there_is_no_screen() -> None:
    """With nothing to read the keys from Textual would wait for them for ever, and busily."""
    done = process(TOUR)
    assert (done.returncode, done.stdout) == (2, b"")
    assert done.stderr.decode() == (
        "wsinspect: there is no terminal to show the screen on: wsinspect report prints the same facts\n"
    )


@pytest.mark.skipif(
    not inspector.__file__.endswith(".py"), reason="compiled: its constants are fixed, and it has no subclasses"
)
def test_of_a_pipe_without_end_not_every_tcp_connection_is_remembered(
    run: Run, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    remembered: list[tuple[int, int]] = []

    class Counting(Inspector):
        def finish(self, end_ns: int = 0) -> list[Connection]:
            remembered.append((len(self._table), self.tcp_streams))
            return super().finish(end_ns)

    monkeypatch.setattr("wsinspect.inspector.MAX_STREAMS", 8)
    monkeypatch.setattr("wsinspect.cli.live.Inspector", Counting)
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    writer = threading.Thread(target=lambda: pipe.write_bytes(Path(TOUR).read_bytes()))
    writer.start()
    status, _, err = run("report", str(pipe))
    writer.join()
    assert (status, err) == (0, "")
    [(kept, seen)] = remembered
    assert kept < seen > 8
