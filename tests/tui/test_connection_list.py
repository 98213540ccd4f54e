"""The list of connections: loading, sorting, the cursor."""

import pytest
from driving import first_report, loaded, screen_lines, screen_text, until
from fakes import FakeSource, make_report, make_violation

from wsinspect.report import model
from wsinspect.tui.app import WsinspectApp
from wsinspect.tui.connections.screen import ConnectionsScreen, ConnectionTable

SIZES = [(80, 24), (200, 60)]


def table_of(app: WsinspectApp) -> ConnectionTable:
    return app.screen.query_one(ConnectionTable)


def ids(app: WsinspectApp) -> list[int]:
    table = table_of(app)
    return [table.row(place).id for place in range(table.line_count)]


async def test_rows_come_while_the_source_is_being_read() -> None:
    source = FakeSource([[make_report(1), make_report(2)], [make_report(3)]], gated=True)
    app = WsinspectApp(source)
    async with app.run_test() as pilot:
        assert table_of(app).line_count == 0
        source.gate.release()
        await first_report(pilot)
        source.gate.release()
        await until(pilot, lambda: table_of(app).line_count == 3)
        assert not app.progress.done
        assert "100%" in screen_text(app)
        source.gate.release()
        await loaded(pilot)
        assert "Esc stops" not in screen_text(app)


async def test_escape_stops_reading_and_keeps_what_was_read() -> None:
    source = FakeSource([[make_report(1)]] + [[make_report(number)] for number in range(2, 50)], gated=True)
    app = WsinspectApp(source)
    async with app.run_test() as pilot:
        source.gate.release()
        await pilot.press("escape")
        source.gate.release()
        await loaded(pilot)
        assert app.progress.cancelled
        assert 1 <= table_of(app).line_count <= 2
        assert "reading stopped" in screen_text(app)


async def test_header_adds_up() -> None:
    reports = [
        make_report(1, violations=[make_violation(), make_violation("rsv-bits-set", severity="warning")]),
        make_report(2, code=1006),
        make_report(3, code=1006),
        make_report(4, state="open", close=model.Close(None, None, None, None, None, "Still open.", [])),
    ]
    app = WsinspectApp(FakeSource([reports]))
    async with app.run_test() as pilot:
        await loaded(pilot)
        text = screen_text(app)
    for part in ("fake.pcap", "4 connections", "1 open", "1006 ×2", "1000 ×1", "1E", "1W"):
        assert part in text


async def test_totals_follow_a_connection_that_changes() -> None:
    still_open = make_report(1, state="open", close=model.Close(None, None, None, None, None, "Still open.", []))
    source = FakeSource([[still_open], []], gated=True)
    app = WsinspectApp(source)
    async with app.run_test() as pilot:
        source.gate.release()
        # Not as soon as the row is there: who shows it, in another thread, notes its revision only then.
        await until(pilot, lambda: app.store.revision(0) == 0)
        source.change(0, make_report(1, code=1011))
        source.gate.release(2)
        # The row changes before the totals do, in another thread, and the screen after both.
        await until(pilot, lambda: "1011 Internal Error" in screen_text(app))
        assert dict(app.store.totals.closes) == {1011: 1}
        assert app.store.totals.outcomes["open"] == 0


@pytest.mark.parametrize(
    ("keys", "line"),
    [
        (["down", "down"], 2),
        (["j", "j", "k"], 1),
        (["end"], 99),
        (["G", "home"], 0),
        (["G", "g"], 0),
        (["pagedown"], 20),
        (["pagedown", "pagedown", "pageup"], 20),
        (["up"], 0),
    ],
)
async def test_keys_move_the_cursor(keys: list[str], line: int) -> None:
    app = WsinspectApp(FakeSource([[make_report(number) for number in range(1, 101)]]))
    async with app.run_test(size=(80, 24)) as pilot:
        await loaded(pilot)
        await pilot.press(*keys)
        assert table_of(app).cursor == line
        assert line in table_of(app).visible_lines()


