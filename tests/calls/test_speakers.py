from __future__ import annotations

from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st

from callinsight.calls.speakers import Turn, turns_of, utterances_of
from callinsight.calls.transcribe import Word
from callinsight.records import Participant, Utterance

REP = Participant(call="c", name="Marcus Oyelaran", side="rep")
CISO = Participant(call="c", name="Ingrid Halvorsen", side="buyer", persona="security_compliance")
CFO = Participant(call="c", name="Owen Castell", side="buyer", persona="economic_buyer")


def words(*spoken: tuple[float, float, str]) -> list[Word]:
    return [Word(start, end, f" {text}") for start, end, text in spoken]


def named(
    turn: Turn, *participants: Participant, rep_channel: int | None = None
) -> tuple[str, str, str]:
    """Side, speaker and persona of a turn."""
    (utterance,) = utterances_of("c", [turn], participants, rep_channel)
    assert utterance.side_confidence == (0.0 if utterance.side == "unknown" else 1.0)
    return utterance.side, utterance.speaker, utterance.persona


def on(channel: int | None) -> Turn:
    return Turn(channel, 0.0, 1.0, "Hello.")


def by(voice: str) -> Turn:
    return Turn(None, 0.0, 1.0, "Hello.", voice)


def at(person: Participant, channel: int) -> Participant:
    return replace(person, channel=channel)


# --- turns ---


def test_a_pause_of_more_than_a_second_ends_a_turn() -> None:
    spoken = words((0, 1, "Good"), (2.0, 2.5, "morning."), (3.6, 4, "Yes."))

    assert turns_of([spoken, []]) == [
        Turn(0, 0, 2.5, "Good morning."),
        Turn(0, 3.6, 4, "Yes."),
    ]


def test_the_turns_of_both_channels_come_by_time() -> None:
    rep = words((0, 1, "Hello."), (5, 6, "Fine."))
    buyer = words((1.5, 2, "How"), (2, 3, "is"), (3, 4, "it?"))

    assert turns_of([rep, buyer]) == [
        Turn(0, 0, 1, "Hello."),
        Turn(1, 1.5, 4, "How is it?"),
        Turn(0, 5, 6, "Fine."),
    ]


def test_turns_that_begin_together_come_by_channel() -> None:
    assert [turn.channel for turn in turns_of([words((1, 2, "a")), words((1, 2, "b"))])] == [0, 1]


def test_a_long_turn_ends_with_its_sentence() -> None:
    sentence = [(float(second), second + 0.9, "so") for second in range(25)]
    sentence[10] = (10, 10.9, "early.")
    sentence[22] = (22, 22.9, "long.")

    first, second = turns_of([words(*sentence), []])

    assert (first.start_s, first.end_s) == (0, 22.9)
    assert first.text.endswith("so long.")
    assert (second.start_s, second.text) == (23, "so so")


def test_one_channel_has_no_number() -> None:
    assert turns_of([words((0, 1, "Hello."))]) == [Turn(None, 0, 1, "Hello.")]
    assert turns_of([]) == turns_of([[]]) == turns_of([[], []]) == []


def test_a_turn_without_letters_is_left_out() -> None:
    assert turns_of([[Word(0, 1, " "), Word(1, 2, "")]]) == []


@given(
    st.lists(
        st.lists(st.tuples(st.floats(0, 3), st.floats(0, 2), st.sampled_from(["a", "b."]))),
        min_size=1,
        max_size=3,
    )
)
def test_no_word_is_lost_and_turns_are_in_order(
    gaps: list[list[tuple[float, float, str]]],
) -> None:
    channels = []
    for spoken in gaps:
        now, channel = 0.0, []
        for gap, length, text in spoken:
            channel.append(Word(now + gap, now + gap + length, f" {text}"))
            now += gap + length
        channels.append(channel)

    turns = turns_of(channels)

    assert sorted(" ".join(t.text for t in turns).split()) == sorted(
        word.text.strip() for channel in channels for word in channel
    )
    assert [t.start_s for t in turns] == sorted(t.start_s for t in turns)
    assert all(t.start_s <= t.end_s for t in turns)


