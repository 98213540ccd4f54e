"""Small terminals, and lists with nothing in them: no screen breaks, and each says what there is."""

from contextlib import closing
from pathlib import Path

import pytest
from driving import loaded, screen_lines, screen_text, until

from wsinspect.tui.app import WsinspectApp
from wsinspect.tui.connections.screen import ConnectionsScreen
from wsinspect.tui.source import open_source

CAPTURES = Path(__file__).parents[2] / "captures"
WAYS = [
    [], ["c"], ["v"], ["slash", "w"], ["e"], ["y"], ["C"], ["question_mark"], ["ctrl+f", "x", "enter"], ["ctrl+p"],
    ["enter"], ["enter", "2"], ["enter", "2", "z"], ["enter", "3"], ["enter", "4"], ["enter", "slash", "x", "enter"],
]  # fmt: skip


@pytest.mark.parametrize(
    ("name", "size"),
    [("tour.pcapng", (40, 10)), ("situations/nothing.pcap", (40, 10)), ("situations/pings.pcap", (12, 4))],
)
async def test_every_screen_on_a_small_terminal(name: str, size: tuple[int, int]) -> None:
    with closing(open_source(str(CAPTURES / name))) as source:
        app = WsinspectApp(source)
        async with app.run_test(size=size) as pilot:
            await loaded(pilot)
            for way in WAYS:
                await pilot.press(*way)
                await pilot.pause()
                screen_lines(app)  # which measures them
                await pilot.resize_terminal(80, 24)
                await pilot.resize_terminal(*size)
                await until(pilot, lambda: len(app.screen._compositor.render_strips()) == size[1])
                screen_lines(app)
                while len(app.screen_stack) > 2:
                    app.pop_screen()
                    await pilot.pause()
                if way[:1] == ["slash"]:
                    await pilot.press("escape")
                assert app._exception is None


async def test_why_the_list_is_empty() -> None:
    with closing(open_source(str(CAPTURES / "situations" / "nothing.pcap"))) as source:
        app = WsinspectApp(source)
        async with app.run_test(size=(80, 24)) as pilot:
            await loaded(pilot)
            assert "No WebSocket was seen. Encrypted ones need --keylog; --all-tls lists any TLS." in screen_text(app)
            await pilot.press("c")
            assert "No WebSocket connection was seen." in screen_text(app)


async def test_a_filter_that_nothing_matches() -> None:
    with closing(open_source(str(CAPTURES / "situations" / "pings.pcap"))) as source:
        app = WsinspectApp(source)
        async with app.run_test(size=(80, 24)) as pilot:
            await loaded(pilot)
            screen = app.screen
            assert isinstance(screen, ConnectionsScreen)
            for text in ("ws.id == 9", "frame.number == 9999"):  # the second one takes a look at the packets
                screen.apply_filter(text)
                await until(pilot, lambda: "No connection matches the filter." in screen_text(app))
                screen.apply_filter("")
                await pilot.pause()
                assert "No connection matches" not in screen_text(app)


async def test_all_of_the_help_can_be_read() -> None:
    with closing(open_source(str(CAPTURES / "situations" / "pings.pcap"))) as source:
        app = WsinspectApp(source)
        async with app.run_test(size=(80, 24)) as pilot:
            await loaded(pilot)
            await pilot.press("question_mark")
            await until(pilot, lambda: "Open" in screen_text(app))
            assert "broken rules: E errors, W warnings, N notes" not in screen_text(app)
            await pilot.press("end")
            await until(pilot, lambda: "broken rules: E errors, W warnings, N notes" in screen_text(app))
