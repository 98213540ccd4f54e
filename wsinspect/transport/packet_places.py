"""Where the packets of a TCP connection are in the capture file: some 4 bytes for each of many, 16 for the latest."""

import zlib
from array import array
from collections.abc import Iterator, Sequence
from itertools import accumulate, chain
from operator import sub
from typing import Final

CHUNK: Final = 4096
"""Packets whose places are compressed together."""


class PacketPlaces:
    """Numbers of packets and offsets of their records, in the order in which they were fed."""

    __slots__ = ("_chunks", "_numbers", "_offsets", "connections")

    def __init__(self) -> None:
        self.connections = 0
        """WebSocket connections, or attempts to open one, that share these packets."""
        self._chunks: list[tuple[int, bytes]] = []  # the earlier packets: how many, and their places
        self._offsets = array("Q")
        self._numbers = array("Q")

    def __len__(self) -> int:
        return sum(count for count, _ in self._chunks) + len(self._offsets)

    def __iter__(self) -> Iterator[tuple[int, int]]:
        """Offset and number of each packet."""
        for _, chunk in self._chunks:
            yield from zip(*_expanded(chunk), strict=True)
        yield from zip(self._offsets, self._numbers, strict=True)

    def numbers(self) -> Iterator[int]:
        """Number of each packet."""
        return (number for _, number in self)

    def add(self, offset: int, number: int) -> None:
        """One more packet."""
        if len(self._offsets) >= CHUNK:
            self._chunks.append((len(self._offsets), _compressed(self._offsets, self._numbers)))
            self._offsets, self._numbers = array("Q"), array("Q")
        self._offsets.append(offset)
        self._numbers.append(number)

    def insert(self, offset: int, number: int) -> None:
        """A packet that belongs before the last one, as an earlier fragment of it."""
        place = max(0, len(self._offsets) - 1)
        self._offsets.insert(place, offset)
        self._numbers.insert(place, number)

    def shorten(self, kept: int) -> None:
        """Forget all but the first ones."""
        for place, (count, chunk) in enumerate(self._chunks):
            if kept < count:
                offsets, numbers = _expanded(chunk)
                self._offsets, self._numbers = array("Q", offsets), array("Q", numbers)
                del self._chunks[place:]
                break
            kept -= count
        del self._offsets[kept:]
        del self._numbers[kept:]

    def copy(self) -> "PacketPlaces":
        """As they are now."""
        other = PacketPlaces()
        other._chunks, other._offsets, other._numbers = self._chunks[:], self._offsets[:], self._numbers[:]
        return other

    def packed(self) -> tuple[list[int], list[int]]:
        """The distances between offsets, and between numbers: small ones, for `unpack`."""
        offsets, numbers = zip(*self, strict=True) if len(self) else ((), ())
        return _distances(offsets), _distances(numbers)

    @classmethod
    def unpack(cls, packed: tuple[list[int], list[int]]) -> "PacketPlaces":
        """What `packed` was made of."""
        found = cls()
        for offset, number in zip(accumulate(packed[0]), accumulate(packed[1]), strict=True):
            found.add(offset, number)
        return found


def _distances(values: Sequence[int]) -> list[int]:
    return list(map(sub, values, chain((0,), values)))


def _compressed(offsets: Sequence[int], numbers: Sequence[int]) -> bytes:
    return zlib.compress(array("q", _distances(offsets) + _distances(numbers)).tobytes(), 1)


def _expanded(chunk: bytes) -> tuple[list[int], list[int]]:
    distances = array("q")
    distances.frombytes(zlib.decompress(chunk))
    half = len(distances) // 2
    return list(accumulate(distances[:half])), list(accumulate(distances[half:]))
