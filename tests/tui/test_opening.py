"""A long connection is shown while it is still being read again."""

import threading
from collections.abc import Iterator

import pytest
from driving import loaded, opened, screen_text, until
from fakes import FakeSource, Teller, make_report
from textual.pilot import Pilot

from wsinspect.replay import Part
from wsinspect.tui.app import WsinspectApp
from wsinspect.tui.connection import opening
from wsinspect.tui.connection.frames import FramesView
from wsinspect.tui.connection.screen import ConnectionScreen
from wsinspect.tui.connection.story_view import StoryView
from wsinspect.websocket.side import Side

FRAMES = 100


class Slow(FakeSource):
    """Its timeline grows when the test says so, by `FRAMES` frames each time, three times."""

    def __init__(self) -> None:
        super().__init__([[make_report(1), make_report(2)]])
        self.more = threading.Semaphore(0)
        self.given_parts = 0

    def timeline_in_parts(self, frozen: object) -> Iterator[Part]:
        teller = Teller()
        teller.opening()
        for part in range(3):
            self.more.acquire(timeout=30)
            for _ in range(FRAMES):
                teller.frame(Side.SERVER, b"text")
            if part == 2:
                teller.closing()
            self.given_parts += 1
            yield Part(teller.timeline, (part + 1) / 3)


async def begun(monkeypatch: pytest.MonkeyPatch, pilot: Pilot[None], source: Slow) -> ConnectionScreen:
    """The screen of a connection of which a third has been read."""
    monkeypatch.setattr(opening, "FIRST", 0.0)
    monkeypatch.setattr(opening, "INTERVAL", 0.0)
    await loaded(pilot)
    await pilot.press("enter")
    screen = pilot.app.screen
    assert isinstance(screen, ConnectionScreen)
    source.more.release()
    await until(pilot, lambda: screen.opened)
    return screen


async def test_the_beginning_is_shown_while_the_rest_is_read(monkeypatch: pytest.MonkeyPatch) -> None:
    source = Slow()
    app = WsinspectApp(source)
    async with app.run_test() as pilot:
        screen = await begun(monkeypatch, pilot, source)
        assert screen.reading
        assert "33% read" in screen_text(app)
        frames = screen.query_one(FramesView)
        assert frames.table.line_count == FRAMES
        await pilot.press("2", "down", "down")
        source.more.release()
        await until(pilot, lambda: frames.table.line_count == 2 * FRAMES)
        assert frames.table.cursor == 2
        source.more.release()
        await opened(pilot)
        assert frames.table.line_count == 3 * FRAMES + 2
        assert frames.table.cursor == 2
        assert "read" not in screen_text(app).partition("Story")[0]


async def test_what_is_unfolded_stays_unfolded(monkeypatch: pytest.MonkeyPatch) -> None:
    source = Slow()
    app = WsinspectApp(source)
    async with app.run_test() as pilot:
        screen = await begun(monkeypatch, pilot, source)
        view = screen.query_one(StoryView)
        assert view.story is not None
        fold = next(position for position, step in enumerate(view.story.steps) if step.is_fold)
        view.cursor = fold
        await pilot.press("right", "down", "down")
        frame = view.story.steps[view.cursor].first
        source.more.release(2)
        await opened(pilot)
        assert view.story.is_unfolded(fold)
        assert view.story.steps[view.cursor].first == frame


async def test_leaving_ends_the_reading(monkeypatch: pytest.MonkeyPatch) -> None:
    source = Slow()
    app = WsinspectApp(source)
    async with app.run_test() as pilot:
        await begun(monkeypatch, pilot, source)
        await pilot.press("escape")
        source.more.release(2)
        await until(pilot, lambda: source.given_parts == 2)
        await until(pilot, lambda: not any(one.name == "background" for one in threading.enumerate()))
        assert source.given_parts == 2
