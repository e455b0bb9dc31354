from __future__ import annotations

from dataclasses import replace
from itertools import groupby

import pytest
from hypothesis import given
from hypothesis import strategies as st

from callinsight.calls.turns import (
    LONG_PAUSE_S,
    LONG_S,
    LONGEST_S,
    OVERLAP_S,
    PAUSE_S,
    SNAP,
    Said,
    Turn,
    snapped,
    turns_of,
    with_overlaps,
)
from callinsight.records import Word


def words(*spoken: tuple[float, float, str]) -> list[Word]:
    return [Word(start, end, f" {text}") for start, end, text in spoken]


def steady(count: int, *, texts: dict[int, str], pauses: dict[int, float]) -> list[Word]:
    """A word a second, `so` unless it has a text, with a pause before some of them."""
    spoken, now = [], 0.0
    for index in range(count):
        now += pauses.get(index, 0.0)
        spoken.append(Word(now, now + 1.0, f" {texts.get(index, 'so')}"))
        now += 1.0
    return spoken


def texts(turns: list[Turn]) -> list[str]:
    return [turn.text for turn in turns]


# --- where a turn ends ---


@pytest.mark.parametrize(
    ("text", "pause_s", "count"),
    [
        ("morning.", PAUSE_S, 1),
        ("morning.", PAUSE_S + 0.1, 2),
        ("morning?", PAUSE_S + 0.1, 2),
        ("morning!", PAUSE_S + 0.1, 2),
        ("morning", PAUSE_S + 0.1, 1),
        ("morning,", LONG_PAUSE_S, 1),
        ("morning,", LONG_PAUSE_S + 0.1, 2),
    ],
)
def test_a_pause_ends_a_turn(text: str, pause_s: float, count: int) -> None:
    spoken = words((0, 1, "Good"), (1, 2, text), (2 + pause_s, 3 + pause_s, "Yes."))

    turns = turns_of([spoken])

    assert len(turns) == count
    assert texts(turns) == ([f"Good {text}", "Yes."] if count == 2 else [f"Good {text} Yes."])


def test_a_long_turn_ends_with_its_sentence() -> None:
    spoken = steady(26, texts={10: "early.", 22: "long."}, pauses={})

    first, second = turns_of([spoken, []])

    assert (first.start_s, first.end_s) == (0, 23)
    assert first.end_s > LONG_S
    assert first.text.endswith("so long.")
    assert (second.start_s, second.text) == (23, "so so so")


def test_a_very_long_turn_without_a_sentence_ends_at_its_next_short_pause() -> None:
    spoken = steady(50, texts={}, pauses={30: 0.5, 45: 0.5})

    first, second = turns_of([spoken])

    assert len(first.words) == 45
    assert first.end_s > LONGEST_S
    assert len(second.words) == 5


def test_another_voice_ends_a_turn() -> None:
    spoken = words((0, 1, "It"), (1, 2, "is."), (2, 3, "Is"), (3, 4, "it?"))

    turns = turns_of([spoken], lambda word: (f"voice {1 + (word.start_s >= 2)}", 0.9))

    assert [(t.voice, t.text, t.voice_confidence) for t in turns] == [
        ("voice 1", "It is.", 0.9),
        ("voice 2", "Is it?", 0.9),
    ]


# --- what a turn holds ---


def test_a_turn_holds_its_words() -> None:
    spoken = [Word(0, 0.4, " I", 0.9), Word(0.4, 0.8, " don't", 0.8), Word(0.8, 1.2, " -know.")]

    assert turns_of([[], spoken]) == [
        Turn(1, 0, 1.2, "I don't -know.", words=tuple(spoken)),
    ]


def test_the_turns_of_both_channels_come_by_time() -> None:
    rep = words((0, 1, "Hello."), (5, 6, "Fine."))
    buyer = words((1.5, 2, "How"), (2, 3, "is"), (3, 4, "it?"))

    turns = turns_of([rep, buyer])

    assert [(t.channel, t.start_s, t.end_s, t.text) for t in turns] == [
        (0, 0, 1, "Hello."),
        (1, 1.5, 4, "How is it?"),
        (0, 5, 6, "Fine."),
    ]


def test_turns_that_begin_together_come_by_channel() -> None:
    assert [turn.channel for turn in turns_of([words((1, 2, "a")), words((1, 2, "b"))])] == [0, 1]


