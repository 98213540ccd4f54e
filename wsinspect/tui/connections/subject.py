"""A row as the subject of a filter: what the row has costs nothing, the rest is fetched when it is asked for."""

from collections import Counter
from collections.abc import Callable, Iterable
from typing import Any, Final

from wsinspect.filter.fields import Field
from wsinspect.filter.filter import Filter
from wsinspect.filter.kinds import Kind
from wsinspect.filter.particulars import Particulars
from wsinspect.report import model
from wsinspect.report.brief import without_port
from wsinspect.timeline import Timeline
from wsinspect.tui.connections.row import Row
from wsinspect.tui.store import Store

MAX_ASKED: Final = 1000
"""Latest rows whose values are offered while a filter is typed."""
MAX_OFFERED: Final = 50
"""Values offered."""


class RowSubject:
    """A connection of the list."""

    __slots__ = ("_index", "_particulars", "_report", "_store", "_timeline", "row")

    def __init__(self, store: Store, index: int, row: Row) -> None:
        self.row = row
        self._store = store
        self._index = index
        self._report: model.Connection | None = None
        self._particulars: Particulars | None = None
        self._timeline: Timeline | None = None

    @property
    def report(self) -> model.Connection:
        if self._report is None:
            self._report = self._store.report(self._index)
        return self._report

    @property
    def now(self) -> float | None:
        return self._store.source.last_time

    @property
    def timeline(self) -> Timeline:
        if self._timeline is None:
            self._timeline = self._store.source.timeline(self._store.open(self._index)[1])
        return self._timeline

    @property
    def particulars(self) -> Particulars:
        if self._particulars is None:
            self._particulars = self._store.particulars(self._index)
        return self._particulars

    @property
    def packet_numbers(self) -> Iterable[int]:
        return self._store.source.places(self._store.freeze(self._index)).numbers()


def _split(address: str) -> tuple[str, int]:
    host, _, port = address.rpartition(":")
    return (host[1:-1] if host[:1] == "[" else host), int(port)


def _url(row: Row) -> str:
    return f"{row.scheme}://{row.host}{row.path}" if row.scheme else ""


ROW_FIELDS: Final[dict[str, Callable[[Row], Any]]] = {
    "ws.id": lambda row: row.id,
    "ws.state": lambda row: row.state,
    "ws.client.addr": lambda row: _split(row.client)[0],
    "ws.client.port": lambda row: _split(row.client)[1],
    "ws.server.addr": lambda row: _split(row.server)[0],
    "ws.server.port": lambda row: _split(row.server)[1],
    "ws.url": _url,
    "ws.host": lambda row: without_port(row.host),
    "ws.path": lambda row: row.path.partition("?")[0],
    "ws.subprotocol": lambda row: row.subprotocol,
    "ws.extensions": lambda row: row.extensions,
    "ws.tls": lambda row: row.tls,
    "ws.joined": lambda row: row.joined,
    "ws.started": lambda row: row.started,
    "ws.ended": lambda row: row.ended,
    "ws.duration": lambda row: row.age,
    "ws.idle": lambda row: row.idle,
    "ws.rtt": lambda row: row.rtt,
    "ws.messages": lambda row: row.sent + row.received,
    "ws.messages.client": lambda row: row.sent,
    "ws.messages.server": lambda row: row.received,
    "ws.bytes": lambda row: row.bytes,
    "ws.close.code": lambda row: row.code,
    "ws.close.name": lambda row: row.close if row.code is not None else None,
    "ws.close.reason": lambda row: row.reason,
    "ws.close.clean": lambda row: row.clean,
    "ws.close.initiator": lambda row: row.initiator,
    "ws.close.tcp.kind": lambda row: row.tcp_kind,
    "ws.close.tcp.by": lambda row: row.tcp_by,
    "ws.rule": lambda row: [one.rule for one in row.violations],
    "ws.severity": lambda row: [one.severity for one in row.violations],
    "ws.violation.by": lambda row: [one.by for one in row.violations if one.by],
    "ws.diagnosis": lambda row: row.diagnoses,
    "tcp.stream": lambda row: row.tcp_stream,
    "tcp.port": lambda row: (_split(row.client)[1], _split(row.server)[1]),
    "ip.addr": lambda row: (_split(row.client)[0], _split(row.server)[0]),
    "http.host": lambda row: row.host,
    "http.request.uri": lambda row: row.path,
    "http.request.full_uri": _url,
    "http.response.code": lambda row: row.status,
}
"""Fields that the row answers; they mean what the table of fields says."""


class RowAccess:
    """Where a filter finds the fields of a `RowSubject`."""

    def getter(self, field: Field) -> Callable[[RowSubject], Any]:
        """The row's if it has the field."""
        get = ROW_FIELDS.get(field.name)
        if get is None:
            return field.get
        return lambda subject: get(subject.row)

    def cost(self, field: Field) -> int:
        """Nothing if the row has the field."""
        return 0 if field.name in ROW_FIELDS else 1 + field.needs

    def everywhere(self, subject: RowSubject) -> str:
        """What a plain word is sought in: the row has all of it."""
        return row_text(subject.row)


def row_text(row: Row) -> str:
    """All that a plain word can find."""
    parts = [
        row.client, row.server, _url(row), row.state, row.subprotocol or "", *row.extensions, row.tls or "",
        f"{row.code or ''} {row.close} {row.reason}", row.remarks,
        *(one.rule for one in row.violations), *row.diagnoses,
    ]  # fmt: skip
    return "\n".join(parts)


def values_seen(store: Store, field: Field) -> list[str]:
    """Values that a field has in the list, the most frequent first; of a long list, in a part of it."""
    get = ROW_FIELDS.get(field.name)
    if get is None or field.kind in (Kind.TIME, Kind.DURATION):
        return []
    values: Counter[object] = Counter()
    for index in range(max(0, store.begun - MAX_ASKED), store.begun):
        if (row := store.known(index)) is not None:
            found = get(row)
            values.update(found if field.many else (found,))
    return [str(value) for value, _ in values.most_common(MAX_OFFERED + 1) if value not in (None, "")][:MAX_OFFERED]


def is_quick(filter_: Filter) -> bool:
    """Whether rows alone answer it."""
    return all(field.name in ROW_FIELDS for field in filter_.fields)
