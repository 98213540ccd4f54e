"""A raw socket that speaks WebSocket as no library would, at either end, and the endings that it plays."""

import base64
import contextlib
import socket
import struct
from collections.abc import Callable

from running import PATIENCE

from captures.encoder.frames import CLOSE, CONTINUATION, PING, TEXT, close_payload, encode
from wsinspect.websocket.handshake import expected_accept

KEY = base64.b64encode(bytes(range(16))).decode()
MASK = b"\x01\x02\x03\x04"
SILENCE = 1.0
"""Seconds without a byte after which it leaves: longer than the libraries under test wait for a Close."""


class Peer:
    """One end behind the opening handshake; a client masks, a server does not."""

    def __init__(self, opened: socket.socket, mask: bytes | None) -> None:
        self.socket, self.mask = opened, mask
        opened.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)

    def raw(self, *frames: bytes) -> None:
        self.socket.sendall(b"".join(frames))

    def frame(
        self, opcode: int, payload: bytes, rsv: int = 0, fin: bool = True, form: int | None = None, wrong: bool = False
    ) -> bytes:
        mask = (None if self.mask else MASK) if wrong else self.mask
        return encode(opcode, payload, mask=mask, rsv=rsv, fin=fin, length_form=form)

    def closing(self, code: int | None, reason: str | bytes = "", wrong: bool = False) -> bytes:
        return self.frame(CLOSE, close_payload(code, reason), wrong=wrong)

    def send(self, opcode: int, payload: bytes, rsv: int = 0) -> None:
        self.raw(self.frame(opcode, payload, rsv))

    def close(self, code: int, reason: str = "") -> None:
        self.raw(self.closing(code, reason))

    def read(self, until_end: bool = True) -> None:
        """What comes: to the end or to a silence, or the next bytes."""
        with contextlib.suppress(ConnectionResetError, TimeoutError):
            while self.socket.recv(65536) and until_end:
                self.socket.settimeout(SILENCE)

    def drain(self) -> None:
        """What comes, to the end or to a silence."""
        self.socket.settimeout(SILENCE)
        self.read()

    def is_closed_first(self) -> None:
        """Have the library send its Close: it does so at the first message."""
        self.send(TEXT, b"x")
        self.read(until_end=False)

    def reset(self) -> None:
        """The end of the socket is an RST."""
        self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))

    def end(self) -> None:
        self.socket.close()


def connect(port: int, path: str) -> Peer:
    """A client of the server under test."""
    opened = socket.create_connection(("127.0.0.1", port), PATIENCE)
    opened.sendall(
        f"GET {path} HTTP/1.1\r\nHost: h\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
        f"Sec-WebSocket-Key: {KEY}\r\nSec-WebSocket-Version: 13\r\n\r\n".encode()
    )
    head = b""
    while not head.endswith(b"\r\n\r\n"):
        head += opened.recv(1)
    assert head.startswith(b"HTTP/1.1 101")
    return Peer(opened, MASK)


def accept(opened: socket.socket) -> tuple[Peer, str]:
    """A server for the client under test, and the path that it asks for."""
    opened.settimeout(PATIENCE)
    head = b""
    while not head.endswith(b"\r\n\r\n"):
        head += opened.recv(1)
    first, *lines = head.decode().split("\r\n")
    key = next(line.partition(":")[2].strip() for line in lines if line.lower().startswith("sec-websocket-key:"))
    opened.sendall(
        b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
        b"Sec-WebSocket-Accept: " + expected_accept(key).encode() + b"\r\n\r\n"
    )
    return Peer(opened, None), first.split()[1]


Play = Callable[[Peer], None]


def play(ending: Play, peer: Peer) -> None:
    """The whole of it, once the library is there and answers."""
    with contextlib.suppress(OSError):
        peer.send(PING, b"there?")
        peer.read(until_end=False)
        ending(peer)
    peer.end()


