"""wsinspect/capture/pcapng.py: blocks of every kind, in every order, cut and damaged."""

import struct
import tracemalloc

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from written_by_hand import (
    ETHERNET,
    RECORDS,
    block,
    byte_by_byte,
    cut_at,
    enhanced,
    interface,
    obsolete,
    option,
    padded,
    pcapng,
    reads,
    run,
    section,
    simple,
)

from wsinspect.capture import pcapng as module
from wsinspect.capture.packet import Packet
from wsinspect.capture.pcapng import PcapngParser
from wsinspect.errors import WsinspectError

IF_TSRESOL, IF_TSOFFSET = 9, 14
SECOND = 10**9


def parse(data: bytes) -> tuple[list[Packet], list[str]]:
    parser = PcapngParser()
    return run(parser, [data]), parser.problems


def sound(data: bytes) -> list[Packet]:
    """The packets of a file without fault, which any other cut and any second look must give again."""
    parser = PcapngParser()
    packets = run(parser, [data])
    assert parser.problems == []
    assert run(PcapngParser(), byte_by_byte(data)) == packets
    assert [parser.packet_at(reads(data), packet.offset, packet.number) for packet in packets] == packets
    return packets


def tsresol(value: int, order: str = "<") -> bytes:
    return option(IF_TSRESOL, bytes([value]), order)


def mixture(order: str) -> bytes:
    """Something of everything."""
    return (
        section(order, options=option(1, b"a comment", order))
        + interface(order, options=option(2, b"eth0", order) + tsresol(9, order) + option(0, b"", order))
        + interface(order, link_type=113, snap_length=8)
        + enhanced(b"one", 5 * SECOND, order=order, options=option(1, b"seen twice", order))
        + block(4, b"name resolution.", order)
        + simple(b"two!", order=order)
        + obsolete(b"three", 7_000_000, 1, order)
        + block(0xBAD, b"\0\0\x12\x34custom..", order)
        + simple(b"four", order=order)
        + enhanced(b"five", 9 * SECOND, order=order, wire_length=1500)
        + block(5, struct.pack(order + "III", 0, 0, 0) + option(5, struct.pack(order + "Q", 3), order), order)
    )


@pytest.mark.parametrize("order", "<>")
@pytest.mark.parametrize(
    ("options", "per_second"),
    [(b"", 10**6), (6, 10**6), (9, 10**9), (0x80 | 30, 2**30)],
    ids=["default", "micro", "nano", "binary"],
)
def test_time_stamps_in_every_resolution_and_order(order: str, options: int | bytes, per_second: int) -> None:
    data = pcapng(
        order=order, options=options if isinstance(options, bytes) else tsresol(options, order), per_second=per_second
    )
    packets = sound(data)
    assert [(p.data, p.wire_length, p.link_type) for p in packets] == [
        (r.data, r.wire_length, ETHERNET) for r in RECORDS
    ]
    for packet, record in zip(packets, RECORDS, strict=True):
        assert 0 <= record.time_ns - packet.time_ns <= 1


