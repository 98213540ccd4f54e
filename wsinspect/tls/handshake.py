"""Handshake messages (RFC 8446 §4, RFC 5246 §7.4), as far as a reader of records has to understand them.

Nothing in here raises: a message that contradicts itself is None.
"""

import struct
from dataclasses import dataclass
from enum import IntEnum
from typing import Final

TLS_1_0: Final = 0x0301
TLS_1_1: Final = 0x0302
TLS_1_2: Final = 0x0303
TLS_1_3: Final = 0x0304
VERSION_NAMES: Final = {
    0x0300: "SSL 3.0",
    TLS_1_0: "TLS 1.0",
    TLS_1_1: "TLS 1.1",
    TLS_1_2: "TLS 1.2",
    TLS_1_3: "TLS 1.3",
}
MAX_MESSAGE: Final = 256 * 1024
"""Bytes of a handshake message; a longer one is not believed. Certificate chains have some 10 KiB."""

_VARYING: Final = frozenset({0, 21, 35, 41, 42, 44})
"""Extensions that come and go: server_name, padding, what resumes a session, the cookie of a HelloRetryRequest."""
_RETRY: Final = bytes.fromhex("cf21ad74e59a6111be1d8c021e65b891c2a211167abb8c5e079e09e2c8a8339c")


class MessageType(IntEnum):
    """Types of handshake messages that matter here."""

    CLIENT_HELLO = 1
    SERVER_HELLO = 2
    END_OF_EARLY_DATA = 5
    ENCRYPTED_EXTENSIONS = 8
    FINISHED = 20
    KEY_UPDATE = 24


class Extension(IntEnum):
    """Extensions that matter here."""

    SERVER_NAME = 0
    ALPN = 16
    ENCRYPT_THEN_MAC = 22
    SESSION_TICKET = 35
    PRE_SHARED_KEY = 41
    EARLY_DATA = 42
    SUPPORTED_VERSIONS = 43


@dataclass(frozen=True, slots=True)
class ClientHello:
    """What the client offers."""

    version: int
    """The highest one that it offers."""
    random: bytes
    session_id: bytes
    suites: tuple[int, ...]
    server_name: str | None
    """SNI (RFC 6066 §3); the outer one where the real one is encrypted."""
    alpn: tuple[str, ...] | None
    """Application protocols (RFC 7301); None without the extension."""
    early_data: bool
    """Whether 0-RTT data follows (RFC 8446 §4.2.10)."""
    resumes: bool
    """Whether it offers to resume a session: by a ticket or a pre-shared key."""
    kind: int
    """The same in each that a program sends with the same settings: a hash of what it can do."""


@dataclass(frozen=True, slots=True)
class ServerHello:
    """What the server chose."""

    version: int
    random: bytes
    session_id: bytes
    suite: int
    compression: int
    retry: bool
    """Whether it is a HelloRetryRequest (RFC 8446 §4.1.4)."""
    alpn: str | None
    """TLS 1.2 and before; TLS 1.3 has it in the EncryptedExtensions."""
    encrypt_then_mac: bool


class _Reader:
    """Takes numbers and vectors off the front; raises IndexError when there is too little."""

    def __init__(self, data: bytes) -> None:
        self.data = data
        self.at = 0

    def take(self, count: int) -> bytes:
        end = self.at + count
        if end > len(self.data):
            raise IndexError
        taken, self.at = self.data[self.at : end], end
        return taken

    def number(self, width: int) -> int:
        return int.from_bytes(self.take(width), "big")

    def vector(self, width: int) -> bytes:
        return self.take(self.number(width))

    @property
    def left(self) -> int:
        return len(self.data) - self.at


