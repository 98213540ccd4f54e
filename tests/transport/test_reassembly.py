"""wsinspect/transport/reassembly.py: segments of one direction in, bytes in order out."""

import itertools
import random
import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.transport.segments import ACK, FIN, segment, told
from wsinspect.transport.reassembly import (
    DOUBTS,
    LARGEST_WINDOW,
    MAX_HELD_BYTES,
    MAX_HELD_SEGMENTS,
    Chunk,
    Gap,
    Note,
    Reassembler,
    StreamEvent,
)

ISN = 1000
Row = tuple[int, bytes] | tuple[int, bytes, int]
"""Stream offset, payload and, for cut segments, the bytes that the snap length cost."""

RETRANSMISSION, CONFLICT, OUT_OF_ORDER = "Retransmission", "Retransmission with other bytes", "Out-Of-Order"
KEEP_ALIVE, OUTSIDE = "Keep-Alive", "Outside every window"


def started(isn: int = ISN) -> Reassembler:
    half = Reassembler(0)
    half.begin(isn)
    return half


def feed(half: Reassembler, rows: list[Row], isn: int = ISN) -> list[StreamEvent]:
    events: list[StreamEvent] = []
    for number, (offset, payload, *cut) in enumerate(rows, 1):
        events += half.feed(segment(isn + 1 + offset, payload, packet=number, cut=cut[0] if cut else 0))
    return events


def data_of(events: list[StreamEvent]) -> bytes:
    return b"".join(event.data for event in events if isinstance(event, Chunk))


