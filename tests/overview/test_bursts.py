"""wsinspect/overview/bursts.py: steady traffic has none, a deploy has one."""

import random

import pytest
from made_records import START, ended

from wsinspect.overview.bursts import Burst, bursts
from wsinspect.overview.records import Records


def found(times: list[float], code: int = 1000, start: float | None = None, end: float | None = None) -> list[Burst]:
    records = Records(ended(time, code) for time in times)
    return bursts(records, None if start is None else START + start, None if end is None else START + end)


def poisson(rate: float, seconds: float, seed: int) -> list[float]:
    """Ends at random, so many a second."""
    chance = random.Random(seed)
    times, now = [], chance.expovariate(rate)
    while now < seconds:
        times.append(now)
        now += chance.expovariate(rate)
    return times


@pytest.mark.parametrize("rate", [0.02, 0.5, 5.0, 40.0])
@pytest.mark.parametrize("seed", range(25))
def test_steady_traffic_has_none(rate: float, seed: int) -> None:
    assert found(poisson(rate, min(20_000, 2000 / rate), seed)) == []


@pytest.mark.parametrize("rate", [0.02, 0.5, 5.0])
@pytest.mark.parametrize("seed", range(5))
def test_a_deploy_in_it_is_one(rate: float, seed: int) -> None:
    steady = poisson(rate, 600, seed)
    deploy = [300 + number / 100 for number in range(100)]
    (burst,) = found(steady + deploy)
    assert abs(burst.start - START - 300) <= 2
    assert abs(burst.end - START - 300.99) <= 2
    assert 100 <= burst.connections <= 100 + 20 * rate + 5
    assert burst.usual < 4 * rate + 1


def test_one_that_drains_in_half_a_minute() -> None:
    (burst,) = found([float(number) * 40 for number in range(60)] + [1000 + number for number in range(28)])
    assert burst.start >= START + 990
    assert burst.connections >= 28


def test_two_of_them() -> None:
    times = [100 + number / 50 for number in range(20)] + [500 + number / 50 for number in range(20)]
    first, second = found(times, start=0, end=600)
    assert (round(first.start - START), round(second.start - START)) == (100, 500)


@pytest.mark.parametrize(
    "times",
    [
        [],
        [100.0],
        [100.0, 100.1, 100.2],  # three are no burst, however close
        [100 + number / 10 for number in range(9)],
    ],
)
def test_few_are_none(times: list[float]) -> None:
    assert found(times, start=0, end=1000) == []


def test_a_capture_too_short_to_know_what_is_usual() -> None:
    assert found([number / 100 for number in range(100)]) == []
    assert found([1 + number / 100 for number in range(100)], start=0, end=3.9) == []


def test_a_busy_hour_is_none() -> None:
    quiet, busy = poisson(0.05, 3600, 1), [3600 + time for time in poisson(2.0, 3600, 2)]
    later = [7200 + time for time in poisson(0.05, 3600, 3)]
    assert found(quiet + busy + later) == []


def test_what_most_of_them_were() -> None:
    records = Records(
        [*(ended(float(number) * 10) for number in range(30)), *(ended(155.5, 1012) for _ in range(20)), ended(155.6)]
    )
    (burst,) = bursts(records)
    assert (burst.code, burst.name, burst.alike, burst.connections) == (1012, "Service Restart", 20, 21)
