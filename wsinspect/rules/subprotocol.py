"""Rules of subprotocols: examples of what can be known once it is known what is spoken. Each is for one of them."""

from wsinspect.rules.rule import By, Finding, Need, Rule, Severity, rule
from wsinspect.rules.wording import frame_title
from wsinspect.websocket.frames import FrameHeader, Opcode
from wsinspect.websocket.half import Half
from wsinspect.websocket.sample import EarlySubscribe, MqttConnect, UnknownChannel
from wsinspect.websocket.side import Side


@rule(
    "mqtt-text-frame",
    Severity.ERROR,
    "MQTT 5.0 §6 [MQTT-6.0.0-1]",
    tier=3,
    needs={Need.HANDSHAKE},
    means="MQTT travels in binary messages only. Who receives anything else must close the connection.",
    look_at="A client that speaks something else on a broker's port, and libraries that send strings as text.",
)
def mqtt_text_frame(frame: FrameHeader, half: Half) -> Finding | None:
    if frame.opcode != Opcode.TEXT or not half.subprotocol.is_mqtt:
        return None
    return Finding(f"{frame_title(frame)} on the subprotocol {half.subprotocol.name}, which is binary")


@rule(
    "mqtt-subprotocol-missing",
    Severity.ERROR,
    "MQTT 5.0 §6 [MQTT-6.0.0-3], [MQTT-6.0.0-4]",
    tier=3,
    needs={Need.HANDSHAKE, Need.GAP_FREE},
    means="What is spoken is MQTT, and the handshake does not say so: the client has to offer `mqtt` and the server to "
    "select it. Strict brokers and browsers end such a connection.",
    look_at="The client's options (subprotocol `mqtt`), and proxies that remove Sec-WebSocket-Protocol.",
)
def mqtt_subprotocol_missing(connect: MqttConnect, half: Half) -> Finding | None:
    if connect.selected:
        return None
    if connect.offered:
        return Finding(
            "the client's first message is MQTT's CONNECT; mqtt was offered and not selected", by=Side.SERVER
        )
    return Finding("the client's first message is MQTT's CONNECT; mqtt was not offered", by=Side.CLIENT)


@rule(
    "graphql-subscribe-before-ack",
    Severity.WARNING,
    "graphql-ws PROTOCOL.md",
    by=By.CLIENT,
    tier=3,
    needs={Need.HANDSHAKE, Need.BOTH_SYNCED},
    means="On graphql-transport-ws a client waits for `connection_ack` before it subscribes. Servers close with 4401 "
    "otherwise.",
    look_at="The client's code between opening and the first subscription.",
    aka=("4401 Unauthorized", "4401"),
)
def graphql_subscribe_before_ack(early: EarlySubscribe, half: Half) -> Finding | None:
    return Finding("subscribe before the server's connection_ack; servers answer that with 4401")


@rule(
    "k8s-unknown-channel",
    Severity.NOTE,
    "Kubernetes `v4.channel.k8s.io`, `v5.channel.k8s.io`",
    tier=3,
    needs={Need.HANDSHAKE},
    means="On Kubernetes' remote commands the first byte of a message is its channel: 0 to 4, and 255 with v5. This "
    "one is none of them.",
    look_at="A client of an older version (base64), or one that forgets the channel byte.",
)
def k8s_unknown_channel(unknown: UnknownChannel, half: Half) -> Finding | None:
    also = ", 255" if unknown.subprotocol.startswith("v5") else ""
    return Finding(f"first byte {unknown.channel} on {unknown.subprotocol}; channels are 0 to 4{also}")


FRAME_RULES: tuple[Rule[...], ...] = (mqtt_text_frame,)
"""Asked about every frame's header."""
RULES: tuple[Rule[...], ...] = (
    *FRAME_RULES,
    mqtt_subprotocol_missing,
    graphql_subscribe_before_ack,
    k8s_unknown_channel,
)
