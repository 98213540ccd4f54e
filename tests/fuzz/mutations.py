"""Captures made worse: bytes flipped, packets shuffled and lost, lengths that lie, and plain noise."""

import random
import struct
from collections.abc import Callable
from dataclasses import dataclass

FILE_HEADER, RECORD_HEADER = 24, 16
BIG_ENDIAN_MAGICS = (b"\xa1\xb2\xc3\xd4", b"\xa1\xb2\x3c\x4d")
LITTLE_ENDIAN_MAGICS = tuple(magic[::-1] for magic in BIG_ENDIAN_MAGICS)
NUMBERS = (0, 1, 2, 3, 4, 7, 8, 15, 16, 19, 20, 125, 126, 127, 128, 255, 2**15, 2**16 - 1, 2**31 - 1, 2**31, 2**32 - 1)


@dataclass
class Classic:
    """A pcap file taken apart, so that its packets can be worked on and it stays readable."""

    header: bytes
    order: str
    records: list[tuple[bytes, bytes]]
    """Record header without the two lengths, and packet."""

    def to_bytes(self) -> bytes:
        """Lengths are written anew."""
        out = [self.header]
        for times, data in self.records:
            out += [times, struct.pack(self.order + "II", len(data), len(data)), data]
        return b"".join(out)


def classic(data: bytes) -> Classic | None:
    """The parts of `data` if it is a pcap file with packets."""
    if data[:4] not in BIG_ENDIAN_MAGICS + LITTLE_ENDIAN_MAGICS:
        return None
    order = ">" if data[:4] in BIG_ENDIAN_MAGICS else "<"
    records = []
    place = FILE_HEADER
    while place + RECORD_HEADER <= len(data):
        (length,) = struct.unpack_from(order + "I", data, place + 8)
        records.append((data[place : place + 8], data[place + RECORD_HEADER : place + RECORD_HEADER + length]))
        place += RECORD_HEADER + length
    return Classic(data[:FILE_HEADER], order, records) if records else None


def mutate(chance: random.Random, originals: list[bytes]) -> bytes:
    """One input: an original with a few things wrong with it, seldom nothing but noise."""
    if chance.random() < 0.02:
        return chance.choice(originals)[: chance.choice((0, 4, 24, 28))] + chance.randbytes(chance.randrange(3000))
    data = chance.choice(originals)
    for _ in range(chance.choice((1, 1, 1, 2, 3, 8))):
        parts = classic(data)
        if parts is not None and chance.random() < 0.8:
            chance.choice(OF_PACKETS)(chance, parts, originals)
            data = parts.to_bytes()
        else:
            data = chance.choice(OF_BYTES)(chance, data)
    return data


def flip_bits(chance: random.Random, data: bytes) -> bytes:
    changed = bytearray(data)
    for _ in range(chance.choice((1, 1, 2, 5, 40))):
        if changed:
            changed[chance.randrange(len(changed))] ^= 1 << chance.randrange(8)
    return bytes(changed)


def cut_off(chance: random.Random, data: bytes) -> bytes:
    return data[: chance.randrange(len(data) + 1)]


def cut_out(chance: random.Random, data: bytes) -> bytes:
    start = chance.randrange(len(data) + 1)
    return data[:start] + data[start + chance.choice((1, 2, 4, 16, 100)) :]


def put_in(chance: random.Random, data: bytes) -> bytes:
    start = chance.randrange(len(data) + 1)
    return data[:start] + chance.randbytes(chance.choice((1, 2, 4, 16, 100))) + data[start:]


def lie(chance: random.Random, data: bytes) -> bytes:
    """A number somewhere becomes another one: most often it was a length."""
    form = chance.choice(("B", ">H", "<H", ">I", "<I"))
    size = struct.calcsize(form)
    if len(data) < size:
        return data
    place = chance.randrange(len(data) - size + 1)
    number = chance.choice(NUMBERS) & ((1 << 8 * size) - 1)
    return data[:place] + struct.pack(form, number) + data[place + size :]


