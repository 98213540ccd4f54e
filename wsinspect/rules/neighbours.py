"""Rules that take several connections to judge (RFC 6455 §4.1, §5.4, §10.3); `wsinspect/neighbours.py` asks them."""

from typing import NamedTuple

from wsinspect.rules.handshake_key import SAMPLE_KEY
from wsinspect.rules.rule import By, Finding, Need, Rule, Severity, rule
from wsinspect.rules.thresholds import DEFAULTS, Thresholds
from wsinspect.rules.wording import counted, hex_bytes, quoted


class KeyUse(NamedTuple):
    """A `Sec-WebSocket-Key`, and the earlier connection that had the same; 0 if none had."""

    key: str
    earlier: int


class Waiting(NamedTuple):
    """A handshake that began while another one between the same two addresses was unanswered."""

    other: int
    packet: int
    """Of the other's request."""


class KeySequence(NamedTuple):
    """The first masking keys of a connection, and the one that began with the same."""

    keys: tuple[bytes, ...]
    earlier: int


class Legs(NamedTuple):
    """One WebSocket captured on both sides of a proxy: what came of one direction's messages on this side of it."""

    other: int
    messages: int
    frames: int
    """Data frames here …"""
    other_frames: int
    """… and there."""


@rule(
    "reused-sec-websocket-key",
    Severity.WARNING,
    "RFC 6455 §4.1",
    by=By.CLIENT,
    tier=2,
    needs={Need.REQUEST, Need.MANY},
    means="The key has to be chosen at random for each connection. This one was used before, or is the sample of "
    "RFC 6455: the client copies it, and the answer proves nothing about this connection.",
    look_at="Scripts and health checks with a key pasted from an example. A proxy captured on both of its sides is "
    "not counted: there the same handshake passes twice.",
)
def reused_sec_websocket_key(use: KeyUse) -> Finding | None:
    if use.key == SAMPLE_KEY:
        return Finding(f"key {quoted(use.key)} is the sample of RFC 6455")
    if not use.earlier:
        return None
    return Finding(f"key {quoted(use.key)} is that of connection {use.earlier}")


@rule(
    "concurrent-handshakes",
    Severity.NOTE,
    "RFC 6455 §4.1",
    by=By.CLIENT,
    tier=3,
    needs={Need.REQUEST, Need.MANY, Need.TIMING},
    means="A client opens one connection at a time to a server, so that a page cannot flood it. Here two handshakes "
    "of one address wait at the same time. Several programs, or hosts behind one address, look the same.",
    look_at="Load tests and clients that open a pool at once. With browsers: whether the address is a NAT's.",
)
def concurrent_handshakes(waiting: Waiting) -> Finding | None:
    return Finding(f"the handshake of connection {waiting.other} (packet {waiting.packet}) is not answered yet")


@rule(
    "shared-masking-sequence",
    Severity.WARNING,
    "RFC 6455 §10.3",
    by=By.CLIENT,
    tier=2,
    needs={Need.GAP_FREE, Need.MANY},
    means="Two connections begin with the same masking keys in the same order: the generator starts from the same "
    "seed each time. Who has seen one connection knows the keys of all.",
    look_at="The client's random numbers: rand() without a seed, or one seeded with a constant; small devices.",
    thresholds=("mask_sequence_frames",),
)
def shared_masking_sequence(sequence: KeySequence, limits: Thresholds = DEFAULTS) -> Finding | None:
    if len(set(sequence.keys)) == 1:
        return None  # a fixed key, which repeated-masking-key is about
    keys = ", ".join(map(hex_bytes, sequence.keys[:4]))
    return Finding(f"the first masking keys ({keys}) are those of connection {sequence.earlier}")


@rule(
    "refragmented-by-intermediary",
    Severity.NOTE,
    "RFC 6455 §5.4",
    by=By.NOBODY,
    tier=3,
    needs={Need.WHOLE_MESSAGE, Need.MANY},
    means="The same WebSocket was captured on both sides of a proxy, and its messages have other frame boundaries on "
    "the other side. With an extension in use no intermediary may do that.",
    look_at="The proxy: one that decodes WebSocket and writes its own frames has to negotiate extensions itself.",
)
def refragmented_by_intermediary(legs: Legs) -> Finding | None:
    if legs.frames == legs.other_frames:
        return None
    return Finding(
        f"{counted(legs.messages, 'message')} in {counted(legs.frames, 'frame')} here, in {legs.other_frames} on "
        f"connection {legs.other}, the other side of a proxy"
    )


RULES: tuple[Rule[...], ...] = (
    reused_sec_websocket_key,
    concurrent_handshakes,
    shared_masking_sequence,
    refragmented_by_intermediary,
)
