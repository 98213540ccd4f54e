"""Connections that are over, in little memory: wsinspect/tui/archive.py."""

import gc
import random
import sys
import tracemalloc
from contextlib import closing
from pathlib import Path

import pytest

from wsinspect.capture.packet import Packet
from wsinspect.inspector import Inspector
from wsinspect.tui import archive
from wsinspect.tui.source import CaptureSource, open_source
from wsinspect.tui.store import Store

sys.path.insert(0, str(Path(__file__).parents[1] / "bench"))
import generate

TOUR = Path(__file__).parents[2] / "captures" / "tour.pcapng"


def load(source: CaptureSource, store: Store) -> None:
    for batch in source.batches(512):
        store.feed(batch)
    store.finish()


@pytest.mark.parametrize("block", [4, 64])
def test_what_comes_out_is_what_went_in(monkeypatch: pytest.MonkeyPatch, block: int) -> None:
    monkeypatch.setattr(archive, "BLOCK", block)
    with closing(open_source(str(TOUR))) as kept, closing(open_source(str(TOUR))) as archived:
        for batch in kept.batches(512):
            kept.feed(batch)
        kept.finish()
        store = Store(archived)
        load(archived, store)
        assert len(kept) == len(archived) > 2 * 4
        assert not archived._connections
        for index in range(len(kept)):
            assert archived.report(index) == kept.report(index)
            assert archived.particulars(index) == kept.particulars(index)
            mine, other = archived.freeze(index), kept.freeze(index)
            assert list(archived.places(mine)) == list(kept.places(other))
            mine_too, other_too = archived.timeline(mine), kept.timeline(other)
            assert list(mine_too.entries) == list(other_too.entries)
            assert mine_too.violations == other_too.violations


def test_memory_of_a_connection_that_is_over(tmp_path: Path) -> None:
    connections = 512
    path = tmp_path / "many.pcap"
    generate.write(path, connections * 14, connections, 6455, (20, 200))
    with closing(open_source(str(path))) as source:
        store = Store(source)
        batches = list(source.batches(512))
        store.feed(batches[0])  # what is loaded late comes now
        tracemalloc.start()
        try:
            for batch in batches[1:]:
                store.feed(batch)
            store.finish()
            store.judge_together()
            del batches, batch
            gc.collect()
            used, _ = tracemalloc.get_traced_memory()
        finally:
            tracemalloc.stop()
        assert len(store) == connections
        assert not source._connections
        assert used / connections < 2048


def test_a_late_packet_of_a_stream_that_is_over_is_no_new_stream() -> None:
    choice = random.Random(1)
    inspector = Inspector()
    frames = list(generate.Connection(1, 14, choice).packets())
    for number, data in enumerate(frames, 1):
        inspector.feed(Packet(number, number * 1_000_000, 1, data, len(data), 0))
    inspector.advance(10_000_000_000)
    assert not inspector._table.by_flow
    for number, data in enumerate(frames[-4:] * 2, 100):
        inspector.feed(Packet(number, 11_000_000_000 + number, 1, data, len(data), 0))
    assert inspector.tcp_streams == len(inspector.connections) == 1
    assert not inspector._table.by_flow
    # The same addresses and ports again, opened anew.
    for number, data in enumerate(generate.Connection(1, 14, choice).packets(), 200):
        inspector.feed(Packet(number, 12_000_000_000 + number, 1, data, len(data), 0))
    assert inspector.tcp_streams == len(inspector.connections) == 2
