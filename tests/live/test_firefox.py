"""What a real Firefox tells a page about servers that behave badly: its CloseEvents are those of our report."""

import asyncio
import base64
import socket
import struct
import subprocess
import sys
from pathlib import Path

import msgspec

from captures.encoder.frames import close_payload, encode
from tests.live.firefox import NEEDS, TIMEOUT, browsing
from wsinspect.websocket.handshake import expected_accept

PAGE = """<script>
const told = []
const tell = (name, e) => {
  told.push([name, e.code, e.reason, e.wasClean])
  if (told.length == NAMES.length) fetch("/told", {method: "POST", body: JSON.stringify(told)})
}
for (const name of NAMES) {
  const user = name == "credentials" ? "ada:lovelace@" : ""
  const socket = new WebSocket("ws://" + user + location.host + "/" + name)
  if (name == "answered") socket.onopen = () => socket.close(4000, "mine")
  socket.onclose = e => tell(name, e)
}
</script>"""
CLOSE = encode(8, close_payload(4001, "bye"))
SENT = {
    "good": CLOSE,
    "credentials": CLOSE,
    "reserved-code": encode(8, close_payload(1005)),
    "one-byte": encode(8, b"x"),
    "no-utf8": encode(8, close_payload(4001, b"\xff")),
    "masked": encode(1, b"hello", mask=b"abcd") + CLOSE,
    "bad-text": encode(1, b"\xff") + CLOSE,
    "bad-opcode": encode(3, b"x") + CLOSE,
    "frame-behind": CLOSE + encode(1, b"late"),
    "garbage-behind": CLOSE + b"\xff" * 30,
    "reset": CLOSE,
    "no-close": b"",
    "answered": b"",
    "refused": b"",
}
"""What the server sends behind its 101, by path. `reset`: an RST then, once the Close is answered."""

pytestmark = NEEDS


class Server:
    """Serves the page, takes what it was told, and plays the other end of its WebSockets."""

    def __init__(self) -> None:
        self.told: asyncio.Future[bytes] = asyncio.get_running_loop().create_future()

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            head = (await reader.readuntil(b"\r\n\r\n")).decode()
            name = head.split()[1].strip("/")
            fields = {line.partition(": ")[0].lower(): line.partition(": ")[2] for line in head.split("\r\n")}
            if name in SENT:
                await self.websocket(name, fields, reader, writer)
            else:
                body = PAGE.replace("NAMES", repr(list(SENT))).encode() if name == "page" else b""
                if name == "told":
                    self.told.set_result(await reader.readexactly(int(fields["content-length"])))
                self.answer(writer, "200 OK" if body else "404 Not Found", body)
            writer.close()
        except (OSError, asyncio.IncompleteReadError):
            pass  # a connection that the browser opened in advance, or what the scenario is about

    def answer(self, writer: asyncio.StreamWriter, status: str, body: bytes = b"", *fields: str) -> None:
        lines = [f"HTTP/1.1 {status}", f"Content-Length: {len(body)}", "Content-Type: text/html", "Connection: close"]
        writer.write("\r\n".join([*lines, *fields, "", ""]).encode() + body)

    async def websocket(
        self, name: str, fields: dict[str, str], reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> None:
        if name == "refused":
            self.answer(writer, "403 Forbidden")
            return
        wanted = "Basic " + base64.b64encode(b"ada:lovelace").decode()
        if name == "credentials" and fields.get("authorization") != wanted:
            self.answer(writer, "401 Unauthorized", b"", 'WWW-Authenticate: Basic realm="test"')
            return
        accept = expected_accept(fields["sec-websocket-key"])
        switching = f"Upgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: {accept}"
        writer.write(f"HTTP/1.1 101 Switching Protocols\r\n{switching}\r\n\r\n".encode())
        await asyncio.sleep(0.1)
        writer.write(SENT[name])
        if name != "no-close":
            await asyncio.wait_for(reader.read(100), TIMEOUT)  # a Close, or the end
        if name == "answered":
            writer.write(encode(8, close_payload(4002, "theirs")))
        if name == "reset":
            writer.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            writer.transport.abort()


async def browse(directory: Path) -> list[tuple[str, int, str, bool]]:
    """Lets the page talk to the server while tcpdump listens; returns what the page was told."""
    handler = Server()
    server = await asyncio.start_server(handler.serve, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    async with server, browsing(directory, f"http://127.0.0.1:{port}/page", f"tcp port {port}"):
        told = await asyncio.wait_for(handler.told, TIMEOUT)
        return msgspec.json.decode(told, type=list[tuple[str, int, str, bool]])


async def test_firefox(tmp_path: Path) -> None:
    told = await browse(tmp_path)
    assert sorted(name for name, *_ in told) == sorted(SENT)
    command = [sys.executable, "-m", "wsinspect", "report", str(tmp_path / "lo.pcap"), "--format", "json"]
    output = subprocess.run(command, capture_output=True, check=True).stdout
    reported: dict[str, tuple[int, str, bool]] = {}
    for one in msgspec.json.decode(output)["connections"]:
        event = one["close"]["event"]["client"]
        # The first of those with credentials is the one that was refused.
        reported.setdefault(one["url"].rpartition("/")[2], (event["code"], event["reason"], event["was_clean"]))
    assert reported == {name: (code, reason, clean) for name, code, reason, clean in told}
    codes = {name: code for name, code, *_ in told}
    assert (codes["good"], codes["credentials"], codes["one-byte"], codes["bad-text"]) == (4001, 4001, 1005, 1006)
