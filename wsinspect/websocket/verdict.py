"""What the program at each end was told, as a browser's page is in its CloseEvent (RFC 6455 §7.1).

In: the facts of the end. Out: `close_event`, the verdict. The codes 1005 and 1006 never travel; they are derived here,
and 1015 where TLS failed.
"""

from dataclasses import replace
from typing import Final

from wsinspect.websocket.closecodes import describe
from wsinspect.websocket.closing import CloseEvent, Ending, Repeat, SideEnding, TcpEnd, TcpEndKind
from wsinspect.websocket.failing import BAD_DEFLATE, BAD_REASON, BAD_TEXT, MASKS, Breach, failure_code, fatal_breach
from wsinspect.websocket.half import CloseFrame
from wsinspect.websocket.library import Library, library_named, library_of
from wsinspect.websocket.side import Side

NO_STATUS: Final = 1005
ABNORMAL: Final = 1006
PROTOCOL_FAILURES: Final = frozenset({1002, 1007})
"""What an endpoint sends when it fails the connection for what the peer sent (RFC 6455 §7.1.7, §7.4.1)."""
HURRY_NS: Final = 100_000_000
"""Within this time nobody has given up waiting for the answer to a Close."""
ACK_DELAY_NS: Final = 500_000_000
"""Within this time a missing acknowledgement says nothing (RFC 1122 §4.2.3.2)."""
HANDOVER_NS: Final = 1_000_000
"""An HTTP/2 stream that is reset so soon behind the answer is gone before what came with it gets to the program."""
KEEPALIVE: Final = "keepalive ping timeout"
"""Reason of the Close with which `websockets` gives up waiting for a Pong."""
TOO_BIG: Final = 1009
AT_ONCE_NS: Final = 1_000_000_000
"""Within this time behind the 101 a client that does not accept it has given up."""


def close_event(ending: Ending, side: Side) -> CloseEvent | None:
    """The verdict for `side`; None while it is told nothing, or where the capture does not show enough to know.

    What an endpoint reports follows from what it received, never from what it sent (RFC 6455 §7.1.5).
    """
    if ending.repeat is not None and side is Side.CLIENT:
        return _told_of_repeat(ending.repeat)
    if ending.failed and (side is Side.CLIENT or not ending.opened):
        # The server's program never had a WebSocket.
        return _told_of_failure(ending) if side is Side.CLIENT and _handshake_over(ending) else None
    if not ending.over or ending.answer_missed or ending.tls is not None:
        return None
    mine, peer = ending.side(side), ending.side(side.peer)
    library = library_of(ending.handshake, side)
    received = peer.close
    if library.needs_subprotocol and _lacks_subprotocol(ending, mine):
        return _abnormal(f"{library.name} gave up on a 101 that selects none of the subprotocols it offered")
    failure = _failure(ending, mine, peer, library)
    if failure is not None:
        return failure
    if library.hurried_server_code is not None and side is Side.SERVER and _hurried(ending, mine, received):
        why = f"the {side} ended TCP right behind its own Close, and {library.name} then tells its program so"
        return CloseEvent(library.hurried_server_code, "", False, why)
    if received is None:
        known = ending.tcp and not peer.may_have_missed_frames
        return _abnormal(f"no Close frame reached the {side} before TCP ended{_by(ending)}") if known else None
    if not received.whole:
        return None
    if not _arrived(ending, mine, peer, received):
        return _abnormal(f"the {peer.side}'s Close did not reach the {side} before TCP ended{_by(ending)}")
    if _refused(mine, peer, received, library):
        why = f"the {side} took the {peer.side}'s Close for broken{_doubt(mine, library)}"
        rule = "invalid-close-code" if received.reason_is_utf8 else BAD_REASON
        return _own_failure(mine, library, why, Breach(rule, received.frame, received.packet))
    if library.answers_every_close and _gave_up_unheard(ending, mine, peer):
        return _abnormal(f"the {side} ended TCP and left the Close unanswered: {library.name} did not accept the 101")
    if library.needs_to_answer and mine.close is None and _reset_by_peer(ending, mine) and not ending.secure:
        return _abnormal(f"the {peer.side}'s RST came before the answer to its Close, and so {library.name} failed")
    if peer.broke_after_close and library.frames_after_close_fail:
        return _abnormal(f"frames followed the {peer.side}'s Close, which {library.name} takes for a failure")
    # A side whose frames cannot be told apart has most likely answered: the peer accepted what it said until then.
    answered = mine.close is not None or not mine.in_sync or _could_not_answer(ending, mine, received)
    clean = library.clean_without_answer or (answered and not (library.reset_spoils and _reset_by_peer(ending, mine)))
    if received.code is None:
        return _without_code(mine, received, library, clean)
    why = f"the {peer.side}'s Close frame reached the {side}"
    if ending.tcp and not peer.close_acknowledged and _reset_by_peer(ending, mine):
        why += " before the RST; some systems discard then what the program has not read yet"
    elif library.hurried_server_code is not None and side is Side.SERVER and _came_behind(received, mine):
        code = library.hurried_server_code
        why += f"; {library.name} tells its program {code} all the same if another of its tasks was reading then"
    return CloseEvent(received.code, received.reason, clean, why)


