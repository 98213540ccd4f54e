"""Causes that one connection shows by itself, each with the cases that come near."""

from collections.abc import Mapping
from types import MappingProxyType

import pytest
from made_facts import CLIENT, SERVER, beat, close_frame, handshake, made, ns, parting, reset, run, silence

from wsinspect.diagnosis.cause import Confidence
from wsinspect.diagnosis.diagnose import diagnose_one
from wsinspect.diagnosis.facts import Facts
from wsinspect.diagnosis.keepalive_timeout import patience
from wsinspect.diagnosis.timers import known_timers, with_user_timers
from wsinspect.websocket.failing import Breach

NGINX = handshake(Server="nginx/1.22.1")
OWN = with_user_timers({"our proxy": 4.0}, {})


def ids(facts: Facts, lifetimes: Mapping[str, float] = MappingProxyType({})) -> list[str]:
    return [one.id for one in diagnose_one(facts, with_user_timers({}, lifetimes))]


def only(facts: Facts) -> tuple[str, str]:
    (one,) = diagnose_one(facts, known_timers())
    return one.confidence.value, one.text


# idle-timeout


@pytest.mark.parametrize("idle", [59.5, 60.0, 61.0])
def test_a_hint_makes_an_idle_timer_likely(idle: float) -> None:
    confidence, text = only(made(idle=idle, shake=NGINX))
    assert confidence == Confidence.LIKELY
    assert "nginx proxy_read_timeout (60 s)" in text and "Pings" in text and "also" not in text


def test_several_rows_without_a_hint_are_weak_and_give_no_advice() -> None:
    confidence, text = only(made(idle=60.0))
    assert confidence == Confidence.WEAK
    assert "also AWS Application Load Balancer" in text and "Ping" not in text


def test_one_row_without_a_hint_is_possible() -> None:
    assert only(made(idle=55.2))[0] == Confidence.POSSIBLE


@pytest.mark.parametrize(
    "facts",
    [
        made(idle=59.4, shake=NGINX),
        made(idle=61.1, shake=NGINX),
        made(idle=60.0, shake=NGINX, gap_at_end=True),
        made(idle=60.0, shake=NGINX, end=(CLIENT, "close", 90.0), code=1001),
        made(idle=60.0, shake=NGINX, end=(SERVER, "close", 90.0), code=1001),  # nginx sends no Close
        made(idle=60.0, shake=NGINX, end=None),
        made(idle=None, shake=NGINX),
    ],
    ids=["too-early", "too-late", "gap", "client-closes", "with-a-close", "open", "unknown"],
)
def test_no_idle_timer(facts: Facts) -> None:
    assert ids(facts) == []


def test_a_direction_that_was_not_idle_does_not_fit() -> None:
    shake = handshake(target="/socket/websocket?vsn=2.0.0")
    assert ids(made(idle=1.0, idle_client=60.0, shake=shake)) == ["idle-timeout"]
    assert "Phoenix" not in only(made(idle=1.0, idle_server=60.0, shake=shake))[1]
    confidence, text = only(made(idle=1.0, idle_server=60.0))  # a balancer that counts each direction
    assert confidence == Confidence.WEAK and "last byte of the server: this fits Oracle" in text


def test_a_close_of_the_gateway_fits_its_timer() -> None:
    shake = handshake(request="Host: x1.execute-api.eu-west-1.amazonaws.com\r\nUpgrade: websocket")
    assert ids(made(end=(SERVER, "close", 900.0), code=1001, idle=600.5, shake=shake)) == ["idle-timeout"]
    assert ids(made(end=(SERVER, "close", 900.0), code=4000, idle=600.5, shake=shake)) == []


def test_a_timer_of_the_users_comes_first() -> None:
    (one,) = diagnose_one(made(idle=4.0), OWN)
    assert one.confidence == Confidence.LIKELY and "our proxy (4 s)" in one.text
    (one,) = diagnose_one(made(idle=60.0), with_user_timers({"mine": 60.0}, {}))
    assert "mine (60 s)" in one.text


