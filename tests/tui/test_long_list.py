"""A long list is sorted and filtered beside the screens: the same comes of it, and keys are answered meanwhile."""

import threading
from typing import Any

import pytest
from driving import loaded, screen_text, until
from fakes import FakeSource, make_report

from wsinspect.tui.app import WsinspectApp
from wsinspect.tui.connections import matching, sorter
from wsinspect.tui.connections.order import Order
from wsinspect.tui.connections.screen import ConnectionsScreen, ConnectionTable

COUNT = 60


@pytest.fixture(autouse=True)
def everything_is_long(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sorter, "AT_ONCE", 10)
    monkeypatch.setattr(matching, "AT_ONCE", 10)


def app_of() -> WsinspectApp:
    return WsinspectApp(FakeSource([[make_report(number, code=1000 + number % 7) for number in range(1, COUNT + 1)]]))


def assert_sorted(app: WsinspectApp, table: ConnectionTable) -> None:
    """By outcome and code, as the column `close` has it; equal ones by appearance."""
    rows = [app.store.row(index) for index in table.order.indexes]
    by_appearance = sorted(rows, key=lambda row: row.id)
    assert rows == sorted(
        by_appearance, key=lambda row: (row.outcome.value, row.code or 0), reverse=table.order.sorting.reverse
    )


async def test_the_list_stands_as_it_was_until_the_new_order_is_there(monkeypatch: pytest.MonkeyPatch) -> None:
    gate, sort = threading.Event(), Order.sorted

    def slow(self: Order, *arguments: Any) -> list[int]:
        assert gate.wait(30)
        return sort(self, *arguments)

    app = app_of()
    async with app.run_test(size=(120, 24)) as pilot:
        await loaded(pilot)
        table = app.screen.query_one(ConnectionTable)
        monkeypatch.setattr(Order, "sorted", slow)
        while table.sorting.column.id != "close":
            await pilot.press("o")
        assert table.is_sorting
        assert "sorting by" in screen_text(app)
        await pilot.press("down", "down")
        assert (table.cursor, table.current) == (2, 2)
        gate.set()
        await until(pilot, lambda: not table.is_sorting)
        assert table.current == 2  # the cursor stays on its connection
        assert_sorted(app, table)
        assert sorted(table.order.indexes) == list(range(COUNT))
        assert "sorting by" not in screen_text(app)


async def test_the_latest_wish_counts() -> None:
    app = app_of()
    async with app.run_test(size=(120, 24)) as pilot:
        await loaded(pilot)
        table = app.screen.query_one(ConnectionTable)
        while table.sorting.column.id != "close":
            await pilot.press("o")
        await pilot.press("O", "O", "O")
        wanted = table.sorting
        await until(pilot, lambda: not table.is_sorting)
        assert table.order.sorting == wanted
        assert_sorted(app, table)


async def test_a_filter_is_asked_beside_the_screens() -> None:
    app = app_of()
    async with app.run_test(size=(120, 24)) as pilot:
        await loaded(pilot)
        screen = app.screen
        assert isinstance(screen, ConnectionsScreen)
        screen.apply_filter("ws.close.code == 1003")
        assert screen.matching is not None
        found = [number - 1 for number in range(1, COUNT + 1) if number % 7 == 3]
        await until(pilot, lambda: screen.table.order.indexes == found)
        screen.apply_filter("")
        assert screen.table.order.indexes == list(range(COUNT))
