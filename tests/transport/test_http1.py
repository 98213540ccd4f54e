"""wsinspect/transport/http1.py: what begins as HTTP, and one direction's heads. The rest is in test_exchange.py."""

import pytest

from tests.transport.segments import chunk, gap
from wsinspect.transport.http1 import HttpReader, Likeness, Phase, like_request, like_response

YES, NO, SHORT = Likeness.YES, Likeness.NO, Likeness.TOO_SHORT
V2 = b"\r\n\r\n\x00\r\nQUIT\n"


@pytest.mark.parametrize(
    ("data", "request_", "response"),
    [
        (b"", SHORT, SHORT),
        (b"G", SHORT, NO),
        (b"GET ", SHORT, NO),
        (b"GET /", YES, NO),
        (b"GET  /", NO, NO),
        (b"BASELINE-CONTROL /x", YES, NO),
        (b"A" * 20, SHORT, NO),
        (b"A" * 21, NO, NO),
        (b"H", SHORT, SHORT),
        (b"HTTP", SHORT, SHORT),
        (b"HTTP/", NO, YES),
        (b"HEAD /", YES, NO),
        (b"PRI * HTTP/2.0\r\n", NO, NO),
        (b"\x16\x03\x01", NO, NO),
        (b"\x81\x85", NO, NO),
    ],
)
def test_likeness(data: bytes, request_: Likeness, response: Likeness) -> None:
    assert (like_request(data), like_response(data)) == (request_, response)


REQUEST = b"GET / HTTP/1.1\r\n\r\n"
RESPONSE = b"HTTP/1.1 200 OK\r\n\r\n"


@pytest.mark.parametrize(("is_client", "head"), [(True, REQUEST), (False, RESPONSE)])
def test_after_a_loss_a_segment_that_begins_as_a_head_does_is_one(is_client: bool, head: bytes) -> None:
    reader = HttpReader(is_client)
    reader.gap(gap(0, 10))
    assert reader.feed(chunk(b"rest of something\r\n\r\n")) == []
    assert len(reader.feed(chunk(head))) == 1
    assert reader.phase is Phase.HEAD


def test_a_hole_in_a_body_is_counted() -> None:
    reader = HttpReader(is_client=False)
    assert len(reader.feed(chunk(RESPONSE))) == 1
    reader.body(10, chunked=False)
    reader.feed(chunk(b"abc"))
    reader.gap(gap(0, 6))
    assert reader.phase is Phase.BODY
    assert len(reader.feed(chunk(b"j" + RESPONSE))) == 1


@pytest.mark.parametrize("chunked", [False, True])
def test_a_hole_beyond_a_body_loses_the_place(chunked: bool) -> None:
    reader = HttpReader(is_client=False)
    reader.feed(chunk(RESPONSE))
    reader.body(10, chunked)
    reader.gap(gap(0, 11))
    assert reader.phase is Phase.LOST


def test_a_hole_in_a_body_up_to_the_end_matters_to_nobody() -> None:
    reader = HttpReader(is_client=False)
    reader.feed(chunk(RESPONSE))
    reader.body(None, chunked=False)
    reader.gap(gap(0, 11))
    assert reader.phase is Phase.TO_END
    assert reader.feed(chunk(RESPONSE)) == []
    assert not reader.pieces
