"""What people say of turns stays, and the tagger learns from it without reading anything again.

The heads are fitted on made-up vectors in which each concern and stance is a direction, so that no
model is needed; all else is the program's own.
"""

import csv
import io
import os
import pty
import re
import sqlite3
import sys
import threading
import zlib
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import pytest
import typer
from material import ROOT
from sqlite_utils import Database
from typer.testing import CliRunner, Result

from callinsight import store, weights
from callinsight.cli import app
from callinsight.config import SETTINGS, Config, load_config, settings_text
from callinsight.errors import InputError
from callinsight.pipeline import corrections, embedding, review, tagger, tags
from callinsight.progress import silent
from callinsight.records import Call, Correction, Utterance
from callinsight.tagging.concerns import pieces
from callinsight.tagging.corrections import Labelling
from callinsight.tagging.encoder import SIZE, Turn, TurnEncoder, means, unpack
from callinsight.tagging.heads import Heads
from callinsight.tagging.labelled import LabelledTurn, Labels
from callinsight.tagging.sentences import sentences_of
from callinsight.tagging.training import Example, fit_heads
from callinsight.taxonomy import DEFAULT_TAXONOMY, load_taxonomy

TAXONOMY = load_taxonomy(DEFAULT_TAXONOMY)
CONCERNS = list(TAXONOMY.concerns)
STANCES = ("objection", "question", "mention")
PRICE, TRUST, NEW = CONCERNS.index("price_budget"), CONCERNS.index("trust_proof"), 40
OBJECTION, QUESTION, ASKS = 60, 61, 70  # directions, as those above
FAR = 4.0
MANY = 30  # corrections that say the same, so that they show elsewhere
PALE = -0.5  # so far in the direction of a concern that it is in doubt
WHO, AT = "Mara", "2026-11-02T10:00:00+01:00"
runner = CliRunner()


def vector(directions: dict[int, float], words: str) -> np.ndarray:
    """[SIZE]: how far it goes in each direction, and a little of the words' own."""
    own = np.random.default_rng(zlib.crc32(words.encode())).normal(scale=0.2, size=SIZE)
    for direction, far in directions.items():
        own[direction] += far
    return own.astype(np.float32)


def example(source: str, number: int, labels: Labels, directions: dict[int, float]) -> Example:
    text = f"words of {source} {number}"
    turn = LabelledTurn(f"{source}-{number}", source, "", text, (labels,))
    return Example(turn, vector(directions, text))


@pytest.fixture(scope="module")
def examples() -> list[Example]:
    """Each concern with each stance from two sources, and turns that say nothing."""
    made = []
    for source in ("one", "two"):
        for number in range(108):
            concern, stance, ask = number % 12, number // 12 % 3, number % 5 == 0
            directions = {concern: FAR, OBJECTION + stance: FAR, ASKS: FAR * ask}
            labels = Labels((CONCERNS[concern],), STANCES[stance], ask)
            made.append(example(source, number, labels, directions))
        nothing = Labels((), "none", ask=False)
        made += [example(source, number, nothing, {}) for number in range(200, 260)]
    return made


@pytest.fixture(scope="module")
def heads(examples: list[Example]) -> Heads:
    return fit_heads(examples, concerns=CONCERNS, groups={}, encoder="made up")


