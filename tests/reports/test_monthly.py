"""What the report says, and that its pages say it to people, safely, and the same again."""

import dataclasses
import re
from html.parser import HTMLParser
from pathlib import Path

import pytest

from callinsight.errors import InputError
from callinsight.records import ContentItem, Problem, Topic, Unused
from callinsight.reports.assets import asset_sentence, idle_assets, use_sentence
from callinsight.reports.monthly import MonthlyReport, write_report
from callinsight.reports.themes import Spoken
from callinsight.reports.wording import Names
from callinsight.taxonomy import DEFAULT_TAXONOMY, load_taxonomy

SOUND = b"\xff\xf3 not really an MP3 "
HOSTILE = (
    "<script>alert(1)</script> | # [x](javascript:alert(1)) `rm` ![i](https://evil.example/i) &lt;"
)
SECTIONS = [
    "What this rests on",
    "What to decide",
    "The funnel at a glance",
    "Gaps, most pressing first",
    "Demand that is covered",
    "Too few calls to say",
    "The balance of the funnel",
    "Assets that need attention",
    "How to read this",
]
VOID = {"meta", "br", "link", "img", "input", "hr"}


class Page(HTMLParser):
    """Elements, headings and visible words of a page; fails if its tags do not nest."""

    def __init__(self, path: Path) -> None:
        super().__init__(convert_charrefs=True)
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self.headings: list[tuple[str, str]] = []
        self.words: list[str] = []
        self.open: list[str] = []
        self.feed(path.read_text(encoding="utf-8"))
        assert self.open == []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, dict(attrs)))
        if tag in ("h1", "h2", "h3", "h4"):
            self.headings.append((tag, ""))
        if tag not in VOID:
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        if self.open and self.open[-1] not in ("style", "title"):
            self.words.append(data)
        for heading in ("h1", "h2", "h3", "h4"):
            if heading in self.open:
                self.headings[-1] = (heading, self.headings[-1][1] + data)

    @property
    def text(self) -> str:
        return plain(" ".join(self.words))

    def all(self, tag: str) -> list[dict[str, str | None]]:
        return [attributes for name, attributes in self.elements if name == tag]


def plain(text: str) -> str:
    return " ".join(text.split())


def write(report: MonthlyReport, folder: Path, limit_mb: float = 8.0) -> Page:
    write_report(report, folder, embed_limit_mb=limit_mb)
    return Page(folder / "index.html")


def markdown(folder: Path) -> str:
    return (folder / "report.md").read_text(encoding="utf-8").replace("\N{NO-BREAK SPACE}", " ")


# What it says


def test_gaps_come_before_others_and_the_most_pressing_first(autumn):
    report = autumn.report()

    assert [(d.rank, d.verdict, d.concern, d.place) for d in report.gaps] == [
        (1, "gap", "Security and compliance", "Information security at Decision"),
        (2, "weak", "Integration and technology", "Technical evaluator at Consideration"),
    ]
    assert [d.concern for d in report.covered] == ["Price and budget"]
    assert [(x.demand.concern, x.demand.deals, x.needed) for x in report.doubts] == [
        ("Timing and priority", "2 of 4 deals", "3 or more")
    ]


def test_the_month_in_short(autumn):
    assert autumn.report().summary == (
        (
            "One concern of buyers has no asset that answers: Security and compliance (Information "
            "security at Decision, 8 of 10 deals); the open deals behind it are worth £160,000."
        ),
        (
            "One concern is answered by too little: Integration and technology (Technical evaluator at "
            "Consideration, 8 of 10 deals)."
        ),
        "Well covered: Price and budget (Economic buyer at Decision, 8 of 12 deals).",
        "All of 4 live assets are used, fresh and owned.",
    )