def _failure(ending: Ending, mine: SideEnding, peer: SideEnding, library: Library) -> CloseEvent | None:
    """What this end is told if it failed the connection before any Close reached it; None if it did not."""
    accepted = library.accepts | (library.accepts_with_deflate if ending.handshake.deflate is not None else set())
    over = next((end.packet for end in ending.tcp if _deafens(end, mine)), None)
    breaches = [one for one in peer.breaches if one.rule not in accepted and (over is None or one.packet < over)]
    breach = fatal_breach(breaches, mine.close, peer.close, library)
    if breach is not None and _read_on(peer, library):
        return None
    if _failed(ending, mine, peer, breaches):
        return _own_failure(mine, library, _why_failed_by(mine), breach)
    if breach is None:
        return None
    doubt = _doubt(mine, library)
    why = f"the {mine.side} failed the connection for what came before a Close ({breach.rule}){doubt}"
    return _own_failure(mine, library, why, breach)


def _deafens(end: TcpEnd, mine: SideEnding) -> bool:
    """Whether this end takes nothing in behind it. Who ends its half of an HTTP/2 stream goes on reading the other."""
    return end.kind is TcpEndKind.RST or (end.by is mine.side and end.stream is None)


def _read_on(peer: SideEnding, library: Library) -> bool:
    """Whether the Close counts though it came behind a text for which this end failed the connection."""
    close = peer.close
    if close is None or not library.reads_past_bad_text:
        return False
    return any(one.rule == BAD_TEXT and one.packet == close.packet for one in peer.breaches)


def _own_failure(mine: SideEnding, library: Library, why: str, breach: Breach | None) -> CloseEvent:
    """It failed the connection, for `breach` if that is known: 1006, save where a library tells its own code."""
    own, code = mine.close, failure_code(breach.rule) if breach is not None else ABNORMAL
    reason = ""
    if own is not None and (breach is None or own.packet >= breach.packet):
        code, reason = own.code or ABNORMAL, own.reason
    elif own is not None or (breach is not None and breach.rule == BAD_DEFLATE and library.bad_deflate_code):
        code = ABNORMAL
    if not library.tells_own_failure or mine.side is Side.SERVER or code in (ABNORMAL, library.bad_deflate_code):
        return _abnormal(why)
    return CloseEvent(code, reason, False, f"{why}, and {library.name} tells its program the code it sends")


def _without_code(mine: SideEnding, received: CloseFrame, library: Library, clean: bool) -> CloseEvent:
    why = f"the Close frame that reached the {mine.side} has no code"
    first = _came_behind(received, mine)
    if library.awaits_code and mine.side is Side.CLIENT and not first:
        return _abnormal(f"{why}, and {library.name} waits for another one")
    if library.empty_close_code != NO_STATUS:
        why += f", and {library.name} tells its program {library.empty_close_code}"
    elif not library.name:
        why += "; nothing names its program: aiohttp's is told 0 then"
    return CloseEvent(library.empty_close_code, "", clean, why)


