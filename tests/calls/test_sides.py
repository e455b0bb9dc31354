import csv
from collections import Counter

import numpy as np
import pytest
from material import DEMO

from callinsight.calls.side_training import (
    Dialogue,
    excerpts_of,
    left_out,
    load_dialogues,
    train,
    unpunctuated,
)
from callinsight.calls.sides import (
    HEAD,
    SideModel,
    load_sides,
    phrases_of,
    rep_probabilities,
    turn_odds,
)
from callinsight.errors import InputError

COLUMNS = ("dialogue", "setting", "style", "side", "text")
HELLO = ("x-1", "bakery", "plain", "rep", "mill road bakery good morning")
BANK = {
    "left": [
        "you're through to telephone banking, what's your account number please",
        "thank you, and your date of birth",
        "okay i can see the payment there, would you like me to cancel it for you",
    ],
    "right": [
        "it's four four one nine two two",
        "the third of may",
        "yes please, i don't know what it is and i never bought anything there",
    ],
}


def sheet(folder, *rows, name="calls.csv"):
    with (folder / name).open("w", encoding="utf-8", newline="") as file:
        csv.writer(file).writerows([COLUMNS, *rows])
    return folder


def few(dialogues: list[Dialogue], count: int = 6) -> list[Dialogue]:
    """The first dialogues of each source."""
    seen: Counter[str] = Counter()
    kept = []
    for dialogue in dialogues:
        seen[dialogue.source] += 1
        if seen[dialogue.source] <= count:
            kept.append(dialogue)
    return kept


def said_in(script) -> tuple[dict[str, list[str]], str]:
    """What each voice says in a script of the demo, and the rep's name."""
    said: dict[str, list[str]] = {}
    rep = ""
    for line in script.read_text(encoding="utf-8").splitlines():
        name, _, words = line.partition(": ")
        if name == "# rep":
            rep = words
        elif words and not line.startswith("#"):
            said.setdefault(name, []).append(words)
    return said, rep


def test_the_projects_dialogues_are_sound():
    dialogues = load_dialogues()

    assert len(dialogues) >= 370
    assert len({dialogue.source for dialogue in dialogues}) == 7  # each is left out once
    assert {dialogue.style for dialogue in dialogues} == {"plain", "punctuated"}
    for dialogue in dialogues:
        assert {side for side, _ in dialogue.turns} == {"rep", "buyer"}, dialogue.id
        if dialogue.style == "plain":
            assert [t for _, t in dialogue.turns if t != unpunctuated(t)] == []


def test_a_dialogue_as_it_is_read(tmp_path):
    order = ("x-1", "bakery", "plain", "buyer", "a dozen rolls please")

    assert load_dialogues(sheet(tmp_path, HELLO, order, name="here.csv")) == [
        Dialogue("x-1", "here", "bakery", "plain", (HELLO[3:], order[3:]))
    ]


@pytest.mark.parametrize(("side", "style"), [("seller", "plain"), ("rep", "loud"), ("", "")])
def test_a_side_or_style_that_is_not_known(tmp_path, side, style):
    with pytest.raises(InputError) as caught:
        load_dialogues(sheet(tmp_path, ("x-1", "bakery", style, side, "good morning")))

    assert str(caught.value) == (
        f"calls.csv, row 2: side '{side}' or style '{style}' is not known; "
        "a side is one of rep, buyer, a style one of plain, punctuated"
    )


@pytest.mark.parametrize("text", ["", " ", "…"])
def test_a_turn_without_words(tmp_path, text):
    with pytest.raises(InputError) as caught:
        load_dialogues(sheet(tmp_path, HELLO, (*HELLO[:4], text)))

    assert str(caught.value) == "calls.csv, row 3 has no text; write one or remove the row"


def test_two_dialogues_with_one_id(tmp_path):
    sheet(tmp_path, HELLO, name="a.csv")
    with pytest.raises(InputError) as caught:
        load_dialogues(sheet(tmp_path, HELLO, name="b.csv"))

    assert str(caught.value) == (
        "b.csv, row 2: dialogue x-1 has another file, setting or style above; "
        "give it an id of its own"
    )


def test_a_folder_without_dialogues(tmp_path):
    with pytest.raises(InputError) as caught:
        load_dialogues(tmp_path)

    assert str(caught.value) == f"{tmp_path}: there are no dialogues; put CSV files of turns there"


def test_training_twice_gives_the_same_bytes(tmp_path):
    dialogues = few(load_dialogues())

    train(dialogues).save(tmp_path / "first.npz")
    train(dialogues).save(tmp_path / "second.npz")

    assert (tmp_path / "first.npz").read_bytes() == (tmp_path / "second.npz").read_bytes()


def test_the_shipped_head_is_made_from_the_dialogues(tmp_path):
    head = train(load_dialogues())
    head.save(tmp_path / "again.npz")

    assert load_sides() == head
    assert load_sides().digest() == head.digest()
    assert (tmp_path / "again.npz").read_bytes() == HEAD.read_bytes()
    assert HEAD.stat().st_size < 300_000