def test_a_gap_says_who_where_how_many_and_why(autumn):
    gap = autumn.report().gaps[0]

    assert plain(gap.sentence) == (
        "8 of 10 deals (80 %, 95 % interval 50 to 96 %) raised it in 8 calls: 8 as an objection. "
        "£160,000 at stake in open deals; 0 of 8 unresolved (0 %)."
    )
    assert gap.why == (
        "The deals prove the demand, and no live asset fits. What names this concern: "
        "1 archived, 1 for Champion and for Awareness."
    )
    assert [(c.title, c.obstacle) for c in gap.candidates] == [
        ("Asset A-4", "archived"),
        ("Asset A-5", "for Champion, for Awareness"),
    ]
    assert gap.arithmetic == (
        "8 raising of 10 eligible deals in 8 calls; chance of seeing this without real demand, "
        "corrected for the number of cells: 0.0014. Score 0.028 = lower end of the interval 0.497 "
        "× unresolved 0.056 (0 of 8, with half a deal added on each side) × supply that is missing 1.00."
    )
    assert [(t.deal, t.call, t.at) for t in gap.turns][:2] == [
        ("D-sec-sec-dec-00", "sec-sec-dec-00", "01:10"),
        ("D-sec-sec-dec-01", "sec-sec-dec-01", "01:10"),
    ]


def test_a_weak_cell_names_the_asset_that_fits(autumn):
    weak = autumn.report().gaps[1]

    assert weak.why == "The deals prove the demand, and the supply is thin: 1 fitting asset."
    assert (weak.supply, weak.candidates[0].obstacle) == ("1 asset fits", "fits")


def test_stale_and_expired_candidates_are_said_to_be(autumn):
    autumn.item("A-0", "security_compliance", expires_on="2026-10-01")
    autumn.item("A-6", "security_compliance", published_on="2024-01-01")

    obstacles = {c.title: c.obstacle for c in autumn.report().gaps[0].candidates}

    assert obstacles == {"Asset A-0": "expired", "Asset A-4": "archived", "Asset A-6": "stale"}


def test_an_asset_of_a_later_month_is_not_said_to_fit(empty):
    empty.demand(8, 10, "need_fit", "champion", "decision")
    empty.item("A-1", "need_fit", published_on="2026-11-02")

    gap = empty.report().gaps[0]

    assert (gap.supply, gap.candidates[0].obstacle) == ("no asset fits", "not yet published")


def test_the_funnel_shows_the_most_pressing_concern_of_each_cell(autumn):
    report = autumn.report()

    assert report.stages == ("Awareness", "Consideration", "Decision", "Retention")
    cells = {line.role: dict(zip(report.stages, line.cells, strict=True)) for line in report.lines}
    cell = cells["Information security"]["Decision"]
    assert (cell.verdict, cell.concern, plain(cell.demand), cell.supply) == (
        *("gap", "Security and compliance", "8 of 10 deals (80 %)"),
        "no asset fits",
    )
    assert cells["Champion"]["Awareness"].verdict_word == "Too few calls"
    assert cells["Champion"]["Retention"].verdict_word == "Not heard"
    assert [line.meaning for line in report.lines][:1] == ["Decides on the money"]


def test_what_is_there_for_anybody_is_counted_apart_from_what_is_made_for_a_role(empty):
    empty.demand(8, 8, "need_fit", "champion", "decision")
    empty.item("A-1", "need_fit", personas=("champion",), stages=("decision",))
    empty.item("A-2", "need_fit", personas=("end_user",))
    for number in range(3):
        empty.item(f"B-{number}", "need_fit")
    empty.item("B-9", "need_fit", stages=("awareness",))

    report = empty.report()

    cells = {line.role: dict(zip(report.stages, line.cells, strict=True)) for line in report.lines}
    assert cells["Champion"]["Decision"].heard == "8 deals heard, 1 asset for them, 3 for anybody"
    assert cells["Economic buyer"]["Awareness"].heard == "0 assets for them, 4 for anybody"
    (sheet,) = [table for table in report.tables if table.name == "matrix"]
    names = [column.name for column in sheet.columns]
    (row,) = [row for row in sheet.rows if row[:2] == ("Champion", "Decision")]
    counted = dict(zip(names, row, strict=True))
    assert (counted["assets_made_for_them"], counted["assets_for_anybody"]) == (1, 3)


