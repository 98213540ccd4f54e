"""Which program is at an end of the connection, as far as its headers tell, and where its API differs from RFC 6455.

The differences were measured: each library's own close event was recorded beside the packets of its connection.
"""

from dataclasses import dataclass
from typing import Final

from wsinspect.websocket.handshake import Handshake
from wsinspect.websocket.side import Side


@dataclass(frozen=True, slots=True)
class Library:
    """How an implementation tells its program about the end."""

    name: str
    refused_codes: frozenset[int] | None = None
    """Close codes it takes for a broken Close; None: every code that may not be on the wire (RFC 6455 §7.4)."""
    tells_own_failure: bool = False
    """Whether a client that fails the connection tells its program the code it sent, not 1006."""
    empty_close_code: int = 1005
    """What a Close without a code is told as."""
    hurried_server_code: int | None = None
    """What a server is told that ends TCP right behind its own Close, not waiting for the answer; None: as others."""
    frames_after_close_fail: bool = False
    """Whether frames behind the peer's Close turn the ending into 1006."""


UNKNOWN: Final = Library("")
"""Nothing names the program: it is taken to follow the RFC."""
CHROMIUM: Final = Library("Chromium", refused_codes=frozenset({1005, 1006, 1015}), frames_after_close_fail=True)
FIREFOX: Final = Library("Firefox", refused_codes=frozenset())
AIOHTTP: Final = Library("aiohttp", refused_codes=frozenset(), tells_own_failure=True, empty_close_code=0,
                         hurried_server_code=1000)  # fmt: skip
WEBSOCKETS: Final = Library("websockets")
UNDICI: Final = Library("undici")

_MARKS: Final = (
    ("Chrome/", CHROMIUM),
    ("Chromium/", CHROMIUM),
    ("Firefox/", FIREFOX),
    ("aiohttp/", AIOHTTP),
    ("websockets/", WEBSOCKETS),
    ("undici", UNDICI),
)
"""Texts in `User-Agent` or `Server`, and who writes them."""


def library_of(handshake: Handshake, side: Side) -> Library:
    """The program at `side`, by its `User-Agent` or `Server` field; UNKNOWN if that says nothing."""
    head = handshake.request if side is Side.CLIENT else handshake.response
    text = head.value("User-Agent" if side is Side.CLIENT else "Server") if head is not None else None
    for mark, library in _MARKS:
        if text is not None and mark in text:
            return library
    return UNKNOWN
