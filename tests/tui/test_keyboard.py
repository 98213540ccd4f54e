"""wsinspect/tui/keyboard.py: background work waits while a key does, but not for ever."""

import threading
from collections.abc import Iterator

import pytest
from driving import loaded
from fakes import FakeSource, make_report
from textual.widgets._footer import FooterKey

from wsinspect.capture.packet import Packet
from wsinspect.tui.app import WsinspectApp
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


async def test_reading_begins_when_the_screen_has_been_drawn(monkeypatch: pytest.MonkeyPatch) -> None:
    happened: list[str] = []
    batches, display = FakeSource.batches, WsinspectApp.post_display_hook

    def reading(source: FakeSource, count: int) -> Iterator[list[Packet]]:
        happened.append("read")
        return batches(source, count)

    def drawing(app: WsinspectApp) -> None:
        happened.append("drawn" if app.screen.query(FooterKey) else "in part")
        display(app)

    monkeypatch.setattr(FakeSource, "batches", reading)
    monkeypatch.setattr(WsinspectApp, "post_display_hook", drawing)
    app = WsinspectApp(FakeSource([[make_report(1)]]))
    async with app.run_test() as pilot:
        await loaded(pilot)
    assert "drawn" in happened[: happened.index("read")]