def test_one_channel_has_no_number() -> None:
    (turn,) = turns_of([words((0, 1, "Hello."))])

    assert turn.channel is None
    assert turns_of([]) == turns_of([[]]) == turns_of([[], []]) == []


def test_a_turn_without_letters_is_left_out() -> None:
    assert turns_of([[Word(0, 1, " "), Word(1, 2, "")]]) == []


def test_the_confidence_is_the_mean_over_the_time() -> None:
    spoken = words((0, 3, "Well"), (3, 4, "yes."))

    (turn,) = turns_of([spoken], lambda word: ("voice 1", 0.9 if word.start_s < 3 else 0.5))

    assert turn.voice_confidence == 0.8


def test_words_without_length_count_a_little() -> None:
    spoken = words((1, 1, "Well"), (1, 1, "yes."))

    (turn,) = turns_of([spoken], lambda _: ("voice 1", 0.75))

    assert (turn.start_s, turn.end_s, turn.voice_confidence) == (1, 1, 0.75)


# --- changes of voice ---


def said(
    voices: str, *, ends: tuple[int, ...] = (), pauses: dict[int, float] | None = None
) -> list[Said]:
    """A word a second for each letter; sentences end with `ends`."""
    spoken = steady(len(voices), texts=dict.fromkeys(ends, "so."), pauses=pauses or {})
    return [Said(word, voice, 0.9) for word, voice in zip(spoken, voices, strict=True)]


def voices(spoken: list[Said]) -> str:
    return "".join(one.voice for one in spoken)


@pytest.mark.parametrize(
    ("found", "ends", "pauses", "moved"),
    [
        ("aaabbb", (), {}, "aaabbb"),
        ("aaabbb", (2,), {}, "aaabbb"),
        ("aaabbb", (3,), {}, "aaaabb"),  # the first word of b ends a's sentence
        ("aaabbb", (1,), {}, "aabbbb"),
        ("aaabbb", (0,), {}, "abbbbb"),
        ("aaaabbbb", (6,), {}, "aaaabbbb"),  # too far
        ("aaabbb", (), {4: 0.5}, "aaaabb"),
        ("aaabbb", (), {4: 0.1}, "aaabbb"),  # a pause too short to be worth it
        ("aaabbb", (1, 3), {}, "aabbbb"),  # as good on both sides: the earlier
        ("aaabbb", (3,), {2: 0.9}, "aabbbb"),  # a long pause goes before a sentence
        ("aaabaaa", (2,), {}, "aaaaaaa"),  # a word within a sentence is no turn
        ("aaabaaa", (2, 3), {}, "aaabaaa"),
        ("abaaaa", (), {3: 0.5, 4: 1.0}, "aaabaa"),  # both changes late, none past the other
        ("abc", (), {}, "abc"),
        ("a", (), {}, "a"),
        ("", (), {}, ""),
    ],
)
def test_a_change_of_voice_moves_to_where_people_change(
    found: str, ends: tuple[int, ...], pauses: dict[int, float], moved: str
) -> None:
    spoken = said(found, ends=ends, pauses=pauses)

    assert voices(snapped(spoken)) == moved
    assert [one.word for one in snapped(spoken)] == [one.word for one in spoken]


@given(
    st.text("abc", max_size=30),
    st.lists(st.integers(0, 29)),
    st.dictionaries(st.integers(0, 29), st.floats(0, 2)),
)
def test_no_voice_moves_far_and_none_is_new(
    found: str, ends: list[int], pauses: dict[int, float]
) -> None:
    moved = voices(snapped(said(found, ends=tuple(ends), pauses=pauses)))

    for index, voice in enumerate(moved):
        assert voice in found[max(0, index - SNAP) : index + SNAP + 1]
    after = [voice for voice, _ in groupby(moved)]
    assert len(after) <= len(list(groupby(found)))


# --- two at once ---


def turn(channel: int | None, *spoken: tuple[float, float], voice: str = "") -> Turn:
    held = tuple(Word(start, end, " so") for start, end in spoken)
    return Turn(channel, held[0].start_s, held[-1].end_s, "so", voice, words=held)


def marks(*turns: Turn) -> list[bool]:
    ordered = sorted(turns, key=lambda turn: turn.start_s)
    marked = with_overlaps(ordered)
    assert [replace(one, overlaps=False) for one in marked] == ordered
    return [one.overlaps for one in marked]


