"""Rules of the frame header: reserved bits, opcodes, lengths, what is no frame (RFC 6455 §5.2, §6.1, RFC 7692 §6)."""

from typing import Any, Final

from wsinspect.rules.rule import Finding, Need, Rule, Severity, rule
from wsinspect.rules.thresholds import DEFAULTS, Thresholds
from wsinspect.rules.wording import counted, frame_name, frame_title, quoted, rsv_names
from wsinspect.websocket.frames import RSV1, FrameHeader, HttpInStream, Opcode, TlsRecord
from wsinspect.websocket.half import Half

_TLS_TYPES: Final = {0x14: "change_cipher_spec", 0x15: "alert", 0x16: "handshake", 0x17: "application_data"}
_MSB: Final = 1 << 63


@rule(
    "rsv-bits-set",
    Severity.ERROR,
    "RFC 6455 §5.2; RFC 7692 §6",
    needs={Need.SYNCED, Need.EXTENSIONS},
    means="The three reserved bits stay 0 unless an extension that both sides agreed on uses them. Compression uses "
    "RSV1, on the first frame of a message only. Receivers must give up the connection.",
    look_at="RSV1 without agreement: Sec-WebSocket-Extensions of both heads, and a proxy that removed the field from "
    "one of them. RSV2 or RSV3: the frame boundary may be lost; look at the frame before.",
    aka=(
        'Chromium "One or more reserved bits are on"',
        'Chromium close reason "Invalid reserved bit"',
        "`WS_ERR_UNEXPECTED_RSV_1`",
        "`WS_ERR_UNEXPECTED_RSV_2_3`",
        'ws "RSV1 must be clear"',
        'ws "RSV2 and RSV3 must be clear"',
        'wsproto "Reserved bit set unexpectedly"',
        'websockets "reserved bits must be 0"',
        'websockets "RSV1 bit set in continuation frame"',
    ),
)
def rsv_bits_set(frame: FrameHeader, half: Half) -> Finding | None:
    if not frame.rsv or half.unknown_extension:
        return None
    if not half.deflate_agreed:
        why = (
            "permessage-deflate was offered but not accepted" if half.deflate_offered else "no extension was agreed on"
        )
        return Finding(f"{rsv_names(frame.rsv)} on a {frame_title(frame)}; {why}")
    if frame.rsv & ~RSV1:
        return Finding(f"{rsv_names(frame.rsv)} on a {frame_title(frame)}; permessage-deflate uses RSV1 only")
    if frame.is_control or frame.opcode == Opcode.CONTINUATION:
        name = frame_name(frame)
        return Finding(f"RSV1 on a {name} frame; permessage-deflate allows it only on the first frame of a message")
    return None


@rule(
    "reserved-opcode",
    Severity.ERROR,
    "RFC 6455 §5.2",
    needs={Need.SYNCED, Need.EXTENSIONS},
    means="Opcodes 3 to 7 and 11 to 15 have no meaning. Receivers must give up the connection.",
    look_at="The frame before it: a wrong length there makes payload bytes look like a header. Else the sender's "
    "framing code, or a device that changed bytes on the way.",
    aka=(
        'Chromium "Unrecognized frame opcode"',
        'Chromium close reason "Unknown opcode"',
        "`WS_ERR_INVALID_OPCODE`",
        'wsproto "Invalid opcode 0x3"',
        'websockets "invalid opcode"',
    ),
)
def reserved_opcode(frame: FrameHeader, half: Half) -> Finding | None:
    if half.unknown_extension or 0 <= frame.opcode <= Opcode.BINARY or Opcode.CLOSE <= frame.opcode <= Opcode.PONG:
        return None
    kind = "control" if frame.is_control else "data"
    size = counted(frame.length, "byte")
    return Finding(f"opcode {frame.opcode} ({frame.opcode:#x}) is a reserved {kind} opcode; frame of {size}")


@rule(
    "non-minimal-length",
    Severity.ERROR,
    "RFC 6455 §5.2",
    needs={Need.SYNCED},
    means="A payload length has to be written in the shortest of the three forms. Some receivers do not care, others "
    "close with 1002.",
    look_at="The sender's framing code: one that always writes the long form, or gets the limits 125 and 65535 wrong.",
    aka=(
        'wsproto "Payload length used 2 bytes when 1 would have sufficed"',
        'wsproto "Payload length used 8 bytes when 2 would have sufficed"',
    ),
)
def non_minimal_length(frame: FrameHeader, half: Half) -> Finding | None:
    # RFC 6455 §5.2 names the forms by the 7-bit value that announces them: 126 for 16 bits, 127 for 64.
    if frame.length_form == 64 and frame.length <= 0xFFFF:
        enough = "7-bit" if frame.length < 126 else "126"
        return Finding(f"127-form length for {counted(frame.length, 'byte')}; {enough}-form suffices")
    if frame.length_form == 16 and frame.length < 126:
        return Finding(f"126-form length for {counted(frame.length, 'byte')}; 7-bit-form suffices")
    return None


