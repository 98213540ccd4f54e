"""A connection laid open: its report, its timeline, and where on the timeline its violations belong."""

from bisect import bisect_left, bisect_right
from collections.abc import Sequence

from wsinspect.outline import FramePlaces
from wsinspect.payload.viewer import Context
from wsinspect.report import model
from wsinspect.report.brief import close_name
from wsinspect.timeline import Entry, FrameEntry, HeadEntry, Timeline, ViolationEntry
from wsinspect.tui.connection.broken import locate
from wsinspect.websocket.frames import Opcode
from wsinspect.websocket.half import CloseFrame

_KNOWN = ("RFC 6455", "IANA")
"""Whose names need no word about where they come from."""


class Opened:
    """What the views of one connection show, as far as it has been read again."""

    def __init__(self, index: int, report: model.Connection, timeline: Timeline, share: float = 1.0) -> None:
        self.index = index
        """In the list of connections."""
        self.report = report
        self.share = share
        """Of its packets that have been read, from 0 to 1."""
        self.entries: Sequence[Entry] = timeline.entries
        self.count = len(timeline.entries)
        """Entries that there are for us; there may be more by now."""
        self.outline = timeline.outline
        self.violations: list[ViolationEntry] = timeline.violations[:]
        self.frames = FramePlaces(timeline.outline, self.count)
        """Places of the frames among the entries."""
        self.heads = [entry for entry in map(self.entries.__getitem__, timeline.outline.heads)
                      if isinstance(entry, HeadEntry)]  # fmt: skip
        """The opening handshake."""
        self.first_close = dict(timeline.first_close)
        """Place and content of the first Close of each side that sent one."""
        self._first_sent = timeline.first_sent
        self.broken = locate(self.entries, timeline.outline, self.violations)
        """Place of an entry and the violations (places in `violations`) that belong to it."""
        self._broken_places = sorted(self.broken)
        self.unanswered = timeline.outline.unanswered_pings()
        """Places of pings that no pong answered, as far as one can know."""

    @property
    def start_ns(self) -> int:
        """Time of the first entry."""
        return self.outline.times[0] if self.count else 0

    @property
    def duration(self) -> float:
        """Seconds from the first entry to the last."""
        return (self.outline.times[self.count - 1] - self.start_ns) / 1e9 if self.count else 0.0

    def context(self, entry: FrameEntry) -> Context:
        """What the payload viewers want to know besides the bytes."""
        is_data = entry.header.opcode <= Opcode.BINARY
        return Context(
            (self.report.subprotocol or "") if is_data else "",
            (self.report.url or "") if is_data else "",
            entry.content[1],
            self._first_sent if is_data else b"",
        )

    def close_name(self, close: CloseFrame) -> str:
        """What its code is called on this connection."""
        return close_name(close.code, self.report.close) if close.code is not None else ""

    def close_shown(self, close: CloseFrame) -> str:
        """The same with who calls it so and why; empty where everybody knows."""
        frames = (self.report.close.client_frame, self.report.close.server_frame)
        told = (one for one in frames if one is not None and one.code == close.code and one.registry not in _KNOWN)
        return next((one.shown for one in told), "")

    def violations_between(self, first: int, last: int) -> int:
        """How many violations belong to the entries from `first` to `last`, both included."""
        places = self._broken_places[bisect_left(self._broken_places, first) : bisect_right(self._broken_places, last)]
        return sum(len(self.broken[place]) for place in places)

    def frame_of_violation(self, rule: str, by: str | None) -> int | None:
        """The row (place in `frames`) of the first frame that breaks `rule`; None if no frame does."""
        for place in self._broken_places:
            if not isinstance(self.entries[place], FrameEntry):
                continue
            if any(self._is(violation, rule, by) for violation in self.broken[place]):
                return bisect_left(self.frames, place)
        return None

    def next_broken(self, row: int, step: int) -> int | None:
        """The next row of a frame with a violation, forwards or backwards."""
        place = self.frames[row]
        found = bisect_right(self._broken_places, place) if step > 0 else bisect_left(self._broken_places, place) - 1
        while 0 <= found < len(self._broken_places):
            place = self._broken_places[found]
            if isinstance(self.entries[place], FrameEntry):
                return bisect_left(self.frames, place)
            found += step
        return None

    def _is(self, violation: int, rule: str, by: str | None) -> bool:
        entry = self.violations[violation]
        return entry.rule == rule and entry.by == by
