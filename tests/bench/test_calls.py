"""A guard of speed that no noisy machine upsets: Python-level calls per packet of healthy traffic, counted."""

import sys
from pathlib import Path
from types import FrameType

import pytest

from tests.bench.generate import write
from wsinspect import inspector
from wsinspect.capture.source import open_capture
from wsinspect.inspector import Inspector

MOST_CALLS = 16
"""Per packet: 13.3 when this was written; 24 or more without the short cut of `Inspector` or that of `plain.py`."""


@pytest.mark.skipif(not inspector.__file__.endswith(".py"), reason="compiled code calls unseen")
def test_a_plain_packet_costs_few_calls(tmp_path: Path) -> None:
    capture = tmp_path / "bench.pcap"
    write(capture, packets=2000, connections=2, seed=6455)
    with open_capture(str(capture)) as reader:
        packets = list(reader)
    # Handshakes and Close frames are at the two ends.
    found = Inspector()
    found.feed_batch(packets[:50])
    middle = packets[50:-50]
    calls = 0

    def count(frame: FrameType, event: str, argument: object) -> None:
        nonlocal calls
        calls += event == "call"

    sys.setprofile(count)
    try:
        found.feed_batch(middle)
    finally:
        sys.setprofile(None)
    assert calls / len(middle) < MOST_CALLS
