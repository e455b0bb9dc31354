from __future__ import annotations

from dataclasses import replace

import pytest

from callinsight.calls.diarize import CERTAIN
from callinsight.calls.sides import rep_probabilities
from callinsight.calls.speakers import SURE, utterances_of
from callinsight.calls.turns import Turn
from callinsight.records import Participant, Utterance, Word

REP = Participant(call="c", name="Marcus Oyelaran", side="rep")
CISO = Participant(call="c", name="Ingrid Halvorsen", side="buyer", persona="security_compliance")
CFO = Participant(call="c", name="Owen Castell", side="buyer", persona="economic_buyer")

SELLS = (
    "Thanks for taking the time, shall I share my screen and walk you through our platform?",
    "Our team would set that up for you, and our support is included in the licence.",
    "I'll send you the proposal this afternoon, and we can offer you a discount.",
)
BUYS = (
    "We've got about four thousand invoices a month and my team types them in by hand.",
    "I'm worried about the price, it's over our budget. What would it cost us?",
    "Could you send me that in writing, please? I have to ask my boss first.",
)


def named(
    turn: Turn, *participants: Participant, rep_channel: int | None = None
) -> tuple[str, str, str]:
    """Side, speaker and persona of a turn."""
    (utterance,) = utterances_of("c", [turn], participants, rep_channel)
    known = utterance.side != "unknown"
    assert utterance.side_confidence == (1.0 if known else 0.0)
    assert utterance.side_source == ("sheets" if known else "unknown")
    return utterance.side, utterance.speaker, utterance.persona


def on(channel: int | None, text: str = "Hello.") -> Turn:
    return Turn(channel, 0.0, 1.0, text)


def by(voice: str, text: str = "Hello.", *, confidence: float = 1.0) -> Turn:
    return Turn(None, 0.0, 1.0, text, voice, confidence)


def at(person: Participant, channel: int) -> Participant:
    return replace(person, channel=channel)


def talk(seller: str = "voice 1", buyer: str = "voice 2") -> list[Turn]:
    """Two voices whose words tell who sells."""
    return [
        turn
        for pair in zip(SELLS, BUYS, strict=True)
        for turn in (by(seller, pair[0]), by(buyer, pair[1]))
    ]


def speakers(utterances: list[Utterance]) -> list[str]:
    """The speaker of each voice, in the order in which they are first heard."""
    return list(dict.fromkeys(utterance.speaker for utterance in utterances))


# --- by the sheets ---


