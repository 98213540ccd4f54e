"""Rules about WebSockets over HTTP/2 (RFC 8441)."""

from captures.encoder.conversation import Trace
from captures.encoder.http2 import CANCEL, ENABLE_CONNECT_PROTOCOL, Fields, Http2, Stream, connect, settings
from captures.scenario import ABNORMAL, ANY, Chapter, Event, Expected, Fired, closed

chapter = Chapter("rules/")

CLEAN = closed("client").having(status=200, tcp=("fin", "server"), messages=(1, 1))
FAILED = Expected(state="failed", status=400, client_event=ABNORMAL, tcp=("fin", "server"))


def opening(
    name: str, shows: str, asked: Fields | None = None, answered: Fields | None = None, expected: Expected = CLEAN
) -> None:
    """A WebSocket that is opened in its own way and goes on as if nothing were."""

    def script(trace: Trace) -> None:
        talk = Http2(trace)
        talk.start()
        stream = talk.stream()
        stream.open(asked, answered)
        if expected.state != "failed":
            stream.greet()
            stream.finish(stream.client)
        else:
            stream.server.end()

    chapter.capture(name, shows, expected)(script)


def setting(name: str, shows: str, values: list[int], before: int, *fired: Fired) -> None:
    """SETTINGS_ENABLE_CONNECT_PROTOCOL of the server: so many of the values before the WebSocket is asked for."""

    def script(trace: Trace) -> None:
        talk = Http2(trace)
        talk.start({ENABLE_CONNECT_PROTOCOL: values[0]} if before else {})
        for value in values[1:before]:
            talk.server.send(settings({ENABLE_CONNECT_PROTOCOL: value}))
        stream = talk.stream()
        stream.open()
        stream.greet()
        for value in values[max(1, before) if before else 0 :]:
            talk.server.send(settings({ENABLE_CONNECT_PROTOCOL: value}))
        stream.finish(stream.client)

    chapter.capture(name, shows, CLEAN.firing(*fired))(script)


INVALID = "h2-invalid-connect-setting"
setting(INVALID, "SETTINGS_ENABLE_CONNECT_PROTOCOL is 2", [1, 2], 1, Fired(INVALID, "server"))
setting(f"{INVALID}.near-miss", "SETTINGS_ENABLE_CONNECT_PROTOCOL is 0, then 1", [0, 1], 2)

REVOKED = "h2-connect-setting-revoked"
setting(REVOKED, "SETTINGS_ENABLE_CONNECT_PROTOCOL is 1, then 0", [1, 0], 1, Fired(REVOKED, "server"))
setting(f"{REVOKED}.near-miss", "SETTINGS_ENABLE_CONNECT_PROTOCOL is 1, twice", [1, 1], 1)

BEFORE = "h2-connect-before-setting"
setting(BEFORE, "The server allows extended CONNECT after it was used", [1], 0, Fired(BEFORE, "client"))
setting(f"{BEFORE}.near-miss", "The server allows extended CONNECT with the packet before", [1], 1)

MISSING = "h2-missing-pseudo-header"
for missing, url in (
    ("scheme", "ws://ws.example.com/chat"), ("path", "ws://ws.example.com/"), ("authority", "ws://198.51.100.20:80/chat"),
):  # fmt: skip
    opening(
        MISSING if missing == "scheme" else f"{MISSING}.{missing}",
        f"Extended CONNECT without :{missing}",
        connect(**{missing: None}),
        expected=CLEAN.having(url=url).firing(Fired(MISSING, "client")),
    )
opening(
    f"{MISSING}.near-miss", "All pseudo-header fields, in another order", [*reversed(connect()[:5]), *connect()[5:]]
)

WRONG_PROTOCOL = "h2-wrong-protocol"
opening(
    WRONG_PROTOCOL,
    ":protocol is connect-udp, beside a Sec-WebSocket field",
    connect(protocol="connect-udp"),
    expected=CLEAN.firing(Fired(WRONG_PROTOCOL, "client")),
)


@chapter.capture(f"{WRONG_PROTOCOL}.near-miss", ":protocol is connect-udp, and nothing says WebSocket", CLEAN)
def other_protocol(trace: Trace) -> None:
    talk = Http2(trace)
    talk.start()
    other = [field for field in connect(protocol="connect-udp") if not field[0].startswith("sec-")]
    Stream(talk, 1).open(other)
    stream = talk.stream(3)
    stream.open()
    stream.greet()
    stream.finish(stream.client)


SCHEME = "h2-wrong-scheme"
opening(
    SCHEME, ":scheme is ws", connect(scheme="ws"), expected=CLEAN.firing(Fired(SCHEME, "client", severity="warning"))
)
opening(f"{SCHEME}.near-miss", ":scheme is https in cleartext, as behind a TLS terminator", connect(scheme="https"))