@rule(
    "length-msb-set",
    Severity.ERROR,
    "RFC 6455 §5.2",
    needs={Need.SYNCED},
    means="The top bit of a 64-bit length has to be 0. A length like that is never meant, so nobody knows where the "
    "next frame begins, and the direction cannot be read from here on.",
    look_at="The frame before it: usually its length is wrong and this header is really payload.",
    aka=('wsproto "8-byte payload length with non-zero MSB"', "`WS_ERR_UNSUPPORTED_DATA_PAYLOAD_LENGTH`"),
)
def length_msb_set(frame: FrameHeader, half: Half) -> Finding | None:
    if not has_impossible_length(frame):
        return None
    name = frame_name(frame)
    return Finding(f"{name} frame with length {frame.length:#018x}; its top bit has to be 0, frames are lost from here")


def has_impossible_length(frame: FrameHeader) -> bool:
    """Whether the length is one that `length-msb-set` speaks of; then nothing else that it breaks is worth a word."""
    return frame.length_form == 64 and bool(frame.length & _MSB)


@rule(
    "http-inside-stream",
    Severity.ERROR,
    "RFC 6455 §6.1",
    means="Where a frame should begin there is HTTP text: somebody wrote an error page or a second request into the "
    "open WebSocket. The receiver reads it as a broken frame and fails the connection.",
    look_at="The text itself in the detail: its status line or Server field names the culprit, often a proxy's "
    "timeout page or a framework's error handler that runs after the upgrade.",
    aka=('Browser "Invalid frame header"', "reads as RSV1 and opcode 8 with a length of 84"),
    needs={Need.SYNCED},
)
def http_inside_stream(intruder: HttpInStream, half: Half) -> Finding | None:
    return Finding(
        f"{quoted(intruder.line.decode('latin-1'))} where a frame should begin, at stream offset {intruder.offset}"
    )


@rule(
    "huge-frame",
    Severity.NOTE,
    "RFC 6455 §10.4",
    tier=3,
    needs={Need.SYNCED},
    means="One frame announces a very large payload. It is legal, but the receiver may have to hold all of it, and "
    "nothing else of that sender can pass meanwhile, not even a Pong.",
    look_at="Whether the size is meant. If not, the sender's length field is wrong or the frame boundaries are lost; "
    "if so, the receiver's limit (Close 1009) and its keepalive timeout.",
    aka=(
        "Zeek `websocket_frame_consuming_too_much`",
        "`WS_ERR_UNSUPPORTED_MESSAGE_LENGTH`",
        'ws "Max payload size exceeded"',
        "websockets `PayloadTooBig`",
    ),
    thresholds=("huge_frame",),
)
def huge_frame(frame: FrameHeader, half: Half, limits: Thresholds = DEFAULTS) -> Finding | None:
    if frame.length < limits.huge_frame or has_impossible_length(frame):
        return None
    return Finding(f"{frame_title(frame)} announced; from {limits.huge_frame} bytes on it counts as huge")


@rule(
    "tls-inside-stream",
    Severity.NOTE,
    "–",
    tier=3,
    needs={Need.SYNCED},
    means="Where a frame should begin there are the first bytes of a TLS record: one side speaks TLS inside the open "
    "WebSocket. As a frame it breaks other rules too.",
    look_at="A client with wss:// behind a proxy that has taken TLS off already, or a tunnel through the WebSocket "
    "that lacks its framing.",
)
def tls_inside_stream(record: TlsRecord, half: Half) -> Finding | None:
    kind = _TLS_TYPES[record.type]
    return Finding(f"bytes {record.type:02X} 03 {record.minor:02X}, a TLS {kind} record, where a frame should begin")


FRAME_RULES: tuple[Rule[[FrameHeader, Half]], ...] = (
    rsv_bits_set,
    reserved_opcode,
    non_minimal_length,
    length_msb_set,
    huge_frame,
)
"""Asked about every frame's header."""
RULES: tuple[Rule[Any], ...] = (*FRAME_RULES, http_inside_stream, tls_inside_stream)
