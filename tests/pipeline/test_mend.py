"""What people mend in a call stays, and tags and gaps follow; with the real tagger."""

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from material import ROOT, Project, call_row, write_vtt
from sqlite_utils import Database

from callinsight import store
from callinsight.errors import InputError
from callinsight.pipeline import mend
from callinsight.progress import silent
from callinsight.records import Correction

STAMP = {"who": "Mara", "at": "2026-11-02T10:00:00+01:00"}
TOO_DEAR = "It is far too expensive for us, we do not have the budget for that."

MONEY = """
[topics.money]
label = "Money"
description = "What it costs, and who pays."
patterns = ["the budget", "fewer seats"]
examples = [
  "we have spent the budget of this year",
  "that is more than we can pay",
  "what does a seat cost",
  "somebody has to pay for it",
  "we start with fewer seats to save money",
]
"""


@pytest.fixture(scope="module")
def ran(tmp_path_factory: pytest.TempPathFactory) -> Project:
    """A call that a pipeline has read once; tests work on copies."""
    folder = tmp_path_factory.mktemp("mend") / "project"
    (folder / "files").mkdir(parents=True)
    shutil.copy(ROOT / "pipelines" / "taxonomy.toml", folder)
    write_vtt(
        folder / "files" / "talk.vtt",
        [
            ("Dana Whitfield", "What did you think of the proposal?"),
            ("Ann Lee", TOO_DEAR),
            ("Dana Whitfield", "I see. We could start with fewer seats."),
            ("Ann Lee", "Good, the weather is fine here by the way."),
        ],
    )
    made = Project(folder)
    made.write_calls([call_row("talk", "talk.vtt", rep_channel="")])
    (folder / "participants.csv").write_text(
        "call_id,name,side,title\ntalk,Dana Whitfield,rep,Account Executive\n"
        "talk,Ann Lee,buyer,Chief Financial Officer\n"
    )
    made.pipeline.write_text(
        '[calls]\nmanifest = "calls.csv"\nparticipants = "participants.csv"\nfiles = "files"\n'
        '[tagging]\ntaxonomy = "taxonomy.toml"\n'
    )
    made.run(workers=1)
    return made


@pytest.fixture
def project(ran: Project, tmp_path: Path) -> Project:
    shutil.copytree(ran.folder, tmp_path / "project")
    made = Project(tmp_path / "project")
    made.run(workers=1)  # in its own folder now
    return made


@pytest.fixture
def db(project: Project) -> Iterator[Database]:
    with store.opened(project.database) as opened:
        yield opened


def concerns(db: Database) -> set[tuple[str, str, str]]:
    return {
        (tag.utterance, tag.label, tag.persona)
        for tag in store.tags_of_call(db, "talk")
        if tag.kind == "concern" and tag.status == "sure"
    }


def texts(db: Database) -> list[str]:
    return [turn.text for turn in store.utterances_of(db, "talk")]


def follow(db: Database, project: Project) -> None:
    mend.follow(db, project.config(), "talk", progress=silent)


def run_again(db: Database, project: Project) -> None:
    """As if everything had to be done anew, so that nothing can stay by chance."""
    with store.transaction(db):
        for stage in ("speech", "speakers", "tags"):
            store.forget_run(db, stage, "talk")
    project.run(workers=1)


def test_mended_words_are_tagged_and_stay(db: Database, project: Project) -> None:
    assert ("talk:0001", "price_budget", "economic_buyer") in concerns(db)
    words = "We love the lake near our office, the weather is fine."

    mend.set_words(db, project.config(), "talk:0001", words, **STAMP)
    follow(db, project)

    assert texts(db)[1] == words
    assert not any(label == "price_budget" for _, label, _ in concerns(db))
    before = project.rows()
    run_again(db, project)
    assert texts(db)[1] == words
    assert project.rows()["tags"] == before["tags"]
    assert project.rows()["gaps"] == before["gaps"]


def test_words_that_are_taken_back_are_as_they_were_heard(db: Database, project: Project) -> None:
    config, heard = project.config(), texts(db)
    mend.set_words(db, config, "talk:0001", "Once", **STAMP)
    mend.set_words(db, config, "talk:0001", "Twice", **STAMP)
    assert texts(db)[1] == "Twice"

    mend.take_back(db, config, 2, **STAMP)
    assert texts(db)[1] == "Once"
    mend.take_back(db, config, 1, **STAMP)
    assert texts(db) == heard
    with pytest.raises(InputError, match="that is not mended any more; open the call again"):
        mend.take_back(db, config, 1, **STAMP)


def test_swapped_sides_stay_and_tags_go_with_the_buyer(db: Database, project: Project) -> None:
    mend.swap_sides(db, project.config(), "talk", **STAMP)
    follow(db, project)

    def sides() -> list[tuple[str, str]]:
        return [(turn.side, turn.side_source) for turn in store.utterances_of(db, "talk")]

    assert sides() == [("buyer", "people"), ("rep", "people")] * 2
    assert not any(utterance == "talk:0001" for utterance, _, _ in concerns(db))
    run_again(db, project)
    assert sides() == [("buyer", "people"), ("rep", "people")] * 2


def test_sides_that_are_swapped_and_swapped_back_have_all_their_tags_again(
    db: Database, project: Project
) -> None:
    with (project.folder / "taxonomy.toml").open("a", encoding="utf-8") as file:
        file.write(MONEY)
    project.run(workers=1)
    before = project.rows()["tags"]

    def topics() -> list[tuple[str, str]]:
        tags = store.tags_of_call(db, "talk")
        return [(tag.utterance, tag.label) for tag in tags if tag.kind == "topic"]

    assert topics() == [("talk:0001", "1")]
    mend.swap_sides(db, project.config(), "talk", **STAMP)
    follow(db, project)
    assert topics() == [("talk:0002", "1")]

    mend.swap_sides(db, project.config(), "talk", **STAMP)
    follow(db, project)
    assert topics() == [("talk:0001", "1")]
    assert project.rows()["tags"] == before
    project.run(workers=1)
    assert project.rows()["tags"] == before