@pytest.mark.parametrize(
    ("resolution", "timestamp", "time_ns"),
    [
        (0, 2, 2 * SECOND),
        (12, 2_000_999, 2000),
        (0x80, 3, 3 * SECOND),
        (0x80 | 1, 3, SECOND * 3 // 2),
        (127, 2**64 - 1, 0),
    ],
)
def test_coarse_and_fine_resolutions(resolution: int, timestamp: int, time_ns: int) -> None:
    data = section() + interface(options=tsresol(resolution)) + enhanced(b"x", timestamp) * 2
    assert [packet.time_ns for packet in sound(data)] == [time_ns, time_ns]


def test_an_offset_is_added_in_seconds() -> None:
    options = option(IF_TSOFFSET, struct.pack("<q", -3600))
    assert sound(section() + interface(options=options) + enhanced(b"x", 3601 * 10**6))[0].time_ns == SECOND


@pytest.mark.parametrize(
    ("options", "timestamp"),
    [(tsresol(9), 2**64 - 1), (tsresol(0), 2**63), (option(IF_TSOFFSET, struct.pack("<q", 2**62)), 0)],
    ids=["nanoseconds", "seconds", "offset"],
)
def test_a_time_that_cannot_be_is_held_within_64_bits_and_told(options: bytes, timestamp: int) -> None:
    data = section() + interface(options=options) + enhanced(b"x", timestamp)
    parser = PcapngParser()
    packet = run(parser, [data])[0]
    assert packet.time_ns == module.LATEST_NS
    assert len(parser.problems) == 1
    assert "2116" in parser.problems[0]
    assert parser.packet_at(reads(data), packet.offset, packet.number) == packet


@pytest.mark.parametrize("offset", [-1, -(2**63)])
def test_a_time_before_1970_is_held_there_and_told(offset: int) -> None:
    """Nothing that reads or writes captures has a number for it."""
    options = option(IF_TSOFFSET, struct.pack("<q", offset))
    parser = PcapngParser()
    packets = parser.feed(section() + interface(options=options) + enhanced(b"x", 999_999) * 2 + enhanced(b"x", 2**63))
    assert [packet.time_ns for packet in packets[:2]] == [0, 0]
    assert len([problem for problem in parser.problems if "1970" in problem]) == 1


@pytest.mark.parametrize("order", "<>")
def test_all_kinds_of_packet_blocks_among_others(order: str) -> None:
    packets = sound(mixture(order))
    assert [(p.number, p.data, p.time_ns // SECOND, p.link_type, p.wire_length) for p in packets] == [
        (1, b"one", 5, 1, 3),
        (2, b"two!", 5, 1, 4),  # no time of its own: that of the packet before
        (3, b"three", 7, 113, 5),
        (5, b"four", 7, 1, 4),  # Wireshark counts the Custom Block before it
        (6, b"five", 9, 1, 1500),
    ]


def test_a_simple_packet_is_cut_to_the_snap_length() -> None:
    packet = sound(section() + interface(snap_length=4) + simple(b"cut ", wire_length=90))[0]
    assert (packet.data, packet.wire_length, packet.time_ns) == (b"cut ", 90, 0)


def test_sections_have_their_own_order_and_interfaces() -> None:
    data = (
        section("<")
        + interface("<", link_type=1)
        + interface("<", link_type=113)
        + enhanced(b"a", 1, 1, "<")
        + section(">")
        + interface(">", link_type=101, options=tsresol(9, ">"))
        + enhanced(b"b", 2, 0, ">")
        + section("<")
        + interface("<", link_type=276)
        + enhanced(b"c", 3, 0, "<")
    )
    assert [(p.link_type, p.time_ns, p.data) for p in sound(data)] == [
        (113, 1000, b"a"),
        (101, 2, b"b"),
        (276, 3000, b"c"),
    ]


def test_an_interface_may_be_described_between_packets() -> None:
    data = section() + interface() + enhanced(b"a") * 3 + interface(link_type=113) + enhanced(b"b", interface_id=1)
    assert [p.link_type for p in sound(data)] == [1, 1, 1, 113]


def statistics(interface_id: int, **counts: int) -> bytes:
    codes = {"ifrecv": 4, "ifdrop": 5, "osdrop": 7}
    options = b"".join(option(codes[name], struct.pack("<Q", count)) for name, count in counts.items())
    return block(5, struct.pack("<III", interface_id, 0, 0) + options)


@pytest.mark.parametrize(
    ("blocks", "dropped"),
    [
        (b"", None),
        (statistics(0, ifrecv=10), None),
        (statistics(0, ifrecv=10, ifdrop=0), 0),
        (statistics(0, ifdrop=2, osdrop=3), 5),
        (statistics(0, ifdrop=2) + statistics(0, ifdrop=7), 7),
        (statistics(0, ifdrop=2) + statistics(1, ifdrop=40), 42),
        (statistics(0, ifdrop=2) + section() + interface() + statistics(0, ifdrop=3), 5),
        (statistics(99, ifdrop=2), None),
    ],
)
def test_lost_packets_are_the_latest_count_of_every_interface(blocks: bytes, dropped: int | None) -> None:
    parser = PcapngParser()
    run(parser, [section() + interface() + interface() + blocks])
    assert parser.problems == []
    assert parser.dropped == dropped


@pytest.mark.parametrize(
    ("order", "options", "end_ns"),
    [("<", tsresol(9), 4_500_000_007), (">", b"", 4_500_000_007_000), (">", tsresol(0, ">"), 4_500_000_007 * 10**9)],
)
def test_until_when_the_capture_went(order: str, options: bytes, end_ns: int) -> None:
    halves = struct.pack(order + "II", 4_500_000_007 >> 32, 4_500_000_007 & 0xFFFFFFFF)
    told = block(5, struct.pack(order + "III", 0, 0, 0) + option(3, halves, order), order)
    early = block(5, struct.pack(order + "III", 0, 0, 0) + option(3, bytes(8), order), order)
    unknown = block(5, struct.pack(order + "III", 9, 0, 0) + option(3, b"\xff" * 8, order), order)
    parser = PcapngParser()
    run(parser, [section(order) + interface(order, options=options) + told + early + unknown])
    assert parser.problems == []
    assert parser.end_ns == end_ns


def secrets(text: bytes, kind: int = 0x544C534B) -> bytes:
    return block(10, struct.pack("<II", kind, len(text)) + padded(text))


def test_tls_key_logs_are_collected(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "MAX_SECRETS", 20)
    parser = PcapngParser()
    run(
        parser,
        [
            section(),
            secrets(b"CLIENT_RANDOM 1"),
            secrets(b"zig", 0x57474B4C),
            secrets(b"CLIENT"),
            secrets(b"two"),
            secrets(b"CLIENT"),
        ],
    )
    assert parser.secrets == [b"CLIENT_RANDOM 1", b"two"]
    assert parser.problems == ["TLS keys in the capture beyond 20 bytes are not used"]


@settings(deadline=None)
@given(st.sampled_from("<>"), st.lists(st.integers(0, 10**6), max_size=12))
def test_cutting_the_input_elsewhere_changes_nothing(order: str, places: list[int]) -> None:
    assert run(PcapngParser(), cut_at(mixture(order), places)) == run(PcapngParser(), [mixture(order)])


@pytest.mark.parametrize("order", "<>")
def test_cut_off_anywhere_gives_the_packets_before_and_says_so(order: str) -> None:
    data = mixture(order)
    whole = sound(data)
    boundaries = [0]
    while boundaries[-1] < len(data):
        boundaries.append(boundaries[-1] + struct.unpack_from(order + "I", data, boundaries[-1] + 4)[0])
    for length in range(len(data)):
        packets, problems = parse(data[:length])
        assert packets == [packet for packet in whole if packet.offset < max(b for b in boundaries if b <= length)]
        if length in boundaries[1:]:
            assert problems == []
        else:
            offset = max(edge for edge in boundaries if edge <= length)
            assert len(problems) == 1
            assert problems[0].startswith("truncated after packet ")
            assert problems[0].endswith(f" (file offset {offset})")


def broken_trailer(whole: bytes) -> bytes:
    return whole[:-4] + b"\1\0\0\0"


START = section() + interface()


@pytest.mark.parametrize(
    ("damage", "reason"),
    [
        (struct.pack("<III", 6, 3, 0), "block length 3 is impossible"),
        (struct.pack("<III", 6, 8, 8), "block length 8 is impossible"),
        (struct.pack("<III", 6, 33, 0), "block length 33 is impossible"),
        (struct.pack("<III", 99, 0xFFFFFFFC, 0), "block length 4294967292 is impossible"),
        (broken_trailer(enhanced(b"data")), "block length 36 is closed by 1"),
        (broken_trailer(block(99, b"data")), "block length 16 is closed by 1"),
        (enhanced(b"data", interface_id=1), "interface 1 is not described"),
        (obsolete(b"data", interface_id=7), "interface 7 is not described"),
        (block(6, b"tiny"), "block length 16 is too short for block type 6"),
        (block(3, b""), "block length 12 is too short for block type 3"),
        (block(1, b"tiny"), "block length 16 is too short for block type 1"),
        (block(6, struct.pack("<IIIII", 0, 0, 0, 5, 5) + b"four"), "captured length 5 does not fit its block"),
        (block(3, struct.pack("<I", 5) + b"four"), "captured length 5 does not fit its block"),
        (block(10, struct.pack("<II", 0x544C534B, 5) + b"four"), "secrets length 5 does not fit its block"),
        (interface(options=struct.pack("<HH", 9, 5) + b"four"), "option length 5 does not fit its block"),
        (section(major=2), "pcapng version 2 is unknown"),
        (block(0x0A0D0D0A, b"abcd"), "61 62 63 64 is no byte-order magic"),
        (block(0x0A0D0D0A, b"\x4d\x3c\x2b\x1a"), "block length 16 is too short for a section header"),
    ],
)
@pytest.mark.parametrize("after", [b"", enhanced(b"later") * 2], ids=["last", "middle"])
def test_damage_is_named_and_ends_the_reading(damage: bytes, reason: str, after: bytes) -> None:
    data = START + enhanced(b"before") + damage + after
    problem = f"damaged at file offset {len(START) + 40} after packet 1: {reason}"
    for pieces in ([data], byte_by_byte(data)):
        parser = PcapngParser()
        assert [p.data for p in run(parser, pieces)] == [b"before"]
        assert parser.problems == [problem]


def test_not_a_pcapng_file() -> None:
    assert parse(bytes(40))[1] == ["damaged at file offset 0 after packet 0: 00 00 00 00 does not begin a pcapng file"]
    assert parse(b"")[1] == ["truncated after packet 0 (file offset 0)"]


def test_descriptions_are_limited(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "MAX_DESCRIPTIONS", 3)
    assert parse((section() + interface()) * 2)[1][0].endswith("more than 3 sections and interfaces")
    assert parse(section() + interface() * 3)[1][0].endswith("more than 3 sections and interfaces")


@pytest.mark.parametrize("claimed", [64 * 1024 * 1024, 0xFFFFFFFC])
def test_a_claimed_length_allocates_nothing(claimed: int) -> None:
    data = START + struct.pack("<IIIIIII", 6, claimed, 0, 0, 0, claimed - 32, claimed) + b"few bytes"
    tracemalloc.start()
    packets, problems = parse(data)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert packets == []
    assert len(problems) == 1
    assert peak < 1024 * 1024


@settings(deadline=None)
@given(st.integers(0, len(mixture("<")) * 8 - 1), st.sampled_from("<>"))
def test_a_flipped_bit_never_raises(bit: int, order: str) -> None:
    data = bytearray(mixture(order))
    data[bit // 8] ^= 1 << bit % 8
    packets, problems = parse(bytes(data))
    slow = PcapngParser()
    assert run(slow, byte_by_byte(bytes(data))) == packets
    assert slow.problems == problems


@settings(deadline=None)
@given(st.binary(max_size=300))
def test_any_bytes_after_a_section_are_survived(noise: bytes) -> None:
    parse(START + noise)
    # Noise that looks like a block's body gets further.
    for kind in (1, 2, 3, 5, 6, 10, 0x0A0D0D0A):
        parse(START + block(kind, padded(noise)))


@pytest.mark.parametrize(
    "again",
    [
        b"",
        START,
        START + block(99, b"other"),
        START + block(6, b"too short..."),
        START + block(6, struct.pack("<IIIII", 0, 0, 0, 50, 50)),
    ],
)
def test_a_file_that_changed_is_noticed_when_read_again(again: bytes) -> None:
    parser = PcapngParser()
    packet = run(parser, [START + enhanced(b"data")])[0]
    with pytest.raises(WsinspectError, match="changed"):
        parser.packet_at(reads(again), packet.offset, 1)


def test_nothing_was_read_before_the_first_section() -> None:
    with pytest.raises(WsinspectError, match="changed"):
        PcapngParser().packet_at(reads(b""), 0, 1)
