"""`path-died`: one side repeats itself and the other one is silent; nobody closed (fingerprints, section 3)."""

from wsinspect.diagnosis.cause import Confidence, Diagnosis, count, span
from wsinspect.diagnosis.facts import Facts
from wsinspect.diagnosis.thresholds import DEAD_RETRANSMISSIONS, DEAD_SILENCE
from wsinspect.transport.marks import Run
from wsinspect.websocket.closing import TcpEndKind
from wsinspect.websocket.side import Side

ID = "path-died"


def path_died(facts: Facts, alive: bool | None = None) -> Diagnosis | None:
    """`alive`: whether other connections to the silent side were heard meanwhile; None if there are none."""
    for side in Side:
        run = dead_run(facts, side)
        if run is not None:
            brief = f"the path died, nothing of the {side.peer} came any more"
            return Diagnosis(ID, *_describe(facts, side, run, alive), brief)
    return None


def dead_run(facts: Facts, side: Side) -> Run | None:
    """The retransmissions of `side` into nothing."""
    mine, other = facts.side(side), facts.side(side.peer)
    run = mine.run
    if run is None or run.times_seen < DEAD_RETRANSMISSIONS or not other.last_packet_ns:
        return None
    if any(end.by is other.side for end in facts.ending.tcp):
        return None
    if facts.ending.client.close is not None and facts.ending.server.close is not None:
        return None
    given_up = [end.time_ns for end in facts.ending.tcp if end.kind is TcpEndKind.RST]
    until_ns = min([facts.seen_until_ns, *given_up])
    if (until_ns - other.last_packet_ns) / 1e9 < max(DEAD_SILENCE, 5 * facts.rtt):
        return None
    times = run.times
    if not run.keep_alive and times[-1] - times[-2] <= times[1] - times[0]:
        return None
    return run


def _describe(facts: Facts, side: Side, run: Run, alive: bool | None) -> tuple[Confidence, str]:
    what = "its last bytes" if not run.length else f"its last {count(run.length, 'byte')}"
    if run.keep_alive:
        what = "its TCP keep-alive"
    took = (run.times[-1] - run.first_ns) / 1e9
    before = max((silence for silence in facts.silences if silence.end_ns <= run.first_ns), key=_when, default=None)
    idle = ""
    if before is not None and (run.first_ns - before.end_ns) / 1e9 < 2 and before.seconds >= 60:
        idle = f" after {span(before.seconds)} of silence, as when a firewall, NAT or balancer drops its state"
    scope = {
        True: " Other connections to it lived on: look for what forgot or blocks this flow alone.",
        False: " Its other connections fell silent too: look at that host and the links to it.",
        None: "",
    }[alive]
    text = (
        f"Nobody closed: the {side} repeated {what} {run.times_seen} times in {span(took)} and the {side.peer} stayed "
        f"silent. The path died{idle}.{scope}"
    )
    return (Confidence.POSSIBLE if run.keep_alive else Confidence.LIKELY), text


def _when(silence: object) -> int:
    return getattr(silence, "end_ns", 0)
