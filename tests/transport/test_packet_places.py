"""Where packets are in the file: wsinspect/transport/packet_places.py."""

import pytest

from wsinspect.transport.packet_places import PacketPlaces


@pytest.mark.parametrize(
    "numbers", [[3, 4, 9, 70_000], [5, 3, 4], [2**32 - 1, 2**32, 2**32 + 5, 2**33 - 2**21], [], [2**40]]
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
