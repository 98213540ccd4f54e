"""The opening handshake over HTTP/2: extended CONNECT, answered by a 2xx (RFC 8441 §4, §5).

Pseudo-header fields stand among the fields of the heads, as they were sent. There is no Upgrade, no key and no accept;
subprotocols and extensions are settled as over HTTP/1.1.
"""

from dataclasses import dataclass
from typing import Final

from wsinspect.transport.httphead import RequestHead, ResponseHead
from wsinspect.websocket.handshake import Handshake

VERSION: Final = "HTTP/2"


def asks_for_websocket(fields: tuple[tuple[str, str], ...]) -> bool:
    """Whether a stream's header fields are those of an extended CONNECT for a WebSocket, be it ever so clumsily."""
    method = protocol = ""
    websocket_field = False
    for name, value in fields:
        if name == ":method":
            method = value
        elif name == ":protocol":
            protocol = value
        elif name.lower().startswith("sec-websocket-"):
            websocket_field = True
    return method == "CONNECT" and bool(protocol) and (protocol.lower() == "websocket" or websocket_field)


@dataclass(frozen=True, slots=True)
class Http2Handshake(Handshake):
    """An extended CONNECT and the response to it."""

    allowed: bool | None = None
    """Whether the server had said by then that it takes them; None if that was not captured."""
    secure: bool = False
    """Whether it came through TLS."""

    @property
    def is_websocket(self) -> bool:
        return True

    def _asks(self) -> bool:
        return self.request is not None

    def _switches(self) -> bool:
        """Whether the server took the CONNECT: any 2xx does (RFC 8441 §5)."""
        return self.response is not None and 200 <= self.response.status < 300

    def url(self, server: str, secure: bool = False) -> str | None:
        """The WebSocket's address; `server` is for a request without `:authority` and `host`."""
        request = self.request
        if request is None:
            return None
        authority = request.value(":authority") or request.value("host") or server
        path = request.value(":path") or "/"
        return f"{'wss' if secure else 'ws'}://{authority}{path if path.startswith('/') else f'/{path}'}"


def request_head(
    fields: tuple[tuple[str, str], ...], packet: int, last_packet: int, time_ns: int, end_time_ns: int
) -> RequestHead:
    """The header fields of a request as a head."""
    method, path = _first(fields, ":method"), _first(fields, ":path")
    return RequestHead(VERSION, fields, packet, last_packet, time_ns, end_time_ns, method, path)


def response_head(
    fields: tuple[tuple[str, str], ...], packet: int, last_packet: int, time_ns: int, end_time_ns: int
) -> ResponseHead | None:
    """The header fields of a response as a head; None if they have no status."""
    status = _first(fields, ":status")
    if not (len(status) == 3 and status.isascii() and status.isdigit()):
        return None
    return ResponseHead(VERSION, fields, packet, last_packet, time_ns, end_time_ns, int(status), "")


def _first(fields: tuple[tuple[str, str], ...], name: str) -> str:
    return next((value for field, value in fields if field == name), "")
