"""Real TLS for the tests: Python's own in memory, and OpenSSL's programs over loopback with a relay that listens."""

import contextlib
import datetime
import os
import socket
import ssl
import subprocess
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.x509.oid import NameOID

from wsinspect.tls.keylog import KeyLog
from wsinspect.tls.session import Missing, Plaintext, TlsEvent, TlsSession
from wsinspect.transport.reassembly import Chunk, Gap, Remark

CLIENT, SERVER = 0, 1
Flight = tuple[int, bytes]
"""A direction and what it sent."""
TIMEOUT = 60


def certificate(directory: Path, kind: str) -> Path:
    """A self-signed certificate with its key, `rsa` or `ecdsa`, in one file."""
    key: rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey
    if kind == "rsa":
        key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    else:
        key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "localhost")])
    now = datetime.datetime.now(datetime.UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(now - datetime.timedelta(days=1))
        .not_valid_after(now + datetime.timedelta(days=1))
        .sign(key, hashes.SHA256())
    )
    path = directory / f"{kind}.pem"
    path.write_bytes(
        key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
        + made.public_bytes(serialization.Encoding.PEM)
    )
    return path


class Talk:
    """A TLS connection in memory; `flights` is what passed."""

    def __init__(
        self, directory: Path, version: ssl.TLSVersion, alpn: list[str], trusts: bool = True,
        server_alpn: list[str] | None = None,
    ) -> None:  # fmt: skip
        self.flights: list[Flight] = []
        pem, keylog = certificate(directory, "ecdsa"), directory / "keys.log"
        client, server = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT), ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        server.load_cert_chain(pem)
        if trusts:
            client.check_hostname = False
            client.verify_mode = ssl.CERT_NONE
        client.minimum_version = client.maximum_version = version
        client.keylog_filename = str(keylog)
        if alpn:
            client.set_alpn_protocols(alpn)
            server.set_alpn_protocols(server_alpn or alpn)
        self._bios = [(ssl.MemoryBIO(), ssl.MemoryBIO()) for _ in range(2)]
        self._ends = [
            client.wrap_bio(*self._bios[0], server_hostname="chat.example"),
            server.wrap_bio(*self._bios[1], server_side=True),
        ]
        with contextlib.suppress(ssl.SSLError):
            self._handshake()
        self.keys = keylog.read_bytes()

    def say(self, direction: int, data: bytes) -> None:
        """One record of application data."""
        self._ends[direction].write(data)
        self._pass()
        with contextlib.suppress(ssl.SSLWantReadError):
            self._ends[1 - direction].read(1 << 16)

    def close(self, direction: int) -> None:
        """A close_notify."""
        with contextlib.suppress(ssl.SSLWantReadError):
            self._ends[direction].unwrap()
        self._pass()

    def _handshake(self) -> None:
        done = [False, False]
        while not all(done):
            for direction, end in enumerate(self._ends):
                try:
                    end.do_handshake()
                    done[direction] = True
                except ssl.SSLWantReadError:
                    pass
                finally:
                    self._pass()
        with contextlib.suppress(ssl.SSLWantReadError):
            self._ends[0].read(1)  # tickets

    def _pass(self) -> None:
        for direction in (0, 1):
            data = self._bios[direction][1].read()
            if data:
                self.flights.append((direction, data))
                self._bios[1 - direction][0].write(data)


def pieces(flights: list[Flight], size: int = 1400) -> list[Chunk]:
    """The flights as TCP delivers them: in segments, a packet each, 10 ms apart."""
    offsets, made = [0, 0], list[Chunk]()
    for direction, data in flights:
        for start in range(0, len(data), size):
            part = data[start : start + size]
            number = len(made) + 1
            made.append(Chunk(direction, offsets[direction], part, number, number * 10_000_000))
            offsets[direction] += len(part)
    return made


def without(chunks: list[Chunk], lost: set[int]) -> list[Chunk | Gap]:
    """The same with some of them never captured."""
    return [
        Gap(c.direction, c.offset, len(c.data), c.packet, c.time_ns) if place in lost else c
        for place, c in enumerate(chunks)
    ]


@dataclass
class Read:
    """What a session made of its bytes."""

    session: TlsSession
    events: list[TlsEvent] = field(default_factory=list)

    def text(self, direction: int) -> bytes:
        """The plaintext of a direction."""
        return b"".join(e.data for e in self.events if isinstance(e, Plaintext) and e.direction == direction)

    @property
    def missing(self) -> list[Missing]:
        """What of it could not be read."""
        return [event for event in self.events if isinstance(event, Missing)]

    @property
    def remarks(self) -> list[str]:
        """What there was to say."""
        return [event.text for event in self.events if isinstance(event, Remark)]


