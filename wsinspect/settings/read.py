"""Where the file is, and reading it."""

import os
import tomllib
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

import msgspec
from platformdirs import user_config_path

from wsinspect.errors import WsinspectError
from wsinspect.settings.model import Settings
from wsinspect.settings.validate import Misfit, check
from wsinspect.settings.validate import Path as KeyPath

ENVIRONMENT: Final = "WSINSPECT_CONFIG"
"""Names another file."""
LARGEST: Final = 1024 * 1024
"""Bytes of a file that can be settings."""


@dataclass(frozen=True, slots=True)
class Loaded:
    """The settings, and what of them the file says."""

    settings: Settings
    path: Path
    exists: bool
    table: dict[str, Any] = field(default_factory=dict)
    """The file as it is."""
    text: str = ""

    def misfit(self, trouble: Misfit) -> WsinspectError:
        """Trouble with a value, told with its place; for checks that only a screen or a filter can make."""
        return _complaint(self.path, self.text, trouble)


def settings_path(named: str | None = None) -> Path:
    """The file: `named` on the command line, else by the environment, else where the system keeps such files."""
    chosen = named or os.environ.get(ENVIRONMENT)
    return Path(chosen).expanduser() if chosen else user_config_path("wsinspect") / "config.toml"


def load_settings(named: str | None = None) -> Loaded:
    """Read the file. Raises `WsinspectError` if it is broken, or is not there though it was named."""
    path = settings_path(named)
    try:
        data = _read(path)
    except FileNotFoundError:
        if named or os.environ.get(ENVIRONMENT):
            by = "--config" if named else ENVIRONMENT
            raise WsinspectError(f"there is no settings file {path}", f"{by} names it") from None
        return Loaded(Settings(), path, exists=False)
    except NotADirectoryError:
        return Loaded(Settings(), path, exists=False)
    except OSError as error:
        raise WsinspectError(f"cannot read the settings in {path}", error.strerror or str(error)) from error
    try:
        text = data.decode("utf-8-sig")
        table = tomllib.loads(text)
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        raise WsinspectError(
            f"{path}, line {line}: the settings are no UTF-8 text", "save the file as UTF-8"
        ) from error
    except tomllib.TOMLDecodeError as error:
        raise WsinspectError(f"{path} is no TOML", f"{error}") from error
    except RecursionError as error:
        raise WsinspectError(f"{path} is no settings file", "its tables are too deep") from error
    try:
        check(table, Settings)
    except Misfit as trouble:
        raise _complaint(path, text, trouble) from None
    settings = msgspec.convert(table, Settings, str_keys=True)
    return Loaded(settings, path, True, table, text)


def _read(path: Path) -> bytes:
    with open(path, "rb") as file:
        data = file.read(LARGEST + 1)
    if len(data) > LARGEST:
        raise WsinspectError(f"{path} is no settings file", "it is larger than 1 MiB")
    return data


def _complaint(path: Path, text: str, trouble: Misfit) -> WsinspectError:
    line = line_of(text, trouble.path)
    return WsinspectError(f"{path}{f', line {line}' if line else ''}: {trouble.message}", trouble.hint)


def line_of(text: str, path: KeyPath) -> int | None:
    """The line of the file in which the key stands, or the last part of its path that has a line; None if none has."""
    keys = tuple(part for part in path if not part.startswith("["))
    lines: dict[KeyPath, int] = {}
    table: KeyPath = ()
    for number, line in enumerate(text.splitlines(), 1):
        if line.lstrip().startswith("["):
            table = _keys(line) or table
            found = table
        else:
            found = table + _keys(line.partition("=")[0] + "= 0") if "=" in line else ()
        for length in range(1, len(found) + 1):
            lines.setdefault(found[:length], number)
    for length in range(len(keys), 0, -1):
        if keys[:length] in lines:
            return lines[keys[:length]]
    return None


def _keys(line: str) -> KeyPath:
    """The keys that a line by itself sets or opens; tomllib knows how they are written."""
    try:
        inner: Any = tomllib.loads(line)
    except tomllib.TOMLDecodeError:
        return ()
    keys: list[str] = []
    while isinstance(inner, dict) and inner:
        key, inner = next(iter(inner.items()))
        keys.append(key)
    return tuple(keys)
