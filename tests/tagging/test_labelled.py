import csv
import re

import pytest
from material import ROOT

from callinsight.errors import InputError
from callinsight.records import STANCES
from callinsight.tagging.gold import read_gold
from callinsight.tagging.labelled import TURNS, LabelledTurn, Labels, load_turns
from callinsight.tagging.patterns import words_of
from callinsight.tagging.training import CALIBRATION_SOURCES
from callinsight.taxonomy import TRAINED

COLUMNS = ("id", "context", "text", "subjects", "stance", "ask")
SECOND = ("second_subjects", "second_stance", "second_ask")
PRICE = ("x-1", "", "That is too dear.", "price_budget", "objection", "0")


def sheet(folder, *rows, name="turns.csv", columns=COLUMNS):
    with (folder / name).open("w", encoding="utf-8", newline="") as file:
        csv.writer(file).writerows([columns, *rows])
    return folder


def problem(folder) -> str:
    with pytest.raises(InputError) as caught:
        load_turns(folder)
    return str(caught.value)


def labelled_by(*labels: Labels) -> LabelledTurn:
    return LabelledTurn("x-1", "here", "", "That is too dear.", labels)


def test_the_projects_turns_are_sound():
    turns = load_turns()

    assert len(turns) > 12_000
    assert {labels.stance for turn in turns for labels in turn.labels} == set(STANCES)
    for concern in TRAINED:
        assert sum(turn.concern_share(concern) == 1 for turn in turns) > 200
    assert sum(len(turn.labels) == 2 for turn in turns) > 5000


def test_the_readme_names_what_is_there():
    text = (TURNS / "README.md").read_text(encoding="utf-8")
    sources = {turn.source for turn in load_turns()}

    assert f"There are {len(sources)} files" in text
    named = text.split("are for calibration")[0].rpartition("\n- ")[2]
    assert {name for name in sources if f"`{name}`" in named} == set(CALIBRATION_SOURCES)
    for file in TURNS.glob("*.csv"):
        columns = file.read_text(encoding="utf-8").splitlines()[0].split(",")
        assert all(re.search(rf"^\| .*\b{column}\b.* \|", text, re.MULTILINE) for column in columns)


def test_calibration_has_all_that_the_heads_tell():
    turns = load_turns()

    for source in CALIBRATION_SOURCES:  # each is left out once, and the others must do without it
        others = [t for t in turns if t.source in CALIBRATION_SOURCES and t.source != source]
        assert len(others) > 1000
        assert all(any(t.concern_share(concern) == 1 for t in others) for concern in TRAINED)
        assert all(any(t.stance_share(stance) == 1 for t in others) for stance in STANCES)
        assert {0.0, 1.0} <= {t.ask_share for t in others}


def test_a_turn_as_it_is_read(tmp_path):
    row = ("x-2", "And?", "Is it safe, what’s the cost? Send me a paper.",
           "price_budget;security_compliance", "question", "1")  # fmt: skip

    assert load_turns(sheet(tmp_path, PRICE, row, name="here.csv")) == [
        LabelledTurn(
            *("x-1", "here", "", "That is too dear."),
            (Labels(("price_budget",), "objection", ask=False),),
        ),
        LabelledTurn(
            *("x-2", "here", "And?", "Is it safe, what’s the cost? Send me a paper."),
            (Labels(("price_budget", "security_compliance"), "question", ask=True),),
        ),
    ]


def test_a_second_annotator_where_there_is_one(tmp_path):
    rows = [
        (*PRICE, "value_roi;price_budget", "question", "1"),
        ("x-2", "", "Lovely weather today.", "", "none", "0", "", "none", "0"),
        ("x-3", "", "Not sure about that one.", "", "none", "0", "", "", ""),
    ]

    turns = load_turns(sheet(tmp_path, *rows, columns=COLUMNS + SECOND))

    none = Labels((), "none", ask=False)
    assert [turn.labels for turn in turns] == [
        (
            Labels(("price_budget",), "objection", ask=False),
            Labels(("value_roi", "price_budget"), "question", ask=True),
        ),
        (none, none),
        (none,),
    ]


