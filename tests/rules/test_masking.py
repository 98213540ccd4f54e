"""Who has to mask, and that keys change."""

import pytest
from frame_facts import KEY, frame, half

from wsinspect.rules import masking as rules
from wsinspect.websocket.side import Side


@pytest.mark.parametrize(
    ("side", "masked", "ids"),
    [
        (Side.CLIENT, True, []),
        (Side.CLIENT, False, ["unmasked-client-frame"]),
        (Side.SERVER, False, []),
        (Side.SERVER, True, ["masked-server-frame"]),
    ],
)
@pytest.mark.parametrize("length", [0, 5])
def test_mask_bit(side: Side, masked: bool, length: int, ids: list[str]) -> None:
    sender = half(side)
    assert [rule.id for rule in rules.RULES if rule.check(frame(1, length, masked=masked), sender)] == ids


def test_details() -> None:
    finding = rules.unmasked_client_frame.check(frame(), half(Side.CLIENT))
    assert finding is not None
    assert finding.detail == "TEXT frame of 5 bytes from the client has MASK = 0"
    finding = rules.masked_server_frame.check(frame(8, 2, masked=True), half())
    assert finding is not None
    assert finding.detail == "CLOSE frame of 2 bytes from the server has MASK = 1, key 01 02 03 04"


@pytest.mark.parametrize(
    ("side", "before", "key", "fires"),
    [
        (Side.CLIENT, None, KEY, False),
        (Side.CLIENT, KEY, KEY, True),
        (Side.CLIENT, bytes(4), bytes(4), True),
        (Side.CLIENT, bytes(4), KEY, False),
        (Side.SERVER, KEY, KEY, False),
    ],
)
def test_repeated_key(side: Side, before: bytes | None, key: bytes, fires: bool) -> None:
    sender = half(side)
    sender.last_masking_key = before
    assert bool(rules.repeated_masking_key.check(frame(masked=True, key=key), sender)) is fires


def test_no_key_is_no_repeated_key() -> None:
    sender = half(Side.CLIENT)
    sender.last_masking_key = b""
    assert rules.repeated_masking_key.check(frame(), sender) is None
