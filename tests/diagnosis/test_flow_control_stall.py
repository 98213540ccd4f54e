"""wsinspect/diagnosis/flow_control_stall.py, with windows that were counted by hand."""

from dataclasses import replace

import pytest

from tests.diagnosis.made_facts import SERVER, made, ns
from wsinspect.diagnosis.cause import Confidence
from wsinspect.diagnosis.facts import Facts
from wsinspect.diagnosis.flow_control_stall import flow_control_stall
from wsinspect.http2.facts import SessionFacts, StreamFacts
from wsinspect.http2.flow import Window


def stalled(start: float, end: float | None, *, complete: bool = True) -> Facts:
    """The server's window of 1000 bytes is used up from `start` to `end`; the connection ends at 60 s."""
    windows = Window(1000), Window(1000)
    windows[1].change(-1000, ns(start))
    if end is not None:
        windows[1].change(500, ns(end))
    stream = StreamFacts(7, SessionFacts(0, complete=complete), windows, ns(0))
    facts = made(end=(SERVER, "fin", 60.0))
    return replace(facts, ending=replace(facts.ending, http2=stream))


def test_a_stall_that_passed() -> None:
    found = flow_control_stall(stalled(10, 40))
    assert found is not None
    assert (found.id, found.confidence) == ("flow-control-stall", Confidence.POSSIBLE)
    assert "For 30.0 s the server could send nothing" in found.text
    assert "the client did not enlarge it" in found.text


def test_a_stall_up_to_the_end() -> None:
    found = flow_control_stall(stalled(50, None))
    assert found is not None
    assert found.confidence is Confidence.LIKELY
    assert "For 10.0 s up to the end" in found.text


@pytest.mark.parametrize(
    "facts", [stalled(10, 14.9), stalled(55.1, None), stalled(10, 40, complete=False), made(end=(SERVER, "fin", 60.0))]
)
def test_no_stall(facts: Facts) -> None:
    assert flow_control_stall(facts) is None
