"""A parsed filter as a tree. `str` of it is a filter that means the same."""

import ipaddress
from dataclasses import dataclass

from wsinspect.filter.fields import Field
from wsinspect.filter.kinds import Clock, Kind, Literal, write
from wsinspect.filter.tokens import quote


@dataclass(frozen=True, slots=True)
class Everything:
    """The empty filter."""

    def __str__(self) -> str:
        return ""


@dataclass(frozen=True, slots=True)
class Search:
    """A plain word: somewhere."""

    text: str

    def __str__(self) -> str:
        return quote(self.text)


@dataclass(frozen=True, slots=True)
class Exists:
    """A bare field."""

    field: Field

    def __str__(self) -> str:
        return self.field.name


@dataclass(frozen=True, slots=True)
class Compare:
    """A field and a value; `operator` is `==`, `!=`, `<`, `<=`, `>` or `>=`."""

    field: Field
    operator: str
    value: Literal

    def __str__(self) -> str:
        return f"{self.field.name} {self.operator} {_literal(self.field, self.value)}"


@dataclass(frozen=True, slots=True)
class Contains:
    """A field that has a text in it."""

    field: Field
    text: str

    def __str__(self) -> str:
        return f"{self.field.name} contains {quote(self.text)}"


@dataclass(frozen=True, slots=True)
class Matches:
    """A field in which a regular expression is found, case ignored."""

    field: Field
    pattern: str

    def __str__(self) -> str:
        return f"{self.field.name} matches {quote(self.pattern)}"


@dataclass(frozen=True, slots=True)
class In:
    """A field with a value of a set; a range has both its ends, a single value is its own first and last."""

    field: Field
    members: tuple[tuple[Literal, Literal], ...]

    def __str__(self) -> str:
        members = (
            _literal(self.field, first) if first == last else
            f"{_literal(self.field, first)} .. {_literal(self.field, last)}" for first, last in self.members
        )  # fmt: skip
        return f"{self.field.name} in {{{', '.join(members)}}}"


@dataclass(frozen=True, slots=True)
class Not:
    """What the rest does not match."""

    operand: "Expression"

    def __str__(self) -> str:
        return f"!({self.operand})"


@dataclass(frozen=True, slots=True)
class And:
    """All of them."""

    operands: tuple["Expression", ...]

    def __str__(self) -> str:
        return " && ".join(f"({operand})" if isinstance(operand, Or) else str(operand) for operand in self.operands)


@dataclass(frozen=True, slots=True)
class Or:
    """Any of them."""

    operands: tuple["Expression", ...]

    def __str__(self) -> str:
        return " || ".join(map(str, self.operands))


Expression = Everything | Search | Exists | Compare | Contains | Matches | In | Not | And | Or


def _literal(field: Field, value: Literal) -> str:
    if isinstance(value, Clock | ipaddress.IPv4Network | ipaddress.IPv6Network) or field.kind is not Kind.TEXT:
        return write(value)
    return quote(str(value))
