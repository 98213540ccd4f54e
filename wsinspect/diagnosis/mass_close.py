"""`mass-close`: many connections to one server end at one moment (fingerprints, section 3)."""

from dataclasses import dataclass
from typing import Final

from wsinspect.diagnosis.cause import Confidence, Diagnosis, count, span
from wsinspect.diagnosis.facts import EndKind, Facts
from wsinspect.diagnosis.thresholds import (
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
    for side in Side:
        ended = sorted((facts for facts in group if _counts(facts, side)), key=lambda facts: facts.end_ns)
        while len(ended) >= MASS_CLOSE_MIN:
            members = _densest(ended)
            if len(members) < MASS_CLOSE_MIN:
                break
            began_ns = members[0].end_ns
            open_then = [f for f in group if (f.opened_ns or 0) <= began_ns and f.open_until_ns >= began_ns]
            if len(members) >= MASS_CLOSE_SHARE * len(open_then) and not _agree_otherwise(members):
                kinds = frozenset((f.end.kind, f.end.code) for f in members if f.end is not None)
                seconds = (members[-1].end_ns - began_ns) / 1e9
                ids = tuple(facts.id for facts in members)
                found.append(MassClose(ids, max(len(open_then), len(ids)), seconds, side, members[0].server, kinds))
            taken = {facts.id for facts in members}
            ended = [facts for facts in ended if facts.id not in taken]
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


def _densest(ended: list[Facts]) -> list[Facts]:
    """The connections that end in the window with the most ends, all of them open when it begins."""
    best: list[Facts] = []
    stop = 0
    for start, facts in enumerate(ended):
        while stop < len(ended) and (ended[stop].end_ns - facts.end_ns) / 1e9 <= MASS_CLOSE_WINDOW:
            stop += 1
        if stop - start > len(best):
            members = [one for one in ended[start:stop] if (one.opened_ns or 0) <= facts.end_ns]
            best = max(best, members, key=len)
    return best


def _agree_otherwise(members: list[Facts]) -> bool:
    """Whether equal ages or equal silences explain the same moment as well: a lifetime limit, an idle timer."""
    ages = [facts.age or 0.0 for facts in members]
    if max(ages) - min(ages) <= SAME_AGE * max(ages):
        return True
    if not all(facts.is_silent_end and facts.idle is not None for facts in members):
        return False
    idles = [facts.idle or 0.0 for facts in members]
    return min(idles) >= SHORTEST_TIMER and max(idles) - min(idles) <= SAME_IDLE_SHARE * min(idles)
