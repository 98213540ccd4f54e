"""`reconnect-storm`: a client comes back at once, or steadily, after each failure (fingerprints, section 3)."""

from collections import Counter, defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from itertools import pairwise

from wsinspect.diagnosis.cause import Confidence, Diagnosis, span
from wsinspect.diagnosis.facts import EndKind, Facts
from wsinspect.diagnosis.thresholds import RECONNECT_COUNT, RECONNECT_MIN_DELAY, RECONNECT_STEADY

ID = "reconnect-storm"


@dataclass(frozen=True, slots=True)
class Storm:
    """Connections of one client in a row, each after a failure."""

    members: tuple[int, ...]
    client: str
    """Address."""
    delays: tuple[float, ...]
    """Seconds from each end to the next beginning."""
    failures: tuple[tuple[str, int], ...]
    """What they were, the most frequent first."""


def storms(crowd: Iterable[Facts]) -> list[Storm]:
    """All of a capture."""
    clients: defaultdict[tuple[str, str, str, str], list[Facts]] = defaultdict(list)
    for facts in crowd:
        if facts.handshake.request is not None:
            clients[facts.client, facts.host or facts.server, facts.path, facts.user_agent].append(facts)
    found = []
    for attempts in clients.values():
        attempts.sort(key=lambda facts: facts.started_ns)
        for chain in _chains(attempts):
            storm = _storm(chain)
            if storm is not None:
                found.append(storm)
    return found


def reconnect_storm(storm: Storm) -> Diagnosis:
    """Told on the last connection of the row."""
    shortest, longest = min(storm.delays), max(storm.delays)
    delay = span(longest) if longest - shortest <= 0.2 * longest else f"{span(shortest)} to {span(longest)}"
    failures = ", ".join(f"{what} ({times})" if len(storm.failures) > 1 else what for what, times in storm.failures[:3])
    return Diagnosis(
        ID,
        Confidence.LIKELY,
        f"The client reconnected {len(storm.delays)} times, {delay} after each failure, without backing off (RFC 6455 "
        f"§7.2.3 advises a random first delay of 0 to 5 s, then longer ones). Cause of the failures: {failures}.",
        f"{storm.client} reconnected {len(storm.delays)} times, {delay} after each failure, without backing off",
    )


def _chains(attempts: list[Facts]) -> list[list[Facts]]:
    """Rows in which each one begins after the one before it has failed. Connections that overlap are several users'."""
    chains: list[list[Facts]] = []
    chain: list[Facts] = []
    for facts in attempts:
        while chain and facts.started_ns < chain[-1].open_until_ns and not chain[-1].ended_abnormally:
            chain.pop()  # that one goes well, and belongs to somebody else
        if chain and facts.started_ns < chain[-1].open_until_ns:
            if len(chain) > 1:
                chains.append(chain)
            chain = []
            continue
        if chain and not chain[-1].ended_abnormally:
            chains.append(chain)
            chain = []
        chain.append(facts)
    chains.append(chain)
    return chains


def _storm(chain: list[Facts]) -> Storm | None:
    """The longest end of a row whose delays are short, or constant and not growing."""
    delays = [(after.started_ns - before.end_ns) / 1e9 for before, after in pairwise(chain)]
    steady = len(delays)
    while steady and _is_hasty(delays[steady - 1 :]):
        steady -= 1
    members = chain[steady:]
    if len(members) < RECONNECT_COUNT or _reached_its_longest(delays, steady):
        return None
    failures = Counter(_failure(facts) for facts in members[:-1])
    ids = tuple(facts.id for facts in members)
    return Storm(
        ids, members[0].client, tuple(max(0.0, delay) for delay in delays[steady:]), tuple(failures.most_common())
    )


def _is_hasty(delays: list[float]) -> bool:
    if len(delays) >= RECONNECT_COUNT - 1 and _backs_off(delays):
        return False
    if max(delays) < RECONNECT_MIN_DELAY:
        return True
    mean = sum(delays) / len(delays)
    return max(delays) - min(delays) <= RECONNECT_STEADY * mean


def _backs_off(delays: list[float]) -> bool:
    """Whether the delays grow as with a backoff."""
    return delays[-1] > 2 * delays[0] and all(after >= before for before, after in pairwise(delays))


def _reached_its_longest(delays: list[float], steady: int) -> bool:
    """Whether the delays grew until they became constant: a backoff has a longest delay."""
    longest = delays[steady:]
    return min(longest) >= RECONNECT_MIN_DELAY and bool(steady) and max(delays[:steady]) < min(longest)


def _failure(facts: Facts) -> str:
    response = facts.handshake.response
    if facts.ending.failed:
        return f"{response.status} on the handshake" if response else "no answer to the handshake"
    end = facts.end
    if end is None:
        return "unknown"
    return f"Close {end.code}" if end.kind is EndKind.CLOSE else f"{end.kind} of the {end.by} side without a Close"
