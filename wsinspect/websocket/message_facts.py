"""What a direction's messages say about themselves, and what is wrong with their bytes: facts, judged elsewhere."""

from typing import Final, NamedTuple

from wsinspect.websocket.utf8 import BadByte


class BadUtf8(NamedTuple):
    """A text message is not UTF-8 from here on."""

    bad: BadByte
    frame: int
    packet: int
    time_ns: int


class InflateError(NamedTuple):
    """A compressed message does not inflate."""

    reason: str
    frame: int
    packet: int
    time_ns: int


class ContextUse(NamedTuple):
    """A message inflates only with the window of earlier ones, though no context takeover was agreed."""

    frame: int
    packet: int
    time_ns: int


class WindowExceeded(NamedTuple):
    """A back-reference reaches further than the agreed window."""

    distance: int
    bits: int
    frame: int
    packet: int
    time_ns: int


class InflateLimit(NamedTuple):
    """A message's output passed the limit; inflating stopped there."""

    limit: int
    wire_length: int
    frame: int
    packet: int
    time_ns: int


class Message(NamedTuple):
    """A complete message."""

    opcode: int
    """Text or binary, as its first frame says."""
    compressed: bool
    first_frame: int
    last_frame: int
    wire_length: int
    """Payload bytes of its frames as sent."""
    length: int
    """Payload bytes, inflated."""
    missing: int
    """Payload bytes that were not captured."""
    data: bytes
    """Unmasked and inflated; up to MAX_KEPT_PAYLOAD bytes; empty where it does not inflate."""
    unknown: int = 0
    """Bytes copied out of a window that was not captured; each is `rebuild.UNKNOWN_BYTE` in `data`."""


class InflateRatio(NamedTuple):
    """A message grew by more than is usual when it was inflated."""

    wire_length: int
    length: int
    frame: int
    packet: int
    time_ns: int


class TailKept(NamedTuple):
    """A compressed message still has the tail that its sender has to cut off."""

    frame: int
    packet: int
    time_ns: int


class TailCutEarly(NamedTuple):
    """A compressed message inflates only with the tail put back between fragments."""

    edges: int
    frame: int
    packet: int
    time_ns: int


class FinalBlock(NamedTuple):
    """A compressed message has a block with BFINAL = 1."""

    frame: int
    packet: int
    time_ns: int


class OddEmpty(NamedTuple):
    """A compressed message without content that is not the one byte that stands for it."""

    wire_length: int
    frame: int
    packet: int
    time_ns: int


class Content(NamedTuple):
    """A whole message, inflated, as long as somebody wants to look at it."""

    opcode: int
    data: bytes
    frame: int
    packet: int
    time_ns: int


class Tally(NamedTuple):
    """Complete messages of a direction, and how compression has served them."""

    messages: int = 0
    compressed: int = 0
    """How many of them came compressed …"""
    wire: int = 0
    """… their bytes on the wire …"""
    plain: int = 0
    """… and inflated, …"""
    inflated: int = 0
    """… and how many of them these are: those that inflate."""


NO_MESSAGES: Final = Tally()

MessageEvent = (
    BadUtf8 | InflateError | ContextUse | WindowExceeded | InflateLimit | InflateRatio | TailKept | TailCutEarly
    | FinalBlock | OddEmpty | Content | Message
)  # fmt: skip
