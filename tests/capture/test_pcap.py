"""wsinspect/capture/pcap.py: the classic format, however it is written, cut or damaged."""

import struct
import tracemalloc

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from written_by_hand import ETHERNET, RECORDS, Record, byte_by_byte, cut_at, pcap, reads, run

from wsinspect.capture.packet import Packet
from wsinspect.capture.pcap import MAGICS, PcapParser
from wsinspect.errors import WsinspectError

MICROSECONDS, NANOSECONDS, KUZNETZOV = 0xA1B2C3D4, 0xA1B23C4D, 0xA1B2CD34
KINDS = [(order, magic) for order in "<>" for magic in (MICROSECONDS, NANOSECONDS, KUZNETZOV)]


def parse(data: bytes) -> tuple[list[Packet], list[str]]:
    parser = PcapParser()
    return run(parser, [data]), parser.problems


def expected(magic: int = MICROSECONDS) -> list[Packet]:
    offset, header = 24, 24 if magic == KUZNETZOV else 16
    packets = []
    for number, record in enumerate(RECORDS, 1):
        packets.append(Packet(number, record.time_ns, ETHERNET, record.data, record.wire_length, offset))
        offset += header + len(record.data)
    return packets


@pytest.mark.parametrize(("order", "magic"), KINDS)
def test_every_kind_of_file_gives_the_same_packets(order: str, magic: int) -> None:
    data = pcap(order=order, magic=magic)
    assert data[:4] in MAGICS
    for pieces in ([data], byte_by_byte(data)):
        parser = PcapParser()
        assert run(parser, pieces) == expected(magic)
        assert parser.problems == []
        assert parser.number == len(RECORDS)
        assert parser.dropped is None


@settings(deadline=None)
@given(st.sampled_from(KINDS), st.lists(st.integers(0, 10**6), max_size=12))
def test_cutting_the_input_elsewhere_changes_nothing(kind: tuple[str, int], places: list[int]) -> None:
    order, magic = kind
    assert run(PcapParser(), cut_at(pcap(order=order, magic=magic), places)) == expected(magic)


def test_packets_are_real_packets() -> None:
    packet = parse(pcap())[0][0]
    assert type(packet) is Packet
    assert packet.data == b"first packet"


def test_nanoseconds_are_kept() -> None:
    assert parse(pcap([Record(1_000_000_001, b"x", 1)], magic=NANOSECONDS))[0][0].time_ns == 1_000_000_001


def test_link_type_is_the_lower_half_of_its_field() -> None:
    # draft-ietf-opsawg-pcap s4: f and FCS len are above; here a 4-byte FCS.
    assert parse(pcap(link_type=0x4400_0071))[0][0].link_type == 0x71


def test_a_file_without_packets_is_sound() -> None:
    assert parse(pcap([])) == ([], [])


@pytest.mark.parametrize(("order", "magic"), KINDS)
def test_cut_off_anywhere_gives_the_packets_before_and_says_so(order: str, magic: int) -> None:
    data = pcap(order=order, magic=magic)
    whole = expected(magic)
    boundaries = [*(packet.offset for packet in whole), len(data)]
    for length in range(len(data)):
        packets, problems = parse(data[:length])
        assert packets == whole[: len(packets)]
        if length in boundaries:
            assert problems == []
        else:
            offset = max((edge for edge in boundaries if edge <= length), default=0)
            assert problems == [f"truncated after packet {len(packets)} (file offset {offset})"]


def test_an_impossible_length_is_named_and_ends_the_reading() -> None:
    data = pcap() + struct.pack("<IIII", 0, 0, 0xFFFFFFFF, 0xFFFFFFFF) + pcap()
    packets, problems = parse(data)
    assert packets == expected()
    assert problems == [
        f"damaged at file offset {len(pcap())} after packet 4: captured length 4294967295 is impossible"
    ]


@pytest.mark.parametrize(
    ("snap_length", "captured", "sound"), [(96, 262_240, True), (96, 262_241, False), (0, 10**6, True)]
)
def test_the_snap_length_bounds_a_packet_with_slack(snap_length: int, captured: int, sound: bool) -> None:
    packets, problems = parse(pcap([Record(0, bytes(captured), captured)], snap_length=snap_length))
    assert len(packets) == sound
    assert bool(problems) != sound


def test_not_a_pcap_file() -> None:
    assert parse(b"PK\3\4" * 10) == (
        [],
        ["damaged at file offset 0 after packet 0: 50 4b 03 04 does not begin a pcap file"],
    )
    assert parse(b"") == ([], ["truncated after packet 0 (file offset 0)"])


@pytest.mark.parametrize("claimed", [64 * 1024 * 1024, 0xFFFFFFFF])
def test_a_claimed_length_allocates_nothing(claimed: int) -> None:
    data = pcap([], snap_length=0) + struct.pack("<IIII", 0, 0, claimed, claimed) + b"few bytes"
    tracemalloc.start()
    assert parse(data)[0] == []
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 1024 * 1024


@settings(deadline=None)
@given(st.integers(0, len(pcap()) * 8 - 1), st.sampled_from(KINDS))
def test_a_flipped_bit_never_raises(bit: int, kind: tuple[str, int]) -> None:
    data = bytearray(pcap(order=kind[0], magic=kind[1]))
    data[bit // 8] ^= 1 << bit % 8
    packets, problems = parse(bytes(data))
    slow = PcapParser()
    assert run(slow, byte_by_byte(bytes(data))) == packets
    assert slow.problems == problems


@settings(deadline=None)
@given(st.binary(max_size=300))
def test_any_bytes_after_the_header_are_survived(noise: bytes) -> None:
    parse(pcap() + noise)


@pytest.mark.parametrize(("order", "magic"), KINDS)
def test_a_packet_can_be_read_again(order: str, magic: int) -> None:
    data = pcap(order=order, magic=magic)
    parser = PcapParser()
    packets = run(parser, [data])
    assert [parser.packet_at(reads(data), packet.offset, packet.number) for packet in packets] == packets


def test_a_file_that_changed_is_noticed_when_read_again() -> None:
    parser = PcapParser()
    run(parser, [pcap()])
    with pytest.raises(WsinspectError, match="changed"):
        parser.packet_at(reads(pcap()[:30]), 24, 1)
    with pytest.raises(WsinspectError, match="changed"):
        parser.packet_at(reads(b"\xff" * 100), 24, 1)
