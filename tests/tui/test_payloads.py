"""Payload views and the header as bits."""

import pytest
from fakes import Teller

from wsinspect.payload.choose import choices
from wsinspect.payload.viewer import Context
from wsinspect.transport.reassembly import Chunk
from wsinspect.tui.connection.bits import bit_diagram, header_bytes, wire_bytes
from wsinspect.tui.connection.payload import HexDump, payload_lines
from wsinspect.tui.connection.preview import close_label, data_preview, frame_label
from wsinspect.tui.document import PAGE, Joined
from wsinspect.tui.ink import text_of
from wsinspect.websocket.frames import FrameDecoder, FramePiece, Opcode
from wsinspect.websocket.side import Side


def shown(lines: object) -> list[str]:
    return [text_of(line) for line in lines]  # type: ignore[attr-defined]


@pytest.mark.parametrize("width", [60, 80])
def test_hex_dump_fits_the_width(width: int) -> None:
    lines = shown(HexDump(bytes(range(100)), width))
    assert len(lines) == (13 if width == 60 else 7)
    assert all(len(line) <= width for line in lines)
    assert lines[0].startswith("000000  00 01 02 03")


def test_rows_are_laid_out_for_the_width() -> None:
    data = b'{"name": "' + b"x" * 100 + b'"}'
    context = Context(is_text=True)
    lines = shown(payload_lines(choices(data, context)[0], data, context, 50))
    assert lines[:2] == ["{", '  "name":']
    assert all(len(line) <= 50 for line in lines)
    assert "".join(line.strip() for line in lines) == data.decode().replace(": ", ":")


def test_a_long_text_is_made_page_by_page() -> None:
    data = b"line\n" * 5000
    context = Context(is_text=True)
    lines = Joined([[("head", "")]], payload_lines(choices(data, context)[0], data, context, 80))
    assert len(lines) == 1 + PAGE
    assert lines.grow(PAGE + 10)
    assert len(lines) == 1 + 2 * PAGE
    assert not lines.grow(100)
    assert lines.grow(10**9)
    assert len(lines) == 1 + 5001
    assert not lines.grow(10**9)


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
    assert data_preview(teller.frame(Side.CLIENT, b"a\x1bb"), Context(is_text=True)) == r"a\x1bb"
    assert data_preview(teller.frame(Side.CLIENT, b"\x01\xff", Opcode.BINARY), Context()) == "01 ff"
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
