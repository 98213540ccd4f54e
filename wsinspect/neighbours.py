"""What connections have to do with each other: keys used twice, handshakes at once, the two sides of a proxy, repeats.

In: what each connection has to say about itself. Out: violations, asked of the rules that need several connections.
Memory is bounded: of the oldest connections it forgets.
"""

from collections import OrderedDict
from collections.abc import Callable
from typing import Final, Generic, NamedTuple, TypeVar

from wsinspect.rules import neighbours as rules
from wsinspect.rules.judge import Judge
from wsinspect.rules.neighbours import KeySequence, KeyUse, Legs, Waiting
from wsinspect.rules.rule import Place
from wsinspect.rules.thresholds import Thresholds
from wsinspect.transport.httphead import RequestHead
from wsinspect.websocket.closing import Repeat
from wsinspect.websocket.handshake import Handshake, expected_accept
from wsinspect.websocket.library import library_of
from wsinspect.websocket.side import Side

MAX_REMEMBERED: Final = 65_536
"""Connections whose keys are remembered; the oldest are forgotten first."""
MAX_SUSPECTS: Final = 1024
"""Requests judged for coming while one and the same other request waited; further ones are not."""

REPEAT_NS: Final = 5_000_000_000
"""Within this time a browser repeats a request with credentials that it has; it asks nobody for them."""

K = TypeVar("K")
V = TypeVar("V")


class Memory(OrderedDict[K, V], Generic[K, V]):
    """A dictionary that forgets its oldest entry when it is full."""

    def keep(self, key: K, value: V) -> None:
        """Remember a value, if its key is new."""
        if key not in self:
            if len(self) >= MAX_REMEMBERED:
                self.popitem(last=False)
            self[key] = value


class _Asked(NamedTuple):
    """A request: the connection it opens, and when it and its answer passed."""

    id: int
    packet: int
    time_ns: int


class _Unanswered(NamedTuple):
    """A request that waits for its answer, as far as is known."""

    packet: int
    still_waits: Callable[[], bool]
    suspects: list[tuple[Judge, Place]]
    """Requests that came meanwhile, to be judged once it is certain that it did wait then."""


class _Leg(NamedTuple):
    """What passed on one side of a proxy, by direction."""

    id: int
    counts: tuple[tuple[int, int, int], tuple[int, int, int]]
    """Of client and server: messages, payload bytes, data frames."""


