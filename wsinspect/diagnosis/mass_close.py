"""`mass-close`: many connections to one server end at one moment (fingerprints, section 3)."""

import statistics
from bisect import bisect_left, bisect_right
from collections.abc import Iterator
from dataclasses import dataclass
from heapq import heappop, heappush
from typing import Final

from wsinspect.diagnosis.cause import Confidence, Diagnosis, count, span
from wsinspect.diagnosis.facts import EndKind, Facts
from wsinspect.diagnosis.thresholds import (
    MASS_CLOSE_AGE,
    MASS_CLOSE_MIN,
    MASS_CLOSE_SHARE,
    MASS_CLOSE_WINDOW,
    SAME_AGE,
    SAME_IDLE_SHARE,
    SHORTEST_TIMER,
)
from wsinspect.websocket.side import Side

ID = "mass-close"

_ABOUT_THE_PEER: Final = frozenset({1002, 1003, 1007, 1008, 1009, 1010})
"""Close codes that answer what one client did."""


@dataclass(frozen=True, slots=True)
class MassClose:
    """Connections to one server that one side ended together."""

    members: tuple[int, ...]
    open: int
    """Connections to the server that were open when it began."""
    seconds: float
    by: Side
    server: str
    kinds: frozenset[tuple[EndKind, int | None]]


def mass_closes(group: list[Facts]) -> list[MassClose]:
    """Of connections to one server."""
    found = []
    opened = sorted(facts.opened_ns or 0 for facts in group)
    over = sorted(facts.open_until_ns for facts in group)
    for side in Side:
        for members in _densest_first([facts for facts in group if _counts(facts, side)]):
            began_ns = members[0].end_ns
            open_then = bisect_right(opened, began_ns) - bisect_left(over, began_ns)
            if len(members) < MASS_CLOSE_SHARE * open_then or _are_short_lived(members):
                continue
            if not _agree_otherwise(members):
                kinds = frozenset((f.end.kind, f.end.code) for f in members if f.end is not None)
                seconds = (members[-1].end_ns - began_ns) / 1e9
                ids = tuple(facts.id for facts in members)
                found.append(MassClose(ids, max(open_then, len(ids)), seconds, side, members[0].server, kinds))
    return found


def mass_close(close: MassClose) -> Diagnosis:
    """The same sentence on each of its members."""
    codes = sorted({code for kind, code in close.kinds if kind is EndKind.CLOSE and code is not None})
    silent = {kind for kind, _ in close.kinds if kind is not EndKind.CLOSE}
    if codes and not silent:
        how = f" with Close {' or '.join(map(str, codes))}"
        what = "a deploy or restart" if set(codes) <= {1001, 1012} else "a restart, or a decision about all of them"
    elif codes:
        how, what = "", "a server that goes down"
    elif silent == {EndKind.FIN}:
        how, what = " with FIN and no Close", "a process that ended or was killed, or a balancer before it"
    else:
        how, what = " with RST and no Close", "a kill with data unread, or a balancer before it"
    who = "server side" if close.by is Side.SERVER else "client side (a proxy's, if this is the leg behind one)"
    return Diagnosis(
        ID,
        Confidence.LIKELY,
        f"{len(close.members)} of {count(close.open, 'connection')} to {close.server} ended within "
        f"{span(close.seconds)}, all by the {who}{how}: {what}.",
        what,
    )


def _counts(facts: Facts, side: Side) -> bool:
    """Whether `side` ended it. A client that closes properly just leaves; a dying proxy sends no Close."""
    end = facts.end
    if end is None or end.by is not side:
        return False
    if end.kind is not EndKind.CLOSE:
        return True
    return side is Side.SERVER and end.code not in _ABOUT_THE_PEER


def _densest_first(ended: list[Facts]) -> Iterator[list[Facts]]:
    """Connections that end within a window, all of them open when it begins; again and again the most that are left.

    MASS_CLOSE_MIN at least. Thousands of connections may have ended, so only what has changed is counted anew.
    """
    rest = sorted(ended, key=_end)
    sizes = _sizes(rest, 0, len(rest))
    while sizes and max(sizes) >= MASS_CLOSE_MIN:
        start = sizes.index(max(sizes))
        began_ns = rest[start].end_ns
        stop = bisect_right(rest, MASS_CLOSE_WINDOW, start, key=lambda one: (one.end_ns - began_ns) / 1e9)
        members: list[tuple[Facts, int]] = []
        others: list[tuple[Facts, int]] = []
        for position in range(start, stop):
            here = (rest[position], sizes[position])
            (members if (here[0].opened_ns or 0) <= began_ns else others).append(here)
        yield [one for one, _ in members]
        rest[start:stop] = [one for one, _ in others]
        sizes[start:stop] = [size for _, size in others]
        first = bisect_left(rest, -MASS_CLOSE_WINDOW, key=lambda one: (one.end_ns - began_ns) / 1e9)
        sizes[first : start + len(others)] = _sizes(rest, first, start + len(others))


def _sizes(ended: list[Facts], first: int, last: int) -> list[int]:
    """For each of `ended` from `first` to before `last`: how many end in the window that begins there, open by then."""
    sizes: list[int] = []
    to_open: list[tuple[int, int]] = []
    are_open: set[int] = set()
    stop = first
    for start in range(first, last):
        began_ns = ended[start].end_ns
        while stop < len(ended) and (ended[stop].end_ns - began_ns) / 1e9 <= MASS_CLOSE_WINDOW:
            heappush(to_open, (ended[stop].opened_ns or 0, stop))
            stop += 1
        while to_open and to_open[0][0] <= began_ns:
            are_open.add(heappop(to_open)[1])
        sizes.append(len(are_open))
        are_open.discard(start)
    return sizes


def _end(facts: Facts) -> int:
    return facts.end_ns


def _are_short_lived(members: list[Facts]) -> bool:
    """Whether they last so short a time that some always end close together; judged by the middle half of them."""
    aside = len(members) // 4
    spread = (members[-1 - aside].end_ns - members[aside].end_ns) / 1e9
    return spread > MASS_CLOSE_AGE * statistics.median(facts.age or 0.0 for facts in members)


def _agree_otherwise(members: list[Facts]) -> bool:
    """Whether equal ages or equal silences explain the same moment as well: a lifetime limit, an idle timer."""
    ages = [facts.age or 0.0 for facts in members]
    if max(ages) - min(ages) <= SAME_AGE * max(ages):
        return True
    idles = [facts.idle for facts in members if facts.idle is not None]
    if len(idles) < len(members) or min(idles) < SHORTEST_TIMER:
        return False
    spread = max(idles) - min(idles)
    if spread > SAME_IDLE_SHARE * min(idles):
        return False
    if all(facts.is_silent_end for facts in members):
        return True
    # A server that closes properly may have told all of them something at one moment, and then have closed.
    seconds = (members[-1].end_ns - members[0].end_ns) / 1e9
    return seconds > max(4 * spread, 0.1)
