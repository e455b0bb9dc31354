"""What each stage has of what buyers raise and of what the inventory offers."""

from datetime import date

from callinsight.records import Unused
from callinsight.reports.balance import balance_of, balance_sentence, usable_items
from callinsight.taxonomy import DEFAULT_TAXONOMY, load_taxonomy

AS_OF = date(2026, 10, 31)
TAXONOMY = load_taxonomy(DEFAULT_TAXONOMY)


def balance(month, unused=()):
    usable = usable_items(month.items, unused, AS_OF)
    return {s.stage: s for s in balance_of(month.gaps(), usable, TAXONOMY)}


def test_what_is_raised_is_counted_by_deal_and_concern(empty):
    for number in range(3):
        turns = [("need_fit", "objection", "No."), ("price_budget", "question", "How much?")] * 2
        empty.call(f"d{number}", "champion", "decision", *turns)
    empty.call("a1", "economic_buyer", "awareness", ("need_fit", "question", "Can it?"))
    empty.call("a2", "economic_buyer", "awareness")

    found = balance(empty)

    assert [(s, found[s].deals, found[s].raised) for s in ("awareness", "decision")] == [
        ("awareness", 2, 1),
        ("decision", 3, 6),
    ]
    assert [round(found[s].raised_share, 3) for s in ("awareness", "decision", "retention")] == [
        *(0.143, 0.857, 0.0),
    ]


def test_assets_count_at_each_stage_they_serve_if_they_can_answer(empty):
    empty.call("c1")
    empty.item("A-1", stages=("awareness",), product_specific=False)
    empty.item("A-2", stages=("awareness", "decision"), product_specific=True)
    empty.item("A-3")  # for any stage
    empty.item("A-4", stages=("decision",), status="draft")
    empty.item("A-5", stages=("decision",), published_on="2026-11-05")
    empty.item("A-6", stages=("decision",))
    stale = Unused(item="A-6", kind="stale", why="", advice="refresh")

    found = balance(empty, [stale])

    assert [(s.assets, s.product_told, s.product_specific) for s in found.values()] == [
        (3, 2, 1),
        (1, 0, 0),
        (2, 1, 1),
        (1, 0, 0),
    ]
    assert [s.assets_share for s in found.values()] == [0.4286, 0.1429, 0.2857, 0.1429]
    assert [(s.product_share, s.product_words) for s in found.values()] == [
        (0.5, "1 of 2 that say (50\N{NO-BREAK SPACE}%)"),
        (None, "not said"),
        (1.0, "1 of 1 that say (100\N{NO-BREAK SPACE}%)"),
        (None, "not said"),
    ]


def test_the_sentence_names_the_stage_that_is_shortest_of_assets(empty):
    for number in range(8):
        empty.call(f"d{number}", "champion", "decision", ("need_fit", "objection", "No."))
    for number in range(9):
        empty.item(f"A-{number}", stages=("awareness",))
    empty.item("B-1", stages=("decision",), product_specific=True)

    assert balance_sentence(tuple(balance(empty).values())).replace("\N{NO-BREAK SPACE}", " ") == (
        "Decision is where 100 % of what buyers raise comes up, and 10 % of the assets serve it "
        "(1 asset, 1 of them about the product)."
    )


def test_a_balanced_funnel_and_an_empty_one(empty):
    assert balance_sentence(tuple(balance(empty).values())) == ""
    empty.call("d1", "champion", "decision", ("need_fit", "objection", "No."))
    empty.item("A-1", stages=("decision",))

    assert balance_sentence(tuple(balance(empty).values())) == (
        "Each stage has about the part of the assets that it has of what buyers raise."
    )
