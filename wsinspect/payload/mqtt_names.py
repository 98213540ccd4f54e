"""Names and shapes that MQTT numbers stand for (MQTT 5.0 §2.1.2, §2.2.2.2, §2.4; MQTT 3.1.1 §3.2.2.3)."""

from typing import Final

PACKETS: Final = (
    "AUTH", "CONNECT", "CONNACK", "PUBLISH", "PUBACK", "PUBREC", "PUBREL", "PUBCOMP", "SUBSCRIBE", "SUBACK",
    "UNSUBSCRIBE", "UNSUBACK", "PINGREQ", "PINGRESP", "DISCONNECT", "AUTH",
)  # fmt: skip
"""By the upper four bits of the first byte; 0 is reserved and never asked for."""

PROTOCOLS: Final = {3: "3.1", 4: "3.1.1", 5: "5.0"}
"""The byte in CONNECT and the version that it means."""

CONNACK_3: Final = (
    "accepted", "unacceptable protocol version", "identifier rejected", "server unavailable",
    "bad user name or password", "not authorized",
)  # fmt: skip
"""Return codes of CONNACK before MQTT 5."""

REASONS: Final = {
    0x00: "success", 0x01: "granted QoS 1", 0x02: "granted QoS 2", 0x04: "disconnect with will message",
    0x10: "no matching subscribers", 0x11: "no subscription existed", 0x18: "continue authentication",
    0x19: "re-authenticate", 0x80: "unspecified error", 0x81: "malformed packet", 0x82: "protocol error",
    0x83: "implementation specific error", 0x84: "unsupported protocol version", 0x85: "client identifier not valid",
    0x86: "bad user name or password", 0x87: "not authorized", 0x88: "server unavailable", 0x89: "server busy",
    0x8A: "banned", 0x8B: "server shutting down", 0x8C: "bad authentication method", 0x8D: "keep alive timeout",
    0x8E: "session taken over", 0x8F: "topic filter invalid", 0x90: "topic name invalid",
    0x91: "packet identifier in use", 0x92: "packet identifier not found", 0x93: "receive maximum exceeded",
    0x94: "topic alias invalid", 0x95: "packet too large", 0x96: "message rate too high", 0x97: "quota exceeded",
    0x98: "administrative action", 0x99: "payload format invalid", 0x9A: "retain not supported",
    0x9B: "QoS not supported", 0x9C: "use another server", 0x9D: "server moved",
    0x9E: "shared subscriptions not supported", 0x9F: "connection rate exceeded", 0xA0: "maximum connect time",
    0xA1: "subscription identifiers not supported", 0xA2: "wildcard subscriptions not supported",
}  # fmt: skip
"""Reason codes of MQTT 5."""

PROPERTIES: Final = {
    0x01: ("payload format", "1"), 0x02: ("message expiry", "4"), 0x03: ("content type", "s"),
    0x08: ("response topic", "s"), 0x09: ("correlation data", "b"), 0x0B: ("subscription identifier", "v"),
    0x11: ("session expiry", "4"), 0x12: ("assigned client id", "s"), 0x13: ("server keep alive", "2"),
    0x15: ("authentication method", "s"), 0x16: ("authentication data", "b"),
    0x17: ("request problem information", "1"),
    0x18: ("will delay", "4"), 0x19: ("request response information", "1"), 0x1A: ("response information", "s"),
    0x1C: ("server reference", "s"), 0x1F: ("reason", "s"), 0x21: ("receive maximum", "2"),
    0x22: ("topic alias maximum", "2"), 0x23: ("topic alias", "2"), 0x24: ("maximum QoS", "1"),
    0x25: ("retain available", "1"), 0x26: ("user property", "p"), 0x27: ("maximum packet size", "4"),
    0x28: ("wildcard subscriptions available", "1"), 0x29: ("subscription identifiers available", "1"),
    0x2A: ("shared subscriptions available", "1"),
}  # fmt: skip
"""Properties of MQTT 5, name and type: a number of so many bytes, `v` a varint, `s` a string, `b` bytes, `p` pair."""
