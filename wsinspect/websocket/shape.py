"""What a frame looks like from outside: how plausible it is that one begins at a given byte.

A frame header is two to fourteen bytes without a signature, so one proves little; what proves is a chain: headers that
are plausible for the direction, each where the one before says that its frame ends. Every property that chance would
seldom produce adds to a chain's evidence, counted in bits.
"""

import re
from dataclasses import dataclass
from typing import Final

from wsinspect.websocket.closecodes import describe
from wsinspect.websocket.frames import Opcode, unmask

LARGEST_FRAME: Final = 64 * 1024 * 1024
"""A header that announces more is not believed."""
MANY_FRAMES: Final = 16
"""A row of more than these that brings less than a bit each is not followed any more."""
END_BITS: Final = 7
"""The chain ends exactly where the stream does."""
LAST_CLOSE_BITS: Final = 4
"""And its last frame is a Close, as the last frame of a stream is."""

_HEADER_BITS: Final = 4  # one first byte in sixteen is plausible
_MASK_BIT: Final = 1
_LANDING_BITS: Final = 5  # a frame that ends exactly where a segment does, and another begins
_TEXT_BITS: Final = 8  # a payload that is UTF-8 and reads like text
_CODE_BITS: Final = 4  # a close code that may be sent
_MEDIUM_FORM_BITS: Final = 6  # a 16-bit length: every third frame has it, and chance one byte in 256
_LONG_FORM_BITS: Final = 12  # a 64-bit length has at least four leading zero bytes
_SHORTEST_TEXT: Final = 4
_NO_FRAME: Final = -1

FIRST_BYTES: Final = frozenset(b"\x00\x01\x02\x80\x81\x82\x88\x89\x8a\x41\x42\xc1\xc2")
"""First bytes of a frame that keeps to the standard, with RSV1 where permessage-deflate has it."""
_SCANNED_FOR: Final = b"".join(b"\\x%02x" % byte for byte in sorted(FIRST_BYTES - {0}))
LIKE_HEADER: Final = re.compile(rb"([%s])(?!\1{7})|\x00(?=[\x7e\xfe]|[\x7f\xff]\x00{4})" % _SCANNED_FOR)
"""Finds the places where a frame can begin at all, but for what proves nothing: short middle fragments of a message,
and the inside of a row of one and the same byte."""


@dataclass(slots=True)
class Chain:
    """A place where a frame may begin, and the frames found from there on. Places count from the first byte fed."""

    start: int
    """Of the first frame whose bytes are still held."""
    next: int
    """Where the next header must be."""
    evidence: int = 0
    masked: bool | None = None
    frames: int = 0
    last: int = -1
    """Opcode of the latest frame."""
    open: bool | None = None
    """Whether a message is open; None until a data frame tells."""
    promised: int = 0
    """Bits for the latest length, which count if there is a header where it leads."""
    latest: bytes = b""
    """The beginning of the latest frame: an endless row of the same bytes proves nothing."""


