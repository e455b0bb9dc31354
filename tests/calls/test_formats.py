from __future__ import annotations

import json
from dataclasses import replace
from typing import TYPE_CHECKING

from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from callinsight.calls.formats import to_rttm, to_srt, to_txt, to_vtt
from callinsight.calls.speakers import utterances_of
from callinsight.calls.transcripts import read_transcript
from callinsight.calls.turns import Turn
from callinsight.calls.vocabulary import text_of
from callinsight.records import SIDES, Word

if TYPE_CHECKING:
    from pathlib import Path

    from callinsight.records import Utterance

SPOKEN = (
    Word(2.0, 2.4, " R&D,", 0.9),
    Word(2.6, 2.8, " cloud", 0.9),
    Word(2.8, 3.1, "-based:", 0.9),
    Word(3.1, 3.4, " now.", 0.9),
)
TURNS = [
    Turn(0, 0.5, 2.25, "R&D, <i>please</i>."),
    Turn(1, 2.0, 3.5, "Yes: now."),
    Turn(None, 3725.1, 3726.0, "Hm.", "Jo Lane (Acme)"),
    Turn(None, 3726.5, 3727.0, "Hm."),
]


def utterances(turns: list[Turn]) -> list[Utterance]:
    return utterances_of("", turns, (), None)


def test_plain_text() -> None:
    assert to_txt(utterances(TURNS)) == (
        "[00:00:00.50 - 00:00:02.25] channel 0: R&D, <i>please</i>.\n"
        "[00:00:02.00 - 00:00:03.50] channel 1: Yes: now.\n"
        "[01:02:05.10 - 01:02:06.00] Jo Lane (Acme): Hm.\n"
        "[01:02:06.50 - 01:02:07.00] unknown: Hm."
    )


def test_subrip() -> None:
    assert to_srt(utterances(TURNS[:2])) == (
        "1\n00:00:00,500 --> 00:00:02,250\n"
        "channel 0: R&amp;D, &lt;i&gt;please&lt;/i&gt;.\n\n"
        "2\n00:00:02,000 --> 00:00:03,500\nchannel 1: Yes: now."
    )


def test_webvtt() -> None:
    assert to_vtt(utterances(TURNS[1:3])) == (
        "WEBVTT\n\n"
        "00:00:02.000 --> 00:00:03.500\n<v channel 1>Yes: now.</v>\n\n"
        "01:02:05.100 --> 01:02:06.000\n<v Jo Lane (Acme)>Hm.</v>"
    )


def test_webvtt_with_the_times_of_words() -> None:
    turn = Turn(1, 2.0, 3.5, text_of(SPOKEN), words=SPOKEN)
    mended = replace(turn, text="Research, cloud-based: now.")

    assert to_vtt(utterances([turn]), words=True) == (
        "WEBVTT\n\n00:00:02.000 --> 00:00:03.500\n"
        "<v channel 1>R&amp;D,<00:00:02.400> <00:00:02.600>cloud<00:00:02.800>-based:"
        " <00:00:03.100>now.<00:00:03.400></v>"
    )
    assert to_vtt(utterances([mended]), words=True) == to_vtt(utterances([mended]))


def test_rttm() -> None:
    assert to_rttm(utterances(TURNS[1:3]), "my call") == (
        "SPEAKER my_call 2 2.00 1.50 <NA> <NA> channel_1 <NA> <NA>\n"
        "SPEAKER my_call 1 3725.10 0.90 <NA> <NA> Jo_Lane_(Acme) <NA> <NA>"
    )


def test_nothing_said() -> None:
    assert (to_txt([]), to_srt([]), to_vtt([]), to_rttm([], "a")) == ("", "", "WEBVTT", "")


def test_a_name_that_would_end_too_early() -> None:
    said = utterances([Turn(None, 0, 1, "Hi.", "Acme: [EU] Jo")])

    assert to_txt(said) == "[00:00:00.00 - 00:00:01.00] Acme (EU) Jo: Hi."
    assert to_srt(said) == "1\n00:00:00,000 --> 00:00:01,000\nAcme (EU) Jo: Hi."


NAMES = st.one_of(
    st.just(""),
    st.sampled_from(["Jo Lane", "Jo (Acme)", "SPEAKER_00", "O'Neil", "Åsa Öberg", "李", "spk_1"]),
    st.from_regex(r"[A-Za-z][a-z0-9]{0,9}( [A-Z][a-z.]{0,9}){0,2}[a-z]", fullmatch=True),
).filter(lambda name: name not in ("unknown",))
TEXTS = st.one_of(
    st.text(st.characters(codec="utf-8", exclude_characters="\0"), min_size=1, max_size=30),
    st.sampled_from(
        ["<v Jo>", "a --> b", "&amp;", "{\\an8}x", "12", "Jo: x", "# x", "**a** b", "<"]
    ),
).map(lambda text: " ".join(text.split()) or "x")


