"""All scenarios, in the order of the table in README.md."""

from typing import Final

from captures.scenario import Scenario
from captures.scenarios import hostile
from captures.scenarios.rules import closing as closing_rules
from captures.scenarios.rules import (
    compression,
    content,
    deflate,
    etiquette,
    fragmentation,
    framing,
    habits,
    http2,
    keys,
    masking,
    messages,
    pongs,
    reactions,
    request,
    response,
    teardown,
    unfinished,
)
from captures.scenarios.situations import (
    browsers,
    closing,
    files,
    handshakes,
    links,
    losses,
    over_http2,
    tcp,
    tls,
    told,
)
from captures.scenarios.situations import messages as shapes
from captures.scenarios.tour import capture as tour

CHAPTERS: Final = {
    "The tour": tour.chapter,
    "Hostile content": hostile.chapter,
    "One rule broken, or nearly: the request": request.chapter,
    "One rule broken, or nearly: the response": response.chapter,
    "One rule broken, or nearly: frame headers": framing.chapter,
    "One rule broken, or nearly: masking": masking.chapter,
    "One rule broken, or nearly: fragments and control frames": fragmentation.chapter,
    "One rule broken, or nearly: Ping and Pong, text": messages.chapter,
    "One rule broken, or nearly: the closing handshake": closing_rules.chapter,
    "One rule broken, or nearly: permessage-deflate": deflate.chapter,
    "Beyond the MUSTs: handshakes, and several connections": habits.chapter,
    "Beyond the MUSTs: masking keys": keys.chapter,
    "Beyond the MUSTs: begun and not ended": unfinished.chapter,
    "Beyond the MUSTs: Ping and Pong": pongs.chapter,
    "Beyond the MUSTs: the closing handshake": etiquette.chapter,
    "Beyond the MUSTs: the end of TCP": teardown.chapter,
    "Beyond the MUSTs: compressed messages": compression.chapter,
    "Beyond the MUSTs: reactions": reactions.chapter,
    "Beyond the MUSTs: content and subprotocols": content.chapter,
    "WebSocket over HTTP/2": http2.chapter,
    "WebSocket over HTTP/2: situations": over_http2.chapter,
    "How connections end": closing.chapter,
    "How connections end in browsers": browsers.chapter,
    "What programs are told": told.chapter,
    "Opening handshakes": handshakes.chapter,
    "Messages": shapes.chapter,
    "TCP": tcp.chapter,
    "What the capture missed": losses.chapter,
    "Link layers and capture points": links.chapter,
    "TLS": tls.chapter,
    "Files, and other traffic": files.chapter,
}

SCENARIOS: Final[tuple[Scenario, ...]] = tuple(
    scenario for chapter in CHAPTERS.values() for scenario in chapter.scenarios
)
