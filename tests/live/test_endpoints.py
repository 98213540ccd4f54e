"""Real servers and clients on loopback: the report says the codes that the endpoints were told."""

import asyncio
import contextlib
import threading
from collections import Counter
from collections.abc import AsyncIterator, Callable, Coroutine, Iterator, Sequence
from pathlib import Path

import pytest
from aiohttp import ClientSession
from aiohttp_ends import aiohttp_client, aiohttp_server
from node_ends import Codes, needs_node, node_clients, node_server
from running import Running, wait_until
from websockets.asyncio.client import ClientConnection, connect
from websockets.asyncio.server import ServerConnection, serve
from websockets.exceptions import ConnectionClosed

from wsinspect.capture.live.capture import LiveCapture
from wsinspect.capture.live.process import CaptureProcess
from wsinspect.capture.live.settings import Method, Settings
from wsinspect.tui.connections.row import Row
from wsinspect.tui.live_source import LiveSource
from wsinspect.tui.store import Store

CONNECTIONS = 500


async def handle(connection: ServerConnection) -> None:
    """What the path asks for."""
    what, _, code = (connection.request.path if connection.request else "").strip("/").partition("/")
    async for message in connection:
        if what == "server":
            await connection.close(int(code), "asked to")
        elif what == "abort":
            connection.transport.abort()
        else:
            await connection.send(message)


@contextlib.asynccontextmanager
async def server(codes: Codes) -> AsyncIterator[int]:
    async def remember(connection: ServerConnection) -> None:
        with contextlib.suppress(ConnectionClosed):
            await handle(connection)
        await connection.wait_closed()
        codes[connection.local_address[1], connection.remote_address[1]] = connection.close_code or 0

    async with serve(remember, "127.0.0.1", 0, backlog=1000) as running:
        yield next(iter(running.sockets)).getsockname()[1]


async def talk(port: int, path: str, told: Codes) -> None:
    for _ in range(3):
        try:
            connection = await connect(f"ws://127.0.0.1:{port}{path}", open_timeout=30)
            break
        except OSError:
            await asyncio.sleep(0.1)
    ports = port, connection.local_address[1]
    await say(connection, path)
    told[ports] = connection.close_code or 0


async def say(connection: ClientConnection, path: str) -> None:
    what, _, code = path.strip("/").partition("/")
    with contextlib.suppress(ConnectionClosed):
        await connection.send("hello")
        await connection.recv()
        if what == "drop":
            connection.transport.abort()
        else:
            await connection.close(int(code), "bye")
    await connection.wait_closed()


PATHS = (
    "/client/1000", "/client/1001", "/client/4401", "/server/1000", "/server/1011", "/server/4000", "/abort", "/drop"
)  # fmt: skip


async def converse(ports: Sequence[int], told: Codes) -> None:
    """Every kind of client with every kind of server and every way to end, CONNECTIONS all at once."""
    everyone: list[Coroutine[None, None, None]] = []
    urls: list[str] = []
    async with ClientSession() as session:
        for number in range(CONNECTIONS):
            path = PATHS[number % len(PATHS)]
            port = ports[number // len(PATHS) % len(ports)]
            kind = number // len(PATHS) // len(ports) % 3
            if kind == 0:
                everyone.append(talk(port, path, told))
            elif kind == 1:
                everyone.append(aiohttp_client(session, f"ws://127.0.0.1:{port}{path}", told))
            else:
                urls.append(f"ws://127.0.0.1:{port}{path}")
        await asyncio.gather(*everyone, node_clients(urls, told))


@pytest.mark.parametrize("method", ["libpcap", "raw"])
async def test_every_connection_with_the_codes_its_ends_were_told(tmp_path: Path, method: str) -> None:
    needs_node()
    clients: Codes = {}
    servers: Codes = {}
    async with server(servers) as one, aiohttp_server(servers) as two, node_server(servers) as three:
        words = f"tcp port {one} or tcp port {two} or tcp port {three}"
        running = Running("lo", tmp_path / "lo.pcap", "--capture-with", method, "--format", "ndjson", words)
        with watching(words, method, tmp_path / "screen.pcap") as store:
            await converse((one, two, three), clients)
            # They are printed, and on the screen, while the capture goes on.
            await eventually(
                lambda: sum(line["type"] == "connection" for line in running.objects()) == CONNECTIONS, "all printed"
            )
            await eventually(lambda: rows(store).keys() == clients.keys(), "all on the screen")
            await eventually(lambda: all(row.ended for row in rows(store).values()), "all ended on the screen")
            shown = {ports: row.code for ports, row in rows(store).items()}
            assert (store.begun, store.source.dropped) == (CONNECTIONS, 0)
    assert running.stop() == 0, running.errors
    assert "0 dropped by the kernel" in running.errors
    lines = running.objects()
    assert Counter(line["type"] for line in lines)["connection"] == CONNECTIONS
    found = {}
    for line in lines:
        if line["type"] == "connection":
            event = line["close"]["event"]
            ports = line["server"]["port"], line["client"]["port"]
            found[ports] = event["client"]["code"], event["server"]["code"]
    assert found == {ports: (code, servers[ports]) for ports, code in clients.items()}
    assert shown == clients
    assert {code for codes in found.values() for code in codes} >= {1000, 1001, 1006, 1011, 4000, 4401}


@contextlib.contextmanager
def watching(words: str, method: str, file: Path) -> Iterator[Store]:
    """What the screen would show, fed as its loader feeds it."""
    process = CaptureProcess(Settings(("lo",), words, method=Method(method), path=str(file)))
    process.start()
    with LiveCapture(process, None) as capture:
        store = Store(LiveSource(capture), 20_000)

        def load() -> None:
            for batch in store.source.batches(512):
                store.feed(batch)
                store.sweep(0.01)

        thread = threading.Thread(target=load)
        thread.start()
        yield store
        store.source.stop()
        thread.join()


def rows(store: Store) -> dict[tuple[int, int], Row]:
    """By the ports of server and client."""
    everything = [store.row(index) for index in range(store.begun)]
    return {(_port(row.server), _port(row.client)): row for row in everything}


def _port(address: str) -> int:
    return int(address.rpartition(":")[2])


async def eventually(condition: Callable[[], object], what: str) -> None:
    await asyncio.to_thread(wait_until, condition, what)


async def test_a_quiet_line_does_not_hold_back_what_has_ended(tmp_path: Path) -> None:
    told: Codes = {}
    async with server({}) as port:
        running = Running("lo", tmp_path / "lo.pcap", "--format", "ndjson", "-f", f"tcp port {port}")
        await talk(port, "/client/1000", told)
        await asyncio.sleep(0)
        wait_until(lambda: running.output, "the connection is printed without another packet", 10)
        assert running.process.poll() is None
    assert running.stop() == 0


async def test_what_is_kept_is_bounded(tmp_path: Path) -> None:
    async with server({}) as port:
        running = Running(
            "lo", tmp_path / "lo.pcap", "--format", "json", "--max-connections", "3", "-f", f"tcp port {port}"
        )
        for _ in range(8):
            await talk(port, "/client/1000", {})
    assert running.stop() == 0, running.errors
    (report,) = running.objects()
    assert [connection["id"] for connection in report["connections"]] == [6, 7, 8]
    assert report["summary"]["connections"] == 8
    assert report["summary"]["closes"][0]["connections"] == 8
    assert "5 ended connections" in report["capture"]["problems"][0]
