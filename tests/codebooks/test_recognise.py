"""wsinspect/codebooks/recognise.py: each sign of each service, which sign is stronger, and what is no sign."""

import pytest

from wsinspect.codebooks.book import Book
from wsinspect.codebooks.recognise import NO_BOOKS, Clues, Hint, Library, Recognised, recognise


def clues(
    url: str | None = "ws://example.com/",
    subprotocol: str | None = None,
    offered: tuple[str, ...] = (),
    client: bytes = b"",
    server: bytes = b"",
) -> Clues:
    return Clues(url, subprotocol, offered, client, server)


def found(given: Clues, library: Library = NO_BOOKS, code: int = 4000) -> tuple[str, str, bool] | None:
    one: Recognised | None = recognise(code, given, library)
    return (one.book.name, one.because, one.likely) if one else None


HELLO = b'{"t": null,\n "s": null, "op": 10, "d": {"heartbeat_interval": 41250}}'
SOCKETS = "ws://h/socket.io/?EIO=4&transport=websocket"


@pytest.mark.parametrize(
    ("given", "book", "because", "likely"),
    [
        (clues(subprotocol="graphql-transport-ws"), "graphql-transport-ws", "subprotocol=graphql-transport-ws", False),
        (clues(offered=("x", "mqtt")), "MQTT", "subprotocol=mqtt", False),
        (clues(subprotocol="obswebsocket.msgpack"), "obs-websocket", "subprotocol=obswebsocket.msgpack", False),
        (clues(subprotocol="centrifuge-protobuf"), "Centrifuge", "subprotocol=centrifuge-protobuf", False),
        (clues(subprotocol="v5.channel.k8s.io"), "Kubernetes", "subprotocol=v5.channel.k8s.io", False),
        (clues(subprotocol="ocpp2.0.1"), "OCPP", "subprotocol=ocpp2.0.1", False),
        (clues("wss://ws-eu.pusher.com/x"), "Pusher", "host=ws-eu.pusher.com", False),
        (clues("wss://WS.PusherApp.com:443/x"), "Pusher", "host=ws.pusherapp.com", False),
        (clues("wss://gateway-us-east1-b.discord.gg/"), "Discord gateway", "host=gateway-us-east1-b.discord.gg", False),
        (clues("wss://russia1.discord.media/?v=4"), "Discord voice", "host=russia1.discord.media", False),
        (clues("wss://eventsub.wss.twitch.tv/ws"), "Twitch EventSub", "host=eventsub.wss.twitch.tv", False),
        (clues("wss://gateway.fluxer.app/"), "Fluxer", "host=gateway.fluxer.app", False),
        (clues("wss://live.pandascore.co/"), "PandaScore", "host=live.pandascore.co", False),
        (clues("wss://wss-primary.slack.com/link"), "Slack Socket Mode", "host=wss-primary.slack.com", False),
        (clues(client=b'{"type":"connection_init"}'), "graphql-transport-ws", "first client message", False),
        (clues(client=b' {"type" : "connection_init"}'), "graphql-transport-ws", "first client message", False),
        (clues(server=b'{"event":"pusher:connection_established","data":1}'), "Pusher", "first server message", False),
        (clues(server=HELLO), "Discord gateway", "first server message", False),
        (clues(server=b'{"op":8,"d":{"heartbeat_interval":1}}'), "Discord voice", "first server message", False),
        (clues(server=b'{"metadata":{"message_type":"session_welcome"}}'), "Twitch EventSub", "first server message",
         False),
        (clues(server=b'{"d":{"obsWebSocketVersion":"5"},"op":0}'), "obs-websocket", "first server message", False),
        (clues(client=b'{"connect":{},"id":1}'), "Centrifuge", "first client message", False),
        (clues(server=b"o"), "SockJS", "first server message", False),
        (clues(client=b'{"protocol":"json","version":1}\x1e'), "SignalR", "first client message", False),
        (clues("ws://h/connection/websocket"), "Centrifuge", "path=/connection/websocket", True),
        (clues("ws://h:6001/app/key?protocol=7&client=js"), "Pusher", "path=/app/key", True),
        (clues("ws://h/echo/042/abcdef/websocket"), "SockJS", "path=/echo/042/abcdef/websocket", True),
        (clues("ws://h/?v=10&encoding=json"), "Discord gateway", "query=v&encoding", True),
        (clues(SOCKETS), "Engine.IO / Socket.IO", "path=/socket.io/", True),
        (clues("ws://h/live/websocket?vsn=2.0.0"), "Phoenix channels", "path=/live/websocket", True),
    ],
)  # fmt: skip
def test_signs(given: Clues, book: str, because: str, likely: bool) -> None:
    assert found(given) == (book, because, likely)