# --- sides and names ---


def test_the_whole_utterance() -> None:
    turns = [Turn(0, 0.123, 1.456, "Hello."), Turn(1, 2, 3, "Hi.")]

    assert utterances_of("call-1", turns, [REP, CISO], 0) == [
        Utterance(
            id="call-1:0000",
            call="call-1",
            position=0,
            start_s=0.12,
            end_s=1.46,
            channel=0,
            speaker="Marcus Oyelaran",
            side="rep",
            side_confidence=1.0,
            text="Hello.",
        ),
        Utterance(
            id="call-1:0001",
            call="call-1",
            position=1,
            start_s=2,
            end_s=3,
            channel=1,
            speaker="Ingrid Halvorsen",
            side="buyer",
            side_confidence=1.0,
            persona="security_compliance",
            text="Hi.",
        ),
    ]


def test_the_channel_of_the_rep_tells_both_sides() -> None:
    assert named(on(0), rep_channel=1) == ("buyer", "buyer", "unknown")
    assert named(on(1), rep_channel=1) == ("rep", "rep", "unknown")


def test_two_buyers_on_one_channel_are_a_side_without_a_name() -> None:
    people = (REP, CISO, CFO)

    assert named(on(1), *people, rep_channel=0) == ("buyer", "buyer", "unknown")
    assert named(on(0), *people, rep_channel=0) == ("rep", "Marcus Oyelaran", "unknown")


def test_two_buyers_of_one_persona_share_it() -> None:
    other = Participant(call="c", name="Ann Lee", side="buyer", persona="economic_buyer")

    assert named(on(1), REP, CFO, other, rep_channel=0) == ("buyer", "buyer", "economic_buyer")


def test_a_participants_channel_goes_before_the_reps() -> None:
    people = (at(REP, 1), at(CISO, 0))

    assert named(on(0), *people, rep_channel=0) == (
        "buyer",
        "Ingrid Halvorsen",
        "security_compliance",
    )
    assert named(on(1), *people) == ("rep", "Marcus Oyelaran", "unknown")


def test_a_buyer_known_to_be_on_another_channel_is_not_meant() -> None:
    people = (at(REP, 0), at(CISO, 1), at(CFO, 2))

    assert named(on(2), *people, rep_channel=0) == ("buyer", "Owen Castell", "economic_buyer")
    assert named(on(3), *people, rep_channel=0) == ("buyer", "buyer", "unknown")


def test_a_channel_that_both_sides_share_tells_nothing_by_itself() -> None:
    assert named(on(0), at(REP, 0), at(CISO, 0)) == ("unknown", "channel 0", "unknown")


def test_without_channels_and_voices_the_side_is_unknown() -> None:
    assert named(on(None), REP, CISO, rep_channel=0) == ("unknown", "unknown", "unknown")
    assert named(on(1), REP, CISO) == ("unknown", "channel 1", "unknown")


def test_a_voice_is_the_participant_of_that_name() -> None:
    for voice in (
        "Ingrid Halvorsen",
        "ingrid  HALVORSEN",
        "Ingrid Halvorsen (Inverleith Care)",
        "Ingrid Halvorsen | Inverleith Care",
        "Ingrid Halvorsen [guest]",
    ):
        assert named(by(voice), REP, CISO) == (
            "buyer",
            "Ingrid Halvorsen",
            "security_compliance",
        ), voice


def test_a_voice_that_no_participant_has_keeps_its_name() -> None:
    assert named(by("Ingrid (Care)"), REP, CISO, rep_channel=0) == (
        "unknown",
        "Ingrid (Care)",
        "unknown",
    )


def test_the_reps_persona_is_never_a_buyers() -> None:
    rep = Participant(call="c", name="Jo", side="rep", persona="champion")

    assert named(by("Jo"), rep) == ("rep", "Jo", "unknown")