# lifetime-limit


def test_a_lifetime_ends_what_is_busy() -> None:
    google = handshake(Via="1.1 google")
    facts = made(end=(SERVER, "fin", 30.2), shake=google)
    assert only(facts)[0] == Confidence.LIKELY and "pings do not help" in only(facts)[1]
    assert only(made(end=(SERVER, "fin", 30.2)))[0] == Confidence.POSSIBLE
    assert ids(made(end=(SERVER, "fin", 30.2), idle=20.0, shake=google)) == []
    assert ids(made(end=(SERVER, "fin", 30.2), silences=(silence(25.0, 16.0),), shake=google)) == []
    assert ids(made(end=(SERVER, "close", 30.2), code=1000, shake=google)) == []
    assert ids(made(end=(SERVER, "fin", 31.5), shake=google)) == []
    assert ids(made(end=(CLIENT, "fin", 30.2), shake=google)) == ["lifetime-limit"]  # seen behind the balancer
    assert ids(made(end=(CLIENT, "fin", 30.2))) == []


def test_a_lifetime_of_the_users() -> None:
    assert ids(made(end=(SERVER, "fin", 900.0)), {"edge": 900.0}) == ["lifetime-limit"]


# keepalive-timeout


def gone(waited: float, how: str = "close", code: int | None = 1011, reason: str = "", **more: object) -> Facts:
    """The server ends at 100 s, its first unanswered Ping so long before."""
    side = {"parting": parting(100.0, ping_at=100.0 - waited), **more}
    return made(end=(SERVER, how, 100.0), code=code if how == "close" else None, reason=reason, sides={SERVER: side})


def test_a_keepalive_that_says_so() -> None:
    confidence, text = only(gone(7.0, reason="keepalive ping timeout"))
    assert confidence == Confidence.LIKELY
    assert "no answer within 7.0 s" in text and "its program did not answer" in text


def test_a_keepalive_that_fits_a_row() -> None:
    assert "python-websockets" in only(gone(20.3))[1]
    assert "ws, the README" in only(gone(30.0, "fin", beats=(beat(30.0),)))[1]
    assert "aiohttp" in only(gone(15.0, "fin", beats=(beat(30.0),)))[1]


@pytest.mark.parametrize(
    "facts",
    [
        gone(17.0),
        gone(20.0, code=1000),
        gone(22.0, "fin", beats=(beat(30.0),)),
        made(end=(SERVER, "close", 100.0), code=1011),
        made(end=(CLIENT, "fin", 100.0), sides={SERVER: {"parting": parting(100.0, ping_at=80.0)}}),
    ],
    ids=["fits-nothing", "plain-close", "no-multiple", "no-ping", "the-other-side-ended"],
)
def test_no_keepalive(facts: Facts) -> None:
    assert ids(facts) == []


def test_a_ping_that_crosses_the_end_is_not_waited_for() -> None:
    assert ids(gone(0.02, "fin", beats=(beat(0.02),))) == []


def test_the_network_is_blamed_when_the_ping_was_not_acknowledged() -> None:
    side = {"parting": parting(100.0, ping_at=80.0)}
    facts = made(end=(SERVER, "close", 100.0), code=1011, sides={SERVER: side}, ends={SERVER: {"acknowledged": 50}})
    assert "never acknowledged" in only(facts)[1]


def unheard(answered_at: float, **beats: float) -> Facts:
    """The client sends a heartbeat every 2 s up to 20 s and gives up at 22 s; the server's last payload came before."""
    client = {"beats": (beat(2.0, last=20.0, is_ping=False, **beats),), "last_payload_ns": ns(20.0)}  # type: ignore[arg-type]
    server = {"last_payload_ns": ns(answered_at)}
    sides = {CLIENT: {"parting": parting(22.0), **client}, SERVER: server}
    return made(end=(CLIENT, "fin", 22.0), idle=2.0, sides=sides)


