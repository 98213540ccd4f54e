"""wsinspect/overview/sentences.py: what an incident needs first, and nothing that was not found."""

import pytest
from made_records import cause, ended, reset

from wsinspect.overview.records import Breach, Cause, Record, Records
from wsinspect.overview.sentences import sentences

TIMER = cause("an idle timer of 60.0 s there, or before it")


def many(number: int, record: Record) -> list[Record]:
    return [record] * number


@pytest.mark.parametrize(
    ("records", "told"),
    [
        ([], ["No WebSocket connection was seen."]),
        ([Record()], ["1 connection, still open as far as the capture goes."]),
        ([ended(1)], ["1 connection, closed 1000: no abnormal ending."]),
        ([*many(211, ended(1)), *many(101, ended(2, 1001))],
         ["312 connections, all closed 1000 or 1001: no abnormal ending."]),
        ([*many(4, ended(1)), *many(2, Record())], ["6 connections: 4 closed 1000, 2 still open; no abnormal ending."]),
        ([*(reset(float(number), causes=TIMER) for number in range(64)), *many(248, ended(1))],
         ["64 of 312 connections ended 1006 after 60.0 s idle, RST from 10.1.0.1:8080: likely an idle timer of 60.0 s "
          "there, or before it."]),
        ([reset(1)], ["The only connection ended 1006 after 60.0 s idle, RST from 10.1.0.1:8080."]),
        ([ended(1, 1006, usual=False), ended(2)],
         ["1 of 2 connections ended 1006, first Close from the client (server 10.1.0.1:8080)."]),
        ([ended(1, usual=False)],
         ["The only connection ended 1000 (not clean), first Close from the client (server 10.1.0.1:8080)."]),
        (many(8, ended(1, 4001, age=10.0, by="server")),
         ["All 8 connections ended 4001 Private Use at an age of 10.0 s, first Close from 10.1.0.1:8080, all within "
          "0.0 ms at 22:13:21."]),
        ([ended(1, 1006, failed=True, status=403, name="HTTP 403 Forbidden", means="", by="", usual=False)],
         ["The only connection failed at the handshake with HTTP 403 Forbidden from 10.1.0.1:8080."]),
        ([ended(1, 1006, failed=True, status=None, name="no answer", means="", by="", usual=False)],
         ["The only connection got no answer to the handshake from 10.1.0.1:8080."]),
        ([ended(1, None, means="", by="", causes=cause("the path died", "path-died", "possible"))],
         ["The only connection fell silent and nobody closed, server 10.1.0.1:8080: possibly the path died."]),
    ],
)  # fmt: skip
def test_sentences(records: list[Record], told: list[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("wsinspect.overview.sentences._clock", lambda seconds: "22:13:21")
    assert sentences(Records(records)) == told


def test_a_cause_is_told_of_those_alone_that_have_it() -> None:
    records = Records([*(reset(float(one), causes=TIMER) for one in range(3)), reset(50.0, idle=2.0)])
    assert sentences(records) == [
        "3 of 4 connections ended 1006 after 60.0 s idle, RST from 10.1.0.1:8080: likely an idle timer of 60.0 s "
        "there, or before it.",
        "1 of 4 connections ended 1006 after 2.0 s idle, RST from 10.1.0.1:8080.",
    ]


def test_no_silence_is_told_that_they_do_not_share() -> None:
    (sentence,) = sentences(Records(reset(float(one) ** 2 * 10, idle=10.0 * one) for one in range(1, 6)))
    assert "idle" not in sentence
    assert "age" not in sentence


def test_a_mass_close_explains_more_than_a_weak_guess() -> None:
    both = (Cause("idle-timeout", "weak", "a timer"), Cause("mass-close", "likely", "a deploy or restart"))
    (sentence,) = sentences(Records(many(6, ended(1, 1001, by="server", causes=both))))
    assert sentence.endswith(": likely a deploy or restart.")


def test_a_race_alone_is_nothing_that_happened() -> None:
    records = Records([Record(causes=cause("a race", "keepalive-race")), ended(1, causes=cause("b", "keepalive-race"))])
    assert sentences(records) == ["2 connections: 1 closed 1000, 1 still open; no abnormal ending."]


def test_a_storm_has_its_own_sentence() -> None:
    storm = cause("10.0.0.9 reconnected 12 times, 0.2 s after each failure, without backing off", "reconnect-storm")
    refused = ended(1, 1006, failed=True, status=403, name="HTTP 403 Forbidden", means="", by="", usual=False)
    found = sentences(Records([*many(12, refused), refused._replace(causes=storm)]))
    assert len(found) == 2
    assert found[1] == "10.0.0.9 reconnected 12 times, 0.2 s after each failure, without backing off."


def test_several_servers() -> None:
    records = [reset(float(number), server=(f"10.1.0.{number % 3}", 80)) for number in range(30)]
    assert "RST from 3 servers" in sentences(Records(records))[0]
    records = [reset(float(number), server=("fe80::1", 80 + (number == 7))) for number in range(30)]
    assert "RST from [fe80::1]:80 and 1 more" in sentences(Records(records))[0]


def test_at_most_three_and_the_rest_in_numbers() -> None:
    records = [*many(9, ended(1, 1011)), *many(6, ended(1, 1008)), *many(3, ended(1, 4000)), ended(1, 4001)]
    records += many(20, ended(1))
    first, second, third = sentences(Records(records))
    assert first.startswith("9 of 39")
    assert second.startswith("6 of 39")
    assert third == "4 more stand out: 4000 ×3, 4001 ×1."


def test_nothing_large() -> None:
    records = [ended(1, 4000 + number) for number in range(8)]
    assert sentences(Records(records)) == [
        "8 of 8 connections stand out: 4000 ×1, 4001 ×1, 4002 ×1, 4003 ×1, 4004 ×1 and others."
    ]


def test_broken_rules_beside_good_endings() -> None:
    broken = ended(1)._replace(breaches=(Breach("rsv-bits-set", "error", "client", 3, 1.0),))
    assert sentences(Records([broken, ended(1)]))[1] == (
        "Rules were broken on 1 connection (3 errors), most often rsv-bits-set."
    )
