"""Follow mode and pause: when the list moves by itself, and when it must not."""

from driving import loaded, screen_text, until
from fakes import FakeSource, make_report
from textual.events import MouseScrollUp
from textual.pilot import Pilot

from wsinspect.report import model
from wsinspect.tui.app import WsinspectApp
from wsinspect.tui.connections.follow import Following
from wsinspect.tui.connections.screen import ConnectionTable


class Live(FakeSource):
    @property
    def live(self) -> bool:
        return True

    @property
    def size(self) -> int | None:
        return None


def reports(first: int, last: int) -> list[model.Connection]:
    return [make_report(number) for number in range(first, last + 1)]


def table_of(app: WsinspectApp) -> ConnectionTable:
    return app.screen.query_one(ConnectionTable)


async def give(pilot: Pilot[None], source: FakeSource, steps: int = 1) -> None:
    """Let the source bring more, and wait until the loader has told: it does so at the batch after."""
    for _ in range(steps):
        source.gate.release()
        await pilot.pause(0.15)


def live_source() -> Live:
    return Live([reports(1, 40), [], reports(41, 60), [], reports(61, 63), []], gated=True)


def test_news_are_counted_from_when_it_was_turned_off() -> None:
    following = Following(on=False)
    following.stop(3)
    assert following.news(10) is None  # it never was on
    following.start()
    assert following.news(10) is None
    following.stop(10)
    following.stop(12)  # is off already
    assert (following.news(15), following.news(5)) == (5, 0)


async def test_a_live_list_stays_at_the_newest_until_the_user_goes_elsewhere() -> None:
    source = live_source()
    app = WsinspectApp(source)
    async with app.run_test(size=(80, 24)) as pilot:
        await give(pilot, source, 2)
        await until(pilot, lambda: table_of(app).cursor == 39)
        assert "following" in screen_text(app)
        await pilot.press("up")
        assert "following" not in screen_text(app)
        await give(pilot, source, 2)
        await until(pilot, lambda: "20 new" in screen_text(app))
        assert table_of(app).cursor == 38
        await pilot.press("f")
        assert table_of(app).cursor == 59
        assert "new" not in screen_text(app).replace("newest", "")
        await give(pilot, source, 2)
        await until(pilot, lambda: table_of(app).cursor == 62)
        assert 62 in table_of(app).visible_lines()
        await pilot.press("f")
        assert "following" not in screen_text(app)
        source.gate.release(9)


async def test_a_file_is_not_followed_unless_asked() -> None:
    source = FakeSource([reports(1, 40), [], reports(41, 60), []], gated=True)
    app = WsinspectApp(source)
    async with app.run_test(size=(80, 24)) as pilot:
        await give(pilot, source, 2)
        await until(pilot, lambda: table_of(app).line_count == 40)
        assert table_of(app).cursor == 0
        assert "new" not in screen_text(app)
        await pilot.press("end")
        source.gate.release(9)
        await loaded(pilot)
        assert table_of(app).cursor == 59


async def test_the_wheel_and_the_scrollbar_turn_it_off() -> None:
    for way in ("wheel", "bar"):
        source = live_source()
        app = WsinspectApp(source)
        async with app.run_test(size=(80, 24)) as pilot:
            await give(pilot, source, 2)
            await until(pilot, lambda app=app: table_of(app).cursor == 39)  # type: ignore[misc]
            if way == "wheel":
                await pilot._post_mouse_events([MouseScrollUp], ConnectionTable, (5, 5))
            else:
                await pilot.click(table_of(app).vertical_scrollbar, offset=(0, 1))
            await pilot.pause()
            assert not table_of(app).following.on
            top = table_of(app).scroll_offset.y
            await give(pilot, source, 2)
            await until(pilot, lambda app=app: "20 new" in screen_text(app))  # type: ignore[misc]
            assert table_of(app).scroll_offset.y == top
            source.gate.release(9)


async def test_another_order_is_not_followed_and_f_goes_back_to_that_of_appearance() -> None:
    source = live_source()
    app = WsinspectApp(source)
    async with app.run_test(size=(80, 24)) as pilot:
        await give(pilot, source, 2)
        await until(pilot, lambda: table_of(app).cursor == 39)
        await pilot.press("O")
        assert not table_of(app).following.on
        await pilot.press("f")
        assert table_of(app).order.sorting.is_natural
        assert table_of(app).cursor == 39
        source.gate.release(9)


async def test_resizing_goes_on_following() -> None:
    source = live_source()
    app = WsinspectApp(source)
    async with app.run_test(size=(200, 60)) as pilot:
        await give(pilot, source, 2)
        await until(pilot, lambda: table_of(app).cursor == 39)
        for size in ((80, 24), (200, 60), (80, 24)):
            await pilot.resize_terminal(*size)
            await pilot.pause()
            assert table_of(app).following.on
            assert 39 in table_of(app).visible_lines()
        source.gate.release(9)


async def test_pause_lets_the_screen_stand_still() -> None:
    source = live_source()
    app = WsinspectApp(source)
    async with app.run_test(size=(80, 24)) as pilot:
        await give(pilot, source, 2)
        await until(pilot, lambda: table_of(app).cursor == 39)
        await pilot.press("p")
        assert "paused, 0 packets behind" in screen_text(app)
        await give(pilot, source, 2)  # the fake's packets are its steps
        await until(pilot, lambda: "paused, 2 packets behind" in screen_text(app))
        assert (table_of(app).line_count, table_of(app).cursor) == (40, 39)
        await pilot.press("p")
        assert (table_of(app).line_count, table_of(app).cursor) == (60, 59)
        assert "paused" not in screen_text(app)
        source.gate.release(9)


async def test_a_pause_over_the_end_of_loading() -> None:
    source = FakeSource([reports(1, 3), reports(4, 5)], gated=True)
    app = WsinspectApp(source)
    async with app.run_test(size=(80, 24)) as pilot:
        await pilot.press("p")
        source.gate.release(9)
        await loaded(pilot)
        assert table_of(app).line_count == 0
        await pilot.press("p")
        assert table_of(app).line_count == 5
        assert "5 connections" in screen_text(app)
