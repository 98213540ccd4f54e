"""The settings of a command: the file, and on top of it what the command line says."""

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, Final, TypeVar

import click

from wsinspect.errors import WsinspectError

if TYPE_CHECKING:
    from wsinspect.settings.model import Settings
    from wsinspect.settings.read import Loaded

_LIFETIME: Final = "lifetime:"
_Command = TypeVar("_Command", bound=Callable[..., Any])


def config_option(command: _Command) -> _Command:
    """Give a command `--config FILE`."""
    return click.option(
        "--config",
        metavar="FILE",
        type=click.Path(),
        help="Settings file (default: what wsinspect config --path says).",
    )(command)


def timer_option(command: _Command) -> _Command:
    """Give a command `--timer NAME=SECONDS`."""
    return click.option(
        "--timer", "timers", metavar="NAME=SECONDS", multiple=True, help="An idle timer to know of; repeatable."
    )(command)


def loaded_settings(config: str | None, timers: tuple[str, ...] = ()) -> "Loaded":
    """The settings with what the command line adds to them. Raises `WsinspectError` for what is wrong with either."""
    from dataclasses import replace

    from wsinspect.settings.read import load_settings

    loaded = load_settings(config)
    return replace(loaded, settings=_with_timers(loaded.settings, timers)) if timers else loaded


def _with_timers(settings: "Settings", texts: tuple[str, ...]) -> "Settings":
    """`NAME=SECONDS` for idle timers, `lifetime:NAME=SECONDS` for lifetimes; they come before those of the file."""
    from msgspec.structs import replace

    idle: dict[str, float] = {}
    lifetimes: dict[str, float] = {}
    for text in texts:
        name, _, value = text.rpartition("=")
        is_lifetime = name.startswith(_LIFETIME)
        name = name.removeprefix(_LIFETIME).strip()
        try:
            seconds = float(value.strip().removesuffix("s"))
        except ValueError:
            seconds = 0.0
        if not name or not 0 < seconds < float("inf"):
            raise WsinspectError(f"--timer takes NAME=SECONDS, not {text!r}", "--timer 'our proxy=75'")
        (lifetimes if is_lifetime else idle)[name] = seconds
    return replace(
        settings,
        timers=idle | {name: value for name, value in settings.timers.items() if name not in idle},
        lifetimes=lifetimes | {name: value for name, value in settings.lifetimes.items() if name not in lifetimes},
    )
