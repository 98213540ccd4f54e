"""A broken rule on one connection, told once and counted."""

from dataclasses import dataclass

from wsinspect.rules.rule import Severity
from wsinspect.websocket.side import Side


@dataclass(slots=True)
class Violation:
    """The first occurrence whole, later ones as a count: in a flood counts grow, not rows."""

    rule: str
    severity: Severity
    by: Side | None
    section: str
    frame: int | None
    """Number of the frame in its direction; None for handshake and teardown."""
    packet: int | None
    time_ns: int | None
    detail: str
    count: int = 1
    last_frame: int | None = None
    last_time_ns: int | None = None
