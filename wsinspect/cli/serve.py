"""`wsinspect serve`: the screens in a web browser, for whoever has the URL with its token."""

import asyncio
import os
import secrets
import shlex
import signal
import socket
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Final

import click
from aiohttp import web
from textual_serve.server import Server

from wsinspect.capture.live.privileges import can_import, invoking_user
from wsinspect.cli.live import LiveOptions, begin_capture, import_all, say_where
from wsinspect.errors import WsinspectError

_HEADERS: Final = {
    "Referrer-Policy": "no-referrer",  # the token is in the address
    "Cache-Control": "no-store",
    "X-Frame-Options": "DENY",
    "X-Content-Type-Options": "nosniff",
    # Nothing from elsewhere: textual-serve's page asks a font of Google, and has the same one with it.
    "Content-Security-Policy": (
        "default-src 'self'; script-src 'self' 'unsafe-inline'; style-src 'self' 'unsafe-inline'; "
        "img-src 'self' data:; font-src 'self' data:; connect-src 'self' ws: wss:"
    ),
}
_GRACE: Final = 3.0
"""Seconds that open pages have to end when the server does."""


class _Server(Server):
    """textual-serve's, everything below a path that is a secret."""

    def __init__(self, command: str, title: str) -> None:
        super().__init__(command, title=title)
        self.token = secrets.token_urlsafe(24)

    async def handle_index(self, request: web.Request) -> web.StreamResponse:
        """The page. It has to name this server as the browser did, or a tunnel would not work."""
        self.public_url = f"{request.scheme}://{request.host}"
        return await super().handle_index(request)

    async def application(self) -> web.Application:
        """What is served: nothing without the token."""
        below = await self._make_app()
        below.on_startup.clear()  # a banner
        whole = web.Application()
        whole.add_subapp(f"/{self.token}", below)
        whole.on_response_prepare.append(_add_headers)
        return whole


async def _add_headers(request: web.Request, response: web.StreamResponse) -> None:
    response.headers.update(_HEADERS)


def serve_file(path: str, arguments: Sequence[str], host: str, port: int) -> None:
    """Serve the capture at `path`; `arguments` go to every screen. Raises `WsinspectError` if that does not work."""
    if path == "-":
        raise WsinspectError("standard input cannot be served", "every page reads the capture anew: name a file")
    try:
        open(path, "rb").close()
    except OSError as error:
        raise WsinspectError(f"cannot read {path}", error.strerror or str(error)) from error
    _serve([path, *arguments], os.path.basename(path), host, port)


def serve_live(options: LiveOptions, arguments: Sequence[str], host: str, port: int) -> None:
    """Capture once, and let every screen read along; the server itself has given up its rights by then."""
    if options.ring:
        raise WsinspectError("--ring does not work with serve", "every page reads the capture from its beginning")
    user = invoking_user(options.user)
    if user is not None and not can_import(user):
        raise WsinspectError(
            f"the user {user.uid} cannot read the program", "install it elsewhere, or name a --user who can"
        )
    with begin_capture(options, import_all) as capture:
        _serve([*capture.files, "--follow", *arguments], capture.name, host, port)
        capture.request_stop()
        say_where(capture)


def _serve(arguments: list[str], title: str, host: str, port: int) -> None:
    command = shlex.join([sys.executable, "-m", "wsinspect", "open", *arguments])
    # The screens draw for the browser, not for the terminal that this runs on.
    os.environ.update(TERM="xterm-256color", COLORTERM="truecolor")
    os.environ["PYTHONPATH"] = os.pathsep.join(
        filter(None, (str(Path(__file__).parents[2]), os.environ.get("PYTHONPATH")))
    )
    try:
        asyncio.run(_run(_Server(command, f"wsinspect · {title}"), host, port))
    except OSError as error:
        raise WsinspectError(f"cannot listen on {host}, port {port}", error.strerror or str(error)) from error


async def _run(server: _Server, host: str, port: int) -> None:
    ended = asyncio.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(number, ended.set)
    runner = web.AppRunner(await server.application(), access_log=None, shutdown_timeout=_GRACE)
    await runner.setup()
    try:
        site = web.TCPSite(runner, host, port)
        await site.start()
        port = runner.addresses[0][1]
        click.echo(f"http://{_name(host)}:{port}/{server.token}/")
        if not _is_loopback(host):
            click.echo("Whoever has this address sees the capture, and nothing is encrypted on the way.", err=True)
        click.echo("Ctrl-C ends.", err=True)
        await ended.wait()
    finally:
        await runner.cleanup()


def _name(host: str) -> str:
    """How a browser may call the host."""
    if host in ("", "0.0.0.0", "::"):
        return socket.gethostname()
    return f"[{host}]" if ":" in host else host


def _is_loopback(host: str) -> bool:
    return host in ("localhost", "::1") or host.startswith("127.")
