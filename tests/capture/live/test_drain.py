"""wsinspect/capture/live/drain.py: when the loop flushes, tells, and ends."""

import os
import time
from collections.abc import Iterator

import pytest

from wsinspect.capture.live.drain import BURST, Loop


class FakeDrain:
    """Packets that come when the test says so."""

    pause = 0.0
    full = 5

    def __init__(self, counts: list[int], endless: int = 0) -> None:
        self.reading, self.writing = os.pipe()
        self.descriptors = [self.reading]
        self.counts = counts
        self.endless = endless
        self.limits: list[int] = []
        self.flushes: list[int] = []
        self.taken = 0

    def drain(self, limit: int) -> int:
        self.limits.append(limit)
        count = min(limit, self.counts.pop(0) if self.counts else self.endless)
        self.taken += count
        time.sleep(0.001)
        return count

    def flush(self) -> None:
        self.flushes.append(self.taken)

    def kept(self) -> int:
        return self.taken

    def dropped(self) -> int:
        return 3

    def close(self) -> None:
        os.close(self.reading)
        os.close(self.writing)


@pytest.fixture
def control() -> Iterator[tuple[int, int]]:
    reading, writing = os.pipe()
    yield reading, writing
    os.close(reading)
    os.close(writing)


def test_a_number_of_packets_ends_it_exactly(control: tuple[int, int]) -> None:
    drain = FakeDrain([10, 10, 10])
    Loop(drain, control[0], lambda *_: None).run(25, None)
    assert drain.taken == 25
    assert drain.limits == [25, 15, 5]
    drain.close()


def test_a_length_of_time_ends_it(control: tuple[int, int]) -> None:
    drain = FakeDrain([], endless=4)
    begun = time.monotonic()
    Loop(drain, control[0], lambda *_: None).run(None, 0.2)
    assert 0.2 < time.monotonic() - begun < 2
    assert set(drain.limits) == {BURST}
    drain.close()


def test_silence_after_packets_flushes_once(control: tuple[int, int]) -> None:
    drain = FakeDrain([7])
    Loop(drain, control[0], lambda *_: None).run(None, 0.3)
    assert drain.flushes == [7]
    drain.close()


def test_without_silence_it_flushes_in_time_and_tells(control: tuple[int, int]) -> None:
    drain = FakeDrain([], endless=4)
    told: list[tuple[int, int]] = []
    Loop(drain, control[0], lambda *counts: told.append(counts)).run(None, 0.9)
    assert len(drain.flushes) >= 4
    assert len(told) >= 2
    assert told[-1][0] > 0
    assert told[-1][1] == 3
    drain.close()


def test_the_parent_ends_it(control: tuple[int, int]) -> None:
    drain = FakeDrain([])
    os.write(control[1], b"x")
    begun = time.monotonic()
    Loop(drain, control[0], lambda *_: None).run(None, None)
    assert time.monotonic() - begun < 2
    drain.close()


def test_what_is_in_the_kernel_when_the_parent_ends_it_is_still_taken(control: tuple[int, int]) -> None:
    drain = FakeDrain([5] * 500)
    os.write(control[1], b"x")
    Loop(drain, control[0], lambda *_: None).run(None, None)
    assert drain.taken == 2500
    drain.close()


def test_but_not_for_ever(control: tuple[int, int], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("wsinspect.capture.live.drain.EMPTY_SECONDS", 0.1)
    drain = FakeDrain([], endless=5)
    os.write(control[1], b"x")
    begun = time.monotonic()
    Loop(drain, control[0], lambda *_: None).run(None, None)
    assert time.monotonic() - begun < 2
    drain.close()
