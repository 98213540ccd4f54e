"""Payload views and the header as bits."""

import json

import pytest
from fakes import Teller
from hypothesis import given, settings
from hypothesis import strategies as st

from wsinspect.transport.reassembly import Chunk
from wsinspect.tui.connection.bits import bit_diagram, header_bytes, wire_bytes
from wsinspect.tui.connection.payload import TEXT_SHOWN, HexDump, fitting, json_lines, text_lines
from wsinspect.tui.connection.preview import close_label, data_preview, frame_label
from wsinspect.tui.ink import text_of
from wsinspect.websocket.frames import FrameDecoder, FramePiece, Opcode
from wsinspect.websocket.side import Side


def shown(lines: object) -> list[str]:
    return [text_of(line) for line in lines]  # type: ignore[attr-defined]


@pytest.mark.parametrize(
    ("data", "is_text", "views"),
    [
        (b'{"a": 1}', True, ["json", "text", "hex"]),
        (b'{"a": 1}', False, ["json", "hex", "text"]),
        (b"{not json", True, ["text", "hex"]),
        (b"[" * 100_000, True, ["text", "hex"]),
        (b"\xff\x00\xfe\xff\xff\xff\xff", False, ["hex"]),
        (b"\xff", True, ["text", "hex"]),
        (b"plain", False, ["hex", "text"]),
    ],
)
def test_views_that_make_sense(data: bytes, is_text: bool, views: list[str]) -> None:
    assert [view.name for view in fitting(data, is_text)] == views


def test_json_changes_white_space_only() -> None:
    data = b'{"a":1.0e5,"a":[],"b":{"c":[true,"x\\u001by"]},"d":{ }}'
    assert shown(json_lines(data, 60)) == [
        "{", '  "a": 1.0e5,', '  "a": [],', '  "b": {', '    "c": [', "      true,", '      "x\\u001by"', "    ]",
        "  },", '  "d": {}', "}",
    ]  # fmt: skip


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
)


@given(st.lists(JSON, max_size=5))
@settings(deadline=None, max_examples=40)
def test_json_still_says_the_same(value: object) -> None:
    text = json.dumps(value)
    assert json.loads("\n".join(shown(json_lines(text.encode(), 10_000)))) == json.loads(text)


@given(st.binary(max_size=200), st.sampled_from([60, 80]))
def test_hex_dump_shows_every_byte(data: bytes, width: int) -> None:
    lines = shown(HexDump(data, width))
    per_line = 16 if width >= 75 else 8
    digits = "".join(line[8 : 8 + 3 * per_line + per_line // 8].replace(" ", "") for line in lines)
    assert digits == data.hex()
    assert all(len(line) <= width for line in lines)


def test_text_is_cut_in_the_end() -> None:
    lines = shown(text_lines(b"x" * (TEXT_SHOWN + 1), 100))
    assert lines[-1].startswith("… the first 131 kB of 131 kB")
    assert shown(text_lines(b"a\r\nb\tc", 80)) == ["a", "b   c"]


@pytest.mark.parametrize("size", [0, 5, 125, 126, 300, 70_000])
@pytest.mark.parametrize("side", Side)
def test_header_and_payload_are_put_together_as_they_were(size: int, side: Side) -> None:
    payload = bytes(number % 251 for number in range(size))
    entry = Teller().frame(side, payload, Opcode.BINARY)
    wire = wire_bytes(entry.header, payload)
    events = FrameDecoder().feed(Chunk(0, 0, wire, 1, 0))
    assert len(events) == 1
    piece = events[0]
    assert isinstance(piece, FramePiece)
    assert piece.last
    assert piece.data == payload
    assert piece.header[1:8] == entry.header[1:8]
    assert wire.startswith(header_bytes(entry.header))


def test_bit_diagram() -> None:
    entry = Teller().frame(Side.CLIENT, b"x" * 300, rsv=4)
    names, bits = shown(bit_diagram(entry.header))
    assert names == "│FIN│RSV1│RSV2│RSV3│opcode│MASK│ length│16 bits more│masking key│"
    assert bits == "│ 1 │ 1  │ 0  │ 0  │ 0001 │ 1  │1111110│    012c    │01 02 03 04│"


def test_previews() -> None:
    teller = Teller()
    assert data_preview(teller.frame(Side.CLIENT, b"a\x1bb")) == r"a\x1bb"
    assert data_preview(teller.frame(Side.CLIENT, b"\x01\xff", Opcode.BINARY)) == "01 ff"
    assert frame_label(teller.frame(Side.CLIENT, b"abc")) == "text 3 B"
    assert frame_label(teller.frame(Side.CLIENT, b"abc", fin=False)) == "text 3 B (begins)"
    assert frame_label(teller.frame(Side.CLIENT, b"abc", Opcode.CONTINUATION)) == "continuation 3 B (ends)"
    assert frame_label(teller.frame(Side.CLIENT, b"", Opcode.PONG)) == "pong (answers no ping)"
    assert frame_label(teller.frame(Side.CLIENT, b"abc", 11)) == "opcode 11 3 B"
    assert frame_label(teller.frame(Side.CLIENT, b"abc")._replace(missing=1)) == "text 3 B (1 byte not captured)"
    assert frame_label(teller.frame(Side.CLIENT, b"abc")._replace(complete=False)) == "text 3 B unfinished"
    close = teller.frame(Side.CLIENT, b"\x03\xe9bye", Opcode.CLOSE).close
    assert close is not None
    assert close_label(close) == 'Close 1001 Going Away "bye"'
    for body, label in ((b"", "Close without a code"), (b"\x03", "Close with half a code")):
        close = teller.frame(Side.CLIENT, body, Opcode.CLOSE).close
        assert close is not None
        assert close_label(close) == label
