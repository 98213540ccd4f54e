"""What a rule is, and what it says when it is broken."""

from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum, StrEnum
from typing import Any, Generic, NamedTuple, ParamSpec

from wsinspect.rules.thresholds import Thresholds
from wsinspect.websocket.side import Side

P = ParamSpec("P")


class Severity(StrEnum):
    """How much the standard is hurt (not how much harm is done: many an error works in browsers)."""

    ERROR = "error"
    """A MUST or MUST NOT is broken and the captured bytes prove it."""
    WARNING = "warning"
    """A SHOULD is broken, or a MUST that the wire makes only probable."""
    NOTE = "note"
    """Legal, or ruled by no standard, but operators want to know."""

    @property
    def rank(self) -> int:
        """2 for an error, 1 for a warning, 0 for a note."""
        return {"error": 2, "warning": 1, "note": 0}[self.value]


class By(StrEnum):
    """Who can break a rule."""

    CLIENT = "client"
    SERVER = "server"
    EITHER = "either"
    """The sender of the frame or head."""
    RECEIVER = "receiver"
    """The side that should have reacted."""
    NOBODY = "–"
    """The path, or nobody."""


class Need(Enum):
    """What must have been captured before a rule may speak; the value is the reason given when it was not."""

    __hash__ = object.__hash__  # each is one object; what Enum has is slow

    REQUEST = "the request was not captured"
    RESPONSE = "the response was not captured"
    HANDSHAKE = "the opening handshake was not captured"
    ROLES = "client and server cannot be told apart"
    SYNCED = "the frame boundaries of this direction are lost"
    BOTH_SYNCED = "the frame boundaries of a direction are lost"
    MESSAGE_STATE = "it is unknown whether a message was open"
    WHOLE_MESSAGE = "bytes of the message were not captured"
    GAP_FREE = "bytes of this direction were not captured"
    EXTENSIONS = "the negotiated extensions are unknown"
    INFLATE = "the decompression context is lost"
    ACKS = "the other side's acknowledgements were not captured"
    END = "the capture ends before the connection does"
    TIMING = "the packets carry no usable times"
    HTTP2 = "header fields of HTTP/2 could not be read"
    MANY = "it takes several connections to judge"
    TLS = "no TLS records were captured"


Place = tuple[int | None, int | None, int | None]
"""Where a rule was broken: frame number in its direction, packet, time in nanoseconds."""


class Finding(NamedTuple):
    """What one check found; `severity` and `by` only where the catalogue's row names a case that deviates."""

    detail: str
    """One line with the numbers: what was seen, what was allowed. Network text in it is escaped at the edge only."""
    severity: Severity | None = None
    by: Side | None = None
    place: Place | None = None
    """Where, if the facts that the rule is given do not say it."""


@dataclass(frozen=True, slots=True)
class Rule(Generic[P]):
    """A line of the catalogue and the pure function that judges by it."""

    id: str
    """Fixed for ever: never renamed, never reused."""
    severity: Severity
    by: By
    section: str
    """Where the standard says so, e.g. `RFC 6455 §5.1`."""
    tier: int
    """1: a MUST that the wire proves. 2: warnings, teardown, reactions, diagnosis. 3: notes and special subjects."""
    needs: frozenset[Need]
    means: str
    """What the rule demands and what its breach leads to, in our own words."""
    look_at: str
    """What to look at next, for somebody in the middle of an incident."""
    aka: tuple[str, ...]
    """The same trouble in other programs' words, so that a search for their message finds the rule."""
    check: Callable[P, Finding | None]
    thresholds: tuple[str, ...] = ()
    """Names of the thresholds that it judges by; then `check` takes them all as its last argument."""

    def ask(self, thresholds: Thresholds, *facts: Any) -> Finding | None:
        """Judge the facts."""
        check: Callable[..., Finding | None] = self.check
        return check(*facts, thresholds) if self.thresholds else check(*facts)


def rule(
    id: str,
    severity: Severity,
    section: str,
    *,
    by: By = By.EITHER,
    tier: int = 1,
    needs: set[Need] | None = None,
    means: str,
    look_at: str,
    aka: tuple[str, ...] = (),
    thresholds: tuple[str, ...] = (),
) -> Callable[[Callable[P, Finding | None]], Rule[P]]:
    """Make a `Rule` of the function below it."""

    def decorate(check: Callable[P, Finding | None]) -> Rule[P]:
        return Rule(id, severity, by, section, tier, frozenset(needs or ()), means, look_at, aka, check, thresholds)

    return decorate
