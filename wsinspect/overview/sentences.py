"""The sentences that an incident needs: how many connections ended how, after what, by whom, and why.

They say what was counted. A cause is named only if each of the connections that a sentence is about has that diagnosis,
and as sure as the diagnosis is.
"""

from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Final, NamedTuple

from wsinspect.diagnosis.cause import Confidence, span
from wsinspect.overview.groups import known, median
from wsinspect.overview.records import USUAL_CODES, Cause, Ending, Records

MOST: Final = 3
"""Sentences."""
TOGETHER: Final = 5.0
"""Seconds in which connections have to end to have ended together."""
AGREE: Final = 0.8
"""Share of the connections whose ages or silences have to be alike to be told."""

_LEAST_TOGETHER: Final = 5
_SHORTEST_IDLE: Final = 1.0
_PLAIN: Final = frozenset({1000, 1001, 1006})
"""Codes that need no name."""
_SURE: Final = {Confidence.LIKELY: "likely", Confidence.POSSIBLE: "possibly", Confidence.WEAK: "perhaps"}
_RANK: Final = {Confidence.LIKELY: 0, Confidence.POSSIBLE: 1, Confidence.WEAK: 2}
_LISTED: Final = 5
"""Ways to end that the last sentence lists."""
_LEAST_LARGE: Final = 3
_LARGE: Final = 0.1
_STORM: Final = "reconnect-storm"
_MASS: Final = "mass-close"
_AHEAD: Final = "keepalive-race"
"""Told of connections that may be well."""


class Story(NamedTuple):
    """What connections that are told of together have in common."""

    ending: Ending
    """Without the server."""
    cause: Cause | None


def sentences(records: Records) -> list[str]:
    """At most `MOST`, the one that most connections are in first."""
    total = len(records)
    if not total:
        return ["No WebSocket connection was seen."]
    stories = _stories(records)
    storms = sorted({cause.brief for causes in records.causes for cause in causes if cause.id == _STORM})
    ordered = sorted(stories, key=lambda story: (-len(stories[story]), str(story)))
    told = [_storm(storms)] if storms else []
    room = MOST - len(told)
    large = ordered if len(ordered) <= room else [one for one in ordered if _is_large(len(stories[one]), total)]
    large = large[: room - 1] if len(ordered) > room else large
    found = [_told(records, story, stories[story], total) for story in large] + told
    others = {story: len(stories[story]) for story in ordered if story not in large}
    if others:
        found.append(_others(others, total, first=not large))
    if not found:
        found.append(_all_well(records, total))
    if not stories and records.broken:
        found.append(_broken(records))
    return found


def _is_large(number: int, total: int) -> bool:
    """Whether connections that ended alike are worth a sentence where there are many kinds."""
    return number >= max(_LEAST_LARGE, _LARGE * total)


def _stories(records: Records) -> dict[Story, list[int]]:
    """The connections that somebody should look at: those that ended as they should not, or that have a cause."""
    found: defaultdict[Story, list[int]] = defaultdict(list)
    for ending, indexes in records.by_ending().items():
        alike = ending._replace(server=("", 0))
        for index in indexes:
            causes = records.causes_of(index)
            if not causes and ending.usual:
                continue
            cause = _cause(causes)
            if cause is not None or not ending.usual:
                found[Story(alike, cause)].append(index)
    return found


def _cause(causes: Iterable[Cause]) -> Cause | None:
    """The one that explains most; a mass close before another one that is as sure."""
    fitting = [cause for cause in causes if cause.brief and cause.id not in (_STORM, _AHEAD)]
    return min(fitting, key=lambda cause: (_RANK[Confidence(cause.confidence)], cause.id != _MASS), default=None)


def _told(records: Records, story: Story, indexes: list[int], total: int) -> str:
    ending, cause = story
    who = _subject(len(indexes), total)
    parts = [f"{who} {_how(ending)}{_after(records, indexes)}{_by(records, ending, indexes)}"]
    when = _together(records, indexes)
    if when:
        parts.append(when)
    why = f": {_SURE[Confidence(cause.confidence)]} {cause.brief}" if cause else ""
    return f"{', '.join(parts)}{why}."


def _subject(number: int, total: int) -> str:
    if total == 1:
        return "The only connection"
    return f"All {total:,} connections" if number == total else f"{number:,} of {total:,} connections"


def _how(ending: Ending) -> str:
    if ending.failed:
        return f"failed at the handshake with {ending.name}" if ending.status else "got no answer to the handshake"
    if ending.code is None:
        return "ended, with what code was not captured" if ending.means else "fell silent and nobody closed"
    name = "" if ending.code in _PLAIN or not ending.name else f" {ending.title}"
    unclean = " (not clean)" if ending.code in USUAL_CODES and not ending.usual else ""
    return f"ended {ending.code}{name}{unclean}"


