"""What a side repeats at a steady pace: Pings, and text messages that serve as heartbeats. And the pauses in between.

In: Pings, and what breaks a silence. Out: `Cadence`s and the silences, for `wsinspect/diagnosis/`. Bounded: a handful
of numbers per direction. Text that comes in the midst of other traffic is not looked at: a heartbeat is news only where
it is all there is.
"""

from typing import Final, NamedTuple

from wsinspect.websocket.frames import unmask

QUIET_NS: Final = 500_000_000
"""A pause of a direction from which on what ends it is looked at."""
MAX_SILENCES: Final = 16
"""Silences remembered per connection, the latest ones."""
MAX_HEARTBEATS: Final = 4
"""Kinds of heartbeat remembered per direction."""
LONGEST_HEARTBEAT: Final = 125
"""Bytes of text up to which a message can be a heartbeat."""
STEADY_TIMES: Final = 3
STEADY_SPREAD: Final = 0.1
"""Occurrences, and the spread of their intervals by the mean, that make a rhythm."""

_FIN_TEXT: Final = 0x81
_DIGITS: Final = bytes.maketrans(b"0123456789", b"0000000000")


class Silence(NamedTuple):
    """A time without new payload in either direction."""

    end_ns: int
    length_ns: int


class Cadence:
    """Times of something that repeats, as four numbers."""

    __slots__ = ("count", "first_ns", "last_ns", "longest_ns", "shortest_ns")

    def __init__(self, time_ns: int) -> None:
        self.count = 1
        self.first_ns = time_ns
        self.last_ns = time_ns
        self.shortest_ns = 0
        """Of the intervals; 0 while there is none."""
        self.longest_ns = 0

    def beat(self, time_ns: int) -> None:
        """Once more."""
        interval = time_ns - self.last_ns
        if self.count == 1 or interval < self.shortest_ns:
            self.shortest_ns = interval
        if interval > self.longest_ns:
            self.longest_ns = interval
        self.count += 1
        self.last_ns = time_ns

    @property
    def period_ns(self) -> int:
        """The mean interval; 0 while there is none."""
        return (self.last_ns - self.first_ns) // (self.count - 1) if self.count > 1 else 0

    @property
    def is_steady(self) -> bool:
        """Whether the intervals are enough, and alike."""
        if self.count < STEADY_TIMES or self.period_ns <= 0:
            return False
        return self.longest_ns - self.shortest_ns <= STEADY_SPREAD * self.period_ns


class Rhythm:
    """What one side repeats."""

    __slots__ = ("heartbeats", "pings")

    def __init__(self) -> None:
        self.pings: Cadence | None = None
        """All its Pings, answered or not."""
        self.heartbeats: dict[bytes, Cadence] = {}
        """Short texts that came after a pause, their digits taken for one and the same."""

    def ping(self, time_ns: int) -> None:
        """It sent a Ping."""
        if self.pings is None:
            self.pings = Cadence(time_ns)
        else:
            self.pings.beat(time_ns)

    def after_pause(self, data: bytes, time_ns: int) -> None:
        """After a pause it sends `data`, which begins with a frame."""
        text = _short_text(data)
        if not text:
            return
        shape = text.translate(_DIGITS)
        known = self.heartbeats.get(shape)
        if known is not None:
            known.beat(time_ns)
        else:
            if len(self.heartbeats) >= MAX_HEARTBEATS:
                rarest = min(self.heartbeats, key=lambda shape: self.heartbeats[shape].count)
                del self.heartbeats[rarest]
            self.heartbeats[shape] = Cadence(time_ns)


class Silences:
    """The pauses of a connection, both directions together."""

    __slots__ = ("latest",)

    def __init__(self) -> None:
        self.latest: list[Silence] = []

    def add(self, end_ns: int, length_ns: int) -> None:
        """New payload came at `end_ns` after so long a pause."""
        if length_ns <= QUIET_NS:
            return
        if len(self.latest) >= MAX_SILENCES:
            del self.latest[0]
        self.latest.append(Silence(end_ns, length_ns))


def _short_text(data: bytes) -> bytes:
    """The text if `data` begins with a short whole text message that is no part of a burst; empty otherwise."""
    if len(data) < 3 or data[0] != _FIN_TEXT:
        return b""
    length = data[1] & 0x7F
    if length > LONGEST_HEARTBEAT:
        return b""
    if data[1] & 0x80:
        return unmask(data[6 : 6 + length], data[2:6]) if len(data) == 6 + length else b""
    return data[2:] if len(data) == 2 + length else b""
