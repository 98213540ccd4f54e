"""`lifetime-limit`: the age at the end fits a known limit, or that of other connections (fingerprints, section 3)."""

from wsinspect.diagnosis.cause import Confidence, Diagnosis, limit, span
from wsinspect.diagnosis.crowd import SameAge
from wsinspect.diagnosis.facts import EndKind, Facts
from wsinspect.diagnosis.timers import Timer, Timers
from wsinspect.websocket.side import Side

ID = "lifetime-limit"


def lifetime_limit(facts: Facts, timers: Timers, same: SameAge | None = None) -> Diagnosis | None:
    """`same`: other connections to the server that ended at the same age."""
    age, end = facts.age, facts.end
    if age is None or end is None or facts.ending.failed:
        return None
    known = None if facts.gap_at_end else _known(facts, timers, age)
    if same is not None:
        fits = f" This fits {known.name}." if known else ""
        return Diagnosis(
            ID,
            Confidence.LIKELY,
            f"Connections to {facts.host or facts.server} end after {span(same.seconds)} ({same.count} of {same.total}"
            f"), whatever their traffic: a lifetime limit.{fits}",
            f"a lifetime limit of {span(same.seconds)}",
        )
    if known is None:
        return None
    hinted = known.hinted(facts.handshake)
    return Diagnosis(
        ID,
        Confidence.LIKELY if hinted else Confidence.POSSIBLE,
        f"The {facts.side_name(end.by)} ended the connection {span(age)} after it opened although data was flowing: "
        f"this fits {known.name} ({limit(known.seconds)}), a lifetime, not an idle timer; pings do not help. "
        f"{known.advice}".strip(),
        f"the lifetime limit of {known.name} ({limit(known.seconds)})"
        if hinted
        else f"a lifetime limit of {limit(known.seconds)}, such as that of {known.name}",
    )


def _known(facts: Facts, timers: Timers, age: float) -> Timer | None:
    if facts.long_silence >= age / 2:
        return None
    end = facts.end
    assert end is not None
    ending = "close" if end.kind is EndKind.CLOSE else "silent"
    rows = [
        row
        for row in timers.lifetime
        if ending in row.endings and row.fits(age) and (ending == "silent" or end.code in row.codes)
    ]
    # Whoever leaves may do so at any age: without a hint only the server's side can be a balancer.
    needs_hint = end.by is not Side.SERVER
    rows = [row for row in rows if row.hinted(facts.handshake) or not (row.hint_required or needs_hint)]
    return min(rows, key=lambda row: not row.hinted(facts.handshake), default=None)
