"""A look at what a side sends: its masking keys, its first messages, and what a subprotocol's rules want to know.

In: masking keys and whole messages, as long as anybody wants them: the first ones of each side, all of them only for a
few subprotocols. Out: facts for the rules. So healthy traffic costs nothing once its beginning has been looked at.
"""

import json
import re
from typing import Any, Final, NamedTuple

from wsinspect.websocket.frames import Opcode, unmask
from wsinspect.websocket.handshake import Handshake
from wsinspect.websocket.side import Side

MESSAGES: Final = 16
"""First messages of each direction whose content is looked at."""
MAX_CONTENT: Final = 64 * 1024
"""Bytes of a message that is looked at; longer ones are not."""
JSON_HABIT: Final = 10
"""JSON messages after which a direction is expected to go on with JSON."""

_TEXT: Final = int(Opcode.TEXT)
_BINARY: Final = int(Opcode.BINARY)
_CONTROL: Final = re.compile(rb"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]")
_TOO_MANY_CONTROLS: Final = 0.1
_JSON_ENDS: Final = {ord("{"): ord("}"), ord("["): ord("]")}
_SPACE: Final = b" \t\r\n"
_KUBERNETES: Final = {"v4.channel.k8s.io": frozenset(range(5)), "v5.channel.k8s.io": frozenset((*range(5), 255))}
_MQTT_CONNECT: Final = 0x10
_MQTT_NAMES: Final = (b"\x00\x04MQTT", b"\x00\x06MQIsdp")
_GRAPHQL: Final = "graphql-transport-ws"


class MaskingKeys(NamedTuple):
    """The masking keys of consecutive frames; told each time that a number is reached which a rule asks for."""

    keys: tuple[bytes, ...]
    times: tuple[int, ...]
    """Of the packets, in nanoseconds since 1970."""
    frame: int
    """The last of these frames."""


class ControlCharacters(NamedTuple):
    """A text message with bytes that no text has."""

    nuls: int
    controls: int
    length: int
    frame: int


class JsonInBinary(NamedTuple):
    """A binary message that is JSON."""

    kind: str
    length: int
    frame: int


class BrokenJson(NamedTuple):
    """A message that is no JSON, behind so many that were."""

    earlier: int
    error: str
    frame: int


class MqttConnect(NamedTuple):
    """The client's first message is MQTT's CONNECT."""

    offered: bool
    selected: bool
    frame: int


class EarlySubscribe(NamedTuple):
    """`subscribe` of graphql-transport-ws before the server's `connection_ack`."""

    frame: int


class UnknownChannel(NamedTuple):
    """A message of Kubernetes' remote commands for a channel that does not exist."""

    channel: int
    subprotocol: str
    frame: int


SampleFact = MaskingKeys | ControlCharacters | JsonInBinary | BrokenJson | MqttConnect | EarlySubscribe | UnknownChannel


class Subprotocol:
    """What both sides of a connection have to know of each other for the rules of its subprotocol."""

    __slots__ = ("acknowledged", "channels", "graphql", "known", "name", "offers_mqtt")

    def __init__(self, handshake: Handshake) -> None:
        self.name = handshake.subprotocol or ""
        self.graphql = self.name == _GRAPHQL
        self.channels = _KUBERNETES.get(self.name)
        self.known = handshake.request is not None and handshake.response is not None
        """Whether both heads were captured."""
        self.offers_mqtt = any(_is_mqtt(name) for name in handshake.offered_subprotocols)
        self.acknowledged = False
        """Whether the server's `connection_ack` has passed."""

    @property
    def is_mqtt(self) -> bool:
        """Whether MQTT was agreed on."""
        return _is_mqtt(self.name)


