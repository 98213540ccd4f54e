"""`nat-state-expired`: after a silence the first packet meets an RST, the path forgot (fingerprints, section 3)."""

from typing import Final

from wsinspect.diagnosis.cause import Confidence, Diagnosis, limit, span
from wsinspect.diagnosis.facts import EndKind, Facts, Reset
from wsinspect.diagnosis.injected_reset import own_cues
from wsinspect.diagnosis.thresholds import CROSSING, DELAYED_ACK, SHORTEST_TIMER
from wsinspect.diagnosis.timers import Timers
from wsinspect.websocket.closing import TcpEndKind

ID = "nat-state-expired"

_LONGER: Final = 1.2


def nat_state_expired(facts: Facts, timers: Timers) -> Diagnosis | None:
    """The silence must be longer than any that the connection had survived."""
    reset = _ending_reset(facts)
    if reset is None:
        return None
    trigger = reset.by.peer
    cues = own_cues(reset)
    silence = _silence_before(facts, reset)
    if silence is None or (reset.mark.acknowledges and not cues):
        return None
    rows = [row for row in timers.idle if (row.by_user or "state" in row.endings) and row.fits(silence)]
    first = next((row for row in rows if row.hinted(facts.handshake)), rows[0] if rows else None)
    known = f": fits {first.name} ({limit(first.seconds)})" if first else ""
    return Diagnosis(
        ID,
        Confidence.LIKELY if cues or first else Confidence.POSSIBLE,
        f"After {span(silence)} of silence the first packet of the {trigger} was answered by an RST, though the "
        f"{reset.by} had closed nothing: something on the path had forgotten the connection{known}. Ping, or use TCP "
        "keep-alives, well below that.",
        "a NAT, firewall or balancer that had forgotten the connection in the silence",
    )


def _ending_reset(facts: Facts) -> Reset | None:
    """The RST that ended the connection, be it by answering the Close of a side that wanted to leave."""
    end = facts.end
    if end is None or end.kind is EndKind.FIN:
        return None
    if end.kind is EndKind.RST:
        return next((reset for reset in facts.resets if reset.mark.packet == end.packet), None)
    peer = facts.ending_of(end.by.peer)
    if peer.close is not None or any(tcp.kind is TcpEndKind.FIN and tcp.by is peer.side for tcp in facts.ending.tcp):
        return None
    return next((reset for reset in facts.resets if reset.by is peer.side and reset.mark.packet > end.packet), None)


def _silence_before(facts: Facts, reset: Reset) -> float | None:
    """Seconds of the silence that ended with the packet that the RST answers; None if it answers none."""
    mark, window = reset.mark, max(2 * facts.rtt, CROSSING)
    mine, other = facts.side(reset.by), facts.side(reset.by.peer)
    reset_ns = mark.mark.time_ns
    if mark.other_repeats:
        began_ns, heard_ns = mark.other_ns, max(mine.last_payload_ns, other.last_payload_ns, facts.opened_ns or 0)
        seconds = (began_ns - heard_ns) / 1e9
    else:
        ended = [s for s in facts.silences if 0 <= (reset_ns - s.end_ns) / 1e9 <= window]
        if not ended or other.last_payload_ns < ended[-1].end_ns:
            return None
        began_ns, seconds = ended[-1].end_ns, ended[-1].seconds
    heard_ns = began_ns - int(seconds * 1e9) + int(DELAYED_ACK * 1e9)
    if (reset_ns - began_ns) / 1e9 > window or any(one.time_ns > heard_ns for one in mark.before):
        return None  # the other side was there still, or repeated what nobody acknowledged
    earlier = max((s.seconds for s in facts.silences if s.end_ns < began_ns), default=0.0)
    return seconds if seconds >= SHORTEST_TIMER and seconds > _LONGER * earlier else None
