"""A mirror port delivers each packet twice: the report is the same, and nothing is called a retransmission."""

import re
from pathlib import Path

import msgspec
import pytest

from wsinspect.capture.packet import Packet
from wsinspect.capture.source import open_capture
from wsinspect.inspector import Inspector
from wsinspect.report.build import connection_reports
from wsinspect.timeline import NoteEntry
from wsinspect.transport.reassembly import Oddity

CAPTURES = Path(__file__).resolve().parent.parent / "captures"
MIRRORED = ("close-by-client", "rst-without-close-by-server", "pings", "deflate-takeover", "ipv6", "gap-in-payload")


def mirrored(packets: list[Packet], later_ns: int, ttl: bool) -> list[Packet]:
    """Each packet twice; the second time, if `ttl`, behind a router."""
    doubled = []
    for packet in packets:
        data = bytearray(packet.data)
        if ttl and data[12:14] == b"\x08\x00":
            data[22] -= 1
        number = len(doubled) + 1
        doubled.append(packet.replace(number=number))
        doubled.append(packet.replace(number=number + 1, time_ns=packet.time_ns + later_ns, data=bytes(data)))
    return doubled


def inspect(packets: list[Packet]) -> Inspector:
    inspector = Inspector(timelines=True)
    inspector.feed_batch(packets)
    inspector.finish()
    return inspector


def numberless(inspector: Inspector) -> list[dict[str, object]]:
    """What is reported, but for packet numbers and times, which copies move."""

    def strip(value: object) -> object:
        if isinstance(value, dict):
            return {name: strip(inner) for name, inner in value.items() if "packet" not in name and name != "time"}
        if isinstance(value, str):
            return re.sub(r"packet \d+", "packet", value)
        return [strip(inner) for inner in value] if isinstance(value, list) else value

    return [strip(msgspec.to_builtins(report)) for report in connection_reports(inspector.connections)]  # type: ignore[misc]


@pytest.mark.parametrize("name", MIRRORED)
@pytest.mark.parametrize("behind_router", [False, True])
def test_copies_change_nothing(name: str, behind_router: bool) -> None:
    with open_capture(str(CAPTURES / "situations" / f"{name}.pcap")) as reader:
        packets = list(reader)
    once, twice = inspect(packets), inspect(mirrored(packets, 1000, behind_router))
    assert numberless(twice) == numberless(once)
    assert twice.copies > len(packets) // 4
    timelines = [connection.timeline for connection in twice.connections]
    notes = [entry.text for line in timelines if line for entry in line.entries if isinstance(entry, NoteEntry)]
    assert Oddity.COPY in notes
    assert Oddity.RETRANSMISSION not in notes
