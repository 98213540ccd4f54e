"""wsinspect/websocket/utf8.py: the first byte that no UTF-8 can have at its place.

The rows are the classes of the Unicode Standard's table 3-7 and of Markus Kuhn's decoder stress test.
"""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from wsinspect.websocket.utf8 import BadByte, Utf8Validator

VALID = [
    "",
    "plain",
    "κόσμε",
    "\x00\x7f",
    "\u0080\u07ff",
    "\u0800\ud7ff\ue000\uffff",
    "\U00010000\U0010ffff",
    "\ufffe\uffff\ufdd0",  # non-characters are valid UTF-8
    "\ufeffwith a byte order mark",
]

BROKEN = [
    # bytes, offset of the bad byte, the beginning that it breaks
    pytest.param("80", 0, "", id="continuation byte alone"),
    pytest.param("bf", 0, "", id="last continuation byte alone"),
    pytest.param("61 80 62", 1, "", id="continuation byte between letters"),
    pytest.param("c3 a9 a9", 2, "", id="one continuation byte too many"),
    pytest.param("c0 af", 0, "", id="overlong slash, 2 bytes"),
    pytest.param("c1 bf", 0, "", id="largest overlong, 2 bytes"),
    pytest.param("e0 80 af", 1, "e0", id="overlong slash, 3 bytes"),
    pytest.param("e0 9f bf", 1, "e0", id="largest overlong, 3 bytes"),
    pytest.param("f0 80 80 af", 1, "f0", id="overlong slash, 4 bytes"),
    pytest.param("f0 8f bf bf", 1, "f0", id="largest overlong, 4 bytes"),
    pytest.param("f8 80 80 80 af", 0, "", id="5 bytes"),
    pytest.param("fc 80 80 80 80 af", 0, "", id="6 bytes"),
    pytest.param("c0 80", 0, "", id="overlong NUL"),
    pytest.param("ed a0 80", 1, "ed", id="first high surrogate"),
    pytest.param("ed af bf", 1, "ed", id="last high surrogate"),
    pytest.param("ed b0 80", 1, "ed", id="first low surrogate"),
    pytest.param("ed bf bf", 1, "ed", id="last low surrogate"),
    pytest.param("ed a0 80 ed b0 80", 1, "ed", id="surrogate pair (CESU-8)"),
    pytest.param("f4 90 80 80", 1, "f4", id="U+110000"),
    pytest.param("f5 80 80 80", 0, "", id="lead byte beyond U+10FFFF"),
    pytest.param("fe", 0, "", id="impossible byte fe"),
    pytest.param("ff", 0, "", id="impossible byte ff"),
    pytest.param("c3 28", 1, "c3", id="2 bytes broken off"),
    pytest.param("e2 28 a1", 1, "e2", id="3 bytes broken off after one"),
    pytest.param("e2 82 28", 2, "e2 82", id="3 bytes broken off after two"),
    pytest.param("f0 28 8c bc", 1, "f0", id="4 bytes broken off after one"),
    pytest.param("f0 9f 28 bc", 2, "f0 9f", id="4 bytes broken off after two"),
    pytest.param("f0 9f 98 28", 3, "f0 9f 98", id="4 bytes broken off after three"),
    pytest.param("e2 c3 a9", 1, "e2", id="a character inside a character"),
    pytest.param("ce ba e1 bd b9 cf 83 ce bc ce b5 f4 90 80 80 65", 12, "f4", id="Autobahn 6.4.1"),
    pytest.param("61 e2 82 ac 62 c3", None, "c3", id="ends inside 2 bytes"),
    pytest.param("e2 82", None, "e2 82", id="ends inside 3 bytes"),
    pytest.param("f0 9f 98", None, "f0 9f 98", id="ends inside 4 bytes"),
    pytest.param("f4 8f", None, "f4 8f", id="ends inside U+10FFFF"),
    pytest.param("ed a0", 1, "ed", id="ends inside a surrogate"),
]


def check(parts: list[bytes]) -> BadByte | None:
    """What is wrong with the text that arrives in `parts`."""
    validator = Utf8Validator()
    for part in parts:
        bad = validator.feed(part)
        if bad:
            return bad
    return validator.finish()


