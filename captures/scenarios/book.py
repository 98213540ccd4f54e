"""All scenarios, in the order of the table in README.md."""

from typing import Final

from captures.scenario import Scenario
from captures.scenarios.rules import deflate, framing, messages, request, response
from captures.scenarios.situations import closing, files, handshakes, links, losses, tcp
from captures.scenarios.situations import messages as shapes

CHAPTERS: Final = {
    "One rule broken, or nearly: the request": request.chapter,
    "One rule broken, or nearly: the response": response.chapter,
    "One rule broken, or nearly: frames, masks, fragments": framing.chapter,
    "One rule broken, or nearly: Ping and Pong, text, closing": messages.chapter,
    "One rule broken, or nearly: permessage-deflate": deflate.chapter,
    "How connections end": closing.chapter,
    "Opening handshakes": handshakes.chapter,
    "Messages": shapes.chapter,
    "TCP": tcp.chapter,
    "What the capture missed": losses.chapter,
    "Link layers and capture points": links.chapter,
    "Files, and other traffic": files.chapter,
}

SCENARIOS: Final[tuple[Scenario, ...]] = tuple(
    scenario for chapter in CHAPTERS.values() for scenario in chapter.scenarios
)
