"""What a page in a browser is told where browsers differ from RFC 6455, and from each other (docs/close-events.md)."""

from captures.encoder.conversation import Trace
from captures.encoder.frames import CLOSE, TEXT
from captures.encoder.handshake import Head, refusal
from captures.encoder.packets import Host
from captures.encoder.websocket import WebSocket
from captures.scenario import ABNORMAL, Chapter, Close, Event, Expected, Fired, closed

chapter = Chapter("situations/")

FIREFOX = "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0"
CHROMIUM = "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/142.0.0.0 Safari/537.36"


def request_of(browser: str, talk: WebSocket) -> Head:
    return talk.request.plus("User-Agent", browser).plus("Origin", "http://ws.example.com")


def open_in(browser: str, talk: WebSocket) -> None:
    talk.open(request_of(browser, talk))


RESET = Expected(
    state="closed",
    initiator="server",
    server_close=Close(1001, "restart"),
    client_close=Close(1001, "restart"),
    tcp=("rst", "server"),
    server_event=Event(1001, True, "restart"),
).allowing("reset-after-close")


def reset_behind_closes(browser: str, name: str, clean: bool) -> None:
    told = Event(1001, clean, "restart")
    words = "clean for Firefox" if clean else "not clean for Chromium"
    shows = f"The server's Close is answered, and then the server sends RST: {words}"

    @chapter.connection(f"{name}-reset-behind-closes", shows, RESET.having(client_event=told))
    def script(talk: WebSocket) -> None:
        open_in(browser, talk)
        talk.server.close(1001, "restart")
        talk.client.close(1001, "restart")
        talk.server.rst()


reset_behind_closes(FIREFOX, "firefox", True)
reset_behind_closes(CHROMIUM, "chromium", False)


def reset_at_once(browser: str, name: str, told: Event) -> None:
    shows = f"An RST right behind the server's Close leaves no time for an answer: the page is told {told.code}"
    expected = RESET.having(client_close=None, client_event=told, server_event=ABNORMAL)

    @chapter.connection(f"{name}-reset-at-once", shows, expected)
    def script(talk: WebSocket) -> None:
        open_in(browser, talk)
        talk.server.close(1001, "restart", acked=False)
        talk.server.rst()


reset_at_once(FIREFOX, "firefox", Event(1001, False, "restart"))
reset_at_once(CHROMIUM, "chromium", ABNORMAL)


@chapter.connection(
    "firefox-close-of-one-byte",
    "Firefox takes a Close with one byte of payload, the answer to its own, for one without a code",
    Expected(
        state="closed",
        initiator="client",
        client_close=Close(4000),
        server_close=Close(None),
        tcp=("fin", "server"),
        client_event=Event(1005, True),
        server_event=Event(4000, True),
    ).firing(Fired("close-payload-one-byte", "server", 0)),
)
def one_byte(talk: WebSocket) -> None:
    open_in(FIREFOX, talk)
    talk.client.close(4000)
    talk.server.frame(CLOSE, b"x")
    talk.end_tcp()


def bad_text_while_closing(browser: str, name: str, told: Event) -> None:
    shows = f"Text that is no UTF-8 between the page's Close and its answer: the page is told {told.code}"
    expected = closed("client", 4000).having(client_event=told, messages=(0, 1))

    @chapter.connection(
        f"{name}-bad-text-while-closing",
        shows,
        expected.firing(Fired("invalid-utf8-text", "server", 0)),
    )
    def script(talk: WebSocket) -> None:
        open_in(browser, talk)
        talk.client.close(4000)
        talk.server.frame(TEXT, b"\xff")
        talk.server.close(4000)
        talk.end_tcp()


bad_text_while_closing(FIREFOX, "firefox", ABNORMAL)
bad_text_while_closing(CHROMIUM, "chromium", Event(4000, True))


@chapter.connection(
    "firefox-garbage-behind-close",
    "What is no frame behind the server's Close: Firefox keeps the code and does not answer, so it is not clean",
    Expected(
        state="closed",
        initiator="server",
        server_close=Close(4000, "enough"),
        tcp=("fin", "client"),
        client_event=Event(4000, False, "enough"),
        server_event=ABNORMAL,
    )
    .firing(
        Fired("reserved-opcode", "server", 1),
        Fired("data-after-close", "server", 1),
        Fired("missing-close-reply", "client", severity="note"),
    )
    .allowing("client-closes-tcp-first"),
)
def garbage_behind(talk: WebSocket) -> None:
    open_in(FIREFOX, talk)
    close = talk.server.encode(CLOSE, b"\x0f\xa0enough")
    talk.server.send(close + talk.server.encode(3, b"x"))
    talk.end_tcp(talk.client)


@chapter.connection(
    "browser-refuses-101",
    "A 101 that no rule finds fault with: the browser ends TCP at once, and the server's Close is never answered",
    Expected(
        state="closed",
        initiator="server",
        server_close=Close(4000, "hello"),
        tcp=("fin", "client"),
        client_event=ABNORMAL,
        server_event=ABNORMAL,
    )
    .firing(Fired("missing-close-reply", "client"))
    .allowing("client-closes-tcp-first"),
)
def refuses(talk: WebSocket) -> None:
    talk.open(request_of(FIREFOX, talk), talk.switching.plus("X-Large", "x" * 300_000))
    talk.server.close(4000, "hello")
    talk.end_tcp(talk.client)


@chapter.capture(
    "browser-repeats-with-credentials",
    "A 401, and the browser asks again with the user and password of the URL: the page has one WebSocket for both",
    Expected(state="failed", status=401, tcp=("fin", "server"), client_event=Event(4000, True, "welcome")),
    closed("server", 4000, "welcome"),
)
def repeats(trace: Trace) -> None:
    first = WebSocket(trace)
    asked = request_of(FIREFOX, first)
    first.refuse(refusal(401).plus("WWW-Authenticate", 'Basic realm="chat"'), asked)
    second = WebSocket(trace, at=first.elapsed + 0.01, client=Host("192.0.2.10", 51001))
    second.open(request_of(FIREFOX, second).plus("Authorization", "Basic dXNlcjpwYXNz"))
    second.close(second.server, 4000, "welcome")
