import re
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from augdiff.errors import OptionError
from augdiff.text.protect import Protection, merged
from augdiff.text.protect_sets import SETS


def found(item: str | re.Pattern[str], text: str) -> list[str]:
    return [text[start:end] for start, end in Protection([item]).spans(text)]


@pytest.mark.parametrize(
    ("name", "text", "stretches"),
    [
        (
            "urls",
            "see https://a.b/c?d=1, (http://x.org/y) or www.foo.de.",
            ["https://a.b/c?d=1", "http://x.org/y", "www.foo.de"],
        ),
        ("urls", "example.com/path but good.it is. bbc.co.uk! e.g. U.S.", ["example.com/path", "bbc.co.uk"]),
        ("urls", "访问https://x.com/a吧", ["https://x.com/a"]),
        (
            "urls",
            "bit.ly/abc, youtu.be/x?t=1 or t.me/y. BIT.LY/AB",
            ["bit.ly/abc", "youtu.be/x?t=1", "t.me/y", "BIT.LY/AB"],
        ),
        (
            "urls",
            "beispiel.at/seite münchen.de/straße a.b.museum:80/x",
            ["beispiel.at/seite", "münchen.de/straße", "a.b.museum:80/x"],
        ),
        (
            "urls",
            "file:///etc/x 10.0.0.1:8080, 10.0.0.1:80/a 10.0.0.2/24",
            ["file:///etc/x", "10.0.0.1:8080", "10.0.0.1:80/a", "10.0.0.2/24"],
        ),
        ("urls", "and/or he.She he.She/they a.m./p.m. km/h 3/4 1.2.3.4 the end.So/and it.is", []),
        ("emails", "write to mailto:x@y.de", ["mailto:x@y.de"]),
        ("placeholders", "Tom &amp; Jerry&nbsp;or &#39; &#x1F; AT&T; R&B", ["&amp;", "&nbsp;", "&#39;", "&#x1F;"]),
        ("placeholders", "$HOME/x $A_1 $5 A$AP $hit", ["$HOME", "$A_1"]),
        ("emails", "me.x+y@foo.co.uk, a@b and <j@k.com>", ["me.x+y@foo.co.uk", "j@k.com"]),
        ("handles", "@bob, hi #tag foo@bar &#233; (@x.y.)", ["@bob", "#tag", "@x.y"]),
        ("placeholders", "{x} {{ y }} ${z} %s %d, 100% sure 50%d", ["{x}", "{{ y }}", "${z}", "%s", "%d"]),
        ("placeholders", "<b>bold</b> a < b > c <user> [NAME] [x]", ["<b>", "</b>", "<user>", "[NAME]"]),
        (
            "numbers",
            "$5.50 20% 7th, -5 10:30 b2b twenty-one",
            ["$5.50", "20%", "7th", "-5", "10:30", "b2b", "twenty-one"],
        ),
        ("capitalised", "Bob saw John in NASA. He and I'm I ate.", ["John", "NASA"]),
        ("capitalised", "iPhone works.", ["iPhone"]),
        ("capitalised", "ALL IS SHOUTED", []),
        ("negations", "I don't, can’t; no one cannot, dont. notable", ["don't", "can’t", "no one", "cannot", "dont"]),
    ],
)
def test_a_ready_made_set_finds_its_stretches(name: str, text: str, stretches: list[str]):
    assert found(name, text) == stretches


def test_a_word_is_found_whole_and_in_any_case():
    assert found("acme", "Acme Corp acme acmes") == ["Acme", "acme"]
    assert found("c++", "C++ and c") == ["C++"]
    assert found("new york", "New  York") == ["New  York"]
    assert found("爱", "我爱你") == ["爱"]


def test_expressions_come_as_text_or_compiled():
    assert found(r"re:b\w+", "Bar bar") == ["bar"]
    assert found(re.compile(r"b\w+", re.IGNORECASE), "Bar bar") == ["Bar", "bar"]
    assert found("re:x*", "ab") == []


def test_a_bad_expression_is_named():
    with pytest.raises(OptionError, match=r"protect: 're:\[' is no regular expression"):
        Protection(["re:["])


def test_spans_that_touch_are_one():
    assert merged([(4, 6), (0, 2), (2, 3), (5, 5), (5, 8), (9, 9)]) == [(0, 3), (4, 8)]


@given(st.text(st.one_of(st.characters(codec="utf-8"), st.sampled_from("@#{}<>%./:aA1 -[]h"))))
def test_spans_are_sorted_apart_and_not_empty(text: str):
    at = -1
    for start, end in Protection([*SETS, "a"]).spans(text):
        assert at < start < end <= len(text)
        at = end


@pytest.mark.parametrize("name", SETS)
def test_a_hundred_thousand_characters_take_a_moment(name: str):
    pieces = ["a", "a-", "a.", "{", "<a", "http://", "1-", "@", "a@", "%(", "www.", "{a", "[A", "“", "."]
    started = time.perf_counter()
    for piece in [*pieces, " ", "A ", "a-1.", "the Quick fox. "]:
        Protection([name]).spans(piece * (20_000 // len(piece)))
    assert time.perf_counter() - started < 4
