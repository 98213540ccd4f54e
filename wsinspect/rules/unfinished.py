"""Rules of what was begun and not ended, or takes too long: frames, messages (RFC 6455 §5.2, §5.4, §10.4)."""

from typing import NamedTuple

from wsinspect.rules.rule import Finding, Need, Rule, Severity, rule
from wsinspect.rules.thresholds import DEFAULTS, Thresholds, nanoseconds
from wsinspect.rules.wording import counted
from wsinspect.websocket.closing import Ending, TcpEndKind
from wsinspect.websocket.frames import FrameHeader, Opcode
from wsinspect.websocket.half import Half
from wsinspect.websocket.side import Side


class TinyFrames(NamedTuple):
    """Many tiny data frames within a second."""

    frames: int


@rule(
    "truncated-frame",
    Severity.WARNING,
    "RFC 6455 §5.2",
    tier=2,
    needs={Need.SYNCED, Need.END},
    means="TCP ended in the middle of a frame: the header announced more bytes than were sent. The message is lost.",
    look_at="A sender that was killed or closed its socket while it was writing; an RST that cut it off. If the "
    "announced length is absurd, the length field is wrong.",
    aka=('ws "Invalid frame header"', "unexpected EOF"),
)
def truncated_frame(ending: Ending, side: Side) -> Finding | None:
    mine = ending.side(side)
    unfinished = mine.unfinished
    cut = any(end.kind is TcpEndKind.RST or end.by is side for end in ending.tcp)
    if unfinished is None or not cut or not mine.in_sync or mine.gap_bytes or ending.may_have_failed:
        return None
    sent = counted(unfinished.sent, "byte")
    of = f"of {unfinished.declared} declared" if unfinished.declared else "of a frame header"
    place = (unfinished.number, unfinished.packet, unfinished.time_ns)
    what = "TCP" if ending.http2 is None else "the stream"
    return Finding(f"{sent} {of} when {what} ended", place=place)


@rule(
    "unfinished-message",
    Severity.WARNING,
    "RFC 6455 §5.4, §6.1",
    tier=2,
    needs={Need.MESSAGE_STATE, Need.END},
    means="A side ended TCP while a fragmented message of its own was open, and nobody had sent a Close. The receiver "
    "never gets what had come of the message.",
    look_at="A sender that was killed or gave up in the middle of a stream.",
)
def unfinished_message(ending: Ending, side: Side) -> Finding | None:
    mine = ending.side(side)
    end = next((end for end in ending.tcp if end.by is side), None)
    if end is None or not mine.message_open or not mine.in_sync or ending.may_have_failed:
        return None
    if mine.unfinished is not None:
        return None  # truncated-frame tells, where it can be told
    if mine.close is not None or ending.side(side.peer).close is not None:
        return None
    kind = end.name
    return Finding(
        f"{kind} of the {side} (packet {end.packet}) while a message of it was open",
        place=(None, end.packet, end.time_ns),
    )


@rule(
    "excessive-fragments",
    Severity.NOTE,
    "RFC 6455 §10.4",
    tier=3,
    needs={Need.SYNCED, Need.MESSAGE_STATE},
    means="A message in very many fragments, or many empty ones in a row. It is legal; receivers that keep a record of "
    "each fragment may refuse it with 1008 or 1009.",
    look_at="A sender that flushes after every few bytes, or an attempt to wear a receiver out.",
    aka=("`WS_ERR_TOO_MANY_BUFFERED_PARTS`", 'ws "Too many message fragments"'),
    thresholds=("max_fragments", "empty_fragments"),
)
def excessive_fragments(frame: FrameHeader, half: Half, limits: Thresholds = DEFAULTS) -> Finding | None:
    messages = half.messages
    if frame.opcode != Opcode.CONTINUATION or not messages.open:
        return None
    # The sender's state is that before this frame.
    if messages.fragments == limits.max_fragments:
        return Finding(f"fragment {messages.fragments + 1} of a message; {limits.max_fragments} are usual at most")
    empty = 0 if frame.length else messages.empty_run + 1
    if empty == limits.empty_fragments:
        return Finding(f"{empty} fragments without payload in a row")
    return None


@rule(
    "stalled-message",
    Severity.NOTE,
    "RFC 6455 §5.4",
    tier=3,
    needs={Need.SYNCED, Need.MESSAGE_STATE, Need.TIMING},
    means="A message stopped between two fragments for long. Until it goes on, no other message of this side can pass.",
    look_at="What the sender waits for in the middle of a message: a slow source that it streams from.",
    thresholds=("fragment_stall",),
)
def stalled_message(frame: FrameHeader, half: Half, limits: Thresholds = DEFAULTS) -> Finding | None:
    messages = half.messages
    if frame.opcode != Opcode.CONTINUATION or not messages.open:
        return None
    waited = frame.time_ns - messages.fragment_ns
    if waited <= nanoseconds(limits.fragment_stall):
        return None
    return Finding(
        f"{waited / 1e9:.3f} s between two fragments of a message; more than {limits.fragment_stall:g} s is long"
    )


@rule(
    "tiny-frame-flood",
    Severity.NOTE,
    "RFC 6455 §10.4",
    tier=3,
    needs={Need.SYNCED, Need.TIMING},
    means="Very many tiny data frames in a second: most of what travels is headers, and the receiver's program is "
    "called for each.",
    look_at="A sender that writes byte by byte; a missing buffer in front of the WebSocket.",
    thresholds=("tiny_frame_count", "tiny_frame_bytes"),
)
def tiny_frame_flood(tiny: TinyFrames, half: Half, limits: Thresholds = DEFAULTS) -> Finding | None:
    return Finding(f"{tiny.frames} data frames of {limits.tiny_frame_bytes} bytes at most within 1 s")


FRAME_RULES: tuple[Rule[...], ...] = (excessive_fragments, stalled_message)
"""Asked about every frame's header."""
ENDING_RULES: tuple[Rule[...], ...] = (truncated_frame, unfinished_message)
"""Asked about each side once the connection is over."""
RULES: tuple[Rule[...], ...] = (*ENDING_RULES, *FRAME_RULES, tiny_frame_flood)
