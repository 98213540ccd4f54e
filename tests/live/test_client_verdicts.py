"""Each library's client against a server that ends the connection in every way: the report says what its API said."""

import asyncio
import contextlib
import json
import socket
import threading
from collections.abc import Awaitable, Callable, Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

import pytest
from aiohttp import ClientSession, ClientWSTimeout, WSMsgType
from node_ends import needs_node
from running import PATIENCE, Running
from scripted_peer import ENDINGS, accept, play
from websockets.asyncio.client import connect
from websockets.exceptions import ConnectionClosed

NODE = Path(__file__).parent / "node"
CLOSE_TIMEOUT = 0.3


class Told(NamedTuple):
    """By the library's API; None where it has no such notion, or does not say."""

    code: int
    reason: str | None = None
    clean: bool | None = None


@contextlib.contextmanager
def scripted_server() -> Iterator[int]:
    """The port of a server that plays the ending that the path names."""
    listening = socket.create_server(("127.0.0.1", 0), backlog=1000)

    def converse(opened: socket.socket) -> None:
        peer, path = accept(opened)
        play(ENDINGS[path.strip("/")], peer)

    def serve() -> None:
        with contextlib.suppress(OSError):
            while True:
                opened, _ = listening.accept()
                threading.Thread(target=converse, args=(opened,), daemon=True).start()

    threading.Thread(target=serve, daemon=True).start()
    try:
        yield listening.getsockname()[1]
    finally:
        listening.shutdown(socket.SHUT_RDWR)
        listening.close()


async def by_websockets(url: str) -> Told:
    async with connect(url, close_timeout=CLOSE_TIMEOUT, ping_interval=None) as connection:
        try:
            while True:
                await connection.recv()
                if "/closed" in url:
                    await connection.close(4001, "mine")
        except ConnectionClosed as closed:
            return Told(closed.rcvd.code, closed.rcvd.reason) if closed.rcvd else Told(1006)


async def by_aiohttp(url: str) -> Told:
    async with (
        ClientSession() as session,
        session.ws_connect(url, timeout=ClientWSTimeout(ws_close=CLOSE_TIMEOUT)) as it,
    ):
        while (message := await it.receive()).type is WSMsgType.TEXT:
            if "/closed" in url:
                await it.close(code=4001, message=b"mine")
        assert it.close_code is not None
        return Told(it.close_code, message.extra if message.type is WSMsgType.CLOSE else None)


def all_at_once(client: Callable[[str], Awaitable[Told]]) -> Callable[[Sequence[str]], Awaitable[dict[str, Told]]]:
    async def run(urls: Sequence[str]) -> dict[str, Told]:
        return dict(zip(urls, await asyncio.gather(*map(client, urls)), strict=True))

    return run


def by_node(library: str) -> Callable[[Sequence[str]], Awaitable[dict[str, Told]]]:
    async def run(urls: Sequence[str]) -> dict[str, Told]:
        needs_node()
        if not (NODE / "node_modules" / library).is_dir():
            pytest.skip(f"`npm install` in {NODE} is needed for {library}")
        command = ["node", str(NODE / "told.js"), library, *urls]
        process = await asyncio.create_subprocess_exec(*command, stdout=asyncio.subprocess.PIPE)
        output, _ = await asyncio.wait_for(process.communicate(), PATIENCE)
        said = [json.loads(line) for line in output.splitlines()]
        return {one["url"]: Told(one["code"], one["reason"], one["clean"]) for one in said}

    return run


CLIENTS = {
    "websockets": all_at_once(by_websockets),
    "aiohttp": all_at_once(by_aiohttp),
    "ws": by_node("ws"),
    "undici": by_node("undici"),
}


@pytest.mark.parametrize("library", CLIENTS)
async def test_the_client_is_told_what_the_report_says(tmp_path: Path, library: str) -> None:
    with scripted_server() as port:
        running = Running("lo", tmp_path / "lo.pcapng", "--format", "json", f"tcp port {port}")
        told = await CLIENTS[library]([f"ws://127.0.0.1:{port}/{name}" for name in ENDINGS])
    assert running.stop() == 0, running.errors
    (report,) = running.objects()
    said = {one["url"]: one["close"]["event"]["client"] for one in report["connections"]}
    assert len(told) == len(ENDINGS)
    wrong = {
        url.rpartition("/")[2]: (one, said[url])
        for url, one in told.items()
        if one.code != said[url]["code"]
        or (one.reason and one.reason != said[url]["reason"])
        or (one.clean is not None and one.clean is not said[url]["was_clean"])
    }
    assert wrong == {}
    assert all(event["why"] for event in said.values())
    # The endings are what their names say: some do end otherwise.
    assert told[f"ws://127.0.0.1:{port}/code_and_reason"].code == 4000
    assert {one.code for one in told.values()} >= {1006, 4000}
