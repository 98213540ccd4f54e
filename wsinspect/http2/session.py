"""Both directions of an HTTP/2 connection: frames become what happens on its streams (RFC 9113 §5, §6).

In: in-order bytes and gaps. Out: header blocks, DATA, ends of streams and GOAWAY, in the order in which they passed;
windows are counted on the way. Server push and priorities are passed over.
"""

from typing import Final, NamedTuple

from wsinspect.http2 import codes
from wsinspect.http2.facts import GoAway, SessionFacts, Setting, StreamEnd
from wsinspect.http2.fields import FieldReader, Headers
from wsinspect.http2.flow import DEFAULT_WINDOW, Window
from wsinspect.http2.frames import Data, Frame, FrameReader, Missed, NoPreface
from wsinspect.transport.reassembly import Chunk, Gap

MAX_SETTINGS: Final = 16
"""Changes of SETTINGS_ENABLE_CONNECT_PROTOCOL remembered for each connection."""
MAX_GO_AWAYS: Final = 16
"""GOAWAY frames remembered for each connection."""
MAX_DEBUG_DATA: Final = 1024
"""Bytes kept of the debug data of a GOAWAY frame."""
MAX_WINDOWS: Final = 4096
"""Streams of a connection whose windows are counted at once."""


class Said(NamedTuple):
    """A header block of one direction."""

    direction: int
    headers: Headers


class Sent(NamedTuple):
    """DATA of one direction."""

    direction: int
    data: Data


class Lost(NamedTuple):
    """Bytes of one direction that were not captured, and may have been DATA of that stream (None: of any)."""

    direction: int
    missed: Missed


class Ended(NamedTuple):
    """A direction of a stream, or by RST_STREAM both, came to an end."""

    stream_id: int
    end: StreamEnd


class NotHttp2:
    """It is not HTTP/2 at all."""


SessionEvent = Said | Sent | Lost | Ended | Setting | GoAway | NotHttp2


