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
from callinsight.pipeline.tags import buyer_turns, tag_calls
from callinsight.progress import silent
from callinsight.records import Call, Gap, Tag, Utterance
from callinsight.tagging.encoder import Turn
from callinsight.tagging.heads import load_heads
from callinsight.taxonomy import load_taxonomy

DEALS = 6
BUDGET = "It is far too expensive for us, we do not have the budget for that."
ASK = "Could you send me a pricing sheet with the discount in it?"
NOBODY_KNOWN = (
    "One call counts for nothing, because it is not known who speaks: all voices share one channel, "
    "or the names are not those in participants.csv."
)
GERMAN = "One call counts for nothing, because only what is said in English is tagged: de 1."
HALF_SEARCHED = (
    "One call is not in English (de 1): personal data was looked for by written forms and English rules "
    "only, so more of it may be left."
)


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

    tags = [tag for tag in tags_of(project, "c0") if tag.status != "unsure"]
    assert {(tag.kind, tag.label, tag.status) for tag in tags} == {
        ("concern", "price_budget", "sure"),
        ("ask", "pricing_sheet", "sure"),
    }
    gap = price_gap(project)
    assert (gap.raising, gap.eligible, gap.verdict) == (DEALS, DEALS, "gap")
    assert gap.asks == DEALS
    assert "far too expensive" in page(project)
    assert NOBODY_KNOWN not in page(project)


def test_a_tag_says_what_shows_it_and_by_which_definitions(project: Project) -> None:
    project.run(workers=1)

    tags = tags_of(project, "c0")
    version = load_taxonomy(project.config().tagging.taxonomy).version
    assert {(tag.source, tag.taxonomy) for tag in tags} == {(load_heads().digest(), version)}
    shown = {(tag.kind, tag.label): (tag.evidence, tag.why) for tag in tags}
    assert shown["ask", "pricing_sheet"][0] == ASK
    evidence, why = shown["concern", "price_budget"]
    assert evidence in (BUDGET, ASK)
    assert why.startswith(("says “", "like “"))


def test_the_end_of_a_long_turn_counts(project: Project) -> None:
    long = f"{'It rained all day, and the children wanted to see the boats. ' * 20}{BUDGET}"
    turns = [("Dana Whitfield", "Proposal 0?"), ("Ann Lee", long)]
    write_vtt(project.folder / "files" / "c0.vtt", turns)

    project.run(workers=1)

    price = [tag for tag in tags_of(project, "c0") if tag.label == "price_budget"]
    assert [(tag.status, tag.evidence) for tag in price] == [("sure", BUDGET)]


def tag_again(project: Project) -> list[Tag]:
    """The tags of the first call, after the step of tagging alone."""
    config = project.config()
    with store.opened(project.database) as db:
        tag_calls(db, config, load_taxonomy(config.tagging.taxonomy), progress=silent)
        return store.tags_of_call(db, "c0")


def test_a_rival_that_is_put_on_the_list_and_taken_off_it(project: Project) -> None:
    project.run(workers=1)
    tags = tags_of(project, "c0")
    text = project.pipeline.read_text()
    listed = text.replace("[gaps]", 'competitors = ["Pricing Sheet"]\n[gaps]')
    project.pipeline.write_text(listed)

    with_rival = tag_again(project)

    found = {tag.kind: tag for tag in with_rival if tag.label in ("competitor", "Pricing Sheet")}
    assert {kind: (tag.status, tag.evidence) for kind, tag in found.items()} == {
        "concern": ("sure", ASK),
        "competitor": ("sure", ASK),
    }
    project.pipeline.write_text(text)
    assert tag_again(project) == tags


def test_another_version_of_the_definitions_is_noted(project: Project) -> None:
    project.run(workers=1)
    taxonomy = project.folder / "taxonomy.toml"
    text = taxonomy.read_text()
    before = load_taxonomy(taxonomy).version
    taxonomy.write_text(text.replace(f'version = "{before}"', 'version = "mine"'))

    assert {tag.taxonomy for tag in tag_again(project)} == {"mine"}


