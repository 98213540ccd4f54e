"""Keys from the settings."""

from pathlib import Path

import pytest
from driving import loaded, opened, screen_text
from fakes import FakeSource, make_report

from wsinspect.errors import WsinspectError
from wsinspect.settings.model import Settings
from wsinspect.settings.read import Loaded, load_settings
from wsinspect.tui.app import WsinspectApp
from wsinspect.tui.connections.screen import ConnectionTable
from wsinspect.tui.help import keys_of
from wsinspect.tui.keys import usual_keys


def made(**keys: str) -> WsinspectApp:
    settings = Loaded(Settings(keys=keys), Path("/nowhere"), exists=False)
    return WsinspectApp(FakeSource([[make_report(number) for number in range(1, 10)]]), settings)


async def test_an_action_gets_other_keys_in_place_of_the_usual_ones() -> None:
    app = made(sort_reverse="f5", line_down="ctrl+n, w", back="f8")
    async with app.run_test(size=(100, 40)) as pilot:
        await loaded(pilot)
        table = app.screen.query_one(ConnectionTable)
        await pilot.press("w", "ctrl+n", "down", "j")
        assert table.cursor == 2
        await pilot.press("O")
        assert table.order.sorting.is_natural
        await pilot.press("f5")
        assert not table.order.sorting.is_natural
        shown = {key.action: key.keys for key in keys_of(app.screen)}
        assert shown["sort_reverse"] == "f5"
        await pilot.press("question_mark")
        assert "f5" in screen_text(app)
        await pilot.press("escape", "enter")
        await opened(pilot)
        await pilot.press("f8")
        assert app.screen.query(ConnectionTable)


async def test_without_settings_keys_are_as_usual() -> None:
    app = made()
    async with app.run_test(size=(100, 40)) as pilot:
        await loaded(pilot)
        await pilot.press("down", "j")
        assert app.screen.query_one(ConnectionTable).cursor == 2


def test_every_action_has_a_name() -> None:
    usual = usual_keys()
    assert usual["sort_next"] == "o"
    assert usual["line_down"] == "down,j"
    assert usual["tab(0)"] == "1"


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ('sort_nxt = "f5"', "line 2: there is no action 'sort_nxt': did you mean sort_next?"),
        ('sort_next = "strg+x"', "line 2: 'strg+x' is no key: expected: as f5, ctrl+n, space, or one character"),
        ('sort_next = "f5,,"', "line 2: '' is no key"),
        ('sort_next = "escpe"', "line 2: 'escpe' is no key"),
    ],
)
def test_what_is_no_key(text: str, said: str, tmp_path: Path) -> None:
    (tmp_path / "my.toml").write_text(f"[keys]\n{text}\n")
    with pytest.raises(WsinspectError) as error:
        WsinspectApp(FakeSource([]), load_settings(str(tmp_path / "my.toml")))
    assert said in str(error.value)


@pytest.mark.parametrize("key", ["f5", "ctrl+f5", "space", "a", "ä", "?", "+", "shift+up", "left_square_bracket"])
def test_what_is_a_key(key: str) -> None:
    made(sort_next=key)
