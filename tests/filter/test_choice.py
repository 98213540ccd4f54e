"""`-Y` on the command line, and `wsinspect fields`."""

import json
import subprocess
import sys
from collections.abc import Callable
from typing import Any

import pytest
from subjects import TOUR

from wsinspect.cli.main import main
from wsinspect.filter.fields import FIELDS

Run = Callable[..., str]

RESET = ["-Y", "ws.close.tcp.kind == rst && ws.close.code == 1006"]


@pytest.fixture
def run(capfdbinary: pytest.CaptureFixture[bytes]) -> Run:
    """What a command prints."""

    def runs(*arguments: str) -> str:
        with pytest.raises(SystemExit) as end:
            main([*arguments])
        out, err = capfdbinary.readouterr()
        assert not end.value.code, err
        return out.decode()

    return runs


def expected(run: Run) -> list[int]:
    """From the report on all connections."""
    document = json.loads(run("report", str(TOUR), "--format", "json"))
    assert document["filter"] is None
    return [
        one["id"]
        for one in document["connections"]
        if one["state"] != "failed"
        and one["close"]["event"]
        and one["close"]["event"]["client"]["code"] == 1006
        and (one["close"]["tcp"] or {}).get("kind") == "rst"
    ]


def test_only_matching_connections_are_reported(run: Run) -> None:
    ids = expected(run)
    assert 0 < len(ids) < 33
    document = json.loads(run("report", str(TOUR), *RESET, "--format", "json"))
    assert [one["id"] for one in document["connections"]] == ids
    assert document["filter"] == {"text": RESET[1], "connections": len(ids), "of": 33}
    assert document["summary"]["connections"] == len(ids)
    lines = [json.loads(line) for line in run("report", str(TOUR), *RESET, "--format", "ndjson").splitlines()]
    assert [line["id"] for line in lines if line["type"] == "connection"] == ids
    assert [line["of"] for line in lines if line["type"] == "filter"] == [33]
    text = run("report", str(TOUR), *RESET)
    assert f"{len(ids)} of 33 connections match" in text
    assert [int(line.split()[0][1:]) for line in text.splitlines() if line.startswith("#")] == ids


@pytest.mark.parametrize("format_", ["text", "json", "ndjson"])
def test_packets_are_read_again(format_: str, run: Run) -> None:
    chosen = run("report", str(TOUR), "-Y", "frame.number == 139", "--format", format_)
    assert "push.example.com" in chosen and "live.example.com" not in chosen


def test_causes_that_many_share_are_known(run: Run) -> None:
    document: dict[str, Any] = json.loads(run("report", str(TOUR), "--format", "json"))
    by_cause = {cause["id"]: cause["connections"] for cause in document["summary"]["diagnoses"]}
    for cause, connections in by_cause.items():
        chosen = json.loads(run("report", str(TOUR), "-Y", f"ws.diagnosis == {cause}", "--format", "json"))
        assert len(chosen["connections"]) == connections


@pytest.mark.parametrize("filter_", [RESET[1], f"{RESET[1]} && frame.number > 0"])
def test_a_pipe(filter_: str, run: Run) -> None:
    with TOUR.open("rb") as file, subprocess.Popen(["cat"], stdin=file, stdout=subprocess.PIPE) as cat:
        command = [sys.executable, "-m", "wsinspect", "report", "-", "-Y", filter_]
        done = subprocess.run(command, stdin=cat.stdout, capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stderr
    assert f"{len(expected(run))} of 33 connections match" in done.stdout


@pytest.mark.parametrize("command", [["report", str(TOUR)], [str(TOUR)], ["open", "-i", "lo"]])
def test_a_wrong_filter_is_pointed_at(command: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as end:
        main([*command, "-Y", "ws.id == 1 && ws.clos.code == 1"])
    assert end.value.code == 2
    assert capsys.readouterr().err.splitlines() == [
        "wsinspect: ws.clos.code: no such field; did you mean ws.close.code?",
        "  ws.id == 1 && ws.clos.code == 1",
        "                ^^^^^^^^^^^^",
    ]


def test_a_hostile_filter_is_escaped(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        main(["report", str(TOUR), "-Y", '"\x1b[31m" = 1'])
    assert "\x1b" not in capsys.readouterr().err


def test_fields(run: Run) -> None:
    assert [line.split()[0] for line in run("fields").splitlines()] == [field.name for field in FIELDS]
    listed = run("fields", "ws.close.tcp").splitlines()
    assert len(listed) == 2 and "fin, rst" in listed[0] and "client, server" in listed[1]


def test_fields_that_there_are_not(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as end:
        main(["fields", "ws.clsoe.code"])
    assert end.value.code == 2 and "did you mean ws.close.code?" in capsys.readouterr().err
