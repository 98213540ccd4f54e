"""Rules of the closing handshake (RFC 6455 §1.4, §5.5.1, §7.4).

What the programs at both ends are told (1005, 1006) is no violation and not judged here: see websocket/closing.py.
"""

from typing import Any, Final

from wsinspect.rules.rule import By, Finding, Need, Rule, Severity, rule
from wsinspect.rules.text import describe_bad_byte
from wsinspect.rules.thresholds import DEFAULTS, Thresholds, nanoseconds
from wsinspect.rules.wording import frame_name, frame_title, hex_bytes, quoted
from wsinspect.websocket.closecodes import describe
from wsinspect.websocket.closing import Ending, SideEnding, TcpEnd
from wsinspect.websocket.frames import FrameHeader, Opcode
from wsinspect.websocket.half import MAX_CONTROL_PAYLOAD, CloseFrame, Half
from wsinspect.websocket.side import Side
from wsinspect.websocket.utf8 import Utf8Validator

_LONGEST_BODY: Final = 125
_OUT_OF_RANGE: Final = 5000


@rule(
    "close-payload-one-byte",
    Severity.ERROR,
    "RFC 6455 §5.5.1",
    needs={Need.SYNCED},
    means="A Close is empty or begins with a code of two bytes; one byte is neither. Receivers answer 1002, and their "
    "programs are told 1006.",
    look_at="The sender's closing code: a status written as one byte, or a payload cut off.",
    aka=(
        'Chromium "Received a broken close frame containing an invalid size body."',
        "`WS_ERR_INVALID_CONTROL_PAYLOAD_LENGTH`",
        'ws "invalid payload length 1"',
        'wsproto "CLOSE with 1 byte payload"',
        'websockets "close frame too short"',
    ),
)
def close_payload_one_byte(close: CloseFrame, half: Half) -> Finding | None:
    if len(close.body) != 1:
        return None
    return Finding(f"Close with one byte of payload ({hex_bytes(close.body)}); none, or two and more, are allowed")


@rule(
    "invalid-utf8-close-reason",
    Severity.ERROR,
    "RFC 6455 §5.5.1, §8.1",
    needs={Need.SYNCED},
    means="The text behind a close code is UTF-8. Receivers answer 1007 or 1002, and the code that was sent gets lost.",
    look_at="Reasons cut to 123 bytes in the middle of a character, and reasons in another encoding.",
    aka=(
        'Chromium "Received a broken close frame containing invalid UTF-8."',
        'Chromium close reason "Invalid UTF-8 in Close frame"',
        'wsproto "Error decoding CLOSE reason"',
    ),
)
def invalid_utf8_close_reason(close: CloseFrame, half: Half) -> Finding | None:
    validator = Utf8Validator()
    bad = validator.feed(close.body[2:])
    if bad is None and len(close.body) < MAX_CONTROL_PAYLOAD:  # the end of what was kept is not the reason's end
        bad = validator.finish()
    if bad is None:
        return None
    cut = bad.byte is None and len(close.body) == _LONGEST_BODY
    return Finding(f"{describe_bad_byte(bad, 'reason')}{'; cut at 123 bytes?' if cut else ''}")


@rule(
    "invalid-close-code",
    Severity.ERROR,
    "RFC 6455 §7.4.1, §7.4.2, §11.7",
    needs={Need.SYNCED},
    means="The Close carries a code that may not be sent: 1005, 1006 and 1015 exist for programs only, others are "
    "reserved or below or beyond the ranges in use. Strict receivers answer 1002.",
    look_at="Proxies and libraries that pass on the code their API reported (1005, 1006), and numbers that are really "
    "errno, HTTP or exit statuses.",
    aka=(
        'Chromium "Received a broken close frame containing a reserved status code."',
        "`WS_ERR_INVALID_CLOSE_CODE`",
        'wsproto "CLOSE with invalid code"',
        'wsproto "remote CLOSE with local-only reason"',
        'wsproto "CLOSE with unknown reserved code"',
        'websockets "invalid status code"',
        "1005",
        "1006",
        "1015",
    ),
)
def invalid_close_code(close: CloseFrame, half: Half) -> Finding | None:
    if close.code is None or describe(close.code).allowed_on_wire:
        return None
    if close.code >= _OUT_OF_RANGE:
        return Finding(f"close code {close.code} is outside every range (1000 to 4999)", Severity.WARNING)
    return Finding(f"close code {close.code} {_why_not(close.code)}")


def _why_not(code: int) -> str:
    if code < 1000:
        return "is below 1000 and not used"
    if code == 1004:
        return "is reserved without a meaning"
    if code in (1005, 1006, 1015):
        return "is for APIs only and must not be sent"
    return "is unassigned; applications use 4000 to 4999"


@rule(
    "data-after-close",
    Severity.ERROR,
    "RFC 6455 §5.5.1",
    needs={Need.SYNCED},
    means="After its Close a side sends no more data. Receivers discard what comes, so this message is lost.",
    look_at="A second thread or task of the sender that goes on writing after close() was called; a Close sent "
    "between the fragments of a message.",
    aka=('Chromium "Data frame received after close"',),
)
def data_after_close(frame: FrameHeader, half: Half) -> Finding | None:
    if frame.is_control or half.close is None:
        return None
    return Finding(f"{frame_title(frame)} after {_own_close(half.close)}")