def test_a_total_over_roles_is_told_only_if_no_role_tells_it(empty):
    for number, persona in enumerate(
        ["champion", "economic_buyer", "technical_evaluator"] * 3
    ):  # three deals a role are too few, nine together are not
        turn = ("trust_proof", "objection", "Who else uses it?")
        empty.call(f"c{number}", persona, "decision", turn)

    report = empty.report()

    assert report.gaps == ()
    assert [d.place for d in report.roll_ups] == ["All roles at Decision"]
    empty.demand(8, 8, "trust_proof", "champion", "decision")
    assert empty.report().roll_ups == ()


def test_a_cell_far_from_a_verdict_is_only_counted(empty):
    empty.demand(1, 4, "need_fit", "champion", "decision")

    report = empty.report()

    assert (report.doubts, report.doubts_rest) == (
        (),
        "One cell is not listed: it would take more than 50 further deals.",
    )


def test_money_of_several_currencies_is_not_added_up(empty):
    empty.demand(8, 8, "need_fit", "champion", "decision", amount=5_000.0)
    empty.calls[0] = dataclasses.replace(empty.calls[0], currency="EUR", amount=1_250_000.0)
    empty.calls[1] = dataclasses.replace(empty.calls[1], currency="CHF")

    gap = empty.report().gaps[0]

    assert "CHF 5,000, €1,250,000 and £30,000 at stake in open deals" in plain(gap.sentence)


def test_only_open_deals_are_at_stake_and_what_was_lost_is_told_apart(empty):
    empty.demand(8, 8, "need_fit", "champion", "decision", amount=5_000.0)
    for number, outcome in enumerate(("won", "lost", "lost", "disqualified")):
        empty.calls[number] = dataclasses.replace(empty.calls[number], outcome=outcome)

    report = empty.report()

    assert plain(report.gaps[0].sentence).endswith(
        "£20,000 at stake in open deals; lost: £10,000; 2 of 8 unresolved (25 %); 1 disqualified."
    )
    assert plain(report.summary[0]).endswith(
        "the open deals behind it are worth £20,000; lost: £10,000."
    )


def test_a_deal_without_amount_is_worth_nothing_that_is_said(empty):
    empty.demand(8, 8, "need_fit", "champion", "decision", amount=None)

    report = empty.report()

    assert plain(report.gaps[0].sentence).endswith("8 as an objection. 0 of 8 unresolved (0 %).")
    assert "worth" not in report.summary[0]


# What it rests on


def test_the_band_counts_calls_talk_deals_accounts_and_turns(autumn):
    autumn.call("x-1", deal="", status="partial", reason="cut off", duration_s=60.0)
    autumn.call("x-2", status="empty", reason="nobody speaks")

    figures = [(f.value, f.label, f.note) for f in autumn.report().basis]

    assert figures == [
        ("38", "calls", "36 in full, 1 in part, 1 without speech"),
        ("6 hours", "of talk", ""),
        ("37", "deals", "1 call without a deal counts as a deal"),
        ("37", "accounts", ""),
        ("38", "buyers' turns", "by 4 people"),
    ]


def test_the_reader_is_told_what_weakens_the_numbers(empty):
    empty.call("c1")
    empty.call("c2", side="unknown")
    empty.call("c3", persona="unknown")
    empty.call("c4", stage="unknown")
    empty.call("c5", status="failed", reason="no sound")

    assert empty.report().notices == (
        (
            "Buyers were heard in 3 deals only. Read every share as a hint: with so few, chance moves it a "
            "long way. A cell with fewer than 5 deals gets no verdict."
        ),
        (
            "One call counts for nothing, because it is not known who speaks: all voices share one "
            "channel, or the names are not those in participants.csv."
        ),
        "One call could not be read. What to do stands under “What did not count”.",
        (
            "In 1 call a buyer's role is unknown. What such buyers say counts in the totals over all roles "
            "only; write their job titles into participants.csv."
        ),
        (
            "The stage of 1 call is unknown. Such calls count in the totals over all stages only; write "
            "deal_stage into the calls sheet, in words that the taxonomy knows."
        ),
    )


