"""Rules of how a closing handshake goes, where no frame of it is broken (RFC 6455 §5.5.1, §7.1.5, §7.4)."""

import json
import unicodedata
from typing import Final

from wsinspect.rules.rule import By, Finding, Need, Rule, Severity, rule
from wsinspect.rules.thresholds import DEFAULTS, Thresholds, nanoseconds
from wsinspect.rules.wording import counted, quoted
from wsinspect.websocket.closecodes import BY_CODE, describe
from wsinspect.websocket.half import CloseFrame, Half
from wsinspect.websocket.side import Side

_MANDATORY_EXTENSION: Final = 1010
_REGISTERED_BY_IANA: Final = range(3000, 4000)
_IN_FLIGHT_NS: Final = 200_000_000
"""Frames that are counted against an answer may be on their way for so long."""


@rule(
    "close-1010-from-server",
    Severity.WARNING,
    "RFC 6455 §7.4.1",
    by=By.SERVER,
    tier=2,
    needs={Need.SYNCED, Need.ROLES},
    means="1010 is for clients that miss an extension in the server's answer. A server never needs it: it refuses the "
    "handshake instead. The client's program is told 1010 all the same.",
    look_at="Server code that passes on a code it got from elsewhere, as a proxy does with the code of its upstream.",
    aka=("Mandatory Extension", "1010"),
)
def close_1010_from_server(close: CloseFrame, half: Half) -> Finding | None:
    if half.side is not Side.SERVER or close.code != _MANDATORY_EXTENSION or _may_be_echo(close, half):
        return None
    return Finding("close code 1010 from the server; only a client can miss an extension")


@rule(
    "close-1010-without-extensions",
    Severity.WARNING,
    "RFC 6455 §7.4.1",
    by=By.CLIENT,
    tier=2,
    needs={Need.SYNCED, Need.ROLES},
    means="A client that closes with 1010 lists the extensions it needed in the reason. This one names none, so the "
    "server's log cannot tell what was missing.",
    look_at="Sec-WebSocket-Extensions of both heads: what was offered and what was not accepted.",
    aka=("Mandatory Extension", "1010"),
)
def close_1010_without_extensions(close: CloseFrame, half: Half) -> Finding | None:
    if half.side is not Side.CLIENT or close.code != _MANDATORY_EXTENSION or _may_be_echo(close, half):
        return None
    if _names_extension(close.reason):
        return None
    return Finding(f"close code 1010 with the reason {quoted(close.reason)}, which names no extension")


def _may_be_echo(close: CloseFrame, half: Half) -> bool:
    """Whether a Close only sends back the code it answers, as RFC 6455 §5.5.1 suggests, or may do so for all we saw."""
    if half.close is close and half.close_in_the_dark:
        return True
    reply = half.close_reply
    return reply is not None and half.close is close and reply.had_arrived and reply.received.code == close.code


def _names_extension(reason: str) -> bool:
    """Whether the reason begins like an element of Sec-WebSocket-Extensions: a token, with a dash in all there are."""
    first = reason.replace(",", " ").replace(";", " ").split()
    return any("-" in word for word in first)


@rule(
    "unregistered-close-code",
    Severity.NOTE,
    "RFC 6455 §7.4.2",
    tier=3,
    needs={Need.SYNCED},
    means="Codes from 3000 to 3999 are for libraries and frameworks and have to be registered with IANA; this one is "
    "not. It travels like any other, but what it means only its sender's documentation tells.",
    look_at="The sender's framework. Applications that made the code up should use 4000 to 4999.",
)
def unregistered_close_code(close: CloseFrame, half: Half) -> Finding | None:
    if close.code not in _REGISTERED_BY_IANA or close.code in BY_CODE or _may_be_echo(close, half):
        return None
    return Finding(f"close code {close.code} is in the range that IANA registers, and not registered")


@rule(
    "changed-close-code",
    Severity.NOTE,
    "RFC 6455 §5.5.1",
    by=By.RECEIVER,
    tier=3,
    needs={Need.BOTH_SYNCED},
    means="Who answers a Close usually sends its code back. This answer has another one, so the two programs log "
    "different codes for the same ending: each is told what the other side sent.",
    look_at="Which of the two is the reason: it is the first one. Libraries that answer every Close with 1000 are the "
    "usual cause.",
)
def changed_close_code(close: CloseFrame, half: Half) -> Finding | None:
    reply = half.close_reply
    if reply is None or not reply.had_arrived or close.code is None or reply.received.code is None:
        return None
    received = reply.received
    legal = describe(received.code).allowed_on_wire and received.reason_is_utf8  # else the answer tells what was wrong
    if close.code == received.code or not legal:
        return None
    return Finding(f"Close {close.code} answers Close {received.code} (packet {received.packet})")


@rule(
    "simultaneous-close",
    Severity.NOTE,
    "RFC 6455 §7.1.5",
    tier=2,
    needs={Need.BOTH_SYNCED, Need.ACKS},
    means="Both sides sent a Close before the other's had reached them. That is in order, and each program is told the "
    "code that the other side sent, so the two may log different ones.",
    look_at="Whether both sides have a reason to close at the same time: the same timer, or a shutdown that reaches "
    "both.",
)
def simultaneous_close(close: CloseFrame, half: Half) -> Finding | None:
    reply = half.close_reply
    if reply is None or reply.had_arrived:
        return None
    return Finding(
        f"Close {_code(close)} was sent before Close {_code(reply.received)} of the {half.side.peer} "
        f"(packet {reply.received.packet}) had arrived; each program is told the other side's"
    )


