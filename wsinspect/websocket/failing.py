"""For what a program fails the connection, where its own Close does not say so (RFC 6455 §7.1.7).

In: what the other side broke, and its Close. Out: the breach that ended it, and the code a program would have sent. A
program that fails the connection often cannot say so any more: it had sent its own Close, or TCP is gone.
"""

from typing import Final, NamedTuple

from wsinspect.websocket.half import CloseFrame
from wsinspect.websocket.library import Library


class Breach(NamedTuple):
    """The first frame of a side that broke a rule about frames or messages."""

    rule: str
    frame: int | None
    """Number of the frame in its direction; None if it is none, as with HTTP inside the stream."""
    packet: int

    def is_before(self, close: CloseFrame) -> bool:
        """Whether it came before that Close of the same side, and is not one of it."""
        return self.packet < close.packet if self.frame is None else self.frame < close.frame

    def is_behind(self, close: CloseFrame) -> bool:
        """Whether it came behind that Close of the same side."""
        return self.packet > close.packet if self.frame is None else self.frame > close.frame


BAD_TEXT: Final = "invalid-utf8-text"
BAD_DEFLATE: Final = "inflate-error"
BAD_REASON: Final = "invalid-utf8-close-reason"
MASKS: Final = frozenset({"masked-server-frame", "unmasked-client-frame"})
FATAL: Final = frozenset({
    "rsv-bits-set", "reserved-opcode", BAD_TEXT, "length-msb-set", "http-inside-stream",
    "continuation-without-message", "interleaved-data-frame", "fragmented-control-frame", "control-frame-too-long",
    BAD_DEFLATE, *MASKS,
})  # fmt: skip
"""Breaches of frames and messages for which every library that was measured fails the connection, save as `accepts`."""
_OF_DATA: Final = frozenset({BAD_TEXT, "continuation-without-message", "interleaved-data-frame"})
_CODES: Final = {BAD_TEXT: 1007, BAD_REASON: 1007, "length-msb-set": 1009}


def failure_code(rule: str) -> int:
    """The code for it, where the program is told what it would have sent (RFC 6455 §7.4.1)."""
    return _CODES.get(rule, 1002)


def fatal_breach(
    breaches: list[Breach], own: CloseFrame | None, received: CloseFrame | None, library: Library
) -> Breach | None:
    """What `library` failed the connection for, though it sent no Close that says so; None if for nothing.

    `own` is its Close, `received` the other side's, `breaches` are the other side's as far as they reached it. A Close
    of its own behind the breach is better evidence than what is known of a library: then `own` alone tells, unless it
    is one that the library sends for nothing else.
    """
    for breach in sorted(breaches, key=lambda breach: breach.packet):
        if breach.rule not in FATAL | library.fails_for:
            continue
        if received is not None and not breach.is_before(received):
            continue
        if own is None:
            return breach
        if own.packet >= breach.packet:
            if breach.rule == BAD_DEFLATE and own.code == library.bad_deflate_code:
                return breach
        elif library.drops_data_after_close and breach.rule in _OF_DATA:
            continue
        elif breach.rule != BAD_TEXT or library.reads_text_after_close:
            return breach
    return None
