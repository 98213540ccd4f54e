"""Rules of the Pongs that come, and of how often anybody asks (RFC 6455 §5.5.2, §5.5.3)."""

from typing import NamedTuple

from wsinspect.rules.rule import By, Finding, Need, Rule, Severity, rule
from wsinspect.rules.thresholds import DEFAULTS, Thresholds, nanoseconds
from wsinspect.rules.wording import counted, hex_bytes
from wsinspect.websocket.closing import Ending
from wsinspect.websocket.half import Half
from wsinspect.websocket.pings import Ping
from wsinspect.websocket.side import Side

_PAYLOAD_SHOWN = 16


class Pong(NamedTuple):
    """A Pong and what it answers."""

    payload: bytes
    ping: Ping | None
    """The newest Ping with its payload; None if there is none."""
    skipped: int
    """Older Pings that it answers with it."""
    repeats_ns: int
    """Time since the earlier Pong that had answered the same Ping; 0 if there is none."""
    acknowledged_ns: int
    """When TCP acknowledged the Ping; 0 if unknown."""
    held_up: bool
    """Whether the Ping stood between fragments, and this comes only after the final one was acknowledged."""
    all_pings_seen: bool
    """Whether no Ping can have been missed."""
    time_ns: int


class Mismatch(NamedTuple):
    """A Pong that equals no outstanding Ping, and was not followed by one that does."""

    payload: bytes
    outstanding: int
    frame: int
    packet: int
    time_ns: int


class PingBurst(NamedTuple):
    """Many Pings within five seconds."""

    pings: int


@rule(
    "mismatched-pong",
    Severity.WARNING,
    "RFC 6455 §5.5.3",
    by=By.RECEIVER,
    tier=2,
    needs={Need.BOTH_SYNCED},
    means="A Pong carries the payload of the Ping it answers. This one fits no Ping that waits for an answer, and none "
    "that does came soon after. The pinging side may take the other one for dead.",
    look_at="A library that answers with a fixed or an empty payload, and proxies that answer Pings themselves.",
    thresholds=("pong_slow",),
)
def mismatched_pong(mismatch: Mismatch, half: Half, limits: Thresholds = DEFAULTS) -> Finding | None:
    waiting = counted(mismatch.outstanding, "Ping")
    return Finding(
        f"Pong with {_payload(mismatch.payload)} while {waiting} of the {half.side.peer} with other payloads waited, "
        f"and no Pong that fits within {limits.pong_slow:g} s"
    )


@rule(
    "late-pong",
    Severity.WARNING,
    "RFC 6455 §5.5.2",
    by=By.RECEIVER,
    tier=2,
    needs={Need.BOTH_SYNCED, Need.ACKS, Need.TIMING},
    means="The Pong came late. Until TCP acknowledged the Ping the network was at work, after that the receiver: the "
    "detail splits the time so. Keepalives with less patience end the connection.",
    look_at="Network: losses, a full queue on the way. Receiver: a busy event loop, a long message being sent.",
    aka=("ping timeout",),
    thresholds=("pong_slow",),
)
def late_pong(pong: Pong, half: Half, limits: Thresholds = DEFAULTS) -> Finding | None:
    if pong.ping is None or _delays_at_message(pong, limits) or not pong.all_pings_seen:
        return None
    # Inside a message it may have waited for the end of that, which only the acknowledgement tells.
    if pong.ping.inside >= 0 and (not pong.acknowledged_ns or pong.held_up):
        return None
    took = pong.time_ns - pong.ping.time_ns
    if took < nanoseconds(limits.pong_slow):
        return None
    split = ""
    if pong.acknowledged_ns:
        network, peer = pong.acknowledged_ns - pong.ping.time_ns, pong.time_ns - pong.acknowledged_ns
        split = f": {network / 1e9:.3f} s until TCP acknowledged the Ping, {peer / 1e9:.3f} s until the Pong"
    return Finding(f"{took / 1e9:.3f} s from the Ping in packet {pong.ping.packet}{split}")


@rule(
    "control-frame-delayed-by-message",
    Severity.WARNING,
    "RFC 6455 §5.4",
    by=By.RECEIVER,
    tier=2,
    needs={Need.BOTH_SYNCED, Need.ACKS, Need.TIMING},
    means="A control frame may stand between the fragments of a message and is to be handled there. This Ping was "
    "answered only when the whole message had come: long messages make the receiver look dead.",
    look_at="A receiver that reads whole messages before it looks at anything else.",
    thresholds=("pong_slow",),
)
def control_frame_delayed_by_message(pong: Pong, half: Half, limits: Thresholds = DEFAULTS) -> Finding | None:
    if pong.ping is None or not _delays_at_message(pong, limits):
        return None
    waited = (pong.time_ns - pong.acknowledged_ns) / 1e9
    return Finding(
        f"the Ping between fragments in packet {pong.ping.packet} was answered {waited:.3f} s after it was "
        "acknowledged, and only after the message's final fragment"
    )


