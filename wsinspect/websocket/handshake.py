"""The opening handshake as facts: who asked for what, what was agreed (RFC 6455 §1.3, §4).

In: one request head and the response head to it, either of which the capture may lack. Out: `Handshake`, whose
properties say what the heads mean without judging them; the rules judge.
"""

import base64
import binascii
import hashlib
from dataclasses import dataclass, field

from wsinspect.transport.httphead import RequestHead, ResponseHead
from wsinspect.websocket.extensions import (
    HARMLESS,
    DeflateParameters,
    ExtensionHeader,
    deflate_parameters,
    parse_extensions,
)

_ACCEPT_GUID = "258EAFA5-E914-47DA-95CA-C5AB0DC85B11"
_SWITCHING_PROTOCOLS = 101
_NOTHING = ExtensionHeader((), None)


def looks_like_websocket(request: RequestHead) -> bool:
    """Whether the request asks for a WebSocket, be it ever so clumsily."""
    return request.has_token("Upgrade", "websocket") or _has_websocket_field(request)


def switches_to_websocket(response: ResponseHead) -> bool:
    """Whether the response says in so many words that WebSocket frames follow it."""
    return response.status == _SWITCHING_PROTOCOLS and response.has_token("Upgrade", "websocket")


def opens_websocket(response: ResponseHead) -> bool:
    """Whether a response to an opening handshake is one that grants it: 101, or over HTTP/2 any 2xx (RFC 8441 §5)."""
    if response.version == "HTTP/2":
        return 200 <= response.status < 300
    return response.status == _SWITCHING_PROTOCOLS


def expected_accept(key: str) -> str:
    """The `Sec-WebSocket-Accept` that answers `key` (RFC 6455 §4.2.2): the key is hashed as text, never decoded."""
    digest = hashlib.sha1((key + _ACCEPT_GUID).encode("latin-1", "replace"), usedforsecurity=False).digest()
    return base64.b64encode(digest).decode("ascii")


def decode_key(key: str) -> bytes | None:
    """The nonce in a `Sec-WebSocket-Key`; None if the value is not base64.

    Bits left over behind the last byte may be set: a sample key of RFC 6455 §4.1 has them.
    """
    try:
        return base64.b64decode(key, validate=True)
    except (binascii.Error, ValueError):
        return None


