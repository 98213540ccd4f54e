"""The story of a connection as lines of a ladder: what is ordinary is folded, what matters is not.

Nothing is drawn here (`ladder.py` does): a step names the entries that it stands for. A million frames make a handful
of steps; unfolding one makes a thousand more at most.
"""

from collections import Counter
from collections.abc import Iterator
from enum import Enum, auto
from itertools import dropwhile, islice
from typing import Final, NamedTuple

from wsinspect.outline import Digest
from wsinspect.tui.connection.opened import Opened
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


class Story:
    """The steps, some folded."""

    def __init__(self, opened: Opened) -> None:
        self._opened = opened
        self._outline = opened.outline
        self._times = opened.outline.times
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
            known = self._digests[step.first, step.last] = self._outline.digest(step.first, step.last)
            known.violations = self._opened.violations_between(step.first, step.last)
        return known

    def unfold_like(self, other: "Story") -> None:
        """Unfold what is unfolded in `other`, a story of the same connection as far as it had come before."""
        unfolded = {_name(step) for position, step in enumerate(other.steps) if other.is_unfolded(position)}
        position = 0
        while unfolded and position < len(self.steps):
            name = _name(self.steps[position])
            if name in unfolded:
                unfolded.remove(name)
                self.toggle(position)
            position += 1

    def find(self, step: Step) -> int | None:
        """Where a step stands that was at `step` in a story of the same connection."""
        name = _name(step)
        return next((position for position, one in enumerate(self.steps) if _name(one) == name), None)

    # Telling

    def _tell(self) -> Iterator[Step]:
        """The whole story, ordinary traffic folded."""
        begin = 0
        for place in sorted({*self._outline.unusual(self._opened.count), *self._loud}):
            yield from self._ordinary(begin, place)
            yield from self._silence(place)
            yield from self._single(place, 0)
            begin = place + 1
        yield from self._ordinary(begin, self._opened.count)

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
            stop = self._outline.data_run(place, end, IDLE_NS)
            if stop - place >= run:
                yield Step(Kind.RUN, place, stop - 1, depth)
            else:
                stop = place + 1
                yield from self._single(place, depth)
            place = stop

    def _single(self, place: int, depth: int) -> Iterator[Step]:
        yield Step(Kind.ENTRY, place, place, depth)
        for violation in self._opened.broken.get(place, ()):
            yield Step(Kind.VIOLATION, place, violation, depth)

    def _silence(self, place: int, depth: int = 0) -> Iterator[Step]:
        silence_ns = self._times[place] - self._times[place - 1] if place else 0
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


def _name(step: Step) -> tuple[Kind, int, int]:
    """What a step keeps while its connection grows: the end of a fold changes."""
    return step.kind, step.first, step.depth


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
