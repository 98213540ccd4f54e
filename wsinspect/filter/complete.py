"""What could stand at the cursor of a filter that is being typed."""

import re
from collections.abc import Callable, Iterable, Mapping
from typing import Final, NamedTuple

from wsinspect.filter.error import FilterError
from wsinspect.filter.fields import BY_NAME, FIELDS, Field
from wsinspect.filter.kinds import Kind
from wsinspect.filter.tokens import Kind as Tokens
from wsinspect.filter.tokens import Token, quote, tokenize

_PARTIAL: Final = re.compile(r"""[^\s=!<>&|(){},"']*$""")
_NEEDS_NO_QUOTES: Final = re.compile(r"[\w.:/+-]+")


class Candidate(NamedTuple):
    """Something that fits, and what it is."""

    text: str
    about: str = ""


class Completion(NamedTuple):
    """`candidates` can replace the text from `start` up to the cursor."""

    start: int
    candidates: tuple[Candidate, ...]


def complete(text: str, cursor: int, named: Mapping[str, str], seen: Callable[[Field], Iterable[str]]) -> Completion:
    """What could stand at `cursor`; `seen` tells values that a field has in this capture, the most frequent first."""
    head = text[:cursor]
    match = _PARTIAL.search(head)
    assert match is not None
    start, partial = match.start(), match[0].lower()
    try:
        tokens = tokenize(head[:start])[:-1]
    except FilterError as error:
        if head[error.start] not in "\"'":
            return Completion(start, ())
        # In the middle of a quoted text
        start, partial = error.start, head[error.start + 1 :].lower()
        tokens = tokenize(head[:start])[:-1]
    field = _field_of_value(tokens)
    if field is not None:
        return Completion(start, _fitting(partial, _values(field, seen)))
    last = tokens[-1] if tokens else None
    if last is None or last.kind is Tokens.LOGIC or last.value == "(":
        fields = [Candidate(one.name, f"{one.kind.title}: {one.about}") for one in FIELDS]
        return Completion(start, _fitting(partial, fields + [Candidate(f"${name}", named[name]) for name in named]))
    if last.kind is Tokens.WORD and (known := BY_NAME.get(last.value.lower())) is not None:
        signs = [Candidate(sign + " {" if sign == "in" else sign) for sign in known.kind.comparisons]
        return Completion(start, _fitting(partial, [*signs, Candidate("&&"), Candidate("||")]))
    return Completion(start, _fitting(partial, [Candidate("&&", "and"), Candidate("||", "or")]))


def _field_of_value(tokens: list[Token]) -> Field | None:
    """The field whose value is wanted behind `tokens`; None if another thing is."""
    if len(tokens) < 2:
        return None
    if tokens[-1].kind is Tokens.COMPARISON and tokens[-1].value != "in":
        return BY_NAME.get(tokens[-2].value.lower())
    if tokens[-1].value not in ("{", ",", ".."):
        return None
    for place in range(len(tokens) - 1, 1, -1):
        if tokens[place].value == "{" and tokens[place - 1].value == "in":
            before = tokens[place - 2]
            if before.value == "!" and place > 2:
                before = tokens[place - 3]
            return BY_NAME.get(before.value.lower())
    return None


def _values(field: Field, seen: Callable[[Field], Iterable[str]]) -> list[Candidate]:
    if field.kind is Kind.BOOLEAN:
        return [Candidate("true"), Candidate("false")]
    if field.names:
        return [Candidate(name, str(number)) for name, number in field.names]
    here = list(seen(field))
    words = [word for word in field.words if word not in here]
    return [Candidate(value if _NEEDS_NO_QUOTES.fullmatch(value) else quote(value)) for value in [*here, *words]]


def _fitting(partial: str, candidates: list[Candidate]) -> tuple[Candidate, ...]:
    """Those that begin with what was typed, then those that have it in them."""
    texts = [(candidate.text.lower().lstrip('"'), candidate) for candidate in candidates]
    first = [candidate for text, candidate in texts if text.startswith(partial)]
    rest = [candidate for text, candidate in texts if partial in text and not text.startswith(partial)]
    fitting = (*first, *rest)
    return () if len(fitting) == 1 and fitting[0].text.lower() == partial else fitting
