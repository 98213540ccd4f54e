"""Which interfaces there are, and what passes on them now."""

import contextlib
import sys
import time
from typing import Final, NamedTuple

ANY: Final = "any"
"""libpcap's name for all interfaces at once."""
_UP: Final = 0x1  # IFF_UP
_LOOPBACK: Final = 0x8


class Interface(NamedTuple):
    """An interface of this machine."""

    name: str
    addresses: tuple[str, ...]
    up: bool
    loopback: bool
    description: str
    """What the system says about it, if that is more than the name."""


class Rate(NamedTuple):
    """What passed on an interface, both directions."""

    packets: float
    """Per second."""
    bytes: float
    """Per second."""


def interfaces() -> list[Interface]:
    """All of them, in the system's order, as Scapy finds them."""
    import scapy.interfaces  # loaded with the provider of this system by the next line
    from scapy.arch import conf

    assert scapy.interfaces
    conf.ifaces.reload()
    found = []
    for interface in conf.ifaces.values():
        flags = int(interface.flags)
        addresses = (address for family in (4, 6) for address in interface.ips[family])
        description = interface.description if interface.description != interface.name else ""
        found.append(
            Interface(interface.network_name, tuple(addresses), bool(flags & _UP), bool(flags & _LOOPBACK), description)
        )
    return found


def names_up() -> list[str]:
    """The interfaces that are up: what `any` means where there is no such device."""
    return [interface.name for interface in interfaces() if interface.up]


def rates(seconds: float) -> dict[str, Rate]:
    """What passes, measured for that long; empty on systems that do not tell."""
    before = _counters()
    if not before:
        return {}
    begun = time.monotonic()
    time.sleep(seconds)
    after = _counters()
    took = time.monotonic() - begun
    return {
        name: Rate((packets - before[name][0]) / took, (size - before[name][1]) / took)
        for name, (packets, size) in after.items()
        if name in before
    }


def _counters() -> dict[str, tuple[int, int]]:
    """Packets and bytes of each interface since it came up; on a loopback interface each packet goes out and in."""
    counters: dict[str, tuple[int, int]] = {}
    if sys.platform != "linux":
        return counters
    with contextlib.suppress(OSError), open("/proc/net/dev", encoding="ascii", errors="replace") as table:
        for line in table:
            name, colon, rest = line.partition(":")
            fields = rest.split()
            if colon and len(fields) >= 16:
                received = (int(fields[1]), int(fields[0]))
                sent = (int(fields[9]), int(fields[8])) if name.strip() != "lo" else (0, 0)
                counters[name.strip()] = (received[0] + sent[0], received[1] + sent[1])
    return counters
