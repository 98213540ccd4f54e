"""`failed-handshake`: no WebSocket came to be, and what was missing or wrong (fingerprints, section 3)."""

from typing import Final

from wsinspect.diagnosis.cause import Confidence, Diagnosis, span
from wsinspect.diagnosis.facts import Facts
from wsinspect.diagnosis.thresholds import HANDSHAKE_TIMEOUT
from wsinspect.tls.facts import TlsFacts
from wsinspect.transport.httphead import RequestHead, ResponseHead

ID = "failed-handshake"

_UPSTREAM: Final = {
    502: "could not talk to its backend",
    503: "had no backend to give",
    504: "timed out on its backend",
}
_LOOK: Final = {
    301: "Connect to the new address; WebSocket clients follow no redirects.",
    302: "Connect to the new address, or log in first; WebSocket clients follow no redirects.",
    307: "Connect to the new address; WebSocket clients follow no redirects.",
    308: "Connect to the new address; WebSocket clients follow no redirects.",
    404: "Check the path, and which program the host's proxy routes it to.",
    426: "A proxy before it may have dropped Upgrade: capture behind the proxy.",
    429: "The client comes too often: let it wait longer between attempts.",
}

_CERTIFICATE: Final = "Look at the certificate (who signed it, until when, for which names) and at what is trusted."
_LOOK_AT_TLS: Final = {
    40: "Compare the protocol versions and cipher suites that both sides are set to.",
    70: "Compare the protocol versions that both sides are set to.",
    112: "Check the host name in the URL, and which names the server is set up for.",
    116: "Give the client the certificate that the server wants.",
    **dict.fromkeys((42, 43, 44, 45, 46, 48), _CERTIFICATE),
}


def failed_handshake(facts: Facts) -> Diagnosis | None:
    """Names the missing or wrong field first, the status second."""
    ending = facts.ending
    if not ending.failed:
        return None
    if ending.tls is not None:
        return _tls_failed(ending.tls)
    request, response = facts.handshake.request, facts.handshake.response
    if ending.refusal:
        why = ", ".join(ending.refusal)
        return _likely(
            f"The client gave up on the server's {facts.handshake.status}: {why}. {_look_at_101(ending.refusal)}",
            f"the client's check ({why})",
        )
    if response is None:
        return _not_answered(facts, request)
    missing = _missing(request)
    status = f"{response.status} {response.reason}".strip()
    if missing and request is not None and request.value("Sec-WebSocket-Key") is not None:
        return _likely(
            f"The request reached {facts.server} without {missing}: a proxy before this capture point removed these "
            f"hop-by-hop fields. It was answered {status}; a page sees only 1006.",
            f"a proxy before this capture point removed {missing}",
        )
    if missing:
        return _likely(
            f"The request asks for a WebSocket without {missing}, and was answered {status}.",
            f"requests without {missing}",
        )
    upstream = _UPSTREAM.get(response.status)
    return _likely(
        f"The server refused the handshake with {status}. {_look(request, response)}",
        f"a proxy that {upstream}" if upstream else "",
    )


def _tls_failed(tls: TlsFacts) -> Diagnosis | None:
    """What the alert says; without one that can be read there is nothing to go by."""
    alert = tls.failure
    if alert is None:
        return None
    by_client = alert.direction == tls.client_direction
    side = "client" if by_client else "server"
    meaning = f": {alert.meaning}" if alert.meaning else ""
    look = _LOOK_AT_TLS.get(alert.description, "Its log, or the one of its TLS library, says what it could not accept.")
    text = f"The {side} ended the TLS handshake with {alert.name}{meaning}. {look}"
    return _likely(text, f"the {side}'s TLS ({alert.name})")


def _likely(text: str, brief: str) -> Diagnosis:
    return Diagnosis(ID, Confidence.LIKELY, text.strip(), brief)


def _missing(request: RequestHead | None) -> str:
    """The fields without which a request is no WebSocket handshake (RFC 6455 §4.2.1)."""
    if request is None or request.method != "GET":
        return ""
    missing = []
    if not request.has_token("Upgrade", "websocket"):
        missing.append("Upgrade: websocket")
    if not request.has_token("Connection", "Upgrade"):
        missing.append("Connection: Upgrade")
    return " and ".join(missing)


def _not_answered(facts: Facts, request: RequestHead | None) -> Diagnosis | None:
    if request is None or facts.is_one_sided:
        return None
    waited = ((facts.end.time_ns if facts.end else facts.seen_until_ns) - request.end_time_ns) / 1e9
    if facts.end is None and waited < HANDSHAKE_TIMEOUT:
        return None
    who = f", then the {facts.end.by} ended TCP ({facts.end.kind})" if facts.end else ""
    look = "Look at what the server was busy with, and at its backend."
    text = f"The request was not answered within {span(waited)}{who}. {look}"
    return Diagnosis(ID, Confidence.LIKELY if waited >= 1 else Confidence.POSSIBLE, text)


def _look(request: RequestHead | None, response: ResponseHead) -> str:
    status = response.status
    if status in _UPSTREAM:
        return f"A proxy answered that it {_UPSTREAM[status]}: look behind it."
    if status in (401, 403):
        origin = request.value("Origin") if request else None
        return "Check its origin check or the login." if origin else "Check the login, or what access it demands."
    if status == 505 or (status in (400, 426) and request is not None):
        return (
            "The request is in order here; if a proxy is behind this point, capture behind it: it may speak HTTP/1.0 "
            "or drop Upgrade and Connection."
        )
    if status == 200 and "html" in (response.value("Content-Type") or "").lower():
        return "It is a web page: the request was routed to something that knows no WebSocket."
    return _LOOK.get(status, "Its program or a proxy before it decided so: look at their logs.")


def _look_at_101(refusal: tuple[str, ...]) -> str:
    if any("accept" in rule for rule in refusal):
        return "Look for a cached answer, or for backends that were mixed up."
    return "Look at what the server's library answers to this client's offers."
