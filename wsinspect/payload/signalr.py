"""ASP.NET Core SignalR: records of JSON that end with 0x1E, or of MessagePack that begin with their length
(https://github.com/dotnet/aspnetcore/blob/main/src/SignalR/docs/specs/HubProtocol.md).
"""

from collections.abc import Iterator
from typing import Final

from wsinspect.payload import msgpack
from wsinspect.payload.cursor import Cursor
from wsinspect.payload.json_text import compact, json_rows, raw_object, scalar
from wsinspect.payload.tree import notation, value_rows
from wsinspect.payload.viewer import Context, Match, Rank, Row, Rows, Unreadable, Viewer, decodable

_TYPES: Final = (
    "", "Invocation", "StreamItem", "Completion", "StreamInvocation", "CancelInvocation", "Ping", "Close", "Ack",
    "Sequence",
)  # fmt: skip
_END: Final = b"\x1e"


def _recognise(data: bytes, context: Context) -> Match | None:
    if data[:1] == b"{" and data[-1:] == _END:
        return Match(Rank.SIGNATURE, "records of JSON end with 1e")
    if context.is_text or b'"messagepack"' not in context.first_sent[:200] or _END not in context.first_sent[:201]:
        return None
    return Match(Rank.NAMED, "the client's first message asks for SignalR's messagepack")


def _records(data: bytes) -> Iterator[dict[str, str]]:
    *records, rest = decodable(data).split(_END)
    for record in records:
        yield raw_object(record)
    if rest:
        raise Unreadable("the last record does not end with 1e")


def _binary(data: bytes) -> Iterator[list[object]]:
    cursor = Cursor(decodable(data))
    while cursor.left:
        message = msgpack.decode(cursor.take(cursor.varint(5)))
        if not isinstance(message, list) or not message:
            raise Unreadable("a message of SignalR is an array, this is none")
        yield message


def _title(number: object) -> str:
    """`Invocation`; the two messages of the handshake have no type."""
    place = int(number) if isinstance(number, int | str) and str(number).isdecimal() and len(str(number)) < 4 else 0
    return _TYPES[place] if 0 < place < len(_TYPES) else f"type {number}" if number is not None else "handshake"


def _rows(data: bytes, context: Context) -> Rows:
    if data[:1] != b"{":
        for message in _binary(data):
            yield Row(0, "", _title(message[0]))
            for element in message[1:]:
                yield from value_rows(element, depth=1)
        return
    for record in _records(data):
        yield Row(0, "", _title(record.pop("type", None)))
        for name, value in record.items():
            yield from json_rows(value, 1, f"{name}: ")


def _summary(data: bytes, context: Context) -> str:
    if data[:1] != b"{":
        return " · ".join(f"{_title(message[0])} {notation(message[1:], 200)}" for message in _binary(data))
    return " · ".join(_record_summary(record) for record in _records(data))


def _record_summary(record: dict[str, str]) -> str:
    parts = [_title(record.get("type"))]
    if "invocationId" in record:
        parts.append(f"id={scalar(record['invocationId'])}")
    if "target" in record:
        parts.append(scalar(record["target"]))
    for name in ("arguments", "item", "result"):
        if name in record:
            parts.append(compact(record[name]))
    if "error" in record:
        parts.append(f"error={record['error'][:200]}")
    if "type" not in record and "protocol" in record:
        parts.append(f"{scalar(record['protocol'])} {record.get('version', '')}")
    return " ".join(parts).rstrip()


VIEWER: Final = Viewer("SignalR", _recognise, _rows, _summary)
