"""The thresholds of all causes, in one place (seconds where nothing else is said)."""

from typing import Final

TIMER_EARLY: Final = 0.5
"""A timer may be seen to fire this much early: it counts from another place than the capture."""
MASS_CLOSE_MIN: Final = 5
MASS_CLOSE_SHARE: Final = 0.5
MASS_CLOSE_WINDOW: Final = 2.0
MASS_CLOSE_AGE: Final = 0.25
"""By the age of connections: half of them end within less than this, or they are too short-lived to end together."""
LEARNED_MIN: Final = 3
"""Connections that have to agree before a value counts as learned."""
SAME_AGE: Final = 0.01
"""Spread of ages, by the age, that counts as the same."""
SAME_IDLE: Final = 0.5
SAME_IDLE_SHARE: Final = 0.05
"""Spread of idle times that counts as the same: the lesser of so many seconds and this share of the value."""
SHORTEST_TIMER: Final = 2.0
"""A learned timer, or a silence in which state may expire, is no shorter."""
RESET_IP_ID_JUMP: Final = 4096
RESET_IP_ID_STEP: Final = 256
RESET_PAIR_WINDOW: Final = 0.010
DEAD_RETRANSMISSIONS: Final = 3
DEAD_SILENCE: Final = 3.0
RECONNECT_COUNT: Final = 5
RECONNECT_MIN_DELAY: Final = 1.0
RECONNECT_STEADY: Final = 0.1
LIMIT_REACTION: Final = 2.0
LIMIT_REACTION_SILENT: Final = 0.5
"""The same for an end without a Close, which may have any other reason."""
LIMIT_LEAST: Final = 1024
"""Bytes from which a message can be the reason of a Close 1009."""
LIMIT_LEAST_SILENT: Final = 16 * 1024
"""The same of an end without a Close."""
RACE_INTERVALS: Final = 3
"""Equal ping periods before they can be said to race a timer."""
KEEPALIVE_LEAST: Final = 0.5
"""Nobody gives up on a Pong sooner."""
HANDSHAKE_TIMEOUT: Final = 10.0
STALL: Final = 5.0
"""For so long a window of HTTP/2 has to be used up before it is told."""
DELAYED_ACK: Final = 0.5
"""An acknowledgement may wait for so long (RFC 9293 §3.8.6.3)."""
CROSSING: Final = 0.05
"""Payload that comes no longer than this before the end crossed it on the way."""


def keepalive_fit(seconds: float) -> float:
    """How far a keepalive's patience may be off."""
    return max(1.0, 0.05 * seconds)


def race_margin(seconds: float) -> float:
    """How far below a timer a ping period still races it."""
    return max(2.0, 0.05 * seconds)


def timer_tolerance(seconds: float) -> float:
    """How late a timer may fire."""
    return max(1.0, 0.02 * seconds)
