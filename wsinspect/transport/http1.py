"""One direction of HTTP/1.x: heads found, bodies stepped over, up to where another protocol takes the connection.

In: the in-order bytes of a direction. Out: its message heads (RFC 9112). Nothing is validated: see `httphead.py`.
Who asked for what, and what the answer means for the bytes that follow, is the business of `exchange.py`.
"""

import re
from enum import Enum, auto
from typing import Final

from wsinspect.transport.httphead import Head, RequestHead, ResponseHead, parse_request, parse_response
from wsinspect.transport.pieces import Pieces
from wsinspect.transport.reassembly import Chunk, Gap

MAX_HEAD: Final = 1024 * 1024
"""Bytes a message head may have before the direction is given up as HTTP."""
MAX_CHUNK_LINE: Final = 4096
"""Bytes a chunk-size or trailer line may have before the direction is given up as HTTP."""

_HEAD_END: Final = re.compile(rb"\r?\n\r?\n")
_REQUEST_START: Final = re.compile(rb"[A-Za-z!#$%&'*+.^_`|~0-9-]{1,20} [^ \x00-\x1f]")
_REQUEST_PREFIX: Final = re.compile(rb"[A-Za-z!#$%&'*+.^_`|~0-9-]{0,20} ?\Z")
_REQUEST_LINE: Final = re.compile(rb"[A-Z]{3,20} [^ \r\n]+ HTTP/1\.[01]\r?\n")
_RESPONSE_START: Final = b"HTTP/"
_HTTP2_PREFACE: Final = b"PRI * HTTP/2.0"


class Likeness(Enum):
    """Whether bytes begin as an HTTP message does."""

    YES = auto()
    NO = auto()
    TOO_SHORT = auto()


def without_empty_lines(data: bytes | bytearray) -> bytes | bytearray:
    """`data` less the empty lines that may stand before a request line and are to be ignored (RFC 9112 §2.2)."""
    return data.lstrip(b"\r\n")


def like_request(data: bytes | bytearray) -> Likeness:
    """Whether `data` begins as an HTTP/1.x request does: a method token, a space, something visible."""
    if _REQUEST_START.match(data):
        return Likeness.NO if data.startswith(_HTTP2_PREFACE) else Likeness.YES
    return Likeness.TOO_SHORT if _REQUEST_PREFIX.match(data) else Likeness.NO


def like_response(data: bytes | bytearray) -> Likeness:
    """Whether `data` begins as an HTTP/1.x response does."""
    if data.startswith(_RESPONSE_START):
        return Likeness.YES
    return Likeness.TOO_SHORT if _RESPONSE_START.startswith(bytes(data)) else Likeness.NO


class Phase(Enum):
    """Where a direction stands."""

    HEAD = auto()
    BODY = auto()
    """Inside a body of known length."""
    CHUNKED = auto()
    TO_END = auto()
    """Inside a body that only the end of the connection ends."""
    HELD = auto()
    """What comes next depends on the other side's answer: bytes are kept."""
    LOST = auto()
    """Bytes are missing; a later segment that begins as a message does is taken as one."""
    NOT_HTTP = auto()


