"""What is no WebSocket is never taken for one, wherever the capture begins."""

import random

import pytest

from tests.other_protocols import MAKERS, stream
from wsinspect.latejoin import LateJoin
from wsinspect.transport.reassembly import Chunk

STREAMS = 70
"""Of each protocol; all together 2,000 and a few."""


@pytest.mark.parametrize("protocol", MAKERS)
def test_other_protocols_are_not_taken_for_a_websocket(protocol: str) -> None:
    taken = []
    for seed in range(STREAMS):
        choice = random.Random(seed)
        join, offsets = LateJoin(), [0, 0]
        both = choice.random() < 0.5
        for packet, data in enumerate(stream(MAKERS[protocol], choice), 1):
            direction = choice.getrandbits(1) if both else 0
            joined = join.feed(Chunk(direction, offsets[direction], data, packet, packet))
            offsets[direction] += len(data)
            if joined is not None:
                taken.append(seed)
                break
        else:
            if join.finish() is not None:
                taken.append(seed)
    assert not taken
