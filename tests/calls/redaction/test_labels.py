"""What people are called by where that is a number or an address."""

import pytest

from callinsight.calls.redaction import Rules, name_of, redacted
from callinsight.calls.turns import Turn


def voices(*said: tuple[str, str], rules: Rules | None = None) -> list[tuple[str, str]]:
    turns = [Turn(None, n, n + 1, text, voice) for n, (voice, text) in enumerate(said)]
    return [(turn.voice, turn.text) for turn in redacted(turns, rules or Rules())]


@pytest.mark.parametrize(
    ("voice", "kept"),
    [
        ("+1 415 555 0132", "[phone 1]"),
        ("Wireless Caller (415-555-0132)", "Wireless Caller ([phone 1])"),
        ("(415) 555-0132", "[phone 1]"),
        ("Recording 2026-10-05 10:00", "Recording 2026-10-05 10:00"),
        ("otto.b@zanzibar.example", "[email 1]"),
        ("Otto <otto.b@zanzibar.example>", "Otto <[email 1]>"),
        ("otto.4155550132@zanzibar.example", "[email 1]"),
        ("+1 415 555 0132, otto@zanzibar.example", "[phone 1], [email 1]"),
        *(
            (name, name)
            for name in ("Ann Lee", "Speaker 12", "spk_0", "Room 4.12", "[phone 3]", "")
        ),
    ],
)
def test_numbers_and_addresses_are_no_names(voice: str, kept: str) -> None:
    assert voices((voice, "Good morning."))[0][0] == kept


def test_one_value_has_one_placeholder_in_names_and_words() -> None:
    said = (
        ("otto@zanzibar.example", "Hello?"),
        ("Dana", "I wrote to Otto@Zanzibar.example and to ann@zanzibar.example."),
        ("otto@zanzibar.example", "It came."),
    )
    clean = [
        ("[email 1]", "Hello?"),
        ("Dana", "I wrote to [email 1] and to [email 2]."),
        ("[email 1]", "It came."),
    ]

    assert voices(*said) == clean
    assert voices(*clean) == clean


def test_people_of_the_list_are_called_as_their_voices() -> None:
    rules = Rules(labels=("415 555 0132", "+1 415 555 0177"))

    assert [name_of(one, rules) for one in (*rules.labels, "Ann Lee")] == [
        *("[phone 1]", "[phone 2]", "Ann Lee")
    ]
    assert voices(("+1 415 555 0177", "Yes."), ("415-555-0132", "No."), rules=rules) == [
        ("[phone 2]", "Yes."),
        ("[phone 1]", "No."),
    ]


def test_kinds_that_are_not_wanted_stay() -> None:
    assert voices(("+1 415 555 0132", "Hi."), rules=Rules(kinds=("email",))) == [
        ("+1 415 555 0132", "Hi.")
    ]
