"""What a stranger may send to whoever looks at a capture: markup, escape sequences, bidi controls, formulas, floods.

None of it may reach a screen, a table or a page unescaped. Little of it breaks a rule of WebSocket.
"""

from collections.abc import Callable

from captures.encoder.conversation import Trace
from captures.encoder.frames import TEXT
from captures.encoder.handshake import PROTOCOL, refusal
from captures.encoder.packets import Host
from captures.encoder.websocket import WebSocket
from captures.scenario import ANY, Chapter, Close, Expected, Fired, closed, failing, refused

chapter = Chapter("")

Script = Callable[[WebSocket], None]
_cast: list[tuple[str, Expected, Script]] = []


def stranger(target: str, expected: Expected) -> Callable[[Script], Script]:
    """Register the script below as one connection of the capture; `target` is its request target, Latin-1."""

    def register(script: Script) -> Script:
        plain = target.isascii() and target.isprintable()
        url = f"ws://ws.example.com{target}" if plain else ANY
        _cast.append((target, expected.having(url=url, shows=script.__doc__ or ""), script))
        return script

    return register


MARKUP = "[/foo] [bold]x[/bold] [@click=app.quit]y[/] [link=file:///etc/passwd]z[/link] [[ ]] \\[ {0} %s $(id) <b>&amp;"


@stranger("/[/foo]/[bold]?[red]=<script>alert(1)</script>", closed("client", 4000, MARKUP))
def markup(talk: WebSocket) -> None:
    """Markup of terminals, pages and templates in every field."""
    talk.open(talk.request.plus("User-Agent", MARKUP), talk.switching.plus("Server", "[/]"))
    talk.client.text(MARKUP)
    talk.server.text(f"<img src=x onerror=alert(1)> {MARKUP}")
    talk.close(talk.client, 4000, MARKUP)


CLEAR, TITLE, CLIPBOARD = "\x1b[2J\x1b[H", "\x1b]0;owned\x07", "\x1b]52;c;ZWNobyBvd25lZA==\x1b\\"
LINK = "\x1b]8;;https://example.net/\x1b\\click me\x1b]8;;\x1b\\"


@stranger("/\x1b[31mred\x1b[0m", closed("server", 4001, CLEAR + TITLE + LINK))
def terminal_sequences(talk: WebSocket) -> None:
    """Escape sequences: clear the screen, set the title, write the clipboard, ask the terminal to answer."""
    talk.open(talk.request.plus("User-Agent", TITLE + CLEAR), talk.switching.plus("X-Note", CLIPBOARD))
    talk.client.text(CLEAR + TITLE + CLIPBOARD + LINK + '\x1b[6n\x1bP$q"p\x1b\\\x1bc\x1b(0\x1b[?1049h\x1b[8m')
    talk.server.text("over\rwritten\b\b\b\x7f\x0e\x0f\v\f\a")
    talk.close(talk.server, 4001, CLEAR + TITLE + LINK)


BIDI = "user\u202etxt.exe\u202c \u2066isolate\u2069 \u200f\u061c \u05d0\u05d1\u05d2 \u0645\u0631\u062d\u0628\u0627"


@stranger("/bidi", closed("client", 4002, BIDI))
def bidi(talk: WebSocket) -> None:
    """Characters that turn the reading direction, hide, or pile up."""
    talk.open()
    talk.client.text(BIDI)
    talk.server.text("zero\u200bwidth\u2060\ufeff \u00adsoft \u2028line\u2029paragraph \U000e0041tag")
    talk.server.text("e" + "\u0301\u0316" * 200 + " 👩‍👩‍👧‍👦🏳️‍🌈 ｗｉｄｅ 한국어 \U0001f1e9\U0001f1ea ﷽")
    talk.close(talk.client, 4002, BIDI)


@stranger("/c1\x9b31m", closed("client", 4003, "\x9b2J\x85\x90\x9d0;x\x9c"))
def c1_controls(talk: WebSocket) -> None:
    """The eight-bit forms of the escape sequences: as characters in text, as raw bytes in the heads."""
    talk.open(talk.request.plus("User-Agent", "\x9b31m\x9d0;owned\x9c"))
    talk.client.text("\x9b2J \x9d0;owned\x9c \x85 \x80")
    talk.close(talk.client, 4003, "\x9b2J\x85\x90\x9d0;x\x9c")


@stranger("/nul%00", closed("client", 4004, "a\0b\0"))
def nul(talk: WebSocket) -> None:
    """NULs, and every byte there is."""
    talk.open(talk.request.plus("X-Nul", "a\0b"), talk.switching.plus("X-Nul", "\0"))
    talk.client.text("\0" * 20)
    talk.client.binary(bytes(range(256)))
    talk.server.ping(b"\0\x1b[31m\xff")
    talk.client.pong(b"\0\x1b[31m\xff")
    talk.close(talk.client, 4004, "a\0b\0")


FORMULA = "=cmd|'/C calc'!A0"


@stranger("/=cmd|'/C%20calc'!A0?+1=@SUM(1)", closed("client", 4005, FORMULA).having(subprotocol="+cmd|'!A0"))
def formulas(talk: WebSocket) -> None:
    """What a spreadsheet would calculate when it opens an export; the subprotocol is a legal token."""
    asked = talk.request.plus(PROTOCOL, "-2+3, +cmd|'!A0").plus("User-Agent", '=HYPERLINK("http://example.net")')
    talk.open(asked, talk.switching.plus(PROTOCOL, "+cmd|'!A0"))
    for text in (FORMULA, '\t=1+1,"quoted",\r\n@SUM(A1:A9)', "-2+3", '"; DROP TABLE messages; --'):
        talk.client.text(text)
    talk.close(talk.client, 4005, FORMULA)


