from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from callinsight.content.matching import Match
from callinsight.content.ranking import FITS, NEAR, NONE, UNTAGGED, answer, bm25, likeness
from callinsight.records import ContentItem

TEXTS = {
    "a": "The price list with all discounts",
    "b": "Security and data protection",
    "c": "A price for every price question",
}


def item(id_: str, status: str = "live") -> ContentItem:
    return ContentItem(id=id_, title=id_, content_type="blog", status=status)


ITEMS = [item("a"), item("b"), item("c"), item("d", status="draft")]


class TestWords:
    def test_rare_words_and_short_texts_count_more(self):
        scores = bm25(
            ["price list", "price list and a great many other things", "security"], "price"
        )
        assert scores[0] > scores[1] > scores[2] == 0

    def test_without_a_shared_word_or_any_text_all_are_alike(self):
        assert list(bm25(["x", "y"], "the and")) == [0, 0]
        assert list(bm25([], "x")) == []

    @given(st.lists(st.text(max_size=40), max_size=6), st.text(max_size=40))
    def test_any_texts(self, texts, query):
        scores = bm25(texts, query)
        assert len(scores) == len(texts)
        assert (scores >= 0).all()


class TestLikeness:
    def test_by_words_where_there_are_no_vectors(self):
        ranks = likeness(TEXTS, "price question")
        assert sorted(ranks, key=lambda id_: -ranks[id_].score) == ["c", "a", "b"]
        assert ranks["c"].described == 0.0

    def test_vectors_speak_too(self):
        vectors = {"a": [1.0, 0.0], "b": [0.0, 1.0], "c": [0.6, 0.8]}
        ranks = likeness(
            TEXTS,
            "nothing of it",
            vectors={id_: np.array(v, np.float32) for id_, v in vectors.items()},
            described=np.array([0.0, 1.0], np.float32),
            said=np.array([[0.0, 1.0], [0.6, 0.8]], np.float32),
        )
        assert sorted(ranks, key=lambda id_: -ranks[id_].score) == ["b", "c", "a"]
        assert ranks["c"].described == pytest.approx(0.8)

    def test_no_assets(self):
        assert likeness({}, "x") == {}


class TestAnswer:
    def test_what_fits_by_its_tags(self):
        ranks = likeness(TEXTS, "price question")
        told = answer([Match(ITEMS[0], ()), Match(ITEMS[2], ())], ITEMS, ranks)
        assert (told.supply, told.reason) == (FITS, "2 assets named for it, live and fresh")
        assert [(m.item.id, m.obstacles) for m in told.candidates] == [
            ("c", ()),
            ("a", ()),
            ("b", (UNTAGGED,)),
        ]

    def test_near_where_something_keeps_each_from_it(self):
        told = answer([Match(ITEMS[0], ("stale", "for end_user"))], ITEMS, {})
        assert (told.supply, told.reason) == (
            NEAR,
            "1 asset named for it, but: stale and for end_user",
        )

    def test_near_where_an_untagged_asset_is_alike(self):
        vector = np.array([1.0, 0.0], np.float32)
        ranks = likeness({"a": "x"}, "x", vectors={"a": vector}, described=vector)
        told = answer([], ITEMS, ranks)
        assert (told.supply, told.reason) == (
            NEAR,
            "no asset names it, but 1 asset may answer it: tag or deny",
        )

    def test_none_still_names_the_nearest(self):
        told = answer([], ITEMS, likeness(TEXTS, "price question"))
        assert (told.supply, told.reason) == (NONE, "no asset names it, and none is like it")
        assert [m.item.id for m in told.candidates] == ["c", "a", "b"]

    def test_a_person_outranks_the_model(self):
        ranks = likeness(TEXTS, "price question")
        told = answer([Match(ITEMS[2], ("judged not to answer",))], ITEMS, ranks, denied=["c"])
        assert told.supply == NONE
        assert "c" not in [m.item.id for m in told.candidates]
