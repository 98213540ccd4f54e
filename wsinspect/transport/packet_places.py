"""Where the packets of a TCP connection are in the capture file: 12 bytes for each, less once nothing is added."""

from array import array
from collections.abc import Iterator, Sequence
from itertools import accumulate, chain
from operator import sub

_MASK = 0xFFFFFFFF
_BACK = 0x100000  # as far back the number of an earlier fragment may be


class PacketPlaces:
    """Numbers of packets and offsets of their records, in the order in which they were fed."""

    __slots__ = ("_first", "_numbers", "connections", "offsets")

    def __init__(self) -> None:
        self.connections = 0
        """WebSocket connections, or attempts to open one, that share these packets."""
        self.offsets = array("Q")
        self._first = 0
        # The lower 32 bits of each: while a connection is silent, fewer than four thousand million packets pass.
        self._numbers = array("I")

    def __len__(self) -> int:
        return len(self.offsets)

    def __iter__(self) -> Iterator[tuple[int, int]]:
        """Offset and number of each packet."""
        return zip(self.offsets, self.numbers(), strict=True)

    def numbers(self) -> Iterator[int]:
        """Number of each packet."""
        number = self._first
        for low in self._numbers:
            number += ((low - number + _BACK) & _MASK) - _BACK
            yield number

    def add(self, offset: int, number: int) -> None:
        """One more packet."""
        if not self._numbers:
            self._first = number
        self.offsets.append(offset)
        self._numbers.append(number & _MASK)

    def insert(self, offset: int, number: int) -> None:
        """A packet that belongs before the last one, as an earlier fragment of it."""
        place = len(self.offsets) - 1
        if not place:
            self._first = number
        self.offsets.insert(place, offset)
        self._numbers.insert(place, number & _MASK)

    def shorten(self, kept: int) -> None:
        """Forget all but the first ones."""
        del self.offsets[kept:]
        del self._numbers[kept:]

    def copy(self) -> "PacketPlaces":
        """As they are now."""
        other = PacketPlaces()
        other._first, other._numbers, other.offsets = self._first, self._numbers[:], self.offsets[:]
        return other

    def packed(self) -> tuple[list[int], list[int]]:
        """The distances between offsets, and between numbers: small ones, for `unpack`."""
        numbers = list(self.numbers())
        return _distances(self.offsets), _distances(numbers)

    @classmethod
    def unpack(cls, packed: tuple[list[int], list[int]]) -> "PacketPlaces":
        """What `packed` was made of."""
        found = cls()
        for offset, number in zip(accumulate(packed[0]), accumulate(packed[1]), strict=True):
            found.add(offset, number)
        return found


def _distances(values: Sequence[int]) -> list[int]:
    return list(map(sub, values, chain((0,), values)))
