"""A short fixed run of the fuzzer, so that it is never broken and the commonest faults show at once."""

import random

import pytest

from tests.fuzz import run
from tests.fuzz.mutations import classic, mutate

COUNT = 150


def test_a_short_run(capsys: pytest.CaptureFixture[str]) -> None:
    failed = run.run(seed=1, seconds=0, count=COUNT)
    assert failed == 0, capsys.readouterr().out


def test_inputs_depend_on_the_seed_alone() -> None:
    sources = run.originals()
    assert len(sources) > 200
    assert mutate(random.Random(5), sources) == mutate(random.Random(5), sources)


def test_a_capture_taken_apart_and_put_together_is_the_same() -> None:
    for data in run.originals():
        parts = classic(data)
        if parts is not None and len(parts.to_bytes()) == len(data):
            assert parts.to_bytes() == data
            break
    else:
        pytest.fail("no classic capture among the originals")


def test_trouble_is_found(
    monkeypatch: pytest.MonkeyPatch, tmp_path: object, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(run, "FOUND", tmp_path)

    def broken(report: object) -> str:
        raise ZeroDivisionError

    monkeypatch.setattr(run, "text_report", broken)
    assert run.run(seed=1, seconds=0, count=5) > 0
    assert "ZeroDivisionError" in capsys.readouterr().out


def test_a_hang_is_found(monkeypatch: pytest.MonkeyPatch, tmp_path: object) -> None:
    monkeypatch.setattr(run, "FOUND", tmp_path)
    monkeypatch.setattr(run, "LIMIT", 0.05)

    def endless(report: object) -> str:
        while True:
            pass

    monkeypatch.setattr(run, "text_report", endless)
    assert run.run(seed=1, seconds=0, count=1) == 1