def every_cut(data: bytes) -> list[list[bytes]]:
    """`data` whole, in every two parts, in single bytes, and with an empty part."""
    halves = [[data[:place], data[place:]] for place in range(len(data) + 1)]
    return [[data], *halves, [bytes([byte]) for byte in data], [data[:1], b"", data[1:]]]


@pytest.mark.parametrize("text", VALID)
def test_valid(text: str) -> None:
    data = text.encode("utf-8", "surrogatepass")
    assert [check(parts) for parts in every_cut(data) if check(parts)] == []


@pytest.mark.parametrize(("hexadecimal", "offset", "lead"), BROKEN)
@pytest.mark.parametrize("before", ["", "61 62", "c3 a9", "f0 9f 98 80"])
def test_broken(hexadecimal: str, offset: int | None, lead: str, before: str) -> None:
    prefix, data = bytes.fromhex(before), bytes.fromhex(hexadecimal)
    if offset is None:
        expected = BadByte(len(prefix + data), None, bytes.fromhex(lead))
    else:
        expected = BadByte(len(prefix) + offset, data[offset], bytes.fromhex(lead))
    for parts in every_cut(prefix + data):
        assert check(parts) == expected, parts


CONTINUATION = range(0x80, 0xC0)
TABLE_3_7: list[tuple[range, list[range]]] = [
    (range(0x00, 0x80), []),
    (range(0xC2, 0xE0), [CONTINUATION]),
    (range(0xE0, 0xE1), [range(0xA0, 0xC0), CONTINUATION]),
    (range(0xE1, 0xED), [CONTINUATION, CONTINUATION]),
    (range(0xED, 0xEE), [range(0x80, 0xA0), CONTINUATION]),
    (range(0xEE, 0xF0), [CONTINUATION, CONTINUATION]),
    (range(0xF0, 0xF1), [range(0x90, 0xC0), CONTINUATION, CONTINUATION]),
    (range(0xF1, 0xF4), [CONTINUATION, CONTINUATION, CONTINUATION]),
    (range(0xF4, 0xF5), [range(0x80, 0x90), CONTINUATION, CONTINUATION]),
]
"""The Unicode Standard, table 3-7: well-formed UTF-8 byte sequences. Lead bytes, and what may follow each."""


def first_bad_byte(data: bytes) -> int | None:
    """By the table: the first byte that none of its rows allows there; the length if the text ends inside a row."""
    waiting: list[range] = []
    for place, byte in enumerate(data):
        if waiting:
            if byte not in waiting[0]:
                return place
            waiting = waiting[1:]
            continue
        rows = [following for leads, following in TABLE_3_7 if byte in leads]
        if not rows:
            return place
        waiting = rows[0]
    return len(data) if waiting else None


def test_every_beginning_of_two_bytes() -> None:
    for first in range(0x80, 0x100):
        for second in range(0x100):
            data = bytes([first, second])
            for parts in ([data], [data[:1], data[1:]]):
                bad = check(parts)
                assert (bad.offset if bad else None) == first_bad_byte(data), data


@pytest.mark.parametrize("lead", [0xE0, 0xE1, 0xED, 0xEF, 0xF0, 0xF1, 0xF4])
def test_every_beginning_of_three_bytes(lead: int) -> None:
    for second in (0x7F, 0x80, 0x8F, 0x90, 0x9F, 0xA0, 0xBF, 0xC0):
        for third in range(0x100):
            data = bytes([lead, second, third])
            bad = check([data])
            assert (bad.offset if bad else None) == first_bad_byte(data), data


SOUP = st.lists(
    st.one_of(
        st.characters().map(lambda letter: letter.encode("utf-8", "surrogatepass")),
        st.sampled_from([bytes([byte]) for byte in range(0x7F, 0x100)]),
    ),
    max_size=12,
).map(b"".join)


@given(SOUP, st.lists(st.integers(0, 40), max_size=5))
@settings(max_examples=300, deadline=None)
def test_any_bytes_cut_anywhere(data: bytes, cuts: list[int]) -> None:
    places = [0, *sorted(min(cut, len(data)) for cut in cuts), len(data)]
    bad = check([data[start:end] for start, end in zip(places, places[1:], strict=False)])  # noqa: RUF007
    assert (bad.offset if bad else None) == first_bad_byte(data)
    if bad and bad.byte is not None:
        assert data[bad.offset] == bad.byte
        assert data[: bad.offset].endswith(bad.lead)
