"""Inflating the messages of one direction (RFC 7692 §7.2.2), with the window kept or not as the handshake agreed.

zlib does the work. It is asked with the largest window always, which inflates whatever a smaller one allows; whether
the sender kept to the agreed window is a matter of its own (`distances.py`).
"""

import zlib
from collections import deque
from collections.abc import Iterator
from enum import Enum
from typing import Final

TAIL: Final = b"\x00\x00\xff\xff"
"""What a sender cuts off the end of each message and a receiver puts back (RFC 7692 §7.2.1)."""
WINDOW: Final = 32768
INFLATE_LIMIT: Final = 64 * 1024 * 1024
"""Output bytes of one message; beyond, inflating stops and framing goes on (`inflate_limit`)."""
MAX_KEPT_INPUT: Final = 16 * 1024 * 1024
"""Compressed bytes of one message kept for a second try with the window of the message before."""

_PROBE: Final = b"\x01\x00\x00\xff\xff"
"""An empty stored block with BFINAL = 1: it is taken as the end exactly where a new block may begin."""
_PORTION: Final = 1 << 18
"""Output bytes that exist at once."""


class Outcome(Enum):
    """How a message inflated."""

    OK = "ok"
    CONTEXT_USED = "inflates only with the window of earlier messages"
    BROKEN = "is not DEFLATE data"
    LIMIT = "passes the inflate limit"
    CONTEXT_LOST = "cannot be inflated: the window is unknown"


class Inflater:
    """Inflates one direction's compressed messages, each fed in parts.

    The outputs are iterators so that a bomb never exists in memory as a whole; they must be run to their end.
    """

    __slots__ = (
        "_before", "_ended", "_history", "_history_size", "_inflate", "_input", "_input_size", "_takeover",
        "_tried_again", "bfinal_seen", "context_lost", "error", "limit", "outcome", "produced",
    )  # fmt: skip

    def __init__(self, takeover: bool, limit: int = INFLATE_LIMIT) -> None:
        self._takeover = takeover
        self.limit = limit
        self._inflate = zlib.decompressobj(-15)
        self._history: deque[bytes] = deque()  # the last 32 KiB of output, in parts
        self._history_size = 0
        self._before = b""  # without takeover: the window that the message must not use
        self._input: list[bytes] = []  # without takeover: the message so far
        self._input_size = 0
        self._tried_again = False
        self.context_lost = ""
        """Why later messages cannot be inflated; empty while they can."""
        self.outcome = Outcome.OK
        """Of the message under way, or of the last one."""
        self.error = ""
        """What is wrong with the data if the outcome is BROKEN."""
        self.produced = 0
        """Output bytes of the message under way, or of the last one."""
        self.bfinal_seen = False
        self._ended = False  # whether the data so far ends with a block with BFINAL

    @property
    def _inflating(self) -> bool:
        return self.outcome is Outcome.OK or self.outcome is Outcome.CONTEXT_USED

    def begin(self) -> None:
        """A new message starts."""
        self.produced = 0
        self.error = ""
        self.bfinal_seen = self._ended = False
        self.outcome = Outcome.CONTEXT_LOST if self.context_lost else Outcome.OK
        if not self._takeover:
            self._input, self._input_size = [], 0
            self._tried_again = False
            self._before = self._window()
            self._inflate = zlib.decompressobj(-15)

    def feed(self, data: bytes) -> Iterator[bytes]:
        """Output of the message's next compressed bytes; nothing once it is known not to inflate."""
        if not self._inflating:
            return
        if self._before and not self._tried_again and self._input_size <= MAX_KEPT_INPUT:
            self._input.append(data)
            self._input_size += len(data)
        yield from self._run(data)
        if self.outcome is Outcome.BROKEN:
            yield from self._second_try()

    def finish(self) -> Iterator[bytes]:
        """The message is complete: puts the cut-off tail back and checks that it ends where a block ends."""
        # RFC 7692 §7.2.1 wants an empty block behind a final one, but without it the message is as complete.
        if not self._ended:
            yield from self.feed(TAIL)
        self._input = []
        if self._inflating and not self._at_block_boundary():
            self._break("the message ends inside a block")

    def lose_context(self, reason: str) -> None:
        """Bytes of a message were not seen: without takeover only that message suffers."""
        self.outcome = Outcome.CONTEXT_LOST
        if self._takeover:
            self.context_lost = reason

    def _run(self, data: bytes) -> Iterator[bytes]:
        self._ended = self._ended and not data
        try:
            while data:
                part = self._inflate.decompress(data, _PORTION)
                data = self._inflate.unconsumed_tail
                if part:
                    self._remember(part)
                    self.produced += len(part)
                    yield part
                    if self.produced > self.limit:
                        self._stop()
                        return
                if self._inflate.eof:
                    # RFC 7692 §7.2.3.4: behind a block with BFINAL the data goes on in a new stream, the window stays.
                    self.bfinal_seen = True
                    data = self._inflate.unused_data
                    self._ended = not data
                    self._inflate = zlib.decompressobj(-15, zdict=self._reachable())
        except zlib.error as error:
            # zlib's words without Python's prefix: "invalid distance too far back"
            self._break(str(error).rpartition(": ")[2])

    def _second_try(self) -> Iterator[bytes]:
        """Without takeover a message must inflate by itself; see whether it does with the window it must not use."""
        if not self._before or self._tried_again or self._input_size > MAX_KEPT_INPUT:
            return
        self._tried_again = True
        told = self.produced
        self._inflate = zlib.decompressobj(-15, zdict=self._before)
        self._history, self._history_size = deque([self._before]), len(self._before)
        self.outcome, self.produced = Outcome.CONTEXT_USED, 0
        for part in self._run(b"".join(self._input)):
            # Up to where the first try failed both tries say the same.
            fresh = part[max(0, told - (self.produced - len(part))) :]
            if fresh:
                yield fresh

    def _break(self, error: str) -> None:
        self.outcome = Outcome.BROKEN
        self.error = error
        if self._takeover:
            self.context_lost = "an earlier message did not inflate"

    def _stop(self) -> None:
        self.outcome = Outcome.LIMIT
        if self._takeover:
            self.context_lost = "an earlier message passed the inflate limit"

    def _remember(self, part: bytes) -> None:
        history = self._history
        history.append(part)
        self._history_size += len(part)
        while self._history_size - len(history[0]) >= WINDOW:
            self._history_size -= len(history.popleft())

    def _window(self) -> bytes:
        return b"".join(self._history)[-WINDOW:]

    def _reachable(self) -> bytes:
        """What may be referred to from here on: without takeover, output of this message only."""
        window = self._window()
        if self._takeover or self.outcome is Outcome.CONTEXT_USED:
            return window
        return window[max(0, len(window) - self.produced) :]

    def _at_block_boundary(self) -> bool:
        probe = self._inflate.copy()
        try:
            return not probe.decompress(_PROBE) and probe.eof and not probe.unused_data
        except zlib.error:
            return False