@rule(
    "frame-after-close",
    Severity.WARNING,
    "RFC 6455 §1.4, §7.1.5",
    needs={Need.SYNCED},
    means="A control frame follows the sender's own Close: a second Close, a Ping, or a Pong that nobody waits for. "
    "The receiver ignores it; only the first Close counts.",
    look_at="Keepalive timers that are not stopped on closing, and closing code that runs twice.",
    aka=('Chromium "received after close"',),
)
def frame_after_close(frame: FrameHeader, half: Half) -> Finding | None:
    if not frame.is_control or half.close is None:
        return None
    # RFC 6455 §5.5.2: until it has received a Close, a side answers Pings, its own Close notwithstanding.
    if frame.opcode == Opcode.PONG and half.pong_is_owed:
        return None
    return Finding(f"{frame_name(frame)} frame after {_own_close(half.close)}")


def _own_close(close: CloseFrame) -> str:
    """`the sender's Close (1000, frame 3, packet 40)`."""
    return f"the sender's Close ({_code(close)}, frame {close.frame}, packet {close.packet})"


def _code(close: CloseFrame) -> str:
    return "no code" if close.code is None else str(close.code)


@rule(
    "missing-close-reply",
    Severity.ERROR,
    "RFC 6455 §5.5.1",
    by=By.RECEIVER,
    needs={Need.ACKS, Need.GAP_FREE, Need.END},
    means="Who receives a Close and has sent none answers with a Close. Without that the closing side waits in vain, "
    "and its program is told 1006 although everything was in order.",
    look_at="Servers and clients that end TCP as soon as a Close arrives, and proxies that do so in their place. If "
    "the closing side ended TCP first, the answer may just have come too late.",
    aka=('websockets "no close frame received"', "1006"),
    thresholds=("close_reply_timeout",),
)
def missing_close_reply(ending: Ending, side: Side, limits: Thresholds = DEFAULTS) -> Finding | None:
    mine, peer = ending.side(side), ending.side(side.peer)
    close = peer.close
    timeout = nanoseconds(limits.close_reply_timeout)
    if close is None or mine.close is not None or not peer.close_acknowledged:
        return None
    if not mine.in_sync or mine.last_gap_packet >= close.packet or mine.end_may_be_missed:
        return None
    if mine.may_have_missed_frames and mine.last_gap_packet:
        return None  # its Close may have been among them
    if peer.last_gap_packet >= mine.last_packet and peer.gap_bytes:
        return None  # it may have failed the connection for what was lost
    earlier = [end for end in ending.tcp if end.by is side and end.packet < close.packet]
    end = next((end for end in ending.tcp if end.packet >= close.packet), None)
    if end is None and ending.now_ns - close.time_ns < timeout and not earlier:
        return None
    hasty = end is not None and end.by is not side and end.time_ns - close.time_ns < timeout
    # RFC 6455 §7.1.7: who fails the connection for what the closer had sent may end TCP without a Close.
    failed = end is not None and end.by is side and 0 < peer.first_breach <= end.packet
    unread = bool(earlier) or failed or _is_broken(close)
    told = f"the {side.peer}'s API reports 1006"
    if not unread:
        told = f"the {side}'s API reports {1005 if close.code is None else close.code}, the {side.peer}'s 1006"
    detail = f"{_what_happened(ending, peer, close, earlier[0] if earlier else end)}; {told}"
    place = (None, end.packet, end.time_ns) if end else (None, close.packet, close.time_ns)
    return Finding(detail, Severity.NOTE if unread or hasty else None, side, place)


def _is_broken(close: CloseFrame) -> bool:
    """Whether the receiver may fail the connection for this Close instead of answering it (RFC 6455 §7.1.7)."""
    return (
        len(close.body) == 1
        or not close.reason_is_utf8
        or (close.code is not None and not describe(close.code).allowed_on_wire)
    )


def _what_happened(ending: Ending, peer: SideEnding, close: CloseFrame, end: TcpEnd | None) -> str:
    reason = f" {quoted(close.reason)}" if close.reason else ""
    told = f"Close {_code(close)}{reason} of the {peer.side} (packet {close.packet}) was acknowledged, not answered"
    if end is None:
        return f"{told} for {(ending.now_ns - close.time_ns) / 1e9:.3f} s"
    what = "TCP" if end.stream is None else "the stream"
    if end.packet < close.packet:
        return f"{told}; the {end.by} had ended {what} before ({end.name}, packet {end.packet})"
    after = (end.time_ns - close.time_ns) / 1e9
    return f"{told}; the {end.by} ended {what} {after:.3f} s later ({end.name}, packet {end.packet})"


FRAME_RULES: tuple[Rule[[FrameHeader, Half]], ...] = (data_after_close, frame_after_close)
"""Asked about every frame's header."""
CLOSE_RULES: tuple[Rule[[CloseFrame, Half]], ...] = (
    close_payload_one_byte,
    invalid_utf8_close_reason,
    invalid_close_code,
)
"""Asked about every complete Close."""
ENDING_RULES: tuple[Rule[[Ending, Side]], ...] = (missing_close_reply,)
"""Asked about each side once the connection is over."""
RULES: tuple[Rule[Any], ...] = (*CLOSE_RULES, *FRAME_RULES, *ENDING_RULES)
