"""wsinspect/tui/keyboard.py: background work waits while a key does, but not for ever."""

import threading

import pytest

from wsinspect.tui.keyboard import Keyboard

LONG = 30.0


def beside(keyboard: Keyboard) -> tuple[threading.Thread, threading.Event]:
    """A thread that steps aside, and whether it has gone on."""
    gone_on = threading.Event()

    def work() -> None:
        keyboard.step_aside()
        gone_on.set()

    thread = threading.Thread(target=work, daemon=True)
    thread.start()
    return thread, gone_on


def test_nobody_waits_without_a_key() -> None:
    assert beside(Keyboard())[1].wait(LONG)


def test_work_goes_on_when_the_key_has_been_answered(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("wsinspect.tui.keyboard.PATIENCE", LONG)
    keyboard = Keyboard()
    keyboard.pressed()
    _, gone_on = beside(keyboard)
    assert not gone_on.wait(0.1)
    keyboard.answered()
    assert gone_on.wait(LONG)


def test_a_key_that_changes_nothing_does_not_stop_the_work() -> None:
    keyboard = Keyboard()
    keyboard.pressed()
    assert beside(keyboard)[1].wait(LONG)
    assert beside(keyboard)[1].wait(LONG)
