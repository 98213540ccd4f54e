"""Rules about permessage-deflate: what is agreed, and what the compressed messages hold (RFC 7692)."""

from captures.encoder.deflate import Deflater, literals_and_reference, stored
from captures.encoder.frames import BINARY, RSV1, TEXT
from captures.encoder.websocket import Endpoint, WebSocket
from captures.scenario import ANY, Chapter, Expected, Fired, closed, failing, rejected_by_client

chapter = Chapter("rules/")

CLEAN = closed("client")
DEFLATE = "permessage-deflate"
REPETITIVE = '{"symbol": "EXMP", "bid": 101.25, "ask": 101.27, "venue": "example exchange"}'
"""A message that compresses better once the window knows it."""


def refused_response(rule: str, shows: str, offer: str, response: str, *, variant: str = "") -> None:
    """A 101 whose extension parameters the client must not accept: it ends TCP without having sent a frame."""
    name = f"{rule}.{variant}" if variant else rule
    expected = rejected_by_client().having(extensions=ANY).firing(Fired(rule, "server"))

    def script(talk: WebSocket) -> None:
        talk.negotiate(offer, response)
        talk.end_tcp(talk.client)

    chapter.connection(name, f"{shows}; the client gives up", expected)(script)


def agreed(
    rule: str, shows: str, offer: str, response: str, *, fires: bool = False, also: tuple[str, ...] = ()
) -> None:
    """An agreement that both sides live with; two compressed messages show that it works."""
    name = rule if fires else f"{rule}.near-miss"
    expected = CLEAN.having(extensions=(response,), messages=(1, 1)).allowing(*also)

    def script(talk: WebSocket) -> None:
        talk.negotiate(offer, response)
        talk.client.compressed("compressed")
        talk.server.compressed("compressed too")
        talk.close(talk.client)

    chapter.connection(name, shows, expected.firing(Fired(rule, "server")) if fires else expected)(script)


agreed(
    "invalid-deflate-offer-accepted",
    "The only offer puts a value on client_no_context_takeover, and the server accepts it",
    "permessage-deflate; client_no_context_takeover=1",
    DEFLATE,
    fires=True,
    also=("invalid-deflate-offer",),
)
agreed(
    "invalid-deflate-offer-accepted",
    "The last of three offers has nothing wrong with it",
    "permessage-deflate; unknown_parameter, permessage-deflate; client_max_window_bits=16, permessage-deflate",
    DEFLATE,
    also=("invalid-deflate-offer",),
)

refused_response(
    "invalid-deflate-response",
    "client_max_window_bits=16 in the response",
    "permessage-deflate; client_max_window_bits",
    "permessage-deflate; client_max_window_bits=16",
)
for variant, parameters in {
    "leading-zero": "client_max_window_bits=09",
    "no-value": "client_max_window_bits",
    "value": "client_no_context_takeover=true",
    "unknown": "memory_level=9",
    "twice": "client_no_context_takeover; client_no_context_takeover",
}.items():
    refused_response(
        "invalid-deflate-response",
        f"{parameters} in the response",
        "permessage-deflate; client_max_window_bits; client_no_context_takeover",
        f"permessage-deflate; {parameters}",
        variant=variant,
    )
agreed(
    "invalid-deflate-response",
    "All four parameters at the edges of what is allowed",
    "permessage-deflate; client_max_window_bits; server_max_window_bits=15",
    "permessage-deflate; server_no_context_takeover; client_no_context_takeover"
    "; server_max_window_bits=15; client_max_window_bits=8",
)

refused_response(
    "unrequested-client-max-window-bits",
    "client_max_window_bits in the response, though no offer had it",
    "permessage-deflate; client_no_context_takeover",
    "permessage-deflate; client_max_window_bits=12",
)
agreed(
    "unrequested-client-max-window-bits",
    "client_max_window_bits in the response; the second offer had it",
    "permessage-deflate; server_no_context_takeover, permessage-deflate; client_max_window_bits",
    "permessage-deflate; client_max_window_bits=12",
)

refused_response(
    "server-max-window-bits-not-honoured",
    "At most 10 window bits were asked for, 12 are announced",
    "permessage-deflate; server_max_window_bits=10",
    "permessage-deflate; server_max_window_bits=12",
)
refused_response(
    "server-max-window-bits-not-honoured",
    "At most 10 window bits were asked for, and the response is silent about them, which means 15",
    "permessage-deflate; server_max_window_bits=10",
    DEFLATE,
    variant="silent",
)
agreed(
    "server-max-window-bits-not-honoured",
    "Two offers ask for 10 and 12 bits, the response has 11",
    "permessage-deflate; server_max_window_bits=10, permessage-deflate; server_max_window_bits=12",
    "permessage-deflate; server_max_window_bits=11",
)

refused_response(
    "server-no-context-takeover-not-honoured",
    "server_no_context_takeover was asked for, and the response lacks it",
    "permessage-deflate; server_no_context_takeover",
    DEFLATE,
)
agreed(
    "server-no-context-takeover-not-honoured",
    "server_no_context_takeover was asked for in one of two offers; the other one was accepted",
    "permessage-deflate; server_no_context_takeover, permessage-deflate",
    DEFLATE,
)

