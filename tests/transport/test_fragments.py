"""wsinspect/transport/fragments.py: datagrams put together again, within limits."""

import random
import struct
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from wsinspect.capture.packet import Packet
from wsinspect.inspector import Inspector
from wsinspect.transport import fragments as module
from wsinspect.transport.fragments import FragmentCollector, with_ipv4_lengths, with_ipv6_length

PAYLOAD = random.Random(1).randbytes(1000)
SECOND = 10**9
FRAGMENT = 44
RAW_IP = 101


def ipv4(payload: bytes = PAYLOAD, field: int = 0, identification: int = 7, options: bytes = b"") -> bytes:
    first = 0x45 + len(options) // 4
    head = struct.pack(">BBHHHBBH4s4s", first, 0, 0, identification, field, 64, 6, 0, b"\x0a\0\0\1", b"\x0a\0\0\2")
    return with_ipv4_lengths(bytearray(head + options), len(payload)) + payload


def ipv6(payload: bytes = PAYLOAD, extension: bytes = b"", next_header: int = 6) -> bytes:
    head = struct.pack(">IHBB16s16s", 0x60000000, 0, next_header, 64, b"\1" * 16, b"\2" * 16) + extension
    return with_ipv6_length(bytearray(head), len(payload)) + payload


def ipv4_fragment(start: int, end: int, payload: bytes = PAYLOAD, identification: int = 7) -> bytes:
    return ipv4(payload[start:end], start >> 3 | (0x2000 if end < len(payload) else 0), identification)


def ipv6_fragment(start: int, end: int, payload: bytes = PAYLOAD) -> bytes:
    extension = struct.pack(">BBHI", 6, 0, start | (end < len(payload)), 99)
    return ipv6(payload[start:end], extension, FRAGMENT)


def collect(packets: list[bytes], time_ns: int = 0) -> tuple[list[bytes], FragmentCollector]:
    collector = FragmentCollector()
    whole = []
    for packet in packets:
        if packet[0] >> 4 == 4:
            whole.append(collector.feed_v4(packet, time_ns))
        else:
            whole.append(collector.feed_v6(packet, 40, 6, time_ns))
    return [packet for packet in whole if packet is not None], collector


@settings(deadline=None)
@given(st.lists(st.integers(1, 124), max_size=10, unique=True), st.randoms(use_true_random=False), st.booleans())
def test_fragments_in_any_order_and_twice(cuts: list[int], shuffled: random.Random, version_6: bool) -> None:
    edges = [0, *(8 * cut for cut in sorted(cuts)), len(PAYLOAD)]
    make = ipv6_fragment if version_6 else ipv4_fragment
    # Twice, but the one that makes it whole must not begin another one.
    pieces = [make(start, end) for start, end in pairwise(edges)]
    last = pieces.pop(shuffled.randrange(len(pieces)))
    pieces *= 2
    shuffled.shuffle(pieces)
    whole, collector = collect([*pieces, last])
    assert whole == [ipv6() if version_6 else ipv4()]
    assert collector.held_bytes == 0


def test_the_first_copy_of_a_byte_wins() -> None:
    other = bytes(1000)
    whole, _ = collect([ipv4_fragment(400, 800), ipv4_fragment(0, 600, other), ipv4_fragment(200, 1000, other)])
    assert whole == [ipv4(other[:400] + PAYLOAD[400:800] + other[800:])]


def test_the_header_is_that_of_the_first_fragment() -> None:
    options = b"\x94\4\0\0"
    last = ipv4_fragment(8, 1000)
    first = ipv4(PAYLOAD[:8], 0x2000, options=options)
    assert collect([last, first])[0] == [ipv4(options=options)]


def test_datagrams_do_not_mix() -> None:
    halves = [ipv4_fragment(0, 400), ipv4_fragment(400, 1000, identification=8)]
    assert collect(halves)[0] == []
    other = bytes([*halves[1][:12], 9, 9, 9, 9, *halves[1][16:]])
    assert collect([halves[0], other, ipv6_fragment(400, 1000)])[0] == []


