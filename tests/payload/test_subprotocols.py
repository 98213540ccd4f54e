"""Subprotocols: what is recognised and why, its line, its rows. Bytes are of the specifications' examples."""

import json

import msgpack
import pytest

from wsinspect.payload.choose import choices, rows, summary
from wsinspect.payload.viewer import Context

MQTT = Context("mqtt")
MQTT5_CONNECT = bytes.fromhex("1012 0004 4d515454 05 02 003c 05 11 0000000a 0000".replace(" ", ""))
EIO = Context(url="ws://h/socket.io/?EIO=4&transport=websocket", is_text=True)
SOCKJS = Context(url="ws://h/echo/123/abcdef/websocket", is_text=True)
GRAPHQL = Context("graphql-transport-ws", is_text=True)
K8S = Context("v5.channel.k8s.io", "ws://h/api/v1/namespaces/n/pods/p/exec?command=sh")
OCPP = Context("ocpp1.6", is_text=True)
STOMP = Context("v12.stomp", is_text=True)
SIGNALR = Context(first_sent=b'{"protocol":"messagepack","version":1}\x1e')
TEXT = Context(is_text=True)

LINES = [
    # MQTT 3.1.1 and 5.0
    (bytes.fromhex("101000044d5154540402003c0004") + b"dev1", MQTT, "MQTT", "CONNECT dev1"),
    (bytes.fromhex("20020005"), MQTT, "MQTT", "CONNACK 5 not authorized"),
    (b"\x20\x03\x00\x87\x00", MQTT._replace(first_sent=MQTT5_CONNECT), "MQTT", "CONNACK 135 not authorized"),
    (b"\x33\x0a\x00\x03a/b\x00\x0ahi!", MQTT, "MQTT", "PUBLISH a/b QoS=1 id=10 hi!"),
    (b"\x30\x0b\x00\x03a/b\x02\x01\x01hi!", MQTT._replace(first_sent=MQTT5_CONNECT), "MQTT", "PUBLISH a/b QoS=0 hi!"),
    (b"\x82\x0e\x00\x0a\x00\x03a/b\x01\x00\x03c/d\x02", MQTT, "MQTT",
     "SUBSCRIBE id=10 a/b  (QoS 1) c/d  (QoS 2)"),
    (b"\x90\x04\x00\x0a\x01\x80", MQTT, "MQTT", "SUBACK id=10 1 granted QoS 1 128 unspecified error"),
    (b"\xc0\x00\xd0\x00", MQTT, "MQTT", "PINGREQ · PINGRESP"),
    (b"\xe0\x02\x8e\x00", MQTT, "MQTT", "DISCONNECT 142 session taken over"),
    # GraphQL
    (b'{"id":"1","type":"subscribe","payload":{"query":"query Q {\\n  a\\n}","variables":{"x":1}}}', GRAPHQL, "GraphQL",
     "subscribe id=1 query Q { a }"),
    (b'{"type":"next","id":"1","payload":{"data": {"a": 1}}}', GRAPHQL, "GraphQL",
     'next id=1 {"data": {"a": 1}}'),
    (b'{"type":"connection_ack"}', GRAPHQL, "GraphQL", "connection_ack"),
    # Engine.IO and Socket.IO
    (b'0{"sid":"abc","pingInterval":25000}', EIO, "Socket.IO", 'open {"sid":"abc","pingInterval":25000}'),
    (b"2", EIO, "Socket.IO", "ping"),
    (b"3probe", EIO, "Socket.IO", "pong probe"),
    (b'42["chat","hello",{"a":1}]', EIO, "Socket.IO", 'event chat ["hello", {"a":1}]'),
    (b'42/admin,13["project:delete",123]', EIO, "Socket.IO", "/admin event id=13 project:delete [123]"),
    (b'451-["baz",{"_placeholder":true,"num":0}]', EIO, "Socket.IO",
     'binary event baz [{"_placeholder":true,"num":0}]'),
    (b'44{"message":"Not authorized"}', EIO, "Socket.IO", 'connect error {"message":"Not authorized"}'),
    (b"40/admin,", EIO, "Socket.IO", "/admin connect"),
    (b"\x01\x02\xff", EIO._replace(is_text=False), "Socket.IO", "attachment 01 02 ff"),
    # SignalR
    (b'{"protocol":"json","version":1}\x1e', TEXT, "SignalR", "handshake json 1"),
    (b'{"type":1,"target":"Send","arguments":["hi"]}\x1e{"type":6}\x1e', TEXT, "SignalR",
     'Invocation Send ["hi"] · Ping'),
    (b'{"type":7,"error":"closed","allowReconnect":true}\x1e', TEXT, "SignalR", 'Close error="closed"'),
    (b"\x0b" + msgpack.packb([1, {}, None, "Send", [42]]), SIGNALR, "SignalR",
     'Invocation [{}, null, "Send", [42]]'),
    # STOMP
    (b"SUBSCRIBE\nid:0\ndestination:/queue/foo\nack:client\n\n\0", STOMP, "STOMP", "SUBSCRIBE /queue/foo id=0"),
    (b"\n", STOMP, "STOMP", "heartbeat"),
    (b"MESSAGE\r\nsubscription:0\r\ndestination:/a\\cb\r\n\r\nhello\0", TEXT, "STOMP",
     "MESSAGE /a:b subscription=0 hello"),
    # WAMP
    (b'[32,713845233,{},"com.myapp.mytopic1"]', Context("wamp.2.json", is_text=True), "WAMP",
     "SUBSCRIBE request=713845233 com.myapp.mytopic1"),
    (b'[48,7814135,{},"com.myapp.add2",[23,7]]', Context("wamp.2.json", is_text=True), "WAMP",
     "CALL request=7814135 com.myapp.add2 [23, 7]"),
    (msgpack.packb([3, {"message": "no"}, "wamp.error.no_such_realm"]), Context("wamp.2.msgpack"), "WAMP",
     "ABORT wamp.error.no_such_realm"),
    (b'[35,85346237]\x18[67,2103333224]\x18', Context("wamp.2.json.batched", is_text=True), "WAMP",
     "UNSUBSCRIBED request=85346237 UNREGISTERED request=2103333224"),
    # Kubernetes
    (b"\x01total 4\n", K8S, "Kubernetes", "stdout total 4\n"),
    (b'\x04{"Width":80,"Height":24}', K8S, "Kubernetes", 'resize {"Width":80,"Height":24}'),
    (b"\xff\x00", K8S, "Kubernetes", "close stdin"),
    (b"0bHMK", Context("base64.channel.k8s.io", is_text=True), "Kubernetes", "stdin ls\n"),
    (b"\x00\x50\x1f", Context("v4.channel.k8s.io", "ws://h/pods/p/portforward?ports=80"), "Kubernetes",
     "data of port 1 P\x1f"),
    # OCPP
    (b'[2,"19223201","BootNotification",{"chargePointVendor":"V"}]', OCPP, "OCPP",
     'CALL BootNotification id=19223201 {"chargePointVendor":"V"}'),
    (b'[4,"19223201","NotImplemented","no",{}]', OCPP, "OCPP", 'CALLERROR NotImplemented id=19223201 "no"'),
    # SockJS, and what is in it
    (b"o", SOCKJS, "SockJS", "open"),
    (b"h", SOCKJS, "SockJS", "heartbeat"),
    (b'a["one","two"]', SOCKJS, "SockJS", "2 messages: one"),
    (b'c[3000,"Go away!"]', SOCKJS, "SockJS", 'close 3000 "Go away!"'),
    (b'a["CONNECTED\\nversion:1.1\\n\\n\\u0000"]', SOCKJS, "SockJS", "CONNECTED"),
    (b'["SEND\\ndestination:/app/x\\n\\nhi\\u0000"]', SOCKJS, "SockJS", "SEND /app/x hi"),
]  # fmt: skip


