from __future__ import annotations

import pytest

from callinsight.content.inventory import listed_ids, read_items, read_usage
from callinsight.errors import InputError
from callinsight.records import ContentItem, Problem, UsageEvent
from callinsight.taxonomy import DEFAULT_TAXONOMY, load_taxonomy

TAXONOMY = load_taxonomy(DEFAULT_TAXONOMY)
ITEM_HEADER = (
    "asset_id,title,content_type,url,summary,concerns,personas,stages,topics,product_specific,owner,"
    "status,audience,published_on,updated_on,expires_on,review_period_days,language,cost"
)
USAGE_HEADER = "asset_id,occurred_at,event,actor,deal,call_id,channel"


@pytest.fixture
def sheet(tmp_path):
    def write(name: str, *lines: str):
        path = tmp_path / name
        path.write_text("\n".join(lines), encoding="utf-8")
        return path

    return write


def row(**cells: str) -> str:
    names = ITEM_HEADER.split(",")
    assert set(cells) <= set(names)
    cells = {"asset_id": "x", "title": "X", "content_type": "blog"} | cells
    return ",".join(f'"{cells.get(name, "")}"' for name in names)


class TestItems:
    def test_a_whole_row(self, sheet):
        file = sheet(
            "items.csv",
            ITEM_HEADER,
            "TA-1,Case,Case Study,https://example.org,Sum,price_budget; Value ROI,Champion,"
            "decision;retention,sage;migration,yes,Ana,Draft,Internal,2026-01-02,2026-03-04,"
            '2026-12-31,90,en,"1,250.50"',
        )
        assert read_items([file], TAXONOMY) == (
            [
                ContentItem(
                    id="TA-1",
                    title="Case",
                    content_type="case_study",
                    url="https://example.org",
                    summary="Sum",
                    concerns=("price_budget", "value_roi"),
                    personas=("champion",),
                    stages=("decision", "retention"),
                    topics=("sage", "migration"),
                    product_specific=True,
                    owner="Ana",
                    status="draft",
                    audience="internal",
                    published_on="2026-01-02",
                    updated_on="2026-03-04",
                    expires_on="2026-12-31",
                    review_period_days=90,
                    language="en",
                    cost=1250.5,
                    source="items.csv",
                )
            ],
            [],
        )

    def test_what_is_left_out_is_that_of_the_type(self, sheet):
        file = sheet("items.csv", "asset_id,title,content_type", "a,A,webinar", "b,B,talk_track")
        webinar, talk = read_items([file], TAXONOMY)[0]
        assert webinar == ContentItem(
            id="a",
            title="A",
            content_type="webinar",
            stages=("awareness", "consideration"),
            review_period_days=365,
            source="items.csv",
        )
        assert (talk.stages, talk.review_period_days) == ((), 180)
        assert (webinar.status, webinar.audience, webinar.cost) == ("live", "external", None)

    def test_of_one_id_the_last_row_counts(self, sheet):
        header = "asset_id,title,content_type"
        first = sheet("items.csv", header, "a,Old,blog", "b,B,blog")
        second = sheet("more.csv", header, "a,New,blog", "a,Newest,ebook")
        items, problems = read_items([first, second], TAXONOMY)
        assert [(item.id, item.title) for item in items] == [("a", "Newest"), ("b", "B")]
        assert problems == []

    def test_no_files_no_items(self):
        assert read_items([], TAXONOMY) == read_usage([], []) == ([], [])
        assert listed_ids([]) == set()

    @pytest.mark.parametrize(
        ("cells", "message"),
        [
            ({"asset_id": ""}, "asset_id is empty; fill it in"),
            ({"title": " "}, "title is empty; fill it in"),
            ({"content_type": ""}, "content_type is empty; fill it in"),
            (
                {"content_type": "casestudy"},
                "content_type is 'casestudy'; did you mean 'case_study'?",
            ),
            (
                {"content_type": "zzz"},
                f"content_type is 'zzz'; it must be one of {', '.join(TAXONOMY.content_types)}",
            ),
            (
                {"concerns": "value_roi;price budgets"},
                "concerns is 'price budgets'; did you mean 'price_budget'?",
            ),
            ({"personas": "champ;end_user"}, "personas is 'champ'; did you mean 'champion'?"),
            (
                {"personas": "boss"},
                f"personas is 'boss'; it must be one of {', '.join(TAXONOMY.personas)}",
            ),
            ({"stages": "decisions"}, "stages is 'decisions'; did you mean 'decision'?"),
            (
                {"stages": "zzz"},
                "stages is 'zzz'; it must be one of awareness, consideration, decision, retention",
            ),
            ({"product_specific": "partly"}, "product_specific is 'partly'; write yes or no"),
            ({"status": "lives"}, "status is 'lives'; did you mean 'live'?"),
            ({"status": "x"}, "status is 'x'; it must be one of draft, live, archived"),
            ({"audience": "x"}, "audience is 'x'; it must be one of internal, external"),
            *(
                ({name: "31/10/2026"}, f"{name} is '31/10/2026'; write a date such as 2026-10-31")
                for name in ("published_on", "updated_on", "expires_on")
            ),
            (
                {"updated_on": "9999-12-31"},
                "updated_on is '9999-12-31'; write a date from 1990 to 2199, or nothing",
            ),
            (
                {"review_period_days": "3000000"},
                "review_period_days is '3000000'; write at most 36500, or nothing for what its type has",
            ),
            (
                {"review_period_days": "yearly"},
                "review_period_days is 'yearly'; write a whole number such as 1",
            ),
            ({"cost": "£900"}, "cost is '£900'; write a number such as 12500.50"),
        ],
    )
    def test_the_row_is_named_and_the_others_go_on(self, sheet, cells, message):
        file = sheet("items.csv", ITEM_HEADER, row(asset_id="a"), row(**cells), row(asset_id="b"))
        items, problems = read_items([file], TAXONOMY)
        assert [item.id for item in items] == ["a", "b"]
        assert problems == [
            Problem(stage="inventory", subject="items.csv:3", error=f"items.csv:3: {message}")
        ]

    def test_a_sheet_that_cannot_be_used_as_a_whole(self, sheet, tmp_path):
        file = sheet("items.csv", "asset_id,title,content_type,concern", "a,A,blog,")
        with pytest.raises(InputError) as caught:
            read_items([file], TAXONOMY)
        assert str(caught.value) == (
            "items.csv: there is no column 'concern'; did you mean 'concerns'? "
            f"The columns are {ITEM_HEADER.replace(',', ', ')}"
        )
        gone = tmp_path / "gone.csv"
        with pytest.raises(InputError) as caught:
            read_items([gone], TAXONOMY)
        assert str(caught.value) == (
            f"{gone}: there is no such file; mend the path in the pipeline file"
        )


