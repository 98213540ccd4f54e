"""STOMP 1.0 to 1.2 (https://stomp.github.io/stomp-specification-1.2.html)."""

import re
from typing import Final, NamedTuple

from wsinspect.payload.viewer import Context, Match, Nested, Rank, Row, Rows, Unreadable, Viewer, field, named

MAX_HEADERS: Final = 1000
"""Header lines of one frame, at most."""

_COMMANDS: Final = frozenset(
    b"CONNECT STOMP CONNECTED SEND SUBSCRIBE UNSUBSCRIBE ACK NACK BEGIN COMMIT ABORT DISCONNECT MESSAGE RECEIPT "
    b"ERROR".split()
)
_ESCAPE: Final = re.compile(rb"\\([rnc\\])")
_UNESCAPED: Final = {b"r": b"\r", b"n": b"\n", b"c": b":", b"\\": b"\\"}
_TOLD: Final = ("destination", "id", "subscription", "message-id", "receipt", "receipt-id", "transaction", "message")
"""Headers that a line has room for."""


class _Frame(NamedTuple):
    command: str
    headers: list[tuple[str, str]]
    body: bytes
    ended: bool
    """Whether a NUL ends it."""

    def header(self, name: str) -> str:
        """The first header of that name counts (§Repeated Header Entries)."""
        return next((value for header, value in self.headers if header == name), "")


def _recognise(data: bytes, context: Context) -> Match | None:
    if match := named(context, "v10.stomp", "v11.stomp", "v12.stomp", "stomp"):
        return match
    command = data[:16].lstrip(b"\r\n").partition(b"\n")[0].rstrip(b"\r")
    if command in _COMMANDS and b"\0" in data[-3:]:
        return Match(Rank.SIGNATURE, f"it begins with {command.decode()} and ends with NUL")
    return None


def _frame(data: bytes) -> _Frame:
    data = data.lstrip(b"\r\n")
    head, blank, body = data.partition(b"\r\n\r\n" if _has_cr(data) else b"\n\n")
    if not blank:
        raise Unreadable("no blank line ends the headers")
    command, *lines = head.split(b"\n", MAX_HEADERS + 1)
    if not command.rstrip(b"\r").isalpha():
        raise Unreadable("no STOMP command in the first line")
    headers = [_header(line.removesuffix(b"\r")) for line in lines[:MAX_HEADERS]]
    frame = _Frame(command.rstrip(b"\r").decode("ascii", "backslashreplace"), headers, body, True)
    length = frame.header("content-length")
    if length.isdecimal() and len(length) < 10 and int(length) <= len(body):
        return frame._replace(body=body[: int(length)], ended=body[int(length) : int(length) + 1] == b"\0")
    text, nul, _ = body.partition(b"\0")
    return frame._replace(body=text, ended=bool(nul))


def _has_cr(data: bytes) -> bool:
    return data[: data.find(b"\n") + 1].endswith(b"\r\n")


def _header(line: bytes) -> tuple[str, str]:
    name, _, value = (_ESCAPE.sub(lambda match: _UNESCAPED[match[1]], part) for part in line.partition(b":"))
    return name.decode("utf-8", "backslashreplace"), value.decode("utf-8", "backslashreplace")


def _is_heartbeat(data: bytes) -> bool:
    return data in (b"\n", b"\r\n")


def _rows(data: bytes, context: Context) -> Rows:
    if _is_heartbeat(data):
        yield Row(0, "", "heartbeat")
        return
    frame = _frame(data)
    yield Row(0, "", frame.command)
    for name, value in frame.headers:
        yield field(name, value, 1)
    if frame.body:
        yield Nested("body", frame.body, context.is_text)
    if not frame.ended:
        yield Row(0, "", "the NUL that ends a frame is missing: the rest may follow in the next message", remark=True)


def _summary(data: bytes, context: Context) -> str:
    if _is_heartbeat(data):
        return "heartbeat"
    frame = _frame(data)
    parts = [frame.command]
    for name in _TOLD:
        if value := frame.header(name):
            parts.append(value if name == "destination" else f"{name}={value}")
    if frame.body:
        parts.append(frame.body[:200].decode("utf-8", "backslashreplace"))
    return " ".join(parts)


VIEWER: Final = Viewer("STOMP", _recognise, _rows, _summary)
