"""How most frame rules are shown: an opening, the offence, and the other side that fails the connection with 1002."""

from collections.abc import Callable

from captures.encoder.websocket import Endpoint, WebSocket
from captures.scenario import Chapter, Fired, Side, failing, other


def broken(
    chapter: Chapter,
    rule: str,
    shows: str,
    by: Side,
    frame: int,
    offence: Callable[[Endpoint], None],
    *,
    variant: str = "",
    reason: str = "",
    extension: str = "",
) -> None:
    """One offending frame (or several) after a greeting; the other side fails the connection with 1002."""
    name = f"{rule}.{variant}" if variant else rule
    expected = failing(other(by), 1002, reason).having(extensions=(extension,) if extension else ())

    def script(talk: WebSocket) -> None:
        if extension:
            talk.negotiate(extension, extension)
        else:
            talk.open()
        sender, receiver = (talk.client, talk.server) if by == "client" else (talk.server, talk.client)
        offence(sender)
        talk.close(receiver, 1002, reason)

    chapter.connection(name, f"{shows}; the {other(by)} fails the connection", expected.firing(Fired(rule, by, frame)))(
        script
    )


def after_hello(offence: Callable[[Endpoint], None]) -> Callable[[Endpoint], None]:
    """The offence as the second frame, index 1."""

    def both(sender: Endpoint) -> None:
        sender.text("hello")
        offence(sender)

    return both
