"""Inflating the messages of one direction (RFC 7692 §7.2.2), with the window kept or not as the handshake agreed.

zlib does the work. It is asked with the largest window always, which inflates whatever a smaller one allows; whether
the sender kept to the agreed window is a matter of its own (`distances.py`).
"""

import zlib
from collections import deque
from collections.abc import Iterator
from enum import Enum
from typing import Final

from wsinspect.websocket.rebuild import WINDOW, at_block_boundary

TAIL: Final = b"\x00\x00\xff\xff"
"""What a sender cuts off the end of each message and a receiver puts back (RFC 7692 §7.2.1)."""
INFLATE_LIMIT: Final = 64 * 1024 * 1024
"""Output bytes of one message; beyond, inflating stops and framing goes on (`inflate_limit`)."""
MAX_KEPT_INPUT: Final = 16 * 1024 * 1024
"""Compressed bytes of one message kept for a second try with the window of the message before."""

MAX_EDGES: Final = 16
"""Edges between fragments at which the tail is tried one at a time."""
MAX_FRAGMENTS: Final = 16384
"""Fragments of one message that are kept for such tries."""

_TOO_FAR: Final = "invalid distance too far back"
"""What zlib says of a reference beyond the window."""
_PORTION: Final = 1 << 18
"""Output bytes that exist at once."""
_INPUT_PORTION: Final = 1 << 14
"""Input bytes that zlib is given at once: what it has not come to at the end of a stream it copies."""


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
        "_at_start", "_before", "_edges", "_ended", "_fragments", "_fragments_size", "_history", "_history_size",
        "_inflate", "_input", "_input_size", "_may_reach_lost", "_restores", "_takeover", "_tried_again",
        "bfinal_seen", "context_lost", "edges_restored", "error", "limit", "outcome", "produced",
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
        self._may_reach_lost = False  # without takeover: whether earlier messages were not seen whole
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
        self.edges_restored = 0
        """Edges between fragments at which the cut-off tail had to be put back."""
        self._at_start = b""  # of a message in fragments: the window that it begins with
        self._fragments: list[list[bytes]] | None = None  # its compressed bytes so far, by fragment
        self._fragments_size = 0
        self._restores = False  # whether the tail is put back at every edge
        self._edges = False  # whether one was passed since the last bytes

    @property
    def _inflating(self) -> bool:
        return self.outcome is Outcome.OK or self.outcome is Outcome.CONTEXT_USED

    def begin(self, in_fragments: bool = False) -> None:
        """A new message starts."""
        self.produced = self.edges_restored = 0
        self._restores = self._edges = False
        self._fragments, self._fragments_size = [[]] if in_fragments else None, 0
        self._at_start = self._window() if in_fragments and self._takeover else b""
        self.error = ""
        self.bfinal_seen = self._ended = False
        self.outcome = Outcome.CONTEXT_LOST if self.context_lost else Outcome.OK
        if not self._takeover:
            self._input, self._input_size = [], 0
            self._tried_again = False
            self._before = self._window()
            self._inflate = zlib.decompressobj(-15)

    def fragment_edge(self) -> None:
        """What follows is in the next fragment."""
        if self._fragments is not None:
            self._fragments.append([])
            if len(self._fragments) > MAX_FRAGMENTS:
                self._fragments = None
        self._edges = True

    def feed(self, data: bytes) -> Iterator[bytes]:
        """Output of the message's next compressed bytes; nothing once it is known not to inflate."""
        if not self._inflating:
            return
        if self._fragments is not None:
            self._keep_fragment(data)
        if self._restores and self._edges:
            data = TAIL + data
            self.edges_restored += 1
        self._edges = False
        if data and self._before and not self._tried_again and self._input_size <= MAX_KEPT_INPUT:
            self._input.append(data)
            self._input_size += len(data)
        yield from self._run(data)
        if self.outcome is Outcome.BROKEN:
            yield from self._second_try()
        if self.outcome is Outcome.BROKEN:
            yield from self._restore_edges(complete=False)
        if self.outcome is Outcome.BROKEN and self._may_reach_lost and self.error == _TOO_FAR:
            self.outcome = Outcome.CONTEXT_LOST  # it may use, against the agreement, what was not captured

    def finish(self, tail_kept: bool = False) -> Iterator[bytes]:
        """The message is complete: puts the cut-off tail back and checks that it ends where a block ends.

        `tail_kept`: its last bytes look as if the tail had not been cut off.
        """
        # RFC 7692 §7.2.1 wants an empty block behind a final one, but without it the message is as complete.
        # A sender that left its tail on has put it there already.
        if not self._ended and not (tail_kept and self._inflating and at_block_boundary(self._inflate)):
            fragments, self._fragments = self._fragments, None  # the tail belongs to no fragment
            yield from self.feed(TAIL)
            self._fragments = fragments
        self._input = []
        if self._inflating and not at_block_boundary(self._inflate):
            self._break("the message ends inside a block")
        if self.outcome is Outcome.BROKEN:
            yield from self._restore_edges(complete=True)
        self._fragments = None

    def restore_context(self, window: bytes) -> None:
        """The window is known again: the next message can be inflated."""
        self.context_lost = ""
        self._inflate = zlib.decompressobj(-15, zdict=window)
        self._history, self._history_size = deque([window]), len(window)

    def lose_context(self, reason: str) -> None:
        """Bytes of a message were not seen: without takeover only that message suffers."""
        self.outcome = Outcome.CONTEXT_LOST
        if self._takeover:
            self.context_lost = reason
        else:
            self._may_reach_lost = True

    def _run(self, data: bytes) -> Iterator[bytes]:
        for start in range(0, len(data), _INPUT_PORTION):
            yield from self._run_portion(data[start : start + _INPUT_PORTION])
            if not self._inflating:
                return

    def _run_portion(self, data: bytes) -> Iterator[bytes]:
        self._ended = False
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
        self.produced = max(self.produced, told)

    def _keep_fragment(self, data: bytes) -> None:
        assert self._fragments is not None
        self._fragments_size += len(data)
        if self._fragments_size > MAX_KEPT_INPUT:
            self._fragments = None
        elif data:
            self._fragments[-1].append(data)

    def _restore_edges(self, complete: bool) -> Iterator[bytes]:
        """See whether the message inflates with the tail put back between fragments: at all edges, or at one."""
        fragments = [b"".join(parts) for parts in self._fragments or ()]
        edges = len(fragments) - 1
        if edges < 1 or self._restores or self.outcome is not Outcome.BROKEN:
            return
        context_lost, error, told = self.context_lost, self.error, self.produced
        single = range(min(edges, MAX_EDGES)) if edges > 1 else range(0)
        for restored in (frozenset(range(edges)), *(frozenset({edge}) for edge in single)):
            joined = b"".join(part + (TAIL if place in restored else b"") for place, part in enumerate(fragments)) + (
                TAIL if complete else b""
            )
            output = self._run_anew(joined)
            if output is not None and (not complete or at_block_boundary(self._inflate)):
                self.edges_restored = len(restored)
                self._restores = len(restored) == edges
                self.context_lost, self.error = "", ""
                if len(output) > told:
                    yield output[told:]
                return
        self.outcome, self.context_lost, self.error = Outcome.BROKEN, context_lost, error

    def _run_anew(self, data: bytes) -> bytes | None:
        """Output of the message so far, inflated from its beginning; None if that fails or is very long."""
        self._inflate = zlib.decompressobj(-15, zdict=self._at_start)
        self._history, self._history_size = deque([self._at_start]), len(self._at_start)
        self.outcome, self.produced = Outcome.OK, 0
        output = []
        for part in self._run(data):
            output.append(part)
            if self.produced > MAX_KEPT_INPUT:
                return None
        return b"".join(output) if self._inflating else None

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
        """The last 32 KiB of output; joined once, for it may be wanted again after a few more bytes."""
        window = b"".join(self._history)[-WINDOW:]
        self._history, self._history_size = deque((window,)), len(window)
        return window

    def _reachable(self) -> bytes:
        """What may be referred to from here on: without takeover, output of this message only."""
        window = self._window()
        if self._takeover or self.outcome is Outcome.CONTEXT_USED:
            return window
        return window[max(0, len(window) - self.produced) :]
