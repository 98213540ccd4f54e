"""Whether a table of the file is what the program expects; where it is not, which key, and what was expected there."""

from collections.abc import Iterable
from difflib import get_close_matches
from typing import Annotated, Any, Final, Literal, get_args, get_origin, get_type_hints

import msgspec

Path = tuple[str, ...]
"""The way to a value: `("codebooks", "acme", "codes")`."""

_KINDS: Final = {bool: "a boolean", int: "a whole number", float: "a number", str: "a text", list: "a list",
                 dict: "a table"}  # fmt: skip


class Misfit(Exception):
    """Something in the file is not what it should be."""

    def __init__(self, path: Path, message: str, hint: str = "") -> None:
        super().__init__(message)
        self.path = path
        self.message = message
        self.hint = hint


def check(value: object, kind: Any, path: Path = ()) -> None:
    """Compare `value`, as TOML gives it, with a type of `model.py`. Raises `Misfit` for the first difference."""
    plain = get_args(kind)[0] if get_origin(kind) is Annotated else kind
    if isinstance(plain, type) and issubclass(plain, msgspec.Struct):
        _check_struct(_table(value, path), plain, path)
    elif get_origin(plain) is dict:
        key_kind, value_kind = get_args(plain)
        for key, inner in _table(value, path).items():
            _check_key(key, key_kind, path)
            check(inner, value_kind, (*path, key))
    else:
        if get_origin(plain) is tuple and isinstance(value, list):
            for position, item in enumerate(value):
                check(item, get_args(plain)[0], (*path, f"[{position + 1}]"))
        _check_value(value, kind, path)


def dotted(path: Path) -> str:
    """`("columns", "[2]")` as `columns[2]`; keys that TOML wants quoted are."""
    text = ""
    for part in path:
        if part.startswith("["):
            text += part
            continue
        bare = part != "" and all(letter.isascii() and (letter.isalnum() or letter in "-_") for letter in part)
        text += ("." if text else "") + (part if bare else f'"{part}"')
    return text


def suggestion(word: str, known: Iterable[str]) -> str:
    """What was meant, perhaps; else what there is."""
    names = [str(name) for name in known]
    close = get_close_matches(word, names, 1, 0.6)
    return f"did you mean {close[0]}?" if close else "there are: " + ", ".join(names)


def _table(value: object, path: Path) -> dict[str, object]:
    if not isinstance(value, dict):
        raise Misfit(path, f"{dotted(path)} is {_told(value)}", f"expected: a table, [{dotted(path)}]")
    return value


def _check_struct(table: dict[str, object], struct: type[msgspec.Struct], path: Path) -> None:
    hints = get_type_hints(struct, include_extras=True)
    for key, value in table.items():
        if key not in hints:
            raise Misfit((*path, key), f"there is no setting {dotted((*path, key))}", suggestion(key, hints))
        check(value, hints[key], (*path, key))
    for field in msgspec.structs.fields(struct):
        if field.required and field.name not in table:
            raise Misfit(path, f"{dotted(path)} lacks {field.name}", f"expected: {dotted((*path, field.name))}")


def _check_key(key: str, kind: Any, path: Path) -> None:
    try:
        msgspec.convert({key: 0}, dict[kind, int], str_keys=True)
    except msgspec.ValidationError:
        if get_origin(kind) is Literal:
            raise Misfit(
                (*path, key), f"there is no setting {dotted((*path, key))}", suggestion(key, get_args(kind))
            ) from None
        raise Misfit(
            (*path, key), f"{dotted((*path, key))}: {key!r} cannot stand there", f"expected: {_expected(kind)}"
        ) from None


def _check_value(value: object, kind: Any, path: Path) -> None:
    try:
        msgspec.convert(value, kind)
    except msgspec.ValidationError:
        pass
    else:
        if value == value:  # nan, which TOML has, is below and above no limit
            return
    if get_origin(kind) is Literal and isinstance(value, str):
        raise Misfit(path, f"{dotted(path)} cannot be {value!r}", suggestion(value, get_args(kind)))
    raise Misfit(path, f"{dotted(path)} is {_told(value)}", f"expected: {_expected(kind)}")


def _expected(kind: Any) -> str:
    if get_origin(kind) is Annotated:
        for meta in get_args(kind)[1:]:
            if isinstance(meta, msgspec.Meta) and meta.description:
                return meta.description
        return _expected(get_args(kind)[0])
    if get_origin(kind) is Literal:
        return "one of " + ", ".join(get_args(kind))
    return _KINDS.get(kind, "something else")


def _told(value: object) -> str:
    """The value as the user wrote it, or what it is if that is long."""
    if isinstance(value, (dict, list)):
        return _KINDS[type(value)] if value else "empty"
    text = repr(value) if isinstance(value, str) else str(value).lower()
    return text if len(text) <= 60 else _KINDS.get(type(value), "something else")
