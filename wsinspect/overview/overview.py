"""Everything about all connections at one moment."""

from dataclasses import dataclass, replace

from wsinspect.overview.bursts import Burst, bursts
from wsinspect.overview.groups import CloseGroup, close_groups
from wsinspect.overview.over_time import OverTime, closes_over_time
from wsinspect.overview.records import BreachSum, Records
from wsinspect.overview.sentences import sentences

STRETCHES = 60
"""How many stretches of time a report has, at most."""


@dataclass(frozen=True, slots=True)
class Overview:
    """What stands at the top of a report and on the screen of closes."""

    sentences: list[str]
    groups: list[CloseGroup]
    over_time: OverTime
    bursts: list[Burst]
    breaches: list[BreachSum]


def overview(
    records: Records, start: float | None = None, end: float | None = None, stretches: int = STRETCHES
) -> Overview:
    """Of a capture from `start` to `end`, in seconds since the epoch."""
    return Overview(
        sentences(records),
        close_groups(records),
        closes_over_time(records, stretches, start, end),
        bursts(records, start, end),
        sorted_breaches(records),
    )


def sorted_breaches(records: Records) -> list[BreachSum]:
    """The worst first, then the most frequent; copies, for the records go on counting."""
    rank = {"error": 0, "warning": 1}
    return sorted(
        map(replace, records.breaches()), key=lambda one: (rank.get(one.severity, 2), -one.connections, one.rule)
    )