class Neighbours:
    """All connections of a capture, as far as they concern each other."""

    def __init__(self, thresholds: Thresholds) -> None:
        self.thresholds = thresholds
        """What all rules judge by."""
        self._asked: Memory[str, _Asked] = Memory()  # by Sec-WebSocket-Key
        self._answered: Memory[str, int] = Memory()  # time of the answer, by key
        self._accepts: Memory[str, int] = Memory()  # connection, by the Sec-WebSocket-Accept that answers its key
        self._waiting: Memory[bytes, dict[int, _Unanswered]] = Memory()  # requests by who asks whom
        self._sequences: Memory[tuple[bytes, ...], int] = Memory()
        self._legs: Memory[str, _Leg] = Memory()  # by Sec-WebSocket-Key
        self._unauthorised: Memory[tuple[str | bytes, ...], tuple[int, Callable[[Repeat], None]]] = Memory()

    def asked(
        self, id: int, handshake: Handshake, pair: bytes, judge: Judge, still_waits: Callable[[], bool]
    ) -> None:  # fmt: skip
        """A connection asks for a WebSocket; `pair`: addresses of both ends and port of the server.

        `still_waits` tells, until it is answered, whether that was seen of all there was to see.
        """
        request = handshake.asking
        if request is None:
            return
        place = (None, request.packet, request.time_ns)
        waiting = self._waiting.get(pair, {})
        other = next((other for other, one in waiting.items() if one.still_waits()), 0)
        if other and len(waiting[other].suspects) < MAX_SUSPECTS:
            waiting[other].suspects.append((judge, place))
        self._waiting.keep(pair, {})
        self._waiting[pair][id] = _Unanswered(request.packet, still_waits, [])
        for key in handshake.keys:
            earlier = self._asked.get(key)
            reused = earlier is not None and not self._is_under_way(key)
            judge.outside(
                rules.reused_sec_websocket_key, Side.CLIENT, place, KeyUse(key, earlier.id if earlier and reused else 0)
            )
            self._asked.keep(key, _Asked(id, request.packet, request.time_ns))
            self._accepts.keep(expected_accept(key), id)

    def answered(self, id: int, handshake: Handshake, pair: bytes, certain: bool = True) -> None:
        """It was answered, or never will be; not `certain`: an answer may have been missed."""
        waiting = self._waiting.get(pair)
        if waiting is not None:
            one = waiting.pop(id, None)
            if one is not None and certain:
                for judge, place in one.suspects:
                    if handshake.response is None or (place[2] or 0) <= handshake.response.time_ns:
                        judge.outside(rules.concurrent_handshakes, Side.CLIENT, place, Waiting(id, one.packet))
            if not waiting:
                del self._waiting[pair]
        if handshake.response is not None:
            for key in handshake.keys:
                earlier = self._asked.get(key)
                if earlier is not None and earlier.id == id:
                    self._answered.keep(key, handshake.response.time_ns)

    def unauthorised(self, handshake: Handshake, pair: bytes, take: Callable[[Repeat], None]) -> None:
        """A request was answered; if that asks for credentials, `take` is told of the request that brings them."""
        request, response = handshake.request, handshake.response
        if request is None or response is None or response.status != 401:
            return
        if library_of(handshake, Side.CLIENT).repeats_with_credentials:
            asked = _what_is_asked(request, pair)
            self._unauthorised.pop(asked, None)
            self._unauthorised.keep(asked, (response.time_ns, take))

    def authorised(self, handshake: Handshake, pair: bytes, repeat: Repeat) -> None:
        """A connection asks for a WebSocket: with credentials for want of which it was just refused?"""
        request = handshake.request
        if request is None or not request.value("Authorization"):
            return
        time_ns, take = self._unauthorised.pop(_what_is_asked(request, pair), (0, None))
        if take is not None and request.time_ns - time_ns <= REPEAT_NS:
            take(repeat)

    def owner_of_accept(self, accept: str) -> int:
        """The connection whose key `accept` answers; 0 if none is known."""
        return self._accepts.get(accept, 0)

    def masked(self, id: int, keys: tuple[bytes, ...], judge: Judge, place: Place) -> None:
        """A connection's first masking keys, as many as the threshold says."""
        earlier = self._sequences.get(keys)
        if earlier is not None and earlier != id:
            judge.outside(rules.shared_masking_sequence, Side.CLIENT, place, KeySequence(keys, earlier))
        self._sequences.keep(keys, id)

    def finished(self, id: int, key: str, leg: tuple[tuple[int, int, int], tuple[int, int, int]], judge: Judge) -> None:
        """A connection with an extension in use is over, and everything of it was captured."""
        earlier = self._legs.get(key)
        if earlier is None:
            self._legs.keep(key, _Leg(id, leg))
            return
        for mine, other in zip(leg, earlier.counts, strict=True):
            if mine[:2] == other[:2] and mine[2] != other[2]:
                legs = Legs(earlier.id, mine[0], mine[2], other[2])
                judge.outside(rules.refragmented_by_intermediary, None, (None, None, None), legs)

    def _is_under_way(self, key: str) -> bool:
        """Whether the handshake with this key waits for its answer: then it passes a second time, behind a proxy."""
        return key not in self._answered


def _what_is_asked(request: RequestHead, pair: bytes) -> tuple[str | bytes, ...]:
    """By whom, of whom, and for what."""
    return pair, request.target, request.value("Host") or "", request.value("User-Agent") or ""
