"""Ways to look at a payload: each is a name, a guess how well it fits, and the lines it makes."""

import json
import re
from collections.abc import Callable, Iterator, Sequence
from typing import Final, NamedTuple

from wsinspect.escape import bytes_text
from wsinspect.tui.ink import Line, shown_width, text_of, wrap
from wsinspect.tui.units import size

TEXT_SHOWN: Final = 128 * 1024
"""Bytes that are laid out as text; a hex dump shows everything."""
JSON_SHOWN: Final = 256 * 1024
"""Bytes of the largest JSON text that is indented."""

_TOKEN: Final = re.compile(r'\{\s*\}|\[\s*\]|"(?:\\.|[^"\\])*"|[{}\[\],:]|[^\s{}\[\],:"]+')


class PayloadView(NamedTuple):
    """A way to look at bytes."""

    name: str
    fits: Callable[[bytes, bool], int]
    """Given the bytes and whether they are said to be text: 0 if it makes no sense, else the greater the better."""
    lines: Callable[[bytes, int], Sequence[Line]]
    """Lines of at most so many cells."""


def fitting(data: bytes, is_text: bool) -> list[PayloadView]:
    """The views that make sense, best first."""
    rated = [(view.fits(data, is_text), view) for view in VIEWS]
    return [view for rating, view in sorted(rated, key=lambda pair: -pair[0]) if rating]


class HexDump(Sequence[Line]):
    """Sixteen bytes a line (eight where it is narrow), each line made when it is asked for."""

    def __init__(self, data: bytes, width: int) -> None:
        self._data = data
        self._step = 16 if width >= 75 else 8

    def __len__(self) -> int:
        return -(-len(self._data) // self._step)

    def __getitem__(self, index: int) -> Line:  # type: ignore[override]  # lines are asked for one by one
        if not 0 <= index < len(self):
            raise IndexError(index)
        start, step = index * self._step, self._step
        data = self._data[start : start + step]
        left, right = data[:8].hex(" "), data[8:].hex(" ")
        shown = "".join(chr(byte) if 32 <= byte < 127 else "·" for byte in data)
        digits = f"{left:<23}  {right:<23}" if step == 16 else f"{left:<23}"
        return [(f"{start:06x}  ", "faint"), (digits, ""), (f"  {shown}", "muted")]


def text_lines(data: bytes, width: int) -> Sequence[Line]:
    """The bytes as UTF-8, broken at the sender's line ends and at the width."""
    lines: list[Line] = []
    for raw in data[:TEXT_SHOWN].split(b"\n"):
        lines += wrap(bytes_text(raw.removesuffix(b"\r").expandtabs(4)), width)
    return lines + _rest(len(data), TEXT_SHOWN)


def json_lines(data: bytes, width: int) -> Sequence[Line]:
    """JSON, indented. Only white space is changed: keys that repeat and numbers stay as they were sent."""
    lines: list[Line] = []
    for depth, row in _json_rows(data.decode("utf-8", "backslashreplace")):
        indent = min(depth * 2, width // 2)
        text = text_of(row)
        if indent + shown_width(text) <= width:
            lines.append([(" " * indent, ""), *row])
        else:
            lines += wrap(text, width, indent=indent)
    return lines


def _json_rows(text: str) -> Iterator[tuple[int, Line]]:
    depth = 0
    row: Line = []
    tokens = _TOKEN.findall(text)
    for position, token in enumerate(tokens):
        if token in "}]":
            if row:
                yield depth, row
                row = []
            depth -= 1
        if token[0] in "{[" and len(token) > 1:
            token = token[0] + token[-1]
        is_key = token[0] == '"' and tokens[position + 1 : position + 2] == [":"]
        row.append((token, "accent" if is_key else "muted" if token in "{}[],:" else ""))
        if token == ":":
            row.append((" ", ""))
        elif token in "{[,":
            yield depth, row
            row = []
            depth += token != ","
    if row:
        yield depth, row


def _fits_json(data: bytes, is_text: bool) -> int:
    if len(data) > JSON_SHOWN or data.lstrip()[:1] not in (b"{", b"["):
        return 0
    try:
        json.loads(data)
    except (ValueError, RecursionError):
        return 0
    return 3


def _fits_text(data: bytes, is_text: bool) -> int:
    if is_text:
        return 2
    try:
        data[:4096].decode()
    except UnicodeDecodeError as error:
        if error.start < len(data[:4096]) - 4:
            return 0
    return 1 if data else 0


def _rest(length: int, shown: int) -> list[Line]:
    return [[(f"… the first {size(shown)} of {size(length)}; the hex dump has all", "muted")]] if length > shown else []


VIEWS: Final = (
    PayloadView("json", _fits_json, json_lines),
    PayloadView("text", _fits_text, text_lines),
    PayloadView("hex", lambda data, is_text: 1 if is_text else 2, HexDump),
)
"""A view of another format is one more line here."""
