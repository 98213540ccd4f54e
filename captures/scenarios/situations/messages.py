"""Messages in many shapes: fragments, control frames in between, compression in all its agreements (RFC 7692)."""

from captures.encoder.deflate import Deflater, bomb
from captures.encoder.frames import BINARY, CONTINUATION, RSV1, TEXT
from captures.encoder.websocket import WebSocket
from captures.scenario import ANY, Chapter, Expected, Fired, closed, failing

chapter = Chapter("situations/")

CLEAN = closed("client")
DEFLATE = "permessage-deflate"
QUOTE = '{"symbol": "EXMP", "bid": 101.25, "ask": 101.27, "venue": "example exchange"}'


@chapter.connection(
    "fragments",
    "Messages of two and more frames, with empty ones, and a Ping and its Pong in between",
    CLEAN.having(messages=(2, 1), payload=(13, 12), pings=(1, 1)),
)
def fragments(talk: WebSocket) -> None:
    talk.open()
    talk.client.fragments(TEXT, [b"one ", b"two ", b"", b"three"])
    talk.client.fragments(BINARY, [b"", b""])
    talk.server.frame(TEXT, b"hello ", fin=False)
    talk.server.ping(b"still there?")
    talk.client.pong(b"still there?")
    talk.server.frame(CONTINUATION, b"to you")
    talk.close(talk.client)


@chapter.connection(
    "many-frames-in-a-segment",
    "Forty small messages in one segment",
    CLEAN.having(messages=(40, 0), payload=(40 * 8, 0)),
)
def many_frames(talk: WebSocket) -> None:
    talk.open()
    talk.client.send(b"".join(talk.client.encode(TEXT, f"number{index:02}".encode()) for index in range(40)))
    talk.close(talk.client)


@chapter.connection(
    "subprotocol",
    "A subprotocol is offered with two others and selected",
    CLEAN.having(messages=(1, 1), subprotocol="graphql-transport-ws"),
)
def subprotocol(talk: WebSocket) -> None:
    offer = "graphql-ws, graphql-transport-ws, wamp.2.json"
    talk.open(
        talk.request.plus("Sec-WebSocket-Protocol", offer),
        talk.switching.plus("Sec-WebSocket-Protocol", "graphql-transport-ws"),
    )
    talk.client.text('{"type":"connection_init"}')
    talk.server.text('{"type":"connection_ack"}')
    talk.close(talk.client)


def agreement(name: str, shows: str, parameters: str) -> None:
    """Three equal messages each way under some agreement on context takeover."""
    extension = DEFLATE + parameters

    def script(talk: WebSocket) -> None:
        talk.negotiate(extension, extension)
        for _ in range(3):
            talk.client.compressed(QUOTE)
            talk.server.compressed(QUOTE)
        talk.close(talk.client)

    size = 3 * len(QUOTE)
    chapter.connection(name, shows, CLEAN.having(extensions=(extension,), messages=(3, 3), payload=(size, size)))(
        script
    )


NO_CLIENT, NO_SERVER = "; client_no_context_takeover", "; server_no_context_takeover"
agreement("deflate-takeover", "Both sides take their window over: the second message is tiny", "")
agreement("deflate-takeover-by-client", "The client alone takes its window over", NO_SERVER)
agreement("deflate-takeover-by-server", "The server alone takes its window over", NO_CLIENT)
agreement("deflate-no-takeover", "Neither side takes its window over", NO_SERVER + NO_CLIENT)


@chapter.connection(
    "deflate-fragments",
    "A compressed message in four frames, with a Ping and a frame of zero bytes in it",
    CLEAN.having(extensions=(DEFLATE,), messages=(1, 1), payload=(len(QUOTE), len(QUOTE)), pings=(1, 1)),
)
def deflate_fragments(talk: WebSocket) -> None:
    talk.negotiate(DEFLATE, DEFLATE)
    data = talk.client.deflater.compress(QUOTE.encode())
    talk.client.frame(TEXT, data[:10], fin=False, rsv=RSV1)
    talk.client.ping(b"?")
    talk.server.pong(b"?")
    talk.client.frame(CONTINUATION, data[10:30], fin=False)
    talk.client.frame(CONTINUATION, b"", fin=False)
    talk.client.frame(CONTINUATION, data[30:])
    talk.server.compressed(QUOTE)
    talk.close(talk.client)


@chapter.connection(
    "deflate-mixed",
    "Compressed and plain messages take turns; a plain one leaves the window as it is",
    CLEAN.having(extensions=(DEFLATE,), messages=(4, 0), payload=(4 * len(QUOTE), 0)),
)
def deflate_mixed(talk: WebSocket) -> None:
    talk.negotiate(DEFLATE, DEFLATE)
    for _ in range(2):
        talk.client.compressed(QUOTE)
        talk.client.text(QUOTE)
    talk.close(talk.client)


@chapter.connection(
    "deflate-window-bits-9",
    "Both windows are 512 bytes: long messages whose references stay inside",
    CLEAN.having(
        extensions=("permessage-deflate; server_max_window_bits=9; client_max_window_bits=9",),
        messages=(2, 2),
        payload=(2 * 40 * len(QUOTE), 2 * 40 * len(QUOTE)),
    ),
)
def deflate_small_window(talk: WebSocket) -> None:
    extension = "permessage-deflate; server_max_window_bits=9; client_max_window_bits=9"
    talk.negotiate(extension, extension)
    for endpoint in (talk.client, talk.server):
        endpoint.deflater = Deflater(9)
        endpoint.compressed(QUOTE * 40)
        endpoint.compressed(QUOTE * 40)
    talk.close(talk.client)


@chapter.connection(
    "deflate-bfinal",
    "Messages that end with BFINAL = 1; after each the window stays, the block chain begins anew (§7.2.3.4)",
    CLEAN.having(extensions=(DEFLATE,), messages=(3, 0), payload=(3 * len(QUOTE), 0)).firing(
        Fired("deflate-bfinal", "client", 0, count=3)
    ),
)
def deflate_bfinal(talk: WebSocket) -> None:
    talk.negotiate(DEFLATE, DEFLATE)
    for _ in range(3):
        talk.client.compressed(QUOTE, final=True)
    talk.close(talk.client)


@chapter.connection(
    "deflate-bomb",
    "2 MiB of zeros in 2 KB; the server ends it with 1009",
    failing("server", 1009, "message too big").having(extensions=(DEFLATE,)).firing(Fired("deflate-bomb", "client", 0)),
)
def deflate_bomb(talk: WebSocket) -> None:
    talk.negotiate(DEFLATE, DEFLATE)
    talk.client.frame(BINARY, bomb(8129), rsv=RSV1)
    talk.close(talk.server, 1009, "message too big")


@chapter.connection(
    "deflate-bomb-beyond-limit",
    "70 MiB of zeros in 69 KB, more than wsinspect inflates; the frames behind it are found all the same",
    closed("client").having(extensions=(DEFLATE,)),
)
def deflate_bomb_beyond(talk: WebSocket) -> None:
    talk.negotiate(DEFLATE, DEFLATE)
    talk.server.frame(BINARY, bomb(70 * 2**20 // 258), rsv=RSV1)
    talk.server.text("and on it goes")
    talk.close(talk.client)


@chapter.connection(
    "absurd-length",
    "A header that announces 2^62 bytes, and then next to nothing: nobody should allocate them",
    Expected(frames=ANY),
)
def absurd_length(talk: WebSocket) -> None:
    talk.open()
    talk.server.text("hello")
    talk.server.frame(BINARY, b"\x00" * 20, declared=1 << 62)
    talk.client.text("are you serious?")
