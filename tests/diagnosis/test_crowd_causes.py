"""Causes that take several connections, each with the crowds that come near."""

from collections.abc import Iterable

import pytest
from made_facts import CLIENT, SERVER, handshake, made, parting, silence

from wsinspect.diagnosis.diagnose import diagnose_all
from wsinspect.diagnosis.facts import Facts
from wsinspect.diagnosis.timers import known_timers
from wsinspect.websocket.side import Side


def ids(crowd: Iterable[Facts]) -> list[list[str]]:
    crowd = list(crowd)
    found = diagnose_all(crowd, known_timers())
    return [[one.id for one in found[facts.id]] for facts in crowd]


def text(crowd: list[Facts], position: int = -1) -> str:
    return diagnose_all(crowd, known_timers())[crowd[position].id][-1].text


# lifetime-limit, learned


def lives(*ages: float, by: Side = SERVER, how: str = "close", apart: float = 15.0, **more: object) -> list[Facts]:
    """Connections of these ages, begun one after the other."""
    code = 1001 if how == "close" else None
    return [
        made(id=n, start=n * apart, end=(by, how, age), code=code, **more)  # type: ignore[arg-type]
        for n, age in enumerate(ages)
    ]


def test_a_lifetime_is_learned() -> None:
    crowd = lives(900.0, 901.0, 903.0)
    assert ids(crowd) == [["lifetime-limit"]] * 3
    assert "end after 15 min 1 s (3 of 3), whatever their traffic" in text(crowd)


@pytest.mark.parametrize(
    "crowd",
    [
        lives(900.0, 901.0),
        lives(900.0, 901.0, 950.0),
        lives(900.0, 901.0, 903.0, apart=5.0),
        lives(900.0, 901.0, 903.0, by=CLIENT),
        lives(0.9, 0.9, 0.9),
        lives(900.0, 901.0, 903.0, 10.0, 20.0, 40.0, 70.0),
        lives(45.0, 45.1, 45.2, how="fin", idle=45.0),
    ],
    ids=["two", "spread", "same-start", "clients-leave", "too-short", "a-minority", "silent-all-the-time"],
)
def test_no_lifetime(crowd: list[Facts]) -> None:
    assert not any("lifetime-limit" in one for one in ids(crowd))


# idle-timeout, learned


def idles(*values: float, ages: tuple[float, ...] = (34.0, 50.0, 90.0, 70.0), apart: float = 10.0) -> list[Facts]:
    """Connections that the server side ended with FIN after these silences."""
    return [made(id=n, start=n * apart, end=(SERVER, "fin", ages[n]), idle=idle) for n, idle in enumerate(values)]


def test_an_idle_timer_is_learned() -> None:
    crowd = idles(4.0, 4.1, 4.0)
    assert ids(crowd) == [["idle-timeout"]] * 3
    assert "2 other connections to 10.0.0.2:443: an idle timer of 4.0 s there" in text(crowd)


@pytest.mark.parametrize(
    "crowd",
    [idles(4.0, 4.1), idles(4.0, 4.1, 4.6), idles(1.0, 1.0, 1.0), idles(4.0, 4.0, 4.0, ages=(4.0, 4.0, 4.0))],
    ids=["two", "spread", "too-short", "nothing-restarted-it"],
)
def test_no_learned_idle_timer(crowd: list[Facts]) -> None:
    assert ids(crowd) == [[]] * len(crowd)


def test_agreement_makes_a_known_timer_likely() -> None:
    crowd = idles(60.0, 60.1, 60.2, ages=(100.0, 150.0, 200.0))
    assert diagnose_all(crowd, known_timers())[0][0].confidence == "likely"


# keepalive-timeout, learned


def quits(*waits: float, code: int = 1011) -> list[Facts]:
    """Servers' closes so long after an unanswered Ping."""
    return [
        made(id=n, start=n * 50, end=(SERVER, "close", 33.0 + 7 * n), code=code,
             sides={SERVER: {"parting": parting(33.0 + 57 * n, ping_at=33.0 + 57 * n - wait)}})
        for n, wait in enumerate(waits)
    ]  # fmt: skip


def test_patience_is_learned_from_another_connection() -> None:
    assert ids(quits(7.0, 7.1)) == [["keepalive-timeout"]] * 2
    assert ids(quits(7.0, 12.0)) == [[], []]
    assert ids(quits(0.6, 1.2)) == [[], []]
    assert ids(quits(7.0, 7.1, code=1000)) == [[], []]


# mass-close


def ends(
    *moments: float, others: int = 0, by: Side = SERVER, how: str = "fin", code: int | None = None, idle: float = 0.3
) -> list[Facts]:
    """Connections that begin one after the other and end at these moments; others stay open."""
    crowd = [
        made(id=n, start=3.0 * n, end=(by, how, at - 3.0 * n), code=code, idle=idle + 0.37 * n)
        for n, at in enumerate(moments)
    ]
    return crowd + [made(id=100 + n, start=0.0, end=None) for n in range(others)]


def test_a_mass_close() -> None:
    crowd = ends(100.0, 100.1, 100.2, 101.0, 101.9, others=2)
    assert ids(crowd) == [["mass-close"]] * 5 + [[], []]
    assert "5 of 7 connections to 10.0.0.2:443 ended within 1.9 s" in text(crowd, 0)
    assert ids(ends(*[100.0] * 5, how="close", code=1012))[0] == ["mass-close"]
    assert "deploy or restart" in text(ends(*[100.0] * 5, how="close", code=1012))
    assert ids(ends(*[100.0] * 5, by=CLIENT))[0] == ["mass-close"]


