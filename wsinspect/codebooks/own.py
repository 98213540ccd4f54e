"""The user's own codebooks: tables of the settings file, and a file named on the command line.

Such a file has the keys of a codebook in the settings, and may have a `name`; its own name serves otherwise. Without
anything to recognise connections by, it holds for all of them.
"""

import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

import msgspec

from wsinspect.codebooks.book import Book, Message, built_in
from wsinspect.codebooks.recognise import Hint, Library
from wsinspect.errors import WsinspectError
from wsinspect.settings.model import Codebook, Settings
from wsinspect.settings.validate import Misfit, check, suggestion

LARGEST: Final = 1024 * 1024
"""Bytes of a file that can be a codebook."""


def user_library(settings: Settings) -> Library:
    """The user's books and hints. Raises `WsinspectError` if a hint names a book that there is not."""
    hints = settings.hints
    own = [_book(name, table) for name, table in settings.codebooks.items()]
    if not hints:
        return Library(tuple(own))
    by_name: dict[str, Book] = {}
    for book in (*own, *built_in()):
        for name in (book.name, *book.aliases):
            by_name.setdefault(name.lower(), book)
    return Library(tuple(own), tuple(Hint(pattern, _named(name, by_name)) for pattern, name in hints.items()))


def read_codebook(path: str) -> tuple[str, Codebook]:
    """The name of the codebook in a TOML file, and what it says.

    Raises `WsinspectError` if it cannot be read, or is none.
    """
    try:
        with open(path, "rb") as file:
            data = file.read(LARGEST + 1)
    except OSError as error:
        raise WsinspectError(f"cannot read the codebook {path}", error.strerror or str(error)) from error
    if len(data) > LARGEST:
        raise WsinspectError(f"{path} is no codebook", "it is larger than 1 MiB")
    try:
        table: dict[str, Any] = tomllib.loads(data.decode("utf-8-sig"))
    except UnicodeDecodeError as error:
        raise WsinspectError(f"the codebook {path} is no UTF-8 text", "save the file as UTF-8") from error
    except (tomllib.TOMLDecodeError, RecursionError) as error:
        raise WsinspectError(f"the codebook {path} is no TOML", str(error)) from error
    name = table.pop("name", Path(path).stem)
    if not isinstance(name, str) or not name:
        raise WsinspectError(f"{path}: name is no text", 'name = "acme"')
    try:
        check(table, Codebook)
    except Misfit as trouble:
        raise WsinspectError(f"{path}: {trouble.message.strip()}", trouble.hint) from None
    return name, msgspec.convert(table, Codebook, str_keys=True)


def _book(name: str, table: Codebook) -> Book:
    return Book(
        name=name,
        source=table.source,
        subprotocol=table.subprotocol,
        host=table.host,
        first_message=tuple(Message(by="either", parts=(part,)) for part in table.first_message),
        path=table.path,
        codes=dict(table.codes),
        users=True,
        everywhere=not (table.subprotocol or table.host or table.first_message or table.path),
    )


def _named(name: str, by_name: Mapping[str, Book]) -> Book:
    book = by_name.get(name.lower())
    if book is None:
        known = suggestion(name, dict.fromkeys(book.name for book in by_name.values()))
        raise WsinspectError(f"hints: there is no codebook {name!r}", known)
    return book
