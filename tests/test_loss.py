"""A packet that is lost makes nothing up: without it no rule is broken that the whole capture does not break.

`tests/bench/loss.py` does the same with all captures, and counts the Closes that are found.
"""

from collections.abc import Iterable
from pathlib import Path

import pytest

from wsinspect.capture.packet import Packet
from wsinspect.capture.source import open_capture
from wsinspect.inspector import Inspector
from wsinspect.tls.keylog import KeyLog

CAPTURES = Path(__file__).parent.parent / "captures"
CASES = [
    "situations/close-by-client.pcap",
    "situations/close-client-ends-tcp.pcap",
    "situations/deflate-takeover.pcap",
    "situations/http-before-upgrade.pcap",
    "situations/http2-many.pcap",
    "situations/pings.pcap",
    "situations/proxy-connect.pcap",
    "situations/refused-401.pcap",
    "situations/rst-after-closes.pcap",
    "situations/told-fault-behind-own-close.pcap",
    "situations/told-longer-length-websockets.pcap",
    "situations/tls-1.2-with-keys.pcapng",
    "situations/tls-1.3-with-keys.pcapng",
    "rules/concurrent-handshakes.near-miss.pcap",
    "rules/control-frame-delayed-by-message.pcap",
    "rules/data-after-close.pcap",
    "rules/h2-connect-before-setting.near-miss.pcap",
    "rules/h2-stream-reset.near-miss.pcap",
    "rules/http-inside-stream.pcap",
    "rules/missing-pong.near-miss.pcap",
]


def inspected(packets: Iterable[Packet], secrets: list[bytes]) -> Inspector:
    """What is found in them."""
    keys = KeyLog()
    for text in secrets:
        keys.add(text)
    inspector = Inspector(keys=keys)
    for packet in packets:
        inspector.feed(packet)
    inspector.finish()
    return inspector


def broken(packets: Iterable[Packet], secrets: list[bytes]) -> set[tuple[str, str]]:
    """The rules that are broken, and by whom."""
    connections = inspected(packets, secrets).connections
    return {(one.rule, str(one.by)) for connection in connections for one in connection.violations}


@pytest.mark.parametrize("name", CASES)
def test_a_lost_packet_invents_nothing(name: str) -> None:
    with open_capture(str(CAPTURES / name)) as reader:
        packets, secrets = list(reader), reader.secrets
    whole = broken(packets, secrets)
    for lost in packets:
        found = broken((packet for packet in packets if packet is not lost), secrets)
        assert not found - whole, f"without packet {lost.number}"


def test_whatever_is_lost_of_the_http_before_it_the_websocket_is_found() -> None:
    with open_capture(str(CAPTURES / "situations/http-before-upgrade.pcap")) as reader:
        packets = list(reader)
    # Behind one of them lost it cannot be known which answer was the last.
    *_, head_answered, upgraded = (packet.number for packet in packets if b"HTTP/1.1 " in packet.data[54:63])
    for lost in packets:
        connections = inspected((packet for packet in packets if packet is not lost), []).connections
        assert len(connections) == 1
        assert connections[0].dialogue is not None, f"without packet {lost.number}"
        assert connections[0].handshake.accepted is (lost.number not in (head_answered, upgraded)), lost.number
