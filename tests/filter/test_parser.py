"""The grammar of the display filter, and what it says about what it does not take."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from wsinspect.filter.error import FilterError
from wsinspect.filter.fields import BY_NAME
from wsinspect.filter.parser import MAX_DEPTH, MAX_LENGTH, parse

SAME = [
    ("ws.close.code eq 1006", "ws.close.code == 1006"),
    ("ws.close.code ne 1006", "ws.close.code != 1006"),
    ("ws.bytes gt 1 and ws.bytes ge 2 or ws.bytes lt 3 and ws.bytes le 4",
     "ws.bytes > 1 && ws.bytes >= 2 || ws.bytes < 3 && ws.bytes <= 4"),
    ("not ws.tls", "!ws.tls"),
    ("! ( ws.tls )", "!ws.tls"),
    ("NOT ws.tls AND chat", '!ws.tls && "chat"'),
    ("WS.Close.Code==1006", "ws.close.code == 1006"),
    ("ws.close.code in {1000,1001, 4000..4999}", "ws.close.code in { 1000, 1001, 4000 .. 4999 }"),
    ("ws.close.code not in {1000}", "!(ws.close.code in {1000})"),
    ("ws.close.code !in {1000}", "!(ws.close.code in {1000})"),
    ("ws.duration > 8m12s", "ws.duration > 492"),
    ("ws.duration > 1.5h", "ws.duration > 5400s"),
    ("ws.rtt > 250ms", "ws.rtt > 0.25"),
    ("ip.addr == 10.1.2.3/8", "ip.addr == 10.0.0.0/8"),
    ("ip.addr == 2001:DB8:0::1", "ip.addr == 2001:db8::1"),
    ("ws.started >= 14:03", "ws.started >= 14:03:00"),
    ("ws.state == Open", 'ws.state == "open"'),
    ("websocket.opcode == close", "websocket.opcode == 0x8"),
    ("http.host == api.example.com:8080", 'http.host == "api.example.com:8080"'),
    ("http.host contains 'it\"s'", r'http.host contains "it\"s"'),
    (r'ws.path matches "\d+\\."', r'ws.path matches r"\d+\."'),
    (r'ws.close.reason == "\x41\u00e9\n"', '"'.join(("ws.close.reason == ", "Aé\n", ""))),
    ("(a || b) || c", "a || b || c"),
    ("a && b || c && d", "(a && b) || (c && d)"),
    ("api.example.com", '"api.example.com"'),
    ("/chat", '"/chat"'),
    ("", "   "),
]  # fmt: skip


@pytest.mark.parametrize(("first", "second"), SAME)
def test_means_the_same(first: str, second: str) -> None:
    assert str(parse(first)) == str(parse(second))
    assert parse(first) == parse(second)


WRONG = [
    ("ws.clos.code == 1", "ws.clos.code", "ws.clos.code: no such field; did you mean ws.close.code?"),
    ("ws.nothing", "ws.nothing", "no such field"),
    ("chat == 3", "chat", "chat: no such field"),
    ("ip.src == 10.0.0.1", "ip.src", "use ws.client.addr or ws.server.addr"),
    ("ws.close.code contains 3", "contains", "contains does not fit ws.close.code, a number"),
    ("ws.close.clean < true", "<", "< does not fit ws.close.clean, a yes or no"),
    ("ws.close.code == abc", "abc", '"abc" is not a number'),
    ("ws.close.code == 1006s", "1006s", '"1006s" is not a number'),
    ("ws.duration > 3 parsecs", "parsecs", "&& or || is missing here"),
    ("ws.duration > long", "long", "a duration such as"),
    ("ip.addr == 10.0.0.256", "10.0.0.256", "an address or a network"),
    ("ws.started > yesterday", "yesterday", "a time such as"),
    ("ws.state == opne", "opne", "connecting, open, closing, closed, failed"),
    ("ws.rule == missing-close-replay", "missing-close-replay", "did you mean missing-close-reply?"),
    ('ws.path matches "("', '"("', "not a regular expression"),
    ('ws.path matches "((a{1000}){1000}){1000}"', '"((a{1000}){1000}){1000}"', "not a regular expression"),
    ("ws.close.code = 1006", "=", "== compares"),
    ("ws.tls & chat", "&", "&& means and"),
    ("ws.tls | chat", "|", "|| means or"),
    ('http.host contains "api', '"api', "the quote is not closed"),
    ("(ws.tls", "", "a ) is missing"),
    ("ws.tls)", ")", "there is no ( to this )"),
    ("()", ")", "missing in front of )"),
    ("ws.close.code ==", "", "== wants a number behind it"),
    ("== 1006", "==", "== wants a field in front of it"),
    ("ws.tls &&", "", "something is missing at the end"),
    ("&& ws.tls", "&&", "nothing in front of &&"),
    ("!", "", "something is missing at the end"),
    ("chat room", "room", "quote words that belong together"),
    ("ws.close.code in 1000", "1000", "in wants a set behind it"),
    ("ws.close.code in {}", "}", "the set wants a number here"),
    ("ws.close.code in {1000 1001}", "1001", "a , or the } of the set is missing"),
    ("ws.close.code in {1000", "", "a , or the } of the set is missing"),
    ("ws.close.code in {5..1}", "5..1", "the range ends before it begins"),
    ("ws.started in {14:00..2026-01-01}", "14:00..2026-01-01", "two times of day or two dates"),
    ("$mine", "$mine", "no filter has this name"),
]


@pytest.mark.parametrize(("text", "where", "what"), WRONG)
def test_points_at_the_fault(text: str, where: str, what: str) -> None:
    with pytest.raises(FilterError) as caught:
        parse(text)
    error = caught.value
    assert what in error.message
    assert text[error.start : error.end] == where
    assert error.start <= len(text)


def test_named_filters() -> None:
    named = {"bad": "ws.close.code == 1006 or $worse", "worse": "ws.severity == error", "self": "a or $self",
             "broken": "ws.tls ==", "one": "$two", "two": "$one"}  # fmt: skip
    assert parse("ws.tls and $bad", named) == parse("ws.tls && (ws.close.code == 1006 || ws.severity == error)")
    for text, what in (("$self", "$self: $self contains itself"), ("$broken", "$broken: == wants"),
                       ("$bed", "did you mean bad?"), ("$one", "$two: $one contains itself")):  # fmt: skip
        with pytest.raises(FilterError, match=what.replace("$", r"\$").replace("?", r"\?")) as caught:
            parse(f"chat and {text}", named)
        assert caught.value.start == len("chat and ")


def test_limits() -> None:
    assert parse("(" * MAX_DEPTH + "a" + ")" * MAX_DEPTH) == parse("a")
    for text in ("(" * 5000 + "a" + ")" * 5000, "!" * 5000 + "a", "a" * (MAX_LENGTH + 1)):
        with pytest.raises(FilterError):
            parse(text)
    deep = {f"n{number}": f"$n{number + 1}" for number in range(1000)}
    with pytest.raises(FilterError):
        parse("$n0", deep)


FIELD = st.sampled_from(sorted(BY_NAME))
VALUES = st.sampled_from(
    ["1006", "-3", "2.5", "60s", "8m12s", "14:03", "14:03:22.5", '"2026-11-23 14:03"', "10.0.0.0/8", "::1", "open",
     "rst", "client", "error", "true", "text", '"a \\"b\\" \\\\d"', "missing-close-reply", "r'\\d+'", "x"]
)  # fmt: skip
SIGN = st.sampled_from(["==", "!=", "<", "<=", ">", ">=", "eq", "contains", "matches"])
TESTS = st.one_of(
    FIELD,
    st.sampled_from(["chat", '"two words"']),
    st.builds("{} {} {}".format, FIELD, SIGN, VALUES),
    st.builds("{} in {{{}, {}..{}}}".format, FIELD, VALUES, VALUES, VALUES),
)
FILTERS = st.recursive(
    TESTS,
    lambda inner: st.one_of(
        st.builds("({})".format, inner),
        st.builds("!({})".format, inner),
        st.builds("not {}".format, inner),
        st.builds("{} && {}".format, inner, inner),
        st.builds("{} or {}".format, inner, inner),
    ),
    max_leaves=6,
)


@given(FILTERS)
def test_what_is_printed_means_the_same(text: str) -> None:
    try:
        expression = parse(text)
    except FilterError:
        return
    assert parse(str(expression)) == expression


PIECES = st.sampled_from(
    [*BY_NAME, "==", "in", "{", "}", "(", ")", "!", "&&", "or", "..", '"', "'", "1", "$a", ",", "\\", "matches", "é"]
)


@given(st.one_of(st.text(), st.lists(PIECES).map(" ".join)))
def test_nothing_but_a_filter_error(text: str) -> None:
    try:
        parse(text, {"a": "b and $a"})
    except FilterError as error:
        assert 0 <= error.start <= len(error.text) and error.start < error.end
        assert error.message