CONNECTION = "h2-connection-headers"
opening(
    CONNECTION,
    "A connection field in the request",
    [*connect(), ("connection", "Upgrade")],
    expected=CLEAN.firing(Fired(CONNECTION, "client")),
)
opening(
    f"{CONNECTION}.by-server",
    "An upgrade field in the response",
    answered=[(":status", "200"), ("upgrade", "websocket")],
    expected=CLEAN.firing(Fired(CONNECTION, "server")),
)
opening(
    f"{CONNECTION}.near-miss",
    "A field whose name only begins like one",
    [*connect(), ("connection-id", "7"), ("te", "trailers")],
)

KEY = "h2-key-header-sent"
opening(
    KEY,
    "Sec-WebSocket-Key, which nobody reads",
    [*connect(), ("sec-websocket-key", "dGhlIHNhbXBsZSBub25jZQ==")],
    expected=CLEAN.firing(Fired(KEY, "client", severity="note")),
)
opening(
    f"{KEY}.by-server",
    "Sec-WebSocket-Accept, which nobody reads",
    answered=[(":status", "200"), ("sec-websocket-accept", "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=")],
    expected=CLEAN.firing(Fired(KEY, "server", severity="note")),
)
opening(
    f"{KEY}.near-miss",
    "A subprotocol and nothing of HTTP/1.1",
    [*connect(), ("sec-websocket-protocol", "chat")],
    [(":status", "200"), ("sec-websocket-protocol", "chat")],
    CLEAN.having(subprotocol="chat"),
)

REJECTED = "h2-handshake-rejected"
opening(
    REJECTED,
    "The answer is 400",
    answered=[(":status", "400")],
    expected=FAILED.firing(Fired(REJECTED, "server", severity="note")),
)
opening(
    f"{REJECTED}.near-miss", "The answer is 204", answered=[(":status", "204")], expected=CLEAN.having(status=204)
)  # fmt: skip

ENDED = "h2-stream-ended-without-close"
GONE = Expected(state="closed", status=200, client_event=ABNORMAL, server_event=ABNORMAL, messages=(1, 1))


@chapter.capture(
    ENDED,
    "The server ends the stream without a Close",
    GONE.having(tcp=("fin", "server")).firing(Fired(ENDED, "server", severity="warning")),
)
def ended_without_close(trace: Trace) -> None:
    talk = Http2(trace)
    talk.start()
    stream = talk.stream()
    stream.open()
    stream.greet()
    stream.server.end()
    stream.client.end()


@chapter.capture(f"{ENDED}.near-miss", "END_STREAM in the frame of the Close", CLEAN.having(tcp=("fin", "client")))
def ended_with_close(trace: Trace) -> None:
    talk = Http2(trace)
    talk.start()
    stream = talk.stream()
    stream.open()
    stream.greet()
    stream.client.close(1000, flags=1)
    stream.server.close(1000, flags=1)


RESET = "h2-stream-reset"
for code, name in ((CANCEL, "CANCEL"), (2, "INTERNAL_ERROR")):

    @chapter.capture(
        RESET if code == CANCEL else f"{RESET}.error",
        f"The {'client' if code == CANCEL else 'server'} resets the stream ({name})",
        GONE.having(tcp=("rst", "client" if code == CANCEL else "server")).firing(
            Fired(RESET, "client" if code == CANCEL else "server", severity="warning")
        ),
    )
    def reset(trace: Trace, code: int = code) -> None:
        talk = Http2(trace)
        talk.start()
        stream = talk.stream()
        stream.open()
        stream.greet()
        (stream.client if code == CANCEL else stream.server).reset(code)


@chapter.capture(
    f"{RESET}.refused",
    "The server resets the stream instead of an answer (REFUSED_STREAM)",
    Expected(state="failed", status=None, tcp=("rst", "server"), client_event=ABNORMAL, server_event=ANY).firing(
        Fired(RESET, "server", severity="warning")
    ),
)
def refused(trace: Trace) -> None:
    talk = Http2(trace)
    talk.start()
    stream = talk.stream()
    talk.headers(talk.client, stream.id, connect())
    stream.server.reset(7)


@chapter.capture(
    f"{RESET}.near-miss",
    "The client resets the stream after both Closes",
    CLEAN.having(tcp=("fin", "server"), client_event=Event(1000, True), server_event=Event(1000, True)),
)
def reset_after_closes(trace: Trace) -> None:
    talk = Http2(trace)
    talk.start()
    stream = talk.stream()
    stream.open()
    stream.greet()
    stream.client.close(1000)
    stream.server.close(1000, flags=1)
    stream.client.reset()
