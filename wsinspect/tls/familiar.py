"""Programs that open WebSockets over TLS, known by their ClientHello.

A handshake of TLS that fails says nothing of what was to follow. Where the same client has sent a ClientHello of the
same kind to the same server before, and it led to a WebSocket, this one most likely was to do so, too.
"""

from collections import OrderedDict
from dataclasses import dataclass
from typing import Final

from wsinspect.tls.facts import TlsFacts

MAX_CLIENTS: Final = 4096
"""Kinds of ClientHello, each of one client to one server, that are remembered; the latest."""


@dataclass(slots=True)
class _Habit:
    """What decrypted connections that began alike were for, by their first request."""

    websockets: int = 0
    others: int = 0
    user_agent: str = ""
    """Of the latest request for a WebSocket."""


class FamiliarClients:
    """All of a capture."""

    def __init__(self) -> None:
        self._habits: OrderedDict[tuple[bytes | str | int, ...], _Habit] = OrderedDict()

    def asked(self, flow: bytes, tls: TlsFacts, for_websocket: bool, user_agent: str | None) -> None:
        """The first request on a decrypted connection."""
        key = _key(flow, tls)
        if key is None:
            return
        habit = self._habits.setdefault(key, _Habit())
        self._habits.move_to_end(key)
        if for_websocket:
            habit.websockets += 1
            habit.user_agent = user_agent or ""
        else:
            habit.others += 1
        if len(self._habits) > MAX_CLIENTS:
            self._habits.popitem(last=False)

    def user_agent(self, flow: bytes, tls: TlsFacts) -> str | None:
        """Who most likely opens a WebSocket with such a ClientHello, perhaps ""; None if nothing says that it does."""
        key = _key(flow, tls)
        habit = self._habits.get(key) if key is not None else None
        return habit.user_agent if habit is not None and habit.websockets > habit.others else None


def _key(flow: bytes, tls: TlsFacts) -> tuple[bytes | str | int, ...] | None:
    """Which client, which server (by name if it is given one, since its addresses may be many), which ClientHello."""
    hello = tls.client_hello
    if hello is None:
        return None
    width = (len(flow) - 4) // 2
    client, server = flow[:width], flow[width : 2 * width]
    if tls.client_direction:
        client, server = server, client
    return client, hello.server_name or server, hello.kind
