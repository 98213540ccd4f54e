"""A connection laid open: its report, its timeline, and where on the timeline its violations belong."""

from array import array
from bisect import bisect_left, bisect_right
from collections.abc import Sequence
from typing import NamedTuple

from wsinspect.payload.viewer import Context
from wsinspect.report import model
from wsinspect.report.brief import close_name
from wsinspect.timeline import Entry, FrameEntry, GapEntry, Timeline, ViolationEntry
from wsinspect.websocket.frames import Opcode
from wsinspect.websocket.half import CloseFrame
from wsinspect.websocket.side import Side

FIRST_SENT_KEPT = 1024
"""Bytes of the client's first message that are kept: where protocols name their version."""


_KNOWN = ("RFC 6455", "IANA")
"""Whose names need no word about where they come from."""


class FrameName(NamedTuple):
    """What a frame is called: its sender and its number in that direction."""

    side: Side
    number: int


class Opened:
    """What the views of one connection show. Made in a background thread: it looks at every entry once."""

    def __init__(self, index: int, report: model.Connection, timeline: Timeline) -> None:
        self.index = index
        """In the list of connections."""
        self.report = report
        self.entries: Sequence[Entry] = timeline.entries
        self.violations: list[ViolationEntry] = timeline.violations
        self.frames = array("Q")
        """Places of the frames among the entries."""
        self.first_close: dict[Side, tuple[int, CloseFrame]] = {}
        """Place and content of the first Close of each side that sent one."""
        self._first_sent: bytes | None = None  # the client's first message, if it was captured
        for place, entry in enumerate(self.entries):
            if isinstance(entry, FrameEntry):
                self._note(place, entry)
        self.broken = _locate(self.entries, self.violations)
        """Place of an entry and the violations (places in `violations`) that belong to it."""
        self._broken_places = sorted(self.broken)
        self.unanswered = _unanswered_pings(self.entries)
        """Places of pings that no pong answered, as far as one can know."""

    @property
    def start_ns(self) -> int:
        """Time of the first entry."""
        return self.entries[0].time_ns if self.entries else 0

    @property
    def duration(self) -> float:
        """Seconds from the first entry to the last."""
        return (self.entries[-1].time_ns - self.start_ns) / 1e9 if self.entries else 0.0

    def context(self, entry: FrameEntry) -> Context:
        """What the payload viewers want to know besides the bytes."""
        is_data = entry.header.opcode <= Opcode.BINARY
        return Context(
            (self.report.subprotocol or "") if is_data else "",
            (self.report.url or "") if is_data else "",
            entry.content[1],
            (self._first_sent or b"") if is_data else b"",
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

    def _note(self, place: int, entry: FrameEntry) -> None:
        self.frames.append(place)
        if entry.close is not None:
            self.first_close.setdefault(entry.side, (place, entry.close))
        if self._first_sent is None and entry.side is Side.CLIENT and entry.message is not None:
            self._first_sent = entry.message.data[:FIRST_SENT_KEPT] if not entry.message.first_frame else b""

    def _is(self, violation: int, rule: str, by: str | None) -> bool:
        entry = self.violations[violation]
        return entry.rule == rule and entry.by == by


def _unanswered_pings(entries: Sequence[Entry]) -> frozenset[int]:
    """Pings behind the peer's last answer: one pong may answer several. Silent where the peer's bytes are missing."""
    found: set[int] = set()
    excused: set[Side] = set()
    for place in range(len(entries) - 1, -1, -1):
        entry = entries[place]
        if isinstance(entry, GapEntry):
            excused.add(entry.side)
        elif isinstance(entry, FrameEntry):
            if entry.trip is not None or entry.missing:
                excused.add(entry.side)
            elif entry.header.opcode == Opcode.PING and entry.side.peer not in excused:
                found.add(place)
        if len(excused) == len(Side):
            break
    return frozenset(found)


def _locate(entries: Sequence[Entry], violations: list[ViolationEntry]) -> dict[int, list[int]]:
    """Which violations belong to which entry."""
    wanted = {violation.frame for violation in violations if violation.frame is not None}
    by_name: dict[FrameName, int] = {}
    if wanted:
        for place, entry in enumerate(entries):
            if isinstance(entry, FrameEntry) and entry.header.number in wanted:
                by_name[FrameName(entry.side, entry.header.number)] = place
    found: dict[int, list[int]] = {}
    for position, violation in enumerate(violations):
        entry_place = _frame_place(entries, violation, by_name)
        if entry_place is None:
            entry_place = _packet_place(entries, violation)
        if entry_place is not None:
            found.setdefault(entry_place, []).append(position)
    return found


def _frame_place(entries: Sequence[Entry], violation: ViolationEntry, by_name: dict[FrameName, int]) -> int | None:
    if violation.frame is None:
        return None
    # The number counts in one direction: mostly the culprit's, but one who fails to react is blamed for the other's.
    sides = (violation.by, violation.by.peer) if violation.by else (Side.CLIENT, Side.SERVER)
    places = [by_name[name] for side in sides if (name := FrameName(side, violation.frame)) in by_name]
    for place in places:
        entry = entries[place]
        assert isinstance(entry, FrameEntry)
        if violation.packet in (entry.header.packet, entry.packet):
            return place
    return places[0] if places else None


def _packet_place(entries: Sequence[Entry], violation: ViolationEntry) -> int | None:
    """The entry of the violation's packet, preferably one of the culprit; else the last one before it."""
    if violation.packet is None or not entries:
        return None
    latest = 0
    same: list[int] = []
    for place, entry in enumerate(entries):
        if entry.packet == violation.packet or _first_packet(entry) == violation.packet:
            same.append(place)
        if entry.packet <= violation.packet:
            latest = place
    for place in same:
        if entries[place].side is violation.by:
            return place
    return same[0] if same else latest


def _first_packet(entry: Entry) -> int:
    head = getattr(entry, "head", None)
    return head.packet if head is not None else entry.packet
