"""GraphQL: graphql-transport-ws (https://github.com/enisdenjo/graphql-ws/blob/master/PROTOCOL.md) and the older
graphql-ws of subscriptions-transport-ws."""

from typing import Final

from wsinspect.payload.json_text import compact, json_rows, looks_like_json, raw_object, scalar, string
from wsinspect.payload.viewer import Context, Match, Row, Rows, Unreadable, Viewer, field, named


def _recognise(data: bytes, context: Context) -> Match | None:
    return named(context, "graphql-transport-ws", "graphql-ws") if looks_like_json(data[:64]) else None


def _message(data: bytes) -> dict[str, str]:
    members = raw_object(data)
    if string(members.get("type")) is None:
        raise Unreadable("a message of GraphQL has a type, this one has none")
    return members


def _operation(payload: str | None) -> dict[str, str]:
    """Members of the payload of subscribe (or start); nothing if it has no query."""
    if payload is None or payload[:1] != "{":
        return {}
    members = raw_object(payload.encode("utf-8", "surrogatepass"))
    return members if string(members.get("query")) is not None else {}


def _rows(data: bytes, context: Context) -> Rows:
    members = _message(data)
    for name in ("type", "id"):
        if name in members:
            yield field(name, scalar(members.pop(name)))
    operation = _operation(members.get("payload"))
    if operation:
        del members["payload"]
        yield Row(0, "query:")
        for line in scalar(operation.pop("query")).splitlines():
            yield Row(1, "", line)
    for name, value in (operation | members).items():
        yield from json_rows(value, name=f"{name}: ")


def _summary(data: bytes, context: Context) -> str:
    members = _message(data)
    parts = [scalar(members["type"])]
    if "id" in members:
        parts.append(f"id={scalar(members['id'])}")
    operation = _operation(members.get("payload"))
    if operation:
        parts.append(compact(scalar(operation["query"])))
    elif "payload" in members:
        parts.append(compact(members["payload"]))
    return " ".join(parts)


VIEWER: Final = Viewer("GraphQL", _recognise, _rows, _summary)
