"""All causes in their order: at most one main sentence a connection, and what many connections show beside it.

What a connection shows by itself is known when it ends (`diagnose_one`). Mass closes, storms, learned lifetimes and
learned timers need all of them: `diagnose_all`, at the end of the capture.
"""

from collections.abc import Iterable, Sequence

from wsinspect.diagnosis.cause import Diagnosis
from wsinspect.diagnosis.crowd import SameAge, SameIdle, by_server, same_ages, same_idles, same_patience
from wsinspect.diagnosis.facts import EndKind, Facts
from wsinspect.diagnosis.failed_handshake import failed_handshake
from wsinspect.diagnosis.flow_control_stall import flow_control_stall
from wsinspect.diagnosis.http_error_in_stream import http_error_in_stream
from wsinspect.diagnosis.idle_timeout import idle_timeout
from wsinspect.diagnosis.injected_reset import injected_reset
from wsinspect.diagnosis.keepalive_race import keepalive_race
from wsinspect.diagnosis.keepalive_timeout import is_abnormal, keepalive_timeout, patience
from wsinspect.diagnosis.lifetime_limit import lifetime_limit
from wsinspect.diagnosis.mass_close import mass_close, mass_closes
from wsinspect.diagnosis.message_size_limit import message_size_limit
from wsinspect.diagnosis.nat_state_expired import nat_state_expired
from wsinspect.diagnosis.path_died import dead_run, path_died
from wsinspect.diagnosis.reconnect_storm import reconnect_storm, storms
from wsinspect.diagnosis.timers import Timers
from wsinspect.websocket.side import Side
from wsinspect.websocket.verdict import PROTOCOL_FAILURES


def diagnose_one(facts: Facts, timers: Timers) -> list[Diagnosis]:
    """What the connection shows by itself."""
    main = _main(facts, timers, None, None, None, None)
    return _with_others(main, facts, timers)


def diagnose_all(crowd: Sequence[Facts], timers: Timers) -> dict[int, list[Diagnosis]]:
    """By id of the connection."""
    whole = [facts for facts in crowd if not facts.is_one_sided]
    groups = by_server(whole)
    ages: dict[int, SameAge] = {}
    idles: dict[int, SameIdle] = {}
    alive: dict[int, bool] = {}
    for group in groups:
        ages |= same_ages(group)
        idles |= same_idles(group)
        alive |= _neighbours_alive(group)
    waits = same_patience((facts for facts in whole if is_abnormal(facts)), patience)
    found: dict[int, list[Diagnosis]] = {}
    for facts in crowd:
        id = facts.id
        main = _main(facts, timers, waits.get(id), ages.get(id), idles.get(id), alive.get(id))
        found[id] = _with_others(main, facts, timers)
    for group in groups:
        for close in mass_closes(group):
            diagnosis = mass_close(close)
            for id in close.members:
                found[id].append(diagnosis)
    for storm in storms(whole):
        found[storm.members[-1]].append(reconnect_storm(storm))
    return found


def _with_others(main: Diagnosis | None, facts: Facts, timers: Timers) -> list[Diagnosis]:
    """The main cause and what is told beside it."""
    beside = keepalive_race(facts, timers), flow_control_stall(facts)
    return [diagnosis for diagnosis in (main, *beside) if diagnosis is not None]


def _main(
    facts: Facts, timers: Timers, waited: float | None, age: SameAge | None, idle: SameIdle | None, alive: bool | None
) -> Diagnosis | None:
    """The first cause that fits, in the order of how much it explains."""
    if facts.ending.failed:
        return failed_handshake(facts)
    found = http_error_in_stream(facts)
    if found is not None or facts.is_one_sided or _failed_for_a_breach(facts):
        return found
    return (
        message_size_limit(facts, timers)
        or keepalive_timeout(facts, timers, waited)
        or nat_state_expired(facts, timers)
        or injected_reset(facts)
        or path_died(facts, alive)
        or lifetime_limit(facts, timers, age)
        or idle_timeout(facts, timers, idle)
    )


def _failed_for_a_breach(facts: Facts) -> bool:
    """Whether a side failed the connection for what the other one had sent: the violation says it all."""
    end = facts.end
    if end is None or end.kind is not EndKind.CLOSE or end.code not in PROTOCOL_FAILURES:
        return False
    return 0 < facts.ending_of(end.by.peer).first_breach <= end.packet


def _neighbours_alive(group: Iterable[Facts]) -> dict[int, bool]:
    """By id of connections whose path died: whether others to the same server were heard of meanwhile."""
    group = list(group)
    found: dict[int, bool] = {}
    for facts in group:
        for side in Side:
            run = dead_run(facts, side)
            if run is None:
                continue
            others = [one for one in group if one.id != facts.id and one.open_until_ns >= run.first_ns]
            if others:
                found[facts.id] = any(one.side(side.peer).last_packet_ns > run.times[-1] for one in others)
    return found
