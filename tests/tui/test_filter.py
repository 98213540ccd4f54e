"""The filter of the connection list."""

from contextlib import closing
from pathlib import Path

import pytest
from driving import loaded, screen_text, until
from fakes import FakeSource, make_report, make_violation
from textual.pilot import Pilot

from wsinspect.filter.error import FilterError
from wsinspect.tui.app import WsinspectApp
from wsinspect.tui.connections.screen import ConnectionsScreen
from wsinspect.tui.source import open_source

TOUR = Path(__file__).parents[2] / "captures" / "tour.pcapng"


def the_list(pilot: Pilot[None]) -> ConnectionsScreen:
    screen = pilot.app.screen
    assert isinstance(screen, ConnectionsScreen)
    return screen


def shown(screen: ConnectionsScreen) -> list[int]:
    """Ids of the connections in the list, from top to bottom."""
    return [screen.table.row(line).id for line in range(screen.table.line_count)]


def twelve() -> FakeSource:
    return FakeSource([[make_report(id, code=1006 if id % 4 == 0 else 1000) for id in range(1, 13)]])


async def test_only_what_matches_is_shown() -> None:
    async with WsinspectApp(twelve()).run_test(size=(100, 24)) as pilot:
        await loaded(pilot)
        screen = the_list(pilot)
        screen.apply_filter("ws.close.code == 1006")
        await pilot.pause()
        assert shown(screen) == [4, 8, 12]
        assert "3 of 12 shown" in screen_text(pilot.app)
        screen.apply_filter("")
        await pilot.pause()
        assert shown(screen) == list(range(1, 13))
        assert "shown" not in screen_text(pilot.app)


async def test_a_wrong_filter_changes_nothing() -> None:
    async with WsinspectApp(twelve()).run_test(size=(100, 24)) as pilot:
        await loaded(pilot)
        screen = the_list(pilot)
        screen.apply_filter("ws.id > 10")
        with pytest.raises(FilterError):
            screen.apply_filter("ws.id >")
        assert shown(screen) == [11, 12]


async def test_cursor_stays_on_its_connection() -> None:
    async with WsinspectApp(twelve()).run_test(size=(100, 24)) as pilot:
        await loaded(pilot)
        screen = the_list(pilot)
        await pilot.press(*["down"] * 7)
        assert screen.table.current == 7
        screen.apply_filter("ws.close.code == 1006")
        assert screen.table.current == 7 and screen.table.cursor == 1
        screen.apply_filter("")
        assert screen.table.current == 7 and screen.table.cursor == 7
        screen.apply_filter("ws.id == 2")
        assert screen.table.current == 1
        screen.apply_filter("ws.id == 99")
        assert screen.table.current is None
        await pilot.press("enter", "o", "O", "down")
        assert screen is pilot.app.screen


async def test_sorting_keeps_the_filter() -> None:
    async with WsinspectApp(twelve()).run_test(size=(100, 24)) as pilot:
        await loaded(pilot)
        screen = the_list(pilot)
        screen.apply_filter("ws.close.code == 1006")
        await pilot.press("O")
        assert shown(screen) == [12, 8, 4]
        screen.apply_filter("ws.id in {2, 5, 9}")
        assert shown(screen) == [9, 5, 2]
        screen.apply_filter("")
        assert shown(screen) == list(range(12, 0, -1))


async def test_new_and_changed_connections_are_asked() -> None:
    still_open = {"state": "open", "ended": None}
    steps = [[make_report(id, **still_open) for id in (1, 2)], [make_report(3, code=1006, **still_open)], []]
    source = FakeSource(steps, gated=True)
    async with WsinspectApp(source).run_test(size=(100, 24)) as pilot:
        source.gate.release()
        screen = the_list(pilot)
        await until(pilot, lambda: screen.table.line_count == 2)
        screen.apply_filter("ws.close.code == 1006 || ws.rule")
        assert shown(screen) == []
        source.gate.release()
        await until(pilot, lambda: shown(screen) == [3])
        source.change(0, make_report(1, violations=[make_violation()]))
        source.gate.release()
        await until(pilot, lambda: shown(screen) == [1, 3])
        source.change(2, make_report(3))
        source.gate.release()
        await loaded(pilot)
        await until(pilot, lambda: shown(screen) == [1])


async def test_what_takes_packets_is_asked_in_the_background() -> None:
    with closing(open_source(str(TOUR))) as source:
        async with WsinspectApp(source).run_test(size=(100, 24)) as pilot:
            await loaded(pilot)
            screen = the_list(pilot)
            screen.apply_filter(r'websocket.payload.text contains "\"hello\":\"feed\""')
            assert screen.matching is not None and not screen.matching.quick
            await until(pilot, lambda: screen.matching and not screen.matching.searching)
            assert shown(screen) == [10]
            screen.apply_filter(r'http.request.line matches "^host: push\.example" && ws.close.code == 1006')
            await until(pilot, lambda: screen.matching and not screen.matching.searching)
            assert shown(screen) == [10]
