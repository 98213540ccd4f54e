"""To which entry of a timeline a violation belongs. Few entries are looked at: the outline tells where to look."""

from bisect import bisect_left, bisect_right
from collections.abc import Sequence
from functools import lru_cache
from typing import Final

from wsinspect.outline import BLOCK, Outline
from wsinspect.timeline import Entry, FrameEntry, HeadEntry, ViolationEntry
from wsinspect.websocket.side import Side

_BLOCKS_KEPT: Final = 16


def locate(entries: Sequence[Entry], outline: Outline, violations: list[ViolationEntry]) -> dict[int, list[int]]:
    """Places of entries, and the violations (places in `violations`) that belong to each."""
    places = _Places(entries, outline)
    found: dict[int, list[int]] = {}
    for position, violation in enumerate(violations):
        place = places.of(violation)
        if place is not None:
            found.setdefault(place, []).append(position)
    return found


class _Places:
    """Finds entries by frame number and by packet."""

    def __init__(self, entries: Sequence[Entry], outline: Outline) -> None:
        self._entries = entries
        self._outline = outline
        self._heads = [(place, entries[place]) for place in outline.heads]
        # Violations come in the order of the packets: the next one is mostly in the same block.
        self._block = lru_cache(_BLOCKS_KEPT)(self._read_block)
        self._frames_in = lru_cache(_BLOCKS_KEPT)(self._read_frames)

    def of(self, violation: ViolationEntry) -> int | None:
        """The entry that `violation` belongs to."""
        place = self._frame(violation)
        return self._packet(violation) if place is None else place

    def _read_block(self, number: int) -> list[tuple[int, Entry]]:
        first = number * BLOCK
        return list(enumerate(self._entries[first : first + BLOCK], first))

    def _read_frames(self, number: int) -> dict[tuple[Side, int], int]:
        return {
            (entry.side, entry.header.number): place
            for place, entry in self._block(number)
            if isinstance(entry, FrameEntry)
        }

    def _frame(self, violation: ViolationEntry) -> int | None:
        if violation.frame is None:
            return None
        # It counts in one direction: mostly the culprit's, but who fails to react is blamed for the other's frame.
        sides = (violation.by, violation.by.peer) if violation.by else (Side.CLIENT, Side.SERVER)
        places = [place for side in sides if (place := self._numbered(side, violation.frame)) is not None]
        for place in places:
            entry = self._entries[place]
            assert isinstance(entry, FrameEntry)
            if violation.packet in (entry.header.packet, entry.packet):
                return place
        return places[0] if places else None

    def _numbered(self, side: Side, number: int) -> int | None:
        block = bisect_right(self._outline.frames_before[side], number) - 1
        return self._frames_in(block).get((side, number)) if block >= 0 else None

    def _packet(self, violation: ViolationEntry) -> int | None:
        """The entry of the violation's packet, preferably one of the culprit; else the last one before it."""
        packet, packets = violation.packet, self._outline.packets
        if packet is None or not packets:
            return None
        first, last = max(0, bisect_left(packets, packet) - 1), max(0, bisect_right(packets, packet) - 1)
        near = [item for number in range(first, last + 1) for item in self._block(number)]
        same = [(place, entry) for place, entry in near if entry.packet == packet]
        same += [(place, entry) for place, entry in self._heads
                 if isinstance(entry, HeadEntry) and entry.head.packet == packet != entry.packet]  # fmt: skip
        for place, entry in sorted(same, key=lambda item: item[0]):
            if entry.side is violation.by:
                return place
        if same:
            return min(place for place, _ in same)
        return max((place for place, entry in near if entry.packet <= packet), default=0)