def test_numbers_that_rest_on_inferred_stages_say_so(empty, tmp_path):
    for number in range(7):
        source = "inferred" if number < 3 else "crm"
        turn = ("price_budget", "objection", "It is too expensive.")
        empty.call(f"c{number}", "champion", "decision", turn, stage_source=source)
    empty.call("c8", "champion", "awareness", turn, stage_source="crm")
    empty.call("c9", "champion", "awareness", side="unknown", stage_source="inferred")

    report = empty.report()

    told = (
        "3 of 8 calls have their stage from what was said, not from the CRM. Numbers that count them say "
        "so; write deal_stage into the calls sheet."
    )
    assert told in report.notices
    marked = "Champion at Decision (stage inferred in 3 of 7 calls)"
    assert [(gap.place, gap.deals) for gap in report.gaps] == [(marked, "7 of 7 deals")]
    cells = {line.role: [cell.demand for cell in line.cells] for line in report.lines}
    assert cells["Champion"] == [
        "1 of 1 deal (100\N{NO-BREAK SPACE}%)",
        "",
        "7 of 7 deals (100\N{NO-BREAK SPACE}%), stage inferred in 3 of 7 calls",
        "",
    ]
    for page in write_report(report, tmp_path, embed_limit_mb=1.0):
        text = page.read_text(encoding="utf-8")
        assert "3 of 8 calls have their stage from what was said" in text
        assert text.count("stage inferred in 3 of 7 calls") >= 2


def test_one_inferred_stage(empty):
    empty.call("c1", stage_source="inferred")

    assert (
        "1 of 1 call has its stage from what was said, not from the CRM. Numbers that count them say so; "
        "write deal_stage into the calls sheet."
    ) in empty.report().notices


def test_of_some_deals_it_is_told_how_many_gaps_they_show_and_of_many_nothing(autumn, empty):
    for number in range(101):
        empty.call(f"c{number}")

    assert autumn.report().notices == (
        (
            "36 deals do not show every gap: of those planted in invented months of 50 deals three in five "
            "were found, and the others looked like chance."
        ),
    )
    assert empty.report().notices == ()


def test_what_did_not_count_is_listed_once_with_its_reason(empty):
    empty.call("c1", status="failed", reason="c1.wav: the file is empty")
    empty.call("c2", status="refused", reason="no consent is noted")
    empty.problems.append(Problem(stage="speech", subject="c1", error="c1.wav: the file is empty"))

    assert [(t.what, t.where, t.why) for t in empty.report().troubles] == [
        ("Speech", "c1", "c1.wav: the file is empty"),
        ("Left out", "c2 (files/c2.vtt)", "no consent is noted"),
    ]


# Assets and themes


def test_idle_assets_say_why_in_words_for_people(autumn):
    autumn.item("B-1", "need_fit", published_on="2026-01-05", cost=600.0)
    autumn.item(
        "B-2", "technical_integration", personas=("end_user",), published_on="2026-01-05", owner=""
    )

    report = autumn.report()

    assert [(a.title, a.states, a.why, a.advice, a.owner) for a in report.assets] == [
        (
            "Asset B-1",
            ("Unused",),
            ("Never used; nobody asks for this",),
            ("Retire",),
            "Mara",
        ),
        (
            "Asset B-2",
            ("Unused", "Unowned"),
            (
                (
                    "Never used; its concern is raised by Technical evaluator at Consideration, "
                    "for whom it is not tagged"
                ),
                "No owner",
            ),
            ("Retag", "Assign an owner"),
            "Nobody",
        ),
    ]
    assert plain(report.asset_sentence) == (
        "2 of 6 live assets (33 %) are unused and hold 64 % of what the live assets cost to make."
    )
    assert [(s.name, s.assets, plain(s.share), plain(s.cost)) for s in report.states] == [
        ("Unused", "2", "33 %", "64 %"),
        ("Unowned", "1", "17 %", "9 %"),
    ]


