"""What a timeline holds, in some 13 bytes an entry: enough to count and fold its entries, and to find one of them.

A timeline of a million frames lies in a file. Reading it all again for a sum takes seconds; the outline is made while
the timeline grows, and may be read meanwhile: nothing in it changes but that it gets longer.
"""

from array import array
from bisect import bisect_right
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from enum import IntEnum
from itertools import compress
from operator import sub
from typing import Final, overload

from wsinspect.websocket.frames import Opcode, opcode_name
from wsinspect.websocket.side import Side

BLOCK: Final = 256
"""Entries between two whose packet and frame number are kept."""
_STRETCH: Final = 32_768
"""Entries summed up without a pause: other threads wait so long."""
_SERVER: Final = 0x10
_PARTIAL: Final = 0x20
_OTHER: Final = 0x40


class Other(IntEnum):
    """What an entry is that is no frame."""

    TCP = _OTHER
    HEAD = _OTHER + 1
    GAP = _OTHER + 2
    NOTE = _OTHER + 3


_DATA: Final = (Opcode.CONTINUATION, Opcode.TEXT, Opcode.BINARY)
_ORDINARY: Final = frozenset(
    [opcode | side for opcode in (*_DATA, Opcode.PING, Opcode.PONG) for side in (0, _SERVER)]
    + [Other.NOTE | side for side in (0, _SERVER)]
)
_UNUSUAL: Final = bytes(trait not in _ORDINARY for trait in range(256))
_DATA_OF: Final = {
    side: bytes(trait & ~_PARTIAL in {opcode | bit for opcode in _DATA} for trait in range(256))
    for side, bit in ((Side.CLIENT, 0), (Side.SERVER, _SERVER))
}


@dataclass(slots=True)
class Digest:
    """What a row of entries adds up to."""

    frames: dict[Side, Counter[str]] = field(default_factory=lambda: {side: Counter() for side in Side})
    """Data frames of each side by name."""
    bytes: dict[Side, int] = field(default_factory=lambda: dict.fromkeys(Side, 0))
    pings: int = 0
    notes: int = 0
    """Entries that are no frames."""
    longest_silence_ns: int = 0
    duration_ns: int = 0
    violations: int = 0
    """Which the outline does not know."""