@pytest.mark.parametrize(("data", "context", "name", "line"), LINES)
def test_line(data: bytes, context: Context, name: str, line: str) -> None:
    assert choices(data, context)[0].name == name
    assert summary(data, context) == line


@pytest.mark.parametrize(("data", "context", "name", "line"), LINES)
def test_every_cut_of_it_is_told(data: bytes, context: Context, name: str, line: str) -> None:
    for end in range(len(data)):
        for choice in choices(data[:end], context):
            assert isinstance(list(rows(choice.viewer, data[:end], context)), list)
        summary(data[:end], context)


def told(data: bytes, context: Context) -> list[str]:
    best = choices(data, context)[0]
    return ["  " * row.depth + row.name + row.value for row in rows(best.viewer, data, context)]


def test_mqtt5_connect_in_full() -> None:
    assert told(MQTT5_CONNECT, Context()) == [
        "CONNECT", "  protocol: MQTT 5 (5.0)", "  clean start: yes", "  keep alive: 60 s", "  session expiry: 10",
        "  client id: ",
    ]  # fmt: skip


def test_mqtt_publish_shows_its_payload_as_what_it_is() -> None:
    body = b"\x00\x03a/b" + b'{"t":21}'
    assert told(bytes([0x31, len(body)]) + body, MQTT) == [
        "PUBLISH", "  topic: a/b", "  QoS: 0", "  retain: yes", "  payload: (8 bytes, shown as JSON)", "    {",
        '      "t": 21', "    }",
    ]  # fmt: skip


