"""Lays out what a payload viewer tells: as many lines as have been looked at, each as wide as the pane."""

from bisect import bisect_left
from collections.abc import Iterator, Sequence
from itertools import groupby, islice

from wsinspect.payload.choose import Choice, rows
from wsinspect.payload.plain import HEX, hex_parts
from wsinspect.payload.viewer import Context, Row
from wsinspect.search import MAX_COUNTED, Query, Span
from wsinspect.tui.document import Growing
from wsinspect.tui.ink import Line, shown_width, wrap
from wsinspect.tui.search.highlight import MATCH, highlight


class HexDump(Sequence[Line]):
    """Sixteen bytes a line (eight where it is narrow), each line made when it is asked for."""

    def __init__(self, data: bytes, width: int, marked: Sequence[Span] = ()) -> None:
        """`marked`: bytes to be marked, in ascending order."""
        self._data = data
        self._marked = marked
        self.step = 16 if width >= 75 else 8
        """Bytes of a line."""

    def __len__(self) -> int:
        return -(-len(self._data) // self.step)

    def __getitem__(self, index: int) -> Line:  # type: ignore[override]  # lines are asked for one by one
        if not 0 <= index < len(self):
            raise IndexError(index)
        offset, digits, shown = hex_parts(self._data, index * self.step, self.step)
        line: Line = [(offset, "faint"), (digits, ""), (shown, "muted")]
        return self._mark(line, index * self.step) if self._marked else line

    def _mark(self, line: Line, start: int) -> Line:
        """`line`, which shows the bytes from `start` on, with some of them marked."""
        places = range(bisect_left(self._marked, start, key=lambda span: span[1]), len(self._marked))
        wanted: set[int] = set()
        for first, last in (self._marked[place] for place in places):
            if first >= start + self.step:
                break
            wanted.update(range(max(0, first - start), min(self.step, last - start)))
        (offset, faint), (digits, plain), (shown, muted) = line
        columns = {column for byte in wanted for column in (3 * byte + byte // 8, 3 * byte + byte // 8 + 1)}
        # Two blanks stand before the characters.
        return [
            (offset, faint),
            *_marked_spans(digits, plain, columns),
            *_marked_spans(shown, muted, {byte + 2 for byte in wanted}),
        ]


def _marked_spans(text: str, ink: str, columns: set[int]) -> Line:
    """`text` with the characters in `columns` marked."""
    parts = groupby(range(len(text)), key=lambda column: column in columns)
    return [("".join(text[column] for column in part), MATCH if marked else ink) for marked, part in parts]


def payload_lines(
    choice: Choice, data: bytes, context: Context, width: int, query: Query | None = None
) -> Sequence[Line]:
    """What the chosen viewer tells, laid out for `width` cells, with the matches of `query` marked."""
    if choice.viewer is HEX:
        return HexDump(data, width, list(islice(query.spans(data), MAX_COUNTED)) if query else ())
    lines = _lines(rows(choice.viewer, data, context), width)
    return Growing(highlight(line, query) for line in lines)


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
