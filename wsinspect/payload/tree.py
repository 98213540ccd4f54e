"""Decoded values as rows, or on one line, in CBOR's diagnostic notation (RFC 8949 §8), which is JSON and a bit more."""

from collections.abc import Iterator, Mapping, Set
from datetime import date, datetime
from typing import Final

import msgspec

from wsinspect.payload.viewer import MAX_DEPTH, MAX_VALUE, SUMMARY, Row

_BYTES_SHOWN: Final = 256


def value_rows(value: object, name: str = "", depth: int = 0, level: int = 0) -> Iterator[Row]:
    """One row for each value."""
    children, brackets = _open(value)
    if children is None:
        yield Row(depth, name, scalar(value))
        return
    if level >= MAX_DEPTH:
        yield Row(depth, name, f"{brackets[0]}… {brackets[-1]}")
        return
    empty = True
    for label, child in children:
        if empty:
            yield Row(depth, name, brackets[0])
            empty = False
        yield from value_rows(child, label, depth + 1, level + 1)
    yield Row(depth, name, brackets[0] + brackets[-1]) if empty else Row(depth, "", brackets[-1])


def notation(value: object, room: int = SUMMARY) -> str:
    """The beginning of `value` on one line."""
    text = ""
    for token in _tokens(value, 0):
        text += token
        if len(text) > room:
            return text[:room] + "…"
    return text


def _tokens(value: object, level: int) -> Iterator[str]:
    children, brackets = _open(value)
    if children is None:
        yield scalar(value)
        return
    yield brackets[0]
    if level >= MAX_DEPTH:
        yield "…"
    else:
        for place, (label, child) in enumerate(children):
            yield (", " if place else "") + label
            yield from _tokens(child, level + 1)
    yield brackets[-1]


def _open(value: object) -> tuple[Iterator[tuple[str, object]] | None, tuple[str, str]]:
    """What is inside a container, each with its label, and the brackets around it; None for a plain value."""
    if isinstance(value, Mapping):
        return ((f"{_key(key)}: ", child) for key, child in value.items()), ("{", "}")
    if isinstance(value, list | tuple | Set):
        return (("", child) for child in value), ("[", "]")
    tag = getattr(value, "tag", None)  # a CBOR tag that nobody has given a meaning
    if isinstance(tag, int) and hasattr(value, "value"):
        return iter([("", value.value)]), (f"{tag}(", ")")
    return None, ("", "")


def _key(key: object) -> str:
    children, _ = _open(key)
    return scalar(key)[:SUMMARY] if children is None else notation(key, 100)


def scalar(value: object) -> str:
    """A value that holds no others."""
    if isinstance(value, str):
        text = value[:MAX_VALUE].replace("\\", "\\\\").replace('"', '\\"')
        return f'"{text}"' + _rest(len(value), MAX_VALUE, "characters")
    if isinstance(value, bytes | bytearray | memoryview):
        return f"h'{bytes(value[:_BYTES_SHOWN]).hex()}'" + _rest(len(value), _BYTES_SHOWN, "bytes")
    if isinstance(value, msgspec.msgpack.Ext):
        return f"ext({value.code}, {scalar(value.data)})"
    if isinstance(value, datetime | date):
        return value.isoformat()
    if value is None or isinstance(value, bool):
        return "null" if value is None else str(value).lower()
    try:
        return str(value)[:MAX_VALUE]
    except ValueError:  # Python does not write a number of thousands of digits in decimal
        return f"0x{value:x}"[:MAX_VALUE] if isinstance(value, int) else type(value).__name__


def _rest(length: int, shown: int, unit: str) -> str:
    return f"… {length:,} {unit}" if length > shown else ""
