"""Rules about what messages hold, and about subprotocols."""

import json

from captures.encoder.frames import TEXT
from captures.encoder.handshake import PROTOCOL
from captures.encoder.websocket import WebSocket
from captures.scenario import Chapter, Expected, Fired, closed

chapter = Chapter("rules/")

CLEAN = closed("client")
CONNECT = b"\x10\x10\x00\x04MQTT\x05\x02\x00\x3c\x00\x00\x03abc"
CONNACK = b"\x20\x03\x00\x00\x00"


def message(name: str, shows: str, content: str | bytes, *fired: Fired) -> None:
    def script(talk: WebSocket) -> None:
        talk.open()
        if isinstance(content, str):
            talk.client.text(content)
        else:
            talk.client.binary(content)
        talk.close(talk.client)

    chapter.connection(name, shows, CLEAN.having(messages=(1, 0)).firing(*fired))(script)


message("binary-sent-as-text", "A text message with a NUL", "id\x0042", Fired("binary-sent-as-text", "client", 0))
message(
    "binary-sent-as-text.controls",
    "A text message of which a quarter is control characters",
    "\x01abc\x02def",
    Fired("binary-sent-as-text", "client", 0),
)
message(
    "binary-sent-as-text.near-miss",
    "Tabs and line breaks, and one ESC in twenty characters",
    "a\tb\r\nc\td\r\n\x1b[0m 1234567890",
)
message(
    "text-sent-as-binary",
    "A JSON object in a binary message",
    b'{"a": [1, 2]}',
    Fired("text-sent-as-binary", "client", 0),
)
message("text-sent-as-binary.near-miss", "A binary message that only begins like JSON", b"{\x00\x01\x02}")


def feed(name: str, shows: str, last: str, *fired: Fired, count: int = 10) -> None:
    def script(talk: WebSocket) -> None:
        talk.open()
        for number in range(count):
            talk.server.text(json.dumps({"number": number}))
        talk.server.text(last)
        talk.close(talk.client)

    chapter.connection(name, shows, CLEAN.having(messages=(0, count + 1)).firing(*fired))(script)


feed(
    "broken-json-message",
    "Ten JSON messages, then half of one",
    '{"number": 1',
    Fired("broken-json-message", "server", 10),
)
feed(
    "broken-json-message.late",
    "Forty JSON messages, then an error text",
    "internal error",
    Fired("broken-json-message", "server", 40),
    count=40,
)
feed("broken-json-message.near-miss", "Nine JSON messages, then a word", "bye", count=9)


def speaking(talk: WebSocket, offered: str, selected: str | None) -> None:
    asked = talk.request.plus(PROTOCOL, offered) if offered else talk.request
    talk.open(asked, talk.switching.plus(PROTOCOL, selected) if selected else None)


MQTT = CLEAN.having(subprotocol="mqtt")


@chapter.connection(
    "mqtt-text-frame",
    "A text message on the subprotocol mqtt",
    MQTT.having(messages=(2, 1)).firing(Fired("mqtt-text-frame", "client", 1)),
)
def mqtt_text(talk: WebSocket) -> None:
    speaking(talk, "mqtt", "mqtt")
    talk.client.binary(CONNECT)
    talk.server.binary(CONNACK)
    talk.client.frame(TEXT, b"hello")
    talk.close(talk.client)


@chapter.connection("mqtt-text-frame.near-miss", "MQTT in binary messages alone", MQTT.having(messages=(1, 1)))
def mqtt_binary(talk: WebSocket) -> None:
    speaking(talk, "mqtt", "mqtt")
    talk.client.binary(CONNECT)
    talk.server.binary(CONNACK)
    talk.close(talk.client)


def mqtt_connect(name: str, shows: str, offered: str, selected: str | None, *fired: Fired) -> None:
    def script(talk: WebSocket) -> None:
        speaking(talk, offered, selected)
        talk.client.binary(CONNECT)
        talk.close(talk.client)

    chapter.connection(name, shows, CLEAN.having(subprotocol=selected, messages=(1, 0)).firing(*fired))(script)


MISSING = "mqtt-subprotocol-missing"
mqtt_connect(MISSING, "MQTT's CONNECT, and mqtt was not offered", "", None, Fired(MISSING, "client", 0))
mqtt_connect(f"{MISSING}.by-server", "mqtt was offered and not selected", "mqtt", None, Fired(MISSING, "server", 0))
mqtt_connect(f"{MISSING}.near-miss", "The older name mqttv3.1 was offered and selected", "mqttv3.1", "mqttv3.1")

GRAPHQL = "graphql-transport-ws"


def graphql(name: str, shows: str, acknowledged: bool, expected: Expected) -> None:
    def script(talk: WebSocket) -> None:
        speaking(talk, GRAPHQL, GRAPHQL)
        talk.client.text('{"type":"connection_init"}')
        if acknowledged:
            talk.server.text('{"type":"connection_ack"}')
        talk.client.text('{"id":"1","type":"subscribe","payload":{"query":"{a}"}}')
        talk.close(talk.server, 4401 if not acknowledged else 1000)

    chapter.connection(name, shows, expected.having(subprotocol=GRAPHQL))(script)


EARLY = "graphql-subscribe-before-ack"
graphql(EARLY, "A subscribe before connection_ack", False, closed("server", 4401).firing(Fired(EARLY, "client", 1)))
graphql(f"{EARLY}.near-miss", "A subscribe after connection_ack", True, closed("server", 1000))


def channel(name: str, shows: str, subprotocol: str, first: int, *fired: Fired) -> None:
    def script(talk: WebSocket) -> None:
        speaking(talk, subprotocol, subprotocol)
        talk.server.binary(b"\x01$ ")
        talk.client.binary(bytes([first]) + b"ls\n")
        talk.close(talk.client)

    chapter.connection(name, shows, CLEAN.having(subprotocol=subprotocol, messages=(1, 1)).firing(*fired))(script)


CHANNEL = "k8s-unknown-channel"
channel(CHANNEL, "Channel 255 with v4", "v4.channel.k8s.io", 255, Fired(CHANNEL, "client", 0))
channel(f"{CHANNEL}.near-miss", "Channel 255, which closes a stream, with v5", "v5.channel.k8s.io", 255)
