"""`keepalive-race`: a ping period so close to an idle timer that some connections lose (fingerprints, section 3)."""

from wsinspect.diagnosis.cause import Confidence, Diagnosis, limit, span
from wsinspect.diagnosis.facts import Beat, Facts
from wsinspect.diagnosis.idle_timeout import ending_kind, fits
from wsinspect.diagnosis.thresholds import RACE_INTERVALS, race_margin
from wsinspect.diagnosis.timers import Timer, Timers
from wsinspect.websocket.side import Side

ID = "keepalive-race"


def keepalive_race(facts: Facts, timers: Timers) -> Diagnosis | None:
    """Also speaks before anything died, if the handshake names the timer."""
    if facts.opened_ns is None:
        return None
    for side in Side:
        for beat in facts.side(side).beats:
            for row in timers.idle:
                if beat.intervals >= RACE_INTERVALS and _races(facts, side, beat, row):
                    return _diagnosis(side, beat, row)
    return None


def _races(facts: Facts, side: Side, beat: Beat, row: Timer) -> bool:
    margin = race_margin(row.seconds)
    # Well above the timer it would have died at the first pause: then that timer is not there.
    if "silent" not in row.endings or not row.seconds - margin <= beat.period <= row.seconds + row.tolerance:
        return False
    if row.activity not in ("either", "each", side.value):
        return False
    # It is no race if other traffic keeps the connection alive.
    if facts.long_silence < 0.8 * beat.period:
        return False
    if row.hinted(facts.handshake) and not row.by_user:
        return True
    return ending_kind(facts) == "silent" and fits(row, facts)


def _diagnosis(side: Side, beat: Beat, row: Timer) -> Diagnosis:
    what = "pings" if beat.is_ping else "sends a heartbeat"
    return Diagnosis(
        ID,
        Confidence.LIKELY,
        f"The {side} {what} every {span(beat.period)}; {row.name} closes after {limit(row.seconds)} idle. The two "
        f"race: some connections will die. Ping at most every {limit(row.seconds / 2)}.",
        f"Pings that race the timer of {row.name} ({limit(row.seconds)})",
    )
