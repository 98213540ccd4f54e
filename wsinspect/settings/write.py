"""Changing the user's file: one value, and everything else in it stays as the user wrote it."""

import os
from collections.abc import Sequence
from pathlib import Path

import tomlkit
from tomlkit.exceptions import TOMLKitError

from wsinspect.errors import WsinspectError


def write_columns(path: Path, columns: Sequence[str]) -> None:
    """Set `columns` in the file at `path`, which need not be there. Raises `WsinspectError` if that does not work."""
    path = path.resolve()  # of a link, what it leads to is replaced
    try:
        text = path.read_text(encoding="utf-8") if path.exists() else ""
        document = tomlkit.parse(text)
        document["columns"] = list(columns)
        path.parent.mkdir(parents=True, exist_ok=True)
        # Written beside and put in its place: a full disk must not cost the user the old file.
        beside = path.with_name(path.name + ".new")
        beside.write_text(tomlkit.dumps(document), encoding="utf-8")
        if path.exists():
            os.chmod(beside, path.stat().st_mode & 0o777)
        os.replace(beside, path)
    except OSError as error:
        raise WsinspectError(f"cannot write {path}", error.strerror or str(error)) from error
    except (TOMLKitError, UnicodeDecodeError) as error:
        raise WsinspectError(f"{path} is no TOML", str(error)) from error
