"""Search on the screen: on one connection and on all of them."""

import threading

from driving import loaded, opened, screen_text, until
from fakes import FakeSource, Teller, make_report
from textual.pilot import Pilot

from wsinspect.errors import WsinspectError
from wsinspect.search import Query
from wsinspect.timeline import Timeline
from wsinspect.tui.app import WsinspectApp
from wsinspect.tui.connection.find import FindBar
from wsinspect.tui.connection.frames import FramesView
from wsinspect.tui.connection.payload import HexDump
from wsinspect.tui.connection.screen import ConnectionScreen
from wsinspect.tui.connections.screen import ConnectionsScreen
from wsinspect.tui.search.highlight import MATCH, highlight
from wsinspect.tui.search.screen import SearchScreen
from wsinspect.websocket.frames import Opcode
from wsinspect.websocket.side import Side


def tell(index: int) -> Timeline:
    """Every tenth text holds a needle; one of the binary messages does, too."""
    teller = Teller()
    teller.opening()
    for number in range(50):
        teller.frame(Side.SERVER, b"a Needle in %d" % index if number % 10 == 5 else b"hay %d" % number)
    teller.frame(Side.CLIENT, b"\x00\x01\x02needle\xff" + b"\0" * 1000, Opcode.BINARY)
    teller.closing()
    return teller.timeline


def source(count: int = 3) -> FakeSource:
    return FakeSource([[make_report(number) for number in range(1, count + 1)]], tell=tell)


async def type_text(pilot: Pilot[None], text: str) -> None:
    for character in text:
        await pilot.press({" ": "space", ":": "colon"}.get(character, character))
    await pilot.press("enter")


async def open_first(pilot: Pilot[None]) -> ConnectionScreen:
    await loaded(pilot)
    await pilot.press("enter")
    return await opened(pilot)


def current(screen: ConnectionScreen) -> int:
    return screen.query_one(FramesView).table.cursor


async def test_find_and_go_from_match_to_match() -> None:
    app = WsinspectApp(source())
    async with app.run_test() as pilot:
        screen = await open_first(pilot)
        await pilot.press("slash")
        assert screen.query_one(FindBar).is_typing
        await type_text(pilot, "needle")
        await until(pilot, lambda: screen.tab == "frames" and current(screen) == 5)
        assert "1 of 6" in screen_text(app)
        for key, row in (("n", 15), ("n", 25), ("N", 15), ("N", 5), ("N", 50), ("n", 5)):
            await pilot.press(key)
            assert current(screen) == row
        await pilot.press("escape")
        assert "1 of 6" not in screen_text(app)
        assert app.screen is screen
        await pilot.press("n")
        assert current(screen) == 5
        await pilot.press("escape")
        assert isinstance(app.screen, ConnectionsScreen)


async def test_bytes_are_marked_in_the_hex_dump() -> None:
    app = WsinspectApp(source())
    async with app.run_test(size=(80, 40)) as pilot:
        screen = await open_first(pilot)
        await pilot.press("ctrl+f")
        await type_text(pilot, "hex:6e6565646c65")
        await until(pilot, lambda: current(screen) == 50)
        assert "00 01 02 6e 65 65 64 6c" in screen_text(app)


def test_marked_bytes() -> None:
    lines = HexDump(bytes(range(40)), 80, [(2, 4), (7, 9), (15, 33)])
    marked = [[text for text, ink in line if ink == MATCH] for line in lines]
    assert marked[0] == ["02", "03", "07", "08", "0f", "··", "··", "·"]
    assert len(marked[1]) == 17
    assert marked[2] == ["20", " "]
    plain = HexDump(bytes(range(40)), 80)
    assert ["".join(text for text, _ in line) for line in lines] == [
        "".join(text for text, _ in line) for line in plain
    ]


def test_highlight_runs_over_inks() -> None:
    line = highlight([("a nee", "accent"), ("dle", ""), (" b", "muted")], Query("needle"))
    assert line == [("a ", "accent"), ("nee", MATCH), ("dle", MATCH), (" b", "muted")]


