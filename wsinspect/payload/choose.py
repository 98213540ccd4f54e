"""Which viewers fit a payload, and what the chosen one tells. Nothing here raises, whatever the bytes are."""

from collections.abc import Iterator
from itertools import islice
from typing import Final, NamedTuple

from wsinspect.payload import (
    cbor,
    compressed,
    graphql,
    json_text,
    kubernetes,
    mqtt,
    msgpack,
    ocpp,
    plain,
    protobuf,
    signalr,
    socketio,
    sockjs,
    stomp,
    wamp,
)  # fmt: skip
from wsinspect.payload.viewer import (
    MAX_DECODED,
    MAX_NESTING,
    MAX_ROWS,
    SUMMARY,
    Context,
    Match,
    Nested,
    Rank,
    Row,
    Unreadable,
    Viewer,
)  # fmt: skip

VIEWERS: Final = (
    sockjs.VIEWER, socketio.VIEWER, graphql.VIEWER, signalr.VIEWER, stomp.VIEWER, mqtt.VIEWER, wamp.VIEWER,
    kubernetes.VIEWER, ocpp.VIEWER, compressed.VIEWER, json_text.VIEWER, msgpack.VIEWER, cbor.VIEWER, protobuf.VIEWER,
    plain.FROM_BASE64, plain.TEXT, plain.HEX, plain.BASE64,
)  # fmt: skip
"""All of them. Where two are equally sure, the earlier one is shown. Another format is one more name here."""


class Choice(NamedTuple):
    """A viewer that fits."""

    viewer: Viewer
    match: Match

    @property
    def name(self) -> str:
        """What it is called, for a list."""
        return self.viewer.name

    @property
    def is_perhaps(self) -> bool:
        """Whether the payload may be something else as well."""
        return self.match.rank is Rank.PERHAPS

    @property
    def explanation(self) -> str:
        """`MQTT, because subprotocol=mqtt`."""
        return f"{'perhaps ' if self.is_perhaps else ''}{self.name}, because {self.match.why}"


def choices(data: bytes, context: Context) -> list[Choice]:
    """The viewers that fit, best first; the hex dump is always among them."""
    found = [Choice(viewer, match) for viewer in VIEWERS if (match := viewer.recognise(data, context)) is not None]
    return sorted(found, key=lambda choice: -choice.match.rank)


def rows(viewer: Viewer, data: bytes, context: Context) -> Iterator[Row]:
    """What `viewer` tells, at most `MAX_ROWS` rows, made one by one.

    If the data proves to be something else, or ends too early, a remark says so and the bytes follow: as text if they
    are said to be text, as a hex dump otherwise.
    """
    told = _told(viewer, data, context, 0)
    yield from islice(told, MAX_ROWS)
    if next(told, None) is not None:
        yield Row(0, "", f"… only the first {MAX_ROWS:,} lines; the hex dump has all", remark=True)


def _told(viewer: Viewer, data: bytes, context: Context, level: int) -> Iterator[Row]:
    try:
        for row in viewer.rows(data, context):
            if isinstance(row, Row):
                yield row
            else:
                yield from _nested(row, context, level + 1)
    except Unreadable as error:
        yield Row(0, "", f"not readable as {viewer.name}: {error}", remark=True)
        yield from plain.text_rows(data) if context.is_text else plain.hex_rows(data)


def _nested(nested: Nested, context: Context, level: int) -> Iterator[Row]:
    best = _best_inside(nested, context, level)
    is_perhaps = ", perhaps" if best.is_perhaps else ""
    yield Row(nested.depth, f"{nested.title}: ", f"({len(nested.data):,} bytes{is_perhaps}, shown as {best.name})")
    for row in _told(best.viewer, nested.data, _inside(nested, context), level):
        yield row._replace(depth=row.depth + nested.depth + 1)


def _inside(nested: Nested, context: Context) -> Context:
    """The context of what is inside: mostly the subprotocol does not say what that is."""
    if nested.same_protocol:
        return context._replace(url="", is_text=nested.is_text)
    return Context(is_text=nested.is_text)


def _best_inside(nested: Nested, context: Context, level: int) -> Choice:
    found = choices(nested.data, _inside(nested, context))
    if level < MAX_NESTING:
        return found[0]
    return next(choice for choice in found if choice.viewer in (plain.TEXT, plain.HEX))


def summary(data: bytes, context: Context) -> str | None:
    """The one-line form, not escaped; None if no format is recognised that has a better one than the bytes."""
    return _summary(data, context, 0)


def _summary(data: bytes, context: Context, level: int) -> str | None:
    if not data or len(data) > MAX_DECODED:
        return None
    best: Choice | None = None
    for viewer in VIEWERS:
        if viewer.summary is None:
            continue
        match = viewer.recognise(data, context)
        if match is not None and (best is None or match.rank > best.match.rank):
            best = Choice(viewer, match)
    if best is None or best.viewer.summary is None:
        return None
    try:
        told = best.viewer.summary(data, context)
    except Unreadable:
        return None
    if isinstance(told, Nested):
        told = _nested_summary(told, context, level + 1)
    return f"{'perhaps ' + best.name + ' ' if best.is_perhaps else ''}{told}"[:SUMMARY]


def _nested_summary(nested: Nested, context: Context, level: int) -> str:
    inside = _summary(nested.data, _inside(nested, context), level) if level < MAX_NESTING else None
    if inside is None:
        inside = plain.preview(nested.data, nested.is_text)
    return f"{nested.title} {inside}".lstrip()
