"""What must be the same in the slice of a connection."""

import re
from typing import Any

import msgspec

from wsinspect.report import model
from wsinspect.rules.catalogue import BY_ID
from wsinspect.rules.rule import Need


def facts(connection: model.Connection) -> Any:
    """What a slice must not change: everything but numbers of the capture, and what only all connections show."""
    found = msgspec.to_builtins(connection)
    found["violations"] = [it for it in found["violations"] if Need.MANY not in BY_ID[it["rule"]].needs]
    return _without_numbers(found)


def _without_numbers(value: Any) -> Any:
    numbers = {"id", "tcp_stream", "packet", "request_packet", "response_packet", "diagnosis"}
    if isinstance(value, dict):
        return {key: _without_numbers(part) for key, part in value.items() if key not in numbers}
    if isinstance(value, list):
        return [_without_numbers(part) for part in value]
    return re.sub(r"packet \d+|; fits the key of connection \d+", "", value) if isinstance(value, str) else value