def _after(records: Records, indexes: list[int]) -> str:
    """The silence before the end, or the age, if most of them share it."""
    idle = median(records.idle, indexes)
    if idle is not None and idle >= _SHORTEST_IDLE:
        near = sum(abs(value - idle) <= max(0.5, 0.02 * idle) for value in known(records.idle, indexes))
        if near >= AGREE * len(indexes):
            return f" after {span(idle)} idle"
    age = median(records.age, indexes)
    if age is not None and age >= _SHORTEST_IDLE and len(indexes) > 1:
        near = sum(abs(value - age) <= 0.01 * age for value in known(records.age, indexes))
        if near >= AGREE * len(indexes):
            return f" at an age of {span(age)}"
    return ""


def _by(records: Records, ending: Ending, indexes: list[int]) -> str:
    """`, RST from 10.1.0.1:8080`, `, FIN from the client (server 10.1.0.1:8080)`."""
    servers = Counter(one.server for one in map(records.ending, indexes) if one is not None)
    (address, port), most = servers.most_common(1)[0]
    server = f"[{address}]:{port}" if ":" in address else f"{address}:{port}"
    if len(servers) > 1:
        server = f"{len(servers)} servers" if most < AGREE * len(indexes) else f"{server} and {len(servers) - 1} more"
    if ending.failed:
        return f" from {server}"
    if not ending.means:
        return f", {server}" if len(servers) > 1 else f", server {server}"
    means = "first Close" if ending.means == "Close" else ending.means
    return f", {means} from {server if ending.by == 'server' else f'the client (server {server})'}"


def _together(records: Records, indexes: list[int]) -> str:
    times = known(records.ended, indexes)
    if len(times) < _LEAST_TOGETHER or max(times) - min(times) > TOGETHER:
        return ""
    return f"all within {span(max(times) - min(times))} at {_clock(min(times))}"


def _clock(seconds: float) -> str:
    """Local time of day."""
    try:
        return datetime.fromtimestamp(seconds).strftime("%H:%M:%S")
    except (OverflowError, ValueError, OSError):
        return f"{seconds:.0f} s"


def _storm(storms: Sequence[str]) -> str:
    more = f" {len(storms) - 1} more clients did the like." if len(storms) > 1 else ""
    return f"{storms[0]}.{more}"


def _others(stories: dict[Story, int], total: int, *, first: bool) -> str:
    """The kinds that are not worth a sentence each."""
    kinds: Counter[str] = Counter()
    for story, number in stories.items():
        kinds[_kind(story.ending)] += number
    listed = [f"{kind} ×{number:,}" for kind, number in kinds.most_common(_LISTED)]
    more = " and others" if len(kinds) > _LISTED else ""
    number = sum(kinds.values())
    who = f"{number:,} of {total:,} connections stand" if first else f"{number:,} more {_verb(number, 'stand')}"
    return f"{who} out: {', '.join(listed)}{more}."


def _verb(number: int, verb: str) -> str:
    return f"{verb}s" if number == 1 else verb


def _kind(ending: Ending) -> str:
    if ending.failed:
        return "failed handshake"
    return str(ending.code) if ending.code is not None else "nobody closed"


def _all_well(records: Records, total: int) -> str:
    """Nothing stands out: say so, and no more."""
    codes = sorted({ending.code for ending in records.by_ending() if ending.code is not None})
    over = sum(len(indexes) for indexes in records.by_ending().values())
    who = "1 connection" if total == 1 else f"{total:,} connections"
    if not over:
        return f"{who}, still open as far as the capture goes."
    closed = f"closed {_either([str(code) for code in codes])}"
    if over == total:
        return f"{who}, {'' if total == 1 else 'all '}{closed}: no abnormal ending."
    return f"{who}: {over:,} {closed}, {total - over:,} still open; no abnormal ending."


def _broken(records: Records) -> str:
    """Rules that were broken though everything ended well."""
    errors = sum(one.count for one in records.breaches() if one.severity == "error")
    connections = "1 connection" if records.broken == 1 else f"{records.broken:,} connections"
    most = max(records.breaches(), key=lambda one: (one.severity == "error", one.connections, one.rule))
    found = f"{errors:,} {'error' if errors == 1 else 'errors'}" if errors else "no error"
    return f"Rules were broken on {connections} ({found}), most often {most.rule}."


def _either(names: Sequence[str]) -> str:
    """`1000`, `1000 or 1001`, `1000, 1001 or 1005`."""
    return f"{', '.join(names[:-1])} or {names[-1]}" if len(names) > 1 else names[0]
