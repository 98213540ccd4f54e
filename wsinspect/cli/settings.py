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


def threshold_option(command: _Command) -> _Command:
    """Give a command `--threshold NAME=VALUE`."""
    return click.option(
        "--threshold", "thresholds", metavar="NAME=VALUE", multiple=True, help="From when on a rule speaks; repeatable."
    )(command)


def codebook_option(command: _Command) -> _Command:
    """Give a command `--codebook FILE`."""
    return click.option("--codebook", metavar="FILE", type=click.Path(), help="Names of your own close codes (TOML).")(
        command
    )


def loaded_settings(
    config: str | None, timers: tuple[str, ...] = (), thresholds: tuple[str, ...] = (), codebook: str | None = None
) -> "Loaded":
    """The settings with what the command line adds to them. Raises `WsinspectError` for what is wrong with either."""
    from dataclasses import replace

    from wsinspect.settings.read import load_settings

    loaded = load_settings(config)
    settings = loaded.settings
    if timers:
        settings = _with_timers(settings, timers)
    if thresholds:
        settings = _with_thresholds(settings, thresholds)
    if codebook is not None:
        settings = _with_codebook(settings, codebook)
    return loaded if settings is loaded.settings else replace(loaded, settings=settings)


def _with_codebook(settings: "Settings", path: str) -> "Settings":
    """The codebook in a file takes the place of one with its name, and goes before the others."""
    from msgspec.structs import replace

    from wsinspect.codebooks.own import read_codebook

    name, book = read_codebook(path)
    others = {key: value for key, value in settings.codebooks.items() if key.lower() != name.lower()}
    return replace(settings, codebooks={name: book} | others)


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


def _with_thresholds(settings: "Settings", texts: tuple[str, ...]) -> "Settings":
    """`NAME=VALUE`, in place of what the file says."""
    from difflib import get_close_matches

    import msgspec

    from wsinspect.settings.thresholds import Thresholds

    values = msgspec.to_builtins(settings.thresholds)
    for text in texts:
        name, separator, value = (part.strip() for part in text.partition("="))
        if not separator:
            raise WsinspectError(f"--threshold takes NAME=VALUE, not {text!r}", "--threshold pong_slow=0.5")
        if name not in values:
            near = get_close_matches(name, values, n=3, cutoff=0.4) or list(values)
            raise WsinspectError(f"there is no threshold {name!r}", f"did you mean {', '.join(near)}?")
        try:
            msgspec.convert({name: value}, Thresholds, strict=False)
        except msgspec.ValidationError:
            usual = f"--threshold {name}={values[name]:g}"
            raise WsinspectError(f"the threshold {name} cannot be {value!r}", usual) from None
        values[name] = value
    return msgspec.structs.replace(settings, thresholds=msgspec.convert(values, Thresholds, strict=False))
