"""Known timers and limits: read from `timers.toml`, and from what the user adds."""

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from fnmatch import fnmatchcase
from functools import cache
from pathlib import Path
from typing import Any, Self

from wsinspect.diagnosis.thresholds import TIMER_EARLY, timer_tolerance
from wsinspect.websocket.handshake import Handshake


@dataclass(frozen=True, slots=True)
class Hint:
    """What in a handshake names a product; every part that is given must fit."""

    field: str = ""
    contains: str = ""
    host: str = ""
    path: str = ""
    query: str = ""

    def fits(self, handshake: Handshake) -> bool:
        """Whether the handshake shows it."""
        if self.field:
            value = handshake.response.value(self.field) if handshake.response else None
            if value is None or self.contains.lower() not in value.lower():
                return False
        request = handshake.request
        if self.host or self.path or self.query:
            if request is None:
                return False
            host = (request.value("Host") or "").rpartition("@")[2].partition(":")[0].lower()
            path, _, query = request.target.partition("?")
            for pattern, text in ((self.host, host), (self.path, path), (self.query, query)):
                if pattern and not fnmatchcase(text, pattern):
                    return False
        return True


@dataclass(frozen=True, slots=True)
class Timer:
    """A row of the table, or a timer of the user's."""

    name: str
    seconds: float
    """0 where the value is counted in ping periods."""
    endings: frozenset[str] = frozenset({"silent", "close"})
    tolerance: float = 1.0
    activity: str = "either"
    codes: frozenset[int] = frozenset({1000, 1001})
    """Close codes that it ends with, if with a Close."""
    hints: tuple[Hint, ...] = ()
    hint_required: bool = False
    advice: str = ""
    periods: float = 0.0
    """Patience in ping periods, where it is counted in these."""
    beat: str = "ping"
    by_user: bool = False
    library: str = ""
    """Who does it, by the name that `User-Agent` or `Server` give away."""

    @classmethod
    def of(cls, row: dict[str, Any]) -> Self:
        """From a row of the file."""
        return cls(
            name=row["name"],
            seconds=float(row.get("seconds", 0)),
            endings=frozenset(row["endings"]),
            tolerance=float(row.get("tolerance", timer_tolerance(row.get("seconds", 0)))),
            activity=row.get("activity", "either"),
            codes=frozenset(row.get("codes", (1000, 1001))),
            hints=tuple(Hint(**hint) for hint in row.get("hints", ())),
            hint_required=row.get("hint_required", False),
            advice=row.get("advice", ""),
            periods=float(row.get("periods", 0)),
            beat=row.get("beat", "ping"),
            library=row.get("library", ""),
        )

    def fits(self, seconds: float) -> bool:
        """Whether an observed value fits: timers fire late, hardly early."""
        return self.seconds - TIMER_EARLY <= seconds <= self.seconds + self.tolerance

    def hinted(self, handshake: Handshake) -> bool:
        """Whether the handshake names the product; a timer of the user's needs no hint."""
        return self.by_user or any(hint.fits(handshake) for hint in self.hints)


@dataclass(frozen=True, slots=True)
class SizeLimit:
    """A message or frame size that a product does not exceed."""

    name: str
    bytes: int
    label: str


@dataclass(frozen=True, slots=True)
class Timers:
    """Everything known, the user's own first."""

    idle: tuple[Timer, ...]
    lifetime: tuple[Timer, ...]
    keepalive: tuple[Timer, ...]
    sizes: tuple[SizeLimit, ...]


@cache
def known_timers() -> Timers:
    """The table that comes with the program."""
    table = tomllib.loads(Path(__file__).with_name("timers.toml").read_text(encoding="utf-8"))
    return Timers(
        tuple(Timer.of(row) for row in table["idle"]),
        tuple(Timer.of(row) for row in table["lifetime"]),
        tuple(Timer.of(row) for row in table["keepalive"]),
        tuple(SizeLimit(row["name"], row["bytes"], row["label"]) for row in table["size"]),
    )


def with_user_timers(idle: Mapping[str, float], lifetimes: Mapping[str, float]) -> Timers:
    """The known timers behind those of the user, given by name and seconds."""
    known = known_timers()
    return Timers((*_of_user(idle), *known.idle), (*_of_user(lifetimes), *known.lifetime), known.keepalive, known.sizes)


def _of_user(timers: Mapping[str, float]) -> list[Timer]:
    return [Timer(name, seconds, tolerance=timer_tolerance(seconds), by_user=True) for name, seconds in timers.items()]
