"""What counts as demand: what buyers surely said, in a language that the tagger knows."""

import html
import re
import shutil
from pathlib import Path

import pytest
from material import ROOT, Project, call_row, write_vtt

from callinsight import store
from callinsight.months import last_day
from callinsight.pipeline.content import gaps_of, raised_in
from callinsight.records import Gap, Tag
from callinsight.taxonomy import load_taxonomy

DEALS = 6
BUDGET = "It is far too expensive for us, we do not have the budget for that."
ASK = "Could you send me a pricing sheet with the discount in it?"
NOBODY_KNOWN = (
    "One call counts for nothing, because it is not known who speaks: all voices share one channel, "
    "or the names are not those in participants.csv."
)
GERMAN = "One call counts for nothing, because only what is said in English is tagged: de 1."


@pytest.fixture
def project(tmp_path: Path) -> Project:
    """Transcripts of deals whose buyers object to the price and want material."""
    made = Project(tmp_path)
    (tmp_path / "files").mkdir()
    shutil.copy(ROOT / "pipelines" / "taxonomy.toml", tmp_path / "taxonomy.toml")
    people = "call_id,name,side,title\n"
    for number in range(DEALS):
        turns = [("Dana Whitfield", f"Proposal {number}?"), ("Ann Lee", BUDGET), ("Ann Lee", ASK)]
        write_vtt(tmp_path / "files" / f"c{number}.vtt", turns)
        people += f"c{number},Dana Whitfield,rep,\nc{number},Ann Lee,buyer,CFO\n"
    (tmp_path / "participants.csv").write_text(people)
    list_calls(made)
    made.pipeline.write_text(
        '[calls]\nmanifest = "calls.csv"\nparticipants = "participants.csv"\nfiles = "files"\n'
        '[tagging]\ntaxonomy = "taxonomy.toml"\n[gaps]\nmin_deals = 2\n'
    )
    return made


def list_calls(project: Project, **first: str) -> None:
    """List the calls, the first of them with more facts."""
    rows = [call_row(f"c{n}", f"c{n}.vtt", rep_channel="") for n in range(DEALS)]
    project.write_calls([rows[0] | first, *rows[1:]])


def unname(project: Project, *calls: str) -> None:
    """Take the speakers out of transcripts."""
    for call in calls:
        file = project.folder / "files" / f"{call}.vtt"
        text = file.read_text().replace("<v Dana Whitfield>", "").replace("<v Ann Lee>", "")
        file.write_text(text.replace("</v>", ""))


def tags_of(project: Project, call: str) -> list[Tag]:
    with store.opened(project.database) as db:
        return store.tags_of_call(db, call)


def price_gap(project: Project) -> Gap | None:
    with store.opened(project.database) as db:
        gaps = store.gaps_of_month(db, "2026-10")
        stored = sorted(gaps, key=lambda gap: gap.id)
        config = project.config()
        taxonomy = load_taxonomy(config.tagging.taxonomy)
        anew = gaps_of(db, config, taxonomy, "2026-10", last_day("2026-10"))
    assert stored == sorted(anew, key=lambda gap: gap.id)
    key = ("price_budget", "economic_buyer", "decision")
    return next((gap for gap in gaps if (gap.concern, gap.persona, gap.stage) == key), None)


def page(project: Project) -> str:
    """The text of the report."""
    text = (project.folder / "report/2026-10/index.html").read_text(encoding="utf-8")
    text = re.sub(r"<(style|script).*?</\1>|<[^>]*>", "", text, flags=re.DOTALL)
    return " ".join(html.unescape(text).split())


def test_what_a_known_buyer_says_counts(project: Project) -> None:
    project.run(workers=1)

    tags = {(tag.kind, tag.label, tag.status) for tag in tags_of(project, "c0")}
    assert tags == {
        ("concern", "price_budget", "sure"),
        ("ask", "pricing_sheet", "sure"),
    }
    gap = price_gap(project)
    assert (gap.raising, gap.eligible, gap.verdict) == (DEALS, DEALS, "gap")
    assert gap.asks == DEALS
    assert "far too expensive" in page(project)
    assert NOBODY_KNOWN not in page(project)