def test_a_head_comes_back_as_it_was_saved(tmp_path):
    head = SideModel({"of the #": -0.625, "your": 1.125}, -0.25, call_scale=1.5, call_power=0.25)
    head.save(tmp_path / "head.npz")

    assert load_sides(tmp_path / "head.npz") == head


def test_dialogues_of_a_source_not_seen_are_told_apart():
    given, odds = [], []
    for dialogue, model in left_out(load_dialogues()):
        for excerpt in excerpts_of(dialogue).values():
            signs = [1 if side == "rep" else -1 for side, _ in excerpt.turns]
            given.append(float(signs @ model.turn_odds([text for _, text in excerpt.turns])))
        odds += (signs * model.turn_odds([text for _, text in dialogue.turns])).tolist()

    assert np.mean(np.array(given) > 0) > 0.88
    assert np.mean(np.array(odds) > 0) > 0.68


@pytest.mark.parametrize("script", sorted((DEMO / "scripts").glob("*.txt")), ids=lambda p: p.stem)
@pytest.mark.parametrize("write", [str, unpunctuated], ids=["as written", "unpunctuated"])
def test_the_rep_of_the_demos_calls_is_the_likeliest(script, write):
    said, rep = said_in(script)

    probabilities = rep_probabilities({name: list(map(write, said[name])) for name in said})

    assert max(probabilities, key=lambda name: probabilities[name]) == rep


def test_who_serves_is_the_rep():
    probabilities = rep_probabilities(BANK)

    assert probabilities["left"] > 0.95
    assert probabilities["left"] + probabilities["right"] == pytest.approx(1)


def test_swapping_voices_swaps_probabilities():
    swapped = rep_probabilities({"right": BANK["left"], "left": BANK["right"]})
    given = rep_probabilities(BANK)

    assert swapped == {"right": given["left"], "left": given["right"]}


def test_less_said_is_less_sure():
    one = rep_probabilities({voice: turns[1:2] for voice, turns in BANK.items()})

    assert 0.5 < one["left"] < rep_probabilities(BANK)["left"]


@pytest.mark.parametrize(
    "said",
    [
        {"left": BANK["left"]},
        {"left": BANK["left"], "right": []},
        {"left": BANK["left"], "right": ["", " … "]},
        {"left": [], "right": []},
        {},
    ],
)
def test_where_one_speaks_alone_nothing_is_told(said):
    assert rep_probabilities(said) == dict.fromkeys(said, 0.5)


def test_voices_that_say_the_same_are_not_told_apart():
    assert rep_probabilities({1: BANK["left"], 2: BANK["left"]}) == pytest.approx({1: 0.5, 2: 0.5})


def test_of_three_voices_one_at_least_is_a_rep_and_one_a_buyer():
    reps = rep_probabilities({"a": BANK["left"], "b": BANK["left"], "c": BANK["left"][:1]})
    usual = rep_probabilities(
        {**BANK, "third": ["i paid it with my card because my wife was away"]}
    )

    assert sum(reps.values()) < 2  # one of them is the buyer, most likely the one who said least
    assert reps["c"] < reps["a"] == reps["b"]
    assert usual["left"] > 0.9
    assert usual["right"] < 0.1
    assert usual["third"] < 0.3


def test_turns_that_are_beyond_doubt():
    said = {"a": BANK["left"] * 500, "b": BANK["right"] * 500, "c": BANK["right"] * 500}

    assert rep_probabilities(said) == pytest.approx({"a": 1.0, "b": 0.0, "c": 0.0}, abs=1e-4)


def test_turns_one_by_one():
    odds = turn_odds(["how may I help you?", "I don't know, my card was stolen", "", "…"])

    assert odds[0] > 1
    assert odds[1] < -1
    assert odds[2:].tolist() == [0.0, 0.0]
    assert turn_odds([]).shape == (0,)


def test_what_is_looked_at():
    assert phrases_of("It’s 40!") == {
        *("its", "#", "< its", "its #", "# >", "< its #", "its # >", "length 2", "tells ."),
    }
    assert phrases_of("forty?") == {"#", "< #", "# >", "< # >", "length 1", "asks ?"}
    assert phrases_of("Forty, one") == phrases_of("4 1.")
    assert phrases_of("forty") == {"#", "< #", "# >", "< # >", "length 1"}
    assert phrases_of(" - ") == set()


def test_no_more_voices_are_reps_than_take_part():
    said = {"a": BANK["left"], "b": BANK["right"][:2], "c": BANK["right"][2:4]}

    free, bound = rep_probabilities(said), rep_probabilities(said, reps=1)

    assert sum(bound.values()) == pytest.approx(1.0)
    assert sum(free.values()) > 1
    assert bound["a"] > 0.9
    assert max(bound["b"], bound["c"]) < min(0.1, max(free["b"], free["c"]))
