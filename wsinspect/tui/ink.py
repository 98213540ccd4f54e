"""Styled text, built from objects and never from markup: a span is a text and the name of an ink.

Every text that goes to the screen passes through this module and is escaped here, so no view can forget to.
"""

from collections.abc import Iterable
from typing import Final

from rich.cells import cell_len, set_cell_size
from rich.style import Style as RichStyle
from textual.color import Color
from textual.content import Content
from textual.style import Style

from wsinspect.escape import terminal
from wsinspect.tui.themes import INK_NAMES

Span = tuple[str, str]
"""Text and ink; the ink "" is the ordinary one."""
Line = list[Span]

INKS: Final[dict[str, str]] = {"": "$ink-text"} | {name: f"$ink-{name}" for name in INK_NAMES if name != "text"}
"""Name of each ink and its style, which the theme knows."""

ELLIPSIS: Final = "…"


def rich_style(ink: str, background: Color) -> RichStyle:
    """The ink for lines that are drawn by hand. Without a background: the cursor brings its own."""
    style = Style.parse(INKS[ink])
    color = (background + style.foreground).rich_color if style.foreground else None
    return RichStyle(color=color, bold=style.bold, dim=style.dim, italic=style.italic, underline=style.underline,
                     reverse=style.reverse)  # fmt: skip


def shown_width(text: str) -> int:
    """Cells that the escaped `text` takes."""
    return cell_len(terminal(text))


def fit(text: str, width: int, *, right: bool = False) -> str:
    """`text` escaped, in exactly `width` cells: padded, or cut with an ellipsis."""
    if width <= 0:
        return ""
    # No more than a few characters share a cell: what is cut off anyway is not worth escaping.
    shown = terminal(text if len(text) <= width * 6 else text[: width * 6 + 1])
    length = cell_len(shown)
    if length > width:
        return set_cell_size(shown, width - 1) + ELLIPSIS
    return " " * (width - length) + shown if right else shown + " " * (width - length)


def squeeze(text: str, width: int, head_share: float = 0.34) -> str:
    """`text` escaped, cut in its middle if it is longer than `width`: addresses and URLs differ at their ends."""
    if len(text) > 12 * width:
        text = text[: 6 * width] + text[-6 * width :]
    shown = terminal(text)
    if cell_len(shown) <= width or width < 5:
        return shown
    head = int((width - 1) * head_share)
    tail = width - 1 - head
    # Each end in as many cells as it may have: a character can take two.
    return set_cell_size(shown, head) + ELLIPSIS + set_cell_size(shown[::-1], tail)[::-1]


def fit_line(line: Line, width: int, *, right: bool = False) -> Line:
    """The spans in exactly `width` cells."""
    fitted: Line = []
    left = width
    for position, (text, ink) in enumerate(line):
        shown = terminal(text if len(text) <= left * 6 else text[: left * 6 + 1])
        length = len(shown) if shown.isascii() else cell_len(shown)
        if length > left or (length == left and any(rest for rest, _ in line[position + 1 :])):
            fitted.append((fit(shown + " " * left, left), ink))
            left = 0
            break
        fitted.append((shown, ink))
        left -= length
    if left:
        fitted.insert(0 if right else len(fitted), (" " * left, ""))
    return fitted


def clip(line: Line, width: int) -> Line:
    """The line without most of what `width` cells could never show: nobody wants to measure a URL of 64 KB."""
    return [(text[: width * 6], ink) for text, ink in line]


def text_of(line: Line) -> str:
    """The line without its inks."""
    return "".join(text for text, _ in line)


def content(lines: Iterable[Line]) -> Content:
    """Lines for a widget that takes Textual content."""
    return Content("\n").join(
        Content.assemble(*((terminal(text), INKS[ink]) for text, ink in line if text)) for line in lines
    )


def spread(left: Line, right: Line, width: int) -> Line:
    """`left` at the left edge and `right` at the right one; where both do not fit, `left` is cut."""
    room = max(0, width - sum(shown_width(text) for text, _ in right))
    return fit_line(left, room) + right


def wrap(text: str, width: int, ink: str = "", indent: int = 0) -> list[Line]:
    """`text` escaped and broken into lines of at most `width` cells, at blanks where possible."""
    room = max(10, width - indent)
    lines: list[Line] = []
    current = ""
    for word in terminal(text).split(" "):
        joined = f"{current} {word}" if current else word
        if len(joined) <= 2 * room and cell_len(joined) <= room:
            current = joined
            continue
        if current:
            lines.append([(" " * indent + current, ink)])
        *pieces, current = _cut(word, room)
        lines += [[(" " * indent + piece, ink)] for piece in pieces]
    lines.append([(" " * indent + current, ink)])
    return lines


def _cut(word: str, room: int) -> list[str]:
    """`word` in pieces of at most `room` cells; the work does not grow faster than its length."""
    pieces = []
    start = 0
    while True:
        end = min(len(word), start + room)
        while end > start + 1 and cell_len(word[start:end]) > room:
            end -= 1
        pieces.append(word[start:end])
        start = end
        if start >= len(word):
            return pieces
