"""wsinspect/capture/live/reader.py: one capture out of a ring of files, and packets again from those that are left."""

import socket
import subprocess
from pathlib import Path

import pytest
from running import Running, wait_until

from wsinspect.capture.live.process import CaptureProcess
from wsinspect.capture.live.reader import LiveReader
from wsinspect.capture.live.settings import Method, Settings
from wsinspect.capture.packet import Packet
from wsinspect.errors import WsinspectError

SENT = 400
SIZE = 1000
FILES = 3


@pytest.mark.parametrize("method", [Method.LIBPCAP, Method.RAW])
def test_a_ring_is_one_capture(tmp_path: Path, method: Method) -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as receiver:
        receiver.bind(("127.0.0.1", 0))
        port = receiver.getsockname()[1]
        pattern = str(tmp_path / "ring.pcap")
        settings = Settings(("lo",), f"udp port {port}", method=method, path=pattern, file_size=65536)
        process = CaptureProcess(settings)
        process.start()
        reader = LiveReader(process, FILES)
        packets: list[Packet] = []
        batches = reader.batches()
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sender:
            for number in range(SENT):
                sender.sendto(number.to_bytes(SIZE, "big"), ("127.0.0.1", port))
                if number % 50 == 49:
                    wanted = number + 1
                    while len(packets) < wanted:
                        packets += next(batches)
        assert reader.behind == 0
        process.stop()
        packets += [packet for batch in batches for packet in batch]
    # One row of packets, although it went through more files than are left.
    assert [int.from_bytes(packet.data[-SIZE:], "big") for packet in packets] == list(range(SENT))
    assert [packet.number for packet in packets] == list(range(1, SENT + 1))
    assert [packet.offset for packet in packets] == sorted({packet.offset for packet in packets})
    assert len(process.files) > FILES + 1
    left = sorted(map(str, tmp_path.iterdir()))
    assert left == process.files[-FILES:]
    # What is left can be read again, the rest is gone and says so.
    assert reader.packet_at(packets[-1].offset, SENT) == packets[-1]
    kept = packets[-100]
    assert reader.packet_at(kept.offset, kept.number) == kept
    with pytest.raises(WsinspectError, match="ring"):
        reader.packet_at(packets[0].offset, 1)
    assert reader.problems == []
    assert reader.dropped == 0
    reader.close()


@pytest.mark.parametrize("method", ["libpcap", "raw", "dumpcap"])
def test_an_interface_that_vanishes_ends_the_capture_with_a_message(
    namespace: list[str], tmp_path: Path, method: str
) -> None:
    ip = ["ip", "-n", namespace[-1], "link"]
    subprocess.run([*ip, "add", "gone0", "type", "veth", "peer", "name", "gone1"], check=True)
    try:
        for name in ("gone0", "gone1"):
            subprocess.run([*ip, "set", name, "up"], check=True)
        running = Running(
            "gone0", tmp_path / "x.pcapng", "--capture-with", method, "--format", "json", inside=namespace
        )
    finally:
        subprocess.run([*ip, "delete", "gone0"], check=True)
    wait_until(lambda: running.process.poll() is not None, "the capture has ended by itself")
    assert running.wait() == 0
    assert "gone0" in running.objects()[0]["capture"]["problems"][0]