def _delays_at_message(pong: Pong, limits: Thresholds) -> bool:
    waited = pong.time_ns - pong.acknowledged_ns if pong.acknowledged_ns else 0
    return pong.held_up and waited >= nanoseconds(limits.pong_slow)


@rule(
    "unsolicited-pong",
    Severity.NOTE,
    "RFC 6455 §5.5.3",
    tier=3,
    needs={Need.BOTH_SYNCED, Need.GAP_FREE},
    means="A Pong that nobody asked for: a heartbeat in one direction. It is allowed and wants no answer.",
    look_at="Nothing, unless a keepalive on the other side is expected to notice: it must not count this as an answer.",
)
def unsolicited_pong(pong: Pong, half: Half) -> Finding | None:
    if pong.ping is not None or pong.repeats_ns or not pong.all_pings_seen:
        return None
    return Finding(f"Pong with {_payload(pong.payload)} while no Ping waits for an answer")


@rule(
    "duplicate-pong",
    Severity.NOTE,
    "RFC 6455 §5.5.3",
    by=By.RECEIVER,
    tier=3,
    needs={Need.BOTH_SYNCED},
    means="A second Pong answers a Ping that was answered already. It does no harm.",
    look_at="A library that answers Pings by itself, and an application that does it once more.",
    thresholds=("pong_slow",),
)
def duplicate_pong(pong: Pong, half: Half, limits: Thresholds = DEFAULTS) -> Finding | None:
    if pong.ping is not None or not pong.repeats_ns:
        return None
    return Finding(f"Pong with {_payload(pong.payload)} again, {pong.repeats_ns / 1e9:.3f} s after the first one")


@rule(
    "coalesced-pong",
    Severity.NOTE,
    "RFC 6455 §5.5.3",
    by=By.RECEIVER,
    tier=3,
    needs={Need.BOTH_SYNCED},
    means="One Pong answers several Pings: it fits the newest of them. That is allowed; a side that was busy catches "
    "up like this.",
    look_at="Why several Pings were waiting: a ping interval below the round-trip time, or a receiver that was stuck.",
)
def coalesced_pong(pong: Pong, half: Half) -> Finding | None:
    if pong.ping is None or not pong.skipped:
        return None
    return Finding(f"one Pong for {pong.skipped + 1} Pings, the newest in packet {pong.ping.packet}")


@rule(
    "ping-flood",
    Severity.NOTE,
    "–",
    tier=3,
    needs={Need.SYNCED, Need.TIMING},
    means="Many Pings in a short time. Each has to be answered, so this is load for both sides; some servers close "
    "the connection over it.",
    look_at="A keepalive timer that is set in the wrong unit, or started again with every message.",
    aka=("ENHANCE_YOUR_CALM",),
    thresholds=("ping_flood",),
)
def ping_flood(burst: PingBurst, half: Half, limits: Thresholds = DEFAULTS) -> Finding | None:
    return Finding(f"{burst.pings} Pings within 5 s; from {limits.ping_flood} on they are a flood")


@rule(
    "no-keepalive",
    Severity.NOTE,
    "–",
    tier=3,
    needs={Need.HANDSHAKE, Need.BOTH_SYNCED, Need.TIMING},
    means="Nothing was sent for long, and neither side has ever sent a Ping or Pong. Proxies and NATs forget such "
    "connections, often after 60 s. It is put to the server, since browsers cannot send Pings.",
    look_at="Pings from the server at an interval well below the shortest idle timer on the way.",
    aka=("idle timeout",),
    thresholds=("keepalive_gap",),
)
def no_keepalive(ending: Ending, side: Side, limits: Thresholds = DEFAULTS) -> Finding | None:
    silence = ending.longest_silence_ns
    if side is not Side.SERVER or silence < nanoseconds(limits.keepalive_gap):
        return None
    if not ending.opened_ns or not ending.client.in_sync or not ending.server.in_sync:
        return None  # before the capture there may have been one
    return Finding(f"no byte of either side for {silence / 1e9:.3f} s, and no Ping or Pong of either so far")


def _payload(payload: bytes) -> str:
    if not payload:
        return "an empty payload"
    cut = "…" if len(payload) > _PAYLOAD_SHOWN else ""
    return f"the payload {hex_bytes(payload[:_PAYLOAD_SHOWN])}{cut}"


PONG_RULES: tuple[Rule[...], ...] = (
    late_pong,
    control_frame_delayed_by_message,
    unsolicited_pong,
    duplicate_pong,
    coalesced_pong,
)
"""Asked about every Pong that is in place."""
ENDING_RULES: tuple[Rule[...], ...] = (no_keepalive,)
"""Asked about each side once the connection is over."""
RULES: tuple[Rule[...], ...] = (mismatched_pong, *PONG_RULES, ping_flood, *ENDING_RULES)