def test_who_talks_into_another_overlaps() -> None:
    shared = OVERLAP_S + 0.01

    assert marks(turn(0, (0, 2)), turn(1, (2 - shared, 4)), turn(0, (5, 6))) == [True, True, False]


def test_who_begins_as_another_ends_does_not_overlap() -> None:
    assert marks(turn(0, (0, 2)), turn(1, (2 - OVERLAP_S + 0.01, 4))) == [False, False]
    assert marks(turn(0, (0, 2)), turn(1, (2, 4))) == [False, False]


def test_a_word_in_anothers_pause_does_not_overlap() -> None:
    assert marks(turn(0, (0, 2), (3, 5)), turn(1, (2.1, 2.9))) == [False, False]


def test_words_that_overlap_add_up() -> None:
    assert marks(turn(0, (0, 1), (1, 2), (2, 3)), turn(1, (0.8, 1.2))) == [True, True]


def test_a_voice_does_not_overlap_itself() -> None:
    assert marks(turn(0, (0, 4)), turn(0, (1, 3))) == [False, False]
    assert marks(turn(None, (0, 4), voice="Jo"), turn(None, (1, 3), voice="Jo")) == [False, False]
    assert marks(turn(None, (0, 4), voice="Jo"), turn(None, (1, 3), voice="Al")) == [True, True]


def test_a_long_turn_overlaps_every_turn_within() -> None:
    long = turn(0, *((second, second + 1) for second in range(10)))

    assert marks(long, turn(1, (2, 3)), turn(1, (6, 7)), turn(1, (11, 12))) == [
        True,
        True,
        True,
        False,
    ]


def test_turns_without_timed_words_are_not_marked() -> None:
    plain = Turn(None, 0, 5, "Well.", "Jo"), Turn(None, 1, 3, "Yes.", "Al")

    assert with_overlaps(plain) == list(plain)


def test_turns_of_two_channels_are_marked() -> None:
    rep = words((0, 1, "So"), (1, 2, "then"), (2, 3, "we"))
    buyer = words((1.5, 2.5, "Sorry,"), (2.5, 4, "wait."))

    assert [turn.overlaps for turn in turns_of([rep, buyer])] == [True, True]


# --- all of it ---


@st.composite
def channels(draw: st.DrawFn) -> list[list[Word]]:
    """Words of one to three channels, each by time and each with a number of its own."""
    found, number = [], 0
    for _ in range(draw(st.integers(1, 3))):
        now, spoken = 0.0, []
        times = draw(st.lists(st.tuples(st.floats(0, 3), st.floats(0, 2), st.booleans())))
        for gap_s, length_s, ends in times:
            text = f" w{number}" + "." * ends
            spoken.append(Word(now + gap_s, now + gap_s + length_s, text))
            now += gap_s + length_s
            number += 1
        found.append(spoken)
    return found


@given(channels(), st.randoms(use_true_random=False))
def test_all_words_are_kept_in_order_and_no_turn_mixes_voices(
    spoken: list[list[Word]], random: object
) -> None:
    known = {word.text: f"voice {random.randint(1, 3)}" for one in spoken for word in one}
    moved = {
        one.word.text: one.voice
        for channel in spoken
        for one in snapped([Said(word, known[word.text], 0.8) for word in channel])
    }

    turns = turns_of(spoken, lambda word: (known[word.text], 0.8))

    for number, channel in enumerate(spoken):
        mine = [t for t in turns if t.channel == (number if len(spoken) > 1 else None)]
        assert [word for t in mine for word in t.words] == channel
    assert [t.start_s for t in turns] == sorted(t.start_s for t in turns)
    for one in turns:
        assert one.text == "".join(word.text for word in one.words).strip()
        assert {moved[word.text] for word in one.words} == {one.voice}
        assert (one.start_s, one.end_s) == (one.words[0].start_s, one.words[-1].end_s)
        assert one.voice_confidence == pytest.approx(0.8)


def test_turns_in_which_voices_cross_are_marked() -> None:
    said = [Word(0.0, 0.5, " Well."), Word(0.6, 1.0, " Yes."), Word(1.2, 1.6, " Good.")]

    def voice_of(word: Word) -> tuple[str, float]:
        return ("voice 2" if word.start_s == 0.6 else "voice 1"), 0.9

    turns = turns_of([said], voice_of, crossings=[(0.3, 0.9)])

    assert [(turn.text, turn.overlaps) for turn in turns] == [
        ("Well.", True),
        ("Yes.", True),
        ("Good.", False),
    ]
