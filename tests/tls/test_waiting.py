"""wsinspect/tls/waiting.py and wsinspect/tls/facts.py: what they keep has a limit, however small its parts are."""

from wsinspect.tls.alerts import Alert
from wsinspect.tls.facts import MAX_ALERTS, TlsFacts
from wsinspect.tls.records import HEADER, ContentType, Lost, Record
from wsinspect.tls.waiting import MAX_WAITING, WAIT_NS, Waiting

NO_RENEGOTIATION, UNKNOWN_CA = 100, 48


def record(direction: int, payload: bytes, time_ns: int = 0) -> Record:
    return Record(direction, ContentType.APPLICATION_DATA, 0x0303, payload, 0, 1, time_ns)


def test_records_of_a_byte_count_with_their_headers() -> None:
    waiting = Waiting()
    while not waiting.is_enough(0):
        waiting.add(record(0, b"x"))
    assert len(waiting) == MAX_WAITING // (HEADER + 1) + 1


def test_what_was_lost_counts_too() -> None:
    waiting = Waiting()
    while not waiting.is_enough(0):
        waiting.add(Lost(0, 1, 1, 22, 17, ContentType.APPLICATION_DATA, 0, 1, 0))
    assert len(waiting) == MAX_WAITING // HEADER + 1


def test_the_first_that_waits_tells_for_how_long() -> None:
    waiting = Waiting()
    waiting.add(record(0, b"x", 7))
    waiting.add(record(1, b"x", 9))
    assert not waiting.is_enough(7 + WAIT_NS) and waiting.is_enough(8 + WAIT_NS)
    waiting.take()
    waiting.take()
    waiting.add(record(0, b"x", 8 + WAIT_NS))
    assert not waiting.is_enough(8 + WAIT_NS)


def test_it_knows_of_which_direction_something_waits() -> None:
    waiting = Waiting()
    first, second = record(1, b"first"), record(0, b"second")
    waiting.add(first)
    waiting.add(second)
    assert (waiting.holds(0), waiting.holds(1)) == (True, True)
    assert waiting.take() is first
    assert (waiting.holds(0), waiting.holds(1), waiting.first) == (True, False, second)


def test_warnings_without_end_are_not_all_kept() -> None:
    facts = TlsFacts()
    for packet in range(1, 1000):
        facts.add_alert(Alert(0, False, NO_RENEGOTIATION, packet, 0))
    facts.add_alert(Alert(1, True, UNKNOWN_CA, 1000, 0))
    facts.add_alert(Alert(1, True, UNKNOWN_CA, 1001, 0))
    assert [alert.packet for alert in facts.alerts] == [*range(1, MAX_ALERTS + 1), 1000]
    assert facts.failure is not None and facts.failure.packet == 1000
