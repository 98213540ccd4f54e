"""The story of a connection as lines of a ladder: what is ordinary is folded, what matters is not.

Nothing is drawn here (`ladder.py` does): a step names the entries that it stands for. A million frames make a handful
of steps; unfolding one makes a thousand more at most.
"""

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from enum import Enum, auto
from itertools import dropwhile, islice
from typing import Final, NamedTuple

from wsinspect.timeline import Entry, FrameEntry, NoteEntry
from wsinspect.tui.connection.opened import Opened
from wsinspect.websocket.frames import Opcode
from wsinspect.websocket.side import Side

IDLE_NS: Final = 5_000_000_000
"""Silence that gets a line of its own."""
LONG_NS: Final = 60_000_000_000
"""Silence that gets an empty line above and below, too: that much time is seen from afar."""
RUN: Final = 3
"""Data frames of one direction in a row that are folded."""
TALK: Final = 20
"""Lines of ordinary traffic beyond which they are folded, but for the first and the last few."""
KEPT: Final = 4
"""Lines that stay at either end of such a fold."""
CHUNK: Final = 1000
"""Entries that a fold unfolds into at most; larger ones unfold into folds."""
TOLD: Final = 3
"""Times that a broken rule is told in full; later occurrences are counted in folds."""

_ORDINARY: Final = frozenset({Opcode.CONTINUATION, Opcode.TEXT, Opcode.BINARY, Opcode.PING, Opcode.PONG})


class Kind(Enum):
    """What a step stands for."""

    ENTRY = auto()
    """One entry."""
    RUN = auto()
    """Data frames of one direction."""
    TALK = auto()
    """Ordinary traffic of both."""
    IDLE = auto()
    """Silence between two entries."""
    SPACE = auto()
    """An empty line at a long silence."""
    VIOLATION = auto()
    """A broken rule, under the entry that broke it."""


class Step(NamedTuple):
    """A line of the ladder."""

    kind: Kind
    first: int
    """Place of the first entry that it stands for (for IDLE and SPACE the entry before the silence)."""
    last: int
    """Place of the last one (for VIOLATION the place of the violation)."""
    depth: int = 0
    """Folds that it is inside of."""

    @property
    def has_entries(self) -> bool:
        """Whether entries are told by it, rather than something about them."""
        return self.kind not in (Kind.IDLE, Kind.SPACE, Kind.VIOLATION)

    @property
    def is_silence(self) -> bool:
        """Whether nothing happened."""
        return self.kind in (Kind.IDLE, Kind.SPACE)

    @property
    def end(self) -> int:
        """The last entry that is told when this step has been told."""
        return self.last if self.has_entries else self.first

    @property
    def is_fold(self) -> bool:
        """Whether there is more to see."""
        return self.kind in (Kind.RUN, Kind.TALK)


@dataclass(slots=True)
class Digest:
    """What a fold says of its inside."""

    frames: dict[Side, Counter[str]] = field(default_factory=lambda: {side: Counter() for side in Side})
    """Data frames of each side by name."""
    bytes: dict[Side, int] = field(default_factory=lambda: dict.fromkeys(Side, 0))
    pings: int = 0
    notes: int = 0
    longest_silence_ns: int = 0
    duration_ns: int = 0
    violations: int = 0