@dataclass(frozen=True, slots=True)
class Handshake:
    """A request, its response, and what they settle. Whatever was not captured is None."""

    request: RequestHead | None
    response: ResponseHead | None
    early_bytes: int = 0
    """Client bytes behind the request head that passed before the response began, an announced body not counted."""
    early_packet: int | None = None
    """Packet that holds the first of them."""
    accept_owner: int = 0
    """If `accept` does not answer this key: the connection of the capture whose key it answers; 0 if none is known."""
    asks_for_websocket: bool = field(init=False, repr=False, compare=False)
    """Whether the client, as far as captured, wanted a WebSocket at all."""
    accepted: bool = field(init=False, repr=False, compare=False)
    """Whether the server switched to WebSocket.

    A 101 with broken header fields counts: what the endpoints made of it, the traffic behind it shows.
    """

    def __post_init__(self) -> None:
        # Found out once: nearly every rule about handshakes asks.
        object.__setattr__(self, "asks_for_websocket", self._asks())
        object.__setattr__(self, "accepted", self._switches())

    def _asks(self) -> bool:
        return self.request is not None and looks_like_websocket(self.request)

    def _switches(self) -> bool:
        response = self.response
        if response is None or response.status != _SWITCHING_PROTOCOLS:
            return False
        if response.has_token("Upgrade", "websocket"):
            return True
        if self.request is None:
            return _has_websocket_field(response)
        return looks_like_websocket(self.request) and not _switches_elsewhere(self.request, response)

    @property
    def is_websocket(self) -> bool:
        """Whether either head makes this the opening handshake of a WebSocket."""
        return self.asks_for_websocket or (self.response is not None and switches_to_websocket(self.response))

    @property
    def asking(self) -> RequestHead | None:
        """The request if it wants a WebSocket: the one that the client's rules are for."""
        return self.request if self.asks_for_websocket else None

    @property
    def agreeing(self) -> ResponseHead | None:
        """The response if it switched to WebSocket: the one that the rules for a 101 are for."""
        return self.response if self.accepted else None

    @property
    def status(self) -> int | None:
        """The response's status code."""
        return self.response.status if self.response else None

    @property
    def keys(self) -> tuple[str, ...]:
        """Every `Sec-WebSocket-Key` line; more than one is a breach, but the server may have used either."""
        return tuple(self.request.values("Sec-WebSocket-Key")) if self.request else ()

    @property
    def key(self) -> str | None:
        """The (first) `Sec-WebSocket-Key`."""
        return self.keys[0] if self.keys else None

    @property
    def expected_accept(self) -> str | None:
        """What `accept` has to be; None if there is no key to compute it from."""
        return expected_accept(self.key) if self.key is not None else None

    @property
    def accepts(self) -> tuple[str, ...]:
        """Every `Sec-WebSocket-Accept` line."""
        return tuple(self.response.values("Sec-WebSocket-Accept")) if self.response else ()

    @property
    def accept(self) -> str | None:
        """The (first) `Sec-WebSocket-Accept`."""
        return self.accepts[0] if self.accepts else None

    @property
    def offered_subprotocols(self) -> tuple[str, ...]:
        """What the client put up for choice, in its order, case as sent (RFC 6455 §4.1: case matters)."""
        return tuple(self.request.tokens("Sec-WebSocket-Protocol")) if self.request else ()

    @property
    def selected_subprotocols(self) -> tuple[str, ...]:
        """What the 101 names; one at most if the server keeps to RFC 6455 §4.2.2."""
        return tuple(self.response.tokens("Sec-WebSocket-Protocol")) if self.response and self.accepted else ()

    @property
    def subprotocol(self) -> str | None:
        """The subprotocol in force; None without one."""
        return self.selected_subprotocols[0] if self.selected_subprotocols else None

    @property
    def offered(self) -> ExtensionHeader:
        """The extensions the client offered."""
        return _extensions(self.request)

    @property
    def selected(self) -> ExtensionHeader:
        """The extensions the response names; they are in force only if it is `accepted`."""
        return _extensions(self.response)

    @property
    def extensions(self) -> tuple[str, ...]:
        """The extensions in force, as in a header: `("permessage-deflate; server_no_context_takeover",)`."""
        return tuple(str(extension) for extension in self.selected.extensions) if self.accepted else ()

    @property
    def deflate(self) -> DeflateParameters | None:
        """The compression in force; None without any."""
        return deflate_parameters(self.selected.extensions) if self.accepted else None

    @property
    def has_unknown_extension(self) -> bool:
        """Whether an extension is in force that may give its own meaning to RSV bits and opcodes."""
        return self.accepted and any(extension.name not in HARMLESS for extension in self.selected.extensions)

    def url(self, server: str, secure: bool = False) -> str | None:
        """The WebSocket's address; None if the request was not captured.

        `server` is `address:port` of the server, for a request without `Host`; `secure` says that it came through TLS.
        """
        request = self.request
        if request is None:
            return None
        scheme, separator, rest = request.target.partition("://")
        if separator and scheme.lower() in ("http", "https", "ws", "wss"):
            # absolute-form (RFC 9112 §3.2.2): the target names the authority itself and Host does not count
            secure = secure or scheme.lower() in ("https", "wss")
            return f"{_scheme(secure)}://{rest}"
        if request.method == "CONNECT":
            return f"{_scheme(secure)}://{request.target}"
        hosts = [host for host in request.values("Host") if host]
        path = request.target if request.target.startswith("/") else f"/{request.target}"
        return f"{_scheme(secure)}://{hosts[0] if hosts else server}{path}"


def _scheme(secure: bool) -> str:
    return "wss" if secure else "ws"


def _has_websocket_field(head: RequestHead | ResponseHead) -> bool:
    return any(name.lower().startswith("sec-websocket-") for name, _ in head.fields)


def _switches_elsewhere(request: RequestHead, response: ResponseHead) -> bool:
    """Whether the 101 took another protocol that the client had offered too, as in `Upgrade: h2c, websocket`."""
    taken = response.tokens("Upgrade")
    return (
        bool(taken)
        and all(request.has_token("Upgrade", token) for token in taken)
        and not _has_websocket_field(response)
    )


def _extensions(head: RequestHead | ResponseHead | None) -> ExtensionHeader:
    if head is None:
        return _NOTHING
    return parse_extensions(tuple(head.values("Sec-WebSocket-Extensions")))
