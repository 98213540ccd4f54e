"""A TCP packet with a VLAN tag, and the pcap file that tcpreplay takes it from."""

import struct
from pathlib import Path

VLAN = 42


def tagged_packet(port: int = 8080) -> bytes:
    tcp = struct.pack("!HHIIBBHHH", 50000, port, 1, 0, 0x50, 2, 64240, 0, 0)
    ip = struct.pack("!BBHHHBBH4B4B", 0x45, 0, 20 + len(tcp), 0, 0, 64, 6, 0, 10, 0, 0, 1, 10, 0, 0, 2)
    ethernet = bytes.fromhex("020000000001 020000000002 8100") + struct.pack("!HH", VLAN, 0x0800)
    return ethernet + ip + tcp + bytes(40)


def write_pcap(path: Path, packets: list[bytes]) -> None:
    with path.open("wb") as file:
        file.write(struct.pack("<IHHiIII", 0xA1B23C4D, 2, 4, 0, 0, 262144, 1))
        for number, packet in enumerate(packets):
            file.write(struct.pack("<IIII", 1_700_000_000, number * 1000, len(packet), len(packet)) + packet)
