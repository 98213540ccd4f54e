"""Which 101s a client must not accept."""

import pytest
from handshakes import Changes, handshake

from wsinspect.rules.refusal import CLIENT_MUST_REFUSE, client_refuses
from wsinspect.rules.rule import By, Severity


@pytest.mark.parametrize(
    ("response", "ids"),
    [
        ({}, ()),
        ({"Sec-WebSocket-Accept": "x"}, ("wrong-accept",)),
        ({"Upgrade": None, "Connection": None}, ("missing-response-upgrade", "missing-response-connection-upgrade")),
        (
            {"Sec-WebSocket-Protocol": "x", "Sec-WebSocket-Extensions": "permessage-deflate; client_max_window_bits"},
            ("unrequested-extension", "unrequested-subprotocol", "invalid-deflate-response"),
        ),
    ],
)
def test_reasons(response: Changes, ids: tuple[str, ...]) -> None:
    assert client_refuses(handshake(response=response)) == ids


def test_a_client_that_did_not_ask() -> None:
    plain: Changes = {"Upgrade": None, "Connection": None, "Sec-WebSocket-Key": None, "Sec-WebSocket-Version": None}
    assert client_refuses(handshake(plain)) == ("unsolicited-101",)


def test_the_clients_own_faults_are_no_reason() -> None:
    assert client_refuses(handshake({"Sec-WebSocket-Extensions": ";"})) == ()


def test_there_is_nothing_to_refuse_but_a_101() -> None:
    assert client_refuses(handshake(response={"Upgrade": None}, status="HTTP/1.1 403 Forbidden")) == ()


def test_every_reason_is_an_error_of_the_server() -> None:
    assert {rule.severity for rule in CLIENT_MUST_REFUSE} == {Severity.ERROR}
    assert {rule.by for rule in CLIENT_MUST_REFUSE} == {By.SERVER, By.EITHER}