@pytest.mark.parametrize(
    "given",
    [
        clues(),
        clues(None),
        clues("ws://h:4455/"),  # a port is no sign
        clues("ws://pusher.com.evil.example/"),
        clues("wss://ws-eu.pusher.com.example/"),
        clues("ws://h/app/key"),  # without protocol=
        clues("ws://h/?v=10"),
        clues("ws://h/echo/room/abcdef/websocket"),
        clues(subprotocol="graphql-ws", client=b'{"type":"connection_init"}'),
        clues(subprotocol="GRAPHQL-TRANSPORT-WS"),  # case matters, RFC 6455 §4.1
        clues(subprotocol="other", offered=("graphql-transport-ws", "other")),  # another one was selected
        clues(server=b'{"op":100,"d":{"heartbeat_interval":1}}'),
        clues(server=b"ok"),
        clues(client=b"o"),
        clues(offered=("mqtt", "wamp.2.json")),  # two fit equally well
        clues("ws://h/?" + "&".join(f"n{number}=1" for number in range(1000))),
    ],
)
def test_no_sign(given: Clues) -> None:
    assert found(given) is None


@pytest.mark.parametrize(
    ("given", "book"),
    [
        (clues("wss://ws-eu.pusher.com/", "graphql-transport-ws"), "graphql-transport-ws"),
        (clues("wss://ws-eu.pusher.com/", server=b"o"), "Pusher"),
        (clues("ws://h/connection/websocket", server=b"o"), "SockJS"),
    ],
)
def test_the_stronger_sign_decides(given: Clues, book: str) -> None:
    assert found(given) is not None
    assert found(given)[0] == book  # type: ignore[index]


def book(**facts: object) -> Book:
    return Book(name="acme", users=True, codes={4000: "mine"}, **facts)  # type: ignore[arg-type]


def test_the_users_book_goes_before_stronger_signs() -> None:
    library = Library((book(path=("/acme/*",)),))
    assert found(clues("ws://h/acme/1", "graphql-transport-ws"), library) == ("acme", "path=/acme/1", True)
    assert found(clues("ws://h/", "graphql-transport-ws"), library) is not None
    assert found(clues("ws://h/other"), library) is None


def test_a_book_for_every_connection_goes_before_others_for_the_codes_that_it_has() -> None:
    library = Library((book(everywhere=True),))
    graphql = clues(subprotocol="graphql-transport-ws")
    assert found(graphql, library) == ("acme", "set by the user", False)
    assert found(graphql, library, 4401) == ("graphql-transport-ws", "subprotocol=graphql-transport-ws", False)
    assert found(clues(), library, 4401) == ("acme", "set by the user", False)


def test_a_hint_goes_before_everything() -> None:
    pusher = next(one for one in Library().books() if one.name == "Pusher")
    for pattern in ("wss://push.example.com/*", "push.example.com/*"):
        library = Library((book(everywhere=True),), (Hint(pattern, pusher),))
        assert found(clues("wss://push.example.com/x", "mqtt"), library) == ("Pusher", "set by the user", False)
        assert found(clues("wss://other.example.com/x"), library) == ("acme", "set by the user", False)


def test_what_a_stranger_sent_is_cut() -> None:
    told = found(clues("ws://h/app/" + "k" * 5000 + "?protocol=7"))
    assert told is not None
    assert len(told[1]) < 100
