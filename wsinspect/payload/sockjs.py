"""SockJS: messages in JSON arrays, one letter before those of the server
(https://github.com/sockjs/sockjs-protocol, section "Framing")."""

import re
from typing import Final

from wsinspect.payload.json_text import compact, raw_array, string
from wsinspect.payload.viewer import Context, Match, Nested, Rank, Row, Rows, Unreadable, Viewer, field

MAX_MESSAGES: Final = 1000
"""Messages of one frame that are told."""

_PATH: Final = re.compile(r"/[^/.]+/[^/.]+/websocket$")
_FRAME: Final = re.compile(rb"[oh]$|[acm]?[\[\"]")
_LETTERS: Final = {b"o": "open", b"h": "heartbeat"}


def _recognise(data: bytes, context: Context) -> Match | None:
    if context.is_text and _PATH.search(context.path) and _FRAME.match(data[:64]):
        return Match(Rank.NAMED, "the URL ends with /server/session/websocket")
    return None


def _messages(data: bytes) -> list[bytes]:
    """What an array of messages holds."""
    body = data[1:] if data[:1] in (b"a", b"m") else data
    elements = raw_array(body) if body[:1] == b"[" else [body.decode("utf-8", "backslashreplace")]
    return [_bytes(element) for element in elements]


def _bytes(element: str) -> bytes:
    text = string(element)
    return (text if text is not None else element).encode("utf-8", "backslashreplace")


def _closed(data: bytes) -> tuple[str, str]:
    """Code and reason."""
    elements = raw_array(data[1:])
    if len(elements) != 2:
        raise Unreadable("a close frame of SockJS holds a code and a reason")
    return elements[0], elements[1]


def _rows(data: bytes, context: Context) -> Rows:
    if data in _LETTERS:
        yield Row(0, "", _LETTERS[data])
        return
    if data[:1] == b"c":
        code, reason = _closed(data)
        yield Row(0, "", "close")
        yield field("code", code, 1)
        yield field("reason", string(reason) or reason, 1)
        return
    messages = _messages(data)
    for number, message in enumerate(messages[:MAX_MESSAGES], 1):
        yield Nested(f"message {number}" if len(messages) > 1 else "message", message, True, same_protocol=True)
    if len(messages) > MAX_MESSAGES:
        yield Row(0, "", f"and {len(messages) - MAX_MESSAGES:,} more messages", remark=True)


def _summary(data: bytes, context: Context) -> str | Nested:
    if data in _LETTERS:
        return _LETTERS[data]
    if data[:1] == b"c":
        return "close " + " ".join(compact(part) for part in _closed(data))
    messages = _messages(data)
    if not messages:
        return "no messages"
    return Nested("" if len(messages) == 1 else f"{len(messages)} messages:", messages[0], True, same_protocol=True)


VIEWER: Final = Viewer("SockJS", _recognise, _rows, _summary)
