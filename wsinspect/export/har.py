"""HAR 1.2, with messages as Chrome's developer tools write them; they open it by "Import HAR file".

http://www.softwareishard.com/blog/har-12-spec/. Fields that begin with an underscore are not of the standard:
`_webSocketMessages` is Chrome's, `_webSocketClose` and the rest are ours.
"""

import base64
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any, BinaryIO
from urllib.parse import parse_qsl, urlsplit

import msgspec

from wsinspect import __version__
from wsinspect.escape import json_text
from wsinspect.export.facts import endpoint
from wsinspect.export.selection import Progress, Selection
from wsinspect.report import model
from wsinspect.timeline import FrameEntry, HeadEntry, Timeline
from wsinspect.transport.httphead import Head, RequestHead, ResponseHead
from wsinspect.websocket.frames import Opcode
from wsinspect.websocket.side import Side

_Json = dict[str, Any]
_SENT = {Side.CLIENT: "send", Side.SERVER: "receive"}


def write_har(selection: Selection, output: BinaryIO, progress: Progress) -> None:
    """Write an entry for each connection; in memory is one at a time."""
    creator = {"name": "wsinspect", "version": __version__}
    comment = f"from {selection.capture().source}"
    output.write(b'{"log":{"version":"1.2","creator":%s,"pages":[],"comment":%s,' % (_json(creator), _json(comment)))
    output.write(b'"entries":[')
    for place in range(len(selection)):
        progress(place, len(selection))
        output.write((b",\n" if place else b"\n") + _json(_entry(selection.report(place), selection.timeline(place))))
    output.write(b"\n]}}\n")


def _entry(report: model.Connection, timeline: Timeline) -> _Json:
    request = response = None
    for entry in timeline.entries:
        if isinstance(entry, HeadEntry):
            if isinstance(entry.head, RequestHead):
                request = entry.head
            else:
                response = entry.head
    took = report.handshake.seconds if report.handshake else None
    wait = max(0.0, (took or 0.0) * 1000)
    last = max([report.started, report.ended or 0.0, *(entry.time_ns / 1e9 for entry in timeline.entries[-1:])])
    rest = max(0.0, (last - report.started) * 1000 - wait)
    return {
        "startedDateTime": _iso(report.started),
        "time": wait + rest,
        "request": _request(report, request),
        "response": _response(response),
        "cache": {},
        "timings": {"blocked": -1, "dns": -1, "connect": -1, "send": 0, "wait": wait, "receive": rest, "ssl": -1},
        "serverIPAddress": report.server.address,
        "connection": str(report.tcp_stream),
        "_resourceType": "websocket",
        "_webSocketMessages": list(_messages(timeline)),
        "_webSocketClose": _close(report),
    }


def _request(report: model.Connection, head: RequestHead | None) -> _Json:
    secure = "wss" if report.tls else "ws"
    url = report.url or f"{secure}://{endpoint(report.server)}/"
    return {
        "method": head.method if head else "GET",
        "url": url,
        "httpVersion": _version(head),
        "cookies": [_cookie(part) for value in _values(head, "Cookie") for part in value.split(";")],
        "headers": _headers(head),
        "queryString": _query(url),
        "headersSize": -1,
        "bodySize": 0,
    }


def _response(head: ResponseHead | None) -> _Json:
    return {
        "status": head.status if head else 0,
        "statusText": head.reason if head else "",
        "httpVersion": _version(head),
        "cookies": [_cookie(value.partition(";")[0]) for value in _values(head, "Set-Cookie")],
        "headers": _headers(head),
        "content": {"size": 0, "mimeType": "x-unknown"},
        "redirectURL": next(iter(_values(head, "Location")), ""),
        "headersSize": -1,
        "bodySize": -1,
    }


def _messages(timeline: Timeline) -> Iterator[_Json]:
    """Text and binary messages at the time of their last frame."""
    for entry in timeline.entries:
        if not isinstance(entry, FrameEntry) or entry.message is None:
            continue
        message = entry.message
        told: _Json = {"type": _SENT[entry.side], "time": entry.time_ns / 1e9, "opcode": int(message.opcode)}
        if message.opcode == Opcode.TEXT:
            try:
                told["data"] = message.data.decode()
            except UnicodeDecodeError:
                told["data"] = message.data.decode(errors="replace")
                told["_base64"] = base64.b64encode(message.data).decode()
        else:
            told["data"] = base64.b64encode(message.data).decode()
        if len(message.data) < message.length or message.missing:
            told["_length"], told["_missing"] = message.length, message.missing
        yield told


def _close(report: model.Connection) -> _Json | None:
    """What the client's program was told, and by whom; None while the connection is open."""
    close = report.close
    told = close.event.client if close.event else None
    if told is None and close.initiator is None and close.tcp is None:
        return None
    return {
        "code": told.code if told else None,
        "reason": told.reason if told else None,
        "name": told.name if told else None,
        "codebook": told.codebook if told else None,
        "codebookBecause": told.because if told else None,
        "wasClean": told.was_clean if told else None,
        "initiator": close.initiator,
        "tcp": {"kind": close.tcp.kind, "by": close.tcp.by} if close.tcp else None,
        "summary": close.summary,
    }


def _values(head: Head | None, name: str) -> list[str]:
    return head.values(name) if head else []


def _headers(head: Head | None) -> list[_Json]:
    return [{"name": name, "value": value} for name, value in head.fields] if head else []


def _cookie(pair: str) -> _Json:
    name, _, value = pair.strip().partition("=")
    return {"name": name, "value": value}


def _query(url: str) -> list[_Json]:
    try:
        query = urlsplit(url).query
    except ValueError:  # brackets that enclose no address
        query = url.partition("?")[2]
    return [{"name": name, "value": value} for name, value in parse_qsl(query, True, errors="backslashreplace")]


def _version(head: Head | None) -> str:
    return head.version if head and head.version else "unknown"


def _iso(seconds: float) -> str:
    try:
        return datetime.fromtimestamp(seconds, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
    except (OverflowError, ValueError, OSError):
        return "1970-01-01T00:00:00.000Z"


def _json(value: object) -> bytes:
    return json_text(msgspec.json.encode(value).decode()).encode()