@dataclass(frozen=True, slots=True)
class Shape:
    """What is known of a direction before a frame of it was seen."""

    masked: bool | None
    """Whether its frames must be masked; None if the side is unknown."""
    compressed: bool
    """Whether RSV1 may be set on the first frame of a message."""
    known: bool
    """Whether the connection is known to be a WebSocket."""

    def follow(self, chain: Chain, data: bytearray, base: int, ends: set[int]) -> bool:
        """Go on with a chain while headers are at hand; False if it is refuted.

        `data` begins at place `base`; a segment ends at each of the places `ends`.
        """
        end = base + len(data)
        while chain.next + 2 <= end:
            step = self._frame(chain, data, chain.next - base, chain.frames > 0 and chain.next in ends)
            if step == _NO_FRAME:
                return False
            if not step:
                break
            chain.next += step
            chain.frames += 1
            if chain.frames > MANY_FRAMES and chain.evidence < chain.frames:
                return False
        return True

    def _frame(self, chain: Chain, data: bytearray, at: int, lands: bool) -> int:
        """Size of the frame at the chain's end; 0 if its header is not all there, -1 if it is none."""
        first, second = data[at], data[at + 1]
        opcode, fin, rsv, masked = first & 0x0F, first >= 0x80, first >> 4 & 7, second >= 0x80
        expected = self.masked if self.masked is not None else chain.masked
        if first not in FIRST_BYTES or (expected is not None and masked is not expected):
            return _NO_FRAME
        if rsv and not self.compressed:
            return _NO_FRAME
        length, size = second & 0x7F, 2
        if opcode >= Opcode.CLOSE and length > 125:
            return _NO_FRAME
        if length >= 126:
            size = 4 if length == 126 else 10
            if at + size > len(data):
                return 0
            shortest = 126 if length == 126 else 65536
            length = int.from_bytes(data[at + 2 : at + size], "big")
            if not shortest <= length <= LARGEST_FRAME:
                return _NO_FRAME
        size += 4 if masked else 0
        if at + size > len(data):
            return 0
        payload = _payload(data, at + size, length, masked)
        evidence = _payload_evidence(opcode, fin, rsv, payload, length)
        if evidence < 0 or not _fits_message(chain, opcode, fin, length):
            return _NO_FRAME
        if not (self.known or masked or opcode != Opcode.BINARY) and _is_mqtt_subscribe(payload):
            return _NO_FRAME
        evidence += _HEADER_BITS + (_MASK_BIT if expected is not None else 0)
        form = second & 0x7F
        short = form < 126
        evidence += _LONG_FORM_BITS if form == 127 else 0
        chain.evidence += chain.promised
        chain.promised = _MEDIUM_FORM_BITS if form == 126 else 0
        evidence += _LANDING_BITS if lands else 0
        beginning = bytes(data[at : at + size + min(length, 16)])
        # Behind a Close nothing is expected; two bytes that count down a row of blocks look like unfinished fragments.
        tells_nothing = chain.last == Opcode.CLOSE or (short and opcode == Opcode.CONTINUATION and not fin)
        # A length that leads to the next header proves something even if that is the same header again.
        if not tells_nothing and not (short and _alike(beginning, chain.latest)):
            chain.evidence += evidence
        chain.latest = beginning
        chain.masked = masked
        chain.last = opcode
        return size + length


def _alike(one: bytes, other: bytes) -> bool:
    """Whether two frames begin the same, as far as both are at hand."""
    return bool(other) and one.startswith(other[: len(one)]) and other.startswith(one[: len(other)])


def _payload(data: bytearray, start: int, length: int, masked: bool) -> bytes | None:
    """The payload, unmasked; None if it is not all there."""
    payload = bytes(data[start : start + length])
    if len(payload) < length:
        return None
    return unmask(payload, bytes(data[start - 4 : start])) if masked else payload


def _payload_evidence(opcode: int, fin: bool, rsv: int, payload: bytes | None, length: int) -> int:
    """Bits for what the payload says; -1 if it refutes the frame."""
    if payload is None or opcode == Opcode.BINARY or opcode == Opcode.CONTINUATION or rsv:
        return 0
    if opcode == Opcode.CLOSE:
        if length == 1 or (length and not describe(int.from_bytes(payload[:2], "big")).allowed_on_wire):
            return -1
        return _text_bits(payload[2:], True) + _CODE_BITS if length else 0
    return _text_bits(payload, fin) if opcode == Opcode.TEXT else 0


def _fits_message(chain: Chain, opcode: int, fin: bool, length: int) -> bool:
    """Whether a data frame continues what the chain has open; keeps account of it."""
    if opcode >= Opcode.CLOSE:
        return True
    continues = opcode == Opcode.CONTINUATION
    if continues and not fin and not length:
        return False  # zero bytes look like an endless row of these
    if chain.open is not None and chain.open is not continues:
        return False
    chain.open = not fin
    return True


def _text_bits(payload: bytes, whole: bool) -> int:
    """Bits for a payload that must be text; -1 if it is not UTF-8, 0 if it is too short or too odd to tell."""
    try:
        text = payload.decode()
    except UnicodeDecodeError as error:
        if whole or len(payload) - error.start > 3:
            return -1
        return 0
    odd = sum(1 for character in text if character < " " and character not in "\t\n\r")
    return _TEXT_BITS if len(text) >= _SHORTEST_TEXT and odd * 10 < len(text) else 0


def _is_mqtt_subscribe(payload: bytes | None) -> bool:
    """Whether it is the rest of an MQTT SUBSCRIBE packet, which begins with 82 and a length as a binary frame does."""
    if payload is None or len(payload) < 6:
        return False
    for properties in (0, 1):  # MQTT 5 has a length of properties, most often zero, before the first topic
        at = 2 + properties
        if properties and payload[2]:
            at += payload[2]
        while at + 2 < len(payload):
            at += 2 + int.from_bytes(payload[at : at + 2], "big") + 1
        if at == len(payload):
            return True
    return False