@dataclass
class Desk:
    """A database with calls, as a run leaves it, and its pipeline."""

    db: Database
    config: Config
    path: Path

    def say(self, call: str, *turns: tuple[str, dict[int, float]], side: str = "buyer") -> None:
        """What is heard of a call: the seller's question before each turn, with its vectors."""
        said, vectors = [], {}
        for number, (text, directions) in enumerate(turns):
            question = f"Question {number} of {call}?"
            for words, whose in ((question, "rep"), (text, side)):
                said.append(utterance(call, len(said), words, whose))
            for piece in pieces(Turn(question, text)):
                vectors[piece.key] = sentence_vectors(piece.text, directions).tobytes()
        known = Call(
            id=call, file=f"{call}.vtt", recorded_at="2026-10-05T10:00:00+00:00", deal=call
        )
        with store.transaction(self.db):
            store.save_call(self.db, known, [], said)
            store.save_vectors(self.db, weights.fingerprint(weights.TAGGING), vectors)

    def tag(self) -> None:
        tags.tag_calls(self.db, self.config, TAXONOMY, progress=silent)

    def tags(self, call: str) -> set[tuple[str, str, str, str]]:
        """What is tagged in a call: position, label, stance, status."""
        return {
            (tag.utterance[-1], tag.label, tag.stance, tag.status)
            for tag in store.tags_of_call(self.db, call)
        }

    def doubts(self, **options) -> list[review.Doubt]:
        return list(review.open_review(self.db, self.config, **{"limit": 99, **options}).doubts)

    def correct(self, call: str, position: int, after: Labelling) -> int:
        here = f"{call}:{position:04d}"
        found = next(doubt for doubt in self.doubts() if doubt.utterance.id == here)
        return review.decide(self.db, found, after, who=WHO, at=AT)

    def relearn(self) -> review.Changed:
        return review.relearn(self.db, self.config, progress=silent)

    def invoke(self, *arguments: str, typed: str = "") -> Result:
        return runner.invoke(app, ["review", *arguments, "--db", str(self.path)], input=typed)


def utterance(call: str, position: int, text: str, side: str) -> Utterance:
    return Utterance(
        id=f"{call}:{position:04d}",
        call=call,
        position=position,
        start_s=float(position),
        end_s=position + 1.0,
        channel=None,
        speaker="Dana Whitfield" if side == "rep" else "Ann Lee",
        side=side,
        side_confidence=1.0,
        persona="unknown" if side == "rep" else "champion",
        text=text,
    )


def sentence_vectors(text: str, directions: dict[int, float]) -> np.ndarray:
    """As the encoder gives them; the first sentence carries all that the turn says."""
    spans = sentences_of(text)
    rows = [vector({}, text[start:end]) / 5 for start, end in spans]
    for direction, far in directions.items():
        rows[0][direction] += far * len(spans)
    return np.array([np.append(row, 1 / len(spans)) for row in rows], dtype=np.float16)


def no_encoder(*_arguments: object) -> TurnEncoder:
    raise AssertionError("the encoder is loaded")


@pytest.fixture
def desk(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    examples: list[Example],
    heads: Heads,
) -> Iterator[Desk]:
    made = replace(heads, encoder=weights.fingerprint(weights.TAGGING))
    for module in (tags, review):
        monkeypatch.setattr(module, "load_heads", lambda: made)
    embedding.load_encoder.cache_clear()
    monkeypatch.setattr(embedding, "TurnEncoder", no_encoder)
    monkeypatch.setattr(tagger, "load_examples", lambda _turns: examples)
    pipeline = tmp_path / "pipeline.toml"
    pipeline.write_text(
        '[calls]\nmanifest = "calls.csv"\n'
        f'[tagging]\ntaxonomy = "{ROOT / "pipelines" / "taxonomy.toml"}"\n'
    )
    config = load_config(pipeline)
    with store.opened(tmp_path / "calls.db", create=True) as db:
        store.save_setting(db, SETTINGS, settings_text(config))
        yield Desk(db, config, tmp_path / "calls.db")


def three_calls(desk: Desk) -> None:
    """Sure things, one that is in doubt, and more like that one in other calls."""
    desk.say("a", ("That is beyond our means.", {PRICE: FAR, OBJECTION: FAR}))
    desk.say(
        "b",
        ("Well, it is the zloty again. Yes, that is so.", {NEW: FAR, PRICE: PALE, OBJECTION: FAR}),
        ("We had lunch by the river.", {}),
    )
    desk.say("c", ("Nobody counts in zloty here.", {NEW: FAR, PRICE: PALE + 0.3, OBJECTION: FAR}))
    desk.tag()


