"""What a diagnosis is, and how its sentence puts things."""

from dataclasses import dataclass
from enum import StrEnum
from typing import Final

MAX_QUOTED: Final = 80
"""Characters of a text from the network that a sentence quotes."""


class Confidence(StrEnum):
    """How sure a diagnosis is; a fingerprint is a judgement, never an error."""

    LIKELY = "likely"
    POSSIBLE = "possible"
    WEAK = "weak"


@dataclass(frozen=True, slots=True)
class Diagnosis:
    """A probable cause of the ending."""

    id: str
    """Fixed for ever: never renamed, never reused."""
    confidence: Confidence
    text: str
    """One or two sentences. Network text in it is escaped at the edge only."""
    brief: str = ""
    """The cause alone, as words that follow a colon: the same for all connections that ended alike. Holds no text from
    the network. Empty: there is nothing to add to how they ended."""
    packet: int | None = None
    """Packet that it is about, and its time in nanoseconds, if there is one."""
    time_ns: int | None = None


def span(seconds: float) -> str:
    """A length of time: `0.8 ms`, `60.0 s`, `15 min 0 s`, `2 h 0 min`."""
    if seconds < 0.1:
        return f"{seconds * 1000:.1f} ms"
    if seconds < 120:
        return f"{seconds:.1f} s"
    minutes, rest = divmod(round(seconds), 60)
    if minutes < 120:
        return f"{minutes} min {rest} s" if rest else f"{minutes} min"
    hours, minutes = divmod(minutes, 60)
    return f"{hours} h {minutes} min" if minutes else f"{hours} h"


def limit(seconds: float) -> str:
    """The value of a timer: `60 s`, `350 s`, `10 min`."""
    if seconds < 600:
        return f"{seconds:g} s"
    return span(seconds)


def count(number: int, noun: str) -> str:
    """`1 byte`, `5 bytes`, `131 300 bytes`."""
    digits = f"{number:,}".replace(",", " ") if number >= 10_000 else str(number)
    return f"{digits} {noun}{'' if number == 1 else 's'}"


def quoted(text: str) -> str:
    """Text from the network in quotes, cut if it is long."""
    return f'"{text}"' if len(text) <= MAX_QUOTED else f'"{text[:MAX_QUOTED]}…"'
