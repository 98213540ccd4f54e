"""The filter of the connection list."""

from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest
from driving import loaded, screen_lines, screen_text, until
from fakes import FakeSource, make_report, make_violation
from textual.pilot import Pilot

from wsinspect.filter.error import FilterError
from wsinspect.settings.model import Settings
from wsinspect.settings.read import Loaded
from wsinspect.tui.app import WsinspectApp
from wsinspect.tui.connections.filter_bar import FilterBar, FilterInput
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
    source = FakeSource([[make_report(id, **still_open) for id in (1, 2)], *[[]] * 10_000], gated=True)
    async with WsinspectApp(source).run_test(size=(100, 24)) as pilot:
        screen = the_list(pilot)

        def goes_on_until(condition: Callable[[], object]) -> object:
            source.gate.release()  # one more batch without packets
            return condition()

        await until(pilot, lambda: goes_on_until(lambda: screen.table.line_count == 2))
        screen.apply_filter("ws.close.code == 1006 || ws.rule")
        assert shown(screen) == []
        source.begin(make_report(3, code=1006, **still_open))
        await until(pilot, lambda: goes_on_until(lambda: shown(screen) == [3]))
        source.change(0, make_report(1, violations=[make_violation()], **still_open))
        await until(pilot, lambda: goes_on_until(lambda: shown(screen) == [1, 3]))
        source.change(2, make_report(3, **still_open))
        await until(pilot, lambda: goes_on_until(lambda: shown(screen) == [1]))
        source.stop()
        source.gate.release()


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


def bar_lines(pilot: Pilot[None]) -> list[str]:
    """What is on the screen of the filter and its notes."""
    bar = pilot.app.screen.query_one(FilterBar)
    return [line.strip() for line in screen_lines(pilot.app)[bar.region.y : bar.region.bottom]]


async def test_typing_a_filter() -> None:
    async with WsinspectApp(twelve()).run_test(size=(80, 24)) as pilot:
        await loaded(pilot)
        screen = the_list(pilot)
        await pilot.press("slash", *"ws.clos.code")
        assert bar_lines(pilot)[0].startswith("filter ws.clos.code")
        assert "^^^^^^^^^^^^ ✗ ws.clos.code: no such field; did you mean ws.close.code?" in screen_text(pilot.app)
        assert screen.query_one(FilterInput).has_class("-wrong")
        await pilot.press("enter")
        assert screen.matching is None, "a wrong filter is not applied"
        await pilot.press("ctrl+u", *"ws.close.co")
        assert bar_lines(pilot)[2].startswith("Tab ws.close.code")
        await pilot.press("tab", *"== ")
        assert bar_lines(pilot)[2] == "Tab 1000   1006"
        await pilot.press(*"7", "backspace", *"1006")
        assert not screen.query_one(FilterInput).has_class("-wrong")
        assert "✓ Enter shows what matches" in screen_text(pilot.app)
        await pilot.press("enter")
        await pilot.pause()
        assert shown(screen) == [4, 8, 12]
        assert [line.split("  ")[0] for line in bar_lines(pilot)] == ["filter ws.close.code == 1006"]
        assert bar_lines(pilot)[0].endswith("  3 of 12 shown")
        assert pilot.app.focused is screen.table


async def test_leaving_and_clearing() -> None:
    async with WsinspectApp(twelve()).run_test(size=(80, 24)) as pilot:
        await loaded(pilot)
        screen = the_list(pilot)
        screen.apply_filter("ws.id < 4")
        await pilot.press("slash", *" && x", "escape")
        assert shown(screen) == [1, 2, 3] and pilot.app.focused is screen.table
        await pilot.press("slash")
        assert screen.query_one(FilterInput).value == "ws.id < 4"
        await pilot.press("ctrl+u", "enter")
        await pilot.pause()
        assert len(shown(screen)) == 12 and not screen.query_one(FilterBar).display


async def test_a_click_on_the_list_while_typing_is_no_trap() -> None:
    async with WsinspectApp(twelve()).run_test(size=(80, 24)) as pilot:
        await loaded(pilot)
        screen = the_list(pilot)
        await pilot.press("slash", *"ws.id")
        await pilot.click(screen.table, offset=(20, 5))
        assert pilot.app.focused is screen.table
        await pilot.press("slash", *" < 4", "enter")
        await pilot.pause()
        assert shown(screen) == [1, 2, 3]


async def test_history_lives_on() -> None:
    async with WsinspectApp(twelve()).run_test(size=(80, 24)) as pilot:
        await loaded(pilot)
        for text in ("ws.id == 1", "ws.id == 2", "ws.id == 1"):
            await pilot.press("slash", "ctrl+u", *text, "enter")
    async with WsinspectApp(twelve()).run_test(size=(80, 24)) as pilot:
        await loaded(pilot)
        await pilot.press("slash", *"mine")
        typed = the_list(pilot).query_one(FilterInput)
        seen = []
        for key in ("up", "up", "up", "down", "down", "down"):
            await pilot.press(key)
            seen.append(typed.value)
        assert seen == ["ws.id == 1", "ws.id == 2", "ws.id == 2", "ws.id == 1", "mine", "mine"]


async def test_named_filters_of_the_settings() -> None:
    loaded_settings = Loaded(Settings(filters={"bad": "ws.close.code == 1006"}), Path("none"), False)
    async with WsinspectApp(twelve(), loaded_settings).run_test(size=(80, 24)) as pilot:
        await loaded(pilot)
        await pilot.press("slash", *"$b")
        assert bar_lines(pilot)[2].startswith("Tab $bad  ws.close.code == 1006")
        await pilot.press("tab", "enter")
        await pilot.pause()
        assert shown(the_list(pilot)) == [4, 8, 12]


async def test_hostile_values_are_offered_harmless() -> None:
    reports = [make_report(1, url="ws://h/\x1b[31m\"'[/b]"), make_report(2)]
    async with WsinspectApp(FakeSource([reports])).run_test(size=(80, 24)) as pilot:
        await loaded(pilot)
        await pilot.press("slash", *"http.request.uri == ", *'"/\x1b'[:2])
        assert "\x1b" not in screen_text(pilot.app)
        await pilot.press("tab", "enter")
        await pilot.pause()
        assert shown(the_list(pilot)) == [1]
