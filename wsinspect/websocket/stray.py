"""Whether bytes are a WebSocket frame, told by nothing but their shape."""

from wsinspect.transport.reassembly import Chunk
from wsinspect.websocket.frames import FrameDecoder, FramePiece, Opcode

_KNOWN = frozenset(Opcode)
_CONTROL = 8
_LONGEST_CONTROL = 125


def frame_by_shape(data: bytes, masked: bool) -> tuple[int, int] | None:
    """Opcode and payload length of the frame that `data` begins with; None unless it is whole and well formed.

    Known opcode, no RSV bit, MASK as `masked`, shortest length form; a control frame whole and short.
    """
    for event in FrameDecoder().feed(Chunk(0, 0, data, 0, 0))[:1]:
        if not isinstance(event, FramePiece) or not event.last:
            return None
        header = event.header
        form = 7 if header.length < 126 else 16 if header.length < 65536 else 64
        if header.opcode not in _KNOWN or header.rsv or header.masked is not masked or header.length_form != form:
            return None
        if header.opcode >= _CONTROL and not (header.fin and header.length <= _LONGEST_CONTROL):
            return None
        return header.opcode, header.length
    return None
