"""`message-size-limit`: a side gives up at a message larger than any that it had accepted (fingerprints, section 3)."""

from wsinspect.diagnosis.cause import Confidence, Diagnosis, count
from wsinspect.diagnosis.facts import End, EndKind, Facts
from wsinspect.diagnosis.thresholds import (
    LIMIT_LEAST,
    LIMIT_LEAST_SILENT,
    LIMIT_REACTION,
    LIMIT_REACTION_SILENT,
)
from wsinspect.diagnosis.timers import Timers
from wsinspect.websocket.half import Parting
from wsinspect.websocket.verdict import TOO_BIG

ID = "message-size-limit"


def message_size_limit(facts: Facts, timers: Timers) -> Diagnosis | None:
    """Judges by how things stood when the side that ended first began to leave."""
    end = facts.end
    if end is None or (end.kind is EndKind.CLOSE and end.code != TOO_BIG):
        return None
    parting = facts.side(end.by).parting
    if parting is None or not parting.message_ns:
        return None
    size = max(parting.message, parting.message_inflated)
    told = end.kind is EndKind.CLOSE
    if size <= parting.accepted or size < LIMIT_LEAST or (end.time_ns - parting.message_ns) / 1e9 > LIMIT_REACTION:
        return None
    if not told and not _may_be_the_reason(facts, end, parting, size):
        return None
    how = f"closed with {TOO_BIG}" if told else f"ended TCP ({end.kind}) without a Close"
    largest = (
        f"the largest it had accepted was {count(parting.accepted, 'byte')}" if parting.accepted else "it was the first"
    )
    sizes = count(parting.message, "byte")
    if parting.message_inflated > parting.message:
        sizes += f" ({count(parting.message_inflated, 'byte')} inflated)"
    between = [row for row in timers.sizes if parting.accepted <= row.bytes < size]
    known = f"; {between[0].name} allows {between[0].label}" if len(between) == 1 else ""
    confidence = Confidence.LIKELY if told else Confidence.POSSIBLE if parting.accepted else Confidence.WEAK
    return Diagnosis(
        ID,
        confidence,
        f"The {end.by} {how} at a message of {sizes}; {largest}. Its limit lies between{known}.",
        f"a message larger than the {end.by} takes",
    )


def _may_be_the_reason(facts: Facts, end: End, parting: Parting, size: int) -> bool:
    """Whether it ended at once, at far more than it had accepted, and had not gone on talking before."""
    if size < 2 * parting.accepted or size < LIMIT_LEAST_SILENT:
        return False
    went_on = facts.side(end.by).last_payload_ns - parting.message_ns > 1.5e9 * facts.rtt
    return not went_on and (end.time_ns - parting.message_ns) / 1e9 <= LIMIT_REACTION_SILENT
