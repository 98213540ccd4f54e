"""wsinspect/garbage.py: what stays is not looked at again. So what goes must go by itself."""

import gc
from pathlib import Path

import pytest

from wsinspect.capture.source import open_capture
from wsinspect.garbage import THRESHOLDS, keep_all, look_seldom
from wsinspect.inspector import Inspector

CAPTURES = sorted((Path(__file__).parents[1] / "captures" / "situations").glob("*.pcap*"))


class Node:
    """Something that can be part of a cycle."""

    other: "Node"


@pytest.fixture(autouse=True)
def as_before() -> object:
    before = gc.get_threshold()
    yield
    gc.set_threshold(*before)
    gc.unfreeze()


def test_what_there_is_stays() -> None:
    gc.collect()
    known = [Node() for _ in range(1000)]
    before = gc.get_freeze_count()
    keep_all()
    assert gc.get_freeze_count() >= before + len(known)


def test_young_cycles_are_not_kept() -> None:
    class Counted(Node):
        gone = 0

        def __del__(self) -> None:
            Counted.gone += 1

    node = Counted()
    node.other = node
    del node
    keep_all()
    assert Counted.gone == 1


def test_garbage_is_looked_for_seldom() -> None:
    look_seldom()
    assert gc.get_threshold() == THRESHOLDS


@pytest.mark.parametrize("path", CAPTURES, ids=lambda path: path.name)
def test_what_is_over_takes_no_search_to_be_freed(path: Path) -> None:
    gc.collect()
    gc.disable()
    try:
        inspect_and_let_go(path)
        gc.set_debug(gc.DEBUG_SAVEALL)
        gc.collect()
        ours = {type(found).__name__ for found in gc.garbage if type(found).__module__.startswith("wsinspect")}
    finally:
        gc.set_debug(0)
        gc.garbage.clear()
        gc.enable()
    assert not ours


def inspect_and_let_go(path: Path) -> None:
    """Read a capture to its end, as the screens do with connections that are over."""
    inspector, reader = Inspector(index=True), open_capture(str(path))
    for batch in reader.batches(256):
        inspector.feed_batch(batch)
    inspector.finish()
    for connection in inspector.connections:
        connection.release()
    reader.close()
