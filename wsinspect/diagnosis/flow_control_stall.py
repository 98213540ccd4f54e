"""`flow-control-stall`: over HTTP/2 a side was not allowed to send for long (RFC 9113 §5.2)."""

from wsinspect.diagnosis.cause import Confidence, Diagnosis, span
from wsinspect.diagnosis.facts import Facts
from wsinspect.diagnosis.thresholds import STALL
from wsinspect.websocket.side import Side

ID = "flow-control-stall"


def flow_control_stall(facts: Facts) -> Diagnosis | None:
    """Judges by the longest time for which the window of either side was used up; one that lasts counts up to the end.

    A window that is used up is a fact; that the sender had more to say can only be supposed.
    """
    stream = facts.ending.http2
    if stream is None:
        return None
    until_ns = facts.open_until_ns
    stalls = []
    for side in Side:
        client_direction = stream.session.client_direction
        direction = client_direction if side is Side.CLIENT else 1 - client_direction
        start_ns, end_ns = stream.stall(direction, until_ns)
        stalls.append((min(end_ns, until_ns) - start_ns, side, end_ns >= until_ns))
    length_ns, side, lasted = max(stalls, key=lambda stall: stall[0])
    seconds = length_ns / 1e9
    if seconds < STALL:
        return None
    end = " up to the end" if lasted else ""
    return Diagnosis(
        ID,
        Confidence.LIKELY if lasted else Confidence.POSSIBLE,
        f"For {span(seconds)}{end} the {side} could send nothing: its HTTP/2 window was used up, and the {side.peer} "
        f"did not enlarge it. The {side.peer}'s program does not read what has come, or a proxy holds it back.",
        f"HTTP/2 flow control: the {side.peer} let the {side} send nothing",
    )
