"""JSON: indented, nothing but its white space changed; and JSON messages of subprotocols taken apart."""

import json
import re
from collections.abc import Iterator
from typing import Final

import msgspec

from wsinspect.payload.viewer import MAX_VALUE, Context, Match, Rank, Row, Rows, Unreadable, Viewer, decodable

CHECKED: Final = 256 * 1024
"""Bytes of the largest JSON text that is parsed before it is called JSON; of a longer one both ends are looked at."""

_TOKEN: Final = re.compile(r'\{\s*\}|\[\s*\]|"(?:\\.|[^"\\])*+"?|[{}\[\],:]|[^\s{}\[\],:"]+')


def json_rows(text: str, depth: int = 0, name: str = "") -> Iterator[Row]:
    """One row for each value; keys that repeat and numbers stay as they were sent."""
    base, label, value = depth, name, ""
    before = ""
    for match in _TOKEN.finditer(text):
        token = match[0]
        if token in "}]":
            if label or value:
                yield _row(depth, label, value)
                label = value = ""
            depth = max(base, depth - 1)
        if token[0] in "{[" and len(token) > 1:
            token = token[0] + token[-1]
        if token == ":" and before[:1] == '"' and not label:
            label, value = value + ": ", ""
        else:
            value += token
        if token in "{[,":
            yield _row(depth, label, value)
            label = value = ""
            depth += token != ","
        before = token
    if label or value:
        yield _row(depth, label, value)


def _row(depth: int, label: str, value: str) -> Row:
    if len(value) > MAX_VALUE:
        value = f"{value[:MAX_VALUE]}… {len(value):,} characters"
    return Row(depth, label[:MAX_VALUE], value)


def decode(data: bytes) -> object:
    """The value of a JSON text of a subprotocol."""
    try:
        return msgspec.json.decode(decodable(data))
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise Unreadable(f"no JSON: {error}") from error


def raw_object(data: bytes) -> dict[str, str]:
    """The members of a JSON object, each still as JSON."""
    try:
        members = msgspec.json.decode(decodable(data), type=dict[str, msgspec.Raw])
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise Unreadable(f"no JSON object: {error}") from error
    return {name: _text(value) for name, value in members.items()}


def raw_array(data: bytes) -> list[str]:
    """The elements of a JSON array, each still as JSON."""
    try:
        elements = msgspec.json.decode(decodable(data), type=list[msgspec.Raw])
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise Unreadable(f"no JSON array: {error}") from error
    return [_text(element) for element in elements]


def _text(raw: msgspec.Raw) -> str:
    return bytes(raw).decode("utf-8", "backslashreplace")


def string(raw: str | None) -> str | None:
    """The text of a JSON string; None if it is none."""
    if not raw or raw[0] != '"':
        return None
    try:
        value = json.loads(raw, strict=False)
    except ValueError:
        return None
    return value if isinstance(value, str) else None


def scalar(raw: str | None) -> str:
    """A JSON value for a line: strings without their quotes."""
    text = string(raw)
    return text if text is not None else raw or ""


def compact(raw: str) -> str:
    """The beginning of a JSON value, on one line."""
    return " ".join(raw[:1000].split())


def looks_like_json(data: bytes) -> bool:
    """Whether an object or an array begins."""
    return data.lstrip()[:1] in (b"{", b"[") if data[:1].isspace() else data[:1] in (b"{", b"[")


def _recognise(data: bytes, context: Context) -> Match | None:
    if not looks_like_json(data[:64]):
        return None
    if len(data) > CHECKED:
        if data[-64:].rstrip()[-1:] not in (b"}", b"]"):
            return None
        return Match(Rank.JSON, "it begins and ends as JSON does")
    try:
        json.loads(data)
    except (ValueError, RecursionError):
        return None
    return Match(Rank.JSON, "it parses as JSON")


def _rows(data: bytes, context: Context) -> Rows:
    return json_rows(data.decode("utf-8", "backslashreplace"))


VIEWER: Final = Viewer("JSON", _recognise, _rows)
