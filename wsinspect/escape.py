"""What the network says, made harmless: one function for each place where it is shown.

Escapes are visible (`\\x1b`, `\\u202e`) and never shorter than what they stand for, so nothing disappears. A backslash
that was sent is left alone: the same text may have been sent as an escape, which the hex dump tells apart.
"""

import re
import unicodedata
from typing import Final

_NOT_PLAIN: Final = re.compile(r"[^ -~]")
# Printable by their category, yet drawn as nothing or as another width than tables say: variation selectors (a terminal
# and a width table rarely agree on them), the combining grapheme joiner, fillers, invisible vowel signs.
_INVISIBLE: Final = re.compile(
    "[\u034f\u115f\u1160\u17b4\u17b5\u180b-\u180f\u2800\u3164\ufe00-\ufe0f\uffa0\U000e0100-\U000e01ef]"
)
# A base character may carry a few combining marks; a heap of them paints over the lines above and below.
_HEAP: Final = re.compile(r"[\u0300-\u036f\u0483-\u0489\u1ab0-\u1aff\u1dc0-\u1dff\u20d0-\u20ff\ufe20-\ufe2f]{5,}")
_NOT_SURE: Final = re.compile(r"[^\x00-\x7e]+")
_SHORT: Final = {"\t": "\\t", "\n": "\\n", "\r": "\\r"}


def terminal(text: str) -> str:
    """`text` for a terminal: no control, bidi, format, unassigned or invisible character is left, nor a line break.

    Safe to apply twice. It says nothing about markup languages: build styled texts from objects, never from markup.
    """
    if text.isascii() and text.isprintable():
        return text
    if text.isprintable() and not _INVISIBLE.search(text) and not _HEAP.search(text):
        return text
    return _NOT_PLAIN.sub(_visible, _HEAP.sub(_spelled, text))


def bytes_text(data: bytes) -> str:
    """`data` as UTF-8 for a terminal; each byte that cannot be decoded becomes `\\xNN`."""
    return terminal(data.decode("utf-8", "backslashreplace"))


def json_text(encoded: str) -> str:
    """JSON with the same meaning, in which no control, bidi, format, unassigned or invisible character is left."""
    return encoded if encoded.isascii() and "\x7f" not in encoded else _NOT_SURE.sub(_json_run, encoded)


def _json_run(match: re.Match[str]) -> str:
    run = match[0]
    if run.isprintable() and not _INVISIBLE.search(run):
        return run
    return "".join(character if is_shown(character) else _json_spelled(character) for character in run)


def _json_spelled(character: str) -> str:
    units = character.encode("utf-16-be", "surrogatepass").hex()
    return "".join(f"\\u{units[start : start + 4]}" for start in range(0, len(units), 4))


def _visible(match: re.Match[str]) -> str:
    character = match[0]
    if short := _SHORT.get(character):
        return short
    return character if is_shown(character) else _spell(character)


def is_shown(character: str) -> bool:
    """Whether a terminal shows `character` and does nothing else with it."""
    return (character.isprintable() or unicodedata.category(character) == "Zs") and not _INVISIBLE.match(character)


def _spelled(match: re.Match[str]) -> str:
    return "".join(map(_spell, match[0]))


def _spell(character: str) -> str:
    code = ord(character)
    return f"\\x{code:02x}" if code < 0x100 else f"\\u{code:04x}" if code < 0x10000 else f"\\U{code:08x}"