class HttpReader:
    """Finds the message heads of one direction; `requests` says which kind it carries."""

    __slots__ = ("_is_client", "_left", "_searched", "gap_in_hold", "length_unsure", "phase", "pieces", "seen")

    def __init__(self, is_client: bool) -> None:
        self._is_client = is_client
        self._left = 0
        self._searched = 0
        self.phase = Phase.HEAD
        self.pieces = Pieces()
        self.seen = 0
        """Bytes captured so far."""
        self.gap_in_hold = False
        """Whether bytes are missing behind those that are held."""
        self.length_unsure = False
        """Whether a response may have been taken for the answer to another request: then its body may be none."""

    def feed(self, chunk: Chunk) -> list[Head]:
        """The heads that `chunk` completes. After one, tell how it goes on with `body`, `hold` or nothing (no body)."""
        self.seen += len(chunk.data)
        if self.phase is Phase.LOST:
            # A line of some text may look like the start of a request; only a whole request line is proof enough here.
            start = _REQUEST_LINE.match(chunk.data) if self._is_client else chunk.data.startswith(_RESPONSE_START)
            if not start:
                return []
            self.phase = Phase.HEAD
        elif self.length_unsure and self.phase in (Phase.BODY, Phase.TO_END) and chunk.data.startswith(_RESPONSE_START):
            self.phase = Phase.HEAD
        if self.phase not in (Phase.TO_END, Phase.NOT_HTTP) and not self.gap_in_hold:
            self.pieces.append(chunk)
        head = self.next_head()
        return [head] if head else []

    def gap(self, gap: Gap) -> None:
        """Bytes are missing at this place."""
        self.seen += gap.length
        if self.phase is Phase.BODY and gap.length <= self._left:
            self._left -= gap.length
            if not self._left:
                self.phase = Phase.HEAD
        elif self.phase is Phase.HELD:
            self.gap_in_hold = True
        elif self.phase not in (Phase.TO_END, Phase.NOT_HTTP):
            self._lose()

    def next_head(self) -> Head | None:
        """The next head among the waiting bytes, bodies stepped over; call again after each until None."""
        self._skip_body()
        if self.phase is not Phase.HEAD or not self.pieces:
            return None
        return self._find_head()

    def body(self, length: int | None, chunked: bool) -> None:
        """A body follows the head just found: of `length` bytes, chunked, or (None) up to the end of the connection."""
        if chunked:
            self.phase, self._left = Phase.CHUNKED, 0
        elif length is None:
            self.phase = Phase.TO_END
            self.pieces.drain()
        elif length:
            self.phase, self._left = Phase.BODY, length

    def hold(self) -> None:
        """Keep everything behind the head just found (and its body) until the other side has answered."""
        self._skip_body()
        if self.phase is Phase.HEAD:
            self.phase = Phase.HELD

    def release(self) -> None:
        """The answer kept HTTP going: read on."""
        if self.phase is Phase.HELD:
            self.phase = Phase.HEAD
            if self.gap_in_hold:  # what stands before the gap does not go on behind it
                self._lose()
            self.gap_in_hold = False

    def give_up(self) -> None:
        """This is no HTTP."""
        self.phase = Phase.NOT_HTTP
        self.pieces.drain()

    def _lose(self) -> None:
        self.pieces.drain()
        self._searched = 0
        self.phase = Phase.LOST

    def _find_head(self) -> Head | None:
        data = self.pieces.data
        empty_lines = len(data) - len(without_empty_lines(data))
        if empty_lines:
            self.pieces.take(empty_lines)
        likeness = (like_request if self._is_client else like_response)(data)
        if likeness is not Likeness.YES:
            if likeness is Likeness.NO:
                self.phase = Phase.HELD
            return None
        match = _HEAD_END.search(data, max(0, self._searched - 3))
        if match is None:
            self._searched = len(data)
            if len(data) > MAX_HEAD:
                self.give_up()
            return None
        self._searched = 0
        text = bytes(data[: match.end()])
        first, last = self.pieces.take(match.end())
        parse = parse_request if self._is_client else parse_response
        head: RequestHead | ResponseHead | None = parse(text, first.packet, last.packet, first.time_ns, last.time_ns)
        if head is None:
            self.give_up()
        return head

    def _skip_body(self) -> None:
        if self.phase is Phase.BODY and self.pieces:
            step = min(self._left, len(self.pieces))
            self.pieces.take(step)
            self._left -= step
            if not self._left:
                self.phase = Phase.HEAD
        while self.phase is Phase.CHUNKED and self.pieces and self._skip_chunk():
            pass

    def _skip_chunk(self) -> bool:
        """Step over chunk data or a chunk-size line (RFC 9112 §7.1); whether there may be more to step over."""
        if self._left > 0:
            step = min(self._left, len(self.pieces))
            self.pieces.take(step)
            self._left -= step
            return True
        end = self.pieces.data.find(b"\n")
        if end < 0:
            if len(self.pieces) > MAX_CHUNK_LINE:
                self.give_up()
            return False
        line = bytes(self.pieces.data[:end]).strip()
        self.pieces.take(end + 1)
        if self._left < 0:  # trailer section: field lines up to an empty one
            if not line:
                self.phase, self._left = Phase.HEAD, 0
            return True
        if not line:  # the line end behind chunk data
            return True
        size = _chunk_size(line)
        if size is None:
            self.give_up()
            return False
        self._left = size or -1
        return True


def _chunk_size(line: bytes) -> int | None:
    """The number in a chunk-size line; None if there is none."""
    digits = line.partition(b";")[0].strip()
    if not 0 < len(digits) <= 16 or digits.strip(b"0123456789abcdefABCDEF"):
        return None
    return int(digits, 16)
