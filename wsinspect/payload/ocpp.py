"""OCPP-J: charging stations and their management system (Open Charge Alliance, OCPP 1.6 JSON §4, 2.0.1 part 4 §4)."""

from typing import Final

from wsinspect.payload.json_text import compact, json_rows, looks_like_json, raw_array, scalar
from wsinspect.payload.viewer import Context, Match, Rank, Row, Rows, Unreadable, Viewer

_MESSAGES: Final[dict[str, tuple[str, ...]]] = {
    "2": ("CALL", "id", "action", "payload"),
    "3": ("CALLRESULT", "id", "payload"),
    "4": ("CALLERROR", "id", "code", "description", "details"),
    "5": ("CALLRESULTERROR", "id", "code", "description", "details"),
    "6": ("SEND", "id", "action", "payload"),
}


def _recognise(data: bytes, context: Context) -> Match | None:
    if context.subprotocol.lower().startswith("ocpp") and looks_like_json(data[:64]):
        return Match(Rank.NAMED, f"subprotocol={context.subprotocol}")
    return None


def _message(data: bytes) -> tuple[str, dict[str, str]]:
    """The kind of message, and its elements by name, still as JSON."""
    first, *elements = raw_array(data) or [""]
    if first not in _MESSAGES:
        raise Unreadable("a message of OCPP begins with its type, 2 to 6; this one does not")
    title, *names = _MESSAGES[first]
    return title, dict(zip(names, elements, strict=False))


def _rows(data: bytes, context: Context) -> Rows:
    title, elements = _message(data)
    yield Row(0, "", title)
    for name, value in elements.items():
        yield from json_rows(value, 1, f"{name}: ")


def _summary(data: bytes, context: Context) -> str:
    title, elements = _message(data)
    parts = [title]
    for name in ("action", "code"):
        if name in elements:
            parts.append(scalar(elements[name]))
    if "id" in elements:
        parts.append(f"id={scalar(elements['id'])}")
    parts += [compact(elements[name]) for name in ("description", "payload") if name in elements]
    return " ".join(parts)


VIEWER: Final = Viewer("OCPP", _recognise, _rows, _summary)
