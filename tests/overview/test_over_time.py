"""wsinspect/overview/over_time.py: stretches of a round length."""

import pytest
from made_records import START, ended, reset

from wsinspect.overview.over_time import WIDTHS, OverTime, closes_over_time, stretch
from wsinspect.overview.records import Record, Records


@pytest.mark.parametrize(
    ("seconds", "most", "width"),
    [(0, 60, 0.01), (0.5, 60, 0.01), (10, 60, 0.2), (59, 60, 1), (60, 60, 2), (3600, 60, 120), (86400, 60, 1800),
     (86400 * 3650, 60, 604800 * 9)],
)  # fmt: skip
def test_stretch(seconds: float, most: int, width: float) -> None:
    assert stretch(seconds, most) == width


@pytest.mark.parametrize("span", [0.3, 7, 59.9, 61, 3601, 90000, 3e6, 4e8])
@pytest.mark.parametrize("most", [10, 60, 187])
def test_never_more_stretches_than_wanted_and_nobody_lost(span: float, most: int) -> None:
    records = Records(ended(span * number / 99) for number in range(100))
    found = closes_over_time(records, most)
    assert 1 <= len(found.totals) <= most
    assert sum(found.totals) == 100
    assert found.start <= START


def test_codes_apart_the_most_frequent_first() -> None:
    records = Records([ended(0.1), reset(0.2), reset(1.2), Record(), ended(1.3, 1006, failed=True, name="HTTP 403")])
    found = closes_over_time(records, 3)
    assert found == OverTime(
        START, 1, {(1006, "Abnormal Closure"): [1, 1], (1000, "Normal Closure"): [1, 0], (None, "HTTP 403"): [0, 1]}
    )
    assert found.totals == [2, 2]
    assert found.position(START + 1.2) == 1


def test_the_capture_may_be_longer_than_the_ends() -> None:
    found = closes_over_time(Records([ended(10)]), 10, START, START + 60)
    assert (found.start, found.width) == (START - START % 10, 10)
    assert found.totals[1:] == [1, 0, 0, 0, 0, 0] or sum(found.totals) == 1
    assert len(found.totals) == 7


def test_nothing_ended() -> None:
    assert closes_over_time(Records([Record()]), 60).counts == {}
    assert closes_over_time(Records([ended(1)._replace(ended=None)]), 60).totals == []


def test_widths_grow() -> None:
    assert list(WIDTHS) == sorted(WIDTHS)