async def test_nonsense_is_a_sentence() -> None:
    app = WsinspectApp(source())
    async with app.run_test(size=(140, 30)) as pilot:
        screen = await open_first(pilot)
        await pilot.press("slash")
        await type_text(pilot, "0xabc")
        assert "is not hex: two digits make a byte" in screen_text(app)
        await pilot.press("escape", "slash")
        screen.query_one(FindBar).input.value = ""
        await type_text(pilot, "nowhere")
        await until(pilot, lambda: "not found" in screen_text(app))


async def test_all_connections() -> None:
    fake = source()
    app = WsinspectApp(fake)
    async with app.run_test() as pilot:
        await loaded(pilot)
        await pilot.press("ctrl+f")
        screen = app.screen
        assert isinstance(screen, SearchScreen)
        await type_text(pilot, "needle")
        await until(pilot, lambda: "3 of 3 connections, 18 matches" in screen_text(app))
        assert screen.table.line_count == 18
        assert "a Needle in 0" in screen_text(app)
        await pilot.press(*["down"] * 7, "enter")
        connection = await opened(pilot)
        assert connection.index == 1
        assert connection.tab == "frames"
        assert current(connection) == 15
        await until(pilot, lambda: len(connection.query_one(FindBar)._places) == 6)
        await pilot.press("n")
        assert current(connection) == 25
        await pilot.press("escape", "escape")
        assert app.screen is screen
        assert screen.table.line_count == 18
        await pilot.press("escape")
        assert isinstance(app.screen, ConnectionsScreen)
        await pilot.press("ctrl+f")
        assert "3 of 3 connections, 18 matches" in screen_text(app)


async def test_progress_and_cancel() -> None:
    gate = threading.Semaphore(0)

    def slow(index: int) -> Timeline:
        gate.acquire(timeout=20)
        return tell(index)

    app = WsinspectApp(FakeSource([[make_report(number) for number in range(1, 101)]], tell=slow))
    async with app.run_test() as pilot:
        await loaded(pilot)
        await pilot.press("ctrl+f")
        await type_text(pilot, "needle")
        screen = app.screen
        assert isinstance(screen, SearchScreen)
        for _ in range(2):  # the second one is told with the first one's news or later
            await pilot.pause(0.15)
            gate.release()
        await until(pilot, lambda: screen.table.line_count >= 6)
        assert "searching …" in screen_text(app)
        await pilot.press("down", "down")
        assert screen.table.cursor == 2
        await pilot.press("escape")
        assert "cancelled" in screen_text(app)
        assert app.screen is screen
        found = screen.table.line_count
        gate.release(200)
        await pilot.pause(0.3)
        assert screen.table.line_count == found
        await pilot.press("escape")
        assert isinstance(app.screen, ConnectionsScreen)


async def test_a_capture_that_is_gone_ends_the_search_with_a_sentence() -> None:
    def gone(index: int) -> Timeline:
        raise WsinspectError("tour.pcapng has changed", "open it again")

    app = WsinspectApp(FakeSource([[make_report(1)]], tell=gone))
    async with app.run_test(size=(140, 30)) as pilot:
        await loaded(pilot)
        await pilot.press("ctrl+f")
        await type_text(pilot, "x")
        await until(pilot, lambda: "tour.pcapng has changed" in screen_text(app))


async def test_another_connection_is_searched_as_well() -> None:
    app = WsinspectApp(source())
    async with app.run_test() as pilot:
        screen = await open_first(pilot)
        await pilot.press("slash")
        await type_text(pilot, "needle")
        await until(pilot, lambda: current(screen) == 5)
        await pilot.press("right_square_bracket")
        await opened(pilot)
        await until(pilot, lambda: len(screen.query_one(FindBar)._places) == 6)
        await pilot.press("n")
        assert current(screen) in (5, 15)
