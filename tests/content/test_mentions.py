from __future__ import annotations

import csv

import pytest
from hypothesis import given
from hypothesis import strategies as st
from material import ROOT

from callinsight.content.inventory import read_items
from callinsight.content.mentions import (
    CONFIDENT,
    Context,
    Mention,
    call_mentions,
    find_mentions,
    index_of,
    mention_event,
)
from callinsight.records import Call, ContentItem, UsageEvent, Utterance
from callinsight.taxonomy import DEFAULT_TAXONOMY, load_taxonomy

ITEMS, _ = read_items([ROOT / "content_inventory" / "items.csv"], load_taxonomy(DEFAULT_TAXONOMY))
INDEX = index_of(ITEMS, company="Tallybrook", aliases={"the blue thing": "TA-044"})


def found(text: str, side: str = "rep", context: Context | None = None) -> list[str]:
    return [
        m.item
        for m in find_mentions(INDEX, text, side=side, context=context)
        if m.confidence >= CONFIDENT
    ]


class TestFinding:
    @pytest.mark.parametrize(
        ("side", "text", "items"),
        [
            ("rep", "I'll send you the ROI calculator.", ["TA-040"]),
            ("buyer", "I read that Alder case study.", ["TA-034"]),
            (
                "rep",
                "Clerk’s handbook and four short videos, in your inbox this afternoon.",
                ["TA-045", "TA-046"],
            ),
            ("rep", "See https://content.tallybrook.example/pricing/price-sheet", ["TA-037"]),
            ("rep", "I'll attach the blue thing.", ["TA-044"]),
        ],
    )
    def test_what_is_sent_read_or_named(self, side, text, items):
        assert sorted(found(text, side)) == items

    @pytest.mark.parametrize(
        ("side", "text"),
        [
            ("buyer", "Could you send me a case study?"),
            ("buyer", "Could you send me the ROI calculator?"),
            ("rep", "We don't have a calculator, I'm afraid."),
            ("buyer", "Paperlane sent us a case study about a bakery."),
            ("buyer", "Our own handbook says two signatures."),
            ("rep", "The invoices that were paid twice, we stop those."),
            ("rep", "It's at https://content.tallybrook.example/pricing/price-sheet-old/x"),
            ("rep", ""),
        ],
    )
    def test_what_is_asked_for_denied_or_of_others_is_no_use(self, side, text):
        assert found(text, side) == []

    def test_a_case_study_is_any_of_several_unless_one_was_shared_in_the_deal(self):
        text = "Did you read the case study?"
        assert found(text) == []
        assert found(text, context=Context(shared={"TA-035"})) == ["TA-035"]

    def test_a_case_study_is_the_one_that_fits_the_buyers(self):
        text = "I'll send you the case study."
        assert found(text, context=Context(fitting={"TA-036"})) == ["TA-036"]
        assert found(text, context=Context(fitting={"TA-034", "TA-036"})) == []

    def test_what_was_published_later_is_not_meant(self):
        text = "I'll send you the Alder case study."
        assert found(text, context=Context(day="2026-01-07")) == []
        assert found(text, context=Context(day="2026-01-08")) == ["TA-034"]

    def test_two_titles_that_fit_as_well_are_both_unsure(self):
        twins = [
            ContentItem(id=i, title="Gravel handbook", content_type="ebook") for i in ("a", "b")
        ]
        told = find_mentions(index_of(twins), "I'll send you the gravel handbook.", side="rep")
        assert [m.item for m in told] == ["a"]
        assert told[0].confidence < CONFIDENT

    def test_it_says_by_which_words(self):
        (told,) = find_mentions(INDEX, "I read that Alder case study.", side="buyer")
        assert (told.item, told.words) == ("TA-034", "alder case study")


class TestCalls:
    def turn(self, at: int, text: str, side: str = "rep") -> Utterance:
        return Utterance(
            id=f"c:{at:04d}",
            call="c",
            position=at,
            start_s=0.0,
            end_s=1.0,
            channel=None,
            speaker="Ann",
            side=side,
            side_confidence=1.0,
            text=text,
        )

    def test_an_asset_counts_once_a_call_where_it_is_surest(self):
        said = [self.turn(0, "That Alder story."), self.turn(1, "I'll send the Alder case study.")]
        ((turn, mention),) = call_mentions(said, INDEX)
        assert (turn.position, mention.item) == (1, "TA-034")

    def test_the_event_is_the_same_on_each_run(self):
        call = Call(id="c", file="x", recorded_at="2026-10-05T10:00:00+00:00", deal="D")
        event = mention_event(Mention("TA-034", 0.8, "x"), call, self.turn(3, "x"), "2026-10-05")
        assert event == UsageEvent(
            id=event.id,
            item="TA-034",
            occurred_at="2026-10-05",
            event="call_mention",
            actor="Ann",
            deal="D",
            call="c",
            channel="call",
            source="call",
            utterance="c:0003",
            confidence=0.8,
        )
        again = mention_event(Mention("TA-034", 0.9, "y"), call, self.turn(5, "y"), "2026-10-05")
        assert again.id == event.id


def test_on_labelled_sentences_it_is_as_good_as_the_benchmark_says() -> None:
    with (ROOT / "benchmarks" / "mentions.csv").open(encoding="utf-8", newline="") as file:
        rows = [row for row in csv.DictReader(file) if row["part"] == "test"]
    truths = [set(filter(None, row["items"].split(";"))) for row in rows]
    told = [set(found(row["text"], row["side"])) for row in rows]
    right = sum(len(t & f) for t, f in zip(truths, told, strict=True))

    assert right / sum(map(len, told)) >= 0.95
    assert right / sum(map(len, truths)) >= 0.85


@given(st.text(max_size=200), st.sampled_from(["rep", "buyer", "unknown"]))
def test_any_text_can_be_read(text: str, side: str) -> None:
    for mention in find_mentions(INDEX, text, side=side):
        assert 0 < mention.confidence <= 0.98


@given(
    st.permutations(ITEMS[:12]), st.sampled_from([r"I'll send the Friday article", "Paid twice"])
)
def test_the_order_of_the_items_does_not_matter(items: list[ContentItem], text: str) -> None:
    assert find_mentions(index_of(items), text, side="rep") == find_mentions(
        index_of(ITEMS[:12]), text, side="rep"
    )