refused_response(
    "conflicting-extensions",
    "permessage-deflate twice in the response: both would use RSV1",
    "permessage-deflate",
    "permessage-deflate, permessage-deflate; server_no_context_takeover",
)


@chapter.connection(
    "conflicting-extensions.near-miss",
    "Two extensions are agreed, and only one of them uses RSV1",
    CLEAN.having(extensions=(DEFLATE, "bbf-usp-protocol"), messages=(1, 1)),
)
def two_extensions(talk: WebSocket) -> None:
    talk.negotiate("permessage-deflate, bbf-usp-protocol", "permessage-deflate, bbf-usp-protocol")
    talk.greet_and_close()


@chapter.connection(
    "inflate-error",
    "A compressed message that begins with a block of the type that does not exist; the client fails with 1007",
    failing("client", 1007).having(extensions=(DEFLATE,)).firing(Fired("inflate-error", "server", 1)),
)
def no_deflate_data(talk: WebSocket) -> None:
    talk.negotiate(DEFLATE, DEFLATE)
    talk.server.compressed("fine")
    talk.server.frame(TEXT, b"\x07not deflate at all", rsv=RSV1)
    talk.close(talk.client, 1007)


@chapter.connection(
    "inflate-error.ends-inside-block",
    "A compressed message without its last bytes; the server fails with 1007",
    failing("server", 1007).having(extensions=(DEFLATE,)).firing(Fired("inflate-error", "client", 0)),
)
def cut_deflate_data(talk: WebSocket) -> None:
    talk.negotiate(DEFLATE, DEFLATE)
    talk.client.frame(BINARY, stored(b"a stored block of thirty bytes")[:20], rsv=RSV1)
    talk.close(talk.server, 1007)


@chapter.connection(
    "inflate-error.near-miss",
    "Legal DEFLATE that naive decoders stumble over: a block with BFINAL, a stored block, an empty message",
    CLEAN.having(extensions=(DEFLATE,), messages=(4, 0), payload=(20, 0)),
)
def odd_deflate(talk: WebSocket) -> None:
    # RFC 7692 §7.2.3.3 to §7.2.3.6.
    talk.negotiate(DEFLATE, DEFLATE)
    talk.client.compressed("final", final=True)
    talk.client.frame(TEXT, stored(b"stored"), rsv=RSV1)
    talk.client.compressed("")
    talk.client.compressed("and after")
    talk.close(talk.client)


@chapter.connection(
    "context-takeover-used",
    "The server agreed not to take its window over and refers into the message before; the client fails with 1007",
    failing("client", 1007)
    .having(extensions=("permessage-deflate; server_no_context_takeover",))
    .firing(Fired("context-takeover-used", "server", 1)),
)
def takeover_against_agreement(talk: WebSocket) -> None:
    talk.negotiate("permessage-deflate; server_no_context_takeover", "permessage-deflate; server_no_context_takeover")
    talk.server.deflater = Deflater(takeover=True)
    talk.server.compressed(REPETITIVE)
    talk.server.compressed(REPETITIVE)
    talk.close(talk.client, 1007)


@chapter.connection(
    "context-takeover-used.near-miss",
    "client_no_context_takeover in the offer alone is a hint: the client may still refer into its message before",
    CLEAN.having(extensions=(DEFLATE,), messages=(2, 2), payload=(2 * len(REPETITIVE), 2 * len(REPETITIVE))),
)
def takeover_despite_hint(talk: WebSocket) -> None:
    talk.negotiate("permessage-deflate; client_no_context_takeover", DEFLATE)
    for endpoint in (talk.client, talk.server):
        endpoint.compressed(REPETITIVE)
        endpoint.compressed(REPETITIVE)
    talk.close(talk.client)


def _windowed(name: str, shows: str, distance: int, expected: Expected) -> None:
    """Server messages under a window of 2^9 = 512 bytes, the last with a reference of exactly `distance`."""

    def script(talk: WebSocket) -> None:
        talk.negotiate("permessage-deflate; server_max_window_bits=9", "permessage-deflate; server_max_window_bits=9")
        talk.server.deflater = Deflater(9)
        talk.server.compressed("small")
        _far_reference(talk.server, distance)
        talk.close(talk.client)

    expected = expected.having(extensions=("permessage-deflate; server_max_window_bits=9",), messages=(0, 2))
    chapter.connection(name, shows, expected)(script)


def _far_reference(sender: Endpoint, distance: int) -> None:
    letters = bytes(ord("a") + index % 26 for index in range(700))
    sender.frame(TEXT, literals_and_reference(letters, 20, distance), rsv=RSV1)


_windowed(
    "deflate-window-exceeded",
    "A reference over 600 bytes where a window of 512 was agreed; zlib inflates it all the same",
    600,
    CLEAN.firing(Fired("deflate-window-exceeded", "server", 1)),
)
_windowed(
    "deflate-window-exceeded.near-miss",
    "A reference over exactly the 512 bytes of the agreed window",
    512,
    CLEAN,
)