class Sample:
    """What one side sends."""

    __slots__ = (
        "_key_counts", "_key_times", "_keys", "_keys_wanted", "_left", "_messages", "_side",
        "_subprotocol", "facts", "json_messages", "wants_keys", "wants_messages",
    )  # fmt: skip

    def __init__(self, side: Side, subprotocol: Subprotocol, key_counts: tuple[int, ...]) -> None:
        """`key_counts`: numbers of masking keys at which a rule wants to see them."""
        self.facts: list[SampleFact] = []
        self.wants_keys = side is Side.CLIENT
        self.wants_messages = True
        self.json_messages = 0
        """How many of the first messages were JSON."""
        self._side = side
        self._subprotocol = subprotocol
        self._key_counts = key_counts
        self._keys_wanted = max(key_counts)
        self._keys: list[bytes] = []
        self._key_times: list[int] = []
        self._messages = 0
        self._left = MESSAGES

    @property
    def expects_json(self) -> bool:
        """Whether a message that is not JSON is news."""
        return self.json_messages >= JSON_HABIT

    def key(self, key: bytes, frame: int, time_ns: int) -> None:
        """The masking key of the next frame."""
        keys = self._keys
        keys.append(key)
        self._key_times.append(time_ns)
        count = len(keys)
        if count in self._key_counts:
            self.facts.append(MaskingKeys(tuple(keys), tuple(self._key_times), frame))
        if count >= self._keys_wanted:
            self.wants_keys = False
            keys.clear()
            self._key_times.clear()

    def lose_keys(self) -> None:
        """Frames may have been missed: the keys so far are not followed by the next."""
        self._keys.clear()
        self._key_times.clear()

    def plain(self, opcode: int, key: bytes, payload: bytes, frame: int, time_ns: int) -> None:
        """A whole message in one frame, still masked with `key` unless that is empty."""
        if key and self.wants_keys:
            self.key(key, frame, time_ns)
        if (self.wants_messages or self.expects_json) and len(payload) <= MAX_CONTENT:
            self.message(opcode, unmask(payload, key) if key and payload else payload, frame)

    def message(self, opcode: int, data: bytes, frame: int) -> None:
        """A whole message, inflated."""
        self._messages += 1
        if self._left > 0:
            self._left -= 1
            if opcode == _TEXT:
                self._look_at_text(data, frame)
            else:
                self._look_at_binary(data, frame)
            known = self._messages == 1 and self._subprotocol.known
            if known and self._side is Side.CLIENT and opcode == _BINARY and _is_mqtt_connect(data):
                subprotocol = self._subprotocol
                self.facts.append(MqttConnect(subprotocol.offers_mqtt, subprotocol.is_mqtt, frame))
        elif opcode == _TEXT and self.expects_json and not has_json_ends(data):
            self._look_at_json(data, frame)
        self._look_at_subprotocol(opcode, data, frame)
        self.wants_messages = self._left > 0 or self._follows_subprotocol

    @property
    def _follows_subprotocol(self) -> bool:
        subprotocol = self._subprotocol
        return subprotocol.channels is not None or (subprotocol.graphql and not subprotocol.acknowledged)

    def _look_at_text(self, data: bytes, frame: int) -> None:
        if _CONTROL.search(data):
            controls, nuls = len(_CONTROL.findall(data)), data.count(0)
            if nuls or controls > _TOO_MANY_CONTROLS * len(data):
                self.facts.append(ControlCharacters(nuls, controls, len(data), frame))
        self._look_at_json(data, frame)

    def _look_at_json(self, data: bytes, frame: int) -> None:
        if not self.expects_json:  # a habit shows in how messages begin and end
            self.json_messages += has_json_ends(data)
            return
        error = _json_error(data)
        if error:
            self.facts.append(BrokenJson(self.json_messages, error, frame))
        else:
            self.json_messages += 1

    def _look_at_binary(self, data: bytes, frame: int) -> None:
        if has_json_ends(data) and not _json_error(data):
            kind = "object" if data.lstrip(_SPACE).startswith(b"{") else "array"
            self.facts.append(JsonInBinary(kind, len(data), frame))

    def _look_at_subprotocol(self, opcode: int, data: bytes, frame: int) -> None:
        subprotocol = self._subprotocol
        if subprotocol.channels is not None:
            if opcode == _BINARY and data and data[0] not in subprotocol.channels:
                self.facts.append(UnknownChannel(data[0], subprotocol.name, frame))
        elif subprotocol.graphql and not subprotocol.acknowledged and opcode == _TEXT:
            kind = _type_of(data)
            if self._side is Side.SERVER:
                subprotocol.acknowledged = kind == "connection_ack"
            elif kind == "subscribe":
                self.facts.append(EarlySubscribe(frame))


def has_json_ends(data: bytes) -> bool:
    """Whether the first and the last byte are those of a JSON object or array."""
    if len(data) < 2:
        return False
    end = _JSON_ENDS.get(data[0])
    if end is not None and data[-1] == end:
        return True
    stripped = data.strip(_SPACE)
    return len(stripped) >= 2 and _JSON_ENDS.get(stripped[0]) == stripped[-1]


def _json_error(data: bytes) -> str:
    """Why `data` is no JSON object or array; empty if it is one."""
    if not data.lstrip(_SPACE).startswith((b"{", b"[")):
        return "it does not begin as an object or array does"
    try:
        json.loads(data)
    except (json.JSONDecodeError, UnicodeDecodeError) as error:
        return str(error)
    except (RecursionError, ValueError):
        return ""  # so deep, or a number of so many digits, that Python declines to say
    return ""


def _type_of(data: bytes) -> str:
    """The `type` of a message of graphql-transport-ws."""
    try:
        message: Any = json.loads(data)
    except (ValueError, RecursionError):
        return ""
    return str(message.get("type", "")) if isinstance(message, dict) else ""


def _is_mqtt(name: str) -> bool:
    """`mqtt`, and the `mqttv3.1` of before its standard."""
    return name == "mqtt" or name.startswith("mqttv3")


def _is_mqtt_connect(data: bytes) -> bool:
    """MQTT 5.0 §3.1: packet type 1, a length of one to four bytes, the protocol's name."""
    if len(data) < 2 or data[0] != _MQTT_CONNECT:
        return False
    position = 1
    while position < min(5, len(data)) and data[position] & 0x80:
        position += 1
    return data[position + 1 :].startswith(_MQTT_NAMES)
