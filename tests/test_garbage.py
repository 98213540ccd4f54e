"""wsinspect/garbage.py: what stays is not looked at again."""

import gc

import pytest

from wsinspect.garbage import THRESHOLDS, keep_all, look_seldom


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