@pytest.mark.parametrize(
    ("facts", "waited"),
    [(unheard(18.01), 2.0), (unheard(14.01), 6.0), (unheard(20.01), None), (unheard(1.0), None)],
    ids=["the-last-one", "three", "answered", "never-answered"],
)
def test_patience_with_a_heartbeat_counts_from_the_first_without_an_answer(facts: Facts, waited: float | None) -> None:
    assert patience(facts) == pytest.approx(waited)


def test_a_dead_path_is_no_keepalive() -> None:
    side = {"parting": parting(100.0, ping_at=80.0), "run": run(80.2, 80.6, 81.4, 83.0)}
    facts = made(
        end=(SERVER, "rst", 100.0), sides={SERVER: side}, ends={SERVER: {"acknowledged": 50}},
        client_side=made().client_side.__class__(CLIENT, ns(70), ns(79)),
    )  # fmt: skip
    assert ids(facts) == ["path-died"]


# keepalive-race


def test_a_ping_period_at_the_timer_races_before_anything_died() -> None:
    facts = made(
        end=None, idle=3.0, shake=NGINX, silences=(silence(60.0, 59.0),), sides={SERVER: {"beats": (beat(59.0),)}}
    )
    assert ids(facts) == ["keepalive-race"]
    assert "at most every 30 s" in only(facts)[1]


@pytest.mark.parametrize(
    ("period", "intervals", "shake", "quiet"),
    [
        (56.0, 5, NGINX, 56.0),
        (90.0, 5, NGINX, 90.0),
        (59.0, 2, NGINX, 59.0),
        (59.0, 5, handshake(), 59.0),
        (59.0, 5, NGINX, 3.0),
    ],
    ids=["well-below", "well-above", "too-few", "no-hint", "other-traffic"],
)
def test_no_race(period: float, intervals: int, shake: object, quiet: float) -> None:
    beats = (beat(period, intervals=intervals),)
    facts = made(end=None, shake=shake, silences=(silence(200.0, quiet),), sides={SERVER: {"beats": beats}})  # type: ignore[arg-type]
    assert ids(facts) == []


# message-size-limit


def too_big(size: int, accepted: int, how: str = "close", at: float = 59.9, **more: int) -> Facts:
    """The server ends at 60 s, the client's latest message so large."""
    left = parting(60.0, message=size, accepted=accepted, message_at=at, **more)
    return made(end=(SERVER, how, 60.0), code=1009 if how == "close" else None, sides={SERVER: {"parting": left}})


def test_a_size_limit() -> None:
    confidence, text = only(too_big(131_300, 97_210))
    assert confidence == Confidence.LIKELY
    assert "131 300 bytes" in text and "97 210" in text and "AWS API Gateway (message) allows 128 KB" in text
    assert only(too_big(40_000, 10_000, "fin"))[0] == Confidence.POSSIBLE
    assert "2 000 000 bytes inflated" in only(too_big(2_000, 1_000, inflated=2_000_000))[1]


@pytest.mark.parametrize(
    "facts",
    [
        too_big(5_000, 5_000),
        too_big(500, 100),
        too_big(5_000, 100, at=57.0),
        too_big(40_000, 30_000, "fin"),
        too_big(9_000, 100, "fin"),
        too_big(40_000, 100, "fin", at=59.0),
        made(
            end=(SERVER, "fin", 60.0),
            sides={
                SERVER: {"parting": parting(60.0, message=40_000, message_at=59.6), "last_payload_ns": ns(59.8)},
            },
        ),
    ],
    ids=["accepted-before", "small", "long-ago", "not-twice-as-large", "silent-and-small", "silent-later", "answered"],
)
def test_no_size_limit(facts: Facts) -> None:
    assert ids(facts) == []


# injected-reset


