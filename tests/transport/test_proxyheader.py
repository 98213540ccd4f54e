"""wsinspect/transport/proxyheader.py: what a balancer writes in front of a connection."""

import pytest

from wsinspect.transport.proxyheader import proxy_header

V2 = b"\r\n\r\n\x00\r\nQUIT\n"
IPV4 = bytes([192, 0, 2, 1, 192, 0, 2, 2]) + b"\x9c\x40\x01\xbb"
IPV6 = bytes.fromhex("20010db8000000000000000000000001" * 2) + b"\x9c\x40\x01\xbb"


@pytest.mark.parametrize(
    ("data", "length"),
    [
        (b"", None),
        (b"GET / HTTP/1.1", 0),
        (b"P", None),
        (b"POST /", 0),
        (b"\x16\x03\x01", 0),
        (b"PROXY ", None),
        (b"PROXY UNKNOWN\r\nGET", 15),
        (b"PROXY " + b"x" * 100, None),
        (b"PROXY " + b"x" * 101, 0),
        (V2[:4], None),
        (V2, None),
        (V2 + b"\x21\x11\x00\x02", None),
        (V2 + b"\x21\x11\x00\x02ab", 18),
        (V2 + b"\x21\x11\x00\x02abGET", 18),
        (b"\r\nGET / HTTP/1.1", 0),
    ],
)
def test_length(data: bytes, length: int | None) -> None:
    header = proxy_header(data)
    assert (header and header.length) == length if length is not None else header is None


@pytest.mark.parametrize(
    ("data", "text"),
    [
        (b"PROXY TCP4 192.0.2.1 192.0.2.2 40000 443\r\n", "v1: from 192.0.2.1:40000 to 192.0.2.2:443"),
        (b"PROXY TCP6 2001:db8::1 2001:db8::2 1 2\r\n", "v1: from [2001:db8::1]:1 to [2001:db8::2]:2"),
        (b"PROXY UNKNOWN\r\n", "v1, without addresses"),
        (b"PROXY \xff \x1b[2J\r\n", "v1, without addresses"),
        (V2 + b"\x21\x11\x00\x0c" + IPV4, "v2: from 192.0.2.1:40000 to 192.0.2.2:443"),
        (V2 + b"\x21\x21\x00\x24" + IPV6, "v2: from [2001:db8::1]:40000 to [2001:db8::1]:443"),
        (V2 + b"\x21\x11\x00\x0f" + IPV4 + b"\x04\x00\x00", "v2: from 192.0.2.1:40000 to 192.0.2.2:443"),
        (V2 + b"\x21\x11\x00\x04" + IPV4[:4], "v2, without addresses"),
        (V2 + b"\x21\x31\x00\x00", "v2, without addresses"),
        (V2 + b"\x20\x00\x00\x00", "v2: a connection of the proxy's own"),
    ],
)
def test_text(data: bytes, text: str) -> None:
    header = proxy_header(data)
    assert header is not None and header.text == f"PROXY protocol {text}"
