"""Sec-WebSocket-Extensions on both sides."""

import pytest
from handshakes import find, fired, handshake

from wsinspect.rules import handshake_extensions as rules
from wsinspect.websocket.side import Side

Lines = str | list[str] | None
D = "permessage-deflate"


@pytest.mark.parametrize(
    ("offer", "answer", "ids"),
    [
        (None, None, []),
        (D, None, []),
        (D, D, []),
        (f"{D}; client_max_window_bits, {D}", f"{D}; client_max_window_bits=10", []),
        ([D, "bbf-usp-protocol"], D, []),
        ("a;", None, ["invalid-extension-header", "unregistered-extension"]),
        ("", None, ["invalid-extension-header"]),
        (D, "", ["invalid-extension-header"]),
        (D, "permessage deflate", ["invalid-extension-header"]),
        (f"{D};", f"{D};", ["invalid-extension-header", "invalid-extension-header"]),
        ("x-webkit-deflate-frame", None, ["unregistered-extension"]),
        ("x", "x", ["unregistered-extension", "unregistered-extension"]),
        (None, D, ["unrequested-extension"]),
        ("x", D, ["unregistered-extension", "unrequested-extension"]),
        (D, "Permessage-Deflate", ["unregistered-extension", "unrequested-extension"]),
        (D, [D, D], ["duplicate-extensions-header"]),
    ],
)
def test_extensions(offer: Lines, answer: Lines, ids: list[str]) -> None:
    subject = handshake({"Sec-WebSocket-Extensions": offer}, {"Sec-WebSocket-Extensions": answer})
    assert fired(rules.RULES, subject) == ids


def test_each_side_is_blamed_for_its_own_header() -> None:
    subject = handshake({"Sec-WebSocket-Extensions": f"{D}; a="}, {"Sec-WebSocket-Extensions": f"{D} x"})
    client = find(rules.invalid_extension_header, subject, Side.CLIENT)
    server = find(rules.invalid_extension_header, subject, Side.SERVER)
    assert client is not None
    assert (client.by, client.detail) == (
        Side.CLIENT,
        'parameter a has "=" but no value, in "permessage-deflate; a="',
    )
    assert server is not None
    assert (server.by, server.detail) == (
        Side.SERVER,
        '"permessage-deflate x" is no extension name, in "permessage-deflate x"',
    )


def test_unregistered_detail() -> None:
    subject = handshake({"Sec-WebSocket-Extensions": f"a, {D}, b, a"})
    finding = find(rules.unregistered_extension, subject, Side.CLIENT)
    assert finding is not None
    assert finding.detail == '"a", "b" offered'


def test_a_refusal_accepts_no_extension() -> None:
    subject = handshake({}, {"Sec-WebSocket-Extensions": D}, status="HTTP/1.1 403 Forbidden")
    assert fired(rules.RULES, subject) == []


def test_without_the_request_nobody_knows_what_was_offered() -> None:
    assert fired(rules.RULES, handshake(response={"Sec-WebSocket-Extensions": D}, requested=False)) == []
