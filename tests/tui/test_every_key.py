"""Every key that `?` shows works, on every screen that a key leads to."""

from contextlib import closing
from pathlib import Path

import pytest
from driving import loaded, until
from textual.keys import _character_to_key
from textual.pilot import Pilot
from textual.screen import ModalScreen, Screen
from textual.widgets import Input

from wsinspect.settings.model import Settings
from wsinspect.settings.read import Loaded
from wsinspect.tui.app import WsinspectApp
from wsinspect.tui.connection.screen import ConnectionScreen
from wsinspect.tui.connections.filter_bar import FilterBar
from wsinspect.tui.connections.screen import ConnectionTable
from wsinspect.tui.help import HelpScreen, Key, keys_of
from wsinspect.tui.source import open_source

TOUR = Path(__file__).parents[2] / "captures" / "tour.pcapng"
LEAVING = {"quit", "interrupt", "help_quit"}
"""Actions that end the program; other tests are about those."""

TYPED = ["t", "e", "x", "t"]
WAYS = [
    [], ["slash", *TYPED], ["c"], ["v"], ["e"], ["y"], ["C"], ["question_mark"],
    ["ctrl+f"], ["ctrl+f", "ctrl+f", *TYPED, "enter"],
    ["enter"], ["enter", "2"], ["enter", "3"], ["enter", "4"], ["enter", "2", "w"],
    ["enter", "slash", *TYPED], ["enter", "slash", *TYPED, "enter"],
]  # fmt: skip


def made(folder: Path) -> tuple[WsinspectApp, closing]:  # type: ignore[type-arg]
    source = open_source(str(TOUR))
    return WsinspectApp(source, Loaded(Settings(), folder / "config.toml", exists=False)), closing(source)


async def go(pilot: Pilot[None], way: list[str]) -> None:
    """From the list along the keys of `way`, to a screen that has settled."""
    for key in way:
        await pilot.press(key)
        await settled(pilot)


async def settled(pilot: Pilot[None]) -> None:
    screen = pilot.app.screen
    if isinstance(screen, ConnectionScreen):
        await until(pilot, lambda: pilot.app.screen is not screen or screen.opened is not None)
    await pilot.pause()


def names(key: Key, screen: Screen[object]) -> list[str]:
    """The keys of an action, as pilot presses them."""
    return [
        active.binding.key
        for active in screen.active_bindings.values()
        if active.binding.action == key.action and not active.binding.key.startswith(("super+", "ctrl+c"))
    ]


@pytest.mark.parametrize("way", WAYS, ids="-".join)
async def test_every_key_in_the_help_does_its_action(
    way: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each key is pressed on the screen as it is at the end of `way`, and comes to the action that the help tells."""
    monkeypatch.chdir(tmp_path)  # whatever is exported
    app, source = made(tmp_path)
    ran: list[str] = []
    run_action = app.run_action

    async def record(action: object, *arguments: object, **more: object) -> bool:
        done = await run_action(action, *arguments, **more)  # type: ignore[arg-type]
        if done:
            ran.append(action if isinstance(action, str) else str(action))
        return done

    monkeypatch.setattr(app, "run_action", record)
    with source:
        async with app.run_test(size=(100, 40)) as pilot:
            await loaded(pilot)
            await go(pilot, way)
            place, focus = app.screen, app.screen.focused
            typing = isinstance(focus, Input)
            shown = [key for key in keys_of(place) if key.action.rpartition(".")[2] not in LEAVING]
            assert shown
            if not typing and not isinstance(place, ModalScreen):
                await pilot.press("question_mark")
                help_screen = app.screen
                assert isinstance(help_screen, HelpScreen)
                assert [key[:4] for key in help_screen.keys] == [key[:4] for key in keys_of(place)]
                await pilot.press("escape")
                assert app.screen is place
            for key in shown:
                for name in names(key, place):
                    if typing and is_letter(name):
                        continue
                    if app.screen is not place or place.focused is not focus:
                        await back_to(pilot, way)
                        place, focus = app.screen, app.screen.focused
                    ran.clear()
                    await pilot.press(name)
                    await settled(pilot)
                    assert key.action in ran, f"{name} does not do {key.action} on {place}"
                    assert app._exception is None


def is_letter(key: str) -> bool:
    """Whether it is written where somebody types."""
    return key in {_character_to_key(character) for character in map(chr, range(32, 127))}


async def back_to(pilot: Pilot[None], way: list[str]) -> None:
    """To the screen at the end of `way`, with the keyboard where it was."""
    while len(pilot.app.screen_stack) > 2:
        pilot.app.pop_screen()
        await pilot.pause()
    bar = pilot.app.screen.query_one(FilterBar)
    if bar.is_open:
        bar.edit()
        await pilot.press("escape")
    pilot.app.screen.query_one(ConnectionTable).focus()
    await go(pilot, way)


async def test_every_action_of_the_help_is_in_the_palette(tmp_path: Path) -> None:
    app, source = made(tmp_path)
    with source:
        async with app.run_test(size=(100, 40)) as pilot:
            await loaded(pilot)
            for way in ([], ["enter"]):
                await go(pilot, way)
                commands = {command.title for command in app.get_system_commands(app.screen)}
                assert {key.title for key in keys_of(app.screen)} <= commands
