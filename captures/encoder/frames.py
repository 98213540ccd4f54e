"""WebSocket frames (RFC 6455 §5.2) with every field at the scenario's will, so that broken ones can be written too."""

import struct

CONTINUATION, TEXT, BINARY = 0x0, 0x1, 0x2
CLOSE, PING, PONG = 0x8, 0x9, 0xA

RSV1, RSV2, RSV3 = 0x4, 0x2, 0x1

NAMES = {CONTINUATION: "continuation", TEXT: "text", BINARY: "binary", CLOSE: "close", PING: "ping", PONG: "pong"}
"""The names of opcodes; all others are reserved."""


def name(opcode: int) -> str:
    return NAMES.get(opcode, "reserved")


def masked(payload: bytes, key: bytes) -> bytes:
    stream = int.from_bytes((key * (len(payload) // 4 + 1))[: len(payload)], "big")
    return (int.from_bytes(payload, "big") ^ stream).to_bytes(len(payload), "big")


def encode(
    opcode: int,
    payload: bytes = b"",
    *,
    mask: bytes | None = None,
    fin: bool = True,
    rsv: int = 0,
    length_form: int | None = None,
    declared: int | None = None,
) -> bytes:
    """One frame.

    `length_form` is the width of the length field in bits (7, 16, 64), the smallest that fits by default; `declared`
    is the length the header claims, the payload's by default.
    """
    length = len(payload) if declared is None else declared
    if length_form is None:
        length_form = 7 if length < 126 else 16 if length < 65536 else 64
    mask_bit = 0x80 if mask is not None else 0
    first = (0x80 if fin else 0) | rsv << 4 | opcode
    if length_form == 7:
        head = struct.pack(">BB", first, mask_bit | length)
    elif length_form == 16:
        head = struct.pack(">BBH", first, mask_bit | 126, length)
    else:
        head = struct.pack(">BBQ", first, mask_bit | 127, length)
    return head + payload if mask is None else head + mask + masked(payload, mask)


def close_payload(code: int | None, reason: str | bytes = "") -> bytes:
    """The body of a Close: empty without a code."""
    if code is None:
        return b""
    return struct.pack(">H", code) + (reason.encode() if isinstance(reason, str) else reason)