def test_a_voice_that_no_sheet_names_has_the_role_that_people_say(
    db: Database, project: Project
) -> None:
    (project.folder / "participants.csv").write_text("call_id,name,side,title\n")
    project.run(workers=1)
    config = project.config()
    voices = mend.voices_of(store.utterances_of(db, "talk"))
    assert list(voices) == ["Dana Whitfield", "Ann Lee"]
    with pytest.raises(InputError) as told:
        mend.set_role(db, config, "talk", "Dana Whitfield", "champion", **STAMP)
    assert str(told.value) == ("only a buyer's voice has a role; say first that it is the buyer's")
    mend.set_side(db, config, "talk", "Ann Lee", "buyer", **STAMP)

    mend.set_role(db, config, "talk", "Ann Lee", "economic_buyer", **STAMP)
    follow(db, project)

    def personas() -> list[str]:
        return [turn.persona for turn in store.utterances_of(db, "talk")]

    assert personas() == ["unknown", "economic_buyer"] * 2
    assert {tag.persona for tag in store.tags_of_call(db, "talk")} == {"economic_buyer"}
    run_again(db, project)
    assert personas() == ["unknown", "economic_buyer"] * 2

    (number,) = [m.id for m in store.mendings_of(db, "talk") if m.what == "role"]
    mend.take_back(db, config, number, **STAMP)
    assert personas() == ["unknown"] * 4
    for voice, persona, problem in (
        ("Cy", "champion", "nobody in this call is known as 'Cy'; open the call again"),
        ("Ann Lee", "queen", "there is no role 'queen' in the definitions"),
    ):
        with pytest.raises(InputError) as told:
            mend.set_role(db, config, "talk", voice, persona, **STAMP)
        assert str(told.value) == problem


def test_one_turn_may_be_of_the_other_side(db: Database, project: Project) -> None:
    mend.set_turn_side(db, project.config(), "talk:0002", "buyer", **STAMP)
    run_again(db, project)

    turn = store.utterances_of(db, "talk")[2]
    assert (turn.side, turn.speaker, turn.persona) == ("buyer", "Ann Lee", "economic_buyer")


def test_a_title_gives_the_persona_of_the_tags(db: Database, project: Project) -> None:
    config = project.config()
    mend.set_person(db, config, "talk", "Ann Lee", title="CISO", persona="economic_buyer", **STAMP)
    follow(db, project)
    assert ("talk:0001", "price_budget", "security_compliance") in concerns(db)

    run_again(db, project)
    person = store.participant(db, "talk", "Ann Lee")
    assert (person.title, person.persona_source) == ("CISO", "title")
    assert ("talk:0001", "price_budget", "security_compliance") in concerns(db)

    mend.take_back(db, config, 1, **STAMP)
    follow(db, project)
    person = store.participant(db, "talk", "Ann Lee")
    assert person.title == "Chief Financial Officer"
    assert ("talk:0001", "price_budget", "economic_buyer") in concerns(db)


def test_a_role_that_somebody_names_stays(db: Database, project: Project) -> None:
    mend.set_person(
        db,
        project.config(),
        "talk",
        "Ann Lee",
        title="Chief Financial Officer",
        persona="champion",
        **STAMP,
    )
    run_again(db, project)

    person = store.participant(db, "talk", "Ann Lee")
    assert (person.persona, person.persona_source) == ("champion", "people")
    assert ("talk:0001", "price_budget", "champion") in concerns(db)


def test_what_was_said_of_a_turn_goes_on_with_its_mended_words(
    db: Database, project: Project
) -> None:
    correction = Correction(
        call="talk",
        utterance="talk:0001",
        context="What did you think of the proposal?",
        text=TOO_DEAR,
        action="change",
        before="price_budget/objection/",
        after="legal_procurement/question/",
        **STAMP,
    )
    with store.transaction(db):
        store.add_correction(db, correction)

    mend.set_words(db, project.config(), "talk:0001", "We have no budget for that.", **STAMP)
    follow(db, project)

    assert {(u, label) for u, label, _ in concerns(db)} == {("talk:0001", "legal_procurement")}


def test_a_mending_is_never_changed(db: Database, project: Project) -> None:
    mend.swap_sides(db, project.config(), "talk", **STAMP)

    with pytest.raises(Exception, match="a mending is never changed: add another"):
        db.execute("UPDATE mendings SET after = 'rep'")


@pytest.mark.parametrize(
    ("does", "message"),
    [
        (
            lambda db, c: mend.set_side(db, c, "talk", "Bo", "rep", **STAMP),
            "nobody in this call is known as 'Bo'; open the call again",
        ),
        (
            lambda db, c: mend.set_side(db, c, "talk", "Ann Lee", "left", **STAMP),
            "'left' is no side; it must be rep, buyer or unknown",
        ),
        (
            lambda db, c: mend.set_words(db, c, "talk:0001", "  ", **STAMP),
            "a turn cannot be without words; write what was said",
        ),
        (
            lambda db, c: mend.set_words(db, c, "talk:0099", "Yes", **STAMP),
            "this turn is not there any more; open the call again",
        ),
    ],
)
def test_what_cannot_be_mended(db: Database, project: Project, does: object, message: str) -> None:
    with pytest.raises(InputError) as error:
        does(db, project.config())

    assert str(error.value) == message
    assert store.all_mendings(db) == []
