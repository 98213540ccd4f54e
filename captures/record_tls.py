"""Records what the captures of TLS consist of: python -m captures.record_tls

TLS draws random numbers, so what passes between two ends is recorded once, into `recorded/`, and put into packets by
`scenarios/situations/tls.py` each time. Python's own TLS talks to itself in memory; `openssl` makes the certificate.
Recording again gives other bytes and the same meaning.
"""

import contextlib
import ssl
import subprocess
import tempfile
from pathlib import Path
from typing import Final

RECORDED: Final = Path(__file__).parent / "recorded"
NAME: Final = "ws.example.com"
REQUEST: Final = (
    b"GET /chat HTTP/1.1\r\nHost: ws.example.com\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
    b"Sec-WebSocket-Key: 5vCvSu2mS8eDRkMqZ8ci4A==\r\nSec-WebSocket-Version: 13\r\n\r\n"
)
RESPONSE: Final = (
    b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: %s\r\n\r\n"
)


def masked(first: int, key: bytes, payload: bytes) -> bytes:
    """A frame of the client."""
    body = bytes(byte ^ key[place % 4] for place, byte in enumerate(payload))
    return bytes([first, 0x80 | len(payload)]) + key + body


def accept() -> bytes:
    """RFC 6455 §4.2.2."""
    import base64
    import hashlib

    digest = hashlib.sha1(b"5vCvSu2mS8eDRkMqZ8ci4A==" + b"258EAFA5-E914-47DA-95CA-C5AB0DC85B11").digest()
    return base64.b64encode(digest)


WORDS: Final = (
    (0, REQUEST),
    (1, RESPONSE % accept()),
    (0, masked(0x81, b"\x91\x3c\x5e\xd7", b"hello, is anybody there?")),
    (1, b"\x81\x0fyes, and nobody"),
    (1, b"\x88\x12\x0f\xa0the room closes."),
    (0, masked(0x88, b"\x2b\xe0\x47\x16", b"\x0f\xa0")),
)
"""A direction (0: the client) and what it says."""


def record(version: ssl.TLSVersion, trusts: bool) -> str:
    """A line for each flight, `C` or `S` and hexadecimal; then the key log."""
    flights: list[str] = []
    with tempfile.TemporaryDirectory() as directory:
        pem, keys = Path(directory, "pem"), Path(directory, "keys")
        subprocess.run(
            ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "1",
             "-subj", f"/CN={NAME}", "-keyout", str(pem), "-out", str(Path(directory, "certificate"))],
            check=True, capture_output=True,
        )  # fmt: skip
        pem.write_bytes(pem.read_bytes() + Path(directory, "certificate").read_bytes())
        client, server = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT), ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        server.load_cert_chain(pem)
        client.check_hostname = False
        client.verify_mode = ssl.CERT_NONE if trusts else ssl.CERT_REQUIRED
        client.minimum_version = client.maximum_version = version
        client.keylog_filename = str(keys)
        client.set_alpn_protocols(["http/1.1"])
        server.set_alpn_protocols(["http/1.1"])
        bios = [(ssl.MemoryBIO(), ssl.MemoryBIO()) for _ in range(2)]
        ends = [client.wrap_bio(*bios[0], server_hostname=NAME), server.wrap_bio(*bios[1], server_side=True)]

        def flush() -> None:
            for direction in (0, 1):
                if data := bios[direction][1].read():
                    flights.append(f"{'CS'[direction]} {data.hex()}")
                    bios[1 - direction][0].write(data)

        done = {0: False, 1: False}
        with contextlib.suppress(ssl.SSLCertVerificationError):
            while not all(done.values()):
                for direction, end in enumerate(ends):
                    with contextlib.suppress(ssl.SSLWantReadError):
                        end.do_handshake()
                        done[direction] = True
                    flush()
        flush()
        for direction, data in WORDS if all(done.values()) else ():
            ends[direction].write(data)
            flush()
            with contextlib.suppress(ssl.SSLWantReadError):
                ends[1 - direction].read(1 << 16)
        if all(done.values()):
            with contextlib.suppress(ssl.SSLWantReadError):
                ends[1].unwrap()
            flush()
        return "\n".join(flights) + "\n" + keys.read_text()


def main() -> None:
    """Record everything anew."""
    RECORDED.mkdir(exist_ok=True)
    for name, version, trusts in (
        ("tls-1.3", ssl.TLSVersion.TLSv1_3, True),
        ("tls-1.2", ssl.TLSVersion.TLSv1_2, True),
        ("tls-refused", ssl.TLSVersion.TLSv1_2, False),
    ):
        (RECORDED / f"{name}.txt").write_text(record(version, trusts))


if __name__ == "__main__":
    main()