def test_what_may_have_been_a_buyers_is_tagged_and_counts_in_nothing(project: Project) -> None:
    unname(project, "c0")

    project.run(workers=1)

    tags = tags_of(project, "c0")
    assert {(tag.kind, tag.label) for tag in tags} == {
        ("concern", "price_budget"),
        ("ask", "pricing_sheet"),
    }
    assert {(tag.status, tag.persona) for tag in tags} == {("uncertain_speaker", "unknown")}
    assert raised_in(tags) == []
    gap = price_gap(project)
    assert (gap.raising, gap.eligible, gap.asks) == (DEALS - 1, DEALS - 1, DEALS - 1)
    assert not [id_ for id_ in gap.evidence if id_.startswith("c0:")]
    assert NOBODY_KNOWN in page(project)


def test_where_no_speaker_is_known_nothing_is_shown_as_demand(project: Project) -> None:
    unname(project, *(f"c{number}" for number in range(DEALS)))

    project.run(workers=1)

    assert tags_of(project, "c0")
    assert price_gap(project) is None
    assert "far too expensive" not in page(project)
    assert "pricing sheet" not in page(project)


def test_a_speaker_who_becomes_known_counts_from_then_on(project: Project) -> None:
    people = project.folder / "participants.csv"
    text = people.read_text()
    people.write_text(text.replace("c0,Ann Lee,buyer,CFO\n", "c0,Ann L.,buyer,CFO\n"))
    project.run(workers=1)
    before = {tag.status for tag in tags_of(project, "c0")}
    people.write_text(text)

    project.run(workers=1)

    assert before <= {"uncertain_speaker", "sure"}
    assert {tag.status for tag in tags_of(project, "c0")} == {"sure"}
    assert price_gap(project).raising == DEALS


def test_a_call_in_another_language_is_not_tagged_and_said_to_count_for_nothing(
    project: Project,
) -> None:
    list_calls(project, language="de")

    project.run(workers=1)

    assert tags_of(project, "c0") == []
    gap = price_gap(project)
    assert (gap.raising, gap.eligible) == (DEALS - 1, DEALS - 1)
    assert GERMAN in page(project)
    assert NOBODY_KNOWN not in page(project)


def test_a_call_in_another_language_whose_speakers_are_not_known_is_told_once(
    project: Project,
) -> None:
    unname(project, "c0")
    list_calls(project, language="de")

    project.run(workers=1)

    assert GERMAN in page(project)
    assert NOBODY_KNOWN not in page(project)


def test_tags_go_when_the_language_changes_and_come_back(project: Project) -> None:
    project.run(workers=1)
    tags = tags_of(project, "c0")
    rows = project.rows()
    list_calls(project, language="de")

    project.run(workers=1)

    assert tags
    assert tags_of(project, "c0") == []
    assert price_gap(project).raising == DEALS - 1
    list_calls(project)
    project.run(workers=1)
    assert tags_of(project, "c0") == tags
    assert project.rows() == rows


def tag(kind: str, status: str, *, utterance: str = "c0:0001", stance: str = "mention") -> Tag:
    return Tag(
        utterance=utterance,
        kind=kind,
        label="price_budget" if kind == "concern" else "pricing_sheet",
        stance=stance,
        score=0.9,
        status=status,
        source="test",
        evidence="",
        call="c0",
        deal="D",
        persona="champion",
        stage="decision",
        month="2026-10",
    )


@pytest.mark.parametrize(
    ("tags", "raised"),
    [
        ([tag("concern", "sure")], []),  # only mentioned
        ([tag("concern", "sure", stance="objection")], [False]),
        ([tag("concern", "sure"), tag("ask", "sure")], [True]),
        ([tag("concern", "sure"), tag("ask", "sure", utterance="c0:0003")], []),
        ([tag("concern", "sure"), tag("ask", "uncertain_speaker")], []),
        ([tag("concern", "sure", stance="question"), tag("ask", "uncertain_speaker")], [False]),
        ([tag("concern", "unsure", stance="objection"), tag("ask", "sure")], []),
        ([tag("concern", "uncertain_speaker", stance="objection"), tag("ask", "sure")], []),
        ([tag("ask", "sure")], []),  # material, but for no concern
    ],
)
def test_only_what_is_sure_is_raised(tags: list[Tag], raised: list[bool]) -> None:
    assert [one.asks for one in raised_in(tags)] == raised
