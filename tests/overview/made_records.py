"""Connections that are over, without packets."""

from typing import Any

from wsinspect.overview.records import Cause, Ending, Record

SERVER = ("10.1.0.1", 8080)
START = 1_700_000_000.0


def ending(code: int | None = 1000, **changes: Any) -> Ending:
    """The client closed properly, but for what `changes` says."""
    name = {1000: "Normal Closure", 1001: "Going Away", 1006: "Abnormal Closure", 1012: "Service Restart"}
    facts: dict[str, Any] = {
        "code": code, "name": name.get(code or 0, "Private Use"), "source": "RFC 6455", "means": "Close",
        "by": "client", "server": SERVER, "usual": code in (1000, 1001),
    }  # fmt: skip
    return Ending(**(facts | changes))


def ended(at: float, code: int | None = 1000, *, age: float | None = 10.0, idle: float | None = 0.5,
          causes: tuple[Cause, ...] = (), **changes: Any) -> Record:  # fmt: skip
    """It ended `at` seconds after `START`."""
    return Record(ending(code, **changes), START + at, age, idle, causes)


def reset(at: float, idle: float = 60.0, causes: tuple[Cause, ...] = (), **changes: Any) -> Record:
    """The server reset TCP after a silence."""
    return ended(at, 1006, age=100.0 + at, idle=idle, causes=causes, **({"means": "RST", "by": "server"} | changes))


def cause(brief: str, id: str = "idle-timeout", confidence: str = "likely") -> tuple[Cause, ...]:
    """One diagnosis."""
    return (Cause(id, confidence, brief),)