ENDINGS: dict[str, Play] = {}
"""By name. In those that begin with `closed` the library sends its Close first."""


def ending(play: Play) -> Play:
    ENDINGS[play.__name__] = play
    return play


def sends(name: str, *frames: Callable[[Peer], bytes], first: bool = False, reset: bool = False) -> None:
    """An ending that consists of frames in one segment; `first`: behind the library's Close; `reset`: then an RST."""

    def play(peer: Peer) -> None:
        if first:
            peer.is_closed_first()
        peer.raw(*(frame(peer) for frame in frames))
        if reset:
            peer.reset()
        else:
            peer.drain()

    ENDINGS[name] = play


@ending
def leaves(peer: Peer) -> None:
    peer.end()


@ending
def resets(peer: Peer) -> None:
    peer.reset()


@ending
def half_a_frame(peer: Peer) -> None:
    peer.raw(peer.frame(TEXT, b"x" * 100)[:30])
    peer.socket.shutdown(socket.SHUT_WR)
    peer.drain()


@ending
def half_closed(peer: Peer) -> None:
    peer.socket.shutdown(socket.SHUT_WR)
    peer.drain()


@ending
def closed_crossing(peer: Peer) -> None:
    peer.raw(peer.frame(TEXT, b"x"), peer.closing(4002))
    peer.drain()


@ending
def closed_and_silent(peer: Peer) -> None:
    peer.is_closed_first()
    peer.drain()


@ending
def closed_and_leaves(peer: Peer) -> None:
    peer.is_closed_first()
    peer.end()


def bye(peer: Peer) -> bytes:
    return peer.closing(4000, "bye")


def bad_text(peer: Peer) -> bytes:
    return peer.frame(TEXT, b"\xff\xfe")


def reserved(peer: Peer) -> bytes:
    return peer.frame(3, b"x")


def long_form(peer: Peer) -> bytes:
    return peer.frame(CLOSE, close_payload(4000), form=16)


def part(peer: Peer) -> bytes:
    return peer.frame(TEXT, b"part", fin=False)


sends("code_and_reason", bye)
sends("no_code", lambda peer: peer.closing(None))
sends("one_byte", lambda peer: peer.frame(CLOSE, b"\x03"))
sends("bad_reason", lambda peer: peer.closing(1000, b"\xff"))
sends("code_999", lambda peer: peer.closing(999))
sends("code_1006", lambda peer: peer.closing(1006))
sends("code_5000", lambda peer: peer.closing(5000))
sends("longer_length_form", long_form)
sends("oversized", lambda peer: peer.closing(1000, "x" * 200))
sends("wrong_masking", lambda peer: peer.closing(4000, wrong=True))
sends("inside_a_message", part, bye)
sends("text_behind", bye, lambda peer: peer.frame(TEXT, b"late"))
sends("twice", bye, lambda peer: peer.closing(4001))
sends("then_a_reset", bye, reset=True)
sends("bad_text", bad_text)
sends("reserved_opcode", reserved)
sends("reserved_opcode_then_a_reset", reserved, bye, reset=True)
sends("rsv_bit", lambda peer: peer.frame(TEXT, b"x", rsv=2))
sends("long_ping", lambda peer: peer.frame(PING, b"x" * 126))
sends("stray_continuation", lambda peer: peer.frame(CONTINUATION, b"x"))
sends("closed_and_answers", bye, first=True)
sends("closed_and_no_code", lambda peer: peer.closing(None), first=True)
sends("closed_and_resets", reset=True, first=True)
sends("closed_and_answers_then_a_reset", bye, reset=True, first=True)
sends("closed_and_bad_text", bad_text, bye, first=True)
sends("closed_and_reserved_opcode", reserved, bye, first=True)
sends("closed_and_wrong_masking", lambda peer: peer.closing(4000, wrong=True), first=True)
sends("closed_and_longer_length_form", long_form, first=True)
