"""Servers and clients of Node's `ws`, in processes of their own."""

import asyncio
import contextlib
import json
import shutil
from collections.abc import AsyncIterator, Sequence
from pathlib import Path

import pytest

Codes = dict[tuple[int, int], int]
"""By the ports of server and client: a client's port alone may be in use with several servers."""

FOLDER = Path(__file__).parent / "node"


def needs_node() -> None:
    """Skip without Node, or without `ws` beside our scripts."""
    if shutil.which("node") is None or not (FOLDER / "node_modules" / "ws").is_dir():
        pytest.skip(f"node, and `npm install` in {FOLDER}, are needed")


async def _start(script: str, *arguments: str) -> asyncio.subprocess.Process:
    command = ["node", str(FOLDER / script), *arguments]
    return await asyncio.create_subprocess_exec(*command, stdout=asyncio.subprocess.PIPE)


async def _note(process: asyncio.subprocess.Process, codes: Codes) -> None:
    assert process.stdout is not None
    async for line in process.stdout:
        said = json.loads(line)
        codes[said["server"], said["port"]] = said["code"]


@contextlib.asynccontextmanager
async def node_server(codes: Codes) -> AsyncIterator[int]:
    """The port of a server; the code that it was told goes into `codes`, by both ports."""
    process = await _start("server.js")
    assert process.stdout is not None
    port = json.loads(await process.stdout.readline())["listening"]
    noting = asyncio.create_task(_note(process, codes))
    try:
        yield port
    finally:
        process.terminate()
        await process.wait()
        await noting


async def node_clients(urls: Sequence[str], told: Codes) -> None:
    """A client for each URL; the code that it was told goes into `told`, by both ports."""
    process = await _start("client.js", *urls)
    await _note(process, told)
    assert await process.wait() == 0