def client_hello(body: bytes) -> ClientHello | None:
    """A ClientHello without its header; None if it is none."""
    reader = _Reader(body)
    try:
        version, random, session_id = reader.number(2), reader.take(32), reader.vector(1)
        suites = reader.vector(2)
        reader.vector(1)
        extensions = _extensions(reader.vector(2)) if reader.left else {}
        versions = _versions(extensions.get(Extension.SUPPORTED_VERSIONS))
    except IndexError:
        return None
    ticket = extensions.get(Extension.SESSION_TICKET)
    return ClientHello(
        max([version, *versions]),
        random,
        session_id,
        struct.unpack(f">{len(suites) // 2}H", suites[: len(suites) // 2 * 2]),
        _server_name(extensions.get(Extension.SERVER_NAME)),
        _alpn(extensions.get(Extension.ALPN)),
        Extension.EARLY_DATA in extensions,
        bool(ticket) or Extension.PRE_SHARED_KEY in extensions,
        _kind(suites, extensions),
    )


def server_hello(body: bytes) -> ServerHello | None:
    """A ServerHello or HelloRetryRequest without its header; None if it is none."""
    reader = _Reader(body)
    try:
        version, random, session_id = reader.number(2), reader.take(32), reader.vector(1)
        suite, compression = reader.number(2), reader.number(1)
        extensions = _extensions(reader.vector(2)) if reader.left else {}
    except IndexError:
        return None
    selected = extensions.get(Extension.SUPPORTED_VERSIONS, b"")
    return ServerHello(
        int.from_bytes(selected, "big") if len(selected) == 2 else version,
        random,
        session_id,
        suite,
        compression,
        random == _RETRY,
        _selected_alpn(extensions.get(Extension.ALPN)),
        Extension.ENCRYPT_THEN_MAC in extensions,
    )


def encrypted_extensions(body: bytes) -> tuple[str | None, bool]:
    """Of EncryptedExtensions: the application protocol that was chosen, and whether 0-RTT data was accepted."""
    try:
        extensions = _extensions(_Reader(body).vector(2))
    except IndexError:
        return None, False
    return _selected_alpn(extensions.get(Extension.ALPN)), Extension.EARLY_DATA in extensions


class MessageReader:
    """Handshake messages of one direction, out of records that cut them anywhere."""

    __slots__ = ("_buffer", "lost")

    def __init__(self) -> None:
        self._buffer = bytearray()
        self.lost = False
        """Whether what came is no handshake message, or parts of one are missing."""

    def feed(self, data: bytes) -> list[tuple[int, bytes]]:
        """Type and body of each message that `data` completes."""
        messages: list[tuple[int, bytes]] = []
        if self.lost:
            return messages
        buffer = self._buffer
        buffer += data
        while len(buffer) >= 4:
            length = int.from_bytes(buffer[1:4], "big")
            if length > MAX_MESSAGE:
                self.gap()
                self.lost = True
                break
            if len(buffer) < 4 + length:
                break
            messages.append((buffer[0], bytes(buffer[4 : 4 + length])))
            del buffer[: 4 + length]
        return messages

    def gap(self) -> None:
        """A record is missing: what is held of a message stays incomplete."""
        self._buffer.clear()


def _extensions(data: bytes) -> dict[int, bytes]:
    reader = _Reader(data)
    found: dict[int, bytes] = {}
    while reader.left:
        kind = reader.number(2)
        found.setdefault(kind, reader.vector(2))
    return found


def _kind(suites: bytes, extensions: dict[int, bytes]) -> int:
    """Suites, extensions and protocols, without GREASE (RFC 8701) and in no order: browsers make both up each time."""
    numbers = struct.unpack(f">{len(suites) // 2}H", suites[: len(suites) // 2 * 2])
    known = frozenset(number for number in numbers if not _is_grease(number))
    offered = frozenset(kind for kind in extensions if not _is_grease(kind) and kind not in _VARYING)
    return hash((known, offered, extensions.get(Extension.ALPN)))


def _is_grease(number: int) -> bool:
    return number & 0x0F0F == 0x0A0A and number >> 8 == number & 0xFF


def _versions(data: bytes | None) -> list[int]:
    if data is None:
        return []
    offered = _Reader(data).vector(1)
    versions = [int.from_bytes(offered[at : at + 2], "big") for at in range(0, len(offered), 2)]
    return [version for version in versions if version in VERSION_NAMES]  # the others are GREASE (RFC 8701)


def _server_name(data: bytes | None) -> str | None:
    if data is None:
        return None
    try:
        names = _Reader(_Reader(data).vector(2))
        kind, name = names.number(1), names.vector(2)
    except IndexError:
        return None
    return name.decode("ascii", "backslashreplace") if kind == 0 else None


def _alpn(data: bytes | None) -> tuple[str, ...] | None:
    if data is None:
        return None
    names: list[str] = []
    try:
        reader = _Reader(_Reader(data).vector(2))
        while reader.left:
            names.append(reader.vector(1).decode("ascii", "backslashreplace"))
    except IndexError:
        return None
    return tuple(names)


def _selected_alpn(data: bytes | None) -> str | None:
    names = _alpn(data)
    return names[0] if names else None
