"""Each library's server against a client that ends the connection in every way: the report says what its API said."""

import asyncio
import contextlib
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from aiohttp_ends import aiohttp_server
from node_ends import Codes, needs_node, node_server
from running import PATIENCE, Running
from scripted_peer import ENDINGS, Play, connect, play
from websockets.asyncio.server import ServerConnection, serve
from websockets.exceptions import ConnectionClosed


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


SERVERS = {"websockets": websockets_server, "aiohttp": aiohttp_server, "ws": node_server}


async def told_after(port: int, ending: Play, path: str, codes: Codes) -> tuple[int, int]:
    """One connection; returns when the server's program was told its code."""

    def run() -> tuple[int, int]:
        peer = connect(port, path)
        ports = port, peer.socket.getsockname()[1]
        play(ending, peer)
        return ports

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
    async with SERVERS[library](codes) as port:
        running = Running("lo", tmp_path / "lo.pcapng", "--format", "json", f"tcp port {port}")
        paths = ["/server/4001" if name.startswith("closed") else "/client" for name in ENDINGS]
        ends = [told_after(port, ending, path, codes) for ending, path in zip(ENDINGS.values(), paths, strict=True)]
        played = dict(zip(ENDINGS, await asyncio.gather(*ends), strict=True))
    events = verdicts(running)
    told = {name: codes[ports] for name, ports in played.items()}
    said = {name: (events[ports[1]] or {}).get("code") for name, ports in played.items()}
    assert said == told
    assert (told["code_and_reason"], told["leaves"], told["closed_crossing"]) == (4000, 1006, 4002)
    for _, port_of_client in played.values():
        event = events[port_of_client]
        assert event is not None and event["why"]


async def test_a_ping_that_nobody_answers(tmp_path: Path) -> None:
    codes: Codes = {}
    async with websockets_server(codes, ping_interval=0.3) as port:
        running = Running("lo", tmp_path / "lo.pcapng", "--format", "json", f"tcp port {port}")
        peer = await asyncio.to_thread(connect, port, "/client")
        client_port = peer.socket.getsockname()[1]
        await asyncio.to_thread(peer.read)
        peer.end()
    assert running.stop() == 0, running.errors
    (report,) = running.objects()
    (connection,) = report["connections"]
    event = connection["close"]["event"]["server"]
    assert (client_port, event["code"]) == (connection["client"]["port"], codes[port, client_port])
    assert connection["close"]["server_frame"]["codebook"] == "python-websockets"
    assert (connection["ping"]["sent"], connection["ping"]["answered"]) == (1, 0)
