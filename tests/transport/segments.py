"""Segments, chunks and whole captures for tests: the one place that knows how they are made."""

import sys
from collections.abc import Iterable
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT))  # The captures' encoder is no part of the package.

from captures.encoder.conversation import Trace  # noqa: E402
from wsinspect.capture.packet import Packet  # noqa: E402
from wsinspect.inspector import Inspector  # noqa: E402
from wsinspect.transport.reassembly import Chunk, Gap, Note, StreamEvent  # noqa: E402
from wsinspect.transport.tcp import ACK, FIN, RST, SYN, Segment  # noqa: E402

__all__ = ["ACK", "FIN", "ROOT", "RST", "SYN", "chunk", "chunks_of", "gap", "inspect", "packets", "segment"]

SECOND = 1_000_000_000
CLIENT_TO_SERVER = bytes([192, 0, 2, 1, 192, 0, 2, 2]) + (50000).to_bytes(2, "big") + (80).to_bytes(2, "big")
SERVER_TO_CLIENT = bytes([192, 0, 2, 2, 192, 0, 2, 1]) + (80).to_bytes(2, "big") + (50000).to_bytes(2, "big")
FLOWS = (CLIENT_TO_SERVER, SERVER_TO_CLIENT)


def segment(
    seq: int,
    payload: bytes = b"",
    *,
    packet: int = 1,
    direction: int = 0,
    flags: int = ACK,
    ack: int = 0,
    cut: int = 0,
) -> Segment:
    """One TCP segment; its time is its packet number in seconds."""
    return Segment(
        flow=FLOWS[direction],
        packet=packet,
        time_ns=packet * SECOND,
        seq=seq % 2**32,
        ack=ack % 2**32,
        flags=flags,
        window=502,
        payload=payload,
        cut=cut,
    )


def chunk(data: bytes, offset: int = 0, *, packet: int = 1, direction: int = 0) -> Chunk:
    """In-order bytes."""
    return Chunk(direction, offset, data, packet, packet * SECOND)


def chunks_of(data: bytes, cuts: Iterable[int], *, direction: int = 0, offset: int = 0) -> list[Chunk]:
    """`data` as chunks that end at `cuts` and at its end, packets numbered from 1."""
    ends = sorted({cut for cut in cuts if 0 < cut < len(data)} | ({len(data)} if data else set()))
    starts = [0, *ends[:-1]]
    return [
        chunk(data[start:end], offset + start, packet=number, direction=direction)
        for number, (start, end) in enumerate(zip(starts, ends, strict=False), 1)
    ]


def gap(offset: int, length: int, *, packet: int = 1, direction: int = 0) -> Gap:
    """Bytes that were not captured."""
    return Gap(direction, offset, length, packet, packet * SECOND)


def told(events: Iterable[StreamEvent]) -> list[object]:
    """Events in short: bytes as themselves, a gap as its length, a note as its words, others by their names."""
    return [
        event.data
        if isinstance(event, Chunk)
        else event.length
        if isinstance(event, Gap)
        else event.oddity.value
        if isinstance(event, Note)
        else type(event).__name__
        for event in events
    ]


def packets(trace: Trace) -> list[Packet]:
    """The packets of a scripted capture."""
    return [
        Packet(number, record.time_ns, record.link, record.data, len(record.data), number)
        for number, record in enumerate(trace.in_order(), 1)
    ]


def inspect(captured: Iterable[Packet]) -> Inspector:
    """An inspector that has seen these packets and nothing more will come."""
    inspector = Inspector()
    for packet in captured:
        inspector.feed(packet)
    inspector.finish()
    return inspector
