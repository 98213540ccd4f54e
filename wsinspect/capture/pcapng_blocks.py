"""The blocks of a pcapng file, to be written: little-endian, with times in nanoseconds.

draft-ietf-opsawg-pcapng; the numbers are its sections.
"""

import struct
from typing import Final

from wsinspect import __version__
from wsinspect.capture.packet import Options

ENHANCED_PACKET: Final = 6
HEADER: Final = struct.Struct("<7I")
"""4.3: what comes before the packet: block type and length, interface, time (high, low), captured and wire length."""

DECRYPTION_SECRETS: Final = 10
TLS_KEY_LOG: Final = 0x544C534B
OPT_COMMENT: Final = 1
IF_NAME, IF_TSRESOL, IF_FILTER = 2, 9, 11
ISB_ENDTIME, ISB_IFRECV, ISB_IFDROP = 3, 4, 5

MAX_OPTION: Final = 0xFFFF
"""Bytes of an option's value: its length has 16 bits."""

_OPT_END: Final = b"\0\0\0\0"
_SHB_USERAPPL: Final = 4
_NANOSECONDS: Final = 9
_TRAILERS: Final = tuple(struct.Struct(f"<{padding}xI").pack for padding in (0, 3, 2, 1))


def packet_block(interface: int, time_ns: int, data: bytes, wire_length: int) -> bytes:
    """4.3: an Enhanced Packet Block."""
    captured = len(data)
    length = (captured + 35) & ~3
    head = HEADER.pack(ENHANCED_PACKET, length, interface, time_ns >> 32, time_ns & 0xFFFFFFFF, captured, wire_length)
    return head + data + _TRAILERS[captured & 3](length)


def packet_block_with(options: Options, interface: int, time_ns: int, data: bytes, wire_length: int) -> bytes:
    """The same with options."""
    head = struct.pack("<5I", interface, time_ns >> 32, time_ns & 0xFFFFFFFF, len(data), wire_length)
    return _block(ENHANCED_PACKET, head + data + bytes(-len(data) % 4) + _written(options))


def section_header(comment: str = "") -> bytes:
    """4.1, of unknown length."""
    options: Options = ((_SHB_USERAPPL, f"wsinspect {__version__}".encode()),)
    if comment:
        options = (comment_option(comment), *options)
    return _block(0x0A0D0D0A, struct.pack("<IHHq", 0x1A2B3C4D, 1, 0, -1) + _written(options))


def secrets_block(key_log: bytes) -> bytes:
    """TLS secrets in NSS format: a Decryption Secrets Block, which stands before the packets that it decrypts."""
    return _block(
        DECRYPTION_SECRETS, struct.pack("<II", TLS_KEY_LOG, len(key_log)) + key_log + bytes(-len(key_log) % 4)
    )


def interface_block(link_type: int, snap_length: int, options: Options) -> bytes:
    """4.2; `options` say nothing about how times are written."""
    described = (*options, (IF_TSRESOL, bytes((_NANOSECONDS,))))
    return _block(1, struct.pack("<HHI", link_type, 0, snap_length) + _written(described))


def statistics_block(interface: int, time_ns: int, options: Options) -> bytes:
    """4.6."""
    return _block(5, struct.pack("<III", interface, time_ns >> 32, time_ns & 0xFFFFFFFF) + _written(options))


def time_value(time_ns: int) -> bytes:
    """A time as the value of an option."""
    return struct.pack("<II", time_ns >> 32, time_ns & 0xFFFFFFFF)


def count_value(count: int) -> bytes:
    """A count as the value of an option."""
    return struct.pack("<Q", count)


def comment_option(text: str) -> tuple[int, bytes]:
    """A comment of any block; one that is too long is cut between two characters."""
    return OPT_COMMENT, text.encode()[:MAX_OPTION].decode(errors="ignore").encode()


def _block(kind: int, body: bytes) -> bytes:
    """3.1: type, length, body padded to four bytes, length."""
    body += bytes(-len(body) % 4)
    length = struct.pack("<I", len(body) + 12)
    return struct.pack("<I", kind) + length + body + length


def _written(options: Options) -> bytes:
    if not options:
        return b""
    return (
        b"".join(struct.pack("<HH", code, len(value)) + value + bytes(-len(value) % 4) for code, value in options)
        + _OPT_END
    )
