"""The list when it may keep only so many connections that have ended."""

from driving import loaded, screen_text, until
from fakes import FakeSource, make_report
from textual.pilot import Pilot

from wsinspect.report import model
from wsinspect.tui.app import WsinspectApp
from wsinspect.tui.connections.screen import ConnectionTable
from wsinspect.tui.store import Store


class EndlessSource(FakeSource):
    """Every connection has ended as soon as it is there, except those that stay open."""

    def feed(self, packets: list[object]) -> list[int]:  # type: ignore[override]
        return [index for index in super().feed([]) if self.reports[index].state != "open"]

    def report(self, index: int) -> model.Connection:
        assert index not in self.forgotten, "asked for a connection that was to be forgotten"
        return super().report(index)

    def revision(self, index: int) -> int:
        assert index not in self.forgotten, "asked for a connection that was to be forgotten"
        return super().revision(index)


def open_report(number: int) -> model.Connection:
    return make_report(number, state="open", close=model.Close(None, None, None, None, None, "Still open.", []))


def table_of(app: WsinspectApp) -> ConnectionTable:
    return app.screen.query_one(ConnectionTable)


def ids(app: WsinspectApp) -> list[int]:
    table = table_of(app)
    return [table.row(place).id for place in range(table.line_count)]


async def let_come(pilot: Pilot[None], source: FakeSource, steps: int) -> None:
    """Give the loader so many batches; it tells of one with the next."""
    for _ in range(steps):
        source.gate.release()
        await pilot.pause(0.1)


def test_the_oldest_ended_ones_go_and_the_sums_stay() -> None:
    store = Store(EndlessSource([[open_report(1), make_report(2)], [make_report(3), make_report(4, code=1006)]]), 2)
    store.feed([])
    assert (len(store), store.evicted) == (2, 0)
    store.feed([])
    assert [index for index in range(store.begun) if index in store] == [0, 2, 3]
    assert (len(store), store.begun, store.evicted) == (3, 4, 1)
    assert dict(store.totals.closes) == {1000: 2, 1006: 1}
    assert store.row(1).state == "left out"
    assert store.row(3).code == 1006
    store.refresh(range(4))
    store.sweep(1.0)
    store.finish()


async def test_the_list_shows_what_is_kept_and_says_what_is_not() -> None:
    source = EndlessSource([[open_report(1)], *([make_report(number)] for number in range(2, 12))])
    app = WsinspectApp(source, max_connections=4)
    async with app.run_test() as pilot:
        await loaded(pilot)
        assert ids(app) == [1, 8, 9, 10, 11]
        text = screen_text(app)
        assert "6 older ones left out" in text
        assert "11 connections" in text
        assert "1000 ×10" in text
        await pilot.press("o", "O")
        assert sorted(ids(app)) == [1, 8, 9, 10, 11]


async def test_cursor_and_lines_stay_where_they_are() -> None:
    first, second = [make_report(n) for n in range(1, 101)], [make_report(n) for n in range(101, 121)]
    source = EndlessSource([first, [], second, []], gated=True)
    app = WsinspectApp(source, max_connections=100)
    async with app.run_test(size=(80, 24)) as pilot:
        await let_come(pilot, source, 2)
        await until(pilot, lambda: table_of(app).line_count == 100)
        table = table_of(app)
        await pilot.press("end", "up", "up")
        assert table.row(table.cursor).id == 98
        line = table.cursor - table.scroll_offset.y
        await let_come(pilot, source, 3)
        await loaded(pilot)
        assert ids(app) == list(range(21, 121))
        assert table.row(table.cursor).id == 98
        assert table.cursor - table.scroll_offset.y == line


async def test_a_connection_that_leaves_the_list_while_it_is_looked_at() -> None:
    source = EndlessSource([[make_report(1)], [], [make_report(2), make_report(3)], []], gated=True)
    app = WsinspectApp(source, max_connections=2)
    async with app.run_test(size=(100, 24)) as pilot:
        await let_come(pilot, source, 2)
        await until(pilot, lambda: table_of(app).line_count == 1)
        await pilot.press("enter")
        await pilot.pause()
        await let_come(pilot, source, 3)
        await until(pilot, lambda: app.progress.done)
        assert 0 not in app.store
        assert "has left the list" in screen_text(app)
        await pilot.press("r")
        assert "no longer kept" in screen_text(app)
        await pilot.press("right_square_bracket", "escape")
        assert ids(app) == [2, 3]
