"""What filters ask of a connection that its report does not tell: the heads of its handshake, and opcodes."""

from typing import NamedTuple

from wsinspect.connection import Connection
from wsinspect.transport.httphead import RequestHead, ResponseHead


class Particulars(NamedTuple):
    """Those of one connection."""

    request: RequestHead | None
    response: ResponseHead | None
    opcodes: list[int]
    """Of the complete frames of both sides."""


def particulars(connection: Connection) -> Particulars:
    """As far as it has come."""
    handshake, dialogue = connection.handshake, connection.dialogue
    if dialogue is None:
        return Particulars(handshake.request, handshake.response, [])
    sent, received = dialogue.client.counts, dialogue.server.counts
    opcodes = [number for number in range(16) if sent[number] or received[number]]
    return Particulars(handshake.request, handshake.response, opcodes)
