"""How reports say things."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from callinsight.reports import wording
from callinsight.taxonomy import DEFAULT_TAXONOMY, load_taxonomy


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("# title", "\\# title"),
        ("- item", "\\- item"),
        ("1. item", "1\\. item"),
        ("1) item", "1\\) item"),
        ("a | b", "a \\| b"),
        ("`code` *b* _i_ ~s~", "\\`code\\` \\*b\\* \\_i\\_ \\~s\\~"),
        ("<b>&amp;", "&lt;b&gt;&amp;amp;"),
        ("R&D & more; &#60;", "R&D & more; &amp;\\#60;"),
        ("[a](http://b)", "\\[a\\](http&#58;//b)"),
        ("www.x.example", "www&#46;x.example"),
        ("a@b.example", "a&#64;b.example"),
        ("one\n\ntwo\r\tthree", "one two three"),
        ("so 80\N{NO-BREAK SPACE}%, 3.5 - and then", "so 80\N{NO-BREAK SPACE}%, 3.5 - and then"),
        ("\\", "\\\\"),
    ],
)
def test_markdown_shows_a_text_as_it_is(text, shown):
    assert wording.markdown(text) == shown


@given(st.text(st.sampled_from("a1 -+=.)&;#<>*_:/w@\t\n\u2028\N{NO-BREAK SPACE}"), max_size=8))
def test_what_markdown_would_not_change_is_not_looked_through(text):
    assert wording.markdown(text) + "\\*" == wording.markdown(f"{text}*")


@pytest.mark.parametrize(
    ("url", "link"),
    [
        ("https://a.example/b?c=d&e#f", "https://a.example/b?c=d&e#f"),
        (" http://a.example/b c", "http://a.example/b%20c"),
        ("https://a.example/(b)", "https://a.example/%28b%29"),
        ("https://a.example/b%20c", "https://a.example/b%20c"),
        ("javascript:alert(1)", ""),
        ("data:text/html,x", ""),
        ("//a.example", ""),
        ("https://[a", ""),
        ("a.example", ""),
        ("", ""),
    ],
)
def test_only_web_addresses_become_links(url, link):
    assert wording.web_address(url) == link


@pytest.mark.parametrize(
    ("said", "expected"),
    [
        (wording.clock(67.9), "01:07"),
        (wording.clock(3725), "1:02:05"),
        (wording.clock(67.9, estimated=True), "about 01:07"),
        (wording.talk(0), "0 minutes"),
        (wording.talk(20), "under 1 minute"),
        (wording.talk(60), "1 minute"),
        (wording.talk(3600), "1 hour"),
        (wording.talk(50_400 + 720), "14.2 hours"),
        (wording.percent(0.0), "0\N{NO-BREAK SPACE}%"),
        (wording.percent(0.001), "under 1\N{NO-BREAK SPACE}%"),
        (wording.percent(0.499), "50\N{NO-BREAK SPACE}%"),
        (wording.percent(0.998), "over 99\N{NO-BREAK SPACE}%"),
        (wording.money(1_234_567.4, "GBP"), "£1,234,567"),
        (wording.money(1_000, "CHF"), "CHF\N{NO-BREAK SPACE}1,000"),
        (wording.money(1_000, ""), "1,000"),
        (wording.count(1, "person", "people"), "1 person"),
        (wording.count(1_200, "person", "people"), "1,200 people"),
        (wording.many(3, "gap"), "Three gaps"),
        (wording.many(13, "gap"), "13 gaps"),
        (wording.listing([]), ""),
        (wording.listing(["a"]), "a"),
        (wording.listing(["a", "b", "c"]), "a, b and c"),
        (wording.day("2026-10-06T23:30:00+01:00"), "6 October 2026"),
        (wording.day(""), ""),
        (wording.readable("roi_tool"), "ROI tool"),
    ],
)
def test_numbers_and_dates_are_written_for_people(said, expected):
    assert said == expected


def test_ids_become_names_only_where_the_analysis_puts_them():
    names = wording.Names(load_taxonomy(DEFAULT_TAXONOMY))

    assert names.sentence("1 for economic_buyer and champion and for decision, 1 stale") == (
        "1 for Economic buyer and Champion and for Decision, 1 stale"
    )
    assert names.sentence("last used on 2026-04-13T10:32; a decision of nobody") == (
        "last used on 13 April 2026; a decision of nobody"
    )
    assert names.place("security_compliance", "decision") == "Information security at Decision"
    assert names.place("any", "any") == "All roles, all stages"
    assert names.persona("night_watch") == "Night watch"
