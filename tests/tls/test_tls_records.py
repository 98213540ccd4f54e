"""wsinspect/tls/records.py: records out of bytes, and found again behind a hole."""

import pytest

from wsinspect.tls.records import Lost, Record, RecordReader, Unreadable, like_record
from wsinspect.transport.reassembly import Chunk, Gap

BODIES = [bytes([n]) * size for n, size in enumerate((40, 3000, 100, 16384, 5), 1)]
STREAM = b"".join(b"\x17\x03\x03" + len(body).to_bytes(2, "big") + body for body in BODIES)
STARTS = [STREAM.index(b"\x17\x03\x03" + len(body).to_bytes(2, "big") + body[:1]) for body in BODIES]


def fed(hole: tuple[int, int] | None, step: int) -> list[Record | Lost | Unreadable]:
    """The stream in pieces of `step` bytes, with the bytes of `hole` missing."""
    reader, events = RecordReader(0), []
    low, high = hole or (len(STREAM), len(STREAM))
    for start, end in ((0, low), (high, len(STREAM))):
        for at in range(start, end, step):
            events += reader.feed(Chunk(0, at, STREAM[at : min(end, at + step)], at + 1, at))
        if end == low and low < high:
            events += reader.feed(Gap(0, low, high - low, low, low))
    return events


@pytest.mark.parametrize("step", [1, 1400, len(STREAM)])
def test_cut_anywhere(step: int) -> None:
    events = fed(None, step)
    assert [e.payload for e in events if isinstance(e, Record)] == BODIES
    assert [e.end for e in events if isinstance(e, Record)] == [*STARTS[1:], len(STREAM)]


@pytest.mark.parametrize("step", [1, 1400, len(STREAM)])
@pytest.mark.parametrize(
    ("hole", "lost", "least"),
    [
        pytest.param((STARTS[1] + 100, STARTS[1] + 200), [1], 1, id="inside a record"),
        pytest.param((STARTS[1] + 100, STARTS[2]), [1], 1, id="the rest of a record"),
        pytest.param((STARTS[1], STARTS[2]), [1], 1, id="just one record"),
        pytest.param((STARTS[1] + 2, STARTS[1] + 4), [1], 1, id="inside a header"),
        pytest.param((STARTS[1] + 100, STARTS[2] + 50), [1, 2], 1, id="over a header"),
        pytest.param((STARTS[1] - 3, STARTS[3] + 9000), [0, 1, 2, 3], 1, id="over three headers"),
    ],
)
def test_found_again_behind_a_hole(hole: tuple[int, int], lost: list[int], least: int, step: int) -> None:
    events = fed(hole, step)
    assert [e.payload for e in events if isinstance(e, Record)] == [b for n, b in enumerate(BODIES) if n not in lost]
    [told] = [e for e in events if isinstance(e, Lost)]
    assert least <= told.least <= len(lost) <= told.most
    assert told.length == sum(len(BODIES[n]) + 5 for n in lost)


def test_other_protocols_are_none() -> None:
    assert [type(e) for e in RecordReader(0).feed(Chunk(0, 0, b"GET / HTTP/1.1\r\n\r\n", 1, 1))] == [Unreadable]


@pytest.mark.parametrize(
    ("start", "verdict"),
    [
        (b"\x16\x03\x01\x02\x00\x01", True),
        (b"\x15\x03\x03\x00\x02\x02\x28", True),
        (b"\x16", None),
        (b"\x16\x03\x01", None),
        (b"GET", False),
        (b"\x16\x02\x01\x00\x05", False),
        (b"\x16\x03\x01\xff\xff", False),
        (b"\x16\x03\x01\x00\x00", False),
        (b"\x81\x05hello", False),
    ],
)
def test_first_bytes(start: bytes, verdict: bool | None) -> None:
    assert like_record(start) is verdict
