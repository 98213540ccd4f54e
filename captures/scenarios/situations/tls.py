"""WebSockets over TLS: with the keys inside the file, and without any."""

from pathlib import Path
from typing import Final

from captures.encoder.conversation import SERVER, Conversation, Trace
from captures.encoder.files import PcapNg
from captures.encoder.packets import Host
from captures.scenario import ABNORMAL, Chapter, Expected, Fired, closed, refused

chapter = Chapter("situations/")

RECORDED: Final = Path(__file__).parents[2] / "recorded"
URL: Final = "wss://ws.example.com/chat"
DECRYPTION_SECRETS, TLS_KEY_LOG = 0x0A, 0x544C534B
TEXT_AND_CLOSE: Final = {side: {"text": 1, "close": 1} for side in ("client", "server")}
NOTHING: Final[dict[str, dict[str, int]]] = {"client": {}, "server": {}}
DECRYPTED: Final = (
    closed("server", 4000, "the room closes.")
    .having(
        url=URL,
        client_event=closed("server", 4000, "the room closes.").client_event,
        frames=TEXT_AND_CLOSE,
        messages=(1, 1),
    )
    .firing(Fired("missing-tls-close-notify", "client"))
)
SEALED: Final = Expected(
    state="closed", status=None, url="wss://ws.example.com", tcp=("fin", "server"), frames=NOTHING, messages=(0, 0)
)


def _recorded(name: str) -> tuple[list[tuple[int, bytes]], bytes]:
    """Flights with their direction, and the key log."""
    flights: list[tuple[int, bytes]] = []
    keys: list[str] = []
    for line in (RECORDED / f"{name}.txt").read_text().splitlines():
        first, _, rest = line.partition(" ")
        if first in ("C", "S"):
            flights.append((int(first == "S"), bytes.fromhex(rest)))
        elif not line.startswith("#"):
            keys.append(line)
    return flights, "\n".join(keys).encode() + b"\n"


def _play(trace: Trace, name: str) -> None:
    tcp = Conversation(trace, server=Host(SERVER.address, 443))
    tcp.connect()
    for direction, data in _recorded(name)[0]:
        tcp.ends[direction].send(data)
    tcp.wait(0.1)
    tcp.end_tcp()


def _with_keys(trace: Trace, name: str) -> bytes:
    keys = _recorded(name)[1]
    file = PcapNg()
    file.section("with the secrets of its TLS")
    file.unknown(
        DECRYPTION_SECRETS, TLS_KEY_LOG.to_bytes(4, "little") + len(keys).to_bytes(4, "little") + keys
    )  # fmt: skip
    records = trace.in_order()
    file.interface(records[0].link, "eth0")
    for record in records:
        file.packet(record)
    return file.to_bytes()


for version in ("1.3", "1.2"):
    chapter.capture(
        f"tls-{version}-with-keys",
        f"wss over TLS {version}; the file carries the keys in a Decryption Secrets Block",
        DECRYPTED.firing(Fired("missing-tls-close-notify", "client")),
        write=lambda trace, name=f"tls-{version}": _with_keys(trace, name),  # type: ignore[misc]
        suffix=".pcapng",
    )(lambda trace, name=f"tls-{version}": _play(trace, name))  # type: ignore[misc]
    chapter.capture(
        f"tls-{version}-without-keys",
        f"The same over TLS {version} without keys: by its ClientHello probably a WebSocket, and more cannot be said",
        SEALED,
    )(lambda trace, name=f"tls-{version}": _play(trace, name))  # type: ignore[misc]
chapter.capture(
    "tls-certificate-refused",
    "The client does not trust the server's certificate: a fatal alert instead of a WebSocket",
    refused(None).having(url="wss://ws.example.com", client_event=ABNORMAL, frames=NOTHING),
)(lambda trace: _play(trace, "tls-refused"))
