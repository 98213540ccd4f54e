"""The columns of the list: from the settings, and chosen on the screen."""

from pathlib import Path

from driving import loaded, screen_lines, screen_text, until
from fakes import FakeSource, make_report

from wsinspect.settings.model import DEFAULT_COLUMNS, Settings
from wsinspect.settings.read import Loaded, load_settings
from wsinspect.tui.app import WsinspectApp
from wsinspect.tui.connections.column_chooser import ColumnChooser
from wsinspect.tui.connections.columns import COLUMNS
from wsinspect.tui.connections.screen import ConnectionsScreen, ConnectionTable


def made(tmp_path: Path, **settings: object) -> WsinspectApp:
    loaded = Loaded(Settings(**settings), tmp_path / "config.toml", exists=False)  # type: ignore[arg-type]
    return WsinspectApp(FakeSource([[make_report(1), make_report(2)]]), loaded)


def shown(app: WsinspectApp) -> list[str]:
    screen = next(screen for screen in app.screen_stack if isinstance(screen, ConnectionsScreen))
    return [column.id for column in screen.query_one(ConnectionTable).columns]


def test_the_settings_know_every_column() -> None:
    assert tuple(column.id for column in COLUMNS) == DEFAULT_COLUMNS


async def test_columns_of_the_settings(tmp_path: Path) -> None:
    app = made(tmp_path, columns=("close", "id", "host"))
    async with app.run_test(size=(80, 24)) as pilot:
        await loaded(pilot)
        titles = next(line for line in screen_lines(app) if "close " in line and "host" in line)
        assert titles.split() == ["close", "#▲", "host"]
        await pilot.press("o")  # a column that is not shown is not sorted by
        assert app.screen.query_one(ConnectionTable).order.sorting.column.id == "host"


async def test_chosen_by_keys(tmp_path: Path) -> None:
    app = made(tmp_path, columns=("id", "url", "close"))
    async with app.run_test(size=(80, 24)) as pilot:
        await loaded(pilot)
        await pilot.press("C")
        assert isinstance(app.screen, ColumnChooser)
        await pilot.press("J")  # id behind url
        assert shown(app) == ["url", "id", "close"]
        await pilot.press("space")
        assert shown(app) == ["url", "close"]
        await pilot.press("end", "enter")  # the last one that was not shown
        assert shown(app) == ["url", "close", "flags"]
        await pilot.press("K", "home", "K")
        assert shown(app) == ["url", "close", "flags"]
        await pilot.press("escape")
        assert "flags" in screen_text(app)


async def test_chosen_with_the_mouse(tmp_path: Path) -> None:
    app = made(tmp_path, columns=("id", "url", "close"))
    async with app.run_test(size=(80, 24)) as pilot:
        await loaded(pilot)
        await pilot.press("C")
        lines = screen_lines(app)
        row = next(number for number, line in enumerate(lines) if "path and query" in line)
        x = lines[row].index("[x]")
        await pilot.click(offset=(x + 5, row))
        assert shown(app) == ["url", "id", "close"]
        await pilot.click(offset=(x + 7, row - 1))
        assert shown(app) == ["id", "url", "close"]
        await pilot.click(offset=(x + 1, row))
        assert shown(app) == ["id", "close"]


async def test_one_column_stays(tmp_path: Path) -> None:
    app = made(tmp_path, columns=("id",))
    async with app.run_test(size=(80, 24)) as pilot:
        await loaded(pilot)
        await pilot.press("C", "space")
        assert shown(app) == ["id"]


async def test_saved_when_asked(tmp_path: Path) -> None:
    app = made(tmp_path, columns=("id", "url"))
    async with app.run_test(size=(80, 24), notifications=True) as pilot:
        await loaded(pilot)
        await pilot.press("C", "J")
        assert not (tmp_path / "config.toml").exists()
        await pilot.press("s")
        await until(pilot, lambda: "Saved in" in screen_text(app))
    assert load_settings(str(tmp_path / "config.toml")).settings.columns == ("url", "id")


async def test_what_cannot_be_saved_is_said(tmp_path: Path) -> None:
    (tmp_path / "config.toml").write_text("[/bold] = [")
    app = made(tmp_path)
    async with app.run_test(size=(120, 40), notifications=True) as pilot:
        await loaded(pilot)
        await pilot.press("C", "s")
        await until(pilot, lambda: "is no TOML" in screen_text(app))