class TestUsage:
    def test_a_whole_row(self, sheet):
        file = sheet(
            "usage.csv",
            USAGE_HEADER,
            "a,2026-10-31T14:30,Buyer View,Ana,D-1,c1,email",
            "a,2026-11-01,share",
        )
        events, problems = read_usage([file], ["a"])
        assert problems == []
        assert events[0] == UsageEvent(
            id=events[0].id,
            item="a",
            occurred_at="2026-10-31",
            event="buyer_view",
            actor="Ana",
            deal="D-1",
            call="c1",
            channel="email",
        )
        assert (events[1].occurred_at, events[1].event, events[1].deal) == (
            "2026-11-01",
            "share",
            "",
        )

    def test_an_event_that_is_listed_twice_is_one(self, sheet):
        line = "a,2026-10-31T14:30,view,Ana,,,"
        first = sheet("usage.csv", USAGE_HEADER, line, line, line.replace("14:30", "14:31"))
        second = sheet(
            "more.csv", "event;asset_id;occurred_at;actor", "view;a;2026-10-31T14:30;Ana"
        )
        events, _ = read_usage([first, second], ["a"])
        assert len(events) == 2
        assert len({event.id for event in events}) == 2
        assert read_usage([second, first], ["a"])[0] == events

    @pytest.mark.parametrize(
        ("line", "message"),
        [
            (",2026-10-31,view", "asset_id is empty; fill it in"),
            (
                "b,2026-10-31,view",
                (
                    "asset_id 'b' stands in no list of assets; "
                    "add the asset to items.csv, or remove the row"
                ),
            ),
            ("a,,view", "occurred_at is empty; fill it in"),
            (
                "a,31/10/2026,view",
                "occurred_at is '31/10/2026'; write a date such as 2026-10-31",
            ),
            ("a,2026-10-31,", "event is empty; fill it in"),
            ("a,2026-10-31,viewed", "event is 'viewed'; did you mean 'view'?"),
            (
                "a,2026-10-31,zzz",
                "event is 'zzz'; it must be one of share, view, buyer_view, download, call_mention",
            ),
            (
                "a,2026-10-31,view,Ana,D-1,c1,email,web",
                (
                    "the row has more cells than the header; "
                    "put quotes around a cell that holds a separator"
                ),
            ),
        ],
    )
    def test_the_row_is_named_and_the_others_go_on(self, sheet, line, message):
        file = sheet("usage.csv", USAGE_HEADER, "a,2026-10-30,view", line, "a,2026-11-01,share")
        events, problems = read_usage([file], ["a"])
        assert [event.occurred_at for event in events] == ["2026-10-30", "2026-11-01"]
        assert problems == [
            Problem(stage="inventory", subject="usage.csv:3", error=f"usage.csv:3: {message}")
        ]

    def test_usage_of_an_asset_that_cannot_be_used_is_no_second_problem(self, sheet):
        items = sheet(
            "items.csv", "asset_id,title,content_type", "a,A,blog", "b,B,blogs", "c,,blog"
        )
        usage = sheet(
            "usage.csv",
            "asset_id,occurred_at,event",
            *("a,2026-10-31,view", "b,2026-10-31,view", "c,2026-10-31,view", "b,2026-10-31,look"),
        )
        known, unusable = read_items([items], TAXONOMY)
        events, problems = read_usage(
            [usage], [item.id for item in known], listed=listed_ids([items])
        )
        assert [problem.subject for problem in unusable] == ["items.csv:3", "items.csv:4"]
        assert [event.item for event in events] == ["a"]
        assert [problem.subject for problem in problems] == ["usage.csv:5"]  # its own mistake
