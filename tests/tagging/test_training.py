import csv

import numpy as np
import pytest
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import f1_score

from callinsight import weights
from callinsight.errors import InputError
from callinsight.records import STANCES
from callinsight.tagging import training
from callinsight.tagging.concerns import HEADS, load_heads
from callinsight.tagging.training import LabelledTurn, load_turns, train

COLUMNS = ("id", "context", "text", "subjects", "stance", "ask")
PRICE = ("x-1", "", "That is too dear.", "price_budget", "objection", "0")


def sheet(folder, *rows, name="turns.csv"):
    with (folder / name).open("w", encoding="utf-8", newline="") as file:
        csv.writer(file).writerows([COLUMNS, *rows])
    return folder


def some_turns() -> list[LabelledTurn]:
    """Every concern, stance and ask a few times from each source."""
    turns = load_turns()
    counts: dict[tuple[str, str], int] = {}
    kept = []
    for turn in turns:
        kinds = [(turn.source, kind) for kind in (*turn.concerns, turn.stance, f"ask {turn.ask}")]
        if any(counts.get(kind, 0) < 2 for kind in kinds):
            kept.append(turn)
            for kind in kinds:
                counts[kind] = counts.get(kind, 0) + 1
    return kept


def test_the_projects_turns_are_sound():
    turns = load_turns()

    assert len(turns) > 1500
    assert len({turn.source for turn in turns}) >= 3  # each is left out once
    assert {turn.stance for turn in turns} == set(STANCES)


def test_a_turn_as_it_is_read(tmp_path):
    row = ("x-2", "And?", "Is it safe, what does it cost? Send me a paper.",
           "price_budget;security_compliance", "question", "1")  # fmt: skip

    assert load_turns(sheet(tmp_path, PRICE, row, name="here.csv")) == [
        LabelledTurn("x-1", "here", "", "That is too dear.", ("price_budget",), "objection", False),
        LabelledTurn("x-2", "here", *row[1:3], tuple(row[3].split(";")), "question", True),
    ]


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
    ],
)
def test_labels_that_do_not_fit(tmp_path, subjects, stance, ask):
    with pytest.raises(InputError) as caught:
        load_turns(sheet(tmp_path, ("x-7", "", "Hm, dear.", subjects, stance, ask)))

    assert str(caught.value) == (
        f"turns.csv: turn x-7 has labels that do not fit: subjects '{subjects}', "
        f"stance '{stance}', ask '{ask}'; see the taxonomy"
    )


@pytest.mark.parametrize("text", ["", "  ", "…"])
def test_a_turn_without_words(tmp_path, text):
    with pytest.raises(InputError) as caught:
        load_turns(sheet(tmp_path, ("x-7", "", text, "", "none", "0")))

    assert str(caught.value) == "turns.csv: turn x-7 has no text; write one or remove the row"


def test_a_text_that_stands_in_another_file_as_well(tmp_path):
    sheet(tmp_path, PRICE, name="a.csv")
    sheet(tmp_path, ("y-1", "Why?", "that is too dear", "price_budget", "question", "0"))

    with pytest.raises(InputError) as caught:
        load_turns(tmp_path)

    assert str(caught.value) == (
        "turns.csv: turn y-1 has the same text as a.csv: turn x-1; remove one"
    )


def test_an_id_that_is_taken(tmp_path):
    with pytest.raises(InputError) as caught:
        load_turns(sheet(tmp_path, PRICE, ("x-1", "", "Other words.", "", "none", "0")))

    assert str(caught.value) == (
        "turns.csv: turn x-1 has the same id as turns.csv: turn x-1; remove one"
    )


def test_a_folder_without_turns(tmp_path):
    with pytest.raises(InputError) as caught:
        load_turns(tmp_path)

    assert str(caught.value) == (
        f"{tmp_path}: there are no labelled turns; put CSV files of turns there"
    )


def test_training_twice_gives_the_same_bytes(tmp_path):
    folder, turns = weights.folder(weights.EMBEDDING), some_turns()

    first, second = (train(folder, "print", turns=turns) for _ in range(2))
    first.save(tmp_path / "first.npz")
    second.save(tmp_path / "second.npz")

    assert (tmp_path / "first.npz").read_bytes() == (tmp_path / "second.npz").read_bytes()
    again = load_heads(tmp_path / "first.npz")
    assert again.digest() == first.digest()
    assert again.encoder == "print"
    assert again.concern_weights.shape == (12, len(again.groups) + 2 * 384 + 3)
    assert again.stance_weights.shape[0] == len(STANCES)


def test_the_shipped_heads_fit_this_program():
    heads = load_heads(HEADS)

    assert heads.encoder == weights.fingerprint(weights.EMBEDDING)
    assert heads.concern_weights.shape == (len(heads.concerns), len(heads.groups) + 2 * 384 + 3)


def test_thresholds_come_from_sources_that_were_left_out():
    """The sources differ, so that heads are less sure of a source they have not seen."""
    generator = np.random.default_rng(7)
    sources = np.repeat(["a", "b"], 60)
    labels = np.tile([True, False, False], 40)[:, np.newaxis]
    shift = np.where(sources == "a", 1.0, -1.0)
    feature = 2.0 * labels[:, 0] + shift + generator.normal(scale=0.7, size=120)
    inputs = np.column_stack([feature, sources == "a", np.ones(120)]).astype(np.float32)

    found = training._thresholds(inputs, labels, sources, "concern")

    left_out = np.zeros(120)
    for source in ("a", "b"):
        here = sources == source
        left_out[here] = chances(inputs[~here], labels[~here, 0], inputs[here])
    assert found.tolist() == pytest.approx([best_threshold(left_out, labels[:, 0])])
    seen = chances(inputs, labels[:, 0], inputs)
    assert found[0] != pytest.approx(best_threshold(seen, labels[:, 0]))


def chances(inputs: np.ndarray, labels: np.ndarray, unseen: np.ndarray) -> np.ndarray:
    model = LogisticRegression(C=3.0, max_iter=2000).fit(inputs[:, :-1], labels)
    return model.predict_proba(unseen[:, :-1])[:, 1]


def best_threshold(scores: np.ndarray, labels: np.ndarray) -> float:
    thresholds = np.arange(0.2, 0.6, 0.01)
    f1 = np.array([f1_score(labels, scores >= t) for t in thresholds])
    return thresholds[np.argmax(f1 >= f1.max() - 0.03)]