def test_shares_of_annotators():
    one = Labels(("price_budget", "value_roi"), "objection", ask=True)
    other = Labels(("price_budget",), "question", ask=False)

    turn = labelled_by(one, other)

    assert [turn.concern_share(c) for c in ("price_budget", "value_roi", "need_fit")] == [1, 0.5, 0]
    assert [turn.stance_share(stance) for stance in STANCES] == [0.5, 0.5, 0, 0]
    assert turn.ask_share == 0.5
    assert (labelled_by(one).ask_share, labelled_by(other).ask_share) == (1, 0)


@pytest.mark.parametrize(
    ("subjects", "stance", "ask"),
    [
        ("prise", "objection", "0"),
        ("price_budget; value_roi", "objection", "0"),
        ("price_budget;price_budget", "objection", "0"),
        ("price_budget", "none", "0"),
        ("price_budget", "angry", "0"),
        ("", "question", "0"),
        ("price_budget", "question", "yes"),
        ("price_budget", "question", ""),
    ],
)
def test_labels_that_do_not_fit(tmp_path, subjects, stance, ask):
    sheet(tmp_path, ("x-7", "", "Hm, dear.", subjects, stance, ask))

    assert problem(tmp_path) == (
        f"turns.csv: turn x-7 has labels that do not fit: subjects '{subjects}', "
        f"stance '{stance}', ask '{ask}'; see the taxonomy"
    )


@pytest.mark.parametrize(
    ("subjects", "stance", "ask"),
    [
        ("prise", "objection", "0"),
        ("price_budget", "none", "0"),
        ("", "objection", "0"),
        ("", "none", ""),
        ("price_budget", "", "0"),  # a second annotator who forgot the stance
        ("", "", "1"),
    ],
)
def test_labels_of_the_second_annotator_that_do_not_fit(tmp_path, subjects, stance, ask):
    sheet(tmp_path, (*PRICE, subjects, stance, ask), columns=COLUMNS + SECOND)

    assert problem(tmp_path) == (
        f"turns.csv: turn x-1 has labels that do not fit: second_subjects '{subjects}', "
        f"second_stance '{stance}', second_ask '{ask}'; see the taxonomy"
    )


@pytest.mark.parametrize("text", ["", "  ", "…"])
def test_a_turn_without_words(tmp_path, text):
    sheet(tmp_path, ("x-7", "", text, "", "none", "0"))

    assert problem(tmp_path) == "turns.csv: turn x-7 has no text; write one or remove the row"


def test_a_text_that_stands_in_another_file_as_well(tmp_path):
    sheet(tmp_path, PRICE, name="a.csv")
    sheet(tmp_path, ("y-1", "Why?", "that is too-dear", "price_budget", "question", "0"))

    assert problem(tmp_path) == (
        "turns.csv: turn y-1 has the same text as a.csv: turn x-1; remove one"
    )


def test_an_id_that_is_taken(tmp_path):
    sheet(tmp_path, PRICE, ("x-1", "", "Other words.", "", "none", "0"))

    assert problem(tmp_path) == (
        "turns.csv: turn x-1 has the same id as turns.csv: turn x-1; remove one"
    )


def test_a_folder_without_turns(tmp_path):
    assert problem(tmp_path) == (
        f"{tmp_path}: there are no labelled turns; put CSV files of turns there"
    )


def test_nothing_has_learnt_from_the_turns_it_is_judged_on():
    """The vectors that come with the program name what the heads were fitted on, too."""
    kept_apart = read_gold(ROOT / "benchmarks" / "unseen_turns.csv", TRAINED)
    learnt = {" ".join(words_of(turn.text)) for turn in load_turns()}

    assert len(kept_apart) > 1800
    assert [gold.id for gold in kept_apart if " ".join(words_of(gold.text)) in learnt] == []
    assert not {gold.id for gold in kept_apart} & {turn.id for turn in load_turns()}
