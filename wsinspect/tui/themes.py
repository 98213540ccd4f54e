"""The colours: each theme names one for every ink, so that contrast can be checked and the user can change any."""

from collections.abc import Mapping
from typing import Final

from rich.console import Console
from textual.style import Style
from textual.theme import BUILTIN_THEMES, Theme

from wsinspect.settings.read import Loaded
from wsinspect.settings.validate import Misfit

_DARK: Final = {
    "text": "#e0e0e0", "strong": "bold #f2f2f2", "muted": "#b0b0b0", "faint": "#9a9a9a",
    "title": "bold #7cc0ff", "accent": "#7cc0ff", "client": "#7cc0ff", "server": "#7fd89a",
    "clean": "#b0b0b0", "abnormal": "#ffb454", "failed": "#ff8f9c", "open": "#7fd89a", "good": "#7fd89a",
    "error": "bold #ff8f9c", "warning": "#ffb454", "note": "#7cc0ff", "tab": "bold #ffffff on #16466f",
    "match": "bold reverse #ffb454",
}  # fmt: skip
_LIGHT: Final = {
    "text": "#1c1c1c", "strong": "bold #000000", "muted": "#474747", "faint": "#585858",
    "title": "bold #0a4a94", "accent": "#0a4a94", "client": "#0a4a94", "server": "#0a5c28",
    "clean": "#474747", "abnormal": "#7a4000", "failed": "#a50022", "open": "#0a5c28", "good": "#0a5c28",
    "error": "bold #a50022", "warning": "#7a4000", "note": "#0a4a94", "tab": "bold #ffffff on #0a4a94",
    "match": "bold reverse #7a4000",
}  # fmt: skip
_HIGH_CONTRAST: Final = {
    "text": "#ffffff", "strong": "bold #ffffff", "muted": "#e0e0e0", "faint": "#cccccc",
    "title": "bold #9fd8ff", "accent": "#9fd8ff", "client": "#9fd8ff", "server": "#7dffa0",
    "clean": "#e0e0e0", "abnormal": "#ffd24d", "failed": "#ffb0b8", "open": "#7dffa0", "good": "#7dffa0",
    "error": "bold #ffb0b8", "warning": "#ffd24d", "note": "#9fd8ff", "tab": "bold #000000 on #ffffff",
    "match": "bold reverse #ffd24d",
}  # fmt: skip
_TERMINAL: Final = {
    "text": "ansi_default", "strong": "bold", "muted": "ansi_default", "faint": "dim",
    "title": "bold ansi_blue", "accent": "ansi_blue", "client": "ansi_cyan", "server": "ansi_green",
    "clean": "ansi_default", "abnormal": "ansi_yellow", "failed": "ansi_red", "open": "ansi_green",
    "good": "ansi_green", "error": "bold ansi_red", "warning": "ansi_yellow", "note": "ansi_cyan",
    "tab": "bold reverse", "match": "bold reverse",
}  # fmt: skip

INK_NAMES: Final = tuple(_DARK)


def _variables(inks: Mapping[str, str], cursor: str, focused: str) -> dict[str, str]:
    return {
        **{f"ink-{name}": style for name, style in inks.items()},
        "cursor": cursor,
        "cursor-focused": focused,
        "footer-key-foreground": inks["accent"],
    }


THEMES: Final = (
    Theme("dark", primary="#4aa3f0", secondary="#004578", accent="#ffb454", warning="#ffb454", error="#ba3c5b",
          success="#4ebf71", foreground="#e0e0e0", background="#121212", surface="#1a1a1a", panel="#20272e",
          variables=_variables(_DARK, "#1b2530", "#16324d")),
    Theme("light", primary="#0a4a94", secondary="#0178d4", accent="#7a4000", warning="#7a4000", error="#a50022",
          success="#0a5c28", foreground="#1c1c1c", background="#fafafa", surface="#f0f0f0", panel="#e4e8ec", dark=False,
          variables=_variables(_LIGHT, "#e2ebf4", "#cfe3f7")),
    Theme("high-contrast", primary="#9fd8ff", secondary="#ffffff", accent="#ffd24d", warning="#ffd24d",
          error="#ffb0b8", success="#7dffa0", foreground="#ffffff", background="#000000", surface="#000000",
          panel="#1c1c1c", variables=_variables(_HIGH_CONTRAST, "#1c1c1c", "#002b6b")),
    Theme("terminal", primary="ansi_blue", secondary="ansi_cyan", accent="ansi_cyan", warning="ansi_yellow",
          error="ansi_red", success="ansi_green", foreground="ansi_default", background="ansi_default",
          surface="ansi_default", panel="ansi_default", boost="ansi_default", ansi=True,
          variables=BUILTIN_THEMES["ansi-dark"].variables
          | _variables(_TERMINAL, "ansi_default", "ansi_default")),
)  # fmt: skip


def check_colours(loaded: Loaded) -> None:
    """Raises `WsinspectError` for what is no colour."""
    for ink, text in loaded.settings.colours.items():
        try:
            Style.parse(text, {})
        except Exception as error:  # Textual has several, of no common kind
            hint = "expected: as red, bold #ff8700, reverse"
            raise loaded.misfit(Misfit(("colours", ink), f"{text!r} is no colour", hint)) from error


def choose(setting: str, console: Console, no_color: bool) -> str:
    """The theme for `setting`, which may be `auto`. Few colours look well only if they are the terminal's own."""
    if no_color:
        return "terminal"
    if setting != "auto":
        return setting
    return "terminal" if console.color_system in (None, "standard") else "dark"
