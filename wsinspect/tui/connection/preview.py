"""What a frame carries, in a few words on one line."""

from wsinspect.escape import bytes_text, terminal
from wsinspect.payload.choose import summary
from wsinspect.payload.viewer import Context
from wsinspect.timeline import FrameEntry
from wsinspect.tui.units import plural, size, span
from wsinspect.websocket.closecodes import describe
from wsinspect.websocket.frames import Opcode
from wsinspect.websocket.half import CloseFrame
from wsinspect.websocket.roundtrips import RoundTrip

_TEXT_SHOWN = 400
_BYTES_SHOWN = 48


def kind(entry: FrameEntry) -> str:
    """`text`, `ping`, `opcode 11`."""
    return entry.name if entry.name != "reserved" else f"opcode {entry.header.opcode}"


def data_preview(entry: FrameEntry, context: Context) -> str:
    """The message that the frame completes, as its format is told in one line, else its beginning, else that of the
    frame's own payload. Already escaped."""
    message = entry.message
    if message is not None and message.data:
        told = summary(message.data, context)
        return terminal(told) if told is not None else _shorten(message.data, message.opcode == Opcode.TEXT)
    opcode, compressed = entry.header.opcode, bool(entry.header.rsv & 4)
    is_text = not compressed and (
        opcode in (Opcode.TEXT, Opcode.PING, Opcode.PONG) or (not opcode and entry.payload[:_TEXT_SHOWN].isascii())
    )
    return _shorten(entry.payload, is_text)


def close_label(close: CloseFrame, name: str = "") -> str:
    """`Close 1001 Going Away "restart"`; `name` is what the code is called on its connection. Not escaped."""
    if close.code is None:
        return "Close without a code" if not close.body else "Close with half a code"
    reason = f' "{close.reason}"' if close.reason else ""
    return f"Close {close.code} {name or describe(close.code).name}{reason}"


def frame_label(entry: FrameEntry) -> str:
    """`text 45 B`, `pong 3.1 ms`, and what is unusual about it."""
    header = entry.header
    parts = [kind(entry)]
    if header.opcode in (Opcode.PING, Opcode.PONG):
        if entry.trip is not None:
            parts.append(f"rtt {round_trip(entry.trip)}")
        elif header.opcode == Opcode.PONG:
            parts.append("(answers no ping)")
    else:
        parts.append(_length(entry))
        if not header.fin and header.opcode:
            parts.append("(FIN is 0)" if header.is_control else "(begins)")
        elif header.fin and not header.opcode:
            parts.append("(ends)")
    if not entry.complete:
        parts.append("unfinished")
    elif entry.missing:
        parts.append(f"({plural(entry.missing, 'byte')} not captured)")
    return " ".join(parts)


def round_trip(trip: RoundTrip) -> str:
    """`31.0 ms (network 30.0 ms, peer 1.0 ms)`."""
    whole = span(trip.rtt_ns / 1e9, " ")
    if trip.network_ns is None or trip.peer_ns is None:
        return whole
    return f"{whole} (network {span(trip.network_ns / 1e9, ' ')}, peer {span(trip.peer_ns / 1e9, ' ')})"


def _length(entry: FrameEntry) -> str:
    message = entry.message
    if message is not None and message.compressed:
        return f"{size(message.length)} (deflated to {size(message.wire_length)})"
    return size(entry.header.length)


def _shorten(data: bytes, is_text: bool) -> str:
    if is_text:
        return bytes_text(data[:_TEXT_SHOWN])
    return data[:_BYTES_SHOWN].hex(" ")
