"""Lays out what a payload viewer tells: as many lines as have been looked at, each as wide as the pane."""

from collections.abc import Iterator, Sequence

from wsinspect.payload.choose import Choice, rows
from wsinspect.payload.plain import HEX, hex_parts
from wsinspect.payload.viewer import Context, Row
from wsinspect.tui.document import Growing
from wsinspect.tui.ink import Line, shown_width, wrap


class HexDump(Sequence[Line]):
    """Sixteen bytes a line (eight where it is narrow), each line made when it is asked for."""

    def __init__(self, data: bytes, width: int) -> None:
        self._data = data
        self.step = 16 if width >= 75 else 8
        """Bytes of a line."""

    def __len__(self) -> int:
        return -(-len(self._data) // self.step)

    def __getitem__(self, index: int) -> Line:  # type: ignore[override]  # lines are asked for one by one
        if not 0 <= index < len(self):
            raise IndexError(index)
        offset, digits, shown = hex_parts(self._data, index * self.step, self.step)
        return [(offset, "faint"), (digits, ""), (shown, "muted")]


def payload_lines(choice: Choice, data: bytes, context: Context, width: int) -> Sequence[Line]:
    """What the chosen viewer tells, laid out for `width` cells."""
    if choice.viewer is HEX:
        return HexDump(data, width)
    return Growing(_lines(rows(choice.viewer, data, context), width))


def _lines(told: Iterator[Row], width: int) -> Iterator[Line]:
    for row in told:
        indent = min(row.depth * 2, width // 2)
        if row.remark:
            yield from wrap(row.value, width, "warning", indent)
        elif indent + shown_width(row.name + row.value) <= width:
            yield [(" " * indent, ""), (row.name, "accent"), (row.value, "")]
        else:
            yield from _wrapped(row, width, indent)


def _wrapped(row: Row, width: int, indent: int) -> Iterator[Line]:
    """A row of several lines; its name keeps its ink as long as it is whole."""
    first, *rest = wrap(row.name + row.value, width, indent=indent)
    text, name = first[0][0][indent:], row.name.rstrip()
    if text.startswith(name):
        yield [(" " * indent, ""), (name, "accent"), (text[len(name) :], "")]
    else:
        yield first
    yield from rest
