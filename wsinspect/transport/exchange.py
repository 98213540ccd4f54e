"""HTTP/1.x on one TCP connection: requests matched with responses, until another protocol takes over or nothing does.

In: in-order bytes and gaps of both directions. Out: the opening handshakes among the exchanges, and, after a 101 or a
2xx to CONNECT, the bytes behind the heads exactly as they came.
"""

from collections import deque
from dataclasses import dataclass
from typing import Final

from wsinspect.transport.http1 import (
    HttpReader,
    Likeness,
    Phase,
    like_request,
    like_response,
    without_empty_lines,
)
from wsinspect.transport.httphead import Head, RequestHead, ResponseHead
from wsinspect.transport.reassembly import Chunk, Gap

MAX_PENDING: Final = 256
"""Requests that may wait for their response; beyond, the connection is given up as HTTP."""
MAX_HELD: Final = 4 * 1024 * 1024
"""Bytes behind an upgrade request that are kept until its response comes."""
MAX_FIRST: Final = 64
"""Pieces that may come before it shows who asks; beyond, of empty lines most likely, this is given up as HTTP."""
_MAX_LENGTH_DIGITS: Final = 18
"""Digits of a Content-Length; int() would refuse thousands of them."""


@dataclass(frozen=True, slots=True)
class Requested:
    """A complete request head."""

    request: RequestHead


@dataclass(frozen=True, slots=True)
class Answered:
    """A final response head (or 101), and the request it answers if that was captured."""

    request: RequestHead | None
    response: ResponseHead
    early_bytes: int
    """Bytes behind the request (and its announced body) that passed before the first byte of the response."""
    early_packet: int | None
    """Packet of the first of them."""


@dataclass(frozen=True, slots=True)
class Switched:
    """After a 101 the connection speaks another protocol: the bytes behind both heads."""

    pieces: tuple[Chunk | Gap, ...]
    client_in_sync: bool
    """Whether the client's bytes begin right behind its request."""


@dataclass(frozen=True, slots=True)
class Tunnelled:
    """A proxy connected the client to where it wanted (RFC 9110 §9.3.6): what follows is a conversation of its own."""

    pieces: tuple[Chunk | Gap, ...]
    """The bytes behind both heads."""


@dataclass(frozen=True, slots=True)
class GaveUp:
    """This is no HTTP, or no longer."""


ExchangeEvent = Requested | Answered | Switched | Tunnelled | GaveUp