@pytest.mark.parametrize(
    ("rows", "expected"),
    [
        pytest.param([(0, b"ab"), (2, b"cd")], [b"ab", b"cd"], id="in order"),
        pytest.param([(2, b"cd"), (0, b"ab")], [OUT_OF_ORDER, b"ab", b"cd"], id="swapped"),
        pytest.param(
            [(4, b"ef"), (2, b"cd"), (0, b"ab")], [OUT_OF_ORDER, OUT_OF_ORDER, b"ab", b"cd", b"ef"], id="backwards"
        ),
        pytest.param([(0, b"ab"), (0, b"ab"), (2, b"c")], [b"ab", RETRANSMISSION, b"c"], id="repeated"),
        pytest.param([(0, b"ab"), (0, b"aX"), (2, b"c")], [b"ab", CONFLICT, b"c"], id="repeated with other bytes"),
        pytest.param([(0, b"abc"), (1, b"bcde")], [b"abc", RETRANSMISSION, b"de"], id="overlap at the front"),
        pytest.param([(0, b"abc"), (1, b"bXde")], [b"abc", CONFLICT, b"de"], id="overlap with other bytes"),
        pytest.param([(0, b"abcdef"), (2, b"cd"), (6, b"g")], [b"abcdef", RETRANSMISSION, b"g"], id="inside"),
        pytest.param(
            [(2, b"cd"), (0, b"abcdef")],
            [OUT_OF_ORDER, RETRANSMISSION, b"ab", b"cd", b"ef"],
            id="a large one around a held one",
        ),
        pytest.param(
            [(2, b"cd"), (0, b"abXXef")], [OUT_OF_ORDER, CONFLICT, b"ab", b"cd", b"ef"], id="the held copy came first"
        ),
        pytest.param(
            [(2, b"cde"), (4, b"efg"), (0, b"ab")],
            [OUT_OF_ORDER, OUT_OF_ORDER, RETRANSMISSION, b"ab", b"cde", b"fg"],
            id="held ones that overlap",
        ),
        pytest.param(
            [(2, b"cd"), (6, b"gh"), (0, b"abcdefghij")],
            [OUT_OF_ORDER, OUT_OF_ORDER, RETRANSMISSION, RETRANSMISSION, b"ab", b"cd", b"ef", b"gh", b"ij"],
            id="around two held ones",
        ),
        pytest.param(
            [(2, b"cd"), (2, b"cd"), (0, b"ab")],
            [OUT_OF_ORDER, OUT_OF_ORDER, RETRANSMISSION, b"ab", b"cd"],
            id="held one repeated",
        ),
        pytest.param([(0, b"ab"), (1, b"\0"), (2, b"c")], [b"ab", KEEP_ALIVE, b"c"], id="keep-alive, garbage byte"),
        pytest.param([(-1, b"\0"), (0, b"a")], [KEEP_ALIVE, b"a"], id="keep-alive before the first byte"),
        pytest.param(
            [(0, b"ab"), (2, b"c"), (2, b"cde")], [b"ab", b"c", RETRANSMISSION, b"de"], id="zero-window probe"
        ),
        pytest.param([(0, b"ab", 3), (5, b"f")], [b"ab", 3, b"f"], id="cut"),
        pytest.param([(0, b"", 5), (5, b"f")], [5, b"f"], id="cut to nothing"),
        pytest.param([(0, b"ab", 3), (0, b"ab", 3), (5, b"f")], [b"ab", 3, RETRANSMISSION, b"f"], id="cut, repeated"),
        pytest.param([(2, b"c", 2), (0, b"ab"), (5, b"f")], [OUT_OF_ORDER, b"ab", b"c", 2, b"f"], id="cut and early"),
        pytest.param(
            [(2, b"c", 2), (5, b"f"), (2, b"cde"), (0, b"ab")],
            [OUT_OF_ORDER, OUT_OF_ORDER, OUT_OF_ORDER, RETRANSMISSION, b"ab", b"c", b"de", b"f"],
            id="a whole copy of a cut one",
        ),
        pytest.param([(0, b"ab", 9), (4, b"ef", 5)], [b"ab", 9, RETRANSMISSION], id="cut, inside what is given up"),
        pytest.param([(0, b"ab", 2), (3, b"de")], [b"ab", 2, RETRANSMISSION, b"e"], id="cut, then an overlap"),
        pytest.param([(0, b"ab"), (LARGEST_WINDOW + 3, b"x"), (2, b"c")], [b"ab", OUTSIDE, b"c"], id="far ahead"),
        pytest.param([(0, b"ab"), (-LARGEST_WINDOW, b"x"), (2, b"c")], [b"ab", OUTSIDE, b"c"], id="far behind"),
    ],
)
def test_segments_in_bytes_out(rows: list[Row], expected: list[object]) -> None:
    for isn in (ISN, 2**32 - 1, 2**32 - 3, 2**31 - 2):
        half = started(isn)
        assert told([*feed(half, rows, isn), *half.finish(99, 0)]) == expected


def test_a_chunk_knows_its_packet_and_time() -> None:
    events = feed(started(), [(3, b"de"), (0, b"abc")])
    chunks = [event for event in events if isinstance(event, Chunk)]
    assert [(c.offset, c.data, c.packet, c.time_ns) for c in chunks] == [
        (0, b"abc", 2, 2_000_000_000),
        (3, b"de", 1, 1_000_000_000),
    ]


def test_without_a_syn_the_first_segment_is_the_start() -> None:
    half = Reassembler(0)
    assert told(half.feed(segment(5000, b"ab"))) == [b"ab"]
    assert told(half.feed(segment(4998, b"xx"))) == [RETRANSMISSION]
    assert told(half.feed(segment(5002, b"cd"))) == [b"cd"]


def test_without_a_syn_the_other_sides_acknowledgement_is_the_start() -> None:
    half = Reassembler(0)
    assert half.acknowledge(5000, 1, 0) == []
    assert told(half.feed(segment(5002, b"cd"))) == [OUT_OF_ORDER]
    assert told(half.feed(segment(5000, b"ab"))) == [b"ab", b"cd"]


def test_an_acknowledgement_far_from_the_first_segment_is_no_start() -> None:
    half = Reassembler(0)
    half.acknowledge(5000, 1, 0)
    assert told(half.feed(segment(5000 + MAX_HELD_BYTES, b"ab"))) == [b"ab"]


