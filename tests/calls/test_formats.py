from __future__ import annotations

import json
from typing import TYPE_CHECKING

from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from callinsight.calls.formats import to_rttm, to_srt, to_txt, to_vtt
from callinsight.calls.speakers import Turn, utterances_of
from callinsight.calls.transcripts import read_transcript

if TYPE_CHECKING:
    from pathlib import Path

    from callinsight.records import Utterance

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
def test_what_is_written_is_read_again(tmp_path: Path, turns: list[Turn]) -> None:
    said = utterances(turns)
    keys = ("start_s", "end_s", "channel", "speaker", "side", "text")
    rows = [{key: getattr(u, key) for key in keys} for u in said]

    for name, text in (
        ("call.txt", to_txt(said)),
        ("call.srt", to_srt(said)),
        ("call.vtt", to_vtt(said)),
        ("call.json", json.dumps({"file": "a", "utterances": rows})),
    ):
        (tmp_path / name).write_text(text, encoding="utf-8", newline="")
        assert read_transcript(tmp_path / name) == turns, name
