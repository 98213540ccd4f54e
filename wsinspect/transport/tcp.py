"""The fast road, third step: the TCP segment in a packet (RFC 9293 §3.1)."""

import struct
from typing import Final, NamedTuple

FIN: Final = 0x01
SYN: Final = 0x02
RST: Final = 0x04
ACK: Final = 0x10

NUMBERS: Final = struct.Struct("!II")
"""Sequence number and acknowledgement number, from the header's fifth byte on."""


class Segment(NamedTuple):
    """A TCP segment with the facts that reassembly and diagnosis read (one is made per packet: a cheap tuple)."""

    flow: bytes
    """Source address, destination address, source port, destination port: names one direction."""
    packet: int
    time_ns: int
    seq: int
    ack: int
    flags: int
    window: int
    """As in the header, not scaled."""
    payload: bytes
    cut: int
    """Payload bytes that were on the wire behind `payload` but not captured (snap length)."""


def parse_segment(data: bytes, start: int, end: int, flow: bytes, packet: int, time_ns: int) -> Segment | None:
    """The segment whose header is at `start` of `data` (20 bytes of it at least) and whose payload ends at `end`.

    None if its lengths contradict each other.
    """
    captured = len(data)
    seq, ack = NUMBERS.unpack_from(data, start + 4)
    flags, window = data[start + 13], data[start + 14] << 8 | data[start + 15]
    payload_start = start + (data[start + 12] >> 4 << 2)
    if payload_start < start + 20 or payload_start > end:
        return None
    if end <= captured:
        return Segment(flow, packet, time_ns, seq, ack, flags, window, data[payload_start:end], 0)
    cut = end - max(captured, payload_start)
    return Segment(flow, packet, time_ns, seq, ack, flags, window, data[payload_start:captured], cut)


def reverse_flow(flow: bytes) -> bytes:
    """The same connection's other direction."""
    half = (len(flow) - 4) // 2
    return flow[half : 2 * half] + flow[:half] + flow[-2:] + flow[-4:-2]
