"""The screen of one connection: tabs, folds, jumps, neighbours."""

import threading

from driving import first_report, loaded, opened, screen_lines, screen_text, until
from fakes import FakeSource, Teller, make_report, make_violation
from textual.pilot import Pilot
from textual.widgets import ContentSwitcher

from wsinspect.errors import WsinspectError
from wsinspect.timeline import Timeline
from wsinspect.tui.app import WsinspectApp
from wsinspect.tui.connection.frames import FramesView
from wsinspect.tui.connection.screen import ConnectionScreen
from wsinspect.tui.connection.story_view import StoryView
from wsinspect.tui.connection.violations import ViolationsView
from wsinspect.tui.connections.screen import ConnectionsScreen, ConnectionTable
from wsinspect.websocket.frames import Opcode
from wsinspect.websocket.side import Side


def tell_of_many_frames(index: int) -> Timeline:
    """A greeting, two hundred texts of the server, a breach, a closing."""
    teller = Teller()
    teller.opening(f"/chat/{index}")
    teller.frame(Side.CLIENT, b'{"hello": [1, 2]}')
    for number in range(200):
        teller.frame(Side.SERVER, b"text %d" % number)
    broken = teller.frame(Side.CLIENT, b"\x00\xff", Opcode.BINARY, masked=False, masking_key=b"")
    teller.break_rule(broken)
    teller.wait(30)
    teller.closing(1001, b"bye")
    return teller.timeline


def source() -> FakeSource:
    reports = [make_report(number) for number in range(1, 4)]
    reports[0].violations.append(make_violation(frame=1, packet=206))
    reports[0].violations.append(make_violation("no-subprotocol-selected", severity="note", by="server", frame=None))
    return FakeSource([reports], tell=tell_of_many_frames)


async def open_first(pilot: Pilot[None]) -> ConnectionScreen:
    await loaded(pilot)
    await pilot.press("enter")
    return await opened(pilot)


async def test_enter_opens_and_escape_goes_back() -> None:
    app = WsinspectApp(source())
    async with app.run_test() as pilot:
        await loaded(pilot)
        await pilot.press("down", "enter")
        screen = await opened(pilot)
        assert screen.index == 1
        assert "#2" in screen_text(app)
        await pilot.press("escape")
        assert isinstance(app.screen, ConnectionsScreen)
        await pilot.press("enter")
        await opened(pilot)
        await pilot.press("backspace")
        assert isinstance(app.screen, ConnectionsScreen)


async def test_neighbours_follow_the_order_of_the_list() -> None:
    app = WsinspectApp(source())
    async with app.run_test() as pilot:
        await loaded(pilot)
        await pilot.press("O", "home", "enter")
        screen = await opened(pilot)
        assert screen.index == 2
        await pilot.press("right_square_bracket")
        await opened(pilot)
        assert screen.index == 1
        await pilot.press("left_square_bracket", "left_square_bracket")
        await opened(pilot)
        assert screen.index == 2
        await pilot.press("]")
        await opened(pilot)
        await pilot.press("escape")
        table = app.screen.query_one(ConnectionTable)
        assert table.row(table.cursor).id == 2


async def test_keys_and_clicks_change_the_tab() -> None:
    app = WsinspectApp(source())
    async with app.run_test() as pilot:
        screen = await open_first(pilot)
        switcher = screen.query_one(ContentSwitcher)
        for key, tab in (("2", "frames"), ("3", "handshake"), ("4", "violations"), ("1", "story")):
            await pilot.press(key)
            assert switcher.current == tab
            assert screen.focused is not None
        await pilot.click("TabBar", offset=(12, 0))
        assert switcher.current == "frames"


async def test_story_folds_and_unfolds() -> None:
    app = WsinspectApp(source())
    async with app.run_test() as pilot:
        screen = await open_first(pilot)
        story = screen.query_one(StoryView)
        assert story.line_count < 20
        text = screen_text(app)
        for part in ("SYN", "GET /chat/0", "101 Switching", "200 text", "E unmasked-client-frame", "30.0 s of silence",
                     'Close 1001 Going Away "bye"', "echo", "FIN"):  # fmt: skip
            assert part in text
        assert story.story is not None
        fold = next(place for place, step in enumerate(story.story.steps) if step.is_fold)
        before = story.line_count
        await pilot.press(*["down"] * fold, "enter")
        assert story.line_count == before + 200
        await pilot.press("down", "down", "left")
        assert story.line_count == before
        assert story.cursor == fold
        await pilot.press("right", "enter")
        assert story.line_count == before


async def test_a_click_unfolds_and_folds() -> None:
    app = WsinspectApp(source())
    async with app.run_test(size=(80, 40)) as pilot:
        screen = await open_first(pilot)
        story = screen.query_one(StoryView)
        assert story.story is not None
        fold = next(place for place, step in enumerate(story.story.steps) if step.is_fold)
        before = story.line_count
        await pilot.click(StoryView, offset=(30, story.title_lines + fold))
        assert story.line_count == before + 200
        await pilot.click(StoryView, offset=(30, story.title_lines + fold))
        assert story.line_count == before
        assert story.cursor == fold


async def test_enter_in_the_story_leads_to_the_frame_the_heads_the_rule() -> None:
    app = WsinspectApp(source())
    async with app.run_test() as pilot:
        screen = await open_first(pilot)
        await pilot.press("down", "down", "enter")
        assert screen.tab == "handshake"
        await pilot.press("1", "down", "down", "enter")
        assert screen.tab == "frames"
        assert screen.query_one(FramesView).table.cursor == 0
        story = screen.query_one(StoryView)
        await pilot.press("1")
        assert story.story is not None
        story.cursor = next(p for p, step in enumerate(story.story.steps) if step.kind.name == "VIOLATION")
        await pilot.press("enter")
        assert screen.tab == "violations"


