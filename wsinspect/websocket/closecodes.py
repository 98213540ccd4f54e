"""What every close code is called, who may send it, and where that is written (RFC 6455 §7.4, §11.7, IANA).

In: a number, as it stood in a Close frame or as an API reported it. Out: `CloseCode`. Names are the registry's own
spelling. What is registered is a snapshot that comes with the release: IANA gives out more of 3000–3999 from time to
time, so compare with its "WebSocket Close Code Number Registry" before one. Codes that frameworks and services give a
meaning of their own belong in codebooks, not here.
"""

from enum import Enum
from functools import lru_cache
from typing import Final, NamedTuple

HIGHEST: Final = 0xFFFF
"""A close code is two bytes on the wire."""


class Senders(Enum):
    """Who may put the code into a Close frame."""

    EITHER = "either side"
    CLIENT = "the client only"
    SERVER = "the server"
    NOBODY = "nobody"


class CloseCode(NamedTuple):
    """A close code and what is known of it."""

    code: int
    name: str
    registry: str
    """Who gave the name: `RFC 6455`, `IANA` (registered later), `unassigned`, `private`, `not used`, `out of range`."""
    allowed_on_wire: bool
    """Whether a Close frame may carry it."""
    senders: Senders
    reference: str
    meaning: str
    look_at: str


_EITHER, _SERVER, _NOBODY = Senders.EITHER, Senders.SERVER, Senders.NOBODY


def _rfc(code: int, name: str, senders: Senders, meaning: str, look_at: str, section: str = "§7.4.1") -> CloseCode:
    reference = f"RFC 6455 {section}"
    return CloseCode(code, name, "RFC 6455", senders is not _NOBODY, senders, reference, meaning, look_at)


def _iana(code: int, name: str, senders: Senders, meaning: str, look_at: str) -> CloseCode:
    return CloseCode(code, name, "IANA", True, senders, "IANA registry", meaning, look_at)


_REGISTERED: Final = (
    _rfc(
        1000,
        "Normal Closure",
        _EITHER,
        "The connection has done its job.",
        "Nothing, unless the application reconnects at once: then somebody closes what is still wanted.",
    ),
    _rfc(
        1001,
        "Going Away",
        _EITHER,
        "The sender is leaving: a server shuts down, a browser moves to another page.",
        "From the server: a deploy, a restart, or a gateway's limit on idle time or age. From the client: navigation, "
        "a closed tab, an app sent to the background.",
    ),
    _rfc(
        1002,
        "Protocol error",
        _EITHER,
        "The sender found that its peer broke the WebSocket protocol.",
        "The peer's violation just before the Close. If there is none, something between the two changed the bytes, "
        "or the sender is wrong.",
    ),
    _rfc(
        1003,
        "Unsupported Data",
        _EITHER,
        "The sender got a kind of message that it cannot take.",
        "Text where binary is expected or the reverse; two ends that speak different subprotocols.",
    ),
    _rfc(1004, "Reserved", _NOBODY, "Nothing: the code was set aside and never defined.", "The sender's code."),
    _rfc(
        1005,
        "No Status Rcvd",
        _NOBODY,
        "A Close frame came, but it held no code. Programs are told 1005 in its place.",
        "Who sent the empty Close; often a plain close() without arguments.",
        "§7.1.5, §7.4.1",
    ),
    _rfc(
        1006,
        "Abnormal Closure",
        _NOBODY,
        "The connection was gone before a Close frame came. Programs are told 1006 in place of a code.",
        "Who sent the first FIN or RST, after how long a silence and at what age of the connection. Nobody: the path "
        "died.",
        "§7.1.5, §7.4.1",
    ),
    _rfc(
        1007,
        "Invalid frame payload data",
        _EITHER,
        "The sender got a message whose bytes do not fit its type, such as a text that is not UTF-8.",
        "invalid-utf8-text before the Close: a wrong encoding, or text cut in the middle of a character.",
    ),
    _rfc(
        1008,
        "Policy Violation",
        _EITHER,
        "A message went against the sender's rules; the code for everything that no other code fits.",
        "The reason text, then authentication, origin and rate limits.",
    ),
    _rfc(
        1009,
        "Message Too Big",
        _EITHER,
        "A message was larger than the sender is willing to process.",
        "The size of the last message towards the sender, against the sender's limit.",
    ),
    _rfc(
        1010,
        "Mandatory Ext.",
        Senders.CLIENT,
        "The client cannot do without an extension that the server did not accept.",
        "Sec-WebSocket-Extensions of both sides; the reason text should list what was missed.",
    ),
    _rfc(
        1011,
        "Internal Error",
        _EITHER,
        "Something unexpected happened inside the sender. (Written for servers; erratum 3227 lets clients use it.)",
        'The sender\'s log of that second. "keepalive ping timeout" in the reason means that a Pong did not come.',
        "§7.4.1, erratum 3227",
    ),
    _iana(
        1012,
        "Service Restart",
        _SERVER,
        "The service restarts. Clients should come back after a random 5 to 30 seconds.",
        "The deploy or restart, and whether the clients spread their return.",
    ),
    _iana(
        1013,
        "Try Again Later",
        _SERVER,
        "The service is overloaded for now. Clients should come back later, or elsewhere.",
        "The server's load and connection limits.",
    ),
    _iana(
        1014,
        "Bad Gateway",
        _SERVER,
        "A gateway got no valid answer from the server behind it, like HTTP 502.",
        "What is behind the proxy.",
    ),
    _rfc(
        1015,
        "TLS handshake",
        _NOBODY,
        "TLS could not be set up. Some programs are told 1015 in place of a code, as pages in Firefox; most 1006.",
        "The TLS alert, the certificate, the server name and the versions offered.",
    ),
    _iana(
        3000,
        "Unauthorized",
        _EITHER,
        "The peer has to authenticate first, like HTTP 401.",
        "Token or session. Centrifuge and SockJS use this number for something else.",
    ),
    _iana(
        3003,
        "Forbidden",
        _EITHER,
        "The peer is known but not allowed to do this, like HTTP 403.",
        "Roles and scopes.",
    ),
    _iana(
        3008,
        "Timeout",
        _EITHER,
        "The peer took too long to answer a request of the application, like HTTP 408.",
        "Slow handlers. Centrifuge uses this number for a client that reads too slowly.",
    ),
)