@rule(
    "late-close-reply",
    Severity.WARNING,
    "RFC 6455 §5.5.1",
    by=By.RECEIVER,
    tier=2,
    needs={Need.BOTH_SYNCED, Need.ACKS, Need.TIMING},
    means="A Close is answered as soon as is practical. This answer took its time; a closing side that waits less ends "
    "TCP first, and both programs may be told 1006 then.",
    look_at="What the receiver does before it answers: a full send queue, a busy event loop, an application that has "
    "to consent. Compare with the closing side's close timeout (10 s in many libraries).",
    thresholds=("close_reply_slow", "close_reply_frames"),
)
def late_close_reply(close: CloseFrame, half: Half, limits: Thresholds = DEFAULTS) -> Finding | None:
    reply = half.close_reply
    if reply is None or not reply.had_arrived:
        return None
    since = f"Close {_code(reply.received)} (packet {reply.received.packet}) had been acknowledged"
    waited = close.time_ns - (reply.acknowledged_ns or close.time_ns)
    if waited >= nanoseconds(limits.close_reply_slow):
        return Finding(f"answered {waited / 1e9:.3f} s after {since}; from {limits.close_reply_slow:g} s on it is late")
    if reply.data_frames > limits.close_reply_frames and waited >= _IN_FLIGHT_NS:
        frames = counted(reply.data_frames, "data frame")
        return Finding(f"answered behind {frames} that were sent after {since}; {limits.close_reply_frames} may be")
    return None


@rule(
    "close-inside-message",
    Severity.NOTE,
    "RFC 6455 §5.5.1",
    tier=3,
    needs={Need.SYNCED, Need.MESSAGE_STATE},
    means="The sender closes in the middle of its own fragmented message. What it had sent of that is lost: the "
    "receiver never gets a part of a message.",
    look_at="Whether the sender gave up on purpose (an upload that was cancelled) or was shut down without finishing.",
    aka=('websockets "incomplete fragmented message"',),
)
def close_inside_message(close: CloseFrame, half: Half) -> Finding | None:
    if half.close is not close or not half.message_open:
        return None
    sent = counted(half.messages.latest, "byte")
    return Finding(f"Close {_code(close)} while a message of the {half.side} is open, {sent} of it sent")


@rule(
    "odd-close-reason",
    Severity.NOTE,
    "RFC 6455 §5.5.1",
    tier=3,
    needs={Need.SYNCED},
    means="The close reason is more than a short text: it has control characters or line breaks, or is JSON or HTML. "
    "It is allowed, but logs and screens that print it raw may be misled.",
    look_at="What the sender puts into the reason: an exception's text, a response body, a structure for its own "
    "client. 123 bytes are all there is.",
)
def odd_close_reason(close: CloseFrame, half: Half) -> Finding | None:
    reason = close.reason
    if not reason or not close.reason_is_utf8:
        return None
    controls = sum(unicodedata.category(character) in ("Cc", "Zl", "Zp") for character in reason)
    if controls:
        return Finding(f"the reason has {counted(controls, 'control character')} or line breaks: {quoted(reason)}")
    kind = "JSON" if _is_json(reason) else "HTML" if _is_html(reason) else ""
    return Finding(f"the reason is {kind}: {quoted(reason)}") if kind else None


def _is_json(text: str) -> bool:
    if text.strip()[:1] not in ("{", "["):
        return False
    try:
        json.loads(text)
    except (ValueError, RecursionError):
        return False
    return True


def _is_html(text: str) -> bool:
    start = text.lstrip().lower()
    return start.startswith("<") and (start.startswith(("<!doctype", "<html")) or "</" in start)


@rule(
    "close-without-code",
    Severity.NOTE,
    "RFC 6455 §7.1.5",
    tier=3,
    needs={Need.SYNCED},
    means="The Close has no payload, so it says nothing about why. The other side's program is told 1005. An empty "
    "answer to an empty Close is not counted.",
    look_at="A page that calls close() without arguments is the usual cause; that is in order.",
    aka=("no status received", "`CLOSE_NO_STATUS`", "1005"),
)
def close_without_code(close: CloseFrame, half: Half) -> Finding | None:
    if close.body or half.close is not close or half.close_in_the_dark:
        return None
    received = half.close_reply.received if half.close_reply else None
    if received is not None and not received.body:
        return None
    return Finding(f"empty Close; the {half.side.peer}'s API reports 1005")


def _code(close: CloseFrame) -> str:
    return "without a code" if close.code is None else str(close.code)


RULES: tuple[Rule[...], ...] = (
    close_1010_from_server,
    close_1010_without_extensions,
    unregistered_close_code,
    changed_close_code,
    simultaneous_close,
    late_close_reply,
    close_inside_message,
    odd_close_reason,
    close_without_code,
)
"""Asked about every complete Close."""