def _came_behind(received: CloseFrame, mine: SideEnding) -> bool:
    """Whether the Close is the answer to this end's own."""
    return mine.close is not None and mine.close.packet < received.packet


def _doubt(mine: SideEnding, library: Library) -> str:
    """That it is the RFC's reading alone, where neither a header nor a Close of this end tells what its library does"""
    return "" if library.name or mine.close is not None else "; nothing names its program, and some libraries take it"


def _abnormal(why: str) -> CloseEvent:
    return CloseEvent(ABNORMAL, "", False, why)


def _told_of_repeat(repeat: Repeat) -> CloseEvent | None:
    event = repeat.event(Side.CLIENT)
    if event is None:
        return None
    again = f"the client repeated the request with credentials: connection {repeat.id}, TCP stream {repeat.tcp_stream}"
    return replace(event, why=f"{again}; of that its program is told, and {event.why}")


def _by(ending: Ending) -> str:
    return f" ({ending.tcp[0].kind.upper()} by the {ending.tcp[0].by})" if ending.tcp else ""


def _told_of_failure(ending: Ending) -> CloseEvent:
    """What a client is told that has got no WebSocket: 1006, save where a library tells TLS apart (RFC 6455 §7.4.1)."""
    tls = ending.tls
    known = library_of(ending.handshake, Side.CLIENT) if tls is None else library_named(tls.user_agent, Side.CLIENT)
    if not ending.tls_failed or known.failed_tls_code == ABNORMAL:
        return _abnormal(_why_failed(ending))
    return CloseEvent(
        known.failed_tls_code, "", False, f"an alert ended TLS, and {known.name} then tells its program so"
    )


def _why_failed(ending: Ending) -> str:
    if ending.tls_failed:
        return "an alert ended TLS; RFC 6455 calls that 1015, but few programs are told so"
    if ending.tls is not None:
        return f"TLS could not be set up before TCP ended{_by(ending)}"
    if ending.refusal:
        return f"the client gave up on the server's 101 ({', '.join(ending.refusal)})"
    if ending.handshake.status is not None:
        return f"the handshake was answered with {ending.handshake.status}, not 101"
    return f"the handshake was not answered before TCP ended{_by(ending)}"


def _why_failed_by(mine: SideEnding) -> str:
    how = "by ending TCP" if mine.close is None else f"with {mine.close.code}" if mine.close.code else "with a Close"
    return f"the {mine.side} failed the connection itself, {how}, before a Close reached it"


def _handshake_over(ending: Ending) -> bool:
    return ending.handshake.response is not None or bool(ending.tcp) or ending.tls is not None


def _lacks_subprotocol(ending: Ending, mine: SideEnding) -> bool:
    """Whether the client offered subprotocols, the server chose none, and the client never sent a frame."""
    handshake = ending.handshake
    chosen = handshake.subprotocol is not None or handshake.response is None
    return mine.side is Side.CLIENT and not mine.frames and not chosen and bool(handshake.offered_subprotocols)


def _hurried(ending: Ending, mine: SideEnding, received: CloseFrame | None) -> bool:
    """Whether this end sent its Close and then, before an answer came, its FIN: sooner than any patience ends."""
    if mine.close is None or not ending.tcp:
        return False
    first = ending.tcp[0]
    own = first.kind is TcpEndKind.FIN and first.by is mine.side
    unanswered = received is None or received.packet > first.packet
    return own and unanswered and first.packet >= mine.close.packet and first.time_ns - mine.close.time_ns < HURRY_NS


