"""The close story of a connection in one sentence that a tired person understands."""

from typing import Final

from wsinspect.codebooks.names import Namer
from wsinspect.connection import Connection
from wsinspect.report import model
from wsinspect.report.http2_sentence import go_away_sentence
from wsinspect.report.text import duration
from wsinspect.report.tls_sentence import tls_failed_behind_request, tls_summary
from wsinspect.websocket.closing import Ending, TcpEnd
from wsinspect.websocket.half import CloseFrame
from wsinspect.websocket.side import Side
from wsinspect.websocket.verdict import close_event

LONG: Final = 600
"""Seconds of silence from which on they are told in minutes or hours."""


def summary(connection: Connection, ending: Ending, namer: Namer, message: model.CloseMessage | None = None) -> str:
    """Who ended the connection, how, and what the programs at both ends were told."""
    if ending.tls is not None:
        return tls_summary(connection, ending, ending.tls)
    if ending.failed:
        return _failed(connection, ending) + go_away_sentence(connection)
    if ending.answer_missed:
        return f"The server's answer to the handshake was not captured{_then(ending)}."
    initiator = ending.initiator
    if initiator is None:
        return _said(message) + _without_close(connection, ending) + go_away_sentence(connection)
    return _said(message) + _with_close(ending, initiator, namer) + _told(ending) + go_away_sentence(connection)


def _said(message: model.CloseMessage | None) -> str:
    """What a text message had said before: `c[3000,"Go away!"] (SockJS message).`"""
    if message is None:
        return ""
    return f'c[{message.code},"{message.reason}"] (SockJS message). '


def _failed(connection: Connection, ending: Ending) -> str:
    response = ending.handshake.response
    if ending.refusal:
        why = ", ".join(ending.refusal)
        told = f"{_tcp_ended(ending.tcp[0])}; its program is told 1006."
        return f"The client gave up on the server's {ending.handshake.status} ({why}): {told}"
    if response is None:
        if ending.tls_failed and ending.tcp:
            return tls_failed_behind_request(connection, ending)
        if ending.tcp:
            return f"The handshake was never answered: {_tcp_ended(ending.tcp[0])}; the client's program is told 1006."
        return "The handshake was not answered as far as the capture goes."
    words = f"{response.status} {response.reason}".strip()
    if ending.repeat is not None:
        again = f"connection {ending.repeat.id}, and its program is told what comes of that"
        return f"The server asked for credentials: HTTP {words}; the client repeated the request with them: {again}."
    target = response.value("Location")
    where = f", to {target}" if target and 300 <= response.status < 400 else ""
    return f"The server refused the handshake: HTTP {words}{where}; the client's program is told 1006."


def _then(ending: Ending) -> str:
    return f"; {_tcp_ended(ending.tcp[0])}" if ending.tcp else ""


def _without_close(connection: Connection, ending: Ending) -> str:
    if not ending.tcp:
        return f"Still open when the capture ended{_loss(connection)}."
    first = ending.tcp[0]
    idle = (first.time_ns - _last_activity(connection, first)) / 1e9
    # Timers are set in seconds and recognised by them: 60.0 s, not 1 min 0 s.
    length = f"{idle:.1f} s" if idle < LONG else duration(idle)
    gone = f", {length} after the last byte" if idle >= 1 else ""
    if not (ending.client.may_have_missed_frames or ending.server.may_have_missed_frames):
        return f"No Close frame: {_tcp_ended(first)}{gone}{_told(ending) or '; both programs are told 1006.'}"
    return f"{_tcp_ended(first, start=True)}{gone}; a Close may have been among the bytes that were not captured."


def _with_close(ending: Ending, initiator: Side, namer: Namer) -> str:
    opener, answerer = ending.side(initiator), ending.side(initiator.peer)
    first, second = opener.close, answerer.close
    assert first is not None
    text = f"{initiator.capitalize()} closed first: {_close(first, namer)}"
    if second is not None:
        text += f"; {_answer(answerer.side, first, second, namer)}"
    elif ending.tcp:
        unseen = answerer.may_have_missed_frames
        text += f"; no Close of the {answerer.side} was captured" if unseen else f"; {answerer.side} sent no Close"
    else:
        text += f"; no Close of the {answerer.side} yet"
    if ending.tcp:
        text += f"; {_tcp_ended(ending.tcp[0])}"
    return text


def _close(close: CloseFrame, namer: Namer) -> str:
    if close.code is None:
        return "a Close without a code" if not close.body else "a Close with a payload of one byte"
    code = namer(close.code, close.reason).in_a_sentence
    return f'{code} "{close.reason}"' if close.reason else code


def _answer(side: Side, first: CloseFrame, second: CloseFrame, namer: Namer) -> str:
    if first.code == second.code:
        return f"{side} echoed {first.code}" if first.code is not None else f"{side} answered with an empty Close"
    return f"{side} answered {_close(second, namer)}"


def _tcp_ended(end: TcpEnd, start: bool = False) -> str:
    return f"{end.by.capitalize() if start else end.by} {end.did}"


def _told(ending: Ending) -> str:
    """What the programs are told, where that is not what the Close frames say already."""
    client, server = close_event(ending, Side.CLIENT), close_event(ending, Side.SERVER)
    if client is None and server is None:
        return "."
    if client is not None and server is not None and client.code == server.code:
        return f"; both programs are told {client.code}{_unclean(client.was_clean)}."
    told = [
        f"{side}'s program is told {event.code}{_unclean(event.was_clean)}"
        for side, event in ((Side.CLIENT, client), (Side.SERVER, server))
        if event is not None
    ]
    return f"; {', '.join(told)}."


def _unclean(was_clean: bool) -> str:
    return "" if was_clean else " (not clean)"


def _last_activity(connection: Connection, end: TcpEnd) -> int:
    dialogue = connection.dialogue
    times = [half.last_time_ns for half in (dialogue.client, dialogue.server)] if dialogue else []
    return min(end.time_ns, max([connection.opened_ns or connection.started_ns, *times]))


def _loss(connection: Connection) -> str:
    missing = connection.gap_bytes(Side.CLIENT) + connection.gap_bytes(Side.SERVER)
    return f"; {missing} bytes of it were not captured" if missing else ""
