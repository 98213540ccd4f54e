"""Rules of compressed messages (RFC 7692 §7.2; RFC 6455 §10.4)."""

from typing import Any

from wsinspect.rules.rule import Finding, Need, Rule, Severity, rule
from wsinspect.rules.thresholds import DEFAULTS, Thresholds
from wsinspect.rules.wording import counted
from wsinspect.websocket.half import Half
from wsinspect.websocket.message_facts import ContextUse, InflateError, InflateLimit, InflateRatio, WindowExceeded

_NEEDS = {Need.WHOLE_MESSAGE, Need.EXTENSIONS, Need.INFLATE}


@rule(
    "inflate-error",
    Severity.ERROR,
    "RFC 7692 §7.2.1, §7.2.2",
    needs=_NEEDS,
    means="A message marked as compressed cannot be inflated. Receivers fail the connection, with 1002 or 1007. With "
    "context takeover every later compressed message of this sender is lost too.",
    look_at="Whether the first compressed message fails (wrong format: zlib or gzip header, a missing flush) or a "
    "later one (sender and receiver disagree on context takeover, or a message was dropped or reordered in between).",
    aka=(
        'Wireshark "Decompression failed"',
        'websockets "decompression failed"',
        'wsproto "error in extension"',
        'ws "invalid distance too far back"',
    ),
)
def inflate_error(error: InflateError, half: Half) -> Finding | None:
    return Finding(
        f"compressed message does not inflate: {error.reason}, in frame {error.frame}, packet {error.packet}"
    )


@rule(
    "context-takeover-used",
    Severity.ERROR,
    "RFC 7692 §7.2.1, §7.1.1",
    needs=_NEEDS,
    means="The handshake agreed that this sender starts each message with an empty window, and it did not: the "
    "message inflates only with what earlier messages left. A receiver that keeps to the agreement fails here.",
    look_at="The no_context_takeover parameters in the response, and whether the sender's library resets its "
    "compressor after each message.",
    aka=('ws "invalid distance too far back"',),
)
def context_takeover_used(use: ContextUse, half: Half) -> Finding | None:
    return Finding(
        f"message in frame {use.frame}, packet {use.packet} inflates only with the window of earlier messages, though "
        f"{half.side}_no_context_takeover was agreed"
    )


@rule(
    "deflate-window-exceeded",
    Severity.ERROR,
    "RFC 7692 §7.2.1, §7.1.2",
    needs=_NEEDS,
    means="The compressed data refers further back than the window that was agreed for this sender. A receiver that "
    "keeps only that much fails to inflate it.",
    look_at="The max_window_bits parameters in the response against the sender's compressor settings. zlib cannot do "
    "raw windows of 8 bits and quietly uses 9.",
    aka=('ws "invalid distance too far back"',),
)
def deflate_window_exceeded(window: WindowExceeded, half: Half) -> Finding | None:
    return Finding(
        f"back-reference of {counted(window.distance, 'byte')} in the message that ends in frame {window.frame}, "
        f"packet {window.packet}; {half.side}_max_window_bits={window.bits} allows {1 << window.bits}"
    )


@rule(
    "deflate-bomb",
    Severity.NOTE,
    "RFC 6455 §10.4",
    tier=2,
    needs={Need.WHOLE_MESSAGE, Need.EXTENSIONS},
    means="A compressed message grows very much when it is inflated: beyond this program's limit, where it stops "
    "inflating, or many times over. A receiver without a limit of its own may run out of memory.",
    look_at="Whether the size is meant (repetitive data compresses a thousandfold) and what limit the receiver has.",
    aka=("zip bomb",),
    thresholds=("inflate_limit", "inflate_ratio"),
)
def deflate_bomb(bomb: InflateLimit | InflateRatio, half: Half, limits: Thresholds = DEFAULTS) -> Finding | None:
    wire = counted(bomb.wire_length, "byte")
    if isinstance(bomb, InflateLimit):
        return Finding(f"{wire} on the wire inflate to more than {bomb.limit}")
    if bomb.length < limits.inflate_ratio * bomb.wire_length:
        return None
    return Finding(f"{wire} on the wire inflate to {bomb.length}, {bomb.length // bomb.wire_length} times as many")


RULES: tuple[Rule[Any], ...] = (inflate_error, context_takeover_used, deflate_window_exceeded, deflate_bomb)