def test_an_asset_is_advised_each_thing_once_and_one_that_goes_needs_no_owner():
    items = {"A": ContentItem(id="A", title="A", content_type="blog")}

    def advised(*found: tuple[str, str]) -> tuple[str, ...]:
        unused = [Unused(item="A", kind=kind, why="", advice=advice) for kind, advice in found]
        (asset,) = idle_assets(unused, items, Names(load_taxonomy(DEFAULT_TAXONOMY)))
        return asset.advice

    assert advised(("unused", "refresh"), ("stale", "refresh")) == ("Refresh",)
    assert advised(("unused", "retire"), ("unowned", "assign an owner")) == ("Retire",)
    assert advised(("expired", "ask the owner"), ("unused", "keep")) == ("Ask the owner",)
    assert advised(("unused", "keep"), ("unowned", "assign an owner")) == (
        "Keep",
        "Assign an owner",
    )


def dated(ids: str) -> list[ContentItem]:
    return [
        ContentItem(id=id_, title=id_, content_type="blog", published_on="2026-01-01")
        for id_ in ids
    ]


def test_of_assets_without_a_date_nobody_knows_how_they_stand():
    items = [*dated("A"), *(ContentItem(id=id_, title=id_, content_type="blog") for id_ in "BC")]
    expired = Unused(item="B", kind="expired", why="", advice="refresh")

    assert use_sentence([], dated("AB")) == "All of 2 live assets are used, fresh and owned."
    assert use_sentence([], items) == (
        "Of 3 live assets none is known to need attention; 2 have no date, and are called neither unused "
        "nor out of date."
    )
    assert use_sentence([expired], items) == (
        "0 of 3 live assets are unused; 1 more is out of date; 1 has no date, and is called neither "
        "unused nor out of date."
    )


def test_little_used_assets_are_counted_apart():
    items = dated("ABCD")
    nothing = Unused(item="A", kind="unused", why="", advice="retire")
    little = [Unused(item=id_, kind="low use", why="", advice="keep") for id_ in "ABC"]

    assert plain(asset_sentence([nothing, *little], items)) == (
        "1 of 4 live assets (25 %) is unused; 2 more are little used. What they cost to make is not "
        "known."
    )
    assert plain(asset_sentence(little[:1], items)) == (
        "0 of 4 live assets are unused; 1 more is little used."
    )


def test_cost_is_only_spoken_of_where_it_is_known(empty):
    empty.item("B-1", published_on="2026-01-05", cost=None)
    assert plain(empty.report().asset_sentence) == (
        "1 of 1 live asset (100 %) is unused. What they cost to make is not known."
    )
    empty.item("B-2", published_on="2026-10-05", cost=50.0)
    assert plain(empty.report().asset_sentence) == (
        "1 of 2 live assets (50 %) is unused and holds 0 % of what the live assets cost to make, "
        "as far as it is known (1 of 2)."
    )


def test_a_theme_is_on_the_map_only_where_its_demand_is_proven(empty):
    theme = Topic(id=7, label="carbon", terms="", centroid=b"", size=9)
    empty.topics.append(Spoken(topic=theme, turns=8, deals=7))
    empty.demand(1, 2, "topic:7", "champion", "awareness")
    empty.demand(6, 6, "topic:7", "champion", "decision")

    report = empty.report()

    champion = next(line for line in report.lines if line.role == "Champion")
    cells = dict(zip(report.stages, champion.cells, strict=True))
    assert cells["Decision"].concern == "Theme: 7"
    assert (cells["Awareness"].concern, cells["Awareness"].demand) == (
        *("", "nothing raised in 2 deals"),
    )
    assert report.doubts == ()


# The pages


def test_both_files_tell_the_same_sections_in_the_same_order(autumn, tmp_path):
    page = write(autumn.report(), tmp_path)

    assert [text for level, text in page.headings if level == "h2"] == SECTIONS
    assert re.findall(r"^## (.*)$", markdown(tmp_path), re.MULTILINE) == SECTIONS
    assert [text for level, text in page.headings if level == "h1"] == [
        "What buyers raised in October 2026"
    ]
    assert markdown(tmp_path).startswith(
        "# Tallybrook: what buyers raised in October 2026\n\nAnd what answers them, as of 31 October 2026.\n"
    )


