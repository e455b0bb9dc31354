from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from callinsight.calls.speakers import utterances_of
from callinsight.calls.transcripts import read_transcript
from callinsight.calls.turns import Turn
from callinsight.errors import TranscriptError
from callinsight.records import Participant, Word

DEMO = Path(__file__).parents[3] / "pipelines" / "demo" / "transcripts"
Read = Callable[[str, str], list[Turn]]


def cue(number: int, text: str) -> str:
    """A cue of 2 s, half a second after the one before."""
    start_s = 2.5 * number
    return f"00:00:{start_s:06.3f} --> 00:00:{start_s + 2:06.3f}\n{text}\n\n"


@pytest.fixture
def vtt(tmp_path: Path) -> Path:
    return tmp_path / "call.vtt"


def turns(vtt: Path, content: str) -> list[Turn]:
    vtt.write_bytes(content.encode())
    return read_transcript(vtt)


def fails(path: Path) -> str:
    with pytest.raises(TranscriptError) as caught:
        read_transcript(path)
    return str(caught.value)


# --- what meeting tools write ---


def test_teams_cuts_lines_that_one_voice_says(vtt: Path) -> None:
    content = (
        "WEBVTT\n\n"
        "0f5b2c-1/12-0\n00:00:03.720 --> 00:00:05.880\n<v Jo Lane (Acme)>Good\nmorning.</v>\n\n"
        "0f5b2c-1/12-1\n00:00:06.100 --> 00:00:07.960\n<v Jo Lane (Acme)>Shall we?</v>\n\n"
        "0f5b2c-1/14-0\n00:00:08.100 --> 00:00:09.000\n<v Dana Whitfield>Yes.</v>\n"
    )

    assert turns(vtt, content) == [
        Turn(None, 3.72, 7.96, "Good morning. Shall we?", "Jo Lane (Acme)"),
        Turn(None, 8.1, 9.0, "Yes.", "Dana Whitfield"),
    ]


def test_zoom_writes_the_name_before_the_words(vtt: Path) -> None:
    content = (
        "WEBVTT\r\n\r\n1\r\n00:00:03.720 --> 00:00:05.880\r\nJo Lane: Good morning.\r\n\r\n"
        "2\r\n00:00:06.000 --> 00:00:09.000\r\nDana Whitfield: Two things: price and time.\r\n\r\n"
        "3\r\n00:00:09.100 --> 00:00:10.000\r\nMm.\r\n"
    )

    assert turns(vtt, content) == [
        Turn(None, 3.72, 5.88, "Good morning.", "Jo Lane"),
        Turn(None, 6.0, 9.0, "Two things: price and time.", "Dana Whitfield"),
        Turn(None, 9.1, 10.0, "Mm."),
    ]


def test_a_colon_in_the_words_is_no_name(vtt: Path) -> None:
    tagged = "WEBVTT\n\n" + cue(0, "<v Jo>My question: why?</v>")
    few = "WEBVTT\n\n" + cue(0, "The question: why?") + cue(1, "I see.")

    assert turns(vtt, tagged) == [Turn(None, 0, 2, "My question: why?", "Jo")]
    assert [turn.voice for turn in turns(vtt, few)] == ["", ""]


def test_everything_that_the_standard_allows(vtt: Path) -> None:
    content = (
        "\ufeffWEBVTT - the call of Monday\nKind: captions\nLanguage: en\n\n"
        "NOTE this is a comment\nof two lines\n\n"
        "STYLE\n::cue { color: red }\n\n"
        "REGION\nid:fred\n\n"
        "00:03.720 --> 00:05.880 align:start position:0%\n"
        "<v.loud.first Jo Lane>We &amp; <i>they</i> <c.x>said</c> &lt;x&gt;&nbsp;it&#39;s ok</v>\n\n"
        "NOTE another\n\n"
        "101:00:00.000 --> 101:00:01.500\n<v Jo Lane>Still<00:00:04.100><c> here</c>"
    )

    assert turns(vtt, content) == [
        Turn(None, 3.72, 5.88, "We & they said <x> it's ok", "Jo Lane"),
        Turn(None, 363_600, 363_601.5, "Still here", "Jo Lane"),  # the word's time lies elsewhere
    ]


def stamped(vtt: Path, words: str) -> list[tuple[float, float, str]]:
    """The words of a cue from 2.5 s to 4.5 s, in a file with times of words."""
    first = cue(0, "<v Dana>Yes?<00:00:01.000>")
    *_, turn = turns(vtt, f"WEBVTT\n\n{first}{cue(1, f'<v Jo>{words}</v>')}")
    assert turn.voice == "Jo"
    return [(word.start_s, word.end_s, word.text) for word in turn.words]


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        (
            "Good <00:00:03.000>morning,<00:02.9> all.",
            [],
        ),
        (
            "Good<00:00:03.000><c.x> morning,</c><00:03.250> <00:04.000>all.",
            [(2.5, 3.0, " Good"), (3.0, 3.25, " morning,"), (4.0, 4.5, " all.")],
        ),
        (
            "Good morning, <00:03.500>R&amp;D.",
            [(2.5, 3.0, " Good"), (3.0, 3.5, " morning,"), (3.5, 4.5, " R&D.")],
        ),
        ("cloud<00:03.500>-based", [(2.5, 3.5, " cloud"), (3.5, 4.5, "-based")]),
        ("Good.", [(2.5, 4.5, " Good.")]),
        ("Good morning.", []),
        ("Good <00:00:05.000>morning.", []),
        ("Good <99:99>morning.", []),
        ("<v Jo>Good</v> <00:03.500><v Ann>morning.</v><v Jo>So.", []),
    ],
    ids=[
        *("falling", "pauses", "shared", "no space", "one word", "no times", "late", "no time"),
        "two voices",
    ],
)
def test_times_of_words(vtt: Path, words: str, expected: list[tuple[float, float, str]]) -> None:
    assert stamped(vtt, words) == expected