class Outline:
    """Of one timeline."""

    def __init__(self) -> None:
        self.times = array("q")
        """Of every entry, in ns since the epoch."""
        self.others = array("Q")
        """Places of the entries that are no frames."""
        self.heads: list[int] = []
        """Places of the heads of the opening handshake."""
        self.packets = array("Q")
        """The packet of every `BLOCK`th entry, the first one included."""
        self.frames_before: dict[Side, array[int]] = {side: array("Q") for side in Side}
        """The number that the next frame of a side has at least, at the same places."""
        self._traits = bytearray()
        self._lengths = array("I")  # 64 bits once a frame says so
        self._before_other = array("Q")  # frames before each of `others`
        self._next: dict[Side, int] = dict.fromkeys(Side, 0)
        self._pings: dict[Side, list[int]] = {side: [] for side in Side}  # those that may have got no answer

    def __len__(self) -> int:
        return len(self.times)

    def add_frame(
        self, side: Side, opcode: int, number: int, length: int, packet: int, time_ns: int, *, partial: bool,
        answers: bool,
    ) -> None:  # fmt: skip
        """`partial`: not all of it was captured. `answers`: it is a Pong of which the Ping is known."""
        place = len(self.times)
        if not place % BLOCK:
            self._mark(packet)
        self._traits.append(opcode | (_SERVER if side is Side.SERVER else 0) | (_PARTIAL if partial else 0))
        try:
            self._lengths.append(length)
        except OverflowError:
            self._lengths = array("Q", self._lengths)
            self._lengths.append(length)
        self._next[side] = max(self._next[side], number + 1)
        if answers or partial:
            self._excuse(side)
        elif opcode == Opcode.PING:
            self._pings[side].append(place)
        self.times.append(time_ns)

    def add_other(self, side: Side, kind: Other, packet: int, time_ns: int) -> None:
        """An entry that is no frame."""
        place = len(self.times)
        if not place % BLOCK:
            self._mark(packet)
        self._traits.append(kind | (_SERVER if side is Side.SERVER else 0))
        self._lengths.append(0)
        self._before_other.append(place - len(self.others))
        self.others.append(place)
        if kind is Other.HEAD:
            self.heads.append(place)
        elif kind is Other.GAP:
            self._excuse(side)
        self.times.append(time_ns)

    def _mark(self, packet: int) -> None:
        # Frames that never came to an end stand at the end, behind later packets.
        self.packets.append(max(packet, self.packets[-1]) if self.packets else packet)
        for side, numbers in self.frames_before.items():
            numbers.append(self._next[side])

    def _excuse(self, side: Side) -> None:
        """`side` has answered, or it is not known what it has answered: its peer's Pings until now."""
        self._pings[side.peer].clear()

    def unanswered_pings(self) -> frozenset[int]:
        """Places of Pings behind the peer's last answer: one Pong may answer several."""
        return frozenset(place for pings in self._pings.values() for place in pings[:])

    def unusual(self, count: int) -> list[int]:
        """Places, among the first `count`, of what is neither a whole data frame, Ping or Pong nor a remark."""
        return list(compress(range(count), self._traits[:count].translate(_UNUSUAL)))

    def data_run(self, place: int, end: int, pause_ns: int) -> int:
        """Where the data frames of one side that begin at `place` end: before `end`, or before so long a silence."""
        traits, times = self._traits, self.times
        side = traits[place] & _SERVER
        is_data = _DATA_OF[Side.SERVER if side else Side.CLIENT]
        if not is_data[traits[place]]:
            return place + 1
        stop = place + 1
        while stop < end and is_data[traits[stop]] and times[stop] - times[stop - 1] < pause_ns:
            stop += 1
        return stop

    def digest(self, first: int, last: int) -> Digest:
        """The entries from `first` to `last`, both included."""
        digest = Digest(duration_ns=self.times[last] - self.times[first])
        for begin in range(first, last + 1, _STRETCH):
            end = min(begin + _STRETCH, last + 1)
            self._add_stretch(digest, begin, end)
            times = self.times[max(first, begin - 1) : end]
            digest.longest_silence_ns = max(digest.longest_silence_ns, *map(sub, times[1:], times), 0)
        return digest

    def _add_stretch(self, digest: Digest, begin: int, end: int) -> None:
        traits = bytes(self._traits[begin:end])
        for trait, times in Counter(traits).items():
            opcode, side = trait & 0xF, Side.SERVER if trait & _SERVER else Side.CLIENT
            if trait & _OTHER:
                digest.notes += times
            elif opcode <= Opcode.BINARY:
                digest.frames[side][opcode_name(opcode)] += times
            elif opcode == Opcode.PING:
                digest.pings += times
        lengths = self._lengths[begin:end]
        for side, is_data in _DATA_OF.items():
            digest.bytes[side] += sum(compress(lengths, traits.translate(is_data)))


class FramePlaces(Sequence[int]):
    """Places of the frames among the first `count` entries. They are worked out: there may be millions."""

    def __init__(self, outline: Outline, count: int) -> None:
        self._before_other = outline._before_other
        self._others = bisect_right(outline.others, count - 1)
        self._count = count - self._others

    def __len__(self) -> int:
        return self._count

    @overload
    def __getitem__(self, row: int) -> int: ...
    @overload
    def __getitem__(self, row: slice) -> list[int]: ...
    def __getitem__(self, row: int | slice) -> int | list[int]:
        if isinstance(row, slice):
            return [self[one] for one in range(*row.indices(self._count))]
        if row < 0:
            row += self._count
        if not 0 <= row < self._count:
            raise IndexError(row)
        return row + bisect_right(self._before_other, row, 0, self._others)