def cut(*resets: object, **more: object) -> Facts:
    """The server's RST ends it at 60 s."""
    return made(end=(SERVER, "rst", 60.0), resets=resets, **more)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    "facts",
    [
        cut(reset(SERVER, 60.0, hops=120, ip_id=40_000)),
        cut(reset(SERVER, 60.0, hops=61, ip_id=40_000)),
        cut(reset(SERVER, 60.0, hops=61, ahead=100)),
        cut(reset(SERVER, 60.0, hops=120, ids=(0, 0, 0, 0), ip_id=9)),
        cut(reset(SERVER, 60.0, hops=63, ids=(61_760, 61_761, 61_762), ip_id=0)),
        cut(reset(SERVER, 60.0, later=60.5)),
        cut(reset(SERVER, 60.0, hops=120), reset(CLIENT, 60.005, hops=120)),
        cut(reset(SERVER, 60.0, hops=120, acknowledges=False, other=50.0)),
        made(end=None, resets=(reset(SERVER, 30.0, hops=120, ip_id=40_000, ignored=True),)),
    ],
    ids=[
        "ttl-and-id",
        "one-hop-and-id",
        "one-hop-and-seq",
        "id-not-0",
        "one-hop-and-id-0",
        "goes-on",
        "pair",
        "answers-nothing",
        "ignored",
    ],
)
def test_an_injected_reset(facts: Facts) -> None:
    assert ids(facts) == ["injected-reset"]


@pytest.mark.parametrize(
    "facts",
    [
        cut(reset(SERVER, 60.0)),
        cut(reset(SERVER, 60.0, hops=120)),
        cut(reset(SERVER, 60.0, ip_id=0, ids=(30_000, 30_001, 30_002))),
        cut(reset(SERVER, 60.0, ids=(100, 9000, 40_000), ip_id=3, hops=62)),
        cut(reset(SERVER, 60.0, ip_id=4_000)),
        cut(reset(SERVER, 60.0, later=60.003)),
        made(end=(SERVER, "fin", 50.0), resets=(reset(SERVER, 60.0, hops=120, ip_id=40_000),)),
        cut(reset(SERVER, 60.0, hops=-1, ids=(-1, -1, -1), ip_id=-1)),
    ],
    ids=["genuine", "ttl-alone", "id-alone", "random-ids", "small-jump", "was-on-its-way", "after-the-end", "ipv6"],
)
def test_no_injected_reset(facts: Facts) -> None:
    assert ids(facts) == []


# nat-state-expired


def forgotten(before: float = 350.0, earlier: float = 40.0, **mark: object) -> Facts:
    """After so long a silence the client's packet at 400 s meets an RST."""
    values = {"acknowledges": False, "other": 400.0, "last": 40.0, **mark}
    return made(
        end=(SERVER, "rst", 400.01), idle=before, resets=(reset(SERVER, 400.01, **values),),  # type: ignore[arg-type]
        silences=(silence(50.0, earlier), silence(400.0, before)),
        client_side=made().client_side.__class__(CLIENT, ns(400.0), ns(400.0)),
        server_side=made().client_side.__class__(SERVER, ns(40.0), ns(40.0)),
    )  # fmt: skip


def test_state_that_expired() -> None:
    facts = forgotten()
    assert "AWS Network Load Balancer (350 s)" in only(facts)[1]
    assert ids(forgotten(before=8.0, earlier=1.0)) == ["nat-state-expired"]
    assert ids(forgotten(acknowledges=True, hops=64)) == ["nat-state-expired"]


def forgotten_at_leaving(**more: object) -> Facts:
    """The same, but what meets the RST is the client's Close."""
    return made(
        end=(CLIENT, "close", 400.0), code=1000, idle=350.0,
        resets=(reset(SERVER, 400.01, acknowledges=False, other=400.0, last=40.0),),
        silences=(silence(50.0, 40.0), silence(400.0, 350.0)),
        client_side=made().client_side.__class__(CLIENT, ns(400.0), ns(400.0)),
        server_side=made().client_side.__class__(SERVER, ns(40.0), ns(40.0)),
        **more,
    )  # type: ignore[arg-type]  # fmt: skip


