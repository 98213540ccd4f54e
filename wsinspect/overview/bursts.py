"""Bursts: times in which far more connections ended than usual.

A window of 2 s (or 30 s) is a burst if at least `LEAST` connections ended in it, at least `FACTOR` times as many as
usual, and so many that chance would hardly ever bring them. Usual is the rate of the capture outside the window, or
that of the minutes around it if it is higher: a busy hour is no burst. "Hardly ever" is less than once in 10,000
captures of as many ends, if they came as a Poisson process. Of windows that overlap the least probable one counts;
those that follow each other at once are one burst. What is no longer than two windows has no usual rate, and no bursts.
"""

from bisect import bisect_left, bisect_right
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from math import isnan, log
from typing import Final, NamedTuple

from wsinspect.overview.records import Records

WINDOWS: Final = (2.0, 30.0)
"""Seconds: a crash or a restart, a deploy that drains."""
LEAST: Final = 10
FACTOR: Final = 4.0
RARE: Final = 1e-4
"""Chance of one false burst in a capture."""
AROUND: Final = 15
"""Windows before and behind that count as the time around."""


@dataclass(frozen=True, slots=True)
class Burst:
    """Many ends in a short time."""

    start: float
    """When the first of them ended, in seconds since the epoch."""
    end: float
    connections: int
    usual: float
    """Ends that as long a time has otherwise."""
    code: int | None
    """What most of them ended with …"""
    name: str
    """… and its name."""
    alike: int
    """How many ended so."""


def bursts(records: Records, start: float | None = None, end: float | None = None) -> list[Burst]:
    """In the order of time. The capture lasted from `start` to `end`; without them, from the first end to the last."""
    times = sorted(time for time in records.ended if not isnan(time))
    found = _join(_apart([one for window in WINDOWS for one in _windows(times, window, start, end)]), times)
    if not found:
        return []
    kinds = sorted(
        (
            (records.ended[index], ending)
            for ending, indexes in records.by_ending().items()
            for index in indexes
            if not isnan(records.ended[index])
        ),
        key=lambda one: one[0],
    )
    made = []
    for first, stop, usual, _, _ in found:
        (code, name), alike = Counter((ending.code, ending.title) for _, ending in kinds[first:stop]).most_common(1)[0]
        made.append(Burst(times[first], times[stop - 1], stop - first, usual, code, name, alike))
    return made


class Found(NamedTuple):
    """A window that is a burst."""

    first: int
    """Of the sorted times …"""
    stop: int
    """… and the last, excluded."""
    usual: float
    chance: float
    """Logarithm of a bound on the probability of so many."""
    window: float


def _windows(times: Sequence[float], window: float, start: float | None, end: float | None) -> list[Found]:
    """The windows that are bursts, each as full as it can be."""
    if len(times) < LEAST:
        return []
    begin = times[0] if start is None else min(start, times[0])
    until = times[-1] if end is None else max(end, times[-1])
    if until - begin <= 2 * window:
        return []
    overall = 1 / (until - begin - window)
    limit = log(RARE / (len(times) * len(WINDOWS)))
    found: list[Found] = []
    stop = 0
    for first, time in enumerate(times):
        while stop < len(times) and times[stop] - time <= window:
            stop += 1
        count = stop - first
        if count < LEAST:
            continue
        # One more than was seen: nothing outside does not mean that nothing ever ends.
        usual = (len(times) - count + 1) * overall * window
        if _chance(count, usual) >= limit:
            continue
        low, high = max(begin, time - AROUND * window), min(until, time + (AROUND + 1) * window)
        around = bisect_right(times, high) - bisect_left(times, low) - count
        if high - low > 2 * window:
            usual = max(usual, (around + 1) / (high - low - window) * window)
        chance = _chance(count, usual)
        if chance < limit:
            found.append(Found(first, stop, usual, chance, window))
    return found


def _chance(count: int, usual: float) -> float:
    """Chernoff's bound on a Poisson distribution with the mean `usual`, as a logarithm; 0: not many times it."""
    return count - usual - count * log(count / usual) if count >= FACTOR * usual else 0.0


def _apart(found: list[Found]) -> list[Found]:
    """Of those that overlap the least probable, in the order of time."""
    taken: list[Found] = []
    for one in sorted(found, key=lambda one: one.chance):
        place = bisect_left(taken, one.first, key=lambda other: other.first)
        before, behind = taken[place - 1 : place], taken[place : place + 1]
        if all(other.stop <= one.first for other in before) and all(other.first >= one.stop for other in behind):
            taken.insert(place, one)
    return taken


def _join(found: list[Found], times: Sequence[float]) -> list[Found]:
    """Those that follow each other at once as one."""
    joined: list[Found] = []
    for one in found:
        last = joined[-1] if joined else None
        if last and last.stop == one.first and times[one.first] - times[one.first - 1] <= last.window / 2:
            joined[-1] = last._replace(stop=one.stop, usual=last.usual + one.usual)
        else:
            joined.append(one)
    return joined
