"""Whether a TLS connection that cannot be decrypted carries a WebSocket, as far as that shows from outside."""

from typing import Final

from wsinspect.tls.handshake import ClientHello

WEBSOCKET_ALPN: Final = ("http/1.1",)
"""What browsers offer for wss alone; for everything else they offer h2 as well."""
_REQUEST: Final = range(130, 8192)
"""Bytes of an upgrade request: the fields that RFC 6455 §4.1 asks for alone take some 130."""
_RESPONSE: Final = range(100, 1024)
"""Bytes of a 101 response."""
_SMALL: Final = 48
"""A record with so few bytes can be a frame, and hardly an HTTP request."""


def offers_websocket(hello: ClientHello) -> bool:
    """Whether the ClientHello is one of a browser that opens a WebSocket, or of a program that does as they do."""
    return hello.alpn == WEBSOCKET_ALPN


class Shape:
    """The sizes of the first records of an encrypted connection: request, 101, and then a frame of the client."""

    __slots__ = ("_step",)

    def __init__(self) -> None:
        self._step = 0

    @property
    def is_websocket(self) -> bool:
        """Whether it looks like one."""
        return self._step == 3

    @property
    def decided(self) -> bool:
        """Whether further records change nothing."""
        return self._step in (3, -1)

    def record(self, by_client: bool, length: int) -> None:
        """The next encrypted record, with about `length` bytes of plaintext."""
        if self._step == 0 and by_client:
            self._step = 1 if length in _REQUEST else 0
        elif self._step == 1:
            self._step = 2 if not by_client and length in _RESPONSE else -1
        elif self._step == 2 and by_client:
            self._step = 3 if length <= _SMALL else -1
