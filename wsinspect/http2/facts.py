"""What is known of an HTTP/2 connection, and of the stream of it that a WebSocket is on."""

from dataclasses import dataclass, field
from typing import NamedTuple

from wsinspect.http2.flow import DEFAULT_WINDOW, Window


class Setting(NamedTuple):
    """A value of SETTINGS_ENABLE_CONNECT_PROTOCOL as sent (RFC 8441 §3)."""

    direction: int
    value: int
    packet: int
    time_ns: int


class GoAway(NamedTuple):
    """A side takes no more streams (RFC 9113 §6.8)."""

    direction: int
    last_stream_id: int
    """The last stream of the other side that it may have acted upon."""
    code: int
    debug_data: bytes
    packet: int
    time_ns: int


class StreamEnd(NamedTuple):
    """END_STREAM or RST_STREAM (RFC 9113 §5.1)."""

    direction: int
    reset: int | None
    """The error code of RST_STREAM; None for END_STREAM."""
    packet: int
    time_ns: int


@dataclass(slots=True)
class SessionFacts:
    """What both sides of an HTTP/2 connection said about it."""

    client_direction: int
    connect_settings: list[Setting] = field(default_factory=list)
    """The first few; those that say what was said before are left out."""
    go_aways: list[GoAway] = field(default_factory=list)
    """The first few."""
    complete: bool = True
    """Whether everything was captured and understood so far."""
    windows: tuple[Window, Window] = field(default_factory=lambda: (Window(DEFAULT_WINDOW), Window(DEFAULT_WINDOW)))
    """What each direction may send, all streams together."""

    @property
    def connect_allowed(self) -> bool:
        """Whether the server has allowed extended CONNECT."""
        return any(one.value == 1 for one in self.connect_settings if one.direction != self.client_direction)


@dataclass(slots=True)
class StreamFacts:
    """The stream of a WebSocket."""

    id: int
    session: SessionFacts
    windows: tuple[Window, Window]
    """What each direction may send on it."""
    started_ns: int = 0
    """Time of its first frame."""
    ends: list[StreamEnd] = field(default_factory=list)
    over: bool = False
    """Whether it is closed: reset, or ended by both sides."""
    hidden: str = ""
    """Why its request is unknown although its DATA is not; empty if it is known."""

    def go_aways(self) -> list[GoAway]:
        """What GOAWAY frames came before the stream was over."""
        if not self.over:
            return list(self.session.go_aways)
        return [one for one in self.session.go_aways if one.time_ns <= self.ends[-1].time_ns]

    def take_end(self, end: StreamEnd) -> None:
        """END_STREAM or RST_STREAM came."""
        self.ends.append(end)
        directions = {one.direction for one in self.ends}
        self.over = end.reset is not None or len(directions) == 2

    def take_back(self) -> list[StreamEnd]:
        """The ends so far, to be taken again by the connection that it turns out to be."""
        ends, self.ends, self.over = self.ends, [], False
        return ends

    def stall(self, direction: int, now_ns: int) -> tuple[int, int]:
        """From when to when, at the longest, a direction could not send for want of a window; (0, 0): never.

        Where frames were missed nothing is known of windows.
        """
        if not self.session.complete:
            return 0, 0
        own = self.windows[direction].stall(now_ns)
        shared = self.session.windows[direction].stall(now_ns)
        if shared[1] <= self.started_ns or own[1] - own[0] >= shared[1] - shared[0]:
            return own
        return max(shared[0], self.started_ns), shared[1]
