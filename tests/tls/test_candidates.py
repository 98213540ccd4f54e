"""wsinspect/tls/candidates.py: Hellos that were not captured, and secrets that are found by trying those of the log."""

import os
import ssl
from pathlib import Path

import pytest

from tests.tls.talking import CLIENT, SERVER, Read, Talk, pieces, read, without
from wsinspect.tls import keylog
from wsinspect.tls.keylog import KeyLog
from wsinspect.tls.session import TlsSession

SAID = [(n % 2, b"message %d" % n) for n in range(200)]
LABELS = ("CLIENT_HANDSHAKE", "SERVER_HANDSHAKE", "CLIENT", "SERVER")


@pytest.fixture(scope="module", params=["1.2", "1.3"])
def talk(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Talk:
    version = ssl.TLSVersion.TLSv1_2 if request.param == "1.2" else ssl.TLSVersion.TLSv1_3
    made = Talk(tmp_path_factory.mktemp("talk"), version, ["http/1.1"])
    for direction, data in SAID:
        made.say(direction, data)
    others = []
    for _ in range(20):  # connections of somebody else, which are tried first
        random = os.urandom(32).hex()
        others.append(f"CLIENT_RANDOM {random} {os.urandom(48).hex()}")
        for label in LABELS:
            kind = "TRAFFIC_SECRET" if "HANDSHAKE" in label else "TRAFFIC_SECRET_0"
            others.append(f"{label}_{kind} {random} {os.urandom(48 if len(others) % 3 else 32).hex()}")
    noise = "\n".join(others).encode()
    made.keys += noise
    return made


def is_13(talk: Talk) -> bool:
    return b"SERVER_TRAFFIC_SECRET_0 " + client_random(talk).hex().encode() in talk.keys


def client_random(talk: Talk) -> bytes:
    return talk.flights[0][1][11:43]


def said(direction: int) -> bytes:
    return b"".join(data for by, data in SAID if by == direction)


def test_without_the_client_hello(talk: Talk) -> None:
    found = read(without(pieces(talk.flights, 1 << 20), {0}), talk.keys)
    assert (found.text(CLIENT), found.text(SERVER)) == (said(CLIENT), said(SERVER))
    assert found.session.facts.client_randoms == [client_random(talk)]
    assert (found.session.facts.client_direction, found.session.facts.established) == (CLIENT, True)


def test_without_the_server_hello(talk: Talk) -> None:
    found = read(without(pieces(talk.flights, 1 << 20), {1}), talk.keys)
    if is_13(talk):
        assert (found.text(CLIENT), found.text(SERVER)) == (said(CLIENT), said(SERVER))
        assert found.session.facts.version == "TLS 1.3" and found.session.facts.suite.startswith("TLS_AES")
    else:  # its random is part of every key
        assert not found.session.facts.decrypted and found.session.facts.locked


@pytest.mark.parametrize("lost", [{0, 1}, {0, 1, 2}, {1, 2}, {0, 2}, {0, 1, 2, 3, 4}])
def test_without_much_of_the_handshake(talk: Talk, lost: set[int]) -> None:
    found = read(without(pieces(talk.flights, 1 << 20), lost), talk.keys)
    if is_13(talk):
        for direction in (CLIENT, SERVER):
            assert found.text(direction) and said(direction).endswith(found.text(direction))


def test_a_lost_change_cipher_spec(talk: Talk) -> None:
    """Of TLS 1.2 it travels with the last messages of the handshake."""
    found = read(without(pieces(talk.flights, 1 << 20), {2}), talk.keys)
    assert (found.text(CLIENT), found.text(SERVER)) == (said(CLIENT), said(SERVER))


@pytest.mark.parametrize("first", [6, 7, 50, 151])
def test_joined_in_the_middle(talk: Talk, first: int) -> None:
    found = joined(talk, first)
    if is_13(talk):
        for direction in (CLIENT, SERVER):
            assert found.text(direction) and said(direction).endswith(found.text(direction))
        assert found.session.facts.client_direction == CLIENT
        assert found.remarks == ["The keys were found by trying those of the key log"]
    else:
        assert found.session.facts.locked == "its handshake was not captured"


def test_tries_have_a_limit(talk: Talk, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(keylog, "MAX_TRIES", 100)
    found = joined(talk, 50)
    assert found.session.facts.locked == "its handshake was not captured"


def test_keys_of_others_open_nothing(talk: Talk) -> None:
    talk_keys = [line for line in talk.keys.splitlines() if client_random(talk).hex().encode() not in line]
    found = read(without(pieces(talk.flights, 1 << 20), {0}), b"\n".join(talk_keys))
    assert not found.session.facts.decrypted and not found.text(CLIENT) and not found.text(SERVER)


def joined(talk: Talk, first: int) -> Read:
    """What is read if the capture begins with that flight."""
    log = KeyLog()
    log.add(talk.keys)
    found = Read(TlsSession(log, opening_seen=False))
    for chunk in pieces(talk.flights, 1 << 20)[first:]:
        found.events += found.session.feed(chunk)
    found.events += found.session.finish()
    return found


def test_the_flights_are_what_these_tests_take_them_for(talk: Talk, tmp_path: Path) -> None:
    kinds = [(direction, data[0], data[5]) for direction, data in talk.flights[:3]]
    assert kinds[0] == (CLIENT, 22, 1) and kinds[1] == (SERVER, 22, 2) and kinds[2][0] == CLIENT
