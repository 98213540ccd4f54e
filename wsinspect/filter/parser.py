"""The text of a filter becomes a tree: precedence climbing over the tokens, every kind checked on the way.

or    = and { "||" and }
and   = not { "&&" not }
not   = "!" not | "(" or ")" | test
test  = field [ comparison value | ["not"] "in" "{" value [".." value] { "," … } "}" ] | word | quoted | $name
"""

import ipaddress
from collections.abc import Mapping
from typing import Any, Final

from wsinspect.filter.error import FilterError, did_you_mean
from wsinspect.filter.expression import (
    And,
    Compare,
    Contains,
    Everything,
    Exists,
    Expression,
    In,
    Matches,
    Not,
    Or,
    Search,
)  # fmt: skip
from wsinspect.filter.fields import BY_NAME, INSTEAD, Field
from wsinspect.filter.kinds import Clock, Kind, Literal, bounds, read
from wsinspect.filter.pattern import searcher
from wsinspect.filter.tokens import Kind as Tokens
from wsinspect.filter.tokens import Token, tokenize

MAX_LENGTH: Final = 10_000
"""Characters of a filter, those of the named ones in it included."""
MAX_DEPTH: Final = 50
"""Parentheses, negations and named filters inside each other."""
_PREFIXES: Final = tuple({name.partition(".")[0] + "." for name in BY_NAME})


def parse(text: str, named: Mapping[str, str] | None = None) -> Expression:
    """The tree of `text`; `$name` in it stands for a filter of `named`. Raises `FilterError`."""
    return _Parser(text, named or {}, ()).parse()


