"""Rules of compressed messages that inflate, but oddly, and of what compression is good for (RFC 7692 §7.2)."""

from wsinspect.rules.rule import Finding, Need, Rule, Severity, rule
from wsinspect.rules.thresholds import DEFAULTS, Thresholds
from wsinspect.rules.wording import counted
from wsinspect.websocket.closing import Ending
from wsinspect.websocket.half import Half
from wsinspect.websocket.message_facts import FinalBlock, OddEmpty, TailCutEarly, TailKept
from wsinspect.websocket.side import Side

_MESSAGE = {Need.WHOLE_MESSAGE, Need.EXTENSIONS}
_INFLATED = {*_MESSAGE, Need.INFLATE}
_RARELY = 0.1


@rule(
    "deflate-tail-kept",
    Severity.WARNING,
    "RFC 7692 §7.2.1",
    tier=2,
    needs=_MESSAGE,
    means="A compressed message still ends with 00 00 FF FF, which its sender has to cut off. The receiver puts it "
    "back once more; with context takeover that breaks the next message.",
    look_at="The sender's code behind the compressor's flush: it lacks the step that removes the last four bytes.",
)
def deflate_tail_kept(tail: TailKept, half: Half) -> Finding | None:
    return Finding("the last bytes of the compressed message are 00 00 FF FF, which have to be cut off")


@rule(
    "deflate-tail-cut-early",
    Severity.WARNING,
    "RFC 7692 §7.2.1",
    tier=2,
    needs=_INFLATED,
    means="The sender cut 00 00 FF FF off between the fragments of a compressed message; only at its end may that be. "
    "Its fragments joined do not inflate, so receivers fail the connection.",
    look_at="A sender, or a proxy that fragments, that compresses each fragment as if it were a message.",
    aka=('Wireshark "Decompression failed"',),
)
def deflate_tail_cut_early(cut: TailCutEarly, half: Half) -> Finding | None:
    edges = counted(cut.edges, "fragment edge")
    return Finding(f"the message that ends in frame {cut.frame} inflates only with 00 00 FF FF put back at {edges}")


@rule(
    "deflate-bfinal",
    Severity.NOTE,
    "RFC 7692 §7.2.1, §7.2.3.4",
    tier=3,
    needs=_INFLATED,
    means="A compressed message has a final DEFLATE block (BFINAL = 1). That is legal, but receivers whose inflater "
    "stops there fail at the next message.",
    look_at="Senders that finish the compressor for each message instead of flushing it.",
)
def deflate_bfinal(final: FinalBlock, half: Half) -> Finding | None:
    return Finding(f"BFINAL = 1 in the message that ends in frame {final.frame}")


@rule(
    "deflate-empty-message",
    Severity.NOTE,
    "RFC 7692 §7.2.3.6",
    tier=3,
    needs=_MESSAGE,
    means="An empty message, compressed, is the single byte 00. This one is written in another way; with no byte at "
    "all it is no DEFLATE data, and only a warning because most receivers take it for empty.",
    look_at="The sender's treatment of empty messages; most libraries send them uncompressed.",
)
def deflate_empty_message(empty: OddEmpty, half: Half) -> Finding | None:
    size = counted(empty.wire_length, "byte")
    severity = None if empty.wire_length else Severity.WARNING
    return Finding(f"compressed message without content has {size} of payload; the single byte 00 is usual", severity)


@rule(
    "deflate-expands",
    Severity.NOTE,
    "–",
    tier=3,
    needs={Need.SYNCED, Need.INFLATE},
    means="Compression makes this direction's messages longer, not shorter: time and memory for nothing.",
    look_at="What is sent: short messages without context takeover, or data that is compressed already (images).",
    thresholds=("deflate_sample",),
)
def deflate_expands(ending: Ending, side: Side, limits: Thresholds = DEFAULTS) -> Finding | None:
    mine = ending.side(side)
    tally = mine.messages
    if not mine.in_sync or tally.inflated < limits.deflate_sample or tally.wire < tally.plain:
        return None
    return Finding(f"{tally.inflated} compressed messages: {tally.wire} bytes on the wire for {tally.plain} of content")


@rule(
    "deflate-rarely-used",
    Severity.NOTE,
    "–",
    tier=3,
    needs={Need.GAP_FREE, Need.EXTENSIONS},
    means="Compression was agreed on, and this side hardly uses it. It is allowed; the memory that both ends keep for "
    "it is wasted.",
    look_at="The sender's threshold: some libraries compress only messages from 1 KiB on.",
    thresholds=("deflate_sample",),
)
def deflate_rarely_used(ending: Ending, side: Side, limits: Thresholds = DEFAULTS) -> Finding | None:
    mine = ending.side(side)
    tally = mine.messages
    if ending.handshake.deflate is None or mine.gap_bytes or not mine.in_sync:
        return None
    if tally.messages < limits.deflate_sample or tally.compressed >= _RARELY * tally.messages:
        return None
    return Finding(
        f"{tally.compressed} of {tally.messages} messages are compressed, though permessage-deflate was agreed on"
    )


ENDING_RULES: tuple[Rule[...], ...] = (deflate_expands, deflate_rarely_used)
"""Asked about each side once the connection is over."""
RULES: tuple[Rule[...], ...] = (
    deflate_tail_kept,
    deflate_tail_cut_early,
    deflate_bfinal,
    deflate_empty_message,
    *ENDING_RULES,
)
