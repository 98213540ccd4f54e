"""Where packets are in the file: wsinspect/transport/packet_places.py."""

import pytest

from wsinspect.transport import packet_places
from wsinspect.transport.packet_places import PacketPlaces


def test_many_are_compressed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(packet_places, "CHUNK", 10)
    places, want = PacketPlaces(), []
    for number in range(1, 96):
        places.add(number * 100, number)
        want.append((number * 100, number))
        if number % 7 == 0:
            places.insert(5, 6)
            want.insert(-1, (5, 6))
    assert (len(places), list(places)) == (len(want), want)
    other = places.copy()
    places.add(1, 2)
    assert list(other) == want
    for kept in (100, 83, 40, 20, 3, 0):
        other.shorten(kept)
        assert list(other) == want[:kept]
        assert len(other) == min(kept, len(want))


def test_memory_of_the_places_of_many() -> None:
    places = PacketPlaces()
    for number in range(1, 3 * packet_places.CHUNK + 2):
        places.add(number * 20_000 + number * number % 700, number * 5)
    # The latest one apart, which are a chunk at most.
    assert sum(len(data) for _, data in places._chunks) < 4 * len(places)


@pytest.mark.parametrize(
    "numbers", [[3, 4, 9, 70_000], [5, 3, 4], [2**32 - 1, 2**32, 2**32 + 5, 2**33, 2**50], [], [2**40]]
)
def test_places_of_packets_are_kept_whatever_their_numbers(numbers: list[int]) -> None:
    places = PacketPlaces()
    for number in numbers:
        places.add(number * 1000, number)
    for one in (places, places.copy(), PacketPlaces.unpack(places.packed())):
        assert list(one) == [(number * 1000, number) for number in numbers]
    if numbers:
        places.insert(7, numbers[-1] - 2)
        assert list(places.numbers()) == [*numbers[:-1], numbers[-1] - 2, numbers[-1]]
