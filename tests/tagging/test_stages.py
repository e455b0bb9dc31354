import csv
import dataclasses
from collections import Counter

import numpy as np
import pytest

from callinsight.calls.side_training import load_dialogues
from callinsight.errors import InputError
from callinsight.tagging.stage_training import LABELS, left_out, load_labelled, train
from callinsight.tagging.stages import (
    HEAD,
    StageCues,
    StageModel,
    load_stages,
    phrases_of,
    shares,
)
from callinsight.taxonomy import DEFAULT_TAXONOMY, load_taxonomy

FIRST_CALL = [
    "hello this is jane from acme i know i'm calling out of the blue do you have thirty seconds",
    "go on be quick",
    "how are you handling expenses today",
    "right now it's all in a spreadsheet",
    "how often does something get lost and what have you tried",
]
DEMO = [
    "can everybody see my screen",
    "yes",
    "so this is the dashboard and if you click here you'd see one team",
    "does it work with our api and what happens when we are offline",
    "it syncs later, let me show you how that looks",
]
CLOSING = [
    "we have had a look at your quote and the contract",
    "the board approved it but legal wants the liability clause changed",
    "if i get you ten per cent discount can you sign by friday",
    "yes, and payment terms of sixty days",
    "i will send the revised order form for your signature tonight",
    "procurement needs the questionnaire back before the board meets",
]
RENEWAL = [
    "your subscription is up in march so i wanted to talk about the renewal",
    "the price has gone up and there is an open ticket since last month",
    "i'm so sorry about that, that's on us",
    "we might cancel, our account manager never called",
]
CALLS = {
    "awareness": FIRST_CALL,
    "consideration": DEMO,
    "decision": CLOSING,
    "retention": RENEWAL,
}


def dialogues() -> list[tuple[str, str, list[str]]]:
    return [(d.id, d.source, [text for _, text in d.turns]) for d in load_dialogues()]


@pytest.fixture(scope="module")
def taxonomy():
    return load_taxonomy(DEFAULT_TAXONOMY)


@pytest.fixture(scope="module")
def cues(taxonomy) -> StageCues:
    return StageCues(taxonomy)


@pytest.fixture(scope="module")
def labelled(taxonomy):
    return load_labelled(dialogues(), taxonomy)


def test_the_labels_are_sound(labelled, taxonomy):
    counts = Counter(one.stage for one in labelled)

    assert len({one.id for one in labelled}) == len(labelled) > 200
    assert set(counts) == set(taxonomy.stages)
    assert min(counts.values()) > 40
    assert len({one.source for one in labelled}) == 7


@pytest.mark.parametrize(
    ("row", "message"),
    [
        (("b-01", "decision"), "there is no dialogue 'b-01'; did you mean 'b-010'?"),
        (("b-001", "desicion"), "there is no stage 'desicion'; did you mean 'decision'?"),
        (("b-001", ""), "there is no stage ''; mend the row, or remove it"),
    ],
)
def test_a_label_that_cannot_be_used(tmp_path, taxonomy, row, message):
    with (tmp_path / "labels.csv").open("w", encoding="utf-8", newline="") as file:
        csv.writer(file).writerows([("dialogue", "stage"), ("b-002", "awareness"), row])

    with pytest.raises(InputError) as caught:
        load_labelled(
            [("b-001", "b", []), ("b-002", "b", []), ("b-010", "b", [])],
            taxonomy,
            tmp_path / "labels.csv",
        )

    assert str(caught.value) == f"labels.csv, row 3: {message}"


def test_the_shipped_head_is_made_from_the_dialogues(tmp_path):
    head = train(dialogues())
    head.save(tmp_path / "again.npz")

    assert load_stages() == head
    assert load_stages().digest() == head.digest()
    assert (tmp_path / "again.npz").read_bytes() == HEAD.read_bytes()
    assert LABELS.parent == HEAD.parent
    assert HEAD.stat().st_size < 10_000


def test_dialogues_of_a_source_not_seen_are_told(labelled, taxonomy):
    right, told = [], []
    for one, model in left_out(labelled, taxonomy):
        probabilities = model.probabilities(one.counts)
        right.append(max(probabilities, key=lambda stage: probabilities[stage]) == one.stage)
        told.append(max(probabilities.values()) >= load_stages().surest)

    assert np.mean(right) > 0.6
    assert np.mean(np.array(right)[told]) > 0.8
    assert np.mean(told) > 0.2


@pytest.mark.parametrize("stage", CALLS)
def test_a_plain_call_of_each_stage(cues, stage):
    told, probability = load_stages().stage_of(cues.count(CALLS[stage]))

    assert told == stage
    assert load_stages().surest <= probability <= 1


def test_who_says_it_in_which_order_does_not_matter(cues):
    assert cues.count(CLOSING) == cues.count(CLOSING[::-1])


def test_length_alone_makes_no_call_surer(cues):
    long = load_stages().probabilities(cues.count((CLOSING + DEMO) * 20))
    longer = load_stages().probabilities(cues.count((CLOSING + DEMO) * 200))

    assert longer == pytest.approx(long, abs=0.02)
    assert max(longer.values()) < 0.95


@pytest.mark.parametrize("turns", [[], ["hello there"], ["yes", "no", "see you tomorrow"]])
def test_where_little_is_said_no_stage_is_told(cues, turns):
    stage, probability = load_stages().stage_of(cues.count(turns))

    assert stage == "unknown"
    assert 0.25 <= probability < load_stages().surest


def test_a_turn_counts_once_for_each_feature(cues):
    counts = cues.count(["the contract, your contract, the new contract and a signature", "hm"])

    assert counts["cue decision"] == 1
    assert counts["concern legal_procurement"] == 1


def test_shares_are_of_cues_and_of_concerns_apart():
    features = ("cue a", "cue b", "concern c")

    assert shares({"cue a": 3, "cue b": 1, "concern c": 4, "cue gone": 9}, features).tolist() == [
        3 / 8,
        1 / 8,
        4 / 8,
    ]
    assert shares({}, features).tolist() == [0.0, 0.0, 0.0]


def test_the_head_needs_its_stages(taxonomy):
    more = {**taxonomy.stages, "advocacy": dataclasses.replace(taxonomy.stages["retention"])}
    other = {name: stage for name, stage in more.items() if name != "decision"}

    assert load_stages().fits(taxonomy)
    assert load_stages().fits(dataclasses.replace(taxonomy, stages=more))
    assert not load_stages().fits(dataclasses.replace(taxonomy, stages=other))


def test_every_stage_has_cues(taxonomy):
    phrases = phrases_of(taxonomy)

    assert [name for name in phrases if name.startswith("cue ")] == [
        f"cue {stage}" for stage in taxonomy.stages
    ]
    assert set(load_stages().features) == set(phrases)


def test_a_head_comes_back_as_it_was_saved(tmp_path):
    head = StageModel(
        ("early", "late"), ("cue early", "cue late"), ((1.5, -1.5), (-1.5, 1.5)), (0.25, -0.25), 0.7
    )
    head.save(tmp_path / "head.npz")

    assert load_stages(tmp_path / "head.npz") == head


def test_the_threshold_decides_what_is_told():
    head = StageModel(("early", "late"), ("cue early",), ((1.0,), (-1.0,)), (0.0, 0.0), 0.7)

    assert head.stage_of({}) == ("unknown", 0.5)
    assert head.stage_of({"cue early": 1}) == ("unknown", 0.5987)
    assert head.stage_of({"cue early": 12}) == ("early", 0.8176)
