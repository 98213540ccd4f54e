"""Whether the first bytes of a direction are HTTP/2 (RFC 9113 §3.4); cheap, for it is asked of every connection."""

from typing import Final

PREFACE: Final = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"
"""What a client says first."""


def like_http2(start: bytes, opening_seen: bool) -> bool | None:
    """Whether it begins with the preface of a client, or the SETTINGS of a server; None while it is too short to tell.

    Without the opening, the captured bytes may begin in the middle: then with any frames that follow each other.
    """
    if start[:1] == b"P":
        if len(start) < len(PREFACE):
            return None if PREFACE.startswith(start) else False
        return start.startswith(PREFACE)
    if start[:1] != b"\x00":
        return False
    if opening_seen:
        return len(start) >= 9 and _is_settings(start)
    from wsinspect.http2.resync import chain_of_frames  # asked of few connections

    return chain_of_frames(start, 0) > 1


def _is_settings(start: bytes) -> bool:
    length = int.from_bytes(start[:3], "big")
    return start[3:5] == b"\x04\x00" and start[5:9] == bytes(4) and length % 6 == 0 and length <= 600
