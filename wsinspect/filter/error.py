"""What is wrong with a filter, and where."""

from collections.abc import Iterable
from difflib import get_close_matches

from wsinspect.errors import WsinspectError


class FilterError(WsinspectError):
    """A filter that makes no sense; the fault is in `text` from `start` up to `end`."""

    def __init__(self, message: str, text: str, start: int, end: int) -> None:
        super().__init__(message)
        self.text = text
        self.start = start
        self.end = max(end, start + 1)


def did_you_mean(word: str, known: Iterable[str]) -> str:
    """`; did you mean ws.close.code?`, or nothing."""
    names = list(known)
    close = [name for name in names if name.startswith(word.lower())] or get_close_matches(word.lower(), names, 1, 0.6)
    return f"; did you mean {close[0]}?" if close else ""