def test_times_of_words_behind_a_name(vtt: Path) -> None:
    content = "WEBVTT\n\n" + cue(0, "Jo Lane: <00:01.000>Good <00:01.500>day.")

    assert turns(vtt, content) == [
        Turn(
            *(None, 0, 2, "Good day.", "Jo Lane"),
            words=(Word(1.0, 1.5, " Good"), Word(1.5, 2.0, " day.")),
        )
    ]


def test_a_file_without_times_of_words_has_none(vtt: Path) -> None:
    assert turns(vtt, "WEBVTT\n\n" + cue(0, "<v Jo>Yes.</v>"))[0].words == ()


def test_what_this_program_calls_a_speaker_is_no_person(vtt: Path) -> None:
    speakers = [
        *("rep", "buyer, voice 2", "voice 3", "uncertain speaker", "unknown", "channel 0"),
        *("rep, channel 1", "buyer", "Rep"),
    ]
    content = "".join(cue(2 * n, f"<v {speaker}>Hi.</v>") for n, speaker in enumerate(speakers))

    read = turns(vtt, f"WEBVTT\n\n{content}")

    assert [(turn.channel, turn.voice) for turn in read] == [
        *((None, "voice 1"), (None, "voice 2"), (None, "voice 3"), (None, ""), (None, "")),
        *((0, ""), (1, ""), (None, "voice 4"), (None, "Rep")),
    ]


def test_two_voices_in_one_cue_are_two_turns(vtt: Path) -> None:
    content = "WEBVTT\n\n" + cue(0, "<v Jo>Can you?</v>\n<v Dana>We can.</v>")

    assert turns(vtt, content) == [
        Turn(None, 0, 2, "Can you?", "Jo"),
        Turn(None, 0, 2, "We can.", "Dana"),
    ]


def test_without_voices_every_cue_is_a_turn(vtt: Path) -> None:
    assert turns(vtt, "WEBVTT\n\n" + cue(0, "One.") + cue(1, "Two.")) == [
        Turn(None, 0, 2, "One."),
        Turn(None, 2.5, 4.5, "Two."),
    ]


def test_a_pause_of_more_than_a_second_ends_a_turn(vtt: Path) -> None:
    content = "WEBVTT\n\n" + cue(0, "<v Jo>One.</v>") + cue(2, "<v Jo>Two.</v>")

    assert [turn.text for turn in turns(vtt, content)] == ["One.", "Two."]


def test_a_long_monologue_is_cut_at_a_sentence(vtt: Path) -> None:
    said = [cue(n, f"<v Jo>part {n}{'.' if n in (3, 10, 12) else ''}</v>") for n in range(14)]

    first, second = turns(vtt, "WEBVTT\n\n" + "".join(said))

    assert (first.start_s, first.end_s) == (0, 27)
    assert first.text.endswith("part 10.")
    assert (second.start_s, second.text) == (27.5, "part 11 part 12. part 13")


def test_cues_out_of_order_come_by_time(vtt: Path) -> None:
    content = "WEBVTT\n\n" + cue(2, "<v Jo>Two.</v>") + cue(0, "<v Jo>One.</v>")

    assert [(turn.start_s, turn.text) for turn in turns(vtt, content)] == [
        (0, "One."),
        (5, "Two."),
    ]


def test_a_cue_that_ends_before_it_begins_has_no_length(vtt: Path) -> None:
    content = "WEBVTT\n\n00:05.000 --> 00:03.000\n<v Jo>One.</v>\n"

    assert turns(vtt, content) == [Turn(None, 5, 5, "One.", "Jo")]


def test_cues_without_words_are_left_out(vtt: Path) -> None:
    content = "WEBVTT\n\n" + cue(0, "<v Jo></v>") + cue(1, "<v Jo>One.</v>") + cue(2, " ")

    assert [turn.text for turn in turns(vtt, content)] == ["One."]


