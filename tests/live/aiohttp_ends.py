"""Servers and clients of `aiohttp`."""

import contextlib
from collections.abc import AsyncIterator

from aiohttp import ClientSession, WSMsgType, web
from node_ends import Codes


@contextlib.asynccontextmanager
async def aiohttp_server(codes: Codes) -> AsyncIterator[int]:
    """The port of a server; the code that it was told goes into `codes`, by both ports."""

    async def handle(request: web.Request) -> web.WebSocketResponse:
        transport = request.transport
        assert transport is not None
        ports = transport.get_extra_info("sockname")[1], transport.get_extra_info("peername")[1]
        what, _, code = request.path.strip("/").partition("/")
        socket = web.WebSocketResponse()
        await socket.prepare(request)
        async for message in socket:
            if what == "server":
                await socket.close(code=int(code), message=b"asked to")
            elif what == "abort":
                transport.abort()
            elif message.type is WSMsgType.TEXT:
                await socket.send_str(message.data)
        codes[ports] = socket.close_code or 0
        return socket

    application = web.Application()
    application.router.add_get("/{path:.*}", handle)
    runner = web.AppRunner(application)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0, backlog=1000)
    await site.start()
    try:
        yield runner.addresses[0][1]
    finally:
        await runner.cleanup()


async def aiohttp_client(session: ClientSession, url: str, told: Codes) -> None:
    """One client; the code that it was told goes into `told`, by both ports."""
    socket = await session.ws_connect(url)
    ports = socket.get_extra_info("peername")[1], socket.get_extra_info("sockname")[1]
    transport = socket._response.connection.transport if socket._response.connection else None
    what, _, code = url.partition("://")[2].partition("/")[2].partition("/")
    await socket.send_str("hello")
    message = await socket.receive()
    if message.type is WSMsgType.TEXT:
        if what == "drop":
            assert transport is not None
            transport.abort()
            await socket.receive()
        else:
            await socket.close(code=int(code), message=b"bye")
    told[ports] = socket.close_code or 0
