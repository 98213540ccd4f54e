"""What packets tell about the end: the last IP headers, RSTs, runs of retransmissions."""

import pytest

from wsinspect.transport.marks import (
    COPY_NS,
    COPY_WITHOUT_ID_NS,
    MAX_RESETS,
    MAX_RUN_TIMES,
    TAIL,
    TCP_BYTES,
    IpMark,
    Marks,
    ip_mark,
)
from wsinspect.transport.tcp import ACK, FIN, RST, SYN, Segment

V4 = bytes.fromhex("4500002812344000400600000a0000010a000002") + bytes(TCP_BYTES)
V6 = bytes.fromhex("600000000014063f") + bytes(32) + bytes(TCP_BYTES)


def segment(time: int, seq: int, payload: bytes = b"x", flags: int = ACK) -> Segment:
    return Segment(b"", time, time, seq, 0, flags, 0, payload, 0)


def repeat(marks: Marks, *times: int, seq: int = 100, payload: bytes = b"abc", next_seq: int = 103) -> None:
    for time in times:
        marks.irregular(segment(time, seq, payload), 0, V4, next_seq)


def test_headers() -> None:
    assert ip_mark(7, V4) == IpMark(7, 64, 0x1234)
    assert ip_mark(7, V6) == IpMark(7, 63, -1)
    for odd in (b"", b"\x46" + V4[1:], V6[:6] + b"\x2c" + V6[7:]):
        assert ip_mark(7, odd) == IpMark(7, -1, -1)


def test_only_the_last_packets_are_remembered() -> None:
    marks = Marks()
    for time in range(1, 20):
        marks.irregular(segment(time, time), 0, V4, time)
    assert [mark.time_ns for mark in marks.marks(0)] == list(range(20 - TAIL, 20))
    assert marks.last_ns(0) == 19 and marks.last_ns(1) == 0


def test_a_run_of_retransmissions() -> None:
    marks = Marks()
    repeat(marks, 10, 20, 40)
    run = marks.run(0)
    assert run is not None and (run.times_seen, run.first_ns, run.times, run.length) == (3, 10, (10, 20, 40), 3)
    assert not run.keep_alive and marks.run(1) is None


def test_the_other_side_ends_a_run() -> None:
    marks = Marks()
    repeat(marks, 10, 20)
    marks.irregular(segment(30, 500, b"", ACK), 1, V4, 500)
    assert marks.run(0) is None
    repeat(marks, 40)
    run = marks.run(0)
    assert run is not None and run.times == (40,)


def test_another_segment_begins_another_run() -> None:
    marks = Marks()
    repeat(marks, 10, 20)
    repeat(marks, 30, seq=90)
    run = marks.run(0)
    assert run is not None and run.times_seen == 1


def test_what_is_no_repetition() -> None:
    marks = Marks()
    marks.irregular(segment(10, 103), 0, V4, 103)
    marks.irregular(segment(20, 110), 0, V4, 103)
    marks.irregular(segment(30, 90, b""), 0, V4, 103)
    assert marks.run(0) is None


def test_keep_alives_and_fins_repeat_too() -> None:
    marks = Marks()
    repeat(marks, 10, 20, seq=102, payload=b"")
    run = marks.run(0)
    assert run is not None and run.keep_alive
    marks.irregular(segment(30, 102, b"", FIN | ACK), 0, V4, 103)
    marks.irregular(segment(30, 101, b"", FIN | ACK), 0, V4, 103)
    run = marks.run(0)
    assert run is not None and not run.keep_alive


def test_long_runs_keep_their_beginning() -> None:
    marks = Marks()
    repeat(marks, *range(10, 100))
    run = marks.run(0)
    assert run is not None and run.times_seen == 90
    assert len(run.times) == MAX_RUN_TIMES and run.times[0] == 10 and run.times[-1] == 99


def test_sequence_numbers_wrap() -> None:
    marks = Marks()
    repeat(marks, 10, seq=0xFFFFFFFE, next_seq=1)
    assert marks.run(0) is not None


def test_a_reset_with_what_came_before() -> None:
    marks = Marks()
    marks.irregular(segment(5, 100), 0, V4, 100)
    marks.irregular(segment(6, 500), 1, V4, 500)
    marks.irregular(segment(9, 110, b"", RST), 0, V4, 103)
    (mark,) = marks.resets
    assert (mark.direction, mark.ahead, mark.acknowledges, mark.other_ns) == (0, 7, False, 6)
    assert [one.time_ns for one in mark.before] == [5] and mark.mark.hops == 64
    assert marks.last_ns(0) == 5  # an RST is no sign of life
    for time in range(10, 40):
        marks.irregular(segment(time, 0, b"", RST | ACK), 1, V4, -1)
    assert len(marks.resets) == MAX_RESETS and marks.resets[-1].ahead is None


def test_both_sides_outlive_a_reset_or_it_counts() -> None:
    marks = Marks()
    marks.irregular(segment(1_000_000_000, 1), 0, V4, 1)
    assert not marks.outlived(500_000_000)
    marks.irregular(segment(1_000_000_000, 1), 1, V4, 1)
    assert marks.outlived(500_000_000) and not marks.outlived(990_000_000)


def test_the_handshake_is_timed() -> None:
    marks = Marks()
    marks.irregular(segment(1, 9, b"", SYN), 0, V4, -1)
    marks.irregular(segment(2, 9, b"", SYN), 0, V4, 10)
    marks.irregular(segment(3, 9, b"", SYN | ACK), 1, V4, -1)
    assert marks.handshake_ns == [2, 3, 0]
    for time in (5, 8):  # the acknowledgement, then the first bytes
        marks.irregular(segment(time, 10, b"", ACK), 0, V4, -1)
    marks.first_bytes()
    assert marks.handshake_ns == [2, 3, 5]


@pytest.mark.parametrize(("header", "limit"), [(V4, COPY_NS), (V6, COPY_WITHOUT_ID_NS)], ids=["IPv4", "IPv6"])
@pytest.mark.parametrize("flags", [ACK, FIN | ACK, RST])
def test_a_copy_is_told_from_a_repetition(header: bytes, limit: int, flags: int) -> None:
    marks = Marks()
    marks.irregular(segment(1000, 7, flags=flags), 0, header, 7)
    assert marks.is_copy(1000 + limit, 0, header)
    assert not marks.is_copy(1001 + limit, 0, header)
    other_seq = header[:-10] + b"\x01" + header[-9:]
    assert not marks.is_copy(1001, 0, other_seq)


def test_behind_a_router_a_copy_has_fewer_hops_left() -> None:
    marks = Marks()
    marks.irregular(segment(1000, 7), 0, V4, 7)
    routed = bytearray(V4)
    routed[8] -= 1
    routed[10:12] = b"\x12\x34"
    assert marks.is_copy(1001, 0, bytes(routed))
    routed[5] += 1  # another identification: the sender sent it again
    assert not marks.is_copy(1001, 0, bytes(routed))