def test_state_that_expired_before_a_close() -> None:
    assert "AWS Network Load Balancer (350 s)" in only(forgotten_at_leaving())[1]


def test_a_close_that_was_answered_met_no_expired_state() -> None:
    answered = forgotten_at_leaving(ends={SERVER: {"close": close_frame(SERVER, 400.005)}})
    assert "nat-state-expired" not in ids(answered)


@pytest.mark.parametrize(
    "facts",
    [
        forgotten(acknowledges=True),
        forgotten(before=8.0, earlier=7.5),
        forgotten(before=1.0, earlier=0.6),
        forgotten(last=400.0),
        forgotten(last=60.0),
    ],
    ids=["an-abort", "survived-as-much", "no-silence", "was-still-there", "repeated-itself-meanwhile"],
)
def test_no_state_that_expired(facts: Facts) -> None:
    assert "nat-state-expired" not in ids(facts)


# path-died


def dead(times: tuple[float, ...] = (20.2, 20.6, 21.4, 23.0), heard: float = 19.9, **more: object) -> Facts:
    """The client repeats itself at these times; the server was last heard before."""
    sides = made(end=None).client_side.__class__
    return made(
        end=None, client_side=sides(CLIENT, ns(20.0), ns(times[-1]), run=run(*times) if times else None),
        server_side=sides(SERVER, ns(heard), ns(heard)), **more,
    )  # fmt: skip


def test_a_path_that_died() -> None:
    confidence, text = only(dead())
    assert confidence == Confidence.LIKELY and "18 bytes 4 times" in text


@pytest.mark.parametrize(
    "facts",
    [
        dead((20.2, 20.6)),
        dead((20.2, 20.4, 20.6, 20.8)),
        dead(seen_until_ns=ns(22.0)),
        made(end=(SERVER, "fin", 33.0), client_side=dead().client_side, server_side=dead().server_side),
    ],
    ids=["too-few", "no-backoff", "capture-ends", "the-other-side-ended"],
)
def test_no_dead_path(facts: Facts) -> None:
    assert ids(facts) == []


# http-error-in-stream, failed-handshake


def test_http_in_the_stream() -> None:
    facts = made(end=(CLIENT, "close", 60.0), code=1002, http_text="it")
    assert "failed the connection with 1002" in only(facts)[1]


@pytest.mark.parametrize(
    ("shake", "words"),
    [
        (handshake(status="502 Bad Gateway"), "look behind it"),
        (
            handshake(status="403 Forbidden", request="Origin: x\r\nUpgrade: websocket\r\nConnection: Upgrade"),
            "origin check",
        ),
        (handshake(status="400 Bad Request", request="Host: x\r\nSec-WebSocket-Key: x"), "without Upgrade"),
        (handshake(status="505 Nope"), "HTTP/1.0"),
        (handshake(status="200 OK", Content_Type="text/html"), "web page"),
        (handshake(status=""), "not answered"),
    ],
    ids=["502", "403", "stripped", "505", "page", "silence"],
)
def test_a_failed_handshake(shake: object, words: str) -> None:
    facts = made(end=(CLIENT, "fin", 12.0), shake=shake, failed=True)  # type: ignore[arg-type]
    (one,) = diagnose_one(facts, known_timers())
    assert one.id == "failed-handshake" and words in one.text


def test_a_request_that_is_still_waiting() -> None:
    facts = made(end=None, shake=handshake(status=""), failed=True, seen_until_ns=ns(3.0))
    assert ids(facts) == []


# the order


def test_a_violation_says_it_all() -> None:
    facts = made(
        end=(SERVER, "close", 60.0),
        code=1002,
        idle=60.0,
        ends={CLIENT: {"breaches": (Breach("reserved-opcode", 3, 50),)}},
    )
    assert ids(facts) == []


def test_a_plain_ending_has_no_cause() -> None:
    assert ids(made(end=(CLIENT, "close", 33.0), code=1000)) == []
    assert ids(made(end=(SERVER, "fin", 12.4))) == []
