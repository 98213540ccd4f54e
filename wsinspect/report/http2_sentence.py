"""What HTTP/2 adds to the close story of a WebSocket."""

from wsinspect.connection import Connection
from wsinspect.http2.codes import error_name


def go_away_sentence(connection: Connection) -> str:
    """` The server had sent GOAWAY (…).` for the first GOAWAY of each side; empty if there was none, or no HTTP/2."""
    if connection.http2 is None:
        return ""
    text, said = "", set()
    for one in connection.http2.go_aways():
        if one.direction in said:
            continue
        said.add(one.direction)
        debug = one.debug_data.decode("utf-8", "replace")
        quoted = f', "{debug}"' if debug else ""
        by = connection.side_of(one.direction).capitalize()
        text += f" {by} sent GOAWAY ({error_name(one.code)}, last stream {one.last_stream_id}{quoted})."
    return text
