"""A packet is what its fields say."""

from wsinspect.capture.packet import Packet

PACKET = Packet(7, 1_772_442_000_000_000_001, 1, b"bytes", 60, 24)


def test_equal_fields_make_equal_packets() -> None:
    assert Packet(7, 1_772_442_000_000_000_001, 1, b"bytes", 60, 24) == PACKET
    assert PACKET != (7, 1_772_442_000_000_000_001, 1, b"bytes", 60, 24)


def test_replace_changes_what_it_is_given_and_no_more() -> None:
    changed = PACKET.replace(number=8, data=b"")
    assert (changed.number, changed.data) == (8, b"")
    assert changed.replace(number=7, data=b"bytes") == PACKET
    assert PACKET.replace(time_ns=0, offset=0) == Packet(7, 0, 1, b"bytes", 60, 0)
    assert PACKET.data == b"bytes"


def test_it_can_be_read_in_a_test_report() -> None:
    assert repr(PACKET) == "Packet(7, 1772442000000000001, 1, b'bytes', 60, 24)"