def test_the_turns_in_doubt_are_shown_and_those_that_are_answered_no_more(desk: Desk) -> None:
    three_calls(desk)

    shown = [doubt.utterance.id for doubt in desk.doubts()]
    assert shown[0] in ("b:0001", "c:0001")
    assert "b:0003" not in shown  # nothing is said there
    assert [doubt.utterance.id for doubt in desk.doubts(limit=1)] == shown[:1]
    desk.correct("b", 1, Labelling())
    assert [doubt.utterance.id for doubt in desk.doubts()] == [s for s in shown if s != "b:0001"]


def test_the_same_words_are_shown_once(desk: Desk) -> None:
    turn = ("Far beyond our means, that.", {PRICE: 2.0, OBJECTION: FAR})
    desk.say("a", turn, turn)
    desk.say("b", turn)
    desk.tag()

    assert len(desk.tags("a")) == 2
    assert len(desk.doubts()) == 1


def test_a_concern_that_the_definitions_do_not_have(desk: Desk) -> None:
    with pytest.raises(InputError) as caught:
        desk.doubts(concern="price_budgets")

    assert str(caught.value) == (
        "there is no concern 'price_budgets' in the definitions; did you mean 'price_budget'?"
    )


def test_a_correction_is_a_sure_tag_that_no_model_changes(desk: Desk) -> None:
    three_calls(desk)
    said = Labelling(("trust_proof", "value_roi"), "question", ("case_study",))
    desk.correct("b", 1, said)

    desk.relearn()

    made = [tag for tag in store.tags_of_call(desk.db, "b") if tag.utterance == "b:0001"]
    assert {(tag.kind, tag.label, tag.stance, tag.score, tag.status) for tag in made} == {
        ("concern", "trust_proof", "question", 1.0, "sure"),
        ("concern", "value_roi", "question", 1.0, "sure"),
        ("ask", "case_study", "question", 1.0, "sure"),
    }
    assert {(tag.source, tag.why, tag.persona, tag.deal) for tag in made} == {
        ("correction by Mara", "Mara said so on 2026-11-02", "champion", "b")
    }
    desk.tag()
    store.forget_run(desk.db, tags.STAGE, "b")
    desk.tag()
    again = [tag for tag in store.tags_of_call(desk.db, "b") if tag.utterance == "b:0001"]
    assert again == made


def test_a_rejected_turn_has_no_tags(desk: Desk) -> None:
    three_calls(desk)
    assert {tag[0] for tag in desk.tags("b")} == {"1"}
    desk.correct("b", 1, Labelling())

    desk.relearn()

    assert desk.tags("b") == set()


def test_other_calls_learn_from_corrections_and_no_encoder_is_loaded(desk: Desk) -> None:
    three_calls(desk)
    alike = {NEW: FAR, PRICE: PALE, OBJECTION: FAR}
    desk.say("d", *((f"The zloty fell in week {week}.", alike) for week in range(MANY)))
    before = desk.tags("c")
    for week in range(MANY):
        place = {"call": "d", "utterance": f"d:{2 * week + 1:04d}"}
        turn = {"context": f"Question {week} of d?", "text": f"The zloty fell in week {week}."}
        after = "trust_proof/objection/"
        store.add_correction(desk.db, correction(**place, **turn, action="change", after=after))

    desk.tag()  # fails if an encoder is loaded

    assert ("1", "trust_proof", "objection", "sure") not in before
    assert ("1", "trust_proof", "objection", "sure") in desk.tags("c")
    assert ("1", "price_budget", "objection", "sure") in desk.tags("a")