def test_an_extension_header_before_the_fragment_header_stays() -> None:
    hop_by_hop = bytes([FRAGMENT, 0, 1, 4, 0, 0, 0, 0])
    collector = FragmentCollector()
    for start, end in ((496, 1000), (0, 496)):
        extension = hop_by_hop + struct.pack(">BBHI", 6, 0, start | (end < 1000), 99)
        whole = collector.feed_v6(ipv6(PAYLOAD[start:end], extension, 0), 48, 40, 0)
    assert whole == ipv6(PAYLOAD, bytes([6]) + hop_by_hop[1:], 0)


def test_an_atomic_fragment_is_whole() -> None:
    collector = FragmentCollector()
    assert collector.feed_v6(ipv6_fragment(0, 496), 40, 6, 0) is None
    assert collector.feed_v6(ipv6_fragment(0, 1000), 40, 6, 0) == ipv6()
    assert collector.held_bytes == 496
    assert collector.feed_v6(ipv6_fragment(0, 1000)[:100], 40, 6, 0) == ipv6()[:92]


def test_fragments_that_the_capture_cut() -> None:
    cut_last = [ipv4_fragment(0, 400), ipv4_fragment(400, 1000)[:120]]
    assert collect(cut_last)[0] == [ipv4()[:520]]
    cut_first = [ipv4_fragment(400, 1000), ipv4_fragment(0, 400)[:120]]
    assert collect(cut_first)[0] == [ipv4()[:120]]


def test_incomplete_datagrams_are_given_up_in_time() -> None:
    collector = FragmentCollector()
    collector.feed_v4(ipv4_fragment(0, 400), 0)
    collector.feed_v4(ipv4_fragment(0, 400, identification=8), 20 * SECOND)
    assert collector.feed_v4(ipv4_fragment(400, 1000), 30 * SECOND + 1) is None
    assert collector.timed_out == 1
    assert collector.feed_v4(ipv4_fragment(400, 1000, identification=8), 31 * SECOND) is not None


def test_the_oldest_is_given_up_for_room(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "MAX_DATAGRAMS", 2)
    _, collector = collect([ipv4_fragment(0, 400, identification=number) for number in range(5)])
    assert collector.evicted == 3
    assert collector.held_bytes == 800
    assert collector.feed_v4(ipv4_fragment(400, 1000, identification=4), 0) is not None
    monkeypatch.setattr(module, "MAX_BYTES", 1000)
    _, collector = collect([ipv4_fragment(0, 400, identification=number) for number in range(3)])
    assert (collector.evicted, collector.held_bytes) == (1, 800)


def test_one_datagram_has_a_limit_of_pieces(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "MAX_PIECES", 3)
    _, collector = collect([ipv4_fragment(start, start + 8) for start in range(0, 80, 16)])
    assert collector.malformed == 2
    assert collector.held_bytes == 24


@pytest.mark.parametrize(
    "fragment",
    [
        ipv4(b"12345", 0x2000),
        ipv4(b"", 0x2000),
        ipv4(bytes(100), 0x1FFF),
        b"\x45\0\0\4" + ipv4(PAYLOAD, 0x2000)[4:],
    ],
    ids=["no multiple of eight", "empty", "beyond the end", "length below the header's"],
)
def test_impossible_fragments(fragment: bytes) -> None:
    whole, collector = collect([fragment])
    assert whole == []
    assert (collector.malformed, collector.held_bytes) == (1, 0)


def test_pieces_beyond_the_end_are_left_out() -> None:
    beyond = ipv4(b"beyond!!", 1000 >> 3 | 0x2000)
    assert collect([beyond, ipv4_fragment(0, 400), ipv4_fragment(400, 1000)])[0] == [ipv4()]


def test_a_whole_datagram_that_is_no_segment_after_all_leaves_nothing_to_read_again() -> None:
    tcp = struct.pack(">HHIIBBHHH", 80, 4000, 1, 1, 1 << 4, 0x10, 1000, 0, 0) + bytes(1000)  # a header of 4 bytes
    inspector = Inspector(index=True)
    for number, data in enumerate([ipv4_fragment(0, 400, tcp), ipv4_fragment(400, len(tcp), tcp)], 1):
        assert inspector.feed(Packet(number, 0, RAW_IP, data, len(data), number)) == []
    assert inspector.packets == 2
    assert inspector.finish() == []
