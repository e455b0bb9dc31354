"""Which words stand for a gap, and which seconds of them are played."""

import dataclasses

import pytest

from callinsight.records import Word
from callinsight.reports.excerpts import find_words, pick_excerpts

WORDS = "We worry about that."


def gap_of(month, *calls):
    """A gap with the given calls first: (id, deal, stance, score), then quiet filling."""
    for id_, deal, stance, score in calls:
        month.call(id_, "champion", "decision", ("need_fit", stance, WORDS), deal=deal)
        month.tags[-1] = dataclasses.replace(month.tags[-1], score=score)


def pick(month, *, each=3, recorded=()):
    return pick_excerpts(
        month.gaps(),
        month.tags,
        month.utterances,
        {call.id: call for call in month.calls},
        month.participants,
        each=each,
        playable=lambda call: call.id in recorded,
        before=month.before,
        end_of=month.end_of,
    )


def test_deals_then_sound_then_objections_then_scores_then_ids(empty):
    gap_of(
        empty,
        ("c1", "D1", "question", 0.9),
        ("c2", "D2", "objection", 0.81),
        ("c3", "D3", "objection", 0.85),
        ("c4", "D4", "objection", 0.85),
        ("c5", "D4", "objection", 0.99),
        ("c6", "D5", "question", 0.8),
    )

    excerpts = pick(empty, each=9, recorded=["c6"])

    assert [e.call.id for e in excerpts] == ["c6", "c5", "c3", "c2", "c1", "c4"]
    assert [e.call.id for e in pick(empty, each=2)] == ["c5", "c3"]


def test_what_may_be_about_something_else_comes_last_though_it_can_be_played(empty):
    gap_of(
        empty,
        ("c1", "D1", "objection", 0.79),
        ("c2", "D2", "question", 0.8),
        ("c3", "D2", "question", 0.95),
        ("c4", "D3", "objection", 0.5),
        ("c5", "D4", "objection", 0.9),
        ("c6", "D5", "objection", 0.9),
    )

    excerpts = pick(empty, each=9, recorded=["c1"])

    assert [e.call.id for e in excerpts] == ["c5", "c6", "c3", "c2", "c1", "c4"]


def test_a_turn_whose_time_is_estimated_cannot_be_played(empty):
    gap_of(empty, *((f"c{n}", f"D{n}", "objection", 0.9) for n in range(6)))
    for id_, utterance in empty.utterances.items():
        if utterance.call == "c1":
            empty.utterances[id_] = dataclasses.replace(utterance, estimated=True)

    assert [e.call.id for e in pick(empty, recorded=["c1", "c2"])] == ["c2", "c0", "c1"]


def test_an_excerpt_says_who_said_what_after_which_turn(empty):
    gap_of(empty, *((f"c{n}", f"D{n}", "objection", 0.9) for n in range(6)))

    first = pick(empty, each=1)[0]

    assert (first.gap, first.person, first.title) == (
        *("2026-10/need_fit/champion/decision", "Bo Berg"),
        "Head of Finance Operations",
    )
    assert (first.before.speaker, first.before.text) == ("Dana Whitfield", "And what about that?")
    assert (first.label, first.stance, first.score, first.evidence) == (
        *("need_fit", "objection", 0.9),
        WORDS,
    )
    assert first.clip is None


def test_the_first_turn_of_a_call_has_none_before_it(empty):
    gap_of(empty, *((f"c{n}", f"D{n}", "objection", 0.9) for n in range(6)))
    for number in range(6):
        del empty.utterances[f"c{number}:0000"]

    assert {e.before for e in pick(empty)} == {None}


def test_covered_cells_have_excerpts_and_cells_without_demand_have_none(empty):
    empty.demand(8, 8, "need_fit", "champion", "decision")
    empty.demand(1, 9, "need_fit", "economic_buyer", "decision")
    empty.item("A", "need_fit")
    empty.item("B", "need_fit")

    assert {e.gap for e in pick(empty)} == {"2026-10/need_fit/champion/decision"}


def test_a_total_that_the_report_does_not_tell_has_no_excerpts(empty):
    empty.demand(8, 8, "need_fit", "champion", "decision")

    assert {gap.id.split("/", 2)[2] for gap in empty.gaps() if gap.verdict == "gap"} == {
        *("champion/decision", "any/decision", "any/any"),
    }
    assert {e.gap for e in pick(empty)} == {"2026-10/need_fit/champion/decision"}


