"""Kubernetes' exec, attach and port-forward: the first byte is the channel (apimachinery, `remotecommand`)."""

import re
from typing import Final

from wsinspect.payload.plain import is_utf8, unbase64
from wsinspect.payload.viewer import Context, Match, Nested, Rank, Row, Rows, Unreadable, Viewer

_SUBPROTOCOL: Final = re.compile(r"(v\d\.)?(base64\.)?(channel|binary)\.k8s\.io|portforward\.k8s\.io|v2\.portforward.*")
_CHANNELS: Final = ("stdin", "stdout", "stderr", "error", "resize")
_CLOSE: Final = 255
"""In v5: the byte behind it is the channel that ends."""


def _recognise(data: bytes, context: Context) -> Match | None:
    if _SUBPROTOCOL.fullmatch(context.subprotocol.lower()) and data:
        return Match(Rank.NAMED, f"subprotocol={context.subprotocol}")
    return None


def _channel(number: int, context: Context) -> str:
    if "portforward" in context.path or "portforward" in context.subprotocol:
        return f"{'error' if number % 2 else 'data'} of port {number // 2 + 1}"
    return _CHANNELS[number] if number < len(_CHANNELS) else f"channel {number}"


def _split(data: bytes, context: Context) -> tuple[int, bytes]:
    """Number of the channel and what was sent on it."""
    if "base64." not in context.subprotocol:
        return data[0], data[1:]
    # The channel is an ASCII digit there, and only what follows is base64.
    if not data[:1].isdigit():
        raise Unreadable("the first character is no digit of a channel")
    return data[0] - 0x30, unbase64(data[1:])


def _closed(data: bytes, context: Context) -> str:
    return f"close {_channel(data[0], context)}" if data else "close"


def _rows(data: bytes, context: Context) -> Rows:
    number, rest = _split(data, context)
    if number == _CLOSE:
        yield Row(0, "", _closed(rest, context))
        return
    yield Row(0, "channel: ", f"{number} {_channel(number, context)}")
    if rest:
        yield Nested("data", rest, is_utf8(rest))


def _summary(data: bytes, context: Context) -> str | Nested:
    number, rest = _split(data, context)
    if number == _CLOSE:
        return _closed(rest, context)
    name = _channel(number, context)
    return Nested(name, rest, is_utf8(rest)) if rest else f"{name}, empty"


VIEWER: Final = Viewer("Kubernetes", _recognise, _rows, _summary)
