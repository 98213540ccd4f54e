"""What fields of single frames and of HTTP heads yield; for frames that takes a replay."""

from collections.abc import Callable, Iterator

from wsinspect.connection import Connection
from wsinspect.filter.subject import Subject
from wsinspect.report import model
from wsinspect.timeline import FrameEntry
from wsinspect.transport.httphead import Head
from wsinspect.websocket.frames import Opcode


def each_frame(get: Callable[[FrameEntry], int | bool]) -> Callable[[Subject], Iterator[int | bool]]:
    """What `get` says of each frame."""
    return lambda subject: (get(entry) for entry in subject.timeline.entries if isinstance(entry, FrameEntry))


def times(subject: Subject) -> Iterator[float]:
    """Times of the packets that brought anything."""
    return (entry.time_ns / 1e9 for entry in subject.timeline.entries)


def texts(subject: Subject) -> Iterator[str]:
    """Text messages, inflated, their fragments joined."""
    for entry in subject.timeline.entries:
        message = entry.message if isinstance(entry, FrameEntry) else None
        if message is not None and message.opcode == Opcode.TEXT:
            yield message.data.decode("utf-8", "replace")


def opcodes(subject: Subject) -> list[int]:
    """Of the complete frames of both sides."""
    return subject.ask(_opcodes)


def _opcodes(connection: Connection) -> list[int]:
    dialogue = connection.dialogue
    if dialogue is None:
        return []
    return [number for number in range(16) if dialogue.client.counts[number] or dialogue.server.counts[number]]


def packet_numbers(subject: Subject) -> list[int]:
    """Of the TCP connection."""
    return subject.ask(lambda connection: list(connection.packet_numbers))


def sent_closes(report: model.Connection) -> list[model.CloseFrame]:
    """The first Close of each side, as far as there is one."""
    return [frame for frame in (report.close.client_frame, report.close.server_frame) if frame is not None]


def request_field(name: str) -> Callable[[Subject], str | None]:
    """A field of the request's head."""
    return lambda subject: subject.ask(lambda connection: _value(connection.handshake.request, name))


def response_field(name: str) -> Callable[[Subject], str | None]:
    """A field of the response's head."""
    return lambda subject: subject.ask(lambda connection: _value(connection.handshake.response, name))


def request_lines(subject: Subject) -> list[str]:
    """Each `Name: value` of the request."""
    return subject.ask(lambda connection: _lines(connection.handshake.request))


def response_lines(subject: Subject) -> list[str]:
    """Each `Name: value` of the response."""
    return subject.ask(lambda connection: _lines(connection.handshake.response))


def method(subject: Subject) -> str | None:
    """The request's."""
    return subject.ask(lambda connection: request.method if (request := connection.handshake.request) else None)


def phrase(subject: Subject) -> str | None:
    """The response's words behind the status code."""
    return subject.ask(lambda connection: response.reason if (response := connection.handshake.response) else None)


def _value(head: Head | None, name: str) -> str | None:
    return head.value(name) if head is not None else None


def _lines(head: Head | None) -> list[str]:
    return [f"{name}: {value}" for name, value in head.fields] if head is not None else []