def test_tagging_again_changes_nothing_and_encodes_nothing(project: Project) -> None:
    project.run(workers=1)
    rows = project.rows()
    assert tag_again(project)
    assert project.rows() == rows
    with store.opened(project.database) as db:
        store.forget_run(db, "tags", "c0")

    tag_again(project)

    assert project.rows() == rows


def said(*turns: tuple[str, str]) -> list[Utterance]:
    return [
        Utterance(
            id=f"c0:{position:04d}",
            call="c0",
            position=position,
            start_s=position,
            end_s=position + 1,
            channel=None,
            speaker="",
            side=side,
            side_confidence=1,
            text=text,
        )
        for position, (side, text) in enumerate(turns)
    ]


def test_a_buyers_turn_has_what_the_rep_said_last() -> None:
    turns = buyer_turns(
        said(
            ("buyer", "Hello."),
            ("rep", "How are you?"),
            ("buyer", "Fine."),
            ("buyer", "And you?"),
            ("rep", "Well,"),
            ("rep", "thanks."),
            ("buyer", "Good."),
        )
    )

    assert [turn for _, turn in turns] == [
        Turn("", "Hello."),
        Turn("How are you?", "Fine."),
        Turn("How are you?", "And you?"),
        Turn("thanks.", "Good."),
    ]
    assert [utterance.position for utterance, _ in turns] == [0, 2, 3, 6]


def test_who_may_be_a_buyer_may_be_the_rep_as_well() -> None:
    turns = buyer_turns(
        said(("rep", "Hi."), ("unknown", "Hm?"), ("buyer", "No."), ("unknown", "Oh."))
    )

    assert [turn for _, turn in turns] == [
        Turn("Hi.", "Hm?"),
        Turn("Hm?", "No."),
        Turn("Hm?", "Oh."),
    ]


def test_what_may_have_been_a_buyers_is_tagged_and_counts_in_nothing(project: Project) -> None:
    unname(project, "c0")

    project.run(workers=1)

    tags = [tag for tag in tags_of(project, "c0") if tag.status != "unsure"]
    assert {(tag.kind, tag.label) for tag in tags} == {
        ("concern", "price_budget"),
        ("ask", "pricing_sheet"),
    }
    assert {(tag.status, tag.persona) for tag in tags} == {("uncertain_speaker", "unknown")}
    with store.opened(project.database) as db:
        assert raised_in(db, ["c0"]) == []
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

    assert "uncertain_speaker" in before
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


def test_a_call_in_another_language_is_said_to_be_searched_less_for_personal_data(
    project: Project,
) -> None:
    assert project.run(workers=1).half_searched == ""
    assert "is not in English" not in page(project)

    list_calls(project, language="de")

    assert project.run(workers=1).half_searched == HALF_SEARCHED
    assert HALF_SEARCHED in page(project)
    assert project.run(workers=1).half_searched == HALF_SEARCHED  # where nothing has changed, too

    with project.pipeline.open("a", encoding="utf-8") as file:
        file.write("[privacy]\nredact = []\n")
    assert project.run(workers=1).half_searched == ""


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
def test_only_what_is_sure_is_raised(tags: list[Tag], raised: list[bool], tmp_path: Path) -> None:
    with store.opened(tmp_path / "callinsight.db", create=True) as db:
        said = [utterance_of(position) for position in (1, 3)]
        store.save_call(db, Call(id="c0", file="c0.vtt", recorded_at="2026-10-05"), [], said)
        store.replace_tags(db, "c0", ("concern", "ask"), tags)

        assert [bool(one.asks) for one in raised_in(db, ["c0"])] == raised


def utterance_of(position: int) -> Utterance:
    return Utterance(
        id=f"c0:{position:04d}",
        call="c0",
        position=position,
        start_s=0.0,
        end_s=1.0,
        channel=None,
        speaker="Ann",
        side="buyer",
        side_confidence=1.0,
    )