def test_what_is_taken_back_leaves_the_tags_as_they_were(desk: Desk) -> None:
    three_calls(desk)
    before = [store.tags_of_call(desk.db, call) for call in "abc"]
    number = desk.correct("b", 1, Labelling(("trust_proof",), "objection"))
    desk.relearn()
    assert [store.tags_of_call(desk.db, call) for call in "abc"] != before

    review.undo(desk.db, number, who="Ben", at="2026-11-03T09:00:00+01:00")
    desk.relearn()

    assert [store.tags_of_call(desk.db, call) for call in "abc"] == before
    made = [
        (past.correction.action, past.correction.who, past.state) for past in desk_history(desk)
    ]
    assert made == [("change", "Mara", "undone"), ("undo", "Ben", "")]
    with pytest.raises(InputError) as caught:
        review.undo(desk.db, number, who="Ben", at=AT)
    assert str(caught.value) == (
        "there is no correction 1 to take back; the history ('callinsight review list') has them"
    )


def desk_history(desk: Desk) -> list[review.Past]:
    return review.history(desk.db, desk.config)


def test_a_correction_moves_with_its_words_when_a_call_is_heard_again(desk: Desk) -> None:
    three_calls(desk)
    desk.correct("b", 1, Labelling(("trust_proof",), "question"))

    desk.say(
        "b",
        ("We had lunch by the river.", {}),
        ("well it is the zloty again yes that is so", {NEW: FAR, PRICE: PALE, OBJECTION: FAR}),
    )
    desk.relearn()

    assert desk.tags("b") == {("3", "trust_proof", "question", "sure")}
    assert [past.state for past in desk_history(desk)] == ["holds"]


def test_a_correction_of_other_words_is_kept_learnt_from_and_not_applied(desk: Desk) -> None:
    three_calls(desk)
    desk.correct("b", 1, Labelling(("trust_proof",), "question"))
    learnt = corrections.corrected_examples(desk.db)

    desk.say("b", ("Well, it is the lottery again.", {PRICE: FAR, OBJECTION: FAR}))
    desk.relearn()

    assert ("1", "price_budget", "objection", "sure") in desk.tags("b")
    assert not {tag.source for tag in store.tags_of_call(desk.db, "b")} & {"correction by Mara"}
    assert [past.state for past in desk_history(desk)] == ["no longer fits"]
    assert [e.turn for e in corrections.corrected_examples(desk.db)] == [e.turn for e in learnt]


def test_what_becomes_the_sellers_fits_no_more_and_an_uncertain_speaker_counts_nowhere(
    desk: Desk,
) -> None:
    three_calls(desk)
    desk.correct("b", 1, Labelling(("trust_proof",), "question"))
    said = store.utterances_of(desk.db, "b")

    for side, expected, state in (
        ("unknown", {("1", "trust_proof", "question", "uncertain_speaker")}, "holds"),
        ("rep", set(), "no longer fits"),
    ):
        store.save_utterances(desk.db, [replace(said[1], side=side)])
        desk.tag()
        assert {tag for tag in desk.tags("b") if tag[0] == "1"} == expected
        assert [past.state for past in desk_history(desk)] == [state]


def test_what_is_learnt_is_the_turn_as_it_was_with_its_stored_vector(desk: Desk) -> None:
    three_calls(desk)
    desk.correct("b", 1, Labelling(("trust_proof",), "question", ("demo",)))
    long = "So it goes on and on here. " * 40
    desk.say("d", (long, {PRICE: 2.0, OBJECTION: FAR}), ("Hm, ok.", {PRICE: FAR}))
    assert len(pieces(Turn("", long))) > 1
    for position, text in ((1, long), (3, "Hm, ok.")):
        made = correction(call="d", utterance=f"d:{position:04d}", text=text)
        store.add_correction(desk.db, replace(made, context=f"Question {position // 2} of d?"))

    found = corrections.corrected_examples(desk.db, load=no_encoder)

    text = "Well, it is the zloty again. Yes, that is so."
    assert found[0].turn == LabelledTurn(
        id="correction 1",
        source="corrections",
        context="Question 0 of b?",
        text=text,
        labels=(Labels(("trust_proof",), "question", ask=True),),
    )
    key = Turn("Question 0 of b?", text).key
    stored = store.load_vectors(desk.db, weights.fingerprint(weights.TAGGING), [key])
    assert found[0].vector == pytest.approx(means([unpack(stored[key])])[0])
    parts = [sentence_vectors(p.text, {PRICE: 2.0, OBJECTION: FAR}) for p in pieces(Turn("", long))]
    shares = np.array([len(p.text.split()) for p in pieces(Turn("", long))])
    assert found[1].vector == pytest.approx(shares / shares.sum() @ means(parts), abs=1e-5)
    assert len(found) == 2  # two words are too few to learn from