@st.composite
def spoken(draw: st.DrawFn) -> Turn:
    """A turn whose words have times that rise."""
    texts = draw(st.lists(st.sampled_from(["a", "b.", "R&D", "<i>", "-", "-c", "“d”"]), min_size=1))
    edges = draw(
        st.lists(
            st.integers(0, 9000), min_size=2 * len(texts), max_size=2 * len(texts), unique=True
        )
    )
    times = [edge / 100 for edge in sorted(edges)]
    spaces = [True, *(draw(st.booleans()) for _ in texts[1:])]
    words = tuple(
        Word(start_s, end_s, f" {text}" if space else text)
        for start_s, end_s, text, space in zip(times[::2], times[1::2], texts, spaces, strict=True)
    )
    return Turn(None, times[0], times[-1], text_of(words), "Jo", words=words)


@settings(
    max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(turn=spoken())
def test_times_of_words_are_read_again(tmp_path: Path, turn: Turn) -> None:
    path = tmp_path / "call.vtt"
    words = (Word(500.0, 500.4, " Yes"), Word(500.6, 501.0, " yes."))
    last = Turn(None, 500.0, 501.0, "Yes yes.", "Jo", words=words)
    path.write_text(to_vtt(utterances([turn, last]), words=True), encoding="utf-8", newline="")

    assert read_transcript(path) == [turn, last]


@st.composite
def calls(draw: st.DrawFn) -> list[Turn]:
    """Turns as they are made of a recording or a transcript: one voice pauses between its turns."""
    turns, clock = [], 0
    for _ in range(draw(st.integers(1, 6))):
        channel = draw(st.sampled_from([None, 0, 1]))
        voice = draw(NAMES) if channel is None else ""
        start = clock + draw(st.integers(101, 20_000))
        clock = start + draw(st.integers(0, 3000))
        turns.append(Turn(channel, start / 100, clock / 100, draw(TEXTS), voice))
    return turns


@settings(
    max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(turns=calls())
@example(turns=TURNS[:2])
@example(turns=[Turn(None, 1.0, 1.01, "One.", "Jo"), Turn(None, 2.01, 2.02, "Two.", "Jo")])
@example(turns=[Turn(None, 1.0, 2.0, "One: two.")])
def test_what_is_written_is_read_again(tmp_path: Path, turns: list[Turn]) -> None:
    said = utterances(turns)
    keys = ("start_s", "end_s", "channel", "voice", "speaker", "side", "text")
    rows = [{key: getattr(u, key) for key in keys} for u in said]

    for name, text in (
        ("call.txt", to_txt(said)),
        ("call.srt", to_srt(said)),
        ("call.vtt", to_vtt(said)),
    ):
        (tmp_path / name).write_text(text, encoding="utf-8", newline="")
        assert read_transcript(tmp_path / name) == as_text_says(turns, said), name
    (tmp_path / "call.json").write_text(json.dumps({"file": "a", "utterances": rows}))
    assert read_transcript(tmp_path / "call.json") == turns


def as_text_says(turns: list[Turn], said: list[Utterance]) -> list[Turn]:
    """Where the words tell the side, the text names that: which voice it was is lost."""
    sides = dict.fromkeys(u.speaker for u in said if u.speaker in SIDES)
    voices = {side: f"voice {n}" for n, side in enumerate(sides, start=1)}
    return [
        replace(turn, channel=None, voice=voices[u.speaker]) if u.speaker in voices else turn
        for turn, u in zip(turns, said, strict=True)
    ]


def test_a_voice_of_its_own_comes_back(tmp_path: Path) -> None:
    said = [
        Turn(None, 0.0, 1.0, "Thanks for joining our product demo today.", "voice 1"),
        Turn(None, 3.0, 4.0, "Thank you.", "voice 2", voice_confidence=0.5),
        Turn(None, 5.0, 6.0, "Hm.", "voice 3"),
    ]
    named = [
        replace(utterance, speaker=speaker)
        for utterance, speaker in zip(
            utterances(said), ["buyer, voice 1", "uncertain speaker", "rep"], strict=True
        )
    ]

    for name, text in (
        ("call.txt", to_txt(named)),
        ("call.srt", to_srt(named)),
        ("call.vtt", to_vtt(named)),
    ):
        (tmp_path / name).write_text(text, encoding="utf-8")
        read = read_transcript(tmp_path / name)
        assert [turn.voice for turn in read] == ["voice 1", "", "voice 2"], name
