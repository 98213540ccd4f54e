"""What a real Firefox tells a page where TLS fails, 1015 if an alert ended it, else 1006: the report says the same."""

import asyncio
import datetime
import functools
import shutil
import socket
import ssl
import struct
import subprocess
import sys
import threading
from collections.abc import Callable
from pathlib import Path

import msgspec
import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from captures.encoder.frames import close_payload, encode
from tests.live.firefox import NEEDS, TIMEOUT, browsing
from wsinspect.websocket.handshake import expected_accept

PAGE = """<script>
const told = []
async function all() {
  for (const name in PORTS) await new Promise(done => {
    const socket = new WebSocket("wss://localhost:" + PORTS[name] + "/" + name)
    socket.onclose = e => { told.push([name, e.code, e.wasClean]); done() }
  })
  fetch("/told", {method: "POST", body: JSON.stringify(told)})
}
all()
</script>"""

pytestmark = [*NEEDS, pytest.mark.skipif(shutil.which("certutil") is None, reason="certutil is not installed")]

Serve = Callable[[socket.socket], None]


def certificates(directory: Path) -> tuple[Path, Path, Path]:
    """An authority's certificate; one for localhost that it signed, and one that nobody signed, with their keys."""
    keys = {name: ec.generate_private_key(ec.SECP256R1()) for name in ("authority", "good", "bad")}
    names = {name: x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)]) for name in keys}
    now = datetime.datetime.now(datetime.UTC)
    paths = []
    for name, signer in (("authority", "authority"), ("good", "authority"), ("bad", "bad")):
        extension = x509.SubjectAlternativeName([x509.DNSName("localhost")])
        made = (
            x509.CertificateBuilder()
            .subject_name(names[name])
            .issuer_name(names[signer])
            .public_key(keys[name].public_key())
            .serial_number(x509.random_serial_number())
            .not_valid_before(now - datetime.timedelta(days=1))
            .not_valid_after(now + datetime.timedelta(days=1))
            .add_extension(extension if name != "authority" else x509.BasicConstraints(True, None), name == "authority")
            .sign(keys[signer], hashes.SHA256())
        )
        private = keys[name].private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        )
        path = directory / f"{name}.pem"
        path.write_bytes((private if name != "authority" else b"") + made.public_bytes(serialization.Encoding.PEM))
        paths.append(path)
    return paths[0], paths[1], paths[2]


def websocket(context: ssl.SSLContext, tcp: socket.socket) -> None:
    """Opens what it is asked for, and closes it with 4001."""
    with context.wrap_socket(tcp, server_side=True) as tls:
        head = b""
        while b"\r\n\r\n" not in head:
            head += tls.recv(4096)
        fields = dict(line.split(": ", 1) for line in head.decode().split("\r\n")[1:] if line)
        accept = expected_accept(fields["Sec-WebSocket-Key"])
        switching = "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
        tls.sendall(f"{switching}Sec-WebSocket-Accept: {accept}\r\n\r\n".encode())
        tls.sendall(encode(8, close_payload(4001, "bye")))
        tls.recv(100)


def answer(data: bytes, tcp: socket.socket) -> None:
    """Says this instead of a ServerHello."""
    tcp.recv(4096)
    if data:
        tcp.sendall(data)
        tcp.recv(4096)


def reset(tcp: socket.socket) -> None:
    tcp.recv(4096)
    tcp.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))


def alert(level: int, description: int) -> Serve:
    return functools.partial(answer, bytes([21, 3, 3, 0, 2, level, description]))


def listen(serve: Serve) -> int:
    """Serves each connection in a thread of its own; returns the port."""
    listener = socket.create_server(("127.0.0.1", 0))

    def one(tcp: socket.socket) -> None:
        try:
            with tcp:
                tcp.settimeout(5)
                serve(tcp)
        except OSError:
            pass  # what the scenario is about

    def every() -> None:
        while True:
            threading.Thread(target=one, args=(listener.accept()[0],), daemon=True).start()

    threading.Thread(target=every, daemon=True).start()
    port: int = listener.getsockname()[1]
    return port


async def told_by_firefox(directory: Path, ports: dict[str, int], authority: Path) -> list[tuple[str, int, bool]]:
    """Serves the page; returns what it was told."""
    told: asyncio.Future[bytes] = asyncio.get_running_loop().create_future()

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            head = (await reader.readuntil(b"\r\n\r\n")).decode()
            if head.startswith("POST"):
                fields = dict(line.lower().split(": ", 1) for line in head.split("\r\n")[1:] if line)
                told.set_result(await reader.readexactly(int(fields["content-length"])))
        except asyncio.IncompleteReadError:
            pass  # a connection that the browser opened in advance
        body = PAGE.replace("PORTS", msgspec.json.encode(ports).decode()).encode()
        lines = ["HTTP/1.1 200 OK", "Content-Type: text/html", f"Content-Length: {len(body)}", "Connection: close"]
        writer.write("\r\n".join([*lines, "", ""]).encode() + body)
        writer.close()

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/page"
    captured = " or ".join(f"tcp port {port}" for port in ports.values())
    async with server, browsing(directory, url, captured, authority):
        return msgspec.json.decode(await asyncio.wait_for(told, TIMEOUT), type=list[tuple[str, int, bool]])


async def test_firefox_over_tls(tmp_path: Path) -> None:
    authority, good, bad = certificates(tmp_path)
    trusted, untrusted, demanding = (ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER) for _ in range(3))
    trusted.load_cert_chain(good)
    untrusted.load_cert_chain(bad)
    demanding.load_cert_chain(good)
    demanding.verify_mode = ssl.CERT_REQUIRED
    scenarios: dict[str, Serve] = {
        "good": functools.partial(websocket, trusted),
        "untrusted": functools.partial(websocket, untrusted),
        "certificate-wanted": functools.partial(websocket, demanding),
        "handshake-failure": alert(2, 40),
        "close-notify": alert(1, 0),
        "no-tls": functools.partial(answer, b"HTTP/1.1 400 Bad Request\r\n\r\n"),
        "end": functools.partial(answer, b""),
        "reset": reset,
    }
    ports = {name: listen(serve) for name, serve in scenarios.items()}
    told = await told_by_firefox(tmp_path, ports, authority)
    assert [(name, code) for name, code, _ in told] == [
        ("good", 4001), ("untrusted", 1015), ("certificate-wanted", 1015), ("handshake-failure", 1015),
        ("close-notify", 1006), ("no-tls", 1015), ("end", 1006), ("reset", 1006),
    ]  # fmt: skip
    command = [sys.executable, "-m", "wsinspect", "report", str(tmp_path / "lo.pcap"), "--format", "json"]
    output = subprocess.run([*command, "--keylog", str(tmp_path / "keys")], capture_output=True, check=True).stdout
    reported = {
        one["server"]["port"]: one["close"]["event"]["client"] for one in msgspec.json.decode(output)["connections"]
    }
    assert [(name, reported[ports[name]]["code"], reported[ports[name]]["was_clean"]) for name in ports] == told
