"""A parsed filter becomes a function that is quick to ask about many connections.

`==`, `<` and the like hold if one value of the field does; `!=` holds if all do and there is one (as Wireshark 4 has
it). Parts that are cheap to know are asked first: `and` and `or` do not mind their order.
"""

import operator
from collections.abc import Callable
from typing import Any, Final, Protocol, TypeVar

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
from wsinspect.filter.fields import Field, Needs
from wsinspect.filter.kinds import Clock, Kind, Literal, address_key, bounds, clock_of
from wsinspect.filter.pattern import searcher

S = TypeVar("S", contravariant=True)
Test = Callable[[Any], bool]
"""Of one value."""


class Access(Protocol[S]):
    """How fields are read from subjects of one kind."""

    def getter(self, field: Field) -> Callable[[S], Any]:
        """What yields the value, or the values, of `field`."""

    def cost(self, field: Field) -> int:
        """How dear the field is; the cheap ones are asked first."""

    def everywhere(self, subject: S) -> str:
        """What a plain word is sought in."""


_OPERATORS: Final[dict[str, Callable[[Any, Any], bool]]] = {
    "==": operator.eq, "!=": operator.ne, "<": operator.lt, "<=": operator.le, ">": operator.gt, ">=": operator.ge,
}  # fmt: skip


def bind(expression: Expression, access: Access[S]) -> Callable[[S], bool]:
    """The function that tells whether a subject matches."""
    match expression:
        case Everything():
            return lambda subject: True
        case Search(text):
            needle, everywhere = text.casefold(), access.everywhere
            return lambda subject: needle in everywhere(subject).casefold()
        case Exists(field):
            return _some(field, access.getter(field), _present(field))
        case Compare(field, "!=", value):
            return _all(field, access.getter(field), _comparison(field, "!=", value))
        case Compare(field, sign, value):
            return _some(field, access.getter(field), _comparison(field, sign, value))
        case Contains(field, text):
            return _some(field, access.getter(field), lambda value: text in value)
        case Matches(field, pattern):
            return _some(field, access.getter(field), searcher(pattern))
        case In(field, members):
            return _some(field, access.getter(field), _membership(field, members))
        case Not(operand):
            inner = bind(operand, access)
            return lambda subject: not inner(subject)
        case And(operands):
            tests = [bind(operand, access) for operand in _cheap_first(operands, access)]
            return lambda subject: all(test(subject) for test in tests)
        case Or(operands):
            tests = [bind(operand, access) for operand in _cheap_first(operands, access)]
            return lambda subject: any(test(subject) for test in tests)


def _cheap_first(operands: tuple[Expression, ...], access: Access[S]) -> list[Expression]:
    return sorted(operands, key=lambda operand: max(map(access.cost, fields_of(operand)), default=0))


def needs(expression: Expression) -> Needs:
    """What it takes at most to tell whether a connection matches."""
    return max((field.needs for field in fields_of(expression)), default=Needs.REPORT)


def fields_of(expression: Expression) -> set[Field]:
    """Every field that it asks for."""
    match expression:
        case And(operands) | Or(operands):
            return {field for operand in operands for field in fields_of(operand)}
        case Not(operand):
            return fields_of(operand)
        case Everything() | Search():
            return set()
        case _:
            return {expression.field}


def _some(field: Field, get: Callable[[S], Any], test: Test) -> Callable[[S], bool]:
    if field.many:
        return lambda subject: any(test(value) for value in get(subject))

    def holds(subject: S) -> bool:
        value = get(subject)
        return value is not None and value != "" and test(value)

    return holds


def _all(field: Field, get: Callable[[S], Any], test: Test) -> Callable[[S], bool]:
    if not field.many:
        return _some(field, get, test)

    def holds(subject: S) -> bool:
        found = False
        for value in get(subject):
            if not test(value):
                return False
            found = True
        return found

    return holds


def _present(field: Field) -> Test:
    if field.kind is Kind.BOOLEAN:
        return bool
    return lambda value: value != ""


def _comparison(field: Field, sign: str, literal: Literal) -> Test:
    compare = _OPERATORS[sign]
    if isinstance(literal, Clock):
        seconds = literal.seconds
        return lambda value: (clock := clock_of(value)) is not None and compare(clock, seconds)
    if field.kind is Kind.ADDRESS:
        return _address_comparison(sign, literal)
    if field.kind is Kind.WORD:
        ranks = {word: rank for rank, word in enumerate(field.words)}
        rank = ranks[str(literal)]
        return lambda value: compare(ranks.get(value, -1), rank)
    return lambda value: compare(value, literal)


def _address_comparison(sign: str, literal: Any) -> Test:
    """Within a network is equal to it, before its first address is less."""
    first, last = bounds(literal)
    tests: dict[str, Test] = {
        "==": lambda key: first <= key <= last,
        "!=": lambda key: not first <= key <= last,
        "<": lambda key: key < first,
        "<=": lambda key: key <= last,
        ">": lambda key: key > last,
        ">=": lambda key: key >= first,
    }
    test = tests[sign]
    return lambda value: test(address_key(value))


def _membership(field: Field, members: tuple[tuple[Literal, Literal], ...]) -> Test:
    tests: list[Test] = []
    for first, last in members:
        if first == last:
            tests.append(_comparison(field, "==", first))
        else:
            tests.append(_between(_comparison(field, ">=", first), _comparison(field, "<=", last)))
    return lambda value: any(test(value) for test in tests)


def _between(low: Test, high: Test) -> Test:
    return lambda value: low(value) and high(value)