def correction(**changes) -> Correction:
    facts = {
        "call": "b",
        "utterance": "b:0001",
        "context": "",
        "text": "",
        "at": AT,
        "who": WHO,
        "action": "reject",
        "before": "price_budget/objection/",
        "after": "/none/",
    }
    return Correction(**facts | changes)


# What is kept


def test_the_history_is_only_added_to(desk: Desk) -> None:
    three_calls(desk)
    store.add_correction(desk.db, correction())

    with pytest.raises(sqlite3.IntegrityError, match="a correction is never changed: add another"):
        desk.db.execute("UPDATE corrections SET after = 'value_roi/question/'")

    assert store.all_corrections(desk.db) == [correction(id=1)]
    assert store.add_correction(desk.db, correction()).id == 2


def test_no_words_of_a_call_are_left_that_is_listed_or_agreed_to_no_more(desk: Desk) -> None:
    three_calls(desk)
    for call in "abc":
        store.add_correction(desk.db, correction(call=call))

    store.erase_calls(desk.db, ["a"])
    refused = replace(store.get_call(desk.db, "c"), status="refused")
    store.save_call(desk.db, refused, [], [])

    assert [made.call for made in store.all_corrections(desk.db)] == ["b"]


# The command


HEAD = """
1 of 1 · b · 2026-10-05 · Ann Lee
The seller said: Question 0 of b?
The buyer said:  >>Well, it is the zloty again.<< Yes, that is so.
The tagger thinks:
"""
KEYS = "a accept, c change, r reject, s skip, u undo, q quit: "
NOTHING = "Accepting keeps: nothing, for nothing is ticked"
LAST = "That was the last turn. u undo, any other key to finish: "


def made_in(desk: Desk) -> list[tuple[str, str, str, str, str]]:
    return [
        (made.who, made.action, made.utterance, made.before, made.after)
        for made in store.all_corrections(desk.db)
    ]


def test_a_turn_is_shown_with_what_the_tagger_thinks_and_why(desk: Desk) -> None:
    three_calls(desk)
    desk.correct("c", 1, Labelling())

    result = desk.invoke("--limit", "1", "--concern", "price_budget", typed="q\n")

    assert result.exit_code == 0
    head, _, thoughts = result.stdout.partition("The tagger thinks:\n")
    assert f"{head}The tagger thinks:\n" == HEAD
    assert re.fullmatch(
        r"  1 Price and budget, 1\d% likely, too unsure to count: like “words of one \d+” \(one-\d+\)\n"
        r"  raised as an objection\n",
        thoughts,
    )
    assert result.stderr.startswith(f"{NOTHING}\n{KEYS}q\n")


