"""The screens of closes and of violations, and the closes over time above the list."""

import random
import re
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from driving import loaded, screen_lines, screen_text, until
from fakes import START, FakeSource, make_report, make_violation
from textual.pilot import Pilot

from wsinspect.filter.filter import parse_filter
from wsinspect.filter.subject import ReportedConnection
from wsinspect.overview.overview import overview
from wsinspect.overview.records import Records
from wsinspect.report import model
from wsinspect.report.overview import record_of
from wsinspect.tui.app import WsinspectApp
from wsinspect.tui.connections.screen import ConnectionsScreen
from wsinspect.tui.overview.chart import chart_lines
from wsinspect.tui.overview.closes import ClosesScreen, close_filter
from wsinspect.tui.overview.screen import SumsScreen
from wsinspect.tui.overview.sparkline import BLOCKS, sparkline, stretched
from wsinspect.tui.overview.violations import ViolationsScreen, violation_filter
from wsinspect.tui.source import open_source

TOUR = Path(__file__).parents[2] / "captures" / "tour.pcapng"


def reset(id: int, at: float, **changes: Any) -> model.Connection:
    """The server reset TCP a minute after the last payload."""
    event = model.CloseEvent(1006, "", False)
    end = model.TcpEnd("rst", "server", 9, START + at)
    close = model.Close(None, None, None, end, model.CloseEvents(event, event), "No Close frame.", [], 60.0)
    return make_report(id, **({"started": START, "opened": START, "close": close} | changes))


def incident() -> list[model.Connection]:
    """Steady ends, and in the middle a burst of resets."""
    steady = [make_report(id) for id in range(1, 60)]
    return steady + [reset(60 + number, 30 + number / 50) for number in range(40)]


async def on_screen(pilot: Pilot[None], key: str) -> SumsScreen:
    app = await loaded(pilot)
    await until(pilot, lambda: app.store.judged)
    await pilot.press(key)
    await pilot.pause()
    screen = pilot.app.screen
    assert isinstance(screen, SumsScreen)
    return screen