async def test_a_violation_leads_to_its_frame() -> None:
    app = WsinspectApp(source())
    async with app.run_test() as pilot:
        screen = await open_first(pilot)
        await pilot.press("4")
        assert "What it means" in screen_text(app)
        await pilot.press("enter")
        assert screen.tab == "frames"
        table = screen.query_one(FramesView).table
        assert table.row(table.cursor).entry.header.number == 1
        assert table.row(table.cursor).severities == {"error"}
        await pilot.press("4", "down", "enter")
        assert screen.tab == "handshake"


async def test_violation_keys_in_the_frames() -> None:
    app = WsinspectApp(source())
    async with app.run_test() as pilot:
        screen = await open_first(pilot)
        await pilot.press("2", "greater_than_sign")
        assert screen.query_one(FramesView).table.cursor == 201
        await pilot.press("end", "less_than_sign", "greater_than_sign")
        assert screen.query_one(FramesView).table.cursor == 201


async def test_payload_views() -> None:
    app = WsinspectApp(source())
    async with app.run_test(size=(80, 40)) as pilot:
        await open_first(pilot)
        await pilot.press("2")
        text = screen_text(app)
        assert "[JSON]" in text
        assert '"hello": [' in text
        assert "opcode│MASK" in text
        await pilot.press("x")
        assert "[text]" in screen_text(app)
        assert "text, because the frame is a text frame" in screen_text(app)
        await pilot.press("x")
        assert "7b 22 68 65 6c 6c 6f 22" in screen_text(app)
        await pilot.press("x")
        assert "eyJoZWxsbyI6IFsxLCAyXX0=" in screen_text(app)
        await pilot.press("x")
        assert "81 91 01 02 03 04 7a 20" in screen_text(app)  # header, key, and the payload with its mask on
        await pilot.press("down")
        assert "81 06 74 65 78 74" in screen_text(app)  # the view stays


async def test_details_take_the_keyboard_and_the_screen() -> None:
    app = WsinspectApp(source())
    async with app.run_test() as pilot:
        screen = await open_first(pilot)
        await pilot.press("2", "enter")
        frames = screen.query_one(FramesView)
        assert screen.focused is frames.detail
        await pilot.press("z")
        assert frames.table.display is False
        await pilot.press("z")
        assert frames.table.display is True
        assert screen.focused is frames.table


async def test_details_stand_beside_the_list_where_there_is_room() -> None:
    app = WsinspectApp(source())
    async with app.run_test(size=(200, 60)) as pilot:
        screen = await open_first(pilot)
        await pilot.press("2")
        frames = screen.query_one(FramesView)
        assert frames.detail.region.x > frames.table.region.x
        await pilot.resize_terminal(80, 24)
        await pilot.pause()
        assert frames.detail.region.y > frames.table.region.y
        screen_lines(app)


async def test_more_packets_are_announced_and_shown_on_demand() -> None:
    fake = FakeSource([[make_report(1)], [make_report(2)]], tell=tell_of_many_frames, gated=True)
    app = WsinspectApp(fake)
    async with app.run_test() as pilot:
        fake.gate.release()
        await first_report(pilot)
        fake.gate.release()
        await until(pilot, lambda: len(app.store) == 2 and app.screen.query_one(ConnectionTable).line_count == 2)
        await pilot.press("enter")
        await opened(pilot)
        fake.change(0, make_report(1, code=1011))
        fake.gate.release()
        await loaded(pilot)
        assert "r shows them" in screen_text(app)
        await pilot.press("r")
        await until(pilot, lambda: fake.read_again == 2)
        assert "r shows them" not in screen_text(app)


async def test_a_capture_that_is_gone_is_a_sentence() -> None:
    def gone(index: int) -> Timeline:
        raise WsinspectError("tour.pcapng has changed", "open it again")

    app = WsinspectApp(FakeSource([[make_report(1)]], tell=gone))
    async with app.run_test() as pilot:
        await loaded(pilot)
        await pilot.press("enter")
        await until(pilot, lambda: "tour.pcapng has changed: open it again" in screen_text(app))


async def test_a_slow_connection_does_not_replace_the_next_one() -> None:
    gate = threading.Event()

    def slow(index: int) -> Timeline:
        if index == 0:
            gate.wait(10)
        return tell_of_many_frames(index)

    app = WsinspectApp(FakeSource([[make_report(1), make_report(2)]], tell=slow))
    async with app.run_test() as pilot:
        await loaded(pilot)
        await pilot.press("enter", "right_square_bracket")
        screen = await opened(pilot)
        gate.set()
        await pilot.pause(0.1)
        assert screen.opened is not None
        assert screen.opened.index == 1


async def test_going_back_before_it_is_open() -> None:
    gate = threading.Event()

    def slow(index: int) -> Timeline:
        gate.wait(10)
        return tell_of_many_frames(index)

    app = WsinspectApp(FakeSource([[make_report(1)]], tell=slow))
    async with app.run_test() as pilot:
        await loaded(pilot)
        await pilot.press("enter", "escape")
        gate.set()
        await pilot.pause(0.2)
        assert isinstance(app.screen, ConnectionsScreen)


async def test_nothing_was_captured_of_it() -> None:
    report = make_report(1, url=None, handshake=None, opened=None)
    app = WsinspectApp(FakeSource([[report]]))
    async with app.run_test() as pilot:
        screen = await open_first(pilot)
        for key in "1234":
            await pilot.press(key, "enter", "down", "x", "greater_than_sign")
        await pilot.press("3")
        assert "The request was not captured." in screen_text(app)
        await pilot.press("4")
        assert "No rule was broken" in screen_text(app)
        assert not screen.query_one(ViolationsView).table.display
