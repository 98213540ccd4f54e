"""Endless input needs no more memory than its limits: wsinspect/tui/packet_index.py, Inspector.trim, the store."""

import gc
import random
import sys
from pathlib import Path

import pytest

from wsinspect import inspector
from wsinspect.capture.packet import Packet
from wsinspect.connection import Connection
from wsinspect.errors import WsinspectError
from wsinspect.filter.particulars import particulars
from wsinspect.inspector import Inspector
from wsinspect.replay import Recording
from wsinspect.report.build import connection_report
from wsinspect.tui import packet_index
from wsinspect.tui.archive import Archive, Archived
from wsinspect.tui.packet_index import PacketIndex
from wsinspect.tui.source import CaptureSource
from wsinspect.tui.store import Store

sys.path.insert(0, str(Path(__file__).parents[1] / "bench"))
import generate

ETHERNET = 1
SECOND = 1_000_000_000


class Traffic:
    """Packets without end, in order; no two connections have the same addresses and ports."""

    problems: list[str] = []  # noqa: RUF012
    secrets: list[bytes] = []  # noqa: RUF012
    dropped = None

    def __init__(self) -> None:
        self._connections = 0
        self._packets = 0
        self._choice = random.Random(1)

    def connections(self, count: int, packets: int = 16) -> list[Packet]:
        """Whole ones, one after the other."""
        found = []
        for _ in range(count):
            self._connections += 1
            found += self.packets_of(generate.Connection(self._connections, packets, self._choice))
        return found

    def packets_of(self, connection: generate.Connection, leave_open: bool = False) -> list[Packet]:
        found = []
        frames = list(connection.packets())
        for data in frames[:-5] if leave_open else frames:
            self._packets += 1
            time_ns = self._packets * SECOND // 10
            found.append(Packet(self._packets, time_ns, ETHERNET, data, len(data), self._packets * 100))
        return found

    def silent(self, count: int) -> list[Packet]:
        """TCP connections that are opened and then nothing."""
        found = []
        for _ in range(count):
            self._connections += 1
            found += self.packets_of(generate.Connection(self._connections, 10, self._choice))[:2]
        return found


def objects(kind: type) -> int:
    gc.collect()
    return sum(isinstance(found, kind) for found in gc.get_objects())


def test_what_has_ended_leaves_nothing_behind(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(inspector, "MAX_STREAMS", 100)
    traffic = Traffic()
    source = CaptureSource("endless", traffic, endless=True)  # type: ignore[arg-type]
    source._inspector._trim_at = 100
    store = Store(source, max_connections=20)
    counts = []
    for _ in range(6):
        store.feed(traffic.connections(150))
        store.feed(traffic.silent(150))
        store.sweep(1.0)
        counts.append((objects(Connection), len(source._inspector._table), len(source._archive._kept)))
    assert store.begun == 900
    assert store.evicted >= 850
    # Twenty that have ended, and those that linger.
    assert all(connections < 60 and streams <= 350 and blocks < 3 for connections, streams, blocks in counts), counts
    archived = len(source._archive._blocks)
    assert archived == 20
    assert len(store._rows) == len(store._revisions) == len(source._connections) + archived < 60
    assert source._inspector.tcp_streams == 1800


def test_a_connection_that_is_in_use_is_never_forgotten(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(inspector, "MAX_STREAMS", 50)
    traffic, watched = Traffic(), Inspector(index=True)
    watched._trim_at = 50
    lasting = traffic.packets_of(generate.Connection(60_000 - 40_000, 40, random.Random(2)))
    for packet in lasting[:20]:
        watched.feed(packet)
    for _ in range(5):
        watched.feed_batch(traffic.connections(100))
        watched.trim()
    assert len(watched._table) <= 150
    for packet in lasting[20:]:
        watched.feed(packet)
    assert watched.tcp_streams == 501
    first = watched.connections[0]
    assert list(first.packets.numbers()) == [packet.number for packet in lasting]


def test_too_many_packets_those_of_ended_connections_go_first(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(packet_index, "MAX_INDEXED", 100)
    monkeypatch.setattr(packet_index, "INTERVAL", 1)
    traffic, index, watched = Traffic(), PacketIndex(), Inspector(index=True)
    watched.feed_batch(traffic.connections(3, packets=40))
    watched.advance(watched.last_ns + 10 * SECOND)
    connections = {connection.id - 1: connection for connection in watched.connections}
    archive = Archive()
    for place in range(2):
        put(archive, connections.pop(place))
    index._look_at = 0
    index.bound(watched.packets, connections, archive)
    # Those that are over, though there would have been room for one of them; then half of the others.
    assert [len(archive.places(place)) for place in range(2)] == [0, 0]
    assert len(connections[2].packets) == 40
    assert index.problems == ["2 connections can be opened in part only, or not at all: more than 100 packets"]
    going_on = generate.Connection(70, 300, random.Random(3))
    watched.feed_batch(traffic.packets_of(going_on, leave_open=True))
    connections[3] = watched.connections[3]
    put(archive, connections.pop(2))
    index._look_at = 0
    index.bound(watched.packets, connections, archive)
    assert len(archive.places(2)) == 0
    assert len(connections[3].packets) == 147
    archive.forget(0)
    index.bound(watched.packets, connections, archive)
    assert index.problems[0].startswith("3 connections")


def put(archive: Archive, connection: Connection) -> None:
    archived = Archived(connection_report(connection), particulars(connection), 0, False, [])
    archive.put(connection.id - 1, archived, connection.packets)


def test_a_connection_without_its_packets_says_so() -> None:
    source = CaptureSource("endless", Traffic(), endless=True)  # type: ignore[arg-type]
    source.feed(Traffic().connections(1))
    frozen = source.freeze(0)
    assert isinstance(frozen, Recording)
    frozen.packets.shorten(0)
    with pytest.raises(WsinspectError, match="no longer kept"):
        source.timeline(frozen)