class Exchange:
    """HTTP/1.x between the two directions of a TCP connection."""

    __slots__ = ("_answers_missed", "_client", "_early", "_first", "_pending", "_server", "client_direction")

    def __init__(self) -> None:
        self.client_direction = -1
        """The direction that asks; -1 until the first bytes told."""
        self._client = HttpReader(is_client=True)
        self._server = HttpReader(is_client=False)
        self._pending: deque[RequestHead] = deque()
        self._answers_missed = False  # whether a response may have passed unseen
        self._early: tuple[int, int | None] | None = None
        self._first: list[Chunk | Gap] = []

    def waiting(self) -> list[Chunk | Gap]:
        """Take out the bytes that wait for something to be decided."""
        return [*self._first, *self._client.pieces.drain(), *self._server.pieces.drain()]

    def feed(self, piece: Chunk | Gap) -> list[ExchangeEvent]:
        """What `piece` completes."""
        if self.client_direction < 0:
            return self._find_roles(piece)
        reader = self._client if piece.direction == self.client_direction else self._server
        if isinstance(piece, Gap):
            reader.gap(piece)
            self._server.length_unsure = True
            self._answers_missed = self._answers_missed or reader is self._server
            return []
        if reader is self._server and reader.phase is Phase.HEAD and not reader.pieces and self._early is None:
            self._early = self._early_now()
        heads = reader.feed(piece)
        events = self._requested(heads) if reader is self._client else self._responded(heads)
        if events and isinstance(events[-1], Switched | Tunnelled):
            return events
        return events + self._check_limits()

    def _find_roles(self, piece: Chunk | Gap) -> list[ExchangeEvent]:
        """Who asks shows in the first bytes of either direction: a request line, a status line, or neither."""
        self._first.append(piece)
        if len(self._first) > MAX_FIRST:
            return [GaveUp()]
        if isinstance(piece, Gap):
            return []
        start = b"".join(p.data for p in self._first if isinstance(p, Chunk) and p.direction == piece.direction)
        if like_response(start) is Likeness.YES:
            self.client_direction = 1 - piece.direction
        elif like_request(without_empty_lines(start)) is Likeness.YES:
            self.client_direction = piece.direction
        elif Likeness.TOO_SHORT in (like_request(without_empty_lines(start)), like_response(start)):
            return []
        else:
            return [GaveUp()]
        waiting, self._first = self._first, []
        return [event for earlier in waiting for event in self.feed(earlier)]

    def _requested(self, heads: list[Head]) -> list[ExchangeEvent]:
        events: list[ExchangeEvent] = []
        while heads:
            for head in heads:
                assert isinstance(head, RequestHead)
                self._pending.append(head)
                self._client.body(_content_length(head) or 0, _is_chunked(head))
                if _may_switch(head):
                    self._client.hold()
                events.append(Requested(head))
            more = self._client.next_head()
            heads = [more] if more else []
        return events

    def _responded(self, heads: list[Head]) -> list[ExchangeEvent]:
        events: list[ExchangeEvent] = []
        while heads:
            for head in heads:
                assert isinstance(head, ResponseHead)
                events += self._response(head)
                if events and isinstance(events[-1], Switched | Tunnelled):
                    return events
            if self._server.pieces and self._early is None:
                self._early = self._early_now()
            more = self._server.next_head()
            heads = [more] if more else []
        return events

    def _response(self, head: ResponseHead) -> list[ExchangeEvent]:
        if 100 <= head.status < 200 and head.status != 101:
            self._early = None
            return []  # interim (RFC 9110 §15.2): the request still waits
        events = self._skip_answered() if head.status == 101 and self._answers_missed else []
        request = self._pending.popleft() if self._pending else None
        early_bytes, early_packet = self._early or (0, None)
        self._early = None
        answered = Answered(request, head, early_bytes, early_packet)
        if head.status == 101:
            return [*events, answered, self._switch(request is not None)]
        if request is not None and request.method == "CONNECT" and 200 <= head.status < 300:
            return [answered, Tunnelled((*self._client.pieces.drain(), *self._server.pieces.drain()))]
        self._server.body(*_response_body(head, request))
        if not any(_may_switch(waiting) for waiting in self._pending):
            self._client.release()
        return [answered, *self._requested([more] if (more := self._client.next_head()) else [])]

    def _skip_answered(self) -> list[ExchangeEvent]:
        """Responses were missed, and now one switches protocols: it is no answer to requests that did not ask for it.

        Behind one that did there is nothing but frames, unless it was refused: then the next request follows.
        """
        events: list[ExchangeEvent] = []
        while self._pending and (not _asks_to_upgrade(self._pending[0]) or self._another_follows()):
            self._pending.popleft()
            if not any(_may_switch(waiting) for waiting in self._pending):
                self._client.release()
                more = self._client.next_head()
                events += self._requested([more]) if more else []
        return events

    def _another_follows(self) -> bool:
        return len(self._pending) > 1 or like_request(bytes(self._client.pieces.data)) is Likeness.YES

    def _switch(self, request_seen: bool) -> Switched:
        client = self._client
        lost = client.phase in (Phase.LOST, Phase.NOT_HTTP, Phase.TO_END) or client.gap_in_hold
        in_sync = request_seen and bool(client.seen) and not lost
        return Switched((*self._client.pieces.drain(), *self._server.pieces.drain()), in_sync)

    def _early_now(self) -> tuple[int, int | None]:
        """Bytes of the client that wait behind its request at this moment."""
        if self._client.phase is not Phase.HELD or len(self._pending) != 1 or not self._client.pieces:
            return (0, None)
        return len(self._client.pieces), self._client.pieces.first_packet

    def _check_limits(self) -> list[ExchangeEvent]:
        client, server = self._client, self._server
        if Phase.NOT_HTTP in (client.phase, server.phase) or server.phase is Phase.HELD:
            return [GaveUp()]
        if client.phase is Phase.HELD and not self._pending:
            return [GaveUp()]
        if len(self._pending) > MAX_PENDING or len(client.pieces) > MAX_HELD:
            return [GaveUp()]
        return []


def _may_switch(request: RequestHead) -> bool:
    """Whether the answer to `request` may take the connection away from HTTP."""
    return (
        request.method == "CONNECT"
        or request.value("Upgrade") is not None
        or any(name.lower().startswith("sec-websocket-") for name, _ in request.fields)
    )


def _asks_to_upgrade(request: RequestHead) -> bool:
    return request.method != "CONNECT" and _may_switch(request)


def _is_chunked(head: Head) -> bool:
    return head.has_token("Transfer-Encoding", "chunked")


def _content_length(head: Head) -> int | None:
    values = head.tokens("Content-Length")
    if not values or not (values[0].isascii() and values[0].isdigit()) or len(values[0]) > _MAX_LENGTH_DIGITS:
        return None
    return int(values[0])


def _response_body(response: ResponseHead, request: RequestHead | None) -> tuple[int | None, bool]:
    """Length of the body (None: up to the end of the connection) and whether it is chunked (RFC 9112 §6.3)."""
    if response.status in (204, 304) or (request is not None and request.method == "HEAD"):
        return 0, False
    if _is_chunked(response):
        return 0, True
    return _content_length(response), False
