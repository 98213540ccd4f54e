"""wsinspect/overview/records.py: what is kept of a connection, and how little that is."""

import sys

from made_records import START, cause, ended, ending, reset

from wsinspect.overview.records import Breach, BreachSum, Record, Records


def test_a_record_is_put_anew_as_its_connection_goes_on() -> None:
    records = Records([Record(), Record()])
    assert records.by_ending() == {}
    records.put(1, ended(5.0))
    assert records.ending(0) is None
    assert records.ending(1) == ending()
    records.put(1, reset(5.0, causes=cause("a timer")))
    assert records.by_ending() == {ending(1006, means="RST", by="server"): [1]}
    assert records.causes_of(1) == cause("a timer")
    records.put_causes(1, ())
    assert records.causes_of(1) == ()


def test_a_copy_stays_as_it_was() -> None:
    records = Records([ended(1.0)._replace(breaches=(breach("rsv-bits-set", 1),)), Record()])
    copy = records.copy()
    records.put(0, reset(5.0)._replace(breaches=(breach("rsv-bits-set", 7),)))
    records.put(1, ended(2.0, 1001))
    assert copy.by_ending() == {ending(): [0]}
    assert [one.count for one in copy.breaches()] == [1]
    assert (copy.broken, len(copy)) == (1, 2)


def test_places_may_come_in_any_order() -> None:
    records = Records()
    records.put(3, ended(1.0))
    assert len(records) == 4
    assert [records.ending(index) is None for index in range(4)] == [True, True, True, False]


def breach(rule: str, times: int, time: float | None = START, by: str = "client") -> Breach:
    return Breach(rule, "error", by, times, time)


def test_breaches_add_up_however_often_they_are_put() -> None:
    records = Records()
    records.put(0, Record(breaches=(breach("rsv-bits-set", 1, START + 5),)))
    records.put(0, Record(breaches=(breach("rsv-bits-set", 3, START + 5), breach("wrong-accept", 1, None, "server"))))
    records.put(1, ended(1.0)._replace(breaches=(breach("rsv-bits-set", 2, START + 1),)))
    records.put(2, Record())
    assert list(records.breaches()) == [
        BreachSum("rsv-bits-set", "error", "client", 2, 5, START + 1, START + 5),
        BreachSum("wrong-accept", "error", "server", 1, 1, None, None),
    ]
    assert records.broken == 2


def test_a_connection_takes_few_bytes() -> None:
    records = Records(reset(float(number), causes=cause("a timer")) for number in range(10_000))
    columns = (records.ended, records.age, records.idle, records._ending, records._causes)
    assert sum(map(sys.getsizeof, columns)) < 50 * 10_000
    assert len(records.endings) == len(records.causes) == 1
