"""Pings and the Pongs that answer them (RFC 6455 §5.5.2, §5.5.3): what one sender has asked, what is still open.

In: its Pings, the other side's Pongs. Out: for each Pong what it answers. Bounded: a few dozen Pings per direction.
"""

from typing import Final, NamedTuple

MAX_OUTSTANDING_PINGS: Final = 64
"""Unanswered Pings remembered per direction; older ones are no longer matched with Pongs."""
MAX_ANSWERED: Final = 16
"""Payloads of answered Pings remembered per direction, to know a Pong that comes twice."""

UNKNOWN_FRAMES: Final = 1 << 62
"""Frames of the other side that cannot be counted."""


class Ping(NamedTuple):
    """A Ping that has not been answered."""

    frame: int
    payload: bytes
    packet: int
    time_ns: int
    end_offset: int
    peer_frames: int
    """Frames that the other side had sent by then; UNKNOWN_FRAMES if its frame boundaries were lost."""
    inside: int = -1
    """Messages that its sender had completed by then if it was in the middle of one; -1 if it was not."""


class Answer(NamedTuple):
    """What a Pong answers."""

    ping: Ping | None
    """The newest Ping with its payload; None if there is none."""
    skipped: int
    """Older Pings with other payloads that it answers with it."""
    outstanding: int
    """Pings that were unanswered before it."""
    repeats_ns: int
    """Time of the earlier Pong that had answered the same Ping; 0 if there is none."""


class Pings:
    """One sender's Pings."""

    __slots__ = ("_answered", "_early", "_spare", "answered", "outstanding")

    def __init__(self) -> None:
        self.outstanding: list[Ping] = []
        self.answered = 0
        """How many Pongs have answered one."""
        self._answered: list[tuple[bytes, int]] = []
        # Of several Pings with one payload the first Pong answers all; more of the same may follow all the same.
        self._spare: dict[bytes, int] = {}

        # Pongs that fitted nothing, with their packets: behind a hole a Ping is delivered after its Pong.
        self._early: list[tuple[bytes, int]] = []

    def add(self, ping: Ping) -> None:
        """A Ping: remembered until a Pong answers it or a later one."""
        if any(payload == ping.payload and packet > ping.packet for payload, packet in self._early):
            self.answered += 1
            self.outstanding.clear()
            return
        if len(self.outstanding) >= MAX_OUTSTANDING_PINGS:
            del self.outstanding[0]
        self.outstanding.append(ping)

    def awaits(self, payload: bytes) -> bool:
        """Whether a Ping with this payload is unanswered."""
        return any(ping.payload == payload for ping in self.outstanding)

    def answer(self, payload: bytes, packet: int, time_ns: int) -> Answer | None:
        """The other side's Pong answers this Ping and all before it; None for one of several equal answers."""
        pings = self.outstanding
        outstanding = len(pings)
        for position in range(outstanding - 1, -1, -1):
            if pings[position].payload == payload:
                answered = pings[position]
                same = sum(ping.payload == payload for ping in pings[:position])
                if same:
                    self._spare[payload] = same
                del pings[: position + 1]
                self.answered += 1
                self._remember(payload, time_ns)
                return Answer(answered, position - same, outstanding, 0)
        if self._spare.get(payload, 0):
            self._spare[payload] -= 1
            return None
        self._early.append((payload, packet))
        del self._early[:-MAX_ANSWERED]
        earlier = next((at for known, at in reversed(self._answered) if known == payload), 0)
        return Answer(None, 0, outstanding, earlier)

    def _remember(self, payload: bytes, time_ns: int) -> None:
        self._answered.append((payload, time_ns))
        del self._answered[:-MAX_ANSWERED]
        if len(self._spare) > MAX_ANSWERED:
            self._spare.clear()