def test_an_evening_of_review(desk: Desk) -> None:
    three_calls(desk)
    first, second = (doubt.utterance.id for doubt in desk.doubts())

    typed = ["r", "u", "s", "c", "2 8", "q", "3", "u", "a", "1", "a", ""]
    result = desk.invoke("--who", "Ben", typed="\n".join(typed))

    assert result.exit_code == 0
    assert [line for line in result.stdout.splitlines() if " of 2 · " in line] == [
        f"{number} of 2 · {turn[0]} · 2026-10-05 · Ann Lee"
        for number, turn in [
            *((1, first), (2, second), (1, first), (2, second), (2, second), (2, second))
        ]
    ]
    assert (
        f"{NOTHING}\n{KEYS}a\n"
        "Nothing is ticked: press the number of what is right, or r for none of it.\n"
        f"{NOTHING}\n{KEYS}1\n"
        f"Accepting keeps: Price and budget, raised as an objection\n{KEYS}a\n"
    ) in result.stderr
    price, changed = "price_budget/objection/", "trust_proof;value_roi/question/pricing_sheet"
    assert made_in(desk) == [
        ("Ben", "reject", first, price, "/none/"),
        ("Ben", "undo", first, "/none/", price),
        ("Ben", "change", second, price, changed),
        ("Ben", "undo", second, changed, price),
        ("Ben", "accept", second, price, price),
    ]
    assert result.stderr.endswith("1 turn corrected; 2 tags in 2 calls changed by re-tagging.\n")
    assert {tags[3] for call in "bc" for tags in desk.tags(call)} == {"sure"}


def test_accepting_keeps_what_is_likely_and_says_so_before(desk: Desk) -> None:
    sure = {PRICE: FAR, OBJECTION: FAR}
    desk.say("a", ("That is beyond our means.", sure))
    desk.tag()
    (tag,) = store.tags_of_call(desk.db, "a")
    near = {"label": "value_roi", "status": "unsure"}
    below = replace(tag, **near, score=0.49)
    above = replace(tag, **near | {"label": "trust_proof"}, score=0.51)
    doubt = review.Doubt(
        Call(id="a", file="a.vtt", recorded_at=AT),
        store.utterances_of(desk.db, "a")[1],
        Turn("Question 0 of a?", "That is beyond our means."),
        (tag, below, above),
    )

    assert doubt.likely == (0, 2)
    assert doubt.keeping(doubt.likely).concerns == ("price_budget", "trust_proof")
    review.decide(desk.db, doubt, doubt.keeping(doubt.likely), who=WHO, at=AT)
    review.decide(desk.db, doubt, doubt.keeping({1}), who=WHO, at=AT)
    assert [made[1] for made in made_in(desk)] == ["accept", "change"]


def test_what_cannot_be_understood_is_asked_again(desk: Desk) -> None:
    three_calls(desk)

    typed = ["u", "x", "c", "13", "1 one", "1", "z", "b", "c", "", "1 x", "0", "", "q"]
    result = desk.invoke("--limit", "1", typed="\n".join(typed))

    concerns = "Which concerns? Their numbers, or Enter for none: "
    how = "How? o objection, q question, m only mentioned, b back: "
    asks = "What is asked for? Their numbers, or Enter for nothing: "
    several = "Type numbers from 1 to 12, such as 2 5"
    kinds = f"Type numbers from 1 to {len(TAXONOMY.asks) + 1}, such as 2 5"
    told = [
        line
        for line in result.stderr.splitlines()
        if not re.match(r" +\d+ ", line) and line != NOTHING
    ]
    assert told[:19] == [
        *(f"{KEYS}u", "There is nothing to undo."),
        *(f"{KEYS}x", f"Press one of these keys: {KEYS[:-2]}, or a number to tick or untick"),
        *(f"{KEYS}c", f"{concerns}13", several, f"{concerns}1 one", several, f"{concerns}1"),
        *(f"{how}z", f"{how}b"),
        *(f"{KEYS}c", concerns, f"{asks}1 x", kinds, f"{asks}0", kinds, asks),
    ]
    assert told[19] == f"{LAST}q"
    assert [made[1] for made in made_in(desk)] == ["reject"]  # nothing, and nothing is asked for


