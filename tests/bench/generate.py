"""Writes the benchmark capture: interleaved WebSocket connections on Ethernet, one message a packet.

    python tests/bench/generate.py FILE [--packets 300000] [--connections 200] [--sizes 20-1300] [--seed 6455]

Masked frames from the clients, unmasked ones from the servers, text and binary, 20 to 1300 bytes, each acknowledged by
the next packet of the other side; every connection opens with a handshake and closes with both Close frames. 1,500,000
packets make 1 GB. With thousands of connections each packet of one has its turn among those of `AT_ONCE` others.
"""

import argparse
import base64
import hashlib
import itertools
import random
import struct
import sys
from collections.abc import Iterator
from pathlib import Path

GUID = b"258EAFA5-E914-47DA-95CA-C5AB0DC85B11"
WORDS = ("price", "symbol", "bid", "ask", "volume", "update", "channel", "sequence", "snapshot", "delta")
START_NS = 1_772_442_000 * 10**9
STEP_NS = 20_000
SIZES = (20, 1300)
"""Bytes of a message, from and to."""
AT_ONCE = 1000
"""Connections that are open at the same time, at most."""

SYN, ACK, PSH_ACK, SYN_ACK, FIN_ACK = 0x02, 0x10, 0x18, 0x12, 0x11


class Connection:
    """One connection as a sequence of packets."""

    def __init__(self, number: int, packets: int, choice: random.Random, sizes: tuple[int, int] = SIZES) -> None:
        self._choice = choice
        self._packets = packets
        self._sizes = sizes
        client = bytes((10, number >> 16, number >> 8 & 255, number & 255)), 40000 + number % 20000
        server = b"\x0a\x80\x00\x01", 8080
        self._ends = (client, server)
        self._seq = [choice.getrandbits(32), choice.getrandbits(32)]

    def packets(self) -> Iterator[bytes]:
        """Every packet of the connection, in order."""
        yield self._packet(0, SYN)
        yield self._packet(1, SYN_ACK)
        yield self._packet(0, ACK)
        key = base64.b64encode(self._choice.randbytes(16))
        accept = base64.b64encode(hashlib.sha1(key + GUID).digest())
        yield self._packet(
            0, PSH_ACK,
            b"GET /stream HTTP/1.1\r\nHost: bench.example\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
            b"Sec-WebSocket-Key: " + key + b"\r\nSec-WebSocket-Version: 13\r\n\r\n",
        )  # fmt: skip
        yield self._packet(
            1, PSH_ACK,
            b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
            b"Sec-WebSocket-Accept: " + accept + b"\r\n\r\n",
        )  # fmt: skip
        for _ in range(self._packets - 10):
            sender = 0 if self._choice.random() < 0.4 else 1
            yield self._packet(sender, PSH_ACK, self._message(masked=sender == 0))
        for sender in (1, 0):
            yield self._packet(sender, PSH_ACK, self._frame(0x88, b"\x03\xe8", masked=sender == 0))
        yield self._packet(1, FIN_ACK)
        yield self._packet(0, FIN_ACK)
        yield self._packet(1, ACK)

    def _message(self, masked: bool) -> bytes:
        size = self._choice.randint(*self._sizes)
        if self._choice.random() < 0.3:
            return self._frame(0x82, self._choice.randbytes(size), masked)
        text = " ".join(self._choice.choices(WORDS, k=size // 6 + 1))[:size]
        return self._frame(0x81, text.encode().ljust(size, b"."), masked)

    def _frame(self, first: int, payload: bytes, masked: bool) -> bytes:
        mask = 0x80 if masked else 0
        size = len(payload)
        head = bytes((first, mask | size)) if size < 126 else struct.pack("!BBH", first, mask | 126, size)
        if not masked:
            return head + payload
        key = self._choice.randbytes(4)
        stream = (key * (size // 4 + 1))[:size]
        masked_payload = int.from_bytes(payload, "big") ^ int.from_bytes(stream, "big")
        return head + key + masked_payload.to_bytes(size, "big")

    def _packet(self, sender: int, flags: int, payload: bytes = b"") -> bytes:
        (source, source_port), (target, target_port) = self._ends[sender], self._ends[1 - sender]
        ack = self._seq[1 - sender] if flags & ACK else 0
        tcp = struct.pack("!HHIIBBHHH", source_port, target_port, self._seq[sender], ack, 0x50, flags, 64240, 0, 0)
        self._seq[sender] = (self._seq[sender] + len(payload) + (flags & 3 != 0)) & 0xFFFFFFFF
        length = 20 + len(tcp) + len(payload)
        ip = struct.pack("!BBHHHBBH4s4s", 0x45, 0, length, 0, 0x4000, 64, 6, 0, source, target)
        ip = ip[:10] + struct.pack("!H", _checksum(ip)) + ip[12:]
        pseudo = source + target + struct.pack("!HH", 6, len(tcp) + len(payload))
        tcp = tcp[:16] + struct.pack("!H", _checksum(pseudo + tcp + payload)) + tcp[18:]
        return b"\x02\x00\x00\x00\x00\x01\x02\x00\x00\x00\x00\x02\x08\x00" + ip + tcp + payload


def _checksum(data: bytes) -> int:
    """The internet checksum (RFC 1071): the sum of 16-bit words is the number itself modulo 65535."""
    return 0xFFFF - (int.from_bytes(data + b"\x00" * (len(data) % 2), "big") % 0xFFFF or 0xFFFF) & 0xFFFF


def write(path: Path, packets: int, connections: int, seed: int, sizes: tuple[int, int] = SIZES) -> None:
    """Write a pcap of about `packets` packets on `connections` interleaved connections."""
    choice = random.Random(seed)
    each = packets // connections
    waiting = (Connection(number, each, choice, sizes).packets() for number in range(connections))
    alive = list(itertools.islice(waiting, AT_ONCE))
    time_ns = START_NS
    with path.open("wb") as file:
        file.write(struct.pack("<IHHiIII", 0xA1B23C4D, 2, 4, 0, 0, 262144, 1))
        while alive:
            turn = choice.randrange(len(alive))
            data = next(alive[turn], None)
            if data is None:
                following = next(waiting, None)
                alive[turn] = following if following is not None else alive[-1]
                if following is None:
                    alive.pop()
                continue
            time_ns += STEP_NS
            file.write(struct.pack("<IIII", time_ns // 10**9, time_ns % 10**9, len(data), len(data)) + data)


def main() -> None:
    """The command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("file", type=Path)
    parser.add_argument("--packets", type=int, default=300_000)
    parser.add_argument("--connections", type=int, default=200)
    parser.add_argument("--sizes", default="20-1300", help="bytes of a message")
    parser.add_argument("--seed", type=int, default=6455)
    options = parser.parse_args()
    smallest, largest = map(int, options.sizes.split("-"))
    write(options.file, options.packets, options.connections, options.seed, (smallest, largest))


if __name__ == "__main__":
    sys.exit(main())
