"""Byte streams of protocols that are no WebSocket, as a capture that begins in their middle shows them."""

import random
import struct
from collections.abc import Callable, Iterator

Segments = Iterator[bytes]
Maker = Callable[[random.Random], bytes]


def text(choice: random.Random, least: int = 3, most: int = 40) -> bytes:
    return bytes(choice.choices(b"abcdefghijklmnopqrstuvwxyz /.-_0123456789", k=choice.randint(least, most)))


def some(choice: random.Random, most: int = 200) -> bytes:
    return choice.randbytes(choice.randint(0, most))


def zeros(choice: random.Random) -> bytes:
    return bytes(choice.randint(1, 3000))


def one_byte_repeated(choice: random.Random) -> bytes:
    # Not a new byte each time: a stream of one byte, as a test program or an erased disk sends it.
    return bytes([choice.getrandbits(8)]) * choice.randint(20, 3000)


def noise(choice: random.Random) -> bytes:
    return choice.randbytes(choice.randint(1, 2000))


def prose(choice: random.Random) -> bytes:
    return b" ".join(text(choice) for _ in range(choice.randint(1, 60))) + b"\r\n"


def http1(choice: random.Random) -> bytes:
    body = some(choice, 900)
    return b"HTTP/1.1 200 OK\r\ncontent-length: %d\r\n\r\n%s" % (len(body), body)


def http1_chunked(choice: random.Random) -> bytes:
    body = some(choice, 900) + b"x"
    return b"%x\r\n%s\r\n" % (len(body), body)


def http2(choice: random.Random) -> bytes:
    kind, body = choice.choice((0, 1, 3, 4, 6, 8)), some(choice, 300)
    return len(body).to_bytes(3, "big") + bytes((kind, choice.choice((0, 1, 4, 5)))) + struct.pack(
        ">I", choice.randint(0, 99)
    ) + body  # fmt: skip


def grpc(choice: random.Random) -> bytes:
    body = b"\x0a" + bytes([5]) + b"hello" + some(choice, 60)
    message = b"\x00" + struct.pack(">I", len(body)) + body
    return len(message).to_bytes(3, "big") + b"\x00\x00" + struct.pack(">I", 1) + message


def redis(choice: random.Random) -> bytes:
    words = [text(choice) for _ in range(choice.randint(1, 4))]
    return b"*%d\r\n" % len(words) + b"".join(b"$%d\r\n%s\r\n" % (len(word), word) for word in words)


def postgresql(choice: random.Random) -> bytes:
    body = struct.pack(">H", 2) + b"".join(struct.pack(">I", len(v)) + v for v in (text(choice), some(choice, 90)))
    return choice.choice((b"D", b"T", b"C", b"Z", b"P", b"B")) + struct.pack(">I", len(body) + 4) + body


def mysql(choice: random.Random) -> bytes:
    body = some(choice, 250) + b"\x00"
    return len(body).to_bytes(3, "little") + bytes([choice.randint(0, 5)]) + body


def mqtt_publish(choice: random.Random) -> bytes:
    topic, body = text(choice), some(choice, 60)
    rest = struct.pack(">H", len(topic)) + topic + body
    return bytes((0x30 | choice.randint(0, 1), len(rest))) + rest


def mqtt_subscribe(choice: random.Random) -> bytes:
    topics = b"".join(struct.pack(">H", len(t)) + t + b"\x01" for t in [text(choice) for _ in range(2)])
    rest = struct.pack(">H", choice.randint(1, 900)) + choice.choice((b"", b"\x00")) + topics
    return bytes((0x82, len(rest))) + rest


def mqtt_ping(choice: random.Random) -> bytes:
    return choice.choice((b"\xc0\x00", b"\xd0\x00", b"\x40\x02\x00\x07"))


def tls(choice: random.Random) -> bytes:
    body = choice.randbytes(choice.randint(20, 2000))
    return b"\x17\x03\x03" + struct.pack(">H", len(body)) + body


