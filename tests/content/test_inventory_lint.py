from __future__ import annotations

from datetime import date

import pytest

from callinsight.content.inventory_lint import ADVICE, ERROR, Finding, lint, lint_lines
from callinsight.records import ContentItem, Problem
from callinsight.taxonomy import DEFAULT_TAXONOMY, load_taxonomy

TAXONOMY = load_taxonomy(DEFAULT_TAXONOMY)
AS_OF = date(2026, 10, 31)
GOOD = {
    "title": "A",
    "content_type": "blog",
    "owner": "Ann",
    "summary": "S",
    "concerns": ("value_roi",),
    "published_on": "2026-10-01",
    "review_period_days": 365,
    "product_specific": False,
}


def item(id_: str = "a", **facts) -> ContentItem:
    return ContentItem(id=id_, **(GOOD | {"source": "import x.csv"} | facts))


def found(*items: ContentItem, problems=(), places=None, bulk=None) -> list[Finding]:
    return lint(items, problems, places or {}, TAXONOMY, bulk=bulk or {}, as_of=AS_OF)


def test_an_imported_asset_is_found_by_file_and_row():
    twins = (
        item("a", listed_at="x.csv:4", url="https://a.example"),
        item("b", listed_at="x.csv:9", url="https://a.example/"),
    )
    assert [(f.where, f.problem) for f in found(*twins) if f.rule == "same url"] == [
        ("x.csv:9", "its url is that of a (x.csv:4)")
    ]


def test_nothing_to_mend():
    assert found(item()) == []


@pytest.mark.parametrize(
    ("facts", "level", "rule", "problem", "advice"),
    [
        ({"owner": ""}, ADVICE, "no owner", "it has no owner", "name who keeps it true"),
        (
            {"summary": ""},
            *(ADVICE, "no summary", "it has no summary", "say in a sentence what is in it"),
        ),
        (
            {"concerns": ()},
            *(ADVICE, "no concern", "it names no concern, so it answers nothing"),
            "name the concerns it answers, or see 'callinsight inventory suggest'",
        ),
        (
            {"expires_on": "2026-10-30"},
            *(ADVICE, "expired", "it expired on 2026-10-30"),
            "refresh it and move expires_on, or set its status to archived",
        ),
        (
            {"published_on": "2025-10-30"},
            *(ADVICE, "review overdue", "last checked on 2025-10-30, due every 365 days"),
            "check it and set updated_on",
        ),
        (
            {"product_specific": None},
            *(ADVICE, "no word on product", "nothing says whether it is about the product"),
            "write yes or no in product_specific; the report shows the share that is",
        ),
        (
            {"published_on": ""},
            *(ADVICE, "no date", "nothing says when it was published or checked"),
            "fill in published_on or updated_on; without them nobody knows whether it is fresh",
        ),
        (
            {"concerns": tuple(TAXONOMY.concerns)[:6]},
            *(ADVICE, "mapped to everything", "it is mapped to 6 of 12 concerns"),
            "keep those that a buyer would send it round for",
        ),
        (
            {"personas": tuple(TAXONOMY.personas)},
            *(ADVICE, "mapped to everything", "it is made for every persona"),
            "name whom it is written for; empty means anybody",
        ),
        (
            {"personas": ("plumber",)},
            *(ERROR, "unknown word", "personas has 'plumber', which the definitions do not know"),
            f"write one of {', '.join(TAXONOMY.personas)}",
        ),
        (
            {"stages": ("late",)},
            *(ERROR, "unknown word", "stages has 'late', which the definitions do not know"),
            "write one of awareness, consideration, decision, retention",
        ),
    ],
)
def test_each_rule(facts, level, rule, problem, advice):
    assert found(item(**facts)) == [Finding(level, rule, "import x.csv: a", "a", problem, advice)]


def test_a_tag_that_nobody_looked_at():
    bulk = {"a": {"value_roi"}, "b": {"value_roi"}}
    assert found(item("a"), item("b", status="archived", title="B"), bulk=bulk) == [
        Finding(
            *(ADVICE, "tagged in bulk", "import x.csv: a", "a"),
            "value_roi was accepted with --all",
            "look at it, then 'callinsight inventory accept ID', or 'reject ID FIELD=VALUE'",
        )
    ]


def test_five_concerns_are_not_everything():
    assert found(item(concerns=tuple(TAXONOMY.concerns)[:5])) == []


