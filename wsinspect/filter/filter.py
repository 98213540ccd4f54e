"""A filter ready for use: `parse_filter(text).matches(subject)`."""

from collections.abc import Callable, Mapping
from typing import TypeVar

from wsinspect.filter.evaluate import Access, bind, fields_of, needs
from wsinspect.filter.expression import Everything, Expression
from wsinspect.filter.fields import Field, Needs, everywhere
from wsinspect.filter.parser import parse
from wsinspect.filter.subject import Subject

S = TypeVar("S")


class Filter:
    """What somebody wants to see."""

    def __init__(self, text: str, expression: Expression) -> None:
        self.text = text
        """As it was typed."""
        self.expression = expression
        self.fields: frozenset[Field] = frozenset(fields_of(expression))
        self.needs: Needs = needs(expression)
        """What it takes at most to tell whether a connection matches."""
        self.matches: Callable[[Subject], bool] = bind(expression, _Direct())
        """Whether a connection does. Raises `WsinspectError` if its packets are needed and cannot be read again."""

    @property
    def lets_all_through(self) -> bool:
        """Whether nothing was asked for."""
        return isinstance(self.expression, Everything)

    def bind(self, access: Access[S]) -> Callable[[S], bool]:
        """`matches` for subjects that have some fields at hand without a report."""
        return bind(self.expression, access)


def parse_filter(text: str, named: Mapping[str, str] | None = None) -> Filter:
    """The filter that `text` says; `$name` in it stands for a filter of `named`.

    Raises `FilterError`, which knows the place in `text` and says what is wrong.
    """
    return Filter(text, parse(text, named))


class _Direct:
    """Fields as the table of fields has them."""

    def getter(self, field: Field) -> Callable[[Subject], object]:
        return field.get

    def cost(self, field: Field) -> int:
        return field.needs

    def everywhere(self, subject: Subject) -> str:
        return everywhere(subject)