def move_block(chance: random.Random, data: bytes) -> bytes:
    places = sorted(chance.randrange(len(data) + 1) for _ in range(3))
    first, second, third = places
    return data[:first] + data[second:third] + data[first:second] + data[third:]


OF_BYTES: tuple[Callable[[random.Random, bytes], bytes], ...] = (flip_bits, cut_off, cut_out, put_in, lie, move_block)


def some_packet(chance: random.Random, parts: Classic, change: Callable[[random.Random, bytes], bytes]) -> None:
    place = chance.randrange(len(parts.records))
    times, data = parts.records[place]
    parts.records[place] = (times, change(chance, data))


def spoil_packets(chance: random.Random, parts: Classic, originals: list[bytes]) -> None:
    change = chance.choice(OF_BYTES)
    for _ in range(chance.choice((1, 2, 10))):
        some_packet(chance, parts, change)


def spoil_payload(chance: random.Random, parts: Classic, originals: list[bytes]) -> None:
    """Only behind the headers (of Ethernet, IPv4 and TCP), so that the bytes reach the upper stages."""

    def change(chance: random.Random, data: bytes) -> bytes:
        size = len(data) - 54
        if size <= 0:
            return data
        kind = chance.choice((flip_bits, lie, move_block, None))
        payload = kind(chance, data[54:]) if kind else chance.randbytes(size)
        return data[:54] + payload

    for _ in range(chance.choice((1, 2, 5))):
        some_packet(chance, parts, change)


def spoil_tcp(chance: random.Random, parts: Classic, originals: list[bytes]) -> None:
    """Ports, sequence numbers, flags, data offset, window of an Ethernet, IPv4 packet."""

    def change(chance: random.Random, data: bytes) -> bytes:
        if len(data) < 54:
            return data
        place = 34 + chance.choice((4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 13, 13, 14))
        return data[:place] + bytes([chance.randrange(256)]) + data[place + 1 :]

    for _ in range(chance.choice((1, 3, 10))):
        some_packet(chance, parts, change)


def shuffle(chance: random.Random, parts: Classic, originals: list[bytes]) -> None:
    size = chance.choice((2, 4, 10, len(parts.records)))
    start = chance.randrange(len(parts.records))
    block = parts.records[start : start + size]
    chance.shuffle(block)
    parts.records[start : start + size] = block


def lose(chance: random.Random, parts: Classic, originals: list[bytes]) -> None:
    share = chance.choice((0.02, 0.1, 0.5))
    parts.records = [record for record in parts.records if chance.random() > share] or parts.records[:1]


def double(chance: random.Random, parts: Classic, originals: list[bytes]) -> None:
    for _ in range(chance.choice((1, 5, 30))):
        parts.records.insert(chance.randrange(len(parts.records)), chance.choice(parts.records))


def snap(chance: random.Random, parts: Classic, originals: list[bytes]) -> None:
    length = chance.choice((0, 14, 34, 54, 60, 68, 96, 200))
    parts.records = [(times, data[:length]) for times, data in parts.records]


def splice(chance: random.Random, parts: Classic, originals: list[bytes]) -> None:
    """Two captures at once; most use the same addresses and ports."""
    other = classic(chance.choice(originals))
    if other is not None:
        for record in other.records:
            parts.records.insert(chance.randrange(len(parts.records) + 1), record)


def link_type(chance: random.Random, parts: Classic, originals: list[bytes]) -> None:
    number = chance.choice((0, 1, 12, 50, 101, 105, 108, 113, 127, 147, 228, 229, 276, 65535))
    parts.header = parts.header[:20] + struct.pack(parts.order + "I", number)


OF_PACKETS: tuple[Callable[[random.Random, Classic, list[bytes]], None], ...] = (
    spoil_packets,
    spoil_packets,
    spoil_payload,
    spoil_payload,
    spoil_payload,
    spoil_tcp,
    spoil_tcp,
    shuffle,
    lose,
    double,
    snap,
    splice,
    link_type,
)
