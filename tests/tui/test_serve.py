"""wsinspect/cli/serve.py: the screens in a web browser, and nothing without the token."""

import http.client
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from urllib.parse import urlsplit

import pytest

from tests.transport.segments import ROOT

pytest.importorskip("textual_serve")

TOUR = str(ROOT / "captures" / "tour.pcapng")
CHROMIUM = shutil.which("chromium")
FLAGS = [
    "--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run",
    "--disable-background-networking", "--disable-component-update", "--disable-sync",
]  # fmt: skip
PATIENCE = 60.0


@pytest.fixture(scope="module")
def url() -> Iterator[str]:
    server = subprocess.Popen(
        [sys.executable, "-m", "wsinspect", "serve", TOUR, "--port", "0"], cwd=ROOT, text=True,
        stdout=subprocess.PIPE, stderr=subprocess.DEVNULL,
    )  # fmt: skip
    assert server.stdout is not None
    try:
        yield server.stdout.readline().strip()
        server.send_signal(signal.SIGINT)
        assert server.wait(PATIENCE) == 0
    finally:
        server.kill()
        server.wait()
        server.stdout.close()


def answer(url: str, path: str, **headers: str) -> tuple[int, dict[str, str]]:
    """Status and fields of what the server says to a request for `path`."""
    connection = http.client.HTTPConnection(urlsplit(url).netloc, timeout=PATIENCE)
    connection.request("GET", path, headers=headers)
    response = connection.getresponse()
    fields = dict(response.getheaders())
    connection.close()
    return response.status, fields


OPENING = {
    "Connection": "Upgrade", "Upgrade": "websocket", "Sec-WebSocket-Version": "13",
    "Sec-WebSocket-Key": "dGhlIHNhbXBsZSBub25jZQ==",
}  # fmt: skip


@pytest.mark.parametrize("path", ["/", "/ws", "/static/js/textual.js", "/static/", "/download/x"])
def test_nothing_without_the_token(url: str, path: str) -> None:
    token = urlsplit(url).path.strip("/")
    wrong = token[:-1] + ("a" if token[-1] != "a" else "b")
    for begin in ("", f"/{wrong}", f"/{token.swapcase()}", f"/x/../{wrong}"):
        assert answer(url, begin + path)[0] == 404
    assert answer(url, path, **OPENING)[0] == 404
    assert answer(url, f"/{wrong}{path}", **OPENING)[0] == 404


def test_with_the_token(url: str) -> None:
    parts = urlsplit(url)
    assert parts.hostname == "127.0.0.1"
    assert len(parts.path) >= 32
    status, fields = answer(url, parts.path)
    assert status == 200
    assert fields["Referrer-Policy"] == "no-referrer"
    assert "default-src 'self'" in fields["Content-Security-Policy"]
    assert answer(url, parts.path + "static/js/textual.js")[0] == 200


def test_every_run_has_its_own_token(url: str) -> None:
    from wsinspect.cli.serve import _Server

    assert _Server("true", "").token != _Server("true", "").token


async def test_the_title_of_the_page_is_text() -> None:
    from aiohttp.test_utils import TestClient, TestServer

    from wsinspect.cli.serve import _Server

    server = _Server("true", title="</title><script>alert(1)</script>")
    async with TestClient(TestServer(await server.application())) as client:
        page = await (await client.get(f"/{server.token}/")).text()
    assert "<script>alert" not in page
    assert "&lt;script&gt;alert" in page


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["/nowhere.pcap"], "cannot read /nowhere.pcap"),
        (["-"], "standard input cannot be served"),
        ([], "name one capture file"),
        ([TOUR, "-Y", "ws.close.cod == 1"], "did you mean ws.close.code"),
        ([TOUR, "--codebook", "/nowhere.toml"], "/nowhere.toml"),
        ([TOUR, "--threshold", "x=1"], "no threshold 'x'"),
        ([TOUR, "--host", "192.0.2.1"], "cannot listen on 192.0.2.1"),
    ],
)
def test_trouble_is_one_line(arguments: list[str], said: str) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "wsinspect", "serve", *arguments], cwd=ROOT, text=True, capture_output=True,
        timeout=PATIENCE,
    )  # fmt: skip
    assert (done.returncode, done.stdout) == (2, "")
    assert said in done.stderr
    assert done.stderr.count("\n") == (3 if "-Y" in arguments else 1)


@pytest.mark.skipif(CHROMIUM is None, reason="there is no Chromium")
def test_in_a_browser(url: str) -> None:
    playwright = pytest.importorskip("playwright.sync_api")
    with playwright.sync_playwright() as started:
        browser = started.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        page = browser.new_page(viewport={"width": 1200, "height": 700})
        seen = bytearray()

        def received(data: bytes | str) -> None:
            seen.extend(data if isinstance(data, bytes) else data.encode())

        def shows(text: str) -> None:
            end = time.monotonic() + PATIENCE
            while text.encode() not in seen:
                assert time.monotonic() < end, f"{text} never came"
                page.wait_for_timeout(100)
            seen.clear()

        page.on("websocket", lambda socket: socket.on("framereceived", received))
        page.goto(url)
        shows("/room/lobby")  # the list
        page.mouse.click(600, 300)
        page.keyboard.press("Enter")
        shows("Handshake")  # a connection
        page.keyboard.press("3")
        shows("Sec-WebSocket-Key")
        page.keyboard.press("Escape")
        shows("/room/lobby")
        page.keyboard.type("/")
        shows("Enter shows what matches")
        page.keyboard.type("ws.close.code == 1006 && ws.close.tcp.kind == rst")
        shows("Tab ")
        page.keyboard.press("Enter")
        shows("1 of 33 shown")
        browser.close()
