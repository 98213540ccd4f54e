"""wsinspect/tls/handshake.py: hellos that a real client sends, cut everywhere, and noise."""

import ssl
from pathlib import Path

from hypothesis import given
from hypothesis import strategies as st

from tests.tls.talking import Talk
from wsinspect.tls.handshake import (
    MAX_MESSAGE,
    TLS_1_3,
    MessageReader,
    client_hello,
    encrypted_extensions,
    server_hello,
)


def hellos(directory: Path) -> list[bytes]:
    """Bodies of ClientHello and ServerHello."""
    talk = Talk(directory, ssl.TLSVersion.TLSv1_3, ["h2", "http/1.1"])
    return [
        MessageReader().feed(flight[5 : 5 + int.from_bytes(flight[3:5], "big")])[0][1] for _, flight in talk.flights[:2]
    ]


def test_real_hellos(tmp_path: Path) -> None:
    client, server = hellos(tmp_path)
    hello, chosen = client_hello(client), server_hello(server)
    assert hello is not None and chosen is not None
    assert (hello.version, hello.server_name, hello.alpn) == (TLS_1_3, "chat.example", ("h2", "http/1.1"))
    assert hello.random == client[2:34] and chosen.suite in hello.suites and chosen.version == TLS_1_3
    assert not hello.early_data and not chosen.retry


def test_cut_hellos_are_none_or_whole(tmp_path: Path) -> None:
    client, server = hellos(tmp_path)
    whole, chosen = client_hello(client), server_hello(server)
    # One place is an end, too: a hello without any extensions.
    assert sum(client_hello(client[:length]) is not None for length in range(len(client))) == 1
    assert sum(server_hello(server[:length]) is not None for length in range(len(server))) == 1
    assert whole is not None and chosen is not None


def test_messages_in_pieces_and_too_long_ones() -> None:
    reader = MessageReader()
    message = b"\x14\x00\x00\x04abcd"
    assert reader.feed(message[:3]) == [] and reader.feed(message[3:] + message) == [(20, b"abcd")] * 2
    assert reader.feed(b"\x0b" + (MAX_MESSAGE + 1).to_bytes(3, "big")) == [] and reader.lost


def test_a_long_message_may_come_byte_by_byte() -> None:
    reader = MessageReader()
    message = b"\x0b" + (MAX_MESSAGE - 4).to_bytes(3, "big") + bytes(MAX_MESSAGE - 4)
    found = [one for byte in message for one in reader.feed(bytes((byte,)))]
    assert found == [(11, message[4:])]


@given(st.binary(max_size=400))
def test_noise_never_raises(body: bytes) -> None:
    client_hello(body)
    server_hello(body)
    encrypted_extensions(body)
    MessageReader().feed(body)