class _Parser:
    def __init__(self, text: str, named: Mapping[str, str], inside: tuple[str, ...]) -> None:
        if len(text) > MAX_LENGTH:
            raise FilterError(f"the filter is longer than {MAX_LENGTH:,} characters", text, MAX_LENGTH, len(text))
        self._text = text
        self._named = named
        self._inside = inside  # the named filters that this one is part of
        self._depth = len(inside)
        self._tokens = tokenize(text)
        self._next = 0

    def parse(self) -> Expression:
        if self._peek().kind is Tokens.END:
            return Everything()
        expression = self._or()
        token = self._peek()
        if token.kind is Tokens.END:
            return expression
        if token.value == ")":
            raise self._error("there is no ( to this )", token)
        if token.kind is Tokens.COMPARISON:
            raise self._error(f"{token.value} wants a field in front of it", token)
        raise self._error("&& or || is missing here; quote words that belong together", token)

    # Grammar

    def _or(self) -> Expression:
        operands = [self._and()]
        while self._take("||"):
            operands.append(self._and())
        if len(operands) == 1:
            return operands[0]
        return Or(tuple(inner for one in operands for inner in (one.operands if isinstance(one, Or) else (one,))))

    def _and(self) -> Expression:
        operands = [self._not()]
        while self._take("&&"):
            operands.append(self._not())
        if len(operands) == 1:
            return operands[0]
        return And(tuple(inner for one in operands for inner in (one.operands if isinstance(one, And) else (one,))))

    def _not(self) -> Expression:
        token = self._peek()
        if (token.kind is not Tokens.LOGIC and token.value != "(") or token.kind is Tokens.QUOTED:
            return self._test()
        self._depth += 1
        if self._depth > MAX_DEPTH:
            raise self._error(f"more than {MAX_DEPTH} parentheses inside each other", token)
        if self._take("!"):
            operand = self._not()
            self._depth -= 1
            return Not(operand)
        if not self._take("("):
            raise self._error(f"there is nothing in front of {token.value}", token)
        expression = self._or()
        if not self._take(")"):
            raise self._error("a ) is missing", self._peek())
        self._depth -= 1
        return expression

    def _test(self) -> Expression:
        token = self._advance()
        if token.kind is Tokens.QUOTED:
            return Search(token.value)
        if token.kind is not Tokens.WORD:
            raise self._error(_missing(token), token)
        if token.value.startswith("$"):
            return self._named_filter(token)
        sign = self._peek()
        negated = sign.value == "!" and sign.kind is Tokens.LOGIC and self._tokens[self._next + 1].value == "in"
        field = BY_NAME.get(token.value.lower())
        if field is None:
            if sign.kind is Tokens.COMPARISON or negated or _looks_like_field(token.value):
                raise self._unknown_field(token)
            return Search(token.value)
        if negated:
            self._next += 2
            return Not(self._set(field, self._tokens[self._next - 1]))
        if sign.kind is not Tokens.COMPARISON:
            return Exists(field)
        self._next += 1
        return self._set(field, sign) if sign.value == "in" else self._comparison(field, sign)

    def _comparison(self, field: Field, sign: Token) -> Expression:
        self._check(field, sign)
        token = self._advance()
        if token.kind not in (Tokens.WORD, Tokens.QUOTED):
            raise self._error(f"{sign.value} wants {field.kind.wanted} behind it", token)
        if sign.value == "contains":
            return Contains(field, token.value)
        if sign.value == "matches":
            try:
                searcher(token.value)
            except ValueError as error:
                raise self._error(f"not a regular expression (RE2): {error}", token) from None
            return Matches(field, token.value)
        return Compare(field, sign.value, self._literal(field, token))

    def _set(self, field: Field, sign: Token) -> Expression:
        self._check(field, sign)
        if not self._take("{"):
            raise self._error("in wants a set behind it: {1000, 1001, 4000..4999}", self._peek())
        members: list[tuple[Literal, Literal]] = []
        while True:
            token = self._peek()
            first = last = self._member(field)
            if self._take(".."):
                end = self._peek()
                last = self._member(field)
                self._check_range(field, first, last, token, end)
            members.append((first, last))
            if self._take("}"):
                return In(field, tuple(members))
            if not self._take(","):
                raise self._error("a , or the } of the set is missing", self._peek())

    # Parts

    def _member(self, field: Field) -> Literal:
        token = self._advance()
        if token.kind not in (Tokens.WORD, Tokens.QUOTED):
            raise self._error(f"the set wants {field.kind.wanted} here", token)
        return self._literal(field, token)

    def _literal(self, field: Field, token: Token) -> Literal:
        text = token.value
        if field.kind is Kind.WORD:
            if text.lower() not in field.words:
                some = f": {', '.join(field.words)}" if len(field.words) < 8 else did_you_mean(text, field.words)
                raise self._error(f'{field.name} is never "{text}"{some}', token)
            return text.lower()
        if (number := dict(field.names).get(text.lower())) is not None:
            return number
        value = read(field.kind, text)
        if value is None:
            raise self._error(f'{field.name} is a {field.kind.title}, and "{text}" is not {field.kind.wanted}', token)
        return value

    def _check(self, field: Field, sign: Token) -> None:
        if sign.value not in field.kind.comparisons:
            can = ", ".join(field.kind.comparisons)
            raise self._error(f"{sign.value} does not fit {field.name}, a {field.kind.title}; use {can}", sign)

    def _check_range(self, field: Field, first: Literal, last: Literal, start: Token, end: Token) -> None:
        if isinstance(first, Clock) is not isinstance(last, Clock):
            raise FilterError("a range wants two times of day or two dates", self._text, start.start, end.end)
        if _key(field, first) > _key(field, last):
            raise FilterError("the range ends before it begins", self._text, start.start, end.end)

    def _named_filter(self, token: Token) -> Expression:
        name = token.value[1:]
        if name not in self._named:
            known = f"; there are: {', '.join(sorted(self._named))}" if self._named else "; none are in the settings"
            hint = did_you_mean(name, self._named) or known
            raise self._error(f"{token.value}: no filter has this name{hint}", token)
        if name in self._inside or self._depth >= MAX_DEPTH:
            raise self._error(f"{token.value} contains itself", token)
        try:
            return _Parser(self._named[name], self._named, (*self._inside, name)).parse()
        except FilterError as error:
            raise self._error(f"{token.value}: {error.message}", token) from None

    def _unknown_field(self, token: Token) -> FilterError:
        name = token.value.lower()
        if name in INSTEAD:
            return self._error(f"{token.value}: no such field; use {INSTEAD[name]}", token)
        hint = did_you_mean(name, BY_NAME) or "; wsinspect fields lists all"
        return self._error(f"{token.value}: no such field{hint}", token)

    # Tokens

    def _peek(self) -> Token:
        return self._tokens[self._next]

    def _advance(self) -> Token:
        token = self._tokens[self._next]
        if token.kind is not Tokens.END:
            self._next += 1
        return token

    def _take(self, value: str) -> bool:
        token = self._tokens[self._next]
        if token.value != value or token.kind not in (Tokens.LOGIC, Tokens.PUNCTUATION):
            return False
        self._next += 1
        return True

    def _error(self, message: str, token: Token) -> FilterError:
        return FilterError(message, self._text, token.start, token.end)


def _looks_like_field(word: str) -> bool:
    return word.lower().startswith(_PREFIXES) or word.lower() in INSTEAD


def _missing(token: Token) -> str:
    if token.kind is Tokens.END:
        return "something is missing at the end"
    if token.kind is Tokens.COMPARISON:
        return f"{token.value} wants a field in front of it"
    return f"a field or a word is missing in front of {token.value}"


def _key(field: Field, value: Literal) -> Any:
    """What orders the two ends of a range."""
    if isinstance(value, ipaddress.IPv4Network | ipaddress.IPv6Network):
        return bounds(value)[0]
    if isinstance(value, Clock):
        return value.seconds
    if isinstance(value, str):
        return field.words.index(value) if field.kind is Kind.WORD else value
    return value
