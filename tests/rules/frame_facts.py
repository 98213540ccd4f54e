"""Frame headers and senders for the rules' tests."""

from wsinspect.transport.httphead import parse_response
from wsinspect.websocket.frames import FrameHeader, Opcode
from wsinspect.websocket.half import CloseFrame, Half
from wsinspect.websocket.handshake import Handshake
from wsinspect.websocket.side import Side

KEY = b"\x01\x02\x03\x04"


def frame(
    opcode: int = Opcode.TEXT,
    length: int = 5,
    *,
    fin: bool = True,
    rsv: int = 0,
    masked: bool = False,
    key: bytes = KEY,
    form: int | None = None,
) -> FrameHeader:
    """A header with the shortest length form unless told otherwise."""
    if form is None:
        form = 7 if length < 126 else 16 if length < 65536 else 64
    return FrameHeader(3, fin, rsv, opcode, masked, key if masked else b"", length, form, 100, 17, 0)


def half(side: Side = Side.SERVER, *, extensions: str = "", offered: bool = False, message_open: bool = False) -> Half:
    """A sender after a 101 with these extensions."""
    lines = "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket"
    if extensions:
        lines += f"\r\nSec-WebSocket-Extensions: {extensions}"
    sender = Half(side, Handshake(None, parse_response(lines.encode(), 2, 2, 0, 0)), True, False)
    sender.deflate_offered = offered
    sender.messages.open = message_open
    return sender


def close(
    body: bytes = b"\x03\xe8", side: Side = Side.SERVER, *, packet: int = 40, time_ns: int = 1_000_000_000
) -> CloseFrame:
    """A Close with that payload."""
    code = int.from_bytes(body[:2], "big") if len(body) >= 2 else None
    return CloseFrame(side, 5, code, body[2:].decode("utf-8", "replace"), body, packet, time_ns, 200, True, True)