def _arrived(ending: Ending, mine: SideEnding, peer: SideEnding, received: CloseFrame) -> bool:
    """Whether the peer's Close reached this end before its TCP was torn down."""
    resets = [end for end in ending.tcp if end.kind is TcpEndKind.RST]
    if any(end.packet < received.packet for end in resets):
        return False
    answer = ending.handshake.response
    if answer is not None and any(end.stream and end.time_ns - answer.end_time_ns < HANDOVER_NS for end in resets):
        return False
    if any(end.by is mine.side and end.packet < received.packet and end.stream is None for end in ending.tcp):
        # It had sent its FIN. Half-closed it still reads; a socket that is gone answers the Close with an RST.
        return not any(end.by is mine.side for end in resets)
    if not resets or peer.close_acknowledged:
        return True
    if mine.close is not None and mine.close.packet > received.packet:
        return True
    # What TCP got in order before an RST is still read, if the RST was not sent because nothing was acknowledged.
    return resets[0].by is peer.side and resets[0].time_ns - received.time_ns < ACK_DELAY_NS


def _could_not_answer(ending: Ending, mine: SideEnding, received: CloseFrame) -> bool:
    """Whether a stream of HTTP/2 was over for this end with the Close: a browser drops the answer and cancels it."""
    ends = [end for end in ending.tcp if end.stream is not None and end.packet >= received.packet]
    return len(ends) > 1 and ends[0].kind is TcpEndKind.FIN and ends[0].by is not mine.side and ends[1].by is mine.side


def _failed(ending: Ending, mine: SideEnding, peer: SideEnding, breaches: list[Breach]) -> bool:
    """Whether this end failed the connection before any Close reached it: its program saw 1006 then and there.

    The code alone does not say so: a program may close with 1002 as it pleases, and is then told the answer to that.
    """
    close, received = mine.close, peer.close
    if close is None and ending.tcp and ending.tcp[0].by is mine.side:
        # It may also fail the connection without a word (RFC 6455 §7.1.7), in the middle of what it has just received.
        return any(received is None or not breach.is_behind(received) for breach in breaches)
    if close is None or (received is not None and received.packet < close.packet):
        return False
    broken = 0 < peer.first_breach <= close.packet
    if close.code == TOO_BIG:
        return mine.close_follows_large_message or broken
    return (close.code in PROTOCOL_FAILURES and broken) or KEEPALIVE in close.reason


def _gave_up_unheard(ending: Ending, mine: SideEnding, peer: SideEnding) -> bool:
    """Whether this end ended TCP right behind the handshake, and has not said anything, not even to a good Close."""
    first = ending.tcp[0] if ending.tcp else None
    alert = ending.tls_alerts[0 if peer.side is Side.CLIENT else 1]
    return (
        first is not None
        and first.by is mine.side
        and first.stream is None
        and not 0 < alert < first.packet  # or TLS was over before it could answer
        and mine.frames == 0
        and not peer.broke_after_close
        and 0 < ending.opened_ns <= first.time_ns < ending.opened_ns + AT_ONCE_NS
    )


def _refused(mine: SideEnding, peer: SideEnding, received: CloseFrame, library: Library) -> bool:
    """Whether this end took the Close for broken. If it could still answer, the answer shows it."""
    answer = mine.close
    if answer is not None and answer.packet > received.packet:
        if (peer.message_open and library.close_inside_message_counts) or _read_on(peer, library):
            return False
        return answer.code in PROTOCOL_FAILURES and answer.code != received.code
    if len(received.body) == 1:
        return "close-payload-one-byte" not in library.accepts
    if not received.reason_is_utf8:
        return True
    if not received.well_framed and not (received.only_form_wrong and "non-minimal-length" in library.accepts):
        return True
    if any(one.frame == received.frame and one.rule in MASKS - library.accepts for one in peer.breaches):
        return True
    if received.code is None:
        return False
    if library.refused_codes is None:
        return not describe(received.code).allowed_on_wire
    return received.code in library.refused_codes


def _reset_by_peer(ending: Ending, mine: SideEnding) -> bool:
    """Whether TCP ended by an RST of the other side."""
    ends = ending.tcp
    if ends and ends[0].by is mine.side and ends[0].stream is not None and ends[0].kind is TcpEndKind.FIN:
        ends = ends[1:]  # its answer has ended its half of an HTTP/2 stream; the other half is left
    return bool(ends) and ends[0].kind is TcpEndKind.RST and ends[0].by is not mine.side
