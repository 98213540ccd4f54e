"""Numbers, widths, columns."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.cells import cell_len

from wsinspect.tui import units
from wsinspect.tui.columns import Column, column_at, lay_out
from wsinspect.tui.connections.columns import COLUMNS
from wsinspect.tui.ink import fit, fit_line, spread, squeeze, text_of, wrap


@pytest.mark.parametrize(
    ("seconds", "shown"),
    [
        (0, "0s"), (0.000_34, "340µs"), (0.003_1, "3.1ms"), (0.125, "125ms"), (0.9999, "1.0s"), (48.2, "48.2s"),
        (59.96, "1m00s"), (492, "8m12s"), (3599.6, "1h00m"), (11_100, "3h05m"), (187_200, "2d04h"), (-0.5, "-500ms"),
    ],
)  # fmt: skip
def test_span(seconds: float, shown: str) -> None:
    assert units.span(seconds) == shown


@pytest.mark.parametrize(
    ("number", "shown"), [(0, "0 B"), (999, "999 B"), (1000, "1.0 kB"), (80_000, "80 kB"), (3_200_000_000, "3.2 GB")]
)
def test_size(number: int, shown: str) -> None:
    assert units.size(number) == shown


@pytest.mark.parametrize(("number", "shown"), [(312, "312"), (9999, "9999"), (12_345, "12.3k"), (4_000_000, "4.0M")])
def test_short_count(number: int, shown: str) -> None:
    assert units.short_count(number) == shown


def test_other_units() -> None:
    assert units.stopwatch(0.003) == "0.003"
    assert units.stopwatch(3601.25) == "1:00:01.250"
    assert units.clock(751.9) == "00:12:31"
    assert units.address("2001:db8::1", 443) == "[2001:db8::1]:443"
    assert units.plural(1, "frame") == "1 frame"
    assert units.plural(1204, "frame") == "1,204 frames"
    assert units.time_of_day(1e300) == "?"
    assert len(units.time_of_day(1_700_000_000.123, 12)) == 12


@given(st.text(), st.integers(0, 60))
def test_fit_is_exact(text: str, width: int) -> None:
    assert cell_len(fit(text, width)) == width
    assert cell_len(fit(text, width, right=True)) == width


@given(st.lists(st.tuples(st.text(max_size=30), st.just("muted")), max_size=5), st.integers(1, 60))
def test_fit_line_is_exact(line: list[tuple[str, str]], width: int) -> None:
    assert sum(cell_len(text) for text, _ in fit_line(line, width)) == width


@given(st.text(max_size=300), st.integers(10, 60), st.integers(0, 4))
def test_wrap_keeps_the_width_and_the_text(text: str, width: int, indent: int) -> None:
    lines = wrap(text, width, indent=indent)
    assert all(cell_len(text_of(line)) <= max(width, 10 + indent) for line in lines)
    assert wrap("", width) == [[("", "")]]


def test_cut_texts_say_so() -> None:
    assert fit("abcdef", 4) == "abc…"
    assert fit("東京東京", 4) == "東 …"
    assert text_of(fit_line([("abcd", ""), ("efgh", "")], 6)) == "abcde…"
    assert text_of(fit_line([("abcd", ""), ("efgh", "")], 4)) == "abc…"
    assert squeeze("[2001:db8:85a3::8a2e:370:7334]:50512", 16) == "[2001…334]:50512"
    assert text_of(spread([("left", "")], [("right", "")], 12)) == "left   right"


def test_wrap_breaks_long_words_and_at_blanks() -> None:
    assert [text_of(line) for line in wrap("a bb " + "c" * 25, 10)] == ["a bb", "c" * 10, "c" * 10, "c" * 5]


@given(st.integers(1, 300))
def test_columns_never_exceed_the_width(width: int) -> None:
    layout = lay_out(COLUMNS, width)
    assert sum(cells + 1 for _, cells in layout) - 1 <= width
    assert all(cells >= column.least for column, cells in layout)


def test_important_columns_stay() -> None:
    columns: list[Column[str]] = [
        Column("a", "a", 5, 10, 1, lambda row, width: [(row, "")]),
        Column("b", "b", 5, 10, 0, lambda row, width: [(row, "")], grow=1),
        Column("c", "c", 5, 10, 2, lambda row, width: [(row, "")]),
    ]
    assert [(column.id, width) for column, width in lay_out(columns, 11)] == [("a", 5), ("b", 5)]
    assert [(column.id, width) for column, width in lay_out(columns, 5)] == [("b", 5)]
    assert [(column.id, width) for column, width in lay_out(columns, 40)] == [("a", 10), ("b", 18), ("c", 10)]
    layout = lay_out(columns, 40)
    found = [column_at(layout, x) for x in (0, 10, 11, 39, 41)]
    assert [column.id if column else None for column in found] == ["a", "a", "b", "c", None]
