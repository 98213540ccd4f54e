"""The names of HTTP/2's numbers (RFC 9113 §6, §7; RFC 8441 §3)."""

from typing import Final

DATA: Final = 0
HEADERS: Final = 1
PRIORITY: Final = 2
RST_STREAM: Final = 3
SETTINGS: Final = 4
PUSH_PROMISE: Final = 5
PING: Final = 6
GOAWAY: Final = 7
WINDOW_UPDATE: Final = 8
CONTINUATION: Final = 9

END_STREAM: Final = 0x1
"""Flag of DATA and HEADERS."""
ACK: Final = 0x1
"""Flag of SETTINGS and PING."""
END_HEADERS: Final = 0x4
PADDED: Final = 0x8
PRIORITISED: Final = 0x20
"""Flag of HEADERS: the fields of a PRIORITY frame stand in front."""

INITIAL_WINDOW_SIZE: Final = 0x4
ENABLE_CONNECT_PROTOCOL: Final = 0x8

CANCEL: Final = 0x8

_ERRORS: Final = (
    "NO_ERROR", "PROTOCOL_ERROR", "INTERNAL_ERROR", "FLOW_CONTROL_ERROR", "SETTINGS_TIMEOUT", "STREAM_CLOSED",
    "FRAME_SIZE_ERROR", "REFUSED_STREAM", "CANCEL", "COMPRESSION_ERROR", "CONNECT_ERROR", "ENHANCE_YOUR_CALM",
    "INADEQUATE_SECURITY", "HTTP_1_1_REQUIRED",
)  # fmt: skip


def error_name(code: int) -> str:
    """The name of an error code, as in RST_STREAM and GOAWAY (RFC 9113 §7); its number where it has none."""
    return _ERRORS[code] if code < len(_ERRORS) else f"error {code:#x}"