class Session:
    """An HTTP/2 connection."""

    __slots__ = ("_fields", "_initial_windows", "_readers", "_windows", "facts")

    def __init__(self, client_direction: int, opening_seen: bool) -> None:
        """Without `opening_seen` it is not known where the first frame begins, nor what was said before."""
        self.facts = SessionFacts(client_direction, complete=opening_seen)
        client = FrameReader(preface=opening_seen, synced=opening_seen)
        server = FrameReader(preface=False, synced=opening_seen)
        self._readers = (client, server) if client_direction == 0 else (server, client)
        self._fields = (FieldReader(), FieldReader())
        if not opening_seen:
            for fields in self._fields:
                fields.lose("the capture begins later than the connection")
        self._initial_windows = [DEFAULT_WINDOW, DEFAULT_WINDOW]  # of what each direction may send
        self._windows: dict[int, tuple[Window, Window]] = {}

    def why_lost(self, direction: int) -> str:
        """Why header blocks of a direction may be unreadable; empty if they are not."""
        return self._fields[direction].lost

    def windows(self, stream_id: int) -> tuple[Window, Window]:
        """What each direction may send on a stream."""
        windows = self._windows.get(stream_id)
        if windows is None:
            windows = Window(self._initial_windows[0]), Window(self._initial_windows[1])
            if len(self._windows) < MAX_WINDOWS:
                self._windows[stream_id] = windows
        return windows

    def forget(self, stream_id: int) -> None:
        """Nothing more is wanted of a stream."""
        self._windows.pop(stream_id, None)

    def feed(self, piece: Chunk | Gap) -> list[SessionEvent]:
        """What the next bytes bring."""
        direction = piece.direction
        reader = self._readers[direction]
        events: list[SessionEvent] = []
        for event in reader.feed(piece) if isinstance(piece, Chunk) else reader.gap(piece):
            if isinstance(event, Data):
                events.append(Sent(direction, event))
            elif isinstance(event, Frame):
                self._frame(direction, event, events)
            elif isinstance(event, Missed):
                self.facts.complete = False
                if event.stream_id is None:
                    self._fields[direction].lose("bytes of HTTP/2 frames were not captured")
                events.append(Lost(direction, event))
            elif isinstance(event, NoPreface):
                events.append(NotHttp2())
        return events

    def settings(self, direction: int, payload: bytes, packet: int, time_ns: int) -> list[SessionEvent]:
        """Take the payload of a SETTINGS frame, or what an `Upgrade: h2c` has in its place."""
        events: list[SessionEvent] = []
        for at in range(0, len(payload) - 5, 6):
            setting = int.from_bytes(payload[at : at + 2], "big")
            value = int.from_bytes(payload[at + 2 : at + 6], "big")
            if setting == codes.INITIAL_WINDOW_SIZE:
                self._set_initial_window(1 - direction, value, time_ns)
            elif setting == codes.ENABLE_CONNECT_PROTOCOL:
                known = self.facts.connect_settings
                said = [one.value for one in known if one.direction == direction]
                if len(known) < MAX_SETTINGS and (not said or said[-1] != value):
                    known.append(Setting(direction, value, packet, time_ns))
                    events.append(known[-1])
        return events

    def _frame(self, direction: int, frame: Frame, events: list[SessionEvent]) -> None:
        kind, stream_id, payload = frame.header.type, frame.header.stream_id, frame.payload
        if kind == codes.DATA:
            self._data(direction, frame, events)
        elif kind in (codes.HEADERS, codes.CONTINUATION, codes.PUSH_PROMISE):
            headers = self._fields[direction].feed(frame)
            if headers is not None:
                events.append(Said(direction, headers))
                if headers.end_stream:
                    end = StreamEnd(direction, None, headers.last_packet, headers.end_time_ns)
                    events.append(Ended(headers.stream_id, end))
        elif payload is None:
            self.facts.complete = False
        elif kind == codes.SETTINGS:
            if not frame.header.flags & codes.ACK:
                events += self.settings(direction, payload, frame.last_packet, frame.end_time_ns)
        else:
            self._small(direction, frame, payload, kind, stream_id, events)

    def _small(
        self, direction: int, frame: Frame, payload: bytes, kind: int, stream_id: int, events: list[SessionEvent]
    ) -> None:
        """Frames that are numbers, most of them."""
        number = int.from_bytes(payload[:4], "big")
        if kind == codes.WINDOW_UPDATE and len(payload) == 4:
            self._enlarge(1 - direction, stream_id, number & 0x7FFFFFFF, frame.end_time_ns)
        elif kind == codes.RST_STREAM and len(payload) == 4:
            events.append(Ended(stream_id, StreamEnd(direction, number, frame.last_packet, frame.end_time_ns)))
        elif kind == codes.GOAWAY and len(payload) >= 8 and len(self.facts.go_aways) < MAX_GO_AWAYS:
            code, debug_data = int.from_bytes(payload[4:8], "big"), payload[8 : 8 + MAX_DEBUG_DATA]
            last = number & 0x7FFFFFFF
            go_away = GoAway(direction, last, code, debug_data, frame.last_packet, frame.end_time_ns)
            self.facts.go_aways.append(go_away)
            events.append(go_away)

    def _data(self, direction: int, frame: Frame, events: list[SessionEvent]) -> None:
        stream_id, time_ns = frame.header.stream_id, frame.end_time_ns
        if frame.header.length:
            self.facts.windows[direction].change(-frame.header.length, time_ns)
            windows = self._windows.get(stream_id)
            if windows is not None:
                windows[direction].change(-frame.header.length, time_ns)
        if frame.header.flags & codes.END_STREAM:
            events.append(Ended(stream_id, StreamEnd(direction, None, frame.last_packet, time_ns)))

    def _enlarge(self, direction: int, stream_id: int, by: int, time_ns: int) -> None:
        windows = self._windows.get(stream_id) if stream_id else self.facts.windows
        if windows is not None:
            windows[direction].change(by, time_ns)

    def _set_initial_window(self, direction: int, size: int, time_ns: int) -> None:
        """The receiver changes the windows of all streams by the same (RFC 9113 §6.9.2)."""
        change = size - self._initial_windows[direction]
        self._initial_windows[direction] = size
        if change:
            for windows in self._windows.values():
                windows[direction].change(change, time_ns)