async def test_sorting_by_key_and_by_title() -> None:
    reports = [make_report(1, code=1006), make_report(2, code=4001), make_report(3, code=1000)]
    app = WsinspectApp(FakeSource([reports]))
    async with app.run_test(size=(200, 60)) as pilot:
        await loaded(pilot)
        await pilot.press("O")
        assert ids(app) == [3, 2, 1]
        await pilot.press("O", "o")
        assert table_of(app).order.sorting.column.id == "time"
        titles = screen_lines(app)[2]
        await pilot.click(ConnectionTable, offset=(titles.index("close") + 1, 0))
        assert ids(app) == [1, 2, 3]  # by outcome (abnormal, clean), then by code
        await pilot.click(ConnectionTable, offset=(titles.index("close") + 1, 0))
        assert ids(app) == [3, 2, 1]


async def test_every_column_sorts() -> None:
    reports = [make_report(number, code=1000 + number % 3) for number in range(1, 40)]
    reports.append(make_report(40, client=model.Endpoint("2001:db8::7", 1234), url=None))
    app = WsinspectApp(FakeSource([reports]))
    async with app.run_test(size=(200, 60)) as pilot:
        await loaded(pilot)
        seen = set()
        for _ in range(len(table_of(app).columns)):
            await pilot.press("o")
            seen.add(table_of(app).order.sorting.column.id)
            assert sorted(ids(app)) == list(range(1, 41))
        assert seen == {column.id for column in table_of(app).columns if column.key}


async def test_addresses_sort_as_numbers() -> None:
    hosts = ["10.0.0.10", "10.0.0.9", "9.255.0.1"]
    app = WsinspectApp(FakeSource([[make_report(n, client=model.Endpoint(h, 1)) for n, h in enumerate(hosts, 1)]]))
    async with app.run_test(size=(80, 24)) as pilot:
        await loaded(pilot)
        await pilot.press("o", "o")
        assert table_of(app).order.sorting.column.id == "client"
        assert ids(app) == [3, 2, 1]


async def test_cursor_stays_on_its_connection() -> None:
    first = [make_report(number) for number in range(1, 61)]
    source = FakeSource([first, [make_report(number) for number in range(61, 71)]], gated=True)
    app = WsinspectApp(source)
    async with app.run_test(size=(80, 24)) as pilot:
        source.gate.release()
        await first_report(pilot)
        source.gate.release()
        await until(pilot, lambda: table_of(app).line_count == 70)
        await pilot.press("down", "down", "O")
        table = table_of(app)
        assert table.row(table.cursor).id == 3
        assert table.cursor in table.visible_lines()
        source.gate.release()
        await loaded(pilot)
        assert table.row(table.cursor).id == 3


async def test_new_connections_are_sorted_in() -> None:
    source = FakeSource([[make_report(1), make_report(2)], [make_report(3)]], gated=True)
    app = WsinspectApp(source)
    async with app.run_test() as pilot:
        source.gate.release()
        await first_report(pilot)
        source.gate.release()
        await until(pilot, lambda: table_of(app).line_count == 3)
        await pilot.press("O")
        source.gate.release()
        await loaded(pilot)
        assert ids(app) == [3, 2, 1]


@pytest.mark.parametrize("size", SIZES)
async def test_columns_fit_the_width(size: tuple[int, int]) -> None:
    app = WsinspectApp(FakeSource([[make_report(number) for number in range(1, 101)]]))
    async with app.run_test(size=size) as pilot:
        await loaded(pilot)
        lines = screen_lines(app)
        table = table_of(app)
        layout = table.layout_for(table.line_width)
    names = [column.id for column, _ in layout]
    assert sum(width + 1 for _, width in layout) - 1 <= size[0]
    assert {"mark", "id", "time", "url", "close", "flags"} <= set(names)
    if size[0] == 200:
        assert names == [column.id for column in table.columns]
    assert "1000 Normal" in lines[5]


async def test_resizing_keeps_the_cursor_in_view() -> None:
    app = WsinspectApp(FakeSource([[make_report(number) for number in range(1, 101)]]))
    async with app.run_test(size=(200, 60)) as pilot:
        await loaded(pilot)
        await pilot.press(*["down"] * 40)
        await pilot.resize_terminal(80, 24)
        await pilot.pause()
        assert table_of(app).cursor == 40
        assert 40 in table_of(app).visible_lines()
        screen_lines(app)