def test_voices_give_the_sides(vtt: Path) -> None:
    people = [
        Participant(call="c", name="Dana Whitfield", side="rep"),
        Participant(call="c", name="Jo Lane", side="buyer", persona="champion"),
    ]
    content = (
        "WEBVTT\n\n"
        + cue(0, "<v Jo Lane (Acme)>Hello.</v>")
        + cue(1, "<v Dana Whitfield>Hi.</v>")
        + cue(2, "<v Someone (Acme)>Hey.</v>")
    )

    utterances = utterances_of("c", turns(vtt, content), people, rep_channel=0)

    assert [(u.side, u.speaker, u.persona) for u in utterances] == [
        ("buyer", "Jo Lane", "champion"),
        ("rep", "Dana Whitfield", "unknown"),
        ("unknown", "Someone (Acme)", "unknown"),
    ]


def test_the_demo_has_two_voices_or_more_in_every_transcript() -> None:
    paths = sorted(DEMO.glob("*.vtt"))

    assert len(paths) > 50
    for path in paths:
        read = read_transcript(path)
        assert len({turn.voice for turn in read}) >= 2, path
        assert all(turn.text and turn.voice and turn.end_s > turn.start_s for turn in read), path


# --- what cannot be read ---

NO_VTT = (
    "call.vtt: this is no WebVTT transcript (its first line is not WEBVTT); "
    "export the transcript again"
)
NO_TIME = "call.vtt: line {} is no cue time; it must be like 00:01:02.345 --> 00:01:04.500"
NO_WORDS = "call.vtt: the transcript has no words; export it again"


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("", NO_VTT),
        ("Hello, this is what we said.\n", NO_VTT),
        ("WEBVTT\n\n", NO_WORDS),
        ("WEBVTT\n\n" + cue(0, "<v Jo></v>"), NO_WORDS),
        (
            "WEBVTT\n\n" + cue(0, "One.") + "00:00:xx.720 --> 00:00:05.880\nTwo.\n",
            NO_TIME.format(6),
        ),
        (
            "WEBVTT\n\n00:00:03,720 --> 00:00:05,880\nOne.\n",
            NO_TIME.format(3),
        ),
        (
            "WEBVTT\n\n00:61:03.720 --> 00:62:05.880\nOne.\n",
            NO_TIME.format(3),
        ),
    ],
    ids=["empty", "text", "header only", "no words", "no time", "commas", "minute 61"],
)
def test_what_is_no_transcript(vtt: Path, content: str, message: str) -> None:
    vtt.write_bytes(content.encode())

    assert fails(vtt) == message


@pytest.mark.parametrize("encoding", ["utf-16", "latin-1"])
def test_another_encoding(vtt: Path, encoding: str) -> None:
    vtt.write_bytes(("WEBVTT\n\n" + cue(0, "Olé.")).encode(encoding))

    assert fails(vtt) == (
        "call.vtt: the transcript is not written in UTF-8; export it again, or save it so"
    )


def test_a_missing_transcript(vtt: Path) -> None:
    assert fails(vtt) == "call.vtt: there is no such file; mend the path or remove the row"


def test_a_folder(vtt: Path) -> None:
    vtt.mkdir()

    assert fails(vtt) == "call.vtt: this is a folder; name a transcript in it"


# --- SubRip ---


def test_subrip_with_names_before_the_words(read: Read) -> None:
    content = (
        "\ufeff1\r\n00:00:03,720 --> 00:00:05,880\r\nJo Lane: <i>Good</i>\r\nmorning.\r\n\r\n"
        "2\r\n00:00:06,000 --> 00:00:07,000\r\n{\\an8}Jo Lane: R&D, please.\r\n\r\n"
        "3\r\n00:00:07,100 --> 00:00:09,000\r\nDana: Two things: price and time.\r\n"
    )

    assert read("call.srt", content) == [
        Turn(None, 3.72, 7.0, "Good morning. R&D, please.", "Jo Lane"),
        Turn(None, 7.1, 9.0, "Two things: price and time.", "Dana"),
    ]


def test_subrip_is_known_under_the_name_of_webvtt(read: Read) -> None:
    assert read("call.vtt", "1\n00:00:03,720 --> 00:00:05,880\nSubRip.\n") == [
        Turn(None, 3.72, 5.88, "SubRip.")
    ]


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (
            "these are notes\n",
            (
                "call.srt: this is no SubRip transcript (it does not begin with a number and a cue time "
                "below it); export the transcript again"
            ),
        ),
        (
            "1\n00:00:03,720 --> 00:00:05,880\nOne.\n\n2\n00:00:xx,1 --> 00:00:09,000\nTwo.\n",
            ("call.srt: line 6 is no cue time; it must be like 00:01:02,345 --> 00:01:04,500"),
        ),
        (
            "1\n00:00:03,720 --> 00:00:05,880\nOne.\n\n00:00:06,000 --> 00:00:09,000\nTwo.\n",
            (
                "call.srt: line 5 is a cue time without the cue's number above it; "
                "export the transcript again"
            ),
        ),
        (
            "1\n9999:00:03,720 --> 9999:00:05,880\nOne.\n",
            "call.srt: cue 1 lies at 9999:00:03.720; a call lasts no longer than 1000 hours",
        ),
    ],
    ids=["notes", "no time", "no number", "late"],
)
def test_what_is_no_subrip(read: Read, content: str, message: str) -> None:
    with pytest.raises(TranscriptError) as caught:
        read("call.srt", content)
    assert str(caught.value) == message
