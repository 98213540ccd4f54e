"""The two ends of a connection. A direction is named after the side that sends in it."""

from enum import StrEnum


class Side(StrEnum):
    """Who sent it: the end that asked for the WebSocket, or the end that was asked."""

    CLIENT = "client"
    SERVER = "server"

    @property
    def peer(self) -> "Side":
        """The other end."""
        return Side.SERVER if self is Side.CLIENT else Side.CLIENT