def test_who_was_told_something_just_before_is_closed_in_a_mass_all_the_same() -> None:
    crowd = [
        made(id=n, start=3.0 * n, end=(SERVER, "close", 100 - 2.99 * n), code=1001, idle=5 + 0.01 * n) for n in range(6)
    ]
    assert ids(crowd) == [["mass-close"]] * 6


@pytest.mark.parametrize(
    "crowd",
    [
        ends(*[100.0] * 4),
        ends(*[100.0] * 5, others=6),
        ends(100.0, 101.0, 102.5, 104.0, 105.0),
        ends(*[100.0] * 5, by=CLIENT, how="close", code=1001),
        ends(*[100.0] * 5, how="close", code=1002),
        [made(id=n, start=0.01 * n, end=(SERVER, "fin", 33.0)) for n in range(6)],
        [made(id=n, start=0.3 * n, end=(SERVER, "fin", 0.2)) for n in range(6)],
        [made(id=n, start=3.0 * n, end=(SERVER, "fin", 100.0 - 3 * n), idle=5.0) for n in range(6)],
        [made(id=n, start=3.0 * n, end=(SERVER, "close", 100.0 - 2.8 * n), code=1000, idle=5.0) for n in range(6)],
        [made(id=n, start=0.4 * n, end=(SERVER, "fin", 2.5 - 0.1 * n), idle=0.3 + 0.1 * n) for n in range(6)],
    ],
    ids=[
        "four",
        "a-minority",
        "spread",
        "clients-leave",
        "violations",
        "same-age",
        "one-after-the-other",
        "same-idle",
        "same-idle-with-a-close",
        "short-lived",
    ],
)
def test_no_mass_close(crowd: list[Facts]) -> None:
    assert not any("mass-close" in one for one in ids(crowd))


# reconnect-storm


def attempts(
    *delays: float, lives: float = 0.5, how: str = "fin", code: int | None = None, **more: object
) -> list[Facts]:
    """Connections of one client, each begun so long after the end of the one before."""
    start, crowd = 0.0, []
    for n, delay in enumerate((0.0, *delays)):
        start += delay
        crowd.append(made(id=n, start=start, end=(SERVER, how, lives), code=code, idle=lives, **more))  # type: ignore[arg-type]
        start += lives
    return crowd


@pytest.mark.parametrize(
    "delays",
    [(0.2, 0.2, 0.2, 0.2), (0.9, 0.1, 0.5, 0.3), (5.0, 5.1, 5.0, 5.2), (60.0, 0.2, 0.2, 0.2, 0.2)],
    ids=["at-once", "random-but-short", "steady", "after-a-rest"],
)
def test_a_storm_is_told_on_its_last_connection(delays: tuple[float, ...]) -> None:
    crowd = attempts(*delays)
    assert ids(crowd) == [[]] * (len(crowd) - 1) + [["reconnect-storm"]]
    assert "reconnected 4 times" in text(crowd)


def test_a_storm_of_refusals() -> None:
    shake = handshake(status="403 Forbidden")
    crowd = attempts(*[0.2] * 12, lives=0.01, shake=shake, failed=True)
    assert "12 times" in text(crowd) and "403 on the handshake" in text(crowd)


@pytest.mark.parametrize(
    "crowd",
    [
        attempts(0.2, 0.2, 0.2),
        attempts(0.2, 0.4, 0.8, 1.6, 3.2),
        attempts(0.05, 0.1, 0.2, 0.4, 0.8, 1.6),
        attempts(0.25, 0.5, 1.0, 2.0, 4.0, 4.0, 4.0, 4.0, 4.0, 4.0),
        attempts(3.0, 9.0, 5.0, 30.0),
        attempts(0.2, 0.2, 0.2, 0.2, how="close", code=1000),
        attempts(-0.1, -0.1, -0.1, -0.1, -0.1),
    ],
    ids=["four", "backoff", "backoff-from-little", "backoff-to-a-limit", "random", "normal-closes", "overlapping"],
)
def test_no_storm(crowd: list[Facts]) -> None:
    assert not any("reconnect-storm" in one for one in ids(crowd))


def test_a_good_connection_beside_a_storm() -> None:
    crowd = [made(id=99, start=-5.0, end=(CLIENT, "close", 100.0), code=1000), *attempts(0.2, 0.2, 0.2, 0.2)]
    assert ids(crowd)[-1] == ["reconnect-storm"]


# one direction only


def test_of_a_side_that_was_not_captured_nothing_is_concluded() -> None:
    crowd = [
        made(
            id=n, start=3.0 * n, end=(SERVER, "close", 100.0 - 3 * n), code=1012, sides={CLIENT: {"last_packet_ns": 0}}
        )
        for n in range(6)
    ]
    assert ids(crowd) == [[]] * 6


# path-died


def test_neighbours_tell_a_flow_from_a_host() -> None:
    from test_single_causes import dead

    gone = [dead(id=1), dead(id=2)]
    assert "fell silent too" in text(gone)
    alive = [dead(id=1), made(id=2, end=(CLIENT, "close", 70.0), code=1000, silences=(silence(9.0, 1.0),))]
    assert "lived on" in text(alive, 0)