def acknowledged(half: Reassembler, offset: int, times: int = 1) -> list[object]:
    events: list[StreamEvent] = []
    for _ in range(times):
        events += half.acknowledge((ISN + 1 + offset) % 2**32, 9, 0)
    return told(events)


def test_a_hole_that_was_acknowledged_becomes_a_gap_after_a_few_packets() -> None:
    half = started()
    feed(half, [(0, b"ab"), (5, b"f")])
    assert acknowledged(half, 6, DOUBTS) == []
    assert acknowledged(half, 6) == [3, b"f"]
    assert half.gap_bytes == 3


def test_later_segments_count_as_doubts_too() -> None:
    half = started()
    feed(half, [(0, b"ab"), (5, b"f")])
    acknowledged(half, 6)
    rows: list[Row] = [(6 + place, b"x") for place in range(DOUBTS)]
    assert told(feed(half, rows)) == [*[OUT_OF_ORDER] * DOUBTS, 3, b"f", *[b"x"] * DOUBTS]


def test_data_that_comes_after_its_acknowledgement_is_no_gap() -> None:
    half = started()
    feed(half, [(0, b"ab")])
    assert acknowledged(half, 4, DOUBTS) == []
    assert told(feed(half, [(2, b"cd")])) == [b"cd"]
    assert acknowledged(half, 4, 5) == []


def test_acknowledgements_that_come_before_their_data_again_and_again_are_no_gaps() -> None:
    half = started()
    for offset in range(0, 40, 2):
        assert acknowledged(half, offset + 2) == []
        assert told(feed(half, [(offset, b"ab")])) == [b"ab"]


def test_a_late_copy_of_an_old_acknowledgement_takes_nothing_back() -> None:
    half = started()
    feed(half, [(0, b"ab"), (5, b"f")])
    acknowledged(half, 6)
    acknowledged(half, 2)
    assert half.acknowledged == 6
    assert told(half.finish(99, 0)) == [3, b"f"]


def test_an_acknowledgement_of_a_part_gives_up_that_part_only() -> None:
    half = started()
    feed(half, [(0, b"ab"), (9, b"j")])
    assert acknowledged(half, 5, DOUBTS + 1) == [3]
    assert told(feed(half, [(5, b"fghi")])) == [b"fghi", b"j"]


def test_an_acknowledgement_outside_every_window_proves_nothing() -> None:
    half = started()
    feed(half, [(0, b"ab")])
    assert acknowledged(half, 3 + LARGEST_WINDOW, 9) == []
    assert half.acknowledged == 0
    assert half.finish(99, 0) == []


def test_one_acknowledged_offset_more_may_be_a_fin_that_was_not_captured() -> None:
    half = started()
    feed(half, [(0, b"ab")])
    assert acknowledged(half, 3, 9) == []
    assert half.finish(99, 0) == []


def test_a_retransmission_of_acknowledged_bytes_is_no_conflict_whatever_it_holds() -> None:
    half = started()
    feed(half, [(0, b"ab")])
    acknowledged(half, 2)
    assert told(feed(half, [(0, b"XY")])) == [RETRANSMISSION]


def test_what_is_held_comes_out_at_the_end_with_its_gaps() -> None:
    half = started()
    feed(half, [(0, b"ab"), (4, b"ef"), (8, b"ij")])
    assert told(half.finish(99, 7)) == [2, b"ef", 2, b"ij"]
    assert half.finish(99, 7) == []


def fin(half: Reassembler, offset: int, payload: bytes = b"") -> None:
    half.end(segment(ISN + 1 + offset, payload, flags=FIN | ACK))


def test_the_fin_waits_for_its_turn() -> None:
    half = started()
    feed(half, [(0, b"ab")])
    fin(half, 4)
    assert not half.take_fin()
    feed(half, [(2, b"cd")])
    assert half.take_fin()
    assert not half.take_fin()


