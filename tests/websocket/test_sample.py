"""wsinspect/websocket/sample.py: what a look at the first messages of a side brings to light."""

import pytest

from wsinspect.websocket.frames import Opcode
from wsinspect.websocket.handshake import Handshake
from wsinspect.websocket.sample import JSON_HABIT, BrokenJson, JsonInBinary, Sample, SampleFact, Subprotocol
from wsinspect.websocket.side import Side


def facts_of(data: bytes, opcode: int = Opcode.TEXT) -> list[SampleFact]:
    """What is told of `data` behind as many JSON messages as make a habit."""
    sample = Sample(Side.SERVER, Subprotocol(Handshake(None, None)), (4,))
    for frame in range(JSON_HABIT):
        sample.message(Opcode.TEXT, b'{"n":%d}' % frame, frame)
    assert not sample.facts
    sample.message(opcode, data, JSON_HABIT)
    return sample.facts


@pytest.mark.parametrize("data", [b'{"a":', b"[1,]", b'{"a":"\xff"}', b"hello"])
def test_what_breaks_the_habit_of_json(data: bytes) -> None:
    [fact] = facts_of(data)
    assert isinstance(fact, BrokenJson) and fact.earlier == JSON_HABIT and fact.error


@pytest.mark.parametrize(
    "data",
    [b'{"a":' + b"7" * 5000 + b"}", b"[" * 50_000 + b"]" * 50_000, b"[-1e999]", b' {"a":1}\n'],
    ids=["a number of many digits", "very deep", "infinite", "space around it"],
)
def test_what_python_declines_to_read_may_be_json_all_the_same(data: bytes) -> None:
    assert facts_of(data) == []


def test_json_in_a_binary_message() -> None:
    assert facts_of(b"[1]", Opcode.BINARY) == [JsonInBinary("array", 3, JSON_HABIT)]
