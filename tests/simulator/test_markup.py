"""HTML as Telegram reads it: https://core.telegram.org/bots/api#html-style."""

from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hospital_bot.simulator.markup import commands_in, parse_html, utf16_length
from hospital_bot.simulator.refusals import ApiError, Json


def refusal(source: str) -> str:
    with pytest.raises(ApiError) as refused:
        parse_html(source)
    return refused.value.description.removeprefix("Bad Request: can't parse entities: ")


def test_tags_become_entities_counted_in_utf16() -> None:
    text, entities = parse_html("💊 <b>Dr. <i>Osei</i></b>")
    assert text == "💊 Dr. Osei"
    assert entities == [
        {"type": "bold", "offset": 3, "length": 8},
        {"type": "italic", "offset": 7, "length": 4},
    ]


@pytest.mark.parametrize(
    ("source", "entity"),
    [
        ("<strong>x</strong>", {"type": "bold"}),
        ("<del>x</del>", {"type": "strikethrough"}),
        ("<ins>x</ins>", {"type": "underline"}),
        ('<span class="tg-spoiler">x</span>', {"type": "spoiler"}),
        ('<a href="https://x.org/?a=1&amp;b=2">x</a>', {"type": "text_link", "url": "https://x.org/?a=1&b=2"}),
        ('<tg-emoji emoji-id="5">x</tg-emoji>', {"type": "custom_emoji", "custom_emoji_id": "5"}),
        ("<blockquote>x</blockquote>", {"type": "blockquote"}),
        ("<blockquote expandable>x</blockquote>", {"type": "expandable_blockquote"}),
        ("<pre>x</pre>", {"type": "pre"}),
        ("<pre><code>x</code></pre>", {"type": "pre"}),
        ('<pre><code class="language-sql">x</code></pre>', {"type": "pre", "language": "sql"}),
    ],
)
def test_each_tag_marks_its_kind(source: str, entity: Json) -> None:
    assert parse_html(source) == ("x", [{**entity, "offset": 0, "length": 1}])


def test_a_link_without_address_marks_nothing() -> None:
    assert parse_html("<a>x</a>") == ("x", [])


def test_white_space_at_the_ends_is_cut_and_the_entities_move() -> None:
    assert parse_html(" \n<b> x</b> ") == ("x", [{"type": "bold", "offset": 0, "length": 1}])


def test_an_entity_of_white_space_alone_is_dropped() -> None:
    assert parse_html("x<b> </b>") == ("x", [])


def test_escaped_characters_come_back() -> None:
    assert parse_html("1 &lt; 2 &amp;&#38;&#x26; &quot;")[0] == '1 < 2 &&& "'


def test_unknown_named_characters_stay_as_written() -> None:
    assert parse_html("a&nbsp;b &copy c & d&")[0] == "a&nbsp;b &copy c & d&"


@pytest.mark.parametrize(
    ("source", "what"),
    [
        ("é<x>", 'Unsupported start tag "x" at byte offset 2'),
        ("a\n<br>", 'Unsupported start tag "br" at byte offset 2'),
        ("<b/>", 'Unsupported start tag "b/" at byte offset 0'),
        ("1 < 2", 'Unsupported start tag "" at byte offset 2'),
        ("<!-- x -->", 'Unsupported start tag "!--" at byte offset 0'),
        ("<!doctype x>", 'Unsupported start tag "!doctype x" at byte offset 0'),
        ("é<![CDATA[x]]>", 'Unsupported start tag "![" at byte offset 2'),
        ("x<![0", 'Unsupported start tag "![" at byte offset 1'),
        ("<?x>", 'Unsupported start tag "?x" at byte offset 0'),
        ("<span>x</span>", 'Unsupported start tag "span" at byte offset 0'),
        ("<b>x", 'Can\'t find end tag corresponding to start tag "b"'),
        ("x</b>", "Unexpected end tag at byte offset 1"),
        ("<b>x</i>", 'Unmatched end tag at byte offset 4, expected "</b>", found "</i>"'),
        ("x<b", "Unclosed start tag at byte offset 1"),
    ],
)
def test_bad_html_is_refused_with_its_place(source: str, what: str) -> None:
    assert refusal(source) == what


@given(st.text(st.sampled_from("<>/!?-[]&;#=\"'ab x\n💊")))
def test_any_text_is_read_or_refused(source: str) -> None:
    with suppress(ApiError):
        text, entities = parse_html(source)
        assert all(0 < each["length"] <= utf16_length(text) - each["offset"] for each in entities)


def test_typed_commands_are_marked_and_paths_are_not() -> None:
    assert commands_in("💊 /start@hospital_bot and/or a/b </b>") == [{"type": "bot_command", "offset": 3, "length": 19}]
