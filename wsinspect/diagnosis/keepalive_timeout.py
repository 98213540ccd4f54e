"""`keepalive-timeout`: a side had no answer to its Ping or heartbeat, and gave up (fingerprints, section 3)."""

import re
from typing import Final

from wsinspect.diagnosis.cause import Confidence, Diagnosis, quoted, span
from wsinspect.diagnosis.facts import Beat, EndKind, Facts, first_unanswered
from wsinspect.diagnosis.path_died import dead_run
from wsinspect.diagnosis.thresholds import KEEPALIVE_LEAST, keepalive_fit
from wsinspect.diagnosis.timers import Timer, Timers
from wsinspect.websocket.library import library_of
from wsinspect.websocket.side import Side

ID = "keepalive-timeout"

_REASON: Final = re.compile("ping.?timeout|keep-?alive|heartbeat", re.IGNORECASE)
_NORMAL: Final = (1000, 1001)


def keepalive_timeout(facts: Facts, timers: Timers, learned: float | None = None) -> Diagnosis | None:
    """`learned`: how long the same side waited for an answer on other connections."""
    end = facts.end
    if end is None or facts.ending.failed:
        return None
    told = _told(facts)
    waited = patience(facts)
    if waited is None:
        text = f"The {end.by} gave up: {told}."
        return Diagnosis(ID, Confidence.LIKELY, text, f"a keepalive timeout of the {end.by}") if told else None
    row = _row(facts, timers, waited)
    if not (told or row or learned is not None):
        return None
    if not told and _was_lost(facts) and dead_run(facts, end.by):
        return None  # nothing reached the other side any more: the path died
    why = f" ({row.name})" if row and not told else ""
    if told:
        why = f" ({told})"
    elif learned is not None and row is None:
        why = f" (as on other connections, after {span(learned)})"
    return Diagnosis(
        ID,
        Confidence.LIKELY,
        f"The {end.by} gave up: its {_beat_name(facts)} had no answer within {span(waited)}{why}{_blame(facts)}",
        f"a keepalive timeout of the {end.by}{_brief_blame(facts)}",
    )


def patience(facts: Facts) -> float | None:
    """Seconds from the first unanswered Ping or heartbeat of the side that ended to the end; None without one."""
    end = facts.end
    if end is None:
        return None
    sent_ns = _sent_ns(facts, end.by)
    if sent_ns is None:
        return None
    waited = (end.time_ns - sent_ns) / 1e9
    return waited if waited >= max(KEEPALIVE_LEAST, 5 * facts.rtt) else None


def is_abnormal(facts: Facts) -> bool:
    """Whether it ended in a way that somebody who leaves on purpose does not end."""
    end = facts.end
    return end is not None and (end.kind is not EndKind.CLOSE or end.code not in _NORMAL)


def _sent_ns(facts: Facts, side: Side) -> int | None:
    mine, other = facts.side(side), facts.side(side.peer)
    ping = first_unanswered(mine.parting)
    if ping is not None:
        return ping.time_ns
    for beat in mine.beats:
        if not beat.is_ping and (sent_ns := _first_ignored(beat, other.last_payload_ns)) is not None:
            return sent_ns
    return None


def _first_ignored(beat: Beat, heard_ns: int) -> int | None:
    """When the first heartbeat was sent after the other side's last payload; None if there was none.

    None as well if nothing had come between any two before: nobody waits for an answer that never came.
    """
    since = (beat.last_ns - heard_ns) / 1e9
    ignored = int(since / beat.period)
    if since <= 0 or ignored >= beat.intervals:
        return None
    return beat.last_ns - int(ignored * beat.period * 1e9)


def _told(facts: Facts) -> str:
    """What the Close says itself."""
    end = facts.end
    assert end is not None
    close = facts.ending_of(end.by).close
    if end.kind is EndKind.CLOSE and close is not None and _REASON.search(close.reason):
        return f"Close {close.code} {quoted(close.reason)}"
    return ""


def _row(facts: Facts, timers: Timers, waited: float) -> Timer | None:
    end = facts.end
    assert end is not None
    mine = facts.side(end.by)
    is_ping = first_unanswered(mine.parting) is not None
    ending = "close" if end.kind is EndKind.CLOSE else "silent"
    for row in timers.keepalive:
        if ending not in row.endings or (row.beat == "ping") is not is_ping:
            continue
        if ending == "close" and is_ping and end.code not in row.codes:
            continue
        if ending == "close" and not is_ping and end.code is not None:
            continue
        if row.hint_required and not row.hinted(facts.handshake):
            continue
        seconds = row.seconds or row.periods * _period(facts, end.by, row)
        if seconds and abs(waited - seconds) <= (keepalive_fit(seconds) if row.seconds else 0.05 * seconds + 0.05):
            return row
    return None


def _period(facts: Facts, side: Side, row: Timer) -> float:
    """Seconds between Pings or heartbeats, if it is steady; a named library is taken at its first one."""
    mine = facts.side(side)
    beats = [beat for beat in mine.beats if beat.is_ping is (row.beat == "ping")]
    if beats:
        return beats[0].period
    is_named = row.library and library_of(facts.handshake, side).name == row.library
    return mine.ping_period if is_named else 0.0


def _was_lost(facts: Facts) -> bool:
    """Whether TCP did not acknowledge the Ping."""
    end = facts.end
    assert end is not None
    ping = first_unanswered(facts.side(end.by).parting)
    return ping is not None and facts.ending_of(end.by).acknowledged < ping.end_offset


def _beat_name(facts: Facts) -> str:
    end = facts.end
    assert end is not None
    return "Ping" if first_unanswered(facts.side(end.by).parting) else "heartbeat"


def _brief_blame(facts: Facts) -> str:
    end = facts.end
    assert end is not None
    if first_unanswered(facts.side(end.by).parting) is None:
        return ""
    if _was_lost(facts):
        return ", whose Ping did not arrive"
    return f", whose Ping arrived and had no answer of the {end.by.peer}'s program"


def _blame(facts: Facts) -> str:
    """Whose fault it is: the program's that had the Ping, or the network's that did not deliver it."""
    end = facts.end
    assert end is not None
    peer = facts.side(end.by.peer)
    if first_unanswered(facts.side(end.by).parting) is None:
        return "."
    if _was_lost(facts):
        return f". TCP never acknowledged it: the network or the {peer.side}'s host was gone."
    last = ""
    if peer.last_payload_ns > end.time_ns:
        last = f" Its next bytes came {span((peer.last_payload_ns - end.time_ns) / 1e9)} too late."
    elif peer.last_payload_ns:
        last = f" Its last bytes were {span((end.time_ns - peer.last_payload_ns) / 1e9)} before."
    return f"; the {peer.side}'s TCP acknowledged it, so its program did not answer.{last}"