def read(chunks: list[Chunk] | list[Chunk | Gap], keys: bytes) -> Read:
    """All at once, with the keys known before."""
    log = KeyLog()
    log.add(keys)
    found = Read(TlsSession(log))
    for chunk in chunks:
        found.events += found.session.feed(chunk)
    found.events += found.session.finish()
    return found


class Relay:
    """Passes TCP on to a server, and keeps what passed on each connection."""

    def __init__(self, port: int) -> None:
        self.connections: list[list[Flight]] = []
        self._target = port
        self._socket = socket.create_server(("127.0.0.1", 0))
        self.port: int = self._socket.getsockname()[1]
        self._open: list[socket.socket] = [self._socket]
        self._threads = [threading.Thread(target=self._accept, daemon=True)]
        self._threads[0].start()

    def close(self) -> None:
        """No more connections."""
        for one in self._open:
            with contextlib.suppress(OSError):
                one.shutdown(socket.SHUT_RDWR)
        for thread in self._threads:
            thread.join(TIMEOUT)
        for one in self._open:
            one.close()

    def _accept(self) -> None:
        with contextlib.suppress(OSError):
            while True:
                ends = (self._socket.accept()[0], socket.create_connection(("127.0.0.1", self._target)))
                flights: list[Flight] = []
                self._open += ends
                self.connections.append(flights)
                for direction in (0, 1):
                    thread = threading.Thread(target=_pump, args=(direction, ends, flights), daemon=True)
                    self._threads.append(thread)
                    thread.start()


def _pump(direction: int, ends: tuple[socket.socket, socket.socket], flights: list[Flight]) -> None:
    with contextlib.suppress(OSError):
        while data := ends[direction].recv(1 << 16):
            flights.append((direction, data))
            ends[1 - direction].sendall(data)
        ends[1 - direction].shutdown(socket.SHUT_WR)


@contextlib.contextmanager
def s_server(*arguments: str, echo: bool = True) -> Iterator[Relay]:
    """`openssl s_server`, behind a relay; with `echo` it sends back each line reversed."""
    command = ["openssl", "s_server", "-accept", "127.0.0.1:0", *(["-rev"] if echo else []), *arguments]
    relay = None
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, stdin=subprocess.PIPE) as process:
        assert process.stdout is not None
        drain = threading.Thread(target=process.stdout.read, daemon=True)
        try:
            for line in process.stdout:
                if line.startswith(b"ACCEPT"):
                    relay = Relay(int(line.split(b":")[-1]))
                    break
            assert relay is not None, "s_server did not start"
            drain.start()
            yield relay
        finally:
            process.kill()
            if relay is not None:
                relay.close()
            if drain.is_alive():
                drain.join(TIMEOUT)


def s_client(relay: Relay, keylog: Path, script: list[bytes], *arguments: str, echo: bool = True) -> list[Flight]:
    """`openssl s_client`: each line of the script waits for its `echo`, commands (`K`, `R`) for a moment."""
    command = ["openssl", "s_client", "-connect", f"127.0.0.1:{relay.port}", "-keylogfile", str(keylog), *arguments]
    before = len(relay.connections)
    said = bytearray()
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, stdin=subprocess.PIPE) as process:
        assert process.stdin is not None and process.stdout is not None
        os.set_blocking(process.stdout.fileno(), False)
        try:
            _await(process, said, b"---\n")
            for line in script:
                process.stdin.write(line + b"\n")
                process.stdin.flush()
                if len(line) > 1 and echo:
                    _await(process, said, line[::-1])
                elif line != b"Q":
                    time.sleep(0.2)  # one command at a time: s_client reads all that there is as one line
            process.wait(TIMEOUT)
        finally:
            process.kill()
    return relay.connections[before] if len(relay.connections) > before else []


def _await(process: subprocess.Popen[bytes], said: bytearray, text: bytes) -> None:
    assert process.stdout is not None
    until = time.monotonic() + TIMEOUT
    while text not in said and time.monotonic() < until and process.poll() is None:
        said += process.stdout.read() or b""
        time.sleep(0.01)
    assert text in said, bytes(said[-800:])
