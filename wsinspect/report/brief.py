"""A connection in a few words, for lists and filters: what its program was told, where it went, how old it is."""

from wsinspect.report import model
from wsinspect.websocket.closecodes import REGISTRIES, describe


def told(report: model.Connection) -> model.CloseEvent | None:
    """What the client's program was told, or else the server's; None if nothing, or if there never was a WebSocket."""
    event = report.close.event
    if event is None or report.state == "failed":
        return None
    return event.client or event.server


def close_name(code: int, close: model.Close) -> str:
    """What `code` is called; a codebook's name has the codebook behind it."""
    name, registry = name_and_registry(code, close)
    return f"{name} ({registry})" if registry not in REGISTRIES else name


def name_and_registry(code: int, close: model.Close) -> tuple[str, str]:
    """What `code` is called, and by whom; the name on the Close frame that brought it goes first."""
    for frame in (close.server_frame, close.client_frame):
        if frame is not None and frame.code == code and frame.name:
            return frame.name, frame.registry or ""
    known = describe(code)
    return known.name, known.registry


def split_url(url: str | None) -> tuple[str, str, str]:
    """Scheme, host with port, path with query; empty without a URL."""
    scheme, _, rest = (url or "").partition("://")
    host, slash, path = rest.partition("/")
    return scheme, host, slash + path


def without_port(host: str) -> str:
    """`api.example.com:8080` is `api.example.com`."""
    name, colon, port = host.rpartition(":")
    return name if colon and port.isdigit() else host


def age(report: model.Connection, now: float | None) -> float:
    """Seconds from the first packet to the end, or, while open, to `now`, the capture's latest packet."""
    return max(0.0, (report.ended or now or report.started) - report.started)
