"""Who appears in the tour: sites, clients, and the heads that their software writes."""

import json
from collections.abc import Callable
from dataclasses import dataclass

from captures.encoder.conversation import Peer, Trace
from captures.encoder.handshake import EXTENSIONS, KEY, PROTOCOL, VERSION, Head, request, switching
from captures.encoder.packets import Host
from captures.encoder.websocket import WebSocket
from captures.scenario import Expected


@dataclass(frozen=True)
class Site:
    """A WebSocket server as its clients know it."""

    host: str
    server: Host
    software: str
    """The Server field; empty: it sends none."""
    rtt: float

    @property
    def authority(self) -> str:
        return self.host if self.server.port == 80 else f"{self.host}:{self.server.port}"

    def url(self, target: str) -> str:
        return f"ws://{self.authority}{target}"


CHAT = Site("chat.example.com", Host("198.51.100.20", 80, ttl=52), "", 0.018)
QUOTES = Site("stream.example.com", Host("198.51.100.31", 80, ttl=52), "Python/3.12 websockets/15.0.1", 0.009)
GRAPHQL = Site("api.example.com", Host("198.51.100.42", 80, ttl=51), "nginx/1.26.2", 0.031)
LIVE = Site("live.example.com", Host("203.0.113.40", 80, ttl=55), "nginx/1.26.2", 0.024)
BALANCED = Site("push.example.com", Host("203.0.113.80", 80, ttl=240), "awselb/2.0", 0.042)
DEVICES = Site("iot.example.com", Host("203.0.113.50", 9001, ttl=49), "", 0.067)
REPORTS = Site("reports.example.com", Host("198.51.100.77", 8080, ttl=52), "Python/3.12 aiohttp/3.11.11", 0.012)
SIX = Site("v6.example.com", Host("2001:db8:80::20", 80, ttl=57), "", 0.015)

Agent = Callable[[str, str, str], Head]
"""From target, key and Host to a request."""

CHROME = "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/133.0.0.0 Safari/537.36"
FIREFOX = "Mozilla/5.0 (Macintosh; Intel Mac OS X 10.15; rv:135.0) Gecko/20100101 Firefox/135.0"


def _get(target: str, *fields: tuple[str, str]) -> Head:
    return Head(f"GET {target} HTTP/1.1", fields)


def chrome(target: str, key: str, authority: str) -> Head:
    return _get(
        target,
        ("Host", authority),
        ("Connection", "Upgrade"),
        ("Pragma", "no-cache"),
        ("Cache-Control", "no-cache"),
        ("User-Agent", CHROME),
        ("Upgrade", "websocket"),
        ("Origin", "https://www.example.com"),
        (VERSION, "13"),
        ("Accept-Encoding", "gzip, deflate, br, zstd"),
        ("Accept-Language", "en-GB,en;q=0.9"),
        (KEY, key),
        (EXTENSIONS, "permessage-deflate; client_max_window_bits"),
    )


def firefox(target: str, key: str, authority: str) -> Head:
    return _get(
        target,
        ("Host", authority),
        ("User-Agent", FIREFOX),
        ("Accept", "*/*"),
        ("Accept-Language", "de,en-US;q=0.7,en;q=0.3"),
        (VERSION, "13"),
        ("Origin", "https://www.example.com"),
        (EXTENSIONS, "permessage-deflate"),
        (KEY, key),
        ("Connection", "keep-alive, Upgrade"),
        ("Pragma", "no-cache"),
        ("Cache-Control", "no-cache"),
        ("Upgrade", "websocket"),
    )


def websockets(target: str, key: str, authority: str) -> Head:
    return (
        request(target, key=key, host=authority)
        .plus(EXTENSIONS, "permessage-deflate; client_max_window_bits")
        .plus("User-Agent", "Python/3.12 websockets/15.0.1")
    )


def aiohttp(target: str, key: str, authority: str) -> Head:
    return _get(
        target,
        ("Host", authority),
        ("Upgrade", "websocket"),
        ("Connection", "Upgrade"),
        (VERSION, "13"),
        (KEY, key),
        ("Accept", "*/*"),
        ("Accept-Encoding", "gzip, deflate"),
        ("User-Agent", "Python/3.12 aiohttp/3.11.11"),
    )


def ws(target: str, key: str, authority: str) -> Head:
    return _get(
        target,
        (VERSION, "13"),
        (KEY, key),
        ("Connection", "Upgrade"),
        ("Upgrade", "websocket"),
        (EXTENSIONS, "permessage-deflate; client_max_window_bits"),
        ("Host", authority),
    )


def device(target: str, key: str, authority: str) -> Head:
    """The embedded client that a manufacturer wrote himself; most broken frames of the tour are its doing."""
    return request(target, key=key, host=authority).plus("User-Agent", "exampletherm/0.9")


def compact(**fields: object) -> str:
    """A JSON object as programs write it."""
    return json.dumps(fields, separators=(",", ":"), ensure_ascii=False)


class Visit(WebSocket):
    """A connection of the tour: a site, a client with its software, and the time since the capture's start."""

    def __init__(self, trace: Trace, at: float, client: Host, site: Site, target: str, agent: Agent) -> None:
        super().__init__(trace, client=client, server=site.server, at=at, rtt=site.rtt, target=target)
        self.site = site
        self.request = agent(target, self.key, site.authority)
        self.switching = self.signed(switching(self.key))

    def turn(self, sender: Peer) -> int:
        """Both ends are some way from the capture point, and no two answers take equally long."""
        half = self.rtt_ns * (0.2 if sender is self.client else 0.8)
        return round(half * self.trace.random.uniform(0.85, 1.6))

    def agree(self, extension: str) -> None:
        """Open with permessage-deflate as the server answers it to the agent's offer."""
        self.open(None, self.switching.plus(EXTENSIONS, extension))

    def select(self, subprotocol: str, *, offered: str = "") -> None:
        """Open with a subprotocol."""
        self.open(self.request.plus(PROTOCOL, offered or subprotocol), self.switching.plus(PROTOCOL, subprotocol))

    def signed(self, head: Head) -> Head:
        """The head with the Server field of the site's software."""
        return head.plus("Server", self.site.software) if self.site.software else head


@dataclass(frozen=True)
class Story:
    """One connection of the tour and what has to be said about it."""

    at: float
    client: Host
    site: Site
    target: str
    agent: Agent
    expected: Expected
    tell: Callable[[Visit], None]


class Stories:
    """The connections of one module."""

    def __init__(self) -> None:
        self.stories: list[Story] = []

    def story(
        self, at: float, client: Host, site: Site, target: str, agent: Agent, expected: Expected
    ) -> Callable[[Callable[[Visit], None]], Callable[[Visit], None]]:
        """Register the script below; `at` is when its SYN passes, in seconds."""

        def register(tell: Callable[[Visit], None]) -> Callable[[Visit], None]:
            outcome = expected.having(url=site.url(target), shows=tell.__doc__ or "")
            self.stories.append(Story(at, client, site, target, agent, outcome, tell))
            return tell

        return register
