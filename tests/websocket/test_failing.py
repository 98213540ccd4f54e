"""wsinspect/websocket/failing.py: which breach ended a connection, where no Close says so."""

import pytest

from wsinspect.websocket.failing import BAD_DEFLATE, BAD_TEXT, Breach, failure_code, fatal_breach
from wsinspect.websocket.half import CloseFrame
from wsinspect.websocket.library import AIOHTTP, UNDICI, UNKNOWN, WEBSOCKETS, Library
from wsinspect.websocket.side import Side

OPCODE, TEXT, DEFLATE = Breach("reserved-opcode", 3, 30), Breach(BAD_TEXT, 4, 40), Breach(BAD_DEFLATE, 5, 50)
ERROR_PAGE = Breach("http-inside-stream", None, 30)


def close(side: Side, packet: int, frame: int = 9, code: int = 1000) -> CloseFrame:
    return CloseFrame(side, frame, code, "", code.to_bytes(2, "big"), packet, packet, 100, True, True)


def own(packet: int, code: int = 1000) -> CloseFrame:
    return close(Side.CLIENT, packet, code=code)


def received(packet: int, frame: int = 9) -> CloseFrame:
    return close(Side.SERVER, packet, frame)


@pytest.mark.parametrize(
    ("breaches", "mine", "theirs", "library", "fatal"),
    [
        pytest.param([], None, None, UNKNOWN, None, id="nothing was broken"),
        pytest.param([TEXT, OPCODE], None, None, UNKNOWN, OPCODE, id="the first one"),
        pytest.param([Breach("non-minimal-length", 3, 30)], None, None, UNKNOWN, None, id="nobody fails for it"),
        pytest.param([OPCODE], None, received(30), UNKNOWN, OPCODE, id="in one segment with the Close"),
        pytest.param([OPCODE], None, received(30, frame=3), UNKNOWN, None, id="the Close itself is judged elsewhere"),
        pytest.param([OPCODE], None, received(30, frame=2), UNKNOWN, None, id="behind the Close"),
        pytest.param([ERROR_PAGE], None, received(31), UNKNOWN, ERROR_PAGE, id="no frame, before the Close"),
        pytest.param([ERROR_PAGE], None, received(30), UNKNOWN, None, id="no frame, perhaps behind the Close"),
        pytest.param([OPCODE], own(35), received(40), UNKNOWN, None, id="accepted: an ordinary Close answers"),
        pytest.param([OPCODE], own(20), received(40), UNKNOWN, OPCODE, id="behind the own Close"),
        pytest.param([TEXT], own(20), received(50), UNKNOWN, TEXT, id="text behind the own Close"),
        pytest.param([TEXT], own(20), received(50), WEBSOCKETS, None, id="websockets does not look at it"),
        pytest.param([TEXT], own(20), received(50), UNDICI, None, id="nor does undici"),
        pytest.param([DEFLATE], own(55), None, AIOHTTP, DEFLATE, id="aiohttp: 1000 for what cannot be inflated"),
        pytest.param([DEFLATE], own(55), None, UNKNOWN, None, id="others: 1000 is 1000"),
        pytest.param([DEFLATE], own(55, 4000), None, AIOHTTP, None, id="aiohttp: the program's own code"),
    ],
)
def test_fatal_breach(
    breaches: list[Breach], mine: CloseFrame | None, theirs: CloseFrame | None, library: Library, fatal: Breach | None
) -> None:
    assert fatal_breach(breaches, mine, theirs, library) == fatal


@pytest.mark.parametrize(
    ("rule", "code"),
    [(BAD_TEXT, 1007), ("invalid-utf8-close-reason", 1007), ("length-msb-set", 1009), ("reserved-opcode", 1002)],
)
def test_failure_code(rule: str, code: int) -> None:
    assert failure_code(rule) == code
