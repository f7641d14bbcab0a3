"""A text that is too long for Telegram loses its end, never its form."""

from __future__ import annotations

import re
from html import escape

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hospital_bot.simulator.markup import parse_html, utf16_length
from hospital_bot.telegram.cut import fit, plain

words = st.text(st.characters(exclude_categories=["Cs", "Cc"]), max_size=12).map(escape)
tagged = st.tuples(st.sampled_from(["b", "i", "code", "blockquote"]), words).map(
    lambda it: f"<{it[0]}>{it[1]}</{it[0]}>"
)
texts = st.lists(st.one_of(words, tagged, st.just("\n")), max_size=30).map("".join)


@pytest.mark.parametrize("text", ["", "short", "<b>twelve &lt;3</b>"])
def test_what_fits_stays_as_it_is(text: str) -> None:
    assert fit(text, 12) == text


def test_whole_lines_are_kept() -> None:
    assert fit("first\nsecond\nthird", 15) == "first\nsecond\n…"


def test_tags_open_at_the_cut_are_closed() -> None:
    assert fit('<blockquote><a href="https://a.example/?a=1">first\nsecond</a></blockquote>', 10) == (
        '<blockquote><a href="https://a.example/?a=1">first</a></blockquote>\n…'
    )


def test_one_long_line_is_cut_between_characters() -> None:
    assert fit("&amp;" * 20, 10) == "&amp;" * 8 + "\n…"


def test_a_heading_alone_is_not_all_that_is_kept() -> None:
    assert fit("<b>Findings</b>\n" + "x" * 60, 40) == "<b>Findings</b>\n" + "x" * 29 + "\n…"


def test_what_counts_twice_in_telegram_counts_twice_here() -> None:
    assert fit("🙂" * 6, 10) == "🙂" * 4 + "\n…"


@given(texts, st.integers(min_value=3, max_value=40))
def test_whatever_is_cut_fits_and_is_well_formed(text: str, most: int) -> None:
    shown, _ = parse_html(fit(text, most))

    assert utf16_length(shown) <= most


@given(st.text(max_size=60))
def test_a_toast_is_cut_to_its_length(text: str) -> None:
    assert utf16_length(plain(re.sub("[\ud800-\udfff]", "", text), 20)) <= 20