@pytest.mark.parametrize("typed", ["", "c\n", "c\n1\n", "c\n1\no\n"])
def test_where_the_input_ends_nothing_is_made_up(desk: Desk, typed: str) -> None:
    three_calls(desk)

    result = desk.invoke(typed=typed)

    assert result.exit_code == 0
    assert made_in(desk) == []
    assert result.stderr.endswith("0 turns corrected; 0 tags in 0 calls changed by re-tagging.\n")


def test_in_a_terminal_one_key_is_enough(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    three_calls(desk)
    master, slave = pty.openpty()
    keys = iter("rq")

    def press(text: object = "", **options: object) -> None:
        if str(text).startswith(KEYS[:8]):
            timer = threading.Timer(0.3, os.write, (master, next(keys).encode()))
            timer.start()

    monkeypatch.setattr(typer, "echo", press)
    with os.fdopen(slave) as terminal:
        monkeypatch.setattr(sys, "stdin", terminal)
        app(["review", "--who", "Ben", "--db", str(desk.path)], standalone_mode=False)
    os.close(master)

    assert [made[:2] for made in made_in(desk)] == [("Ben", "reject")]


def test_when_all_is_answered_there_is_nothing_to_review(desk: Desk) -> None:
    result = desk.invoke()

    assert result.exit_code == 0
    assert (result.stdout, result.stderr) == (
        "",
        "There is nothing to review: no turn is in doubt that you have not answered.\n",
    )


def test_somebody_must_decide(desk: Desk) -> None:
    result = desk.invoke("--who", " ")

    assert result.exit_code == 2
    assert result.stderr == "Error: it is not known who you are; say it with --who NAME\n"


def test_what_a_buyer_said_is_no_formula_in_a_spreadsheet(desk: Desk) -> None:
    store.save_call(desk.db, Call(id="b", file="b.vtt", recorded_at=AT), [], [])
    store.add_correction(desk.db, correction(text="=1+1 is what it costs"))

    sheet = desk.invoke("list", "--format", "csv").stdout

    assert "'=1+1 is what it costs" in sheet
    assert ",=1+1" not in sheet


def test_the_history_to_read_and_for_a_spreadsheet(desk: Desk) -> None:
    three_calls(desk)
    desk.correct("b", 1, Labelling(("trust_proof", "value_roi"), "question", ("demo",)))
    desk.correct("c", 1, Labelling())
    review.undo(desk.db, 2, who="Ben", at="2026-11-03T09:00:00+01:00")

    text = desk.invoke("list")
    sheet = desk.invoke("list", "--format", "csv")

    assert text.stdout == (
        "2026-11-02T10:00:00+01:00  Mara  change (holds)  b:0001\n"
        "    “Well, it is the zloty again. Yes, that is so.”\n"
        "    before: price_budget as objection\n"
        "    after:  trust_proof, value_roi as question; asks for demo\n"
        "2026-11-02T10:00:00+01:00  Mara  reject (undone)  c:0001\n"
        "    “Nobody counts in zloty here.”\n"
        "    before: price_budget as objection\n"
        "    after:  nothing\n"
        "2026-11-03T09:00:00+01:00  Ben  undo  c:0001\n"
        "    “Nobody counts in zloty here.”\n"
        "    before: nothing\n"
        "    after:  price_budget as objection\n"
    )
    rows = list(csv.DictReader(io.StringIO(sheet.stdout)))
    assert rows[0] == {
        "at": AT,
        "who": "Mara",
        "action": "change",
        "call": "b",
        "utterance": "b:0001",
        "before": "price_budget/objection/",
        "after": "trust_proof;value_roi/question/demo",
        "text": "Well, it is the zloty again. Yes, that is so.",
        "state": "holds",
    }
    assert [row["state"] for row in rows] == ["holds", "undone", ""]


def test_a_history_without_corrections(desk: Desk) -> None:
    result = desk.invoke("list")

    assert (result.exit_code, result.stdout) == (0, "")
    assert result.stderr == (
        "Nothing has been corrected yet: 'callinsight review' shows what is in doubt.\n"
    )
