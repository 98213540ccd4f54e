"""Large captures: what a key press costs does not depend on how much there is. Limits are generous: machines differ."""

import asyncio
import time

from driving import loaded, opened
from fakes import FakeSource, Teller, make_report
from textual import events
from textual.pilot import Pilot

from wsinspect.timeline import Timeline
from wsinspect.tui.app import WsinspectApp
from wsinspect.tui.connections.screen import ConnectionTable
from wsinspect.websocket.side import Side

CONNECTIONS = 100_000
FRAMES = 100_000
KEY_LIMIT = 0.3
"""Seconds from key to repaint; the aim is 0.05 on an idle machine."""
SORT_LIMIT = 2.0


async def repaint_time(pilot: Pilot[None], key: str) -> float:
    """Seconds from a key press to the next output."""
    app = pilot.app
    painted = asyncio.Event()
    display = app._display

    def noting(screen: object, renderable: object) -> None:
        display(screen, renderable)  # type: ignore[arg-type]
        painted.set()

    app._display = noting  # type: ignore[method-assign, assignment]
    begin = time.perf_counter()
    app.post_message(events.Key(key, None))
    await asyncio.wait_for(painted.wait(), 10)
    taken = time.perf_counter() - begin
    app._display = display  # type: ignore[method-assign]
    await pilot.pause()
    return taken


async def best(pilot: Pilot[None], keys: tuple[str, ...]) -> float:
    """Of a few tries: other programs run, too."""
    return min([await repaint_time(pilot, key) for key in keys])


async def test_keys_in_a_hundred_thousand_connections() -> None:
    reports = [make_report(number, code=1000 + number % 7) for number in range(1, CONNECTIONS + 1)]
    source = FakeSource([reports[start : start + 5000] for start in range(0, CONNECTIONS, 5000)])
    app = WsinspectApp(source)
    async with app.run_test(size=(200, 60)) as pilot:
        await loaded(pilot)
        assert app.screen.query_one(ConnectionTable).line_count == CONNECTIONS
        assert await best(pilot, ("down", "down", "down")) < KEY_LIMIT
        assert await best(pilot, ("pagedown", "pagedown", "pagedown")) < KEY_LIMIT
        assert await best(pilot, ("end", "home", "end")) < KEY_LIMIT
        assert await best(pilot, ("o", "o", "o")) < SORT_LIMIT
        assert await best(pilot, ("O", "O")) < SORT_LIMIT


async def test_keys_in_a_connection_of_many_frames() -> None:
    def tell(index: int) -> Timeline:
        teller = Teller()
        teller.opening()
        entry = teller.frame(Side.SERVER, b'{"price": 101.25}')
        for number in range(1, FRAMES):
            side = Side.SERVER if number % 3 else Side.CLIENT
            header = entry.header._replace(number=number, time_ns=entry.time_ns + number)
            teller.timeline.entries.append(entry._replace(header=header, side=side, time_ns=header.time_ns))
        return teller.timeline

    app = WsinspectApp(FakeSource([[make_report(1)]], tell=tell))
    async with app.run_test(size=(200, 60)) as pilot:
        await loaded(pilot)
        await pilot.press("enter")
        screen = await opened(pilot)
        assert await best(pilot, ("pagedown", "pageup", "pagedown")) < KEY_LIMIT
        await pilot.press("2")
        assert screen.opened is not None
        assert len(screen.opened.frames) == FRAMES
        assert await best(pilot, ("down", "down", "down")) < KEY_LIMIT
        assert await best(pilot, ("pagedown", "pagedown", "pagedown")) < KEY_LIMIT
        assert await best(pilot, ("end", "home", "end")) < KEY_LIMIT