def test_a_fin_behind_an_acknowledged_hole() -> None:
    half = started()
    feed(half, [(0, b"ab")])
    fin(half, 9)
    assert acknowledged(half, 10, DOUBTS + 1) == [7]
    assert half.take_fin()


@pytest.mark.parametrize("hole", [1, 2, 500])
def test_a_fin_behind_a_hole_that_nobody_acknowledged_comes_at_the_end(hole: int) -> None:
    half = started()
    feed(half, [(0, b"ab")])
    fin(half, 2 + hole)
    assert not half.take_fin()
    assert told(half.finish(99, 0)) == [hole]
    assert half.take_fin()


def test_a_hole_of_one_byte_before_a_fin_is_a_hole() -> None:
    half = started()
    feed(half, [(0, b"ab")])
    fin(half, 3)
    assert acknowledged(half, 4, DOUBTS + 1) == [1]
    assert half.take_fin()


def test_a_fin_whose_acknowledgement_came_first() -> None:
    half = started()
    feed(half, [(0, b"ab")])
    acknowledged(half, 6)
    fin(half, 5)
    assert told(half.finish(99, 0)) == [3]
    assert half.take_fin()


def test_a_fin_far_outside_is_none() -> None:
    half = started()
    fin(half, LARGEST_WINDOW + 1)
    assert half.fin == -1


@pytest.mark.parametrize(
    ("rows", "expected"),
    [
        pytest.param([(2, b"cd")], [OUTSIDE], id="where the FIN was"),
        pytest.param([(3, b"cd")], [OUTSIDE], id="right behind the FIN"),
        pytest.param([(9, b"cd")], [OUTSIDE], id="behind a hole"),
        pytest.param([(0, b"ab")], [RETRANSMISSION], id="a retransmission of what was before"),
        pytest.param([(1, b"bcd")], [RETRANSMISSION], id="a retransmission that goes on"),
        pytest.param([(2, b"\0")], [KEEP_ALIVE], id="a keep-alive"),
    ],
)
def test_behind_the_fin_is_no_data(rows: list[Row], expected: list[object]) -> None:
    """RFC 9293 §3.10.7.4: in the states behind a FIN "ignore the segment text"."""
    half = started()
    feed(half, [(0, b"ab")])
    fin(half, 2)
    assert half.take_fin()
    assert told([*feed(half, rows), *half.finish(99, 0)]) == expected


def test_a_fin_cuts_off_what_was_held_behind_it() -> None:
    half = started()
    feed(half, [(2, b"cdef"), (8, b"ij")])
    fin(half, 4)
    assert told(feed(half, [(0, b"ab")])) == [b"ab", b"cd"]
    assert half.take_fin()
    assert half.finish(99, 0) == []


def test_a_fin_before_what_was_delivered_is_none() -> None:
    half = started()
    feed(half, [(0, b"abcd")])
    fin(half, 2)
    assert half.fin == -1


@pytest.mark.parametrize("ack", [False, True])
@pytest.mark.parametrize("size", [1, 1460, 65000])
def test_what_is_held_stays_within_its_limits(size: int, ack: bool) -> None:
    """Also if each acknowledgement grants one byte of the hole only."""
    half = started()
    payload = bytes(size)
    delivered = most = 0
    for number in range(3 * MAX_HELD_SEGMENTS if size < 2000 else 200):
        if ack:
            half.acknowledge(ISN + 2 + number, number, 0)
        events = half.feed(segment(ISN + 100_000 + number * (size + 1), payload, packet=number))
        delivered += len(data_of(events))
        held = (number + 1) * size - delivered
        most = max(most, held)
        assert held <= MAX_HELD_BYTES
        assert held <= MAX_HELD_SEGMENTS * size
    assert most > 1
    assert delivered


