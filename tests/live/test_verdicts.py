"""Each library's server against a client that ends the connection in every way: the report says what its API said."""

import asyncio
import base64
import contextlib
import socket
import struct
from collections.abc import AsyncIterator, Callable
from pathlib import Path

import pytest
from aiohttp_ends import aiohttp_server
from node_ends import Codes, needs_node, node_server
from running import PATIENCE, Running
from websockets.asyncio.server import ServerConnection, serve
from websockets.exceptions import ConnectionClosed

from captures.encoder.frames import CLOSE, PING, TEXT, encode

MASK = b"\x01\x02\x03\x04"


@contextlib.asynccontextmanager
async def websockets_server(codes: Codes, ping_interval: float | None = None) -> AsyncIterator[int]:
    """The port of a server; the code that it was told goes into `codes`, by both ports."""

    async def handle(connection: ServerConnection) -> None:
        ports = connection.local_address[1], connection.remote_address[1]
        what, _, code = (connection.request.path if connection.request else "").strip("/").partition("/")
        with contextlib.suppress(ConnectionClosed):
            async for message in connection:
                if what == "server":
                    await connection.close(int(code), "asked to")
                else:
                    await connection.send(message)
        await connection.wait_closed()
        codes[ports] = connection.close_code or 0

    options = {"close_timeout": 0.5, "ping_interval": ping_interval, "ping_timeout": ping_interval}
    async with serve(handle, "127.0.0.1", 0, **options) as running:  # type: ignore[arg-type]
        yield next(iter(running.sockets)).getsockname()[1]


class Client:
    """A client that does what no library would."""

    def __init__(self, port: int, path: str) -> None:
        self.socket = socket.create_connection(("127.0.0.1", port), PATIENCE)
        self.ports = port, self.socket.getsockname()[1]
        key = base64.b64encode(bytes(range(16))).decode()
        self.socket.sendall(
            f"GET {path} HTTP/1.1\r\nHost: h\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
            f"Sec-WebSocket-Key: {key}\r\nSec-WebSocket-Version: 13\r\n\r\n".encode()
        )
        head = b""
        while not head.endswith(b"\r\n\r\n"):
            head += self.socket.recv(1)
        assert head.startswith(b"HTTP/1.1 101")

    def send(self, opcode: int, payload: bytes, rsv: int = 0) -> None:
        self.socket.sendall(encode(opcode, payload, mask=MASK, rsv=rsv))

    def close(self, code: int, reason: bytes = b"") -> None:
        self.send(CLOSE, struct.pack(">H", code) + reason)

    def read(self, until_end: bool = True) -> None:
        """What comes: to the end, or the next bytes."""
        with contextlib.suppress(ConnectionResetError):
            while self.socket.recv(65536) and until_end:
                pass

    def end(self) -> None:
        self.socket.close()


Ending = Callable[[Client], None]


def with_code(client: Client) -> None:
    client.close(4000, b"bye")
    client.read()


def without_code(client: Client) -> None:
    client.send(CLOSE, b"")
    client.read()


def echo(client: Client) -> None:
    client.send(TEXT, b"x")
    client.read(until_end=False)
    client.close(4001)
    client.read()


def crossing(client: Client) -> None:
    client.socket.sendall(encode(TEXT, b"x", mask=MASK) + encode(CLOSE, struct.pack(">H", 4002), mask=MASK))
    client.read()


def reset(client: Client) -> None:
    client.send(TEXT, b"x")
    client.read(until_end=False)
    drop(client)


def drop(client: Client) -> None:
    """The end of the socket is an RST."""
    client.socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))


def fin(client: Client) -> None:
    client.socket.shutdown(socket.SHUT_WR)
    client.read()


def no_answer(client: Client) -> None:
    client.send(TEXT, b"x")
    client.read(until_end=False)
    drop(client)


def rsv_bit(client: Client) -> None:
    client.send(TEXT, b"x", rsv=4)
    client.read()


def long_ping(client: Client) -> None:
    client.send(PING, b"x" * 126)
    client.read()


def bad_utf8(client: Client) -> None:
    client.send(TEXT, b"\xff\xfe")
    client.read()


ENDINGS: list[tuple[Ending, str]] = [
    (with_code, "/client"),
    (without_code, "/client"),
    (echo, "/server/4001"),
    (crossing, "/server/4001"),
    (reset, "/client"),
    (fin, "/client"),
    (no_answer, "/server/4001"),
    (rsv_bit, "/client"),
    (long_ping, "/client"),
    (bad_utf8, "/client"),
]

SERVERS = {"websockets": websockets_server, "aiohttp": aiohttp_server, "ws": node_server}


async def play(port: int, ending: Ending, path: str, codes: Codes) -> tuple[int, int]:
    """One connection; returns when the server's program was told its code."""

    def run() -> tuple[int, int]:
        client = Client(port, path)
        try:
            ending(client)
            return client.ports
        finally:
            client.end()

    ports = await asyncio.to_thread(run)
    async with asyncio.timeout(PATIENCE):
        while ports not in codes:
            await asyncio.sleep(0.02)
    return ports


def verdicts(running: Running) -> dict[int, dict[str, object]]:
    """The server's close event of each connection, by the client's port."""
    assert running.stop() == 0, running.errors
    (report,) = running.objects()
    return {one["client"]["port"]: (one["close"]["event"] or {}).get("server") for one in report["connections"]}


@pytest.mark.parametrize("library", SERVERS)
async def test_the_server_is_told_what_the_report_says(tmp_path: Path, library: str) -> None:
    if library == "ws":
        needs_node()
    codes: Codes = {}
    played: dict[str, tuple[int, int]] = {}
    async with SERVERS[library](codes) as port:
        running = Running("lo", tmp_path / "lo.pcapng", "--format", "json", f"tcp port {port}")
        for ending, path in ENDINGS:
            played[ending.__name__] = await play(port, ending, path, codes)
    events = verdicts(running)
    told = {name: codes[ports] for name, ports in played.items()}
    said = {name: (events[ports[1]] or {}).get("code") for name, ports in played.items()}
    assert said == told
    assert {name for name, code in told.items() if code == 4000} == {"with_code"}
    for _, port_of_client in played.values():
        event = events[port_of_client]
        assert event is not None and event["why"]


async def test_a_ping_that_nobody_answers(tmp_path: Path) -> None:
    codes: Codes = {}
    async with websockets_server(codes, ping_interval=0.3) as port:
        running = Running("lo", tmp_path / "lo.pcapng", "--format", "json", f"tcp port {port}")
        _, client_port = await play(port, Client.read, "/client", codes)
    assert running.stop() == 0, running.errors
    (report,) = running.objects()
    (connection,) = report["connections"]
    event = connection["close"]["event"]["server"]
    assert (client_port, event["code"]) == (connection["client"]["port"], codes[port, client_port])
    assert connection["close"]["server_frame"]["codebook"] == "python-websockets"
    assert (connection["ping"]["sent"], connection["ping"]["answered"]) == (1, 0)