def test_the_page_can_be_read_without_eyes_script_or_network(autumn, tmp_path):
    autumn.sounds["sec-sec-dec-00"] = SOUND
    page = write(autumn.report(), tmp_path)

    assert [len(page.all(tag)) for tag in ("h1", "main", "nav", "footer", "script", "link")] == [
        *(1, 1, 1, 1, 0, 0)
    ]
    assert all(th.get("scope") in ("col", "row") for th in page.all("th"))
    assert [audio["aria-label"] for audio in page.all("audio")] == [
        "Recording: Ingrid Halvorsen, Account sec-sec-dec-00, at 01:10, 10 s"
    ]
    assert page.all("audio")[0]["preload"] == "none"
    ids = [attributes["id"] for _, attributes in page.elements if "id" in attributes]
    assert len(ids) == len(set(ids))
    targets = {a["href"].removeprefix("#") for a in page.all("a") if a["href"].startswith("#")}
    assert targets <= set(ids)
    html = (tmp_path / "index.html").read_text(encoding="utf-8")
    assert not re.search(r"""(src|action|srcset)=["']?(https?:)?//|url\((?!#)|@import""", html)


def test_the_funnel_stays_a_table_that_names_each_stage_when_its_rows_are_stacked(autumn, tmp_path):
    report = autumn.report()
    page = write(report, tmp_path)

    parts = [attributes for _, attributes in page.elements if "role" in attributes]
    first = next(i for i, part in enumerate(parts) if part.get("class") == "matrix")
    head = ["table", "rowgroup", "row", *["columnheader"] * 5, "rowgroup"]
    row = ["row", "rowheader", *["cell"] * 4]
    shown = parts[first : first + len(head) + len(row) * len(report.lines)]
    assert [part["role"] for part in shown] == head + row * len(report.lines)
    assert [part["data-label"] for part in shown if part["role"] == "cell"] == [
        *report.stages * len(report.lines)
    ]


def test_no_id_of_the_taxonomy_is_shown(autumn, tmp_path):
    autumn.item("B-2", "technical_integration", personas=("end_user",), published_on="2026-01-05")
    page = write(autumn.report(), tmp_path)

    text = page.text + markdown(tmp_path).replace("\\_", "_")
    assert re.findall(r"[a-z]+_[a-z]+", re.sub(r"requests new --gap \S+", "", text)) == []


def test_every_number_of_a_gap_stands_in_the_page(autumn, tmp_path):
    page = write(autumn.report(), tmp_path)

    sentence = plain(autumn.report().gaps[0].sentence)
    assert sentence in page.text
    assert sentence in markdown(tmp_path)
    for number in range(8):
        assert f"D-sec-sec-dec-0{number}" in page.text
        assert f"| D-sec-sec-dec-0{number} | sec-sec-dec-0{number} | 01:10 |" in markdown(tmp_path)


def test_a_quote_carries_its_context(autumn, tmp_path):
    autumn.sounds["sec-sec-dec-01"] = SOUND
    page = write(autumn.report(), tmp_path)

    assert (
        "Objection 90 % sure of the concern Before that, Dana Whitfield: And what about that? "
        "“We worry about that.” Ingrid Halvorsen CISO Account sec-sec-dec-01 6 October 2026 "
        "sec-sec-dec-01, 01:10 · 10 s of sound"
    ) in page.text
    assert "sec-sec-dec-02, 01:10 · words only" in page.text
    assert (
        "> Dana Whitfield: And what about that?\n>\n> “We worry about that.”\n>\n"
        "> **Ingrid Halvorsen**, CISO, Account sec-sec-dec-01, 6 October 2026 · "
        "Objection, 90 % sure of the concern · files/sec-sec-dec-01.vtt at 01:10\n"
    ) in markdown(tmp_path)


def test_the_words_behind_a_tag_are_marked(empty, tmp_path):
    words = "So where is the pen test, then?"
    for number in range(8):
        turn = ("security_compliance", "question", words)
        empty.call(f"c{number}", "champion", "decision", turn, evidence="pen test")

    write(empty.report(), tmp_path)

    html = (tmp_path / "index.html").read_text(encoding="utf-8")
    assert "“So where is the <mark>pen test</mark>, then?”" in html
    assert "> “So where is the **pen test**, then?”\n" in markdown(tmp_path)