def test_hostile_sequence_numbers_cost_no_more_than_honest_ones() -> None:
    chance = random.Random(3)
    half = started()
    begun = time.process_time()
    for number in range(20_000):
        near = chance.choice((2**8, 2**16, 2**22, 2**32))
        half.feed(segment(ISN + chance.randrange(near), bytes(chance.randrange(40)), packet=number))
        half.acknowledge((ISN + chance.randrange(near)) % 2**32, number, 0)
        if number % 1000 == 0:
            half.end(segment(ISN + chance.randrange(near), flags=FIN))
            half.take_fin()
    half.finish(20_000, 0)
    assert time.process_time() - begun < 10


BITS = random.Random(7).randbytes(4096)


@st.composite
def deliveries(draw: st.DrawFn) -> tuple[list[Row], int]:
    """A stream cut into segments, some of them twice or overlapping, in an order of which a network is capable."""
    size = draw(st.integers(1, 400))
    cuts = sorted({0, size, *draw(st.lists(st.integers(0, size), max_size=12))})
    rows: list[Row] = [(start, BITS[start:end]) for start, end in itertools.pairwise(cuts)]
    for _ in range(draw(st.integers(0, 6))):
        start, length = draw(st.integers(0, size - 1)), draw(st.integers(1, 60))
        rows.append((start, BITS[start : min(size, start + length)]))
    return draw(st.permutations(rows)), size


@given(deliveries(), st.integers(0, 2**32 - 1))
@settings(max_examples=300, deadline=None)
def test_any_order_with_any_copies_gives_the_same_bytes(sent: tuple[list[Row], int], isn: int) -> None:
    rows, size = sent
    half = started(isn)
    events = feed(half, rows, isn)
    assert data_of(events) == BITS[:size]
    assert half.finish(99, 0) == []
    place = 0
    for chunk in (event for event in events if isinstance(event, Chunk)):
        assert chunk.offset == place and chunk.data
        start, payload = rows[chunk.packet - 1][:2]
        assert start <= chunk.offset and payload[chunk.offset - start :].startswith(chunk.data)
        place += len(chunk.data)


@given(deliveries(), st.data())
@settings(max_examples=300, deadline=None)
def test_what_is_lost_is_a_gap_and_nothing_else_is(sent: tuple[list[Row], int], data: st.DataObject) -> None:
    rows, size = sent
    lost = data.draw(st.sets(st.integers(0, len(rows) - 1)))
    caught = [row for place, row in enumerate(rows) if place not in lost]
    there = {place for row in caught for place in range(row[0], row[0] + len(row[1]))}
    half = started()
    events = feed(half, caught)
    half.acknowledge(ISN + 1 + size, 50, 0)
    events += half.finish(99, 0)
    # A single byte at the very end looks like an acknowledged FIN that was not captured.
    last = size if size - 1 in there or size - 2 not in there | {-1} else size - 1
    assert rebuilt(events) == [BITS[place] if place in there else None for place in range(last)]
    assert half.gap_bytes == sum(event.length for event in events if isinstance(event, Gap))


def rebuilt(events: list[StreamEvent]) -> list[int | None]:
    """The stream byte by byte, None where it is missing; checks that nothing overlaps."""
    stream: list[int | None] = []
    for event in events:
        if isinstance(event, Note):
            continue
        assert isinstance(event, Chunk | Gap) and event.offset == len(stream)
        stream += event.data if isinstance(event, Chunk) else [None] * event.length
    return stream


@given(deliveries(), st.data())
@settings(max_examples=200, deadline=None)
def test_a_snap_length_leaves_gaps_and_right_bytes(sent: tuple[list[Row], int], data: st.DataObject) -> None:
    rows, size = sent
    snaplen = data.draw(st.integers(0, 20))
    half = started()
    events = feed(half, [(row[0], row[1][:snaplen], max(0, len(row[1]) - snaplen)) for row in rows])
    fin(half, size)
    events += half.finish(99, 0)
    stream = rebuilt(events)
    assert len(stream) == size
    assert all(byte in (None, BITS[place]) for place, byte in enumerate(stream))
    assert half.gap_bytes == stream.count(None)