@pytest.mark.parametrize("size", [(80, 24), (200, 60)])
async def test_closes_say_when_what_and_who(size: tuple[int, int], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NO_COLOR", "1")
    app = WsinspectApp(FakeSource([incident()]))
    async with app.run_test(size=size) as pilot:
        screen = await on_screen(pilot, "c")
        text = " ".join(screen_text(app).split())
        assert "40 of 99 connections ended 1006 after 60.0s idle".replace("60.0s", "60.0 s") in text
        assert re.search(r"▲ 22:13:(49|50) 4[0-3] in \S+ m?s, usual \d\.\d; most 1006 Abnormal Closure", text)
        assert "RST by server" in text
        assert [group.connections for group in screen.table.rows] == [59, 40]
        assert any("█" in line and line.lstrip().startswith("1006") for line in screen_lines(app))
        assert any(line.strip() == "▲" for line in screen_lines(app))


async def test_enter_filters_the_list(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[str] = []
    monkeypatch.setattr(ConnectionsScreen, "apply_filter", lambda self, text: asked.append(text), raising=False)
    app = WsinspectApp(FakeSource([[*incident(), make_report(100, violations=[make_violation()])]]))
    async with app.run_test() as pilot:
        await on_screen(pilot, "c")
        await pilot.press("down", "enter")
        assert isinstance(app.screen, ConnectionsScreen)
        await on_screen(pilot, "v")
        await pilot.press("enter")
        await on_screen(pilot, "c")
        await pilot.press("escape")
        assert isinstance(app.screen, ConnectionsScreen)
    assert asked == [
        'ws.close.code == 1006 && ws.state != "failed" && !ws.close.initiator && ws.close.tcp.kind == "rst" '
        '&& ws.close.tcp.by == "server"',
        'ws.rule == "unmasked-client-frame" && ws.violation.by == "client"',
    ]


async def test_from_one_to_the_other() -> None:
    app = WsinspectApp(FakeSource([incident()]))
    async with app.run_test() as pilot:
        await on_screen(pilot, "c")
        for key, kind in (("v", ViolationsScreen), ("c", ClosesScreen), ("v", ViolationsScreen)):
            assert isinstance(await on_screen(pilot, key), kind)
        await pilot.press("escape")
        assert isinstance(app.screen, ConnectionsScreen)
        assert app.screen.matching is None


def test_the_filter_of_a_row_finds_its_connections() -> None:
    with closing(open_source(str(TOUR))) as source:
        for batch in source.batches(10_000):
            source.feed(batch)
        source.finish()
        reports = [source.report(index) for index in range(len(source))]
        connections = source._connections.values()
        subjects = [ReportedConnection(*both, None, None) for both in zip(connections, reports, strict=True)]
    records = Records(map(record_of, reports))
    found = overview(records)
    filters = [close_filter(group) for group in found.groups]
    assert len(set(filters)) == len(filters) > 10
    for text, group in zip(filters, found.groups, strict=True):
        matching = [place for place, subject in enumerate(subjects) if parse_filter(text).matches(subject)]
        assert len(matching) == group.connections, text
        assert matching == records.ended_as(group.ending)
    for row in found.breaches:
        matches = parse_filter(violation_filter(row)).matches
        matching = [place for place, subject in enumerate(subjects) if matches(subject)]
        assert len(matching) == row.connections, row
        assert matching == records.that_broke(row)


async def test_sorting_keeps_the_cursor_on_its_row() -> None:
    app = WsinspectApp(FakeSource([incident()]))
    async with app.run_test(size=(120, 30)) as pilot:
        screen = await on_screen(pilot, "c")
        await pilot.press("down")
        before = screen.table.current
        await pilot.press("o")
        assert screen.table.sorted_by == ("code", False)
        await pilot.press("O")
        assert screen.table.sorted_by == ("code", True)
        assert [row.ending.code for row in screen.table.rows] == [1006, 1000]
        assert screen.table.current == before
        await pilot.click("#closes", offset=(2, 0))
        assert screen.table.sorted_by == ("code", False)


async def test_they_follow_what_is_being_read() -> None:
    source = FakeSource([[make_report(1)], [reset(2, 30, violations=[make_violation()])]], gated=True)
    app = WsinspectApp(source)
    async with app.run_test() as pilot:
        source.gate.release()
        await until(pilot, lambda: len(app.store) == 1)
        await pilot.press("c")
        screen = app.screen
        assert isinstance(screen, ClosesScreen)
        source.gate.release()
        source.gate.release()
        await until(pilot, lambda: len(screen.table.rows) == 2)
        await pilot.press("escape", "v")
        screen = app.screen
        assert isinstance(screen, ViolationsScreen)
        assert [row.rule for row in screen.table.rows] == ["unmasked-client-frame"]
        source.change(1, reset(2, 30, violations=[make_violation(count=5)]))
        app.store.refresh((1,))
        await pilot.resize_terminal(100, 30)
        await until(pilot, lambda: screen.table.rows[0].count == 5)


async def test_resizing_asks_for_as_many_stretches_as_fit() -> None:
    chance = random.Random(1)
    app = WsinspectApp(FakeSource([[make_report(id, started=START + chance.random() * 3000) for id in range(1, 200)]]))
    async with app.run_test(size=(80, 24)) as pilot:
        await on_screen(pilot, "c")
        narrow = next(line for line in screen_lines(app) if line.strip().startswith("├"))
        await pilot.resize_terminal(200, 60)
        await pilot.pause()
        wide = next(line for line in screen_lines(app) if line.strip().startswith("├"))
        assert wide.count("├") > narrow.count("├") >= 2


async def test_nothing_has_ended() -> None:
    still_open = make_report(1, state="open", ended=None, close=model.Close(None, None, None, None, None, "Open.", []))
    app = WsinspectApp(FakeSource([[still_open]]))
    async with app.run_test() as pilot:
        await on_screen(pilot, "c")
        assert "still open as far as the capture goes" in screen_text(app)
        await pilot.press("enter")
        assert isinstance(app.screen, ClosesScreen)
        await pilot.press("escape", "v")
        assert isinstance(app.screen, ViolationsScreen)


async def test_hostile_names_are_shown_escaped() -> None:
    hostile = "[/foo]\x1b[2J\u202e"
    frame = model.CloseFrame(4000, hostile, hostile, hostile, 20, START)
    event = model.CloseEvent(4000, hostile, True)
    close = model.Close("client", frame, frame, None, model.CloseEvents(event, event), hostile, [])
    rows = [make_report(id, close=close, violations=[make_violation(hostile)]) for id in (1, 2)]
    app = WsinspectApp(FakeSource([rows]))
    async with app.run_test(size=(120, 30)) as pilot:
        for key in "cv":
            await on_screen(pilot, key)
            text = screen_text(app)
            assert r"[/foo]\x1b[2J" in text
            assert not {"\x1b", "\u202e"} & set(text)
            await pilot.press("escape")


async def test_the_header_of_the_list_has_closes_over_time() -> None:
    app = WsinspectApp(FakeSource([incident()]))
    async with app.run_test(size=(80, 24)) as pilot:
        await loaded(pilot)
        (line,) = (line for line in screen_lines(app) if line.strip().startswith("closes"))
        assert "█" in line
        assert "1006 ×40 ▲" in line
        assert "1000 ×59 " in line
        assert "violations  none" in line


def test_the_chart_tells_codes_apart_without_colour() -> None:
    found = overview(Records(map(record_of, incident())), START, START + 100, 60)
    lines = ["".join(text for text, _ in line) for line in chart_lines(found, 80, 24)]
    assert [line.split()[0] for line in lines[:2]] == ["1000", "1006"]
    assert lines[1].rstrip().endswith("×40")
    assert all(len(line) <= 80 for line in lines)


@pytest.mark.parametrize(
    ("numbers", "drawn"),
    [([], ""), ([0], " "), ([1], "█"), ([0, 1, 8], " ▁█"), ([1, 1000], "▁█"), (range(1, 9), BLOCKS)],
)
def test_sparkline(numbers: list[int], drawn: str) -> None:
    assert sparkline(numbers) == drawn


def test_one_is_never_drawn_as_none() -> None:
    assert sparkline([0, 1, 1000], zero="▁") == "▁▂█"


def test_stretched() -> None:
    assert stretched("ab", 5) == "aabb"
    assert stretched("abc", 4) == "abc"
    assert stretched("", 4) == ""
