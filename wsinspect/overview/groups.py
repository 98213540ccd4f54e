"""The rows of a table of endings: connections that ended alike, counted, with their usual age and silence."""

import statistics
from array import array
from collections import Counter, defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from math import isnan

from wsinspect.overview.records import Ending, Records


@dataclass(frozen=True, slots=True)
class CloseGroup:
    """Connections that ended with the same code, by the same side and means, on whatever server."""

    ending: Ending
    """Of one of them; its `server` is the one with the most."""
    connections: int
    median_age: float | None
    """Seconds; None if it is known of none of them."""
    median_idle: float | None
    servers: tuple[tuple[tuple[str, int], int], ...]
    """Address and port, and how many of the connections; the most first."""
    first: float | None
    """When the first of them ended, in seconds since the epoch …"""
    last: float | None
    """… and the last."""


def close_groups(records: Records) -> list[CloseGroup]:
    """The largest first; of equal ones that which holds the earliest connection, whichever was judged first."""
    alike: defaultdict[Ending, list[int]] = defaultdict(list)
    servers: defaultdict[Ending, Counter[tuple[str, int]]] = defaultdict(Counter)
    for ending, indexes in records.by_ending().items():
        key = ending.anywhere
        alike[key] += indexes
        servers[key][ending.server] += len(indexes)
    groups = []
    for key, indexes in sorted(alike.items(), key=lambda item: (-len(item[1]), min(item[1]))):
        # By address where they are equal: rows come in any order.
        ranked = tuple(sorted(servers[key].items(), key=lambda item: (-item[1], item[0])))
        times = known(records.ended, indexes)
        groups.append(
            CloseGroup(
                key._replace(server=ranked[0][0]),
                len(indexes),
                median(records.age, indexes),
                median(records.idle, indexes),
                ranked,
                min(times, default=None),
                max(times, default=None),
            )
        )
    return groups


def known(column: "array[float]", indexes: Iterable[int]) -> list[float]:
    """The values that are not NaN."""
    return [value for value in map(column.__getitem__, indexes) if not isnan(value)]


def median(column: "array[float]", indexes: Iterable[int]) -> float | None:
    """Of the values that are known."""
    values = known(column, indexes)
    return statistics.median(values) if values else None
