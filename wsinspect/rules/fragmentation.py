"""Rules of fragments, and of control frames, which are never fragmented (RFC 6455 §5.4, §5.5)."""

from typing import Final

from wsinspect.rules.framing import has_impossible_length
from wsinspect.rules.rule import Finding, Need, Rule, Severity, rule
from wsinspect.rules.wording import frame_name, frame_title
from wsinspect.websocket.frames import FrameHeader, Opcode
from wsinspect.websocket.half import Half

MAX_CONTROL_LENGTH: Final = 125
"""RFC 6455 §5.5."""


@rule(
    "continuation-without-message",
    Severity.ERROR,
    "RFC 6455 §5.4",
    needs={Need.SYNCED, Need.MESSAGE_STATE},
    means="A continuation frame goes on with a message, and no message is open. Its payload belongs to nothing; "
    "receivers close with 1002.",
    look_at="The sender's fragmentation: a message that begins with opcode 0, or one more fragment after FIN. Two "
    "threads that write to one connection do it too.",
    aka=(
        'Chromium "Received unexpected continuation frame."',
        'Chromium close reason "Unexpected continuation"',
        "`WS_ERR_INVALID_OPCODE`",
        'ws "invalid opcode 0"',
        'wsproto "unexpected CONTINUATION"',
        'websockets "unexpected continuation frame"',
    ),
)
def continuation_without_message(frame: FrameHeader, half: Half) -> Finding | None:
    if frame.opcode != Opcode.CONTINUATION or half.message_open:
        return None
    return Finding(f"{frame_title(frame)}, FIN = {int(frame.fin)}, while no message is open")


@rule(
    "interleaved-data-frame",
    Severity.ERROR,
    "RFC 6455 §5.4",
    needs={Need.SYNCED, Need.MESSAGE_STATE},
    means="A new message begins while the one before it is unfinished. Messages may not be mixed; receivers close "
    "with 1002.",
    look_at="Two threads or tasks that send on one connection without a lock; a sender that gave up a fragmented "
    "message after an error and went on with the next.",
    aka=(
        'Chromium "Received start of new message but previous message is unfinished."',
        'Chromium close reason "Previous data frame unfinished"',
        "`WS_ERR_INVALID_OPCODE`",
        'ws "invalid opcode 1"',
        'wsproto "expected CONTINUATION, got TEXT"',
        'websockets "expected a continuation frame"',
    ),
)
def interleaved_data_frame(frame: FrameHeader, half: Half) -> Finding | None:
    if frame.opcode not in (Opcode.TEXT, Opcode.BINARY) or not half.message_open:
        return None
    return Finding(f"{frame_title(frame)} starts a message; the message before it is not finished")


@rule(
    "fragmented-control-frame",
    Severity.ERROR,
    "RFC 6455 §5.4, §5.5",
    needs={Need.SYNCED},
    means="Close, Ping and Pong are always a single frame: FIN has to be 1. Receivers close with 1002.",
    look_at="The sender's framing code: FIN set by the size of the payload, or copied from the message under way.",
    aka=(
        "`WS_ERR_EXPECTED_FIN`",
        'ws "FIN must be set"',
        'wsproto "Invalid attempt to fragment control frame"',
        'websockets "fragmented control frame"',
    ),
)
def fragmented_control_frame(frame: FrameHeader, half: Half) -> Finding | None:
    if not frame.is_control or frame.fin:
        return None
    return Finding(f"{frame_title(frame)} has FIN = 0")


@rule(
    "control-frame-too-long",
    Severity.ERROR,
    "RFC 6455 §5.5",
    needs={Need.SYNCED},
    means="A control frame carries 125 bytes of payload at most. Receivers close with 1002.",
    look_at="A Close: the reason may have 123 bytes in UTF-8, fewer characters than that if they are not ASCII. A "
    "Ping or Pong: what the application puts into it.",
    aka=(
        "Zeek `websocket_control_frame_size_exceeded`",
        "`WS_ERR_INVALID_CONTROL_PAYLOAD_LENGTH`",
        'ws "invalid payload length 126"',
        'wsproto "Control frame with payload len > 125"',
        'websockets "control frame too long"',
    ),
)
def control_frame_too_long(frame: FrameHeader, half: Half) -> Finding | None:
    if not frame.is_control or frame.length <= MAX_CONTROL_LENGTH or has_impossible_length(frame):
        return None
    return Finding(f"{frame_name(frame)} frame with {frame.length} bytes; {MAX_CONTROL_LENGTH} are allowed")


RULES: tuple[Rule[[FrameHeader, Half]], ...] = (
    continuation_without_message,
    interleaved_data_frame,
    fragmented_control_frame,
    control_frame_too_long,
)
