"""What fields of single frames and of HTTP heads yield; for frames that takes a replay."""

from collections.abc import Callable, Iterable, Iterator

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
    return subject.particulars.opcodes


def packet_numbers(subject: Subject) -> Iterable[int]:
    """Of the TCP connection."""
    return subject.packet_numbers


def sent_closes(report: model.Connection) -> list[model.CloseFrame]:
    """The first Close of each side, as far as there is one."""
    return [frame for frame in (report.close.client_frame, report.close.server_frame) if frame is not None]


def request_field(name: str) -> Callable[[Subject], str | None]:
    """A field of the request's head."""
    return lambda subject: _value(subject.particulars.request, name)


def response_field(name: str) -> Callable[[Subject], str | None]:
    """A field of the response's head."""
    return lambda subject: _value(subject.particulars.response, name)


def request_lines(subject: Subject) -> list[str]:
    """Each `Name: value` of the request."""
    return _lines(subject.particulars.request)


def response_lines(subject: Subject) -> list[str]:
    """Each `Name: value` of the response."""
    return _lines(subject.particulars.response)


def method(subject: Subject) -> str | None:
    """The request's."""
    request = subject.particulars.request
    return request.method if request is not None else None


def phrase(subject: Subject) -> str | None:
    """The response's words behind the status code."""
    response = subject.particulars.response
    return response.reason if response is not None else None


def _value(head: Head | None, name: str) -> str | None:
    return head.value(name) if head is not None else None


def _lines(head: Head | None) -> list[str]:
    return [f"{name}: {value}" for name, value in head.fields] if head is not None else []
