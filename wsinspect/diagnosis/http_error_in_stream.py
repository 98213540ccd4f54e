"""`http-error-in-stream`: an HTTP answer stands where a frame should begin (fingerprints, section 3)."""

from wsinspect.diagnosis.cause import Confidence, Diagnosis, quoted
from wsinspect.diagnosis.facts import EndKind, Facts

ID = "http-error-in-stream"


def http_error_in_stream(facts: Facts) -> Diagnosis | None:
    """Judges by the rule that finds such text; its detail quotes it."""
    if not facts.http_text:
        return None
    end = facts.end
    reaction = ""
    if end is not None and end.kind is EndKind.CLOSE and end.code is not None:
        reaction = f"; the {end.by} failed the connection with {end.code}"
    where = f" for {quoted(facts.path)}" if facts.path else ""
    return Diagnosis(
        ID,
        Confidence.LIKELY,
        f"HTTP was written into the open WebSocket stream: {facts.http_text}{reaction}. "
        f"Look at the proxy or framework that handles errors{where}.",
        "HTTP written into the open WebSocket stream",
    )