@pytest.mark.parametrize("status", ["draft", "archived"])
def test_what_is_not_live_wants_no_owner(status):
    assert found(item(status=status, owner="", summary="", concerns=(), published_on="")) == []


def test_two_assets_at_one_address():
    told = found(
        item("a", title="A", url="https://www.example.org/x/"),
        item("b", title="B", url="http://example.org/x"),
        item("c", title="C", url="https://example.org/x", status="archived"),
        places={"b": ["items.csv:7"]},
    )
    assert told == [
        Finding(
            *(ERROR, "same url", "items.csv:7", "b", "its url is that of a (import x.csv: a)"),
            "keep one; two count as twice the supply",
        )
    ]


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("https://a.example/x?utm_source=mail&UTM_Medium=x", "https://a.example/x"),
        ("https://a.example/x?gclid=1&id=7", "https://a.example/x/?id=7&fbclid=2"),
        ("https://a.example/x?b=2&a=1", "https://a.example/x?a=1&b=2"),
        ("https://a.example/x#part-2", "http://www.A.example/x"),
        ("a.example/x", "https://a.example/x"),
        ("http://[", "http://["),
    ],
)
def test_addresses_of_one_page(one, other):
    told = found(item("a", title="A", url=one), item("b", title="B", url=other))
    assert [(f.rule, f.problem) for f in told] == [
        ("same url", "its url is that of a (import x.csv: a)")
    ]


@pytest.mark.parametrize(
    "other",
    [
        "https://a.example/x?id=8",
        "https://a.example/y",
        "https://b.example/x",
        "https://a.example/x?id=7#/pricing",
        "https://a.example/x?id=7#!pricing",
    ],
)
def test_addresses_of_two_pages(other):
    one = item("a", title="A", url="https://a.example/x?id=7")
    assert found(one, item("b", title="B", url=other)) == []


def test_two_assets_of_one_title():
    told = found(item("a", title="Price list"), item("b", title="price  LIST"))
    assert told == [
        Finding(
            *(
                ADVICE,
                "same title",
                "import x.csv: b",
                "b",
                "its title is that of a (import x.csv: a)",
            ),
            "rename one, or archive it, so that people find the right one",
        )
    ]


def test_rows_of_sheets_are_named_errors_first_and_in_their_order():
    told = found(
        item("a", owner="", title="A"),
        item("b", owner="", title="B"),
        problems=[Problem(stage="inventory", subject="i.csv:4", error="i.csv:4: x is y; write z")],
        places={"a": ["i.csv:12"], "b": ["i.csv:2", "i.csv:9"]},
    )
    assert [(f.level, f.rule, f.where) for f in told] == [
        (ERROR, "unusable row", "i.csv:4"),
        (ERROR, "same id twice", "i.csv:9"),
        (ADVICE, "no owner", "i.csv:9"),
        (ADVICE, "no owner", "i.csv:12"),
    ]
    assert told[0][4:] == ("x is y", "write z")
    assert told[1].problem == "the asset_id 'b' stands in i.csv:2 too; only this row counts"


def test_advice_that_many_assets_get_is_one_line_with_their_rows():
    owners = [
        item(str(n), title=str(n), owner="", listed_at=f"x.csv:{n}") for n in (2, 3, 4, 7, 12, 13)
    ]
    dates = [
        item(f"d{n}", title=f"d{n}", expires_on=f"2026-10-0{n}", source="import y.csv")
        for n in (1, 2, 3, 4)
    ]
    wrong = [
        item(f"w{n}", title=f"w{n}", stages=("moon",), listed_at=f"x.csv:{20 + n}")
        for n in range(4)
    ]
    told = list(lint_lines(found(*owners, *dates, *wrong)))

    assert [line for line in told if "moon" in line] == told[1:5]
    assert told[5:] == [
        "Advice:",
        "expired, 4 assets; refresh it and move expires_on, or set its status to archived",
        "  import y.csv: d1, d2, d3, d4",
        "no owner, 6 assets: it has no owner; name who keeps it true",
        "  x.csv: 2 to 4, 7, 12 to 13",
    ]
    assert len(list(lint_lines(found(*owners, *dates, *wrong), every=True))) == 16
    assert "x.csv:7: 7: it has no owner; name who keeps it true" in list(
        lint_lines(found(*owners[3:4]))
    )