class Story:
    """The steps, some folded."""

    def __init__(self, opened: Opened) -> None:
        self._opened = opened
        self._entries = opened.entries
        self._loud = _loud_violations(opened)
        self._digests: dict[tuple[int, int], Digest] = {}
        self.steps: list[Step] = list(self._tell())
        for step in self.steps:
            if step.is_fold:
                self.digest(step)  # the largest ones, so that drawing need not wait

    def is_unfolded(self, position: int) -> bool:
        """Whether the inside of the fold at `position` is shown."""
        steps = self.steps
        return position + 1 < len(steps) and steps[position + 1].depth > steps[position].depth

    def toggle(self, position: int) -> bool:
        """Unfold the fold at `position`, or fold it again; False if there is none."""
        step = self.steps[position]
        if not step.is_fold:
            return False
        if not self.is_unfolded(position):
            self.steps[position + 1 : position + 1] = list(self._inside(step))
            return True
        end = position + 1
        while end < len(self.steps) and self.steps[end].depth > step.depth:
            end += 1
        del self.steps[position + 1 : end]
        return True

    def digest(self, step: Step) -> Digest:
        """What `step` says of its inside."""
        known = self._digests.get((step.first, step.last))
        if known is None:
            known = self._digests[step.first, step.last] = self._digest(step.first, step.last)
        return known

    # Telling

    def _tell(self) -> Iterator[Step]:
        """The whole story, ordinary traffic folded."""
        begin = 0
        for place, entry in enumerate(self._entries):
            if self._is_ordinary(place, entry):
                continue
            yield from self._ordinary(begin, place)
            yield from self._silence(place)
            yield from self._single(place, 0)
            begin = place + 1
        yield from self._ordinary(begin, len(self._entries))

    def _is_ordinary(self, place: int, entry: Entry) -> bool:
        if place in self._loud:
            return False
        if isinstance(entry, FrameEntry):
            return entry.header.opcode in _ORDINARY and entry.complete and not entry.missing
        return isinstance(entry, NoteEntry)

    def _ordinary(self, begin: int, end: int) -> Iterator[Step]:
        """Ordinary entries: in full if they are few, else the first and the last of them around a fold."""
        lines = self._lines(begin, end, 0, RUN)
        head = list(lines) if end - begin <= CHUNK else list(islice(lines, TALK + 1))
        if len(head) <= TALK:
            yield from head
            return
        tail = head
        head = head[:KEPT]
        while head[-1].is_silence:
            del head[-1]
        if end - begin > CHUNK:  # far too many to look at each
            tail = list(self._lines(max(head[-1].end + 1, end - TALK), end, 0, RUN))
        tail = tail[-KEPT:]
        while tail and not tail[0].has_entries:
            del tail[0]
        resumes = tail[0].first if tail else end
        yield from head
        if resumes > head[-1].end + 1:
            yield from self._silence(head[-1].end + 1)
            yield Step(Kind.TALK, head[-1].end + 1, resumes - 1)
        if tail:
            yield from self._silence(resumes)
        yield from tail

    def _lines(self, begin: int, end: int, depth: int, run: int) -> Iterator[Step]:
        """Lines for the entries from `begin` to before `end`; data frames of one side in a row are one line."""
        place = begin
        while place < end:
            yield from self._silence(place, depth)
            stop = self._run_end(place, end)
            if stop - place >= run:
                yield Step(Kind.RUN, place, stop - 1, depth)
            else:
                stop = place + 1
                yield from self._single(place, depth)
            place = stop

    def _run_end(self, place: int, end: int) -> int:
        """Where the data frames of one side that begin at `place` end."""
        entries = self._entries
        first = entries[place]
        if not isinstance(first, FrameEntry) or first.header.opcode > Opcode.BINARY:
            return place + 1
        side = first.side
        stop = place + 1
        while stop < end:
            entry = entries[stop]
            if not isinstance(entry, FrameEntry) or entry.side is not side or entry.header.opcode > Opcode.BINARY:
                break
            if entry.time_ns - entries[stop - 1].time_ns >= IDLE_NS:
                break
            stop += 1
        return stop

    def _single(self, place: int, depth: int) -> Iterator[Step]:
        yield Step(Kind.ENTRY, place, place, depth)
        for violation in self._opened.broken.get(place, ()):
            yield Step(Kind.VIOLATION, place, violation, depth)

    def _silence(self, place: int, depth: int = 0) -> Iterator[Step]:
        entries = self._entries
        silence_ns = entries[place].time_ns - entries[place - 1].time_ns if place else 0
        if silence_ns < IDLE_NS:
            return
        space = (Step(Kind.SPACE, place - 1, place, depth),) if silence_ns >= LONG_NS else ()
        yield from space
        yield Step(Kind.IDLE, place - 1, place, depth)
        yield from space

    def _inside(self, step: Step) -> Iterator[Step]:
        """What a fold unfolds into."""
        count = step.last + 1 - step.first
        depth = step.depth + 1
        if count > CHUNK:
            chunk = max(CHUNK, -(-count // CHUNK))
            for first in range(step.first, step.last + 1, chunk):
                if first > step.first:
                    yield from self._silence(first, depth)
                yield Step(step.kind, first, min(first + chunk - 1, step.last), depth)
        elif step.kind is Kind.RUN:
            for place in range(step.first, step.last + 1):
                yield from self._single(place, depth)
        else:
            lines = self._lines(step.first, step.last + 1, depth, RUN)
            yield from dropwhile(lambda line: line.is_silence, lines)  # that silence was before the fold

    def _digest(self, first: int, last: int) -> Digest:
        digest = Digest()
        entries = self._entries
        before = entries[first].time_ns
        digest.duration_ns = entries[last].time_ns - before
        for place in range(first, last + 1):
            entry = entries[place]
            digest.longest_silence_ns = max(digest.longest_silence_ns, entry.time_ns - before)
            before = entry.time_ns
            if not isinstance(entry, FrameEntry):
                digest.notes += 1
            elif entry.header.opcode <= Opcode.BINARY:
                digest.frames[entry.side][entry.name] += 1
                digest.bytes[entry.side] += entry.header.length
            elif entry.header.opcode == Opcode.PING:
                digest.pings += 1
        digest.violations = self._opened.violations_between(first, last)
        return digest


def _loud_violations(opened: Opened) -> set[int]:
    """Places whose violations are told in full: the first few of each rule and side."""
    told: Counter[tuple[str, Side | None]] = Counter()
    loud: set[int] = set()
    for place in sorted(opened.broken):
        for position in opened.broken[place]:
            violation = opened.violations[position]
            told[violation.rule, violation.by] += 1
            if told[violation.rule, violation.by] <= TOLD:
                loud.add(place)
    return loud
