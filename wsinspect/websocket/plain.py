"""A short cut for healthy traffic: whole data frames that break no rule are counted without an object being made.

Nearly all frames are such: one message in one frame in one segment. What is skipped here leaves every count exactly as
the general way (`frames.py`, `messages.py`, the rules) would; anything else is left to that.
"""

from typing import Final

from wsinspect.websocket.half import Half
from wsinspect.websocket.side import Side

_FIN_TEXT: Final = 0x81
_FIN_BINARY: Final = 0x82
_MASK: Final = 0x80
_KEY_SIZE: Final = 4
_KEY_HIGH_BITS: Final = 0x80808080
_ZERO_KEY: Final = bytes(_KEY_SIZE)
_CLIENT: Final = Side.CLIENT

_BRACE: Final = 0x7B
_BRACKET: Final = 0x5B

_LARGEST: Final = 0xFFFF
"""Bytes of the largest frame that is skipped; longer ones are the general way's, they seldom fit into a segment."""
_HIGH_BITS: Final = int.from_bytes(b"\x80" * (_KEY_SIZE + _LARGEST), "big")
"""The highest bit of every byte of the largest frame and its key."""


def skip_plain_frames(half: Half, data: bytes, time_ns: int) -> int:
    """How many of the first bytes of `data`, sent at `time_ns`, are plain frames of `half`, all of them counted."""
    decoder, messages = half.decoder, half.messages
    if half.close is not None or messages.open or not decoder.at_boundary:
        return 0
    mask = _MASK if half.side is _CLIENT else 0
    position, end = 0, len(data)
    while end - position >= 2:
        first, second = data[position], data[position + 1]
        if second & _MASK != mask or (first != _FIN_TEXT and first != _FIN_BINARY):
            break
        length = second & 0x7F
        body = position + 2
        if length >= 126:
            if length == 127 or end - position < 4:
                break
            length = data[body] << 8 | data[body + 1]
            body += 2
            if length < 126:
                break  # not the shortest form
        key = None
        if mask:
            key = data[body : body + _KEY_SIZE]
            body += _KEY_SIZE
            if key == half.last_masking_key:
                break
        stop = body + length
        if stop > end or key == _ZERO_KEY:
            break
        if first == _FIN_TEXT:
            if not (_hides_ascii(data, body, stop) if mask else data[body:stop].isascii()) or half.text_is_wrong:
                break
            if half.expects_json and not _hides_json(data, key, body, stop):
                break
        if half.sampling:
            half.sample.plain(first & 0x0F, key or b"", data[body:stop], decoder.count, time_ns)
        if length <= half.tiny_bytes:
            half.add_tiny(decoder.count, time_ns)
        position = stop
        half.last_masking_key = key
        half.counts[first & 0x0F] += 1
        decoder.count += 1
        messages.add_whole(length)
    return position


def _hides_json(data: bytes, key: bytes | None, start: int, stop: int) -> bool:
    """Whether `data[start:stop]`, masked with `key` if there is one, begins and ends as JSON does."""
    if stop - start < 2:
        return False
    first, last = data[start], data[stop - 1]
    if key is not None:
        first ^= key[0]
        last ^= key[(stop - start - 1) % _KEY_SIZE]
    return (first == _BRACE and last == _BRACE + 2) or (first == _BRACKET and last == _BRACKET + 2)


def _hides_ascii(data: bytes, start: int, stop: int) -> bool:
    """Whether `data[start:stop]`, masked with the key right in front of it, is ASCII; cheaper than unmasking it.

    ASCII leaves the highest bit of each byte to the key. So it must be that of the byte four places before, the first
    four bytes being compared with the key itself. One large number does that for all bytes at once.
    """
    value = int.from_bytes(data[start - _KEY_SIZE : stop], "big")
    differing = (value ^ value >> 8 * _KEY_SIZE) & _HIGH_BITS
    payload_bits = 8 * (stop - start)
    # The key has nothing in front of it to be compared with: its own bits are left over.
    return differing == (value >> payload_bits & _KEY_HIGH_BITS) << payload_bits
