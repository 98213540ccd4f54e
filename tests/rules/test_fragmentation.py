"""Fragments in order, control frames whole."""

import pytest
from frame_facts import frame, half

from wsinspect.rules import fragmentation as rules


@pytest.mark.parametrize(
    ("opcode", "fin", "message_open", "ids"),
    [
        (1, True, False, []),
        (1, False, False, []),
        (0, False, True, []),
        (0, True, True, []),
        # control frames pass between fragments
        (9, True, True, []),
        (8, True, True, []),
        (0, True, False, ["continuation-without-message"]),
        (0, False, False, ["continuation-without-message"]),
        (1, True, True, ["interleaved-data-frame"]),
        (2, False, True, ["interleaved-data-frame"]),
        (8, False, False, ["fragmented-control-frame"]),
        (9, False, True, ["fragmented-control-frame"]),
        (15, False, False, ["fragmented-control-frame"]),
        # what a reserved data opcode would do to a message nobody knows
        (3, False, True, []),
    ],
)
def test_order(opcode: int, fin: bool, message_open: bool, ids: list[str]) -> None:
    sender = half(message_open=message_open)
    assert [rule.id for rule in rules.RULES if rule.check(frame(opcode, fin=fin), sender)] == ids


@pytest.mark.parametrize(
    ("opcode", "length", "fires"),
    [(8, 125, False), (8, 126, True), (9, 70000, True), (11, 126, True), (2, 126, False), (9, 1 << 63, False)],
)
def test_control_length(opcode: int, length: int, fires: bool) -> None:
    assert bool(rules.control_frame_too_long.check(frame(opcode, length), half())) is fires


def test_details() -> None:
    finding = rules.control_frame_too_long.check(frame(9, 126), half())
    assert finding is not None
    assert finding.detail == "PING frame with 126 bytes; 125 are allowed"
    finding = rules.continuation_without_message.check(frame(0, 1, fin=False), half())
    assert finding is not None
    assert finding.detail == "CONTINUATION frame of 1 byte, FIN = 0, while no message is open"