def test_graphql_query_has_its_lines_back() -> None:
    message = {"id": "1", "type": "subscribe", "payload": {"operationName": "Q", "query": "query Q {\n  a\n}"}}
    assert told(json.dumps(message).encode(), GRAPHQL) == [
        "type: subscribe", "id: 1", "query:", "  query Q {", "    a", "  }", 'operationName: "Q"',
    ]  # fmt: skip


def test_ocpp_in_full() -> None:
    assert told(b'[2,"7","Heartbeat",{"a":[]}]', OCPP) == [
        "CALL", '  id: "7"', '  action: "Heartbeat"', "  payload: {", '    "a": []', "  }",
    ]  # fmt: skip


def test_stomp_in_full() -> None:
    frame = b"MESSAGE\ndestination:/q\ncontent-length:8\n\n" + b'{"a":1}\n\0'
    assert told(frame, STOMP) == [
        "MESSAGE", "  destination: /q", "  content-length: 8", "body: (8 bytes, shown as JSON)", "  {", '    "a": 1',
        "  }",
    ]  # fmt: skip
    assert told(frame[:-3], STOMP)[-1].startswith("the NUL that ends a frame is missing")


@pytest.mark.parametrize(
    ("data", "context", "reason"),
    [
        (b"\x30\x7f\x00\x03a/b", MQTT, "PUBLISH of 127 bytes is cut off, 5 are here"),
        (b"\x00\x01", MQTT, "type 0 is reserved"),
        (b'{"type":"subscr', GRAPHQL, "no JSON object"),
        (b'{"id":"1"}', GRAPHQL, "has a type, this one has none"),
        (b"[9,1]", OCPP, "begins with its type, 2 to 6"),
        (b"SEND\ndestination:/q", STOMP, "no blank line"),
        (b'a["one', SOCKJS, "no JSON array"),
        (b"{}", Context("wamp.2.json", is_text=True), "begins with a number"),
        (b"x", Context("base64.channel.k8s.io", is_text=True), "no digit of a channel"),
    ],
)
def test_a_reason_and_then_the_bytes(data: bytes, context: Context, reason: str) -> None:
    first = choices(data, context)[0]
    lines = list(rows(first.viewer, data, context))
    remark = next(place for place, row in enumerate(lines) if row.remark)
    assert reason in lines[remark].value
    rest = "\n".join(row.name + row.value for row in lines[remark + 1 :])
    assert (data.decode("latin-1") if context.is_text else data[:8].hex(" ")) in rest


def test_why() -> None:
    assert choices(b"\xc0\x00", MQTT)[0].explanation == "MQTT, because subprotocol=mqtt"
    assert choices(b"2", EIO)[0].explanation == "Socket.IO, because the URL has EIO=4"
    # An unfinished CONNECT is still recognised by how it begins, without any subprotocol.
    assert choices(MQTT5_CONNECT, Context())[0].explanation == "MQTT, because the bytes begin with MQTT's CONNECT"
