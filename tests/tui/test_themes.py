"""Every theme can be read, and none needs colour to be understood."""

import re
from contextlib import closing
from pathlib import Path

import pytest
from driving import loaded, opened, screen_text
from fakes import FakeSource, make_report
from textual.app import App
from textual.color import Color
from textual.style import Style

from wsinspect.errors import WsinspectError
from wsinspect.settings.model import Settings
from wsinspect.settings.read import Loaded, load_settings
from wsinspect.tui.app import WsinspectApp
from wsinspect.tui.source import open_source
from wsinspect.tui.themes import INK_NAMES, THEMES

TOUR = Path(__file__).parents[2] / "captures" / "tour.pcapng"


def made(theme: str) -> WsinspectApp:
    return WsinspectApp(FakeSource([[make_report(1), make_report(2)]]), with_settings(theme=theme))


def with_settings(**settings: object) -> Loaded:
    return Loaded(Settings(**settings), Path("/nowhere"), exists=False)  # type: ignore[arg-type]


def luminance(color: Color) -> float:
    """Relative luminance, WCAG 2.1."""
    channels = [part / 255 for part in color.rgb]
    red, green, blue = (part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in channels)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def contrast(one: Color, other: Color) -> float:
    light, dark = sorted((luminance(one), luminance(other)), reverse=True)
    return (light + 0.05) / (dark + 0.05)


def test_contrast_is_that_of_the_standard() -> None:
    assert contrast(Color.parse("#777777"), Color.parse("#ffffff")) == pytest.approx(4.478, abs=0.001)


@pytest.mark.parametrize(("theme", "least"), [("dark", 4.5), ("light", 4.5), ("high-contrast", 7.0)])
def test_every_ink_can_be_read_wherever_it_stands(theme: str, least: float) -> None:
    variables = made(theme).get_css_variables()
    grounds = [Color.parse(variables[name]) for name in ("background", "surface", "panel", "cursor", "cursor-focused")]
    for ink in INK_NAMES:
        style = Style.parse(variables[f"ink-{ink}"], {})
        assert style.foreground is not None
        for ground in [style.background] if style.background else grounds:
            assert contrast(style.foreground, ground) >= least, (ink, ground.hex)
    assert contrast(Color.parse(variables["footer-key-foreground"]), Color.parse(variables["panel"])) >= least


@pytest.mark.parametrize("size", [(80, 24), (200, 60)])
@pytest.mark.parametrize("theme", ["dark", "light", "high-contrast"])
async def test_everything_on_the_screen_can_be_read(theme: str, size: tuple[int, int]) -> None:
    """Whatever brings its own colours, as Textual's footer does, is measured as well. Lines are no text."""
    least = 7.0 if theme == "high-contrast" else 4.5
    with closing(open_source(str(TOUR))) as source:
        app = WsinspectApp(source, with_settings(theme=theme))
        async with app.run_test(size=size) as pilot:
            await loaded(pilot)
            assert weak_texts(app, least) == set()
            await pilot.press("enter")
            screen = await opened(pilot)
            for tab in range(4):
                screen.action_tab(tab)
                await pilot.pause()
                assert weak_texts(app, least) == set()
            await pilot.press("question_mark")
            await pilot.pause()
            box = app.screen.query_one("#help").region  # what lies below it is dimmed on purpose
            assert weak_texts(app, least, box.y, box.bottom, box.x, box.right) == set()


def weak_texts(
    app: App[None], least: float, top: int = 0, bottom: int = 999, left: int = 0, right: int = 999
) -> set[tuple[str, float]]:
    """Words on the screen that stand out too little."""
    weak = set()
    for strip in app.screen._compositor.render_strips()[top:bottom]:
        for text, style, _ in strip.crop(left, min(right, strip.cell_length)):
            if not re.search(r"\w", text) or style is None or style.color is None or style.bgcolor is None:
                continue
            value = contrast(Color.from_rich_color(style.color), Color.from_rich_color(style.bgcolor))
            if value < least:
                weak.add((text.strip(), round(value, 1)))
    return weak


async def test_switching_on_the_fly() -> None:
    app = made("dark")
    async with app.run_test(size=(80, 24)) as pilot:
        await loaded(pilot)
        seen = set()
        for theme in ("light", "high-contrast", "terminal", "dark"):
            await pilot.press("ctrl+t")
            await pilot.pause()
            assert app.theme == theme
            strip = app.screen._compositor.render_strips()[0]
            seen.add(tuple(str(style) for _, style, _ in strip))
        assert len(seen) == 4
        assert set(app.available_themes) == {theme.name for theme in THEMES}


async def test_no_color_means_none(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NO_COLOR", "1")
    with closing(open_source(str(TOUR))) as source:
        app = WsinspectApp(source, with_settings(theme="dark"))
        async with app.run_test(size=(80, 24)) as pilot:
            await loaded(pilot)
            for way in ([], ["enter"], ["2"], ["question_mark"]):
                await pilot.press(*way)
                await pilot.pause()
                assert colours(app) == set()


def colours(app: App[None]) -> set[str]:
    found = set()
    for strip in app.screen._compositor.render_strips():
        for _, style, _ in strip:
            if style is not None:
                found |= {colour.name for colour in (style.color, style.bgcolor) if colour is not None}
    return found - {"default"}


@pytest.mark.parametrize("environment", [{"NO_COLOR": "1"}, {"TERM": "dumb"}, {"TERM": "linux", "COLORTERM": ""}])
async def test_the_cursor_is_seen_without_colour(environment: dict[str, str], monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    app = made("auto")
    async with app.run_test(size=(80, 24)) as pilot:
        await loaded(pilot)
        await pilot.pause()
        assert app.theme == "terminal"
        reversed_lines = [
            "".join(segment.text for segment in strip)
            for strip in app.screen._compositor.render_strips()
            if any(style is not None and style.reverse and "chat" in text for text, style, _ in strip)
        ]
        assert len(reversed_lines) == 1
        assert "/chat/1" in reversed_lines[0]
        assert app.console.color_system in ("standard", "256", "truecolor")


def test_the_theme_that_fits_the_terminal(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLORTERM", "truecolor")
    monkeypatch.setenv("TERM", "xterm-256color")
    assert made("auto").theme == "dark"
    assert made("light").theme == "light"
    monkeypatch.setenv("COLORTERM", "")
    monkeypatch.setenv("TERM", "linux")
    assert made("auto").theme == "terminal"


async def test_a_colour_of_the_users() -> None:
    app = WsinspectApp(FakeSource([[make_report(1, code=1006)]]), with_settings(colours={"abnormal": "#010203"}))
    async with app.run_test(size=(80, 24)) as pilot:
        await loaded(pilot)
        assert "#010203" in colours(app)
        assert "1006" in screen_text(app)


def test_what_is_no_colour(tmp_path: Path) -> None:
    (tmp_path / "my.toml").write_text('\n[colours]\nerror = "bold rde"\n')
    with pytest.raises(WsinspectError, match="line 3: 'bold rde' is no colour"):
        WsinspectApp(FakeSource([]), load_settings(str(tmp_path / "my.toml")))
