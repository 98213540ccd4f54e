"""What tests of the screens do over and over."""

import time
from collections.abc import Callable

from textual.app import App
from textual.pilot import Pilot
from textual.strip import Strip

from wsinspect.tui.app import WsinspectApp
from wsinspect.tui.connection.screen import ConnectionScreen
from wsinspect.tui.connections.screen import ConnectionTable
from wsinspect.tui.loader import INTERVAL

PATIENCE = 30.0


async def until(pilot: Pilot[None], condition: Callable[[], object]) -> None:
    """Let the app run until `condition` holds."""
    end = time.monotonic() + PATIENCE
    while not condition():
        if pilot.app._exception is not None:
            raise pilot.app._exception
        assert time.monotonic() < end, "it never came true"
        await pilot.pause(0.01)
    await pilot.pause()


async def loaded(pilot: Pilot[None]) -> WsinspectApp:
    """Wait until everything has been read."""
    app = pilot.app
    assert isinstance(app, WsinspectApp)
    await until(pilot, lambda: app.progress.done)
    return app


async def first_report(pilot: Pilot[None]) -> None:
    """Wait for the first connections, and until the next batch of packets is shown again."""
    await until(pilot, lambda: pilot.app.screen.query_one(ConnectionTable).line_count)
    await pilot.pause(INTERVAL)  # the loader tells at its next look at the clock, which the next batch brings


async def opened(pilot: Pilot[None]) -> ConnectionScreen:
    """Wait until all of the connection on the screen has been laid open."""

    def is_open() -> bool:
        screen = pilot.app.screen
        return (
            isinstance(screen, ConnectionScreen)
            and screen.opened is not None
            and screen.opened.index == screen.index
            and not screen.reading
        )

    await until(pilot, is_open)
    screen = pilot.app.screen
    assert isinstance(screen, ConnectionScreen)
    return screen


def screen_lines(app: App[None]) -> list[str]:
    """What is on the terminal, line by line, as characters."""
    width, height = app.size
    strips: list[Strip] = app.screen._compositor.render_strips()
    assert len(strips) == height
    for strip in strips:
        assert strip.cell_length == width
    return [strip.text for strip in strips]


def screen_text(app: App[None]) -> str:
    """All of it."""
    return "\n".join(screen_lines(app))
