"""What is offered while a filter is typed; `|` is the cursor."""

import pytest

from wsinspect.filter.complete import complete
from wsinspect.filter.fields import Field

NAMED = {"bad": "ws.close.code == 1006"}


def seen(field: Field) -> list[str]:
    return {"ws.close.code": ["1006", "1000"], "http.host": ["api.example.com", "two words", 'q"uote']}.get(
        field.name, []
    )


@pytest.mark.parametrize(
    ("text", "start", "expected"),
    [
        ("ws.close.co|", 0, ["ws.close.code"]),
        ("close.cod|", 0, ["ws.close.code"]),
        ("ws.id == 1 && ws.rtt.p|", 14, ["ws.rtt.peer"]),
        ("ws.id == 1 && ws.ti|", 14, []),
        ("!(ws.rt|", 2, ["ws.rtt", "ws.rtt.network", "ws.rtt.peer"]),
        ("$|", 0, ["$bad"]),
        ("ws.close.code |", 14, ["==", "!=", "<", "<=", ">", ">=", "in {", "&&", "||"]),
        ("ws.close.code con|", 14, []),
        ("http.host con|", 10, ["contains"]),
        ("ws.close.code == |", 17, ["1006", "1000"]),
        ("ws.close.code == 10|", 17, ["1006", "1000"]),
        ("ws.close.code in {1006, |", 24, ["1006", "1000"]),
        ("ws.close.code !in {|", 19, ["1006", "1000"]),
        ("ws.state == cl|", 12, ["closing", "closed"]),
        ("ws.close.clean == |", 18, ["true", "false"]),
        ("websocket.opcode == pi|", 20, ["ping"]),
        ("http.host == |", 13, ["api.example.com", '"two words"', '"q\\"uote"']),
        ('http.host == "tw|', 13, ['"two words"']),
        ("ws.close.code == 1006 |", 22, ["&&", "||"]),
        ("ws.close.co| == 1006", 0, ["ws.close.code"]),
        ("a = |", 4, []),
        ("= |", 2, []),
    ],
)
def test_offers(text: str, start: int, expected: list[str]) -> None:
    cursor = text.index("|") if not text.endswith("|") else len(text) - 1
    text = text[:cursor] + text[cursor + 1 :]
    completion = complete(text, cursor, NAMED, seen)
    offered = [candidate.text for candidate in completion.candidates]
    assert completion.start == start
    assert [text for text in offered if not text.startswith("ws.close.code.")] == expected
    # What is offered replaces what is there, and is not refused.
    assert all(candidate.text.strip() for candidate in completion.candidates)