def ssh(choice: random.Random) -> bytes:
    body = choice.randbytes(choice.randrange(16, 400, 16))
    return struct.pack(">I", len(body)) + body + choice.randbytes(16)


def dns_over_tcp(choice: random.Random) -> bytes:
    body = choice.randbytes(2) + b"\x81\x80\x00\x01\x00\x01\x00\x00\x00\x00" + some(choice, 90)
    return struct.pack(">H", len(body)) + body


def length_and_bytes(choice: random.Random) -> bytes:
    body = some(choice, 300)
    return struct.pack(choice.choice((">I", "<I", ">H", "<H")), len(body)) + body


def kafka(choice: random.Random) -> bytes:
    body = struct.pack(">hhI", choice.randint(0, 40), choice.randint(0, 9), choice.randint(0, 900)) + some(choice)
    return struct.pack(">I", len(body)) + body


def amqp(choice: random.Random) -> bytes:
    body = some(choice)
    return bytes([choice.choice((1, 2, 3, 8))]) + struct.pack(">HI", 1, len(body)) + body + b"\xce"


def cassandra(choice: random.Random) -> bytes:
    body = some(choice)
    return bytes((choice.choice((0x81, 0x82, 0x84)), 0, choice.randint(0, 9), 8)) + struct.pack(">I", len(body)) + body


def mongodb(choice: random.Random) -> bytes:
    body = some(choice)
    return struct.pack("<IIII", len(body) + 16, choice.randint(1, 900), 0, 2013) + body


def ldap(choice: random.Random) -> bytes:
    body = b"\x02\x01" + bytes([choice.randint(1, 99)]) + b"\x64" + bytes([30]) + text(choice, 30, 30)
    return bytes((0x30, len(body))) + body


def modbus(choice: random.Random) -> bytes:
    return struct.pack(">HHHBBHH", choice.randint(0, 65535), 0, 6, 1, 3, choice.randint(0, 99), 2)


def rtsp_interleaved(choice: random.Random) -> bytes:
    body = b"\x80\x60" + choice.randbytes(10) + some(choice, 900)
    return b"$" + bytes([choice.randint(0, 1)]) + struct.pack(">H", len(body)) + body


def rtp_over_tcp(choice: random.Random) -> bytes:
    body = b"\x80" + bytes([choice.choice((0, 8, 96))]) + choice.randbytes(10) + some(choice, 160)
    return struct.pack(">H", len(body)) + body  # RFC 4571


def bittorrent(choice: random.Random) -> bytes:
    body = bytes([choice.randint(0, 9)]) + some(choice, 900)
    return struct.pack(">I", len(body)) + body


def protobuf_delimited(choice: random.Random) -> bytes:
    body = b"\x08" + bytes([choice.randint(0, 127)]) + b"\x12" + bytes([20]) + text(choice, 20, 20)
    return bytes([len(body)]) + body


MAKERS: dict[str, Maker] = {
    maker.__name__: maker
    for maker in (
        zeros, one_byte_repeated, noise, prose, http1, http1_chunked, http2, grpc, redis, postgresql, mysql,
        mqtt_publish, mqtt_subscribe, mqtt_ping, tls, ssh, dns_over_tcp, length_and_bytes, kafka, amqp, cassandra,
        mongodb, ldap, modbus, rtsp_interleaved, rtp_over_tcp, bittorrent, protobuf_delimited,
    )
}  # fmt: skip
"""Each makes one message of its protocol."""


def stream(maker: Maker, choice: random.Random) -> Segments:
    """About 40 messages, one a segment or run together, from a random byte on."""
    one_byte = one_byte_repeated(choice)
    messages = [one_byte if maker is one_byte_repeated else maker(choice) for _ in range(40)]
    if choice.random() < 0.6:
        yield from (message for message in messages if message)
        return
    joined = b"".join(messages)[choice.randint(0, 40) :]
    size = choice.choice((536, 1400, 1448, 1460))
    yield from (joined[start : start + size] for start in range(0, len(joined), size))
