"""wsinspect/transport/httphead.py: heads as they were sent, however wrong."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from wsinspect.transport.httphead import Fields, RequestHead, ResponseHead, is_token, parse_request, parse_response


def request(text: str) -> RequestHead | None:
    return parse_request(text.encode("latin-1"), 3, 4, 30, 40)


def response(text: str) -> ResponseHead | None:
    return parse_response(text.encode("latin-1"), 3, 4, 30, 40)


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("GET /chat HTTP/1.1", ("GET", "/chat", "HTTP/1.1")),
        ("get /chat http/1.1", ("get", "/chat", "http/1.1")),
        ("GET /a b HTTP/1.1", ("GET", "/a b", "HTTP/1.1")),
        ("GET  /chat   HTTP/1.0", ("GET", "/chat", "HTTP/1.0")),
        ("GET /chat", ("GET", "/chat", "")),
        ("CONNECT h:443 HTTP/1.1", ("CONNECT", "h:443", "HTTP/1.1")),
        ("OPTIONS * HTTP/1.1", ("OPTIONS", "*", "HTTP/1.1")),
        ("GET", None),
        ("", None),
        ("G(T / HTTP/1.1", None),
    ],
)
def test_request_line(line: str, expected: tuple[str, str, str] | None) -> None:
    head = request(f"{line}\r\n\r\n")
    assert (head and (head.method, head.target, head.version)) == expected


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("HTTP/1.1 101 Switching Protocols", ("HTTP/1.1", 101, "Switching Protocols")),
        ("HTTP/1.1 404", ("HTTP/1.1", 404, "")),
        ("HTTP/1.0  200  fine ", ("HTTP/1.0", 200, "fine")),
        ("HTTP/1.1 1010 x", None),
        ("HTTP/1.1 ab1 x", None),
        ("HTTP/1.1 \u00b2\u00b3\u00b9 superscripts are digits to Python", None),
        ("ICY 200 OK", None),
        ("", None),
    ],
)
def test_status_line(line: str, expected: tuple[str, int, str] | None) -> None:
    head = response(f"{line}\r\n\r\n")
    assert (head and (head.version, head.status, head.reason)) == expected


@pytest.mark.parametrize(
    ("lines", "fields"),
    [
        ("Host: h", (("Host", "h"),)),
        ("Host:h\r\nHOST: \t i \t", (("Host", "h"), ("HOST", "i"))),
        ("A: 1\r\n  2\r\n\t3\r\nB: 4", (("A", "1 2 3"), ("B", "4"))),
        ("A: 1\r\n \t \r\nB: 4", (("A", "1"), ("B", "4"))),
        ("A : 1", (("A", "1"),)),
        ("no colon\r\nB: 4", (("B", "4"),)),
        ("A: 1: 2", (("A", "1: 2"),)),
        ("A:", (("A", ""),)),
        ("A: \xe9", (("A", "\xe9"),)),
        ("", ()),
    ],
)
@pytest.mark.parametrize("line_end", ["\r\n", "\n"])
def test_fields(lines: str, fields: Fields, line_end: str) -> None:
    text = f"GET / HTTP/1.1\r\n{lines}\r\n\r\n".replace("\r\n", line_end)
    head = request(text)
    assert head is not None
    assert head.fields == fields


def test_a_fold_behind_the_start_line_belongs_to_nothing() -> None:
    head = request("GET / HTTP/1.1\r\n folded\r\nA: 1\r\n\r\n")
    assert head is not None
    assert (head.target, head.fields) == ("/", (("A", "1"),))


def test_lists() -> None:
    head = request("GET / HTTP/1.1\r\nConnection: keep-alive, ,Upgrade\r\nconnection: x\r\n\r\n")
    assert head is not None
    assert head.values("CONNECTION") == ["keep-alive, ,Upgrade", "x"]
    assert head.value("Connection") == "keep-alive, ,Upgrade, x"
    assert head.tokens("Connection") == ["keep-alive", "Upgrade", "x"]
    assert head.has_token("Connection", "uPGRADE")
    assert not head.has_token("Connection", "Up")
    assert head.value("Absent") is None


def test_place() -> None:
    head = request("GET / HTTP/1.1\r\n\r\n")
    assert head is not None
    assert (head.packet, head.last_packet, head.time_ns, head.end_time_ns) == (3, 4, 30, 40)


@pytest.mark.parametrize(("text", "expected"), [("GET", True), ("!#$%&'*+-.^_`|~", True), ("", False), ("a b", False)])
def test_token(text: str, expected: bool) -> None:
    assert is_token(text) is expected


@pytest.mark.parametrize("separator", '()<>@,;:\\"/[]?={} \t\x7f\xe9')
def test_separators_are_in_no_token(separator: str) -> None:
    assert not is_token(f"a{separator}b")


@given(st.binary(max_size=300))
def test_any_bytes_are_a_head_or_none(data: bytes) -> None:
    for head in (parse_request(b"GET / " + data, 1, 1, 0, 0), parse_response(b"HTTP/1.1 200 " + data, 1, 1, 0, 0)):
        assert head is None or all(name.strip("\r\n") == name for name, _ in head.fields)
