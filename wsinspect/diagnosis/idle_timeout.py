"""`idle-timeout`: the silence before the end fits a timer (fingerprints, sections 2 and 3)."""

from wsinspect.diagnosis.cause import Confidence, Diagnosis, limit, span
from wsinspect.diagnosis.crowd import SameIdle
from wsinspect.diagnosis.facts import EndKind, Facts
from wsinspect.diagnosis.timers import Timer, Timers
from wsinspect.websocket.side import Side

ID = "idle-timeout"


def idle_timeout(facts: Facts, timers: Timers, same: SameIdle | None = None) -> Diagnosis | None:
    """`same`: other connections to the server that ended after as long a silence."""
    end = facts.end
    if end is None or facts.idle is None or facts.gap_at_end or facts.ending.failed:
        return None
    ending = ending_kind(facts)
    if ending is None:
        return None
    rows = [row for row in timers.idle if ending in row.endings and _code_fits(row, end.code) and fits(row, facts)]
    hinted = [row for row in rows if row.hinted(facts.handshake)]
    rows = [row for row in rows if row in hinted or not row.hint_required]
    if not rows:
        return _learned(facts, same) if same and ending == "silent" else None
    ordered = hinted + [row for row in rows if row not in hinted]
    first = ordered[0]
    if hinted or same is not None:
        confidence = Confidence.LIKELY
    else:
        other_busy = first.activity != "either" and not first.fits(facts.idle)
        confidence = Confidence.POSSIBLE if len(rows) == 1 and not other_busy else Confidence.WEAK
    names = f"{first.name} ({limit(first.seconds)})"
    if not hinted and len(ordered) > 1:
        names += f", also {', '.join(row.name for row in ordered[1:])}"
    advice = f" {first.advice}" if first.advice and confidence is not Confidence.WEAK else ""
    agree = f" So did {same.count - 1} other connections to it." if same is not None else ""
    text = f"{_what_happened(facts, first)}: this fits {names}.{agree}{advice}"
    return Diagnosis(ID, confidence, text, _brief(ordered, bool(hinted)))


def fits(row: Timer, facts: Facts) -> bool:
    """Whether the silence fits in the direction that the timer listens to; one that was not idle never fits."""
    values = {
        "either": facts.idle,
        "client": facts.idle_client,
        "server": facts.idle_server,
        "each": max(facts.idle_client or 0.0, facts.idle_server or 0.0),
    }
    value = values[row.activity]
    return value is not None and row.fits(value)


def ending_kind(facts: Facts) -> str | None:
    """`silent`, or `close` if the side that closes also ends TCP first; None if a timer does not end like that."""
    end = facts.end
    if end is None:
        return None
    if end.kind is not EndKind.CLOSE:
        return "silent"
    first = facts.ending.tcp[0] if facts.ending.tcp else None
    # A client that closes is a person or a program that leaves.
    return "close" if end.by is Side.SERVER and first is not None and first.by is end.by else None


def _code_fits(row: Timer, code: int | None) -> bool:
    return code is None or code in row.codes


def _what_happened(facts: Facts, row: Timer | None) -> str:
    end = facts.end
    assert end is not None and facts.idle is not None
    how = f"ended TCP with {end.kind} and sent no Close" if facts.is_silent_end else f"closed with {end.code}"
    last, value = "", facts.idle
    if row is not None and row.activity != "either":
        idles = {Side.CLIENT: facts.idle_client or value, Side.SERVER: facts.idle_server or value}
        side = max(idles, key=lambda side: idles[side]) if row.activity == "each" else Side(row.activity)
        last, value = f" of the {side}" if idles[side] > value + 0.5 else "", idles[side]
    return f"The {facts.side_name(end.by)} {how}, {span(value)} after the last byte{last}"


def _brief(rows: list[Timer], hinted: bool) -> str:
    first = rows[0]
    if hinted or first.by_user:
        return f"the idle timer of {first.name} ({limit(first.seconds)})"
    return f"an idle timer of {limit(first.seconds)}, such as that of {' or '.join(row.name for row in rows[:2])}"


def _learned(facts: Facts, same: SameIdle) -> Diagnosis:
    return Diagnosis(
        ID,
        Confidence.LIKELY if same.count > 2 * same.others else Confidence.POSSIBLE,
        f"{_what_happened(facts, None)}, and so did {same.count - 1} other connections to {facts.server}: an idle "
        f"timer of {span(same.seconds)} there, or before it. Ping well below that, or find the timer and name it.",
        f"an idle timer of {span(same.seconds)} there, or before it",
    )
