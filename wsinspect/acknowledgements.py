"""When the other side's TCP acknowledged what a side has sent: asked for Pings and Closes, not for every byte."""

from typing import Final

from wsinspect.transport.channel import Channel
from wsinspect.transport.stream import TcpStream
from wsinspect.websocket.half import Half
from wsinspect.websocket.side import Side

MAX_WATCHED: Final = 64
"""Places in the streams that are watched at once, and times remembered, for each connection; the oldest go first."""


class Acknowledgements:
    """Those of one connection."""

    __slots__ = ("_channel", "_client_direction", "_stream", "_times", "_waiting")

    def __init__(self, stream: TcpStream, channel: Channel, client_direction: int) -> None:
        self._stream = stream
        self._channel = channel
        self._client_direction = client_direction
        self._waiting: list[tuple[Side, int]] = []
        self._times: dict[tuple[Side, int], int] = {}

    def watch(self, side: Side, offset: int) -> None:
        """From now on, note when the bytes of `side` before stream offset `offset` are acknowledged."""
        self._waiting.append((side, offset))
        del self._waiting[:-MAX_WATCHED]
        self._stream.watching = True

    def note(self, time_ns: int) -> bool:
        """A packet of this time was taken; returns whether more is waited for."""
        if not self._waiting:
            return False
        waiting = []
        for place in self._waiting:
            if self.reached(*place):
                if len(self._times) >= MAX_WATCHED:
                    del self._times[next(iter(self._times))]
                self._times[place] = time_ns
            else:
                waiting.append(place)
        self._waiting = waiting
        return bool(waiting)

    def reached(self, side: Side, offset: int) -> bool:
        """Whether the bytes of `side` before `offset` are acknowledged."""
        return self.offset(side) >= offset

    def offset(self, side: Side) -> int:
        """How far the bytes of `side` are acknowledged."""
        return self._channel.acknowledged(self._client_direction if side is Side.CLIENT else 1 - self._client_direction)

    def of_unseen_bytes(self, side: Side) -> bool:
        """Whether bytes of `side` are acknowledged that have not been captured, or not yet; whatever they carry."""
        direction = self._client_direction if side is Side.CLIENT else 1 - self._client_direction
        return self._stream.acknowledged(direction) > self._stream.sent(direction)

    def all_seen(self, half: Half) -> bool:
        """Whether all that a side has sent, as far as the other one knows it, was captured and could be judged."""
        return half.from_start and half.nothing_missed and not self.of_unseen_bytes(half.side)

    def time_ns(self, side: Side, offset: int) -> int:
        """When they were; 0 if that is not known."""
        return self._times.get((side, offset), 0)
