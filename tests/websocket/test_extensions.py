"""The extension header's grammar, and what is a valid offer and a valid response of permessage-deflate."""

import pytest

from wsinspect.websocket.extensions import (
    DeflateParameters,
    Extension,
    deflate_parameters,
    offer_problem,
    parse_extensions,
    response_problem,
    window_bits,
)

D = "permessage-deflate"


@pytest.mark.parametrize(
    ("lines", "expected"),
    [
        ((), []),
        (("foo",), [("foo", ())]),
        ((f"{D}; client_max_window_bits",), [(D, (("client_max_window_bits", None),))]),
        # RFC 6455 §9.1: lines of the same field are one list
        (("foo", "bar; baz=2"), [("foo", ()), ("bar", (("baz", "2"),))]),
        (("foo, bar; baz=2",), [("foo", ()), ("bar", (("baz", "2"),))]),
        # implied white space between any two tokens
        (("a ;b = 1\t; c ,d",), [("a", (("b", "1"), ("c", None))), ("d", ())]),
        # RFC 2616 §2.1: empty elements count for nothing
        ((",, a, ,b,",), [("a", ()), ("b", ())]),
        (("", "a"), [("a", ())]),
        ((f'{D}; server_max_window_bits="10"',), [(D, (("server_max_window_bits", "10"),))]),
        (('a; b="\\1\\0"',), [("a", (("b", "10"),))]),
        (("a; b; b=1",), [("a", (("b", None), ("b", "1")))]),
        (("Permessage-Deflate",), [("Permessage-Deflate", ())]),
    ],
)
def test_legal_headers(lines: tuple[str, ...], expected: list[tuple[str, object]]) -> None:
    header = parse_extensions(lines)
    assert header.problem is None
    assert [tuple(extension) for extension in header.extensions] == expected
    assert all(extension.well_formed for extension in header.extensions)


@pytest.mark.parametrize(
    ("lines", "problem", "names"),
    [
        (("",), "the field names no extension", []),
        ((" , ,",), "the field names no extension", []),
        (("a b",), '"a b" is no extension name', ["a b"]),
        (("; x=1",), "an element has parameters but no name", [""]),
        (("a;",), 'a ";" of a has no parameter behind it', ["a"]),
        (("a;;b",), 'a ";" of a has no parameter behind it', ["a"]),
        (("a; b=",), 'parameter b has "=" but no value', ["a"]),
        (("a; =1",), 'a ";" of a has no parameter behind it', ["a"]),
        (("a; b c=1",), '"b c" is no parameter name', ["a"]),
        (("a; b=1=2",), 'value "1=2" of b is no token', ["a"]),
        (('a; b=""',), 'value "" of b is no token', ["a"]),
        (('a; b="1, 2", c',), 'value "1, 2" of b is no token', ["a", "c"]),
        (('a; b="\\"; c',), "a quoted value has no closing quote", ["a"]),
        (('a; b="1, c',), "a quoted value has no closing quote", ["a"]),
        (("a; b=1/2, c",), 'value "1/2" of b is no token', ["a", "c"]),
        (("a\x00",), '"a\x00" is no extension name', ["a\x00"]),
        (("\xe4",), '"\xe4" is no extension name', ["\xe4"]),
    ],
)
def test_broken_headers_are_told_and_read_on(lines: tuple[str, ...], problem: str, names: list[str]) -> None:
    header = parse_extensions(lines)
    assert header.problem == problem
    assert [extension.name for extension in header.extensions] == names


def test_one_unclosed_quote_does_not_swallow_the_next_line() -> None:
    header = parse_extensions(('a; b="1', D))
    assert header.problem == "a quoted value has no closing quote"
    assert header.named(D) == (Extension(D),)


def test_text_form() -> None:
    assert str(parse_extensions((f'{D} ;a="1";b',)).extensions[0]) == f"{D}; a=1; b"


def one(line: str) -> Extension:
    return parse_extensions((line,)).extensions[0]


@pytest.mark.parametrize(
    "line",
    [
        D,
        f"{D}; server_no_context_takeover; client_no_context_takeover",
        f"{D}; server_max_window_bits=8; client_max_window_bits=15",
        f'{D}; server_max_window_bits="12"',
    ],
)
def test_valid_in_offer_and_response(line: str) -> None:
    assert offer_problem(one(line)) is None
    assert response_problem(one(line)) is None


def test_a_bare_client_window_is_for_offers_only() -> None:
    bare = one(f"{D}; client_max_window_bits")
    assert offer_problem(bare) is None
    assert response_problem(bare) == "client_max_window_bits has no value, it needs one from 8 to 15"


@pytest.mark.parametrize(
    ("parameters", "problem"),
    [
        ("mem_level=8", '"mem_level" is no parameter of permessage-deflate'),
        ("Server_No_Context_Takeover", '"Server_No_Context_Takeover" is no parameter of permessage-deflate'),
        ("server_no_context_takeover=1", 'server_no_context_takeover has the value "1", it takes none'),
        ("client_no_context_takeover=true", 'client_no_context_takeover has the value "true", it takes none'),
        ("server_max_window_bits", "server_max_window_bits has no value, it needs one from 8 to 15"),
        ("server_max_window_bits=7", "server_max_window_bits=7 is not a number from 8 to 15 without leading zero"),
        ("server_max_window_bits=16", "server_max_window_bits=16 is not a number from 8 to 15 without leading zero"),
        ("client_max_window_bits=08", "client_max_window_bits=08 is not a number from 8 to 15 without leading zero"),
        ("client_max_window_bits=+9", "client_max_window_bits=+9 is not a number from 8 to 15 without leading zero"),
        ("client_max_window_bits=1 0", "client_max_window_bits=1 0 is not a number from 8 to 15 without leading zero"),
        ("client_max_window_bits; client_max_window_bits=9", "client_max_window_bits is given twice"),
        ("server_no_context_takeover; server_no_context_takeover", "server_no_context_takeover is given twice"),
    ],
)
def test_invalid_offers(parameters: str, problem: str) -> None:
    assert offer_problem(one(f"{D}; {parameters}")) == problem
    assert response_problem(one(f"{D}; {parameters}")) is not None


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("foo", None),
        (D, DeflateParameters(False, False, 15, 15)),
        (f"foo, {D}; server_no_context_takeover", DeflateParameters(True, False, 15, 15)),
        (f"{D}; client_no_context_takeover; server_max_window_bits=9", DeflateParameters(False, True, 9, 15)),
        (f"{D}; client_max_window_bits=8", DeflateParameters(False, False, 15, 8)),
        # invalid values: reported elsewhere, and the largest window inflates anything
        (f"{D}; client_max_window_bits; server_max_window_bits=99", DeflateParameters(False, False, 15, 15)),
        (f"{D}; client_max_window_bits=10, {D}", DeflateParameters(False, False, 15, 10)),
    ],
)
def test_agreed_parameters(line: str, expected: DeflateParameters | None) -> None:
    assert deflate_parameters(parse_extensions((line,)).extensions) == expected


def test_window_bits() -> None:
    assert window_bits(one(f"{D}; server_max_window_bits=10"), "server_max_window_bits") == 10
    assert window_bits(one(f"{D}; server_max_window_bits=010"), "server_max_window_bits") is None
    assert window_bits(one(D), "server_max_window_bits") is None