async def test_mouse() -> None:
    app = WsinspectApp(FakeSource([[make_report(number) for number in range(1, 101)]]))
    async with app.run_test(size=(80, 24)) as pilot:
        await loaded(pilot)
        await pilot.click(ConnectionTable, offset=(5, 4))
        assert table_of(app).cursor == 3
        await pilot.double_click(ConnectionTable, offset=(5, 6))
        await until(pilot, lambda: not isinstance(app.screen, ConnectionsScreen))


async def test_quitting_does_not_wait_for_the_source() -> None:
    app = WsinspectApp(FakeSource([[make_report(1)]], gated=True))
    async with app.run_test() as pilot:
        await pilot.press("q")
        await until(pilot, lambda: app._exit)


async def test_leaving_while_much_is_being_read() -> None:
    for wait in (0.0, 0.05, 0.3):
        steps = [[make_report(number)] for number in range(1, 3000)]
        app = WsinspectApp(FakeSource(steps))
        async with app.run_test() as pilot:
            await pilot.pause(wait)


async def test_a_capture_that_is_read_at_once() -> None:
    app = WsinspectApp(FakeSource([[make_report(1)]]))
    async with app.run_test() as pilot:
        await until(pilot, lambda: "1 connection" in screen_text(app))
        assert "Esc stops" not in screen_text(app)


async def test_a_live_capture_says_so() -> None:
    class Live(FakeSource):
        size = None
        dropped = 3

        @property
        def live(self) -> bool:
            return True

    source = Live([[make_report(1)], [make_report(2)]], gated=True)
    app = WsinspectApp(source)
    async with app.run_test() as pilot:
        source.gate.release()
        await first_report(pilot)
        source.gate.release()
        await until(pilot, lambda: table_of(app).line_count == 2)
        text = screen_text(app)
        assert "● LIVE 00:00:0" in text
        assert "3 dropped" in text
        assert "kB/s" not in text
        source.gate.release()
        await loaded(pilot)


async def test_problems_that_show_up_late_have_room() -> None:
    source = FakeSource([[make_report(1)], [make_report(2)]], gated=True)
    app = WsinspectApp(source)
    async with app.run_test() as pilot:
        source.gate.release()
        await first_report(pilot)
        source.gate.release()
        await until(pilot, lambda: table_of(app).line_count == 2)
        source.problems += ["one", "two", "three"]
        source.gate.release()
        await loaded(pilot)
        text = screen_text(app)
        for part in ("▲ one", "▲ two", "▲ three", "closes"):
            assert part in text


async def test_how_it_failed() -> None:
    failed = make_report(1, state="failed", handshake=model.Handshake(403, 4, 6, 0.1))
    reset = model.Close(None, None, None, model.TcpEnd("rst", "client", 9, 0.0), None, "", [])
    silent = make_report(2, state="failed", handshake=model.Handshake(None, 4, None, None), close=reset)
    strange = make_report(3, state="failed", handshake=model.Handshake(799, 4, 6, 0.1))
    refused = make_report(4, state="failed")
    app = WsinspectApp(FakeSource([[failed, silent, strange, refused]]))
    async with app.run_test(size=(200, 60)) as pilot:
        await loaded(pilot)
        text = screen_text(app)
    for part in ("HTTP 403 Forbidden", "no answer · RST by client", "HTTP 799", "101 not accepted", "failed ×4"):
        assert part in text


async def test_problems_of_the_capture_are_told() -> None:
    source = FakeSource([[make_report(1)]])
    source.problems.append("truncated after packet 5120")
    app = WsinspectApp(source)
    async with app.run_test() as pilot:
        await loaded(pilot)
        assert "truncated after packet 5120" in screen_text(app)


async def test_an_error_of_ours_is_not_hidden() -> None:
    class Broken(FakeSource):
        def feed(self, packets: list[object]) -> list[int]:  # type: ignore[override]
            raise ZeroDivisionError("ours")

    with pytest.raises(ZeroDivisionError):
        async with WsinspectApp(Broken([[make_report(1)]])).run_test() as pilot:
            await pilot.pause(0.5)