def test_words_of_others_do_no_harm(autumn, tmp_path):
    autumn.demand(8, 8, "need_fit", "champion", "retention", [HOSTILE], account=HOSTILE)
    autumn.item("C-1", "need_fit", title=HOSTILE, url="javascript:alert(1)", status="draft")
    autumn.item("C-2", "need_fit", url='https://x.example/"><b>(1)|', status="draft")
    autumn.problems.append(Problem(stage="inventory", subject=HOSTILE, error=HOSTILE))
    page = write(autumn.report(company=HOSTILE, versions={"tagger": HOSTILE}), tmp_path)

    assert page.all("script") == []
    assert page.all("img") == page.all("b") == []
    assert plain(HOSTILE) in page.text
    assert not [a["href"] for a in page.all("a") if a["href"].startswith("javascript")]
    text = markdown(tmp_path)
    shown = (
        "&lt;script&gt;alert(1)&lt;/script&gt; \\| \\# \\[x\\](javascript:alert(1)) \\`rm\\` "
        "\\!\\[i\\](https&#58;//evil.example/i) &amp;lt;"
    )
    assert f"“{shown}”" in text
    assert f"| Inventory | {shown} | {shown} |" in text
    assert "[Asset C-2](https://x.example/%22%3E%3Cb%3E%281%29%7C)" in text
    assert "<script" not in text


def test_a_table_row_of_markdown_has_as_many_cells_as_its_head(autumn, tmp_path):
    autumn.demand(8, 8, "need_fit", "champion", "retention", ["a | b\n# c\n\n| d"])
    write(autumn.report(), tmp_path)

    tables = re.findall(r"(?:^\|.*\n)+", markdown(tmp_path), re.MULTILINE)
    assert len(tables) == 10
    for table in tables:
        widths = {len(re.split(r"(?<!\\)\|", row)) for row in table.splitlines()}
        assert len(widths) == 1, table


# Sound and bytes


def test_sound_stands_in_the_page_up_to_the_limit_and_beside_it_above(autumn, tmp_path):
    autumn.sounds["sec-sec-dec-00"] = SOUND * 1000
    report = autumn.report()
    size_mb = len(SOUND) / 1000

    inside = write_report(report, tmp_path, embed_limit_mb=size_mb)

    assert inside == [tmp_path / "index.html", tmp_path / "report.md"]
    assert (
        Page(tmp_path / "index.html").all("audio")[0]["src"].startswith("data:audio/mpeg;base64,")
    )
    beside = write_report(report, tmp_path, embed_limit_mb=size_mb - 0.0001)
    (source,) = [audio["src"] for audio in Page(tmp_path / "index.html").all("audio")]
    assert source == f"clips/{report.gaps[0].quotes[0].clip_name}"
    assert re.fullmatch(r"clips/sec-sec-dec-00-0001-[0-9a-f]{8}\.mp3", source)
    assert beside == [tmp_path / "index.html", tmp_path / "report.md", tmp_path / source]
    assert (tmp_path / source).read_bytes() == SOUND * 1000


def test_clips_that_are_no_longer_used_go_and_other_files_stay(autumn, tmp_path):
    autumn.sounds["sec-sec-dec-00"] = SOUND
    write_report(autumn.report(), tmp_path, embed_limit_mb=0.0)
    (tmp_path / "clips" / "my own.mp3").write_bytes(b"mine")
    autumn.sounds = {"sec-sec-dec-01": SOUND}

    write_report(autumn.report(), tmp_path, embed_limit_mb=0.0)

    assert [p.name.rpartition("-")[0] for p in sorted((tmp_path / "clips").iterdir())] == [
        "",
        "sec-sec-dec-01-0001",
    ]
    (tmp_path / "clips" / "my own.mp3").unlink()
    write_report(autumn.report(), tmp_path, embed_limit_mb=8.0)
    assert sorted(p.name for p in tmp_path.iterdir()) == ["index.html", "report.md"]