@stranger("/spoofed", refused(400).firing(Fired("invalid-subprotocol-offer", "client")))
def formula_as_subprotocol(talk: WebSocket) -> None:
    """A formula is no legal subprotocol."""
    asked = talk.request.plus(PROTOCOL, f"{FORMULA}, [/foo], \x1b[31m")
    talk.refuse(refusal(400), asked)


@stranger("/" + "A" * 65_530, closed("client").having(messages=(1, 1)))
def long_url(talk: WebSocket) -> None:
    """64 KB of URL, which some servers take."""
    talk.open()
    talk.greet_and_close()


@stranger("/many-headers", closed("client").having(messages=(1, 1)))
def many_headers(talk: WebSocket) -> None:
    """150 header fields."""
    asked = talk.request
    for number in range(150):
        asked = asked.plus(f"X-{number}", "v" * (number % 7))
    talk.open(asked)
    talk.greet_and_close()


@stranger("/\xff\xfe\xc3", closed("client").having(messages=(1, 1)))
def raw_bytes_in_heads(talk: WebSocket) -> None:
    """Bytes in header values and URL that are no UTF-8."""
    talk.open(talk.request.plus("Cookie", "\xff\xfe\xed\xa0\x80"), talk.switching.plus("Server", "caf\xe9\xf0\x28"))
    talk.greet_and_close()


@stranger("/bad-text", failing("server", 1007, "\x1b[41m bad").firing(Fired("invalid-utf8-text", "client", 0)))
def bad_text(talk: WebSocket) -> None:
    """Bad UTF-8 around an escape sequence in a text message."""
    talk.open()
    talk.client.frame(TEXT, b"\xff\xfe\x1b[31m[/foo]\xc0\x80\xf5")
    talk.close(talk.server, 1007, "\x1b[41m bad")


@stranger(
    "/bad-reason",
    failing("server", 1007, broken=Close(4006, ANY)).firing(Fired("invalid-utf8-close-reason", "client", 0)),
)
def bad_reason(talk: WebSocket) -> None:
    """The same in a close reason."""
    talk.open()
    talk.client.close(4006, b"\xff\x1b]0;owned\x07[/foo]\xed\xa0\x80")
    talk.server.close(1007)
    talk.end_tcp()


@stranger("/status", refused(403))
def status_line(talk: WebSocket) -> None:
    """Escape sequences in the reason phrase, markup in the body."""
    talk.refuse(refusal(403, MARKUP.encode()).starting(f"HTTP/1.1 403 {CLEAR}[/foo] Forbidden"))


@stranger("/origin", closed("client").having(messages=(1, 1)))
def origin(talk: WebSocket) -> None:
    """A hostile origin and referrer."""
    talk.open(talk.request.plus("Origin", "http://[/foo]\x1b[31m\x9b").plus("Referer", "javascript:alert(1)"))
    talk.greet_and_close()


@stranger("/one-long-line", closed("client", 4007, "x" * 123).having(messages=(1, 2)))
def long_lines(talk: WebSocket) -> None:
    """One line of 20 000 characters, 3000 empty ones, brackets without end."""
    talk.open()
    talk.client.text("x" * 20_000)
    talk.server.text("\n" * 3000)
    talk.server.text("[" * 500 + "{" * 500 + '{"a":' * 500)
    talk.close(talk.client, 4007, "x" * 123)


def on_the_wire(text: str) -> str:
    """UTF-8 as the Latin-1 in which heads are written here."""
    return text.encode().decode("latin-1")


MIXED = "\x1b[31m\u202e\0`|*x*|` <b> =1+1 \u2066\x9b2J"
TICKS = "`|**x**|`~_y_"


@stranger(on_the_wire(f"/`|<b>|`?q={BIDI.replace(' ', '')}"), closed("server", 4008, MIXED).having(subprotocol=TICKS))
def everything_everywhere(talk: WebSocket) -> None:
    """Markdown, bidi, escape sequences and NUL together, in every field; the subprotocol is a legal token."""
    asked = talk.request.plus(PROTOCOL, TICKS).plus("User-Agent", on_the_wire(MIXED)).plus("Cookie", on_the_wire(BIDI))
    talk.open(asked, talk.switching.plus(PROTOCOL, TICKS).plus("X-" + TICKS, on_the_wire(MIXED)))
    talk.client.text(MIXED)
    talk.server.binary(b"\xff\xfe" + MIXED.encode() + b"\xed\xa0\x80")
    talk.server.ping(MIXED.encode())
    talk.client.pong(MIXED.encode())
    talk.close(talk.server, 4008, MIXED)


SPELL = on_the_wire("\x1b]0;owned\x07\u202e|`<b>")


@stranger(
    "/spell",
    closed("client")
    .having(messages=(1, 1), subprotocol=ANY)
    .firing(
        Fired("invalid-subprotocol-offer", "client"),
        Fired("invalid-subprotocol-response", "server"),
        Fired("violation-tolerated", "client", frame=0),
        Fired("invalid-request-accepted", "server"),
    ),
)
def hostile_subprotocol(talk: WebSocket) -> None:
    """A subprotocol that is no token, and is agreed on."""
    talk.open(talk.request.plus(PROTOCOL, SPELL), talk.switching.plus(PROTOCOL, SPELL))
    talk.greet_and_close()


@chapter.capture(
    "hostile",
    "Strangers who mean the reader: markup, escape sequences, bidi controls, formulas, bad UTF-8, floods of text",
    *(expected for _, expected, _ in _cast),
)
def hostile(trace: Trace) -> None:
    for index, (target, _, script) in enumerate(_cast):
        script(WebSocket(trace, client=Host("203.0.113.66", 40_000 + index), at=2 * index, target=target))
