"""How many connections ended when: counts in stretches of time of a round length."""

from collections import Counter
from dataclasses import dataclass
from itertools import chain
from math import ceil, floor, isnan
from typing import Final

from wsinspect.overview.records import Ending, Records

WIDTHS: Final = (
    0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 10800, 21600, 43200,
    86400, 604800,
)  # fmt: skip
"""Seconds that a stretch may have: what people reckon in."""

Kind = tuple[int | None, str]
"""A code and its name; a handshake that failed has no code here."""


@dataclass(frozen=True, slots=True)
class OverTime:
    """Stretches of equal length, one behind the other."""

    start: float
    """Where the first one begins, in seconds since the epoch: a multiple of `width`."""
    width: float
    """Seconds."""
    counts: dict[Kind, list[int]]
    """For each kind the number of ends in each stretch; the most frequent kind first."""

    @property
    def totals(self) -> list[int]:
        """The ends in each stretch, of all kinds."""
        return [sum(column) for column in zip(*self.counts.values(), strict=True)]

    def position(self, time: float) -> int:
        """The stretch that `time` is in."""
        return floor((time - self.start) / self.width)


def kind_of(ending: Ending) -> Kind:
    """What a chart tells apart."""
    return (None if ending.failed else ending.code), ending.title


def closes_over_time(records: Records, most: int, start: float | None = None, end: float | None = None) -> OverTime:
    """In at most `most` stretches, from the first end (or `start`) to the last one (or `end`)."""
    by_ending = records.by_ending()
    times = {
        ending: [time for time in map(records.ended.__getitem__, indexes) if not isnan(time)]
        for ending, indexes in by_ending.items()
    }
    every = list(chain.from_iterable(times.values()))
    if not every:
        return OverTime(start or 0.0, WIDTHS[0], {})
    first = min(every) if start is None else min(start, min(every))
    last = max(every) if end is None else max(end, max(every))
    width = stretch(last - first, most)
    origin = floor(first / width) * width
    size = floor((last - origin) / width) + 1
    found: dict[Kind, list[int]] = {}
    for ending, ends in times.items():
        row = found.setdefault(kind_of(ending), [0] * size)
        for position, number in Counter([int((time - origin) / width) for time in ends]).items():
            row[min(position, size - 1)] += number
    ordered = sorted(found, key=lambda kind: (-sum(found[kind]), str(kind)))
    return OverTime(origin, width, {kind: found[kind] for kind in ordered})


def stretch(seconds: float, most: int) -> float:
    """The shortest round length of which `most` cover `seconds`, wherever they begin."""
    for width in WIDTHS:
        if seconds / width + 1 <= most:
            return width
    return WIDTHS[-1] * ceil(seconds / WIDTHS[-1] / max(1, most - 1))