def test_a_call_id_cannot_lead_a_clip_out_of_its_folder(empty, tmp_path):
    for number in range(8):
        turn = ("need_fit", "objection", "No.")
        empty.call(f"../../{number}", "champion", "decision", turn)
        empty.sounds[f"../../{number}"] = SOUND

    written = write_report(empty.report(), tmp_path / "a" / "b", embed_limit_mb=0.0)

    assert {path.parent.relative_to(tmp_path) for path in written} == {
        Path("a/b"),
        Path("a/b/clips"),
    }


def test_the_same_report_gives_the_same_bytes(autumn, tmp_path):
    autumn.sounds = {call.id: SOUND + call.id.encode() for call in autumn.calls}
    for name in ("one", "two"):
        write_report(autumn.report(), tmp_path / name, embed_limit_mb=0.0)
    write_report(autumn.report(), tmp_path / "two", embed_limit_mb=0.0)

    one, two = (
        {p.relative_to(folder): p.read_bytes() for p in folder.rglob("*") if p.is_file()}
        for folder in (tmp_path / "one", tmp_path / "two")
    )
    assert one == two
    assert len(one) == 11  # two pages, three clips for each of the three cells


def test_a_folder_that_cannot_be_written_is_named(autumn, tmp_path):
    (tmp_path / "report").write_text("a file in its place")

    with pytest.raises(InputError) as error:
        write_report(autumn.report(), tmp_path / "report", embed_limit_mb=8.0)

    assert str(error.value) == (
        f"{tmp_path / 'report'}: the report cannot be written here (File exists); "
        "name another folder with --out"
    )


# Few calls and none


def test_a_month_without_calls_says_so_and_still_shows_the_inventory(empty, tmp_path):
    empty.item("B-1", published_on="2026-01-05")
    report = empty.report()
    page = write(report, tmp_path)

    assert report.summary == ()
    assert [text for level, text in page.headings if level == "h2"] == [
        "What this rests on",
        "Assets that need attention",
        "How to read this",
    ]
    assert "There are no calls in this month." in page.text
    assert "There are no calls in this month." in markdown(tmp_path)
    assert "Asset B-1" in page.text


def test_a_month_of_one_call_speaks_in_the_singular(empty, tmp_path):
    empty.call("c1", "champion", "decision", ("need_fit", "question", "Can it?"), duration_s=3600.0)
    report = empty.report()
    write(report, tmp_path)

    assert [(f.value, f.label, f.note) for f in report.basis] == [
        ("1", "call", "1 in full"),
        ("1 hour", "of talk", ""),
        ("1", "deal", ""),
        ("1", "account", ""),
        ("1", "buyers' turn", "by 1 person"),
    ]
    assert report.summary == (
        "No gap is proven: whatever enough deals raise has at least one asset that fits.",
    )
    demand = report.doubts[0].demand
    assert plain(demand.sentence) == (
        "1 of 1 deal (100 %, 95 % interval 15 to 100 %) raised it in 1 call: 1 as a question. "
        "£10,000 at stake in open deals; 0 of 1 unresolved (0 %)."
    )
    assert report.doubts[0].needed == "4 or more"


def test_a_report_without_company_begins_with_its_subject(empty, tmp_path):
    write(empty.report(company=""), tmp_path)

    assert markdown(tmp_path).startswith("# What buyers raised in October 2026\n")


def test_assets_in_use_that_are_old_or_without_owner_are_no_idle_ones():
    items = dated("ABCD")
    found = [
        Unused(item="A", kind="unused", why="", advice="retire"),
        Unused(item="A", kind="unowned", why="", advice="assign an owner"),
        Unused(item="B", kind="unowned", why="", advice="assign an owner"),
        Unused(item="C", kind="stale", why="", advice="refresh"),
        Unused(item="D", kind="expired", why="", advice="refresh"),
    ]
    assert use_sentence(found, items) == (
        "1 of 4 live assets is unused; 3 more are out of date or without an owner."
    )
