"""wsinspect/cli: live.py, interfaces.py and main.py as far as they need no right to capture."""

import subprocess
import sys
from pathlib import Path

import pytest

CAPTURE = sorted((Path(__file__).parents[3] / "captures" / "situations").glob("*.pcap"))[0]
WSINSPECT = [sys.executable, "-m", "wsinspect"]


def run(*arguments: str, stdin: bytes | None = None) -> "subprocess.CompletedProcess[bytes]":
    return subprocess.run([*WSINSPECT, *arguments], input=stdin, capture_output=True, check=False, timeout=60)


@pytest.mark.parametrize("command", ["interfaces", "-D"])
def test_interfaces_are_listed(command: str) -> None:
    done = run(command)
    assert done.returncode == 0
    lines = done.stdout.decode().splitlines()
    assert lines[0].split() == ["interface", "state", "now", "addresses"]
    assert any("up" in line and "127.0.0.1" in line for line in lines[1:])


@pytest.mark.parametrize(
    ("arguments", "complaint"),
    [
        ([], "name one capture file"),
        (["a.pcap", "b.pcap"], "name one capture file"),
        (["-r", "a.pcap", "b.pcap"], "name one capture file"),
        (["-i", "lo", "-r", "a.pcap"], "takes no file"),
        (["-i", "lo", "-f", "tcp", "udp"], "one filter"),
        (["-i", "lo", "--follow"], "takes no file"),
        (["-i", "lo", "-w", "-"], "standard output"),
        (["-i", "lo", "--ring", "many"], "no ring"),
        (["-i", "lo", "--ring", "2x1MB", "--capture-with", "dumpcap"], "does not work with dumpcap"),
        (["-i", "lo", "--duration", "long"], "no length of time"),
    ],
)
def test_wrong_usage(arguments: list[str], complaint: str) -> None:
    done = run("report", *arguments)
    assert done.returncode == 2
    assert complaint in done.stderr.decode()
    assert len(done.stderr.splitlines()) == 1


@pytest.mark.parametrize("format_", ["text", "json", "ndjson"])
def test_a_pipe_is_reported_like_the_file(format_: str) -> None:
    whole = run("report", str(CAPTURE), "--format", format_).stdout.decode()
    piped = run("report", "-", "--format", format_, stdin=CAPTURE.read_bytes()).stdout.decode()
    unnamed = whole.replace(f'"source":"{CAPTURE}"', '"source":"standard input"').replace(
        f"{CAPTURE}:", "standard input:"
    )
    # For people, what is known at the end stands at the end.
    assert sorted(filter(None, piped.splitlines())) == sorted(filter(None, unnamed.splitlines()))


def test_who_reads_the_report_may_stop_reading() -> None:
    process = subprocess.Popen(
        [*WSINSPECT, "report", "-r", str(CAPTURE), "--follow", "--format", "ndjson"],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )
    assert process.stdout is not None and process.stderr is not None
    process.stdout.close()
    process.terminate()
    assert b"Traceback" not in process.stderr.read()
    process.stderr.close()
    process.wait(20)
