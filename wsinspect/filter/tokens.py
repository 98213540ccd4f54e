"""The text of a filter becomes tokens, each with its place in the text."""

import re
from enum import StrEnum
from typing import Final, NamedTuple

from wsinspect.filter.error import FilterError


class Token(NamedTuple):
    """A word, a quoted text or a sign."""

    kind: "Kind"
    value: str
    """A word as it stands, a quoted text without quotes and escapes, an operator by its sign (`eq` is `==`)."""
    start: int
    end: int


class Kind(StrEnum):
    """What a token is."""

    WORD = "word"
    QUOTED = "quoted text"
    COMPARISON = "comparison"
    LOGIC = "logic"
    PUNCTUATION = "punctuation"
    END = "end"


COMPARISONS: Final = {"eq": "==", "ne": "!=", "gt": ">", "ge": ">=", "lt": "<", "le": "<="}
"""The words for the signs."""
RELATIONS: Final = ("contains", "matches", "in")
"""Comparisons that have no sign."""
LOGIC: Final = {"and": "&&", "or": "||", "not": "!"}

_TOKEN: Final = re.compile(
    r"""\s*(?:
    (?P<comparison>==|!=|<=|>=|<|>)
  | (?P<logic>&&|\|\||!)
  | (?P<punctuation>\.\.|[(){},])
  | (?P<quoted>(?P<raw>[rR]?)(?P<quote>["'])(?P<body>(?:\\.|(?!(?P=quote)).)*)(?P=quote))
  | (?P<word>(?:(?!\.\.)[^\s=!<>&|(){},"'])+)
  )""",
    re.VERBOSE | re.DOTALL,
)
_BLANK: Final = re.compile(r"\s*")
_ESCAPE: Final = re.compile(
    r"""\\(?:(?P<character>[\\"'nrt0])|x(?P<x>[0-9a-fA-F]{2})|u(?P<u>[0-9a-fA-F]{4})|U(?P<U>000[0-9a-fA-F]{5}|0010[0-9a-fA-F]{4}))"""
)
_CHARACTERS: Final = {"n": "\n", "r": "\r", "t": "\t", "0": "\0"}
_WRONG: Final = {
    "=": "= alone is nothing; == compares",
    "&": "& alone is nothing; && means and",
    "|": "| alone is nothing; || means or",
    '"': "the quote is not closed",
    "'": "the quote is not closed",
}


def tokenize(text: str) -> list[Token]:
    """All tokens of `text`, the last one its end. Raises `FilterError`."""
    tokens = []
    position = 0
    while True:
        match = _TOKEN.match(text, position)
        if match is None:
            blank = _BLANK.match(text, position)
            position = blank.end() if blank else position
            if position == len(text):
                tokens.append(Token(Kind.END, "", position, position))
                return tokens
            sign = text[position]
            end = len(text) if sign in "\"'" else position + 1
            raise FilterError(_WRONG[sign], text, position, end)
        tokens.append(_token(match))
        position = match.end()


def quote(text: str) -> str:
    """`text` as a filter names it: the opposite of what `tokenize` does."""
    escaped = text.replace("\\", "\\\\").replace('"', '\\"')
    return '"' + re.sub(r"[\x00-\x1f\x7f-\x9f]", lambda match: f"\\x{ord(match[0]):02x}", escaped) + '"'


def _token(match: re.Match[str]) -> Token:
    kind = Kind.WORD
    for group in ("comparison", "logic", "punctuation", "quoted", "word"):
        if match[group] is not None:
            break
    value, start, end = match[group], match.start(group), match.end(group)
    if group == "quoted":
        body = match["body"]
        return Token(Kind.QUOTED, body if match["raw"] else _ESCAPE.sub(_unescape, body), start, end)
    if group == "word":
        word = value.lower()
        if word in COMPARISONS or word in RELATIONS:
            return Token(Kind.COMPARISON, COMPARISONS.get(word, word), start, end)
        if word in LOGIC:
            return Token(Kind.LOGIC, LOGIC[word], start, end)
        return Token(Kind.WORD, value, start, end)
    kind = {"comparison": Kind.COMPARISON, "logic": Kind.LOGIC, "punctuation": Kind.PUNCTUATION}[group]
    return Token(kind, value, start, end)


def _unescape(match: re.Match[str]) -> str:
    """An escape that means nothing here (`\\d`) stays as it is: regular expressions have their own."""
    if character := match["character"]:
        return _CHARACTERS.get(character, character)
    return chr(int(match["x"] or match["u"] or match["U"], 16))