BY_CODE: Final = {entry.code: entry for entry in _REGISTERED}


class CodeRange(NamedTuple):
    """Codes next to each other that share their fate, but for the registered ones among them."""

    first: int
    last: int
    template: CloseCode
    """What holds for each; its `code` is the first."""


def _range(first: int, last: int, name: str, registry: str, allowed: bool, meaning: str, look_at: str) -> CodeRange:
    reference = "RFC 6455 §11.7" if first >= 5000 else "RFC 6455 §7.4.2"
    senders = _EITHER if allowed else _NOBODY
    return CodeRange(first, last, CloseCode(first, name, registry, allowed, senders, reference, meaning, look_at))


RANGES: Final = (
    _range(
        0,
        999,
        "Not Used",
        "not used",
        False,
        "Below the range of close codes.",
        "The sender's code: often an errno, an exit status or an HTTP status taken for a close code.",
    ),
    _range(
        1000,
        2999,
        "Unassigned",
        "unassigned",
        False,
        "Kept for the protocol itself and its published extensions; most of the range has no meaning yet.",
        "The sender's code: an application's own codes are 4000 to 4999.",
    ),
    _range(
        3000,
        3999,
        "Unregistered",
        "unregistered",
        True,
        "For libraries and frameworks, registered with IANA on request; this one is not.",
        "The documentation of the library at the sender.",
    ),
    _range(
        4000,
        4999,
        "Private Use",
        "private",
        True,
        "Means what the two applications agreed upon, and nothing in general.",
        "The reason text and the application's documentation. 44xx and 45xx often stand for an HTTP status + 4000.",
    ),
    _range(
        5000,
        HIGHEST,
        "Out of Range",
        "out of range",
        False,
        "Beyond every range of close codes; no sentence of the standard forbids it outright.",
        "The sender's code: byte order (59395 is 1000 with its bytes swapped), or a number that did not fit.",
    ),
)
"""Every code is in one of these, in order and without holes."""


REGISTRIES: Final = frozenset(entry.registry for entry in (*_REGISTERED, *(span.template for span in RANGES)))
"""Every `registry` that there is; who else gives a name is a codebook."""


def code_range(code: int) -> CodeRange:
    """The range that `code` (0 to 65535) is in."""
    return next(candidate for candidate in RANGES if code <= candidate.last)


# Floods of one private code are the usual reason to ask at all.
@lru_cache(maxsize=1024)
def describe(code: int) -> CloseCode:
    """What is known of `code`, registered or not."""
    if not 0 <= code <= HIGHEST:
        raise ValueError(f"a close code is a number from 0 to {HIGHEST}, not {code}")
    return BY_CODE.get(code) or code_range(code).template._replace(code=code)
