"""`-Y`: which connections are reported. And `wsinspect fields`: what can be asked for."""

from collections.abc import Mapping
from typing import TYPE_CHECKING

import click

from wsinspect.connection import Connection
from wsinspect.errors import WsinspectError
from wsinspect.escape import terminal
from wsinspect.inspector import Inspector
from wsinspect.report import model

if TYPE_CHECKING:  # loaded with the first filter: most reports have none
    from wsinspect.filter.error import FilterError
    from wsinspect.filter.filter import Filter
    from wsinspect.replay import PacketSource


class Choice:
    """The display filter of a report, and how many connections it has let through."""

    def __init__(self, text: str | None, named: Mapping[str, str]) -> None:
        """Raises `FilterFault` if `text` is no filter."""
        self._filter = parse_or_point(text, named) if text else None
        self._matched = 0
        self._asked = 0

    @property
    def needs_packets(self) -> bool:
        """Whether packets have to be read again: the inspector must index them then."""
        if self._filter is None:
            return False
        from wsinspect.filter.fields import Needs

        return self._filter.needs is Needs.PACKETS

    def takes(
        self, connection: Connection, report: model.Connection, inspector: Inspector, packets: "PacketSource"
    ) -> bool:
        """Whether a connection is to be reported."""
        if self._filter is None:
            return True
        from wsinspect.filter.subject import ReportedConnection

        self._asked += 1
        taken = self._filter.matches(ReportedConnection(connection, report, inspector.last_ns / 1e9, packets))
        self._matched += taken
        return taken

    def told(self) -> model.DisplayFilter | None:
        """What the report says of it."""
        if self._filter is None:
            return None
        return model.DisplayFilter(self._filter.text, self._matched, self._asked)


class FilterFault(WsinspectError):
    """A wrong filter, told in a sentence, and below it the filter with a mark where it is wrong."""

    def __init__(self, error: "FilterError") -> None:
        blank = " " * len(terminal(error.text[: error.start]))
        marks = "^" * max(1, len(terminal(error.text[error.start : error.end])))
        super().__init__(error.message, f"\n  {terminal(error.text)}\n  {blank}{marks}")

    def __str__(self) -> str:
        return f"{self.message}{self.hint}"


def parse_or_point(text: str, named: Mapping[str, str]) -> "Filter":
    """The filter that `text` says. Raises `FilterFault`."""
    from wsinspect.filter.error import FilterError
    from wsinspect.filter.filter import parse_filter

    try:
        return parse_filter(text, named)
    except FilterError as error:
        raise FilterFault(error) from None


def print_fields(prefix: str) -> None:
    """List the fields whose names begin so. Raises `WsinspectError` if none does."""
    from wsinspect.filter.error import did_you_mean
    from wsinspect.filter.fields import BY_NAME, FIELDS, Needs

    fields = [field for field in FIELDS if field.name.startswith(prefix.lower())]
    if not fields:
        raise WsinspectError(
            f"no field begins with {prefix}{did_you_mean(prefix, BY_NAME)}", "wsinspect fields lists all"
        )
    name_width = max(len(field.name) for field in fields)
    for field in fields:
        about = field.about
        if field.words and len(field.words) < 8:
            about += f": {', '.join(field.words)}"
        if field.needs is Needs.PACKETS:
            about += " (reads packets again)"
        click.echo(f"{field.name:{name_width}}  {field.kind.title:9} {about}")
