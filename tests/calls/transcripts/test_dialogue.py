from __future__ import annotations

from collections.abc import Callable

import pytest

from callinsight.calls.turns import Turn
from callinsight.errors import TranscriptError

Read = Callable[[str, str], list[Turn]]


MEET = """Weekly - Transcript
Attendees
Jo Lane, Dana Whitfield

00:00:00

Jo Lane: Hi there.
Dana Whitfield: Hello.

00:05:00

Dana Whitfield: And then?
Jo Lane: Nothing: really.
"""


def brief(turns: list[Turn]) -> list[tuple[str, float, float, str]]:
    return [(t.voice, round(t.start_s, 2), round(t.end_s, 2), t.text) for t in turns]


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        (
            (
                "Date: 5 October\nAttendees: Jo, Dana\n\nJo: Hi there.\n"
                "Dana: One thing: price\nand time.\nJo: Mm.\n"
            ),
            [
                ("Jo", 0, 0.8, "Hi there."),
                ("Dana", 0.8, 2.8, "One thing: price and time."),
                ("Jo", 2.8, 3.2, "Mm."),
            ],
        ),
        (
            "[00:01:02] Jo: Hi\n[00:01:05] Dana: yes: no\nQuestion: why?",
            [("Jo", 62, 62.4, "Hi"), ("Dana", 65, 66.6, "yes: no Question: why?")],
        ),
        (
            "Jo Lane (00:12): Hi, that is a long way to go now\nDana [00:13]: Hello",
            [("Jo Lane", 12, 13, "Hi, that is a long way to go now"), ("Dana", 13, 13.4, "Hello")],
        ),
        (
            "# Call\n\n**Jo:** Hi\n\n**Dana**: Hello\n\n- **Jo** (00:12): Bye",
            [("Jo", 0, 0.4, "Hi"), ("Dana", 0.4, 0.8, "Hello"), ("Jo", 12, 12.4, "Bye")],
        ),
        (
            "The call\n\nJo Lane\nHi there.\n\nDana\nHello.\n\nJo Lane\nBye.",
            [
                ("Jo Lane", 0, 0.8, "Hi there."),
                ("Dana", 0.8, 1.2, "Hello."),
                ("Jo Lane", 1.2, 1.6, "Bye."),
            ],
        ),
        (
            "Jo Lane  0:03\nHi there.\n\nDana  0:05\nHello.",
            [("Jo Lane", 3, 3.8, "Hi there."), ("Dana", 5, 5.4, "Hello.")],
        ),
        (
            "## Jo\n\nHi.\n\n## Dana\n\nHello.\n\n## Jo\nBye.",
            [("Jo", 0, 0.4, "Hi."), ("Dana", 0.4, 0.8, "Hello."), ("Jo", 0.8, 1.2, "Bye.")],
        ),
        (
            "0:12 Jo: Hi\n0:14 - 0:16 channel 1: ok\n0:20 unknown: Hm",
            [("Jo", 12, 12.4, "Hi"), ("", 14, 16, "ok"), ("", 20, 20.4, "Hm")],
        ),
        (
            MEET,
            [
                ("Jo Lane", 0, 0.8, "Hi there."),
                ("Dana Whitfield", 0.8, 1.2, "Hello."),
                ("Dana Whitfield", 300, 300.8, "And then?"),
                ("Jo Lane", 300.8, 301.6, "Nothing: really."),
            ],
        ),
        (
            "Jo Lane\n00:12\nHi.\n\nDana\n00:14 - 00:16\nHello.\n\nJo Lane\n00:20\nBye.",
            [
                ("Jo Lane", 12, 12.4, "Hi."),
                ("Dana", 14, 16, "Hello."),
                ("Jo Lane", 20, 20.4, "Bye."),
            ],
        ),
        (
            "00:12\nJo Lane\nHi.\n\n00:14\nDana\nHello.\n\n00:20\nJo Lane\nBye.",
            [
                ("Jo Lane", 12, 12.4, "Hi."),
                ("Dana", 14, 14.4, "Hello."),
                ("Jo Lane", 20, 20.4, "Bye."),
            ],
        ),
        (
            "[Jo Lane] 00:12\nHi.\n\n[Dana] 00:14\nHello.",
            [("Jo Lane", 12, 12.4, "Hi."), ("Dana", 14, 14.4, "Hello.")],
        ),
    ],
    ids=[
        *("name", "time", "time last", "bold", "above", "above with time", "headings", "ranges"),
        *("blocks", "time below", "time above", "brackets"),
    ],
)
def test_who_speaks_and_when(
    read: Read, content: str, expected: list[tuple[str, float, float, str]]
) -> None:
    assert brief(read("call.md", content)) == expected
    assert brief(read("call.TXT", content)) == expected


def test_times_that_the_text_does_not_say_are_estimated(read: Read) -> None:
    assert [turn.estimated for turn in read("call.txt", MEET)] == [False, True, False, True]
    assert [turn.estimated for turn in read("a.txt", "Jo: Hi.\nDana: Yes.\nJo: Bye.")] == [True] * 3
    assert [turn.estimated for turn in read("a.txt", "[0:01] Jo: Hi.\n[0:02] Jo: Ho.")] == [
        False
    ] * 2


@pytest.mark.parametrize(
    "content",
    [
        "",
        "Dear Sir,\nthis is prose. Note: nothing here.\n\nKind regards\nJo\n",
        "Budget: 5k\nTimeline: Q3\nNext step: call\nOwner: Dana\nRisk: none\n",
        "[00:00.000 --> 00:04.000]  Good morning\n[00:04.000 --> 00:05.000]  Hello there\n",
    ],
    ids=["empty", "prose", "notes", "times only"],
)
def test_a_text_without_speakers(read: Read, content: str) -> None:
    with pytest.raises(TranscriptError) as caught:
        read("call.txt", content)
    assert str(caught.value) == (
        "call.txt: nobody is named who speaks; write each turn as 'Speaker: text' or "
        "'[00:01:02] Speaker: text', or the speaker on a line above the text"
    )


def test_speakers_without_words(read: Read) -> None:
    with pytest.raises(TranscriptError) as caught:
        read("call.txt", "Jo:\nDana:\nJo:\n")
    assert str(caught.value) == "call.txt: the transcript has no words; export it again"


def test_a_time_that_no_call_has(read: Read) -> None:
    with pytest.raises(TranscriptError) as caught:
        read("call.txt", "Jo: Hi\n[2000:00:00] Dana: ok")
    assert str(caught.value) == (
        "call.txt: line 2 lies at 2000:00:00; a call lasts no longer than 1000 hours"
    )


@pytest.mark.parametrize(
    "line", [" " * 200_000 + "x", "*" * 200_000, "<" * 200_000, "1:" * 100_000]
)
def test_a_long_line_takes_no_long_time(read: Read, line: str) -> None:
    assert len(read("call.txt", f"Jo: Hi\nJo: {line}\nx{line}")) == 2
    assert read("call.vtt", f"WEBVTT\n\n00:01.000 --> 00:02.000\na<v x>{line}\n")