def test_the_whole_utterance() -> None:
    words = (Word(2, 3, " Hi.", 0.9),)
    turns = [
        Turn(0, 0.123, 1.456, "Hello.", estimated=True),
        Turn(1, 2, 3, "Hi.", voice_confidence=0.9, overlaps=True, words=words),
    ]

    assert utterances_of("call-1", turns, [REP, CISO], 0) == [
        Utterance(
            id="call-1:0000",
            call="call-1",
            position=0,
            start_s=0.12,
            end_s=1.46,
            estimated=True,
            channel=0,
            speaker="Marcus Oyelaran",
            side="rep",
            side_confidence=1.0,
            side_source="sheets",
            text="Hello.",
        ),
        Utterance(
            id="call-1:0001",
            call="call-1",
            position=1,
            start_s=2,
            end_s=3,
            channel=1,
            voice_confidence=0.9,
            overlaps=True,
            speaker="Ingrid Halvorsen",
            side="buyer",
            side_confidence=0.9,
            side_source="sheets",
            persona="security_compliance",
            text="Hi.",
            words=words,
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


def test_people_of_one_side_on_channels_of_their_own_keep_their_names() -> None:
    people = (at(REP, 0), at(CISO, 1), at(CFO, 2))

    utterances = utterances_of("c", [on(0), on(1), on(2)], people, 0)

    assert [(u.speaker, u.persona) for u in utterances] == [
        ("Marcus Oyelaran", "unknown"),
        ("Ingrid Halvorsen", "security_compliance"),
        ("Owen Castell", "economic_buyer"),
    ]


def test_one_buyer_cannot_be_on_two_channels() -> None:
    utterances = utterances_of("c", [on(0), on(1), on(2)], (REP, CISO), 0)

    assert speakers(utterances) == ["Marcus Oyelaran", "buyer, channel 1", "buyer, channel 2"]


def test_two_buyers_named_by_a_transcript_are_named_as_in_the_sheet() -> None:
    turns = [by("ingrid halvorsen (Care)"), by("Owen Castell"), by("Zoe Park")]

    utterances = utterances_of("c", turns, (REP, CISO, CFO), None)

    assert [(u.speaker, u.side) for u in utterances[:2]] == [
        ("Ingrid Halvorsen", "buyer"),
        ("Owen Castell", "buyer"),
    ]
    assert utterances[2].speaker == "Zoe Park"


# --- by what is said ---


def test_two_voices_are_told_apart_by_what_they_say() -> None:
    utterances = utterances_of("c", talk(), (), None)

    assert [u.side for u in utterances] == ["rep", "buyer"] * 3
    assert speakers(utterances) == ["rep", "buyer"]
    assert {u.side_source for u in utterances} == {"words"}
    sure = rep_probabilities({"voice 1": SELLS, "voice 2": BUYS})
    assert utterances[0].side_confidence == round(sure["voice 1"], 3) >= SURE
    assert utterances[1].side_confidence == round(1 - sure["voice 2"], 3) >= SURE
    assert [u.voice for u in utterances] == ["voice 1", "voice 2"] * 3


def test_two_channels_without_a_sheet_are_told_apart_by_what_they_say() -> None:
    turns = [on(1, text) for text in SELLS] + [on(0, text) for text in BUYS]

    utterances = utterances_of("c", turns, (REP, CISO), None)

    assert [u.side for u in utterances] == ["rep"] * 3 + ["buyer"] * 3
    assert speakers(utterances) == ["Marcus Oyelaran", "Ingrid Halvorsen"]


def test_the_only_participant_of_a_side_gives_the_name_and_the_persona() -> None:
    utterances = utterances_of("c", talk(), (REP, CISO), None)

    assert speakers(utterances) == ["Marcus Oyelaran", "Ingrid Halvorsen"]
    assert [u.persona for u in utterances[:2]] == ["unknown", "security_compliance"]


def test_two_participants_of_a_side_are_nobodys_name() -> None:
    utterances = utterances_of("c", talk(), (REP, CISO, CFO), None)

    assert speakers(utterances) == ["Marcus Oyelaran", "buyer"]
    assert utterances[1].persona == "unknown"


def test_several_voices_of_a_side_are_numbered() -> None:
    turns = [*talk(), *(by("voice 3", text) for text in BUYS)]

    utterances = utterances_of("c", turns, (REP, CISO), None)

    assert [u.side for u in utterances[-3:]] == ["buyer"] * 3
    assert speakers(utterances) == ["Marcus Oyelaran", "buyer, voice 2", "buyer, voice 3"]


def test_a_transcripts_own_name_goes_before_a_guess() -> None:
    numbered = utterances_of("c", talk("Speaker 1", "Speaker 2"), (REP, CISO), None)
    others = utterances_of("c", talk("Dana Whitfield", "Zoe Park"), (REP, CISO), None)

    assert speakers(numbered) == ["Marcus Oyelaran", "Ingrid Halvorsen"]
    assert speakers(others) == ["Dana Whitfield", "Zoe Park"]
    assert [u.side for u in others] == ["rep", "buyer"] * 3


def test_a_voice_that_is_known_helps_to_tell_the_other() -> None:
    utterances = utterances_of("c", talk("Marcus Oyelaran", "Guest"), (REP,), None)

    assert [u.side_source for u in utterances[:2]] == ["sheets", "words"]
    assert speakers(utterances) == ["Marcus Oyelaran", "Guest"]


def test_a_single_voice_is_nobodys() -> None:
    (utterance,) = utterances_of("c", [by("voice 1", SELLS[0])], (REP, CISO), None)

    assert (utterance.side, utterance.speaker) == ("unknown", "voice 1")
    assert (utterance.side_source, utterance.side_confidence) == ("unknown", 0.0)


def test_voices_that_say_next_to_nothing_are_nobodys() -> None:
    utterances = utterances_of("c", [by("voice 1", "Okay."), by("voice 2", "Okay.")], (), None)

    assert [(u.side, u.speaker) for u in utterances] == [
        ("unknown", "voice 1"),
        ("unknown", "voice 2"),
    ]


# --- by the voice ---


def test_a_familiar_voice_is_the_reps() -> None:
    turns = [by("voice 1", "Okay."), by("voice 2", "Okay.")]
    familiar = {"voice 1": 0.02, "voice 2": 0.98}

    utterances = utterances_of("c", turns, (REP, CISO), None, familiar=familiar)

    assert [(u.side, u.speaker, u.side_source) for u in utterances] == [
        ("buyer", "Ingrid Halvorsen", "voice"),
        ("rep", "Marcus Oyelaran", "voice"),
    ]


def test_a_voice_against_the_words_leaves_it_open() -> None:
    sure = rep_probabilities({"voice 1": SELLS, "voice 2": BUYS})

    utterances = utterances_of(
        "c", talk(), (), None, familiar={voice: 1 - rep for voice, rep in sure.items()}
    )

    assert {u.side for u in utterances} == {"unknown"}
    assert speakers(utterances) == ["voice 1", "voice 2"]


def test_what_the_sheets_say_goes_before_a_familiar_voice() -> None:
    turns = [on(0), on(1)]
    familiar = {"channel 0": 0.01, "channel 1": 0.99}

    utterances = utterances_of("c", turns, (), 0, familiar=familiar)

    assert [(u.side, u.side_source) for u in utterances] == [
        ("rep", "sheets"),
        ("buyer", "sheets"),
    ]


# --- what is not sure ---


@pytest.mark.parametrize(
    ("confidence", "side", "speaker"),
    [
        (CERTAIN, "rep", "Marcus Oyelaran"),
        (CERTAIN - 0.01, "unknown", "uncertain speaker"),
    ],
)
def test_words_that_may_be_another_voices_are_nobodys(
    confidence: float, side: str, speaker: str
) -> None:
    doubtful = by("voice 1", "Right.", confidence=confidence)

    utterance = utterances_of("c", [*talk(), doubtful], (REP, CISO), None)[-1]

    assert (utterance.side, utterance.speaker) == (side, speaker)
    assert utterance.side_source == ("words" if side == "rep" else "unknown")
    assert utterance.voice_confidence == confidence
    first = utterances_of("c", talk(), (REP, CISO), None)[0].side_confidence
    expected = pytest.approx(first * confidence, abs=0.002) if side == "rep" else 0.0
    assert utterance.side_confidence == expected


def test_the_persona_of_an_uncertain_speaker_is_unknown() -> None:
    doubtful = by("voice 2", "Right.", confidence=0.5)

    utterance = utterances_of("c", [*talk(), doubtful], (REP, CISO), None)[-1]

    assert (utterance.speaker, utterance.persona) == ("uncertain speaker", "unknown")


def test_sheets_that_cannot_be_trusted_name_nobody() -> None:
    turns = [on(0, SELLS[0]), on(1, BUYS[0])]

    utterances = utterances_of("c", turns, (REP, CISO), 5, trusted=False)

    assert [(u.side, u.speaker, u.persona, u.side_confidence) for u in utterances] == [
        ("unknown", "channel 0", "unknown", 0.0),
        ("unknown", "channel 1", "unknown", 0.0),
    ]


def test_no_turns_are_no_utterances() -> None:
    assert utterances_of("c", [], (REP,), 0) == []
