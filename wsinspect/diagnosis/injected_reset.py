"""`injected-reset`: an RST that its claimed sender probably did not send (fingerprints, section 3)."""

import statistics
from itertools import pairwise
from typing import Final

from wsinspect.diagnosis.cause import Confidence, Diagnosis
from wsinspect.diagnosis.facts import EndKind, Facts, Reset
from wsinspect.diagnosis.thresholds import (
    RESET_IP_ID_JUMP,
    RESET_IP_ID_STEP,
    RESET_PAIR_WINDOW,
)
from wsinspect.transport.marks import IpMark

ID = "injected-reset"

_LEAST_PACKETS: Final = 3
"""Packets that make a pattern of IP-IDs."""
_SHORTEST_RTT: Final = 0.005
_ANSWER_TIME: Final = 0.1


def injected_reset(facts: Facts) -> Diagnosis | None:
    """Two cues, or later traffic of the claimed sender alone."""
    for reset in facts.resets:
        if not reset.ignored and not _is_the_end(facts, reset):
            continue
        cues = own_cues(reset)
        if goes_on(facts, reset):
            cues.append(f"the {reset.by} sent more packets afterwards as if nothing had happened")
            return _diagnosis(reset, cues, Confidence.LIKELY)
        if not cues:
            continue
        if _paired(facts, reset):
            cues.append("an RST went the other way at the same moment")
        if _answers_nothing(facts, reset):
            cues.append("it carries no ACK though there was no packet that it could answer")
        if _guesses(facts, reset):
            cues.append("several RSTs with different sequence numbers")
        if len(cues) >= 2:
            return _diagnosis(reset, cues, Confidence.LIKELY)
    return None


def own_cues(reset: Reset) -> list[str]:
    """What is odd about the RST itself."""
    cues = []
    difference = hop_difference(reset)
    if difference:
        usual = round(statistics.median(mark.hops for mark in reset.mark.before))
        cues.append(f"TTL {reset.mark.mark.hops} where its packets have {usual}")
    if breaks_ip_id(reset.mark.before, reset.mark.mark):
        cues.append(f"IP-ID {reset.mark.mark.ip_id} breaks the sender's pattern")
    if reset.mark.ahead is not None and reset.mark.ahead > 0:
        cues.append(f"its sequence number is {reset.mark.ahead} ahead of the stream")
    return cues


def hop_difference(reset: Reset) -> int:
    """How far its hop count is from the sender's; 0 if that cannot be told."""
    hops = [mark.hops for mark in reset.mark.before if mark.hops >= 0]
    if not hops or reset.mark.mark.hops < 0 or min(hops) <= reset.mark.mark.hops <= max(hops):
        return 0
    return abs(reset.mark.mark.hops - round(statistics.median(hops)))


def breaks_ip_id(before: tuple[IpMark, ...], mark: IpMark) -> bool:
    """A rising counter that jumps, or always 0 and now not."""
    ids = [one.ip_id for one in before]
    if len(ids) < _LEAST_PACKETS or min(ids) < 0 or mark.ip_id < 0:
        return False
    if not any(ids):
        return mark.ip_id != 0
    steps = [(after - one) & 0xFFFF for one, after in pairwise(ids)]
    if not all(0 < step <= RESET_IP_ID_STEP for step in steps):
        return False
    jump = (mark.ip_id - ids[-1]) & 0xFFFF
    # 0 is no number at all, however near the counter is to its turn.
    return min(jump, 0x10000 - jump) > (RESET_IP_ID_JUMP if mark.ip_id else RESET_IP_ID_STEP)


def goes_on(facts: Facts, reset: Reset) -> bool:
    """Whether the claimed sender sent data or ACKs after the RST, later than what was on its way already."""
    return (reset.later_ns - reset.mark.mark.time_ns) / 1e9 > max(1.5 * facts.rtt, _SHORTEST_RTT)


def _is_the_end(facts: Facts, reset: Reset) -> bool:
    end = facts.end
    return (
        end is not None
        and end.kind is EndKind.RST
        and abs(end.time_ns - reset.mark.mark.time_ns) / 1e9 <= (RESET_PAIR_WINDOW)
    )


def _paired(facts: Facts, reset: Reset) -> bool:
    for other in facts.resets:
        apart = abs(other.mark.mark.time_ns - reset.mark.mark.time_ns) / 1e9
        if other.by is not reset.by and apart <= RESET_PAIR_WINDOW and own_cues(other):
            return True
    return False


def _answers_nothing(facts: Facts, reset: Reset) -> bool:
    """RFC 9293 §3.10.7.1: without ACK it answers a packet for no known connection; who aborts his own sends ACK."""
    mark = reset.mark
    return not mark.acknowledges and (mark.mark.time_ns - mark.other_ns) / 1e9 > max(3 * facts.rtt, _ANSWER_TIME)


def _guesses(facts: Facts, reset: Reset) -> bool:
    ahead = {other.mark.ahead for other in facts.resets if other.by is reset.by and other.mark.ahead is not None}
    return len(ahead) > 1 and max(ahead) > 0


def _diagnosis(reset: Reset, cues: list[str], confidence: Confidence) -> Diagnosis:
    ignored = " The connection went on." if reset.ignored else ""
    return Diagnosis(
        ID,
        confidence,
        f"The RST that claims to come from the {reset.by} was probably injected on the path: {', and '.join(cues)}."
        f"{ignored} Look for a firewall, proxy or intrusion system.",
        "an RST injected on the path",
        reset.mark.packet,
        reset.mark.mark.time_ns,
    )
