"""Reserved bits and opcodes, lengths, HTTP text among frames."""

import pytest
from frame_facts import frame, half

from wsinspect.rules import framing as rules
from wsinspect.rules.thresholds import DEFAULTS
from wsinspect.websocket.frames import FrameHeader, HttpInStream

D = "permessage-deflate"


def fired(header: FrameHeader, extensions: str = "") -> list[str]:
    sender = half(extensions=extensions)
    return [rule.id for rule in rules.FRAME_RULES if rule.check(header, sender)]


@pytest.mark.parametrize("opcode", [0, 1, 2, 8, 9, 10])
def test_plain_frames(opcode: int) -> None:
    assert fired(frame(opcode)) == []
    assert fired(frame(opcode, 0)) == []


@pytest.mark.parametrize(
    ("opcode", "rsv", "extensions", "fires"),
    [
        (1, 4, "", True),
        (1, 4, D, False),
        (2, 4, D, False),
        (1, 4, "x-webkit-deflate-frame", False),
        (1, 2, D, True),
        (1, 1, D, True),
        (1, 6, D, True),
        (0, 4, D, True),
        (8, 4, D, True),
        (9, 4, D, True),
        (9, 7, "x-unknown", False),
        (9, 4, "bbf-usp-protocol", True),
    ],
)
def test_rsv(opcode: int, rsv: int, extensions: str, fires: bool) -> None:
    assert fired(frame(opcode, rsv=rsv), extensions) == (["rsv-bits-set"] if fires else [])


@pytest.mark.parametrize(
    ("opcode", "rsv", "extensions", "offered", "detail"),
    [
        (1, 4, "", False, "RSV1 on a TEXT frame of 5 bytes; no extension was agreed on"),
        (1, 4, "", True, "RSV1 on a TEXT frame of 5 bytes; permessage-deflate was offered but not accepted"),
        (2, 3, D, True, "RSV2 and RSV3 on a BINARY frame of 5 bytes; permessage-deflate uses RSV1 only"),
        (2, 7, D, True, "RSV1, RSV2 and RSV3 on a BINARY frame of 5 bytes; permessage-deflate uses RSV1 only"),
        (9, 4, D, True, "RSV1 on a PING frame; permessage-deflate allows it only on the first frame of a message"),
    ],
)
def test_rsv_detail(opcode: int, rsv: int, extensions: str, offered: bool, detail: str) -> None:
    finding = rules.rsv_bits_set.check(frame(opcode, rsv=rsv), half(extensions=extensions, offered=offered))
    assert finding is not None
    assert finding.detail == detail


@pytest.mark.parametrize("opcode", [3, 4, 5, 6, 7, 11, 12, 13, 14, 15])
def test_reserved_opcodes(opcode: int) -> None:
    assert fired(frame(opcode)) == ["reserved-opcode"]
    assert fired(frame(opcode), D) == ["reserved-opcode"]
    assert fired(frame(opcode), "x-unknown") == []


def test_reserved_opcode_detail() -> None:
    finding = rules.reserved_opcode.check(frame(11, 1), half())
    assert finding is not None
    assert finding.detail == "opcode 11 (0xb) is a reserved control opcode; frame of 1 byte"


@pytest.mark.parametrize(
    ("length", "form", "detail"),
    [
        (125, 7, None),
        (126, 16, None),
        (65535, 16, None),
        (65536, 64, None),
        (125, 16, "126-form length for 125 bytes; 7-bit-form suffices"),
        (0, 16, "126-form length for 0 bytes; 7-bit-form suffices"),
        (300, 64, "127-form length for 300 bytes; 126-form suffices"),
        (65535, 64, "127-form length for 65535 bytes; 126-form suffices"),
        (1, 64, "127-form length for 1 byte; 7-bit-form suffices"),
    ],
)
def test_length_forms(length: int, form: int, detail: str | None) -> None:
    finding = rules.non_minimal_length.check(frame(2, length, form=form), half())
    assert (finding.detail if finding else None) == detail


def test_length_forms_of_control_frames() -> None:
    assert fired(frame(9, 5, form=16)) == ["non-minimal-length"]


@pytest.mark.parametrize(
    ("length", "ids"),
    [
        ((1 << 63) - 1, ["huge-frame"]),
        (1 << 63, ["length-msb-set"]),
        ((1 << 64) - 1, ["length-msb-set"]),
        (DEFAULTS.huge_frame, ["huge-frame"]),
        (DEFAULTS.huge_frame - 1, []),
    ],
)
def test_large_lengths(length: int, ids: list[str]) -> None:
    assert fired(frame(2, length)) == ids


def test_impossible_length_detail() -> None:
    finding = rules.length_msb_set.check(frame(2, 1 << 63), half())
    assert finding is not None
    assert finding.detail.startswith("BINARY frame with length 0x8000000000000000; ")


def test_http_inside_stream() -> None:
    finding = rules.http_inside_stream.check(HttpInStream(b"HTTP/1.1 502 Bad Gateway", 77, 9, 0), half())
    assert finding is not None
    assert finding.detail == '"HTTP/1.1 502 Bad Gateway" where a frame should begin, at stream offset 77'
