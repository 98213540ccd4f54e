"""The PROXY protocol: what a balancer writes in front of a connection that it passes on, versions 1 and 2.

Source: HAProxy's proxy-protocol.txt. It says for whom the connection was made, whatever is spoken on it then.
"""

import ipaddress
from dataclasses import dataclass
from typing import Final

_V1: Final = b"PROXY "
_V2: Final = b"\r\n\r\n\x00\r\nQUIT\n"
_MAX_V1: Final = 107
"""Bytes of the longest line of version 1."""
_LOCAL: Final = 0x20
_WIDTHS: Final = {1: 4, 2: 16}
"""Bytes of an address, by family."""


@dataclass(frozen=True, slots=True)
class ProxyHeader:
    """What stands at the start of a connection."""

    length: int
    """Bytes of it; 0 if there is none."""
    text: str = ""
    """What it says, in words."""


NO_HEADER: Final = ProxyHeader(0)


def proxy_header(data: bytes) -> ProxyHeader | None:
    """The header at the start of `data`; None while there are too few bytes to tell."""
    if any(signature.startswith(data[: len(signature)]) and len(data) < len(signature) for signature in (_V1, _V2)):
        return None
    if data.startswith(_V1):
        return _version_1(data)
    return _version_2(data) if data.startswith(_V2) else NO_HEADER


def _version_1(data: bytes) -> ProxyHeader | None:
    end = data.find(b"\r\n", 0, _MAX_V1)
    if end < 0:
        return None if len(data) < _MAX_V1 else NO_HEADER
    words = data[:end].decode("ascii", "replace").split(" ")
    if len(words) != 6:
        return ProxyHeader(end + 2, "PROXY protocol v1, without addresses")
    return ProxyHeader(end + 2, f"PROXY protocol v1: from {_ends(words[2], words[4])} to {_ends(words[3], words[5])}")


def _version_2(data: bytes) -> ProxyHeader | None:
    if len(data) < 16:
        return None
    length = 16 + int.from_bytes(data[14:16], "big")
    if len(data) < length:
        return None
    if data[12] == _LOCAL:
        return ProxyHeader(length, "PROXY protocol v2: a connection of the proxy's own")
    width = _WIDTHS.get(data[13] >> 4, 0)
    if not width or length < 16 + 2 * width + 4:
        return ProxyHeader(length, "PROXY protocol v2, without addresses")
    ports = 16 + 2 * width
    source, target = (str(ipaddress.ip_address(data[at : at + width])) for at in (16, 16 + width))
    from_port, to_port = (str(int.from_bytes(data[at : at + 2], "big")) for at in (ports, ports + 2))
    return ProxyHeader(length, f"PROXY protocol v2: from {_ends(source, from_port)} to {_ends(target, to_port)}")


def _ends(address: str, port: str) -> str:
    return f"[{address}]:{port}" if ":" in address else f"{address}:{port}"
