"""How a connection ended becomes the report's `close`: frames and events with the names of their codes."""

import msgspec

from wsinspect.codebooks.names import CloseName, Namer
from wsinspect.codebooks.recognise import NO_BOOKS, Clues, Library
from wsinspect.connection import Connection
from wsinspect.http2.codes import error_name
from wsinspect.report import model
from wsinspect.report.sentence import summary
from wsinspect.websocket.closecodes import HIGHEST
from wsinspect.websocket.closing import CloseEvent, Ending, TcpEnd
from wsinspect.websocket.half import CloseFrame
from wsinspect.websocket.side import Side
from wsinspect.websocket.verdict import close_event


def close_report(
    connection: Connection, ending: Ending, url: str | None, diagnosis: list[model.Diagnosis],
    idle: float | None = None, codebooks: Library = NO_BOOKS,
) -> model.Close:  # fmt: skip
    """The report's `close`; `url` is one of the signs by which a codebook is chosen."""
    namer = Namer(lambda: _clues(connection, url), codebooks)
    client, server = close_event(ending, Side.CLIENT), close_event(ending, Side.SERVER)
    events = None
    if client is not None or server is not None:
        events = model.CloseEvents(_event(client, namer), _event(server, namer))
    message = _message(connection, namer)
    return model.Close(
        initiator=ending.initiator,
        client_frame=_frame(ending.client.close, namer),
        server_frame=_frame(ending.server.close, namer),
        tcp=_tcp(ending.tcp),
        event=events,
        summary=summary(connection, ending, namer, message),
        diagnosis=diagnosis,
        idle=idle,
        message=message,
        go_away=_go_aways(connection),
    )


def _clues(connection: Connection, url: str | None) -> Clues:
    handshake, dialogue = connection.handshake, connection.dialogue
    return Clues(
        url,
        handshake.subprotocol,
        handshake.offered_subprotocols,
        dialogue.client.messages.first if dialogue else b"",
        dialogue.server.messages.first if dialogue else b"",
    )


def _frame(close: CloseFrame | None, namer: Namer) -> model.CloseFrame | None:
    if close is None:
        return None
    known = namer(close.code, close.reason) if close.code is not None else None
    return model.CloseFrame(
        code=close.code,
        name=known.name if known else None,
        registry=known.registry if known else None,
        reason=close.reason,
        packet=close.packet,
        time=close.time_ns / 1e9,
        codebook=known.codebook if known else None,
        because=known.because if known else None,
        shown=known.shown if known else "a Close without a code",
    )


def _event(event: CloseEvent | None, namer: Namer) -> model.CloseEvent | None:
    if event is None:
        return None
    known = namer(event.code, event.reason)
    return model.CloseEvent(
        code=event.code,
        reason=event.reason,
        was_clean=event.was_clean,
        name=known.name,
        registry=known.registry,
        codebook=known.codebook,
        because=known.because,
        why=event.why,
    )


def _message(connection: Connection, namer: Namer) -> model.CloseMessage | None:
    """What SockJS says in its last message; None if that is not as it should be."""
    text = connection.dialogue.server.messages.closing if connection.dialogue else None
    if text is None:
        return None
    try:
        code, reason = msgspec.json.decode(text.data[1:], type=tuple[int, str])
    except (msgspec.MsgspecError, UnicodeDecodeError):
        return None
    if not 0 <= code <= HIGHEST:
        return None
    known: CloseName = namer(code, reason)
    return model.CloseMessage(
        code=code,
        name=known.name,
        registry=known.registry,
        reason=reason,
        packet=text.packet,
        time=text.time_ns / 1e9,
        codebook=known.codebook,
        because=known.because,
        shown=known.shown,
    )


def _tcp(ends: tuple[TcpEnd, ...]) -> model.TcpEnd | None:
    if not ends:
        return None
    first = ends[0]
    stream = first.stream
    http2 = None
    if stream is not None:
        name = error_name(stream.reset) if stream.reset is not None else None
        http2 = model.Http2End("END_STREAM" if name is None else "RST_STREAM", stream.reset, name)
    return model.TcpEnd(first.kind, first.by, first.packet, first.time_ns / 1e9, http2)


def _go_aways(connection: Connection) -> list[model.GoAway]:
    if connection.http2 is None:
        return []
    return [
        model.GoAway(
            by=connection.side_of(one.direction),
            code=one.code,
            name=error_name(one.code),
            last_stream=one.last_stream_id,
            debug_data=one.debug_data.decode("utf-8", "replace"),
            packet=one.packet,
            time=one.time_ns / 1e9,
        )
        for one in connection.http2.go_aways()
    ]
