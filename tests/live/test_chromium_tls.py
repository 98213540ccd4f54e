"""A real Chromium over wss, TLS 1.2 and 1.3: what passes is decrypted with the key log that it writes."""

import asyncio
import os
import shutil
import ssl
import subprocess
import sys
from pathlib import Path

import msgspec
import pytest
from websockets.asyncio.server import ServerConnection, serve

from tests.tls.talking import certificate

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
TIMEOUT = 90
PAGE = """<script>
for (const code of [1000, 3456]) {
  const socket = new WebSocket("wss://localhost:PORT/close?" + code)
  socket.onopen = () => socket.send("please close with " + code)
}
</script>"""

pytestmark = [
    pytest.mark.skipif(CHROMIUM is None, reason="chromium is not installed"),
    pytest.mark.skipif(shutil.which("tcpdump") is None or os.geteuid() != 0, reason="capturing needs root and tcpdump"),
]


async def closes(connection: ServerConnection) -> None:
    """Closes with the code that it is asked for."""
    message = await connection.recv()
    await connection.close(int(str(message).split()[-1]), "as you wish")


async def browse(directory: Path, *arguments: str) -> int:
    """Lets the page talk to a server while tcpdump listens; returns the port."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate(directory, "rsa"))
    over = asyncio.Semaphore(0)

    async def count(connection: ServerConnection) -> None:
        await closes(connection)
        over.release()

    async with serve(count, "127.0.0.1", 0, ssl=context) as server:
        port: int = next(iter(server.sockets)).getsockname()[1]
        (directory / "page.html").write_text(PAGE.replace("PORT", str(port)))
        capture = await asyncio.create_subprocess_exec(
            "tcpdump", "-i", "lo", "-U", "-w", str(directory / "lo.pcap"), f"tcp port {port}", stderr=subprocess.PIPE
        )  # fmt: skip
        assert capture.stderr is not None
        while b"listening" not in await asyncio.wait_for(capture.stderr.readline(), TIMEOUT):
            pass
        assert CHROMIUM is not None
        browser = await asyncio.create_subprocess_exec(
            CHROMIUM, "--headless", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage",
            "--ignore-certificate-errors", f"--user-data-dir={directory / 'profile'}",
            f"--ssl-key-log-file={directory / 'keys'}", "--remote-debugging-port=0",
            *arguments, (directory / "page.html").as_uri(),
            stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
        )  # fmt: skip
        try:
            for _ in range(2):
                await asyncio.wait_for(over.acquire(), TIMEOUT)
            await asyncio.sleep(1)  # the last packets
        finally:
            browser.terminate()
            await browser.wait()
            await asyncio.sleep(1)
            capture.terminate()
            await capture.wait()
    return port


@pytest.mark.parametrize(
    ("version", "arguments"),
    [("TLS 1.2", ["--ssl-version-max=tls1.2"]), ("TLS 1.3", [])],
)
async def test_chromium(version: str, arguments: list[str], tmp_path: Path) -> None:
    port = await browse(tmp_path, *arguments)
    keys = (tmp_path / "keys").read_text()
    assert ("CLIENT_TRAFFIC_SECRET_0" in keys) is (version == "TLS 1.3")
    command = [sys.executable, "-m", "wsinspect", "report", str(tmp_path / "lo.pcap"), "--format", "json"]
    output = subprocess.run([*command, "--keylog", str(tmp_path / "keys")], capture_output=True, check=True).stdout
    found = {one["url"]: one for one in msgspec.json.decode(output)["connections"]}
    for code in (1000, 3456):
        one = found[f"wss://localhost:{port}/close?{code}"]
        assert (one["tls"], one["state"]) == ("decrypted", "closed")
        told = one["close"]["event"]["client"]
        assert (told["code"], told["reason"], told["was_clean"]) == (code, "as you wish", True)
        assert one["messages"] == {"client": 1, "server": 0}
        assert [found["rule"] for found in one["violations"] if found["severity"] == "error"] == []
    # The same without keys: as many, named by where they lead, and nothing invented.
    sealed = msgspec.json.decode(subprocess.run(command, capture_output=True, check=True).stdout)["connections"]
    assert len(sealed) >= 2 and {one["tls"] for one in sealed} == {"encrypted"}
    assert {one["url"] for one in sealed} == {f"wss://localhost:{port}"}
    secret = next(line.split()[2] for line in keys.splitlines() if not line.startswith("#"))
    assert secret.encode() not in output
