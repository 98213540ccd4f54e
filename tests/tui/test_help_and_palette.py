"""Help and palette know every key, because they ask the bindings."""

import pytest
from driving import loaded, opened, screen_text
from fakes import FakeSource, make_report

from wsinspect.tui.app import WsinspectApp
from wsinspect.tui.help import HelpScreen, keys_of


@pytest.mark.parametrize("way", [[], ["enter"], ["enter", "2"], ["enter", "2", "enter"], ["enter", "4"]])
async def test_help_shows_every_binding_of_the_screen(way: list[str]) -> None:
    app = WsinspectApp(FakeSource([[make_report(1)]]))
    async with app.run_test(size=(100, 60)) as pilot:
        await loaded(pilot)
        await pilot.press(*way)
        if way:
            await opened(pilot)
        bound = {
            active.binding.action for key, active in app.screen.active_bindings.items() if not key.startswith("super+")
        }
        await pilot.press("question_mark")
        screen = app.screen
        assert isinstance(screen, HelpScreen)
        assert {key.action for key in screen.keys} == bound
        text = screen_text(app)
        for key in screen.keys:
            assert key.keys in text
            assert key.does
            assert key.does[:40] in text
        await pilot.press("escape")
        assert not isinstance(app.screen, HelpScreen)


async def test_keys_of_one_action_stand_together() -> None:
    app = WsinspectApp(FakeSource([[make_report(1)]]))
    async with app.run_test() as pilot:
        await loaded(pilot)
        keys = {key.action: key.keys for key in keys_of(app.screen)}
        assert keys["line_down"] == "↓ j"
        assert keys["help"] == "?"


async def test_the_list_explains_its_columns() -> None:
    app = WsinspectApp(FakeSource([[make_report(1)]]))
    async with app.run_test(size=(100, 60)) as pilot:
        await loaded(pilot)
        await pilot.press("question_mark")
        assert "median time from ping to pong" in screen_text(app)


async def test_palette_does_what_keys_do() -> None:
    app = WsinspectApp(FakeSource([[make_report(1)]]))
    async with app.run_test(size=(100, 60)) as pilot:
        await loaded(pilot)
        titles = {command.title for command in app.get_system_commands(app.screen)}
        assert {"Sort", "Reverse", "Help", "Quit", "Theme", "Open"} <= titles
        await pilot.press("ctrl+p")
        await pilot.press(*"Open")
        await pilot.pause(0.5)
        await pilot.press("enter")
        await opened(pilot)


async def test_nothing_can_be_stopped_after_loading() -> None:
    app = WsinspectApp(FakeSource([[make_report(1)]]))
    async with app.run_test() as pilot:
        await loaded(pilot)
        assert "stop_loading" not in {key.action for key in keys_of(app.screen)}
