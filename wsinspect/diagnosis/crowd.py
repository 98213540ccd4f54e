"""What connections to the same server have in common: ages, silences, patience. Only known once all are (`many`)."""

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass

from wsinspect.diagnosis.facts import EndKind, Facts
from wsinspect.diagnosis.thresholds import (
    LEARNED_MIN,
    MASS_CLOSE_WINDOW,
    SAME_AGE,
    SAME_IDLE,
    SAME_IDLE_SHARE,
    SHORTEST_TIMER,
    keepalive_fit,
)
from wsinspect.websocket.side import Side


@dataclass(frozen=True, slots=True)
class SameAge:
    """Connections that ended at the same age."""

    count: int
    total: int
    """Connections to the server that ended."""
    seconds: float


@dataclass(frozen=True, slots=True)
class SameIdle:
    """Connections that ended after the same silence."""

    count: int
    others: int
    """Connections that the same side ended without a Close after other silences."""
    seconds: float


def by_server(crowd: Iterable[Facts]) -> list[list[Facts]]:
    """Connections that opened, by the server's address and port."""
    groups: defaultdict[str, list[Facts]] = defaultdict(list)
    for facts in crowd:
        if facts.opened_ns is not None and not facts.ending.failed:
            groups[facts.server].append(facts)
    return list(groups.values())


def same_ages(group: list[Facts]) -> dict[int, SameAge]:
    """Of connections to one server, by id: those that the same side ended at the same age."""
    found: dict[int, SameAge] = {}
    ended = [facts for facts in group if facts.end is not None and facts.age]
    for candidates in _alike(ended):
        for cluster in _clusters(candidates, _age, lambda age: SAME_AGE * age):
            starts = [facts.opened_ns or 0 for facts in cluster]
            if (max(starts) - min(starts)) / 1e9 <= 10 * MASS_CLOSE_WINDOW:
                continue
            # Nothing but silence all the same time is an idle timer, not a lifetime.
            flowing = sum(facts.long_silence < _age(facts) / 2 for facts in cluster)
            seconds = sum(map(_age, cluster)) / len(cluster)
            if 3 * flowing >= len(cluster) and seconds >= SHORTEST_TIMER:
                found |= dict.fromkeys((facts.id for facts in cluster), SameAge(len(cluster), len(ended), seconds))
    return found


def same_idles(group: list[Facts]) -> dict[int, SameIdle]:
    """Of connections to one server, by id: those that the same side ended without a Close after the same silence."""
    found: dict[int, SameIdle] = {}
    for side in Side:
        silent = [
            facts
            for facts in group
            if facts.is_silent_end and facts.end is not None and facts.end.by is side and facts.idle is not None
            and not facts.gap_at_end
        ]  # fmt: skip
        for cluster in _clusters(silent, _idle, lambda idle: min(SAME_IDLE, SAME_IDLE_SHARE * idle)):
            ends = [facts.end_ns for facts in cluster]
            seconds = sum(map(_idle, cluster)) / len(cluster)
            apart = (max(ends) - min(ends)) / 1e9 > MASS_CLOSE_WINDOW
            restarted = any(_age(facts) > seconds + 1 for facts in cluster)
            if seconds >= SHORTEST_TIMER and apart and restarted:
                same = SameIdle(len(cluster), len(silent) - len(cluster), seconds)
                found |= dict.fromkeys((facts.id for facts in cluster), same)
    return found


def same_patience(crowd: Iterable[Facts], patience: Callable[[Facts], float | None]) -> dict[int, float]:
    """By id: how long the same side had waited for an answer on another connection, if that agrees."""
    waits: defaultdict[tuple[Side, str], list[tuple[int, float]]] = defaultdict(list)
    for facts in crowd:
        waited = patience(facts)
        if waited is not None and facts.end is not None:
            who = facts.client if facts.end.by is Side.CLIENT else facts.server
            waits[facts.end.by, who].append((facts.id, waited))
    found: dict[int, float] = {}
    for known in waits.values():
        known.sort(key=lambda one: one[1])
        for place, (id, waited) in enumerate(known):
            others = [other for _, other in (*known[max(0, place - 1) : place], *known[place + 1 : place + 2])]
            nearest = min(others, key=lambda other: abs(other - waited), default=None)
            # The tolerance is made for timers of 20 s; a shorter one has to agree in proportion as well.
            if nearest is not None and abs(nearest - waited) <= min(keepalive_fit(waited), 0.25 * waited):
                found[id] = nearest
    return found


def _alike(ended: list[Facts]) -> Iterator[list[Facts]]:
    """Groups that the same side ended in the same way; not those that a client's own Close ended."""
    groups: defaultdict[tuple[Side, EndKind, int | None], list[Facts]] = defaultdict(list)
    for facts in ended:
        end = facts.end
        assert end is not None
        if end.by is Side.SERVER or end.kind is not EndKind.CLOSE:
            groups[end.by, end.kind, end.code].append(facts)
    yield from groups.values()


def _clusters(
    crowd: list[Facts], value: Callable[[Facts], float], spread: Callable[[float], float]
) -> Iterator[list[Facts]]:
    """Groups of at least LEARNED_MIN, and of half the crowd, whose values lie within `spread` of the smallest."""
    rest = sorted(crowd, key=value)
    smallest = max(LEARNED_MIN, (len(crowd) + 1) // 2)
    while len(rest) >= smallest:
        best = (0, 0)
        stop = 0
        for start, facts in enumerate(rest):
            low = value(facts)
            while stop < len(rest) and value(rest[stop]) - low <= spread(low):
                stop += 1
            best = max(best, (stop - start, start))
        size, start = best
        if size < smallest:
            return
        yield rest[start : start + size]
        del rest[start : start + size]


def _age(facts: Facts) -> float:
    return facts.age or 0.0


def _idle(facts: Facts) -> float:
    return facts.idle or 0.0