@pytest.mark.parametrize(
    ("said", "length_s", "played"),
    [
        ((60.0, 75.0), 600.0, (59.6, 75.4)),  # a little room on each side
        ((60.0, 62.0), 600.0, (59.6, 69.6)),  # ten seconds at least
        ((0.3, 3.0), 600.0, (0.0, 10.0)),  # not before the call begins
        ((597.0, 599.0), 600.0, (596.6, 600.0)),  # nor after it ends
        ((1.0, 3.0), 6.0, (0.6, 6.0)),  # a call shorter than that
        ((60.0, 75.0), 0.0, (59.6, 75.0)),  # its length is not known
        ((60.0, 89.2), 600.0, (59.6, 89.6)),  # thirty seconds with the room
        ((100.0, 160.0), 600.0, (99.6, 129.6)),  # and no more
    ],
)
def test_what_is_played(empty, said, length_s, played):
    gap_of(empty, *((f"c{n}", f"D{n}", "objection", 0.9) for n in range(6)))
    empty.calls = [dataclasses.replace(call, duration_s=length_s) for call in empty.calls]
    for id_, utterance in empty.utterances.items():
        if utterance.side == "buyer":
            start_s, end_s = said
            empty.utterances[id_] = dataclasses.replace(utterance, start_s=start_s, end_s=end_s)
        else:
            empty.utterances[id_] = dataclasses.replace(utterance, start_s=0.0, end_s=0.5)

    assert {(e.start_s, e.end_s) for e in pick(empty)} == {played}


def timed(text):
    """Words that are said one a second, from 100 s on."""
    return tuple(
        Word(100.0 + second, 100.9 + second, f" {word}") for second, word in enumerate(text.split())
    )


def long_turn(month, text, *, words=()):
    """What is played of a turn with this text, one word a second from 100 s on."""
    for number in range(6):
        turn = ("price_budget", "objection", text)
        month.call(f"c{number}", "champion", "decision", turn, evidence="too high")
    end_s = 100.0 + len(text.split())
    for id_, utterance in month.utterances.items():
        if utterance.side == "buyer":
            month.utterances[id_] = dataclasses.replace(
                utterance, start_s=100.0, end_s=end_s, words=words
            )
    excerpt = pick(month, each=1)[0]
    return excerpt.start_s, excerpt.end_s


@pytest.mark.parametrize("behind", [9, 80])
def test_a_long_turn_is_played_from_the_sentence_behind_the_tag(empty, behind):
    text = "Well, " * 60 + "that is it. Is it? Look: your price is too high. " + "So. " * behind

    start_s, end_s = long_turn(empty, text, words=timed(text))

    assert start_s == pytest.approx(100 + 65 - 0.4)  # at `Look`
    assert end_s == pytest.approx(min(start_s + 30, 100 + len(text.split()) + 0.4))
    assert 10 <= round(end_s - start_s, 2) <= 30


def test_the_times_of_words_are_those_of_the_words_not_of_the_letters(empty):
    text = "Hm. " * 60 + "Your price is too high. " + "Incomprehensibilities " * 40
    words = timed(text)

    assert long_turn(empty, text, words=words) == (159.6, 189.6)


def test_without_times_of_words_the_sentence_is_guessed_by_its_letters(empty):
    text = "Well. " * 40 + "It is too high. " + "Good. " * 36

    start_s, end_s = long_turn(empty, text)

    assert start_s == pytest.approx(100 + 80 * 240 / len(text), abs=0.5)
    assert end_s - start_s == pytest.approx(30)


@pytest.mark.parametrize("has_words", [True, False])
def test_of_an_endless_sentence_the_words_behind_the_tag_are_played(empty, has_words):
    text = "well " * 60 + "your price is too high " + "so " * 30

    start_s, end_s = long_turn(empty, text, words=timed(text) if has_words else ())

    spoken_s = 163.0 if has_words else 100 + 95 * text.index("too") / len(text.strip())
    assert start_s == pytest.approx(spoken_s - 10.4, abs=1)
    assert end_s - start_s == pytest.approx(30)


def test_a_long_turn_whose_evidence_is_not_found_is_played_from_its_start(empty):
    text = "Well, that costs a lot. " * 12

    assert long_turn(empty, text, words=timed(text)) == (99.6, 129.6)


def test_words_are_found_as_they_were_said():
    text = "It’s the Pen-Test: don't we need a pen test?"

    assert [text[a:b] for a, b in find_words("pen test; it's", text)] == ["It’s", "Pen-Test"]
    assert [text[a:b] for a, b in find_words("it's the; the pen", text)] == ["It’s the Pen"]
    assert find_words("ten", text) == []
    assert find_words(text, text) == []
