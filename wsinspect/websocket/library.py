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
    accepts: frozenset[str] = frozenset()
    """Rules for whose breach others fail the connection, and this one does not."""
    fails_for: frozenset[str] = frozenset()
    """Further rules for whose breach it is known to fail the connection."""
    accepts_with_deflate: frozenset[str] = frozenset()
    """The same where permessage-deflate is agreed on: RSV1 may then be set on frames for which it means nothing."""
    tells_own_failure: bool = False
    """Whether a client that fails the connection tells its program the code it sent, not 1006."""
    empty_close_code: int = 1005
    """What a Close without a code is told as."""
    awaits_code: bool = False
    """Whether a client that has answered a Close without a code waits for one with a code, and is told 1006 without."""
    hurried_server_code: int | None = None
    """What a server is told that ends TCP right behind its own Close, not waiting for the answer; None: as others."""
    bad_deflate_code: int | None = None
    """What it closes with when data cannot be inflated, if that is no code of a failure; None: 1002 or 1007."""
    frames_after_close_fail: bool = False
    """Whether frames behind the peer's Close turn the ending into 1006."""
    reads_text_after_close: bool = True
    """Whether it looks at the text that comes once it has sent its own Close."""
    drops_data_after_close: bool = False
    """Whether it drops the data frames that come once it has sent its own Close, in whatever order they are."""
    reads_past_bad_text: bool = False
    """Whether a Close in the same segment still counts behind a text for which it fails the connection."""
    close_inside_message_counts: bool = False
    """Whether a Close inside an unfinished message is told as it came, though the answer says 1002."""
    needs_subprotocol: bool = False
    """Whether a client that offered subprotocols gives up on a 101 that selects none."""
    reset_spoils: bool = False
    """Whether an RST of the peer behind both Closes makes the ending unclean."""
    clean_without_answer: bool = False
    """Whether the ending is clean once the peer's Close has come, even if the answer never went out."""
    answers_every_close: bool = False
    """Whether it answers every Close of the peer, unless it has given up before."""
    needs_to_answer: bool = False
    """Whether without TLS an RST that is faster than its answer to the peer's Close turns the ending into 1006."""
    repeats_with_credentials: bool = False
    """Whether a 401 makes it repeat the request with a user and password that it knows, unknown to its program."""
    failed_tls_code: int = 1006
    """What it tells its program when an alert ended the handshake of TLS, or TLS before a WebSocket came to be."""


UNKNOWN: Final = Library("")
"""Nothing names the program: it is taken to follow the RFC. So does `ws` of Node, which does not name itself."""
CHROMIUM: Final = Library(
    "Chromium",
    refused_codes=frozenset({1005, 1006, 1015}),
    fails_for=frozenset({"non-minimal-length"}),
    frames_after_close_fail=True,
    reads_text_after_close=False,
    drops_data_after_close=True,
    reset_spoils=True,
    answers_every_close=True,
    needs_to_answer=True,
    repeats_with_credentials=True,
)
FIREFOX: Final = Library(
    "Firefox",
    refused_codes=frozenset(),
    accepts=frozenset({"masked-server-frame", "close-payload-one-byte"}),
    fails_for=frozenset({"non-minimal-length"}),
    answers_every_close=True,
    repeats_with_credentials=True,
    failed_tls_code=1015,
)
AIOHTTP: Final = Library(
    "aiohttp",
    refused_codes=frozenset(range(3000)) - {*range(1000, 1004), *range(1006, 1015)},
    accepts=frozenset({"masked-server-frame", "unmasked-client-frame"}),
    accepts_with_deflate=frozenset({"rsv-bits-set"}),
    tells_own_failure=True,
    empty_close_code=0,
    awaits_code=True,
    hurried_server_code=1000,
    bad_deflate_code=1000,
)
WEBSOCKETS: Final = Library(
    "websockets",
    accepts=frozenset({"non-minimal-length"}),
    reads_text_after_close=False,
    reads_past_bad_text=True,
    close_inside_message_counts=True,
)
UNDICI: Final = Library(
    "undici",
    accepts_with_deflate=frozenset({"rsv-bits-set"}),
    reads_text_after_close=False,
    reads_past_bad_text=True,
    needs_subprotocol=True,
    clean_without_answer=True,
)

_MARKS: Final = (
    ("Chrome/", CHROMIUM),
    ("Chromium/", CHROMIUM),
    ("Firefox/", FIREFOX),
    ("aiohttp/", AIOHTTP),
    ("websockets/", WEBSOCKETS),
    ("undici", UNDICI),
)
"""Texts in `User-Agent` or `Server`, and who writes them."""
_NODE: Final = "node"
"""The whole `User-Agent` of the WebSocket that is part of Node: it is undici's."""


def library_of(handshake: Handshake, side: Side) -> Library:
    """The program at `side`, by its `User-Agent` or `Server` field; UNKNOWN if that says nothing."""
    head = handshake.request if side is Side.CLIENT else handshake.response
    text = head.value("User-Agent" if side is Side.CLIENT else "Server") if head is not None else None
    return library_named(text, side)


def library_named(text: str | None, side: Side) -> Library:
    """The same for the field's `text`, however it is known."""
    for mark, library in _MARKS:
        if text is not None and mark in text:
            return library
    return UNDICI if text == _NODE and side is Side.CLIENT else UNKNOWN
