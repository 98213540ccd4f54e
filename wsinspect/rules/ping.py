"""Rules of Ping and Pong (RFC 6455 §5.5.2, §5.5.3)."""

from wsinspect.rules.rule import By, Finding, Need, Rule, Severity, rule
from wsinspect.rules.thresholds import DEFAULTS, Thresholds, nanoseconds
from wsinspect.rules.wording import counted
from wsinspect.websocket.closing import Ending, SideEnding
from wsinspect.websocket.pings import Ping
from wsinspect.websocket.side import Side


@rule(
    "missing-pong",
    Severity.ERROR,
    "RFC 6455 §5.5.2",
    by=By.RECEIVER,
    needs={Need.BOTH_SYNCED, Need.ACKS, Need.GAP_FREE, Need.END},
    means="A Ping is answered with a Pong as soon as is practical, unless a Close was received before. This side went "
    "on sending other frames and never answered; the peer's keepalive takes it for dead and ends the connection.",
    look_at="What blocks the receiver: a busy event loop, a long message that keeps Pongs from going out, a library "
    "whose Pongs have to be sent by hand, or a proxy that swallows control frames.",
    aka=('"keepalive ping timeout"', '"ping timeout"', "1011"),
    thresholds=("pong_timeout",),
)
def missing_pong(ending: Ending, side: Side, limits: Thresholds = DEFAULTS) -> Finding | None:
    mine, peer = ending.side(side), ending.side(side.peer)
    if not mine.in_sync or not peer.in_sync or _has_failed(mine, peer):
        return None
    unanswered = [ping for ping in peer.unanswered_pings if _was_ignored(ping, mine, peer)]
    if not unanswered:
        return None
    ping = unanswered[0]
    waited = (ending.tcp[-1].time_ns if ending.tcp else ending.now_ns) - ping.time_ns
    severity = None if ending.tcp else Severity.WARNING
    if not ending.tcp and waited < nanoseconds(limits.pong_timeout):
        return None
    until = "TCP ended" if ending.tcp else "the end of the capture"
    others = counted(_later_frames(ping, mine), "other frame")
    detail = (
        f"{counted(len(unanswered), 'Ping')} of the {side.peer} without a Pong, the first in frame {ping.frame}, "
        f"packet {ping.packet}: acknowledged, {others} of the {side} after it, "
        f"{waited / 1e9:.3f} s until {until}"
    )
    return Finding(detail, severity, side, (None, ping.packet, ping.time_ns))


def _has_failed(mine: SideEnding, peer: SideEnding) -> bool:
    """Whether this side gave the connection up for what the peer had sent: it need not process anything behind that."""
    return mine.close is not None and 0 < peer.first_breach <= mine.close.packet


def _was_ignored(ping: Ping, mine: SideEnding, peer: SideEnding) -> bool:
    """Whether it is certain that the Ping arrived and was not answered."""
    if ping.end_offset > peer.acknowledged or mine.last_gap_packet >= ping.packet:
        return False
    if mine.answered_unseen_pings:
        return False  # RFC 6455 §5.5.3: the answer to a later Ping, not captured, is one to this as well
    if ping.packet < mine.mismatched_pong:
        return False  # answered, but wrongly: mismatched-pong tells
    # RFC 6455 §5.5.2: "unless it already received a Close frame"; which of the two it read first nobody sees.
    closed_before = peer.close is not None and peer.close.packet < ping.packet
    return not closed_before and _later_frames(ping, mine) > 0


def _later_frames(ping: Ping, mine: SideEnding) -> int:
    """Frames sent after the Ping, but for a Close: that one may have been under way when the Ping came."""
    close = mine.close
    return mine.frames - ping.peer_frames - (1 if close is not None and close.packet > ping.packet else 0)


ENDING_RULES: tuple[Rule[[Ending, Side]], ...] = (missing_pong,)
"""Asked about each side once the connection is over."""
RULES: tuple[Rule[[Ending, Side]], ...] = ENDING_RULES
