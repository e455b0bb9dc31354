"""Personal data out of what was said: each piece becomes a placeholder such as `[email 1]`.

The same value has the same placeholder in a call, whether it is written or spoken; the values
themselves are kept nowhere. A placeholder takes the place of its words, with their times.
"""

from __future__ import annotations

import re
from bisect import bisect_left
from collections import defaultdict
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from callinsight.calls.redaction.addresses import ADDRESS, find_addresses
from callinsight.calls.redaction.codes import find_codes
from callinsight.calls.redaction.contexts import BANK, CARD, GOVERNMENT, NUMBERS, PHONE
from callinsight.calls.redaction.echoes import Part, echoes_of
from callinsight.calls.redaction.emails import EMAIL, find_emails
from callinsight.calls.redaction.expiry import find_expiries
from callinsight.calls.redaction.labels import find_labels
from callinsight.calls.redaction.links import LINK, find_keys, find_links
from callinsight.calls.redaction.numbers import find_numbers
from callinsight.calls.redaction.passwords import PASSWORD, find_passwords
from callinsight.calls.redaction.people import NAME, find_names
from callinsight.calls.redaction.postcodes import find_postcodes
from callinsight.calls.redaction.spoken import is_said_between, tokens_of
from callinsight.calls.redaction.talk import Found, Talk, talks_of
from callinsight.calls.redaction.words import with_placeholders
from callinsight.calls.speakers import NUMBERED, is_named
from callinsight.calls.turns import Turn
from callinsight.records import PLACEHOLDER, Redaction

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

    from callinsight.records import Utterance

EDITION = 4  # raise it when the same words are redacted otherwise
KINDS = (EMAIL, PHONE, CARD, BANK, GOVERNMENT, ADDRESS, LINK, PASSWORD)
ALL_KINDS = (*KINDS, NAME)
MOST_PASSES = 6  # what is taken out changes what the words around the rest say of it
MARK = re.compile(PLACEHOLDER)


@dataclass(frozen=True)
class Rules:
    """What is taken out of a call."""

    kinds: tuple[str, ...] = KINDS
    names: bool = False
    buyers: tuple[str, ...] = ()  # whose names go
    others: tuple[str, ...] = ()  # whose names stay
    named: int = 0  # placeholders that buyers in the list have already
    labels: tuple[str, ...] = ()  # names in the list that hold a number or address


@dataclass
class _Numbers:
    """Which placeholder each value of a call has."""

    last: dict[str, int] = field(default_factory=lambda: defaultdict(int))
    known: dict[tuple[str, str], str] = field(default_factory=dict)

    def of(self, found: Found) -> str:
        key = found.kind, found.value
        if key not in self.known:
            self.last[found.kind] += 1
            self.known[key] = f"[{found.kind} {self.last[found.kind]}]"
        return self.known[key]


def redacted(
    turns: Sequence[Turn],
    rules: Rules,
    people_in: Callable[[str], Iterable[tuple[int, int]]] | None = None,
) -> list[Turn]:
    """The turns of a call with placeholders for personal data; redacting them again changes nothing.

    `people_in` finds names of people in a text, as spans of characters.
    """
    numbers = _numbered(rules)
    numbers.last[NAME] = rules.named
    turns = _without_labels(_without_voices(turns, rules), rules, numbers)
    for buyer in rules.buyers if rules.names else ():
        numbers.of(Found(0, 0, NAME, buyer.casefold()))
    for turn in turns:
        for mark in MARK.findall(f"{turn.voice} {turn.text}"):
            kind, number = mark.strip("[]").split()
            numbers.last[kind] = max(numbers.last[kind], int(number))
    clean = list(turns)
    for _ in range(MOST_PASSES):
        spans = _spans(clean, rules, people_in, numbers)
        if not spans:
            break
        for number, found in spans.items():
            clean[number] = with_placeholders(clean[number], found)
    return clean


def name_of(person: str, rules: Rules) -> str:
    """A participant's name as it is kept: a placeholder for a buyer's that goes, or for a number in it."""
    if not rules.names or person not in rules.buyers:
        return _without_label(person, rules, _numbered(rules))
    return f"[{NAME} {rules.buyers.index(person) + 1}]"


def without_label(name: str, rules: Rules) -> str:
    """A name or title that stands alone, without the phone numbers and e-mail addresses in it."""
    return _without_label(name, rules, _Numbers())


def redacted_text(
    text: str,
    rules: Rules,
    people_in: Callable[[str], Iterable[tuple[int, int]]] | None = None,
) -> str:
    """A text that stands alone, with placeholders for personal data."""
    if not text.strip():
        return text
    return redacted([Turn(None, 0.0, 0.0, text)], rules, people_in)[0].text


def placeholders_in(turn: Turn) -> list[str]:
    """What stands for personal data in a turn and in the name of its voice."""
    return MARK.findall(f"{turn.voice} {turn.text}")


def redactions_of(
    utterances: Iterable[Utterance],
    heard: Mapping[str, Utterance] | None = None,
    kinds: Iterable[str] = ALL_KINDS,
) -> list[Redaction]:
    """What was taken out of utterances, told by the placeholders in them.

    Where words have no times, the whole utterance is the span. Where people wrote other words,
    `heard` has the utterance (by id) as it was heard: what is missing there is still to be heard in
    the recording, whatever people wrote; of what they wrote, only these `kinds` count.
    """
    found = []
    for said in utterances:
        marks = _marks_of((heard or {}).get(said.id, said))
        if said.id in (heard or {}):
            known = {mark for mark, _, _ in marks}
            marks += [
                one for one in _marks_of(said) if one[0] not in known and _kind(one[0]) in kinds
            ]
        found += [
            Redaction(
                call=said.call,
                utterance=said.id,
                position=position,
                kind=_kind(mark),
                placeholder=mark,
                start_s=start_s,
                end_s=end_s,
            )
            for position, (mark, start_s, end_s) in enumerate(marks)
        ]
    return found


def _marks_of(said: Utterance) -> list[tuple[str, float, float]]:
    """The placeholders in an utterance, with when what they stand for is said."""
    timed = [word for word in said.words for _ in MARK.findall(word.text)]
    marks = MARK.findall(said.text)
    if len(timed) != len(marks):
        return [(mark, said.start_s, said.end_s) for mark in marks]
    return [(mark, at.start_s, at.end_s) for mark, at in zip(marks, timed, strict=True)]


def _kind(mark: str) -> str:
    return mark.strip("[]").split()[0]


def _without_voices(turns: Sequence[Turn], rules: Rules) -> list[Turn]:
    """The turns with placeholders for the buyers' names that a transcript calls its voices by."""
    if not rules.names:
        return list(turns)
    voices = dict.fromkeys(turn.voice for turn in turns)
    given = [int(number) for voice in voices for number in re.findall(r"\[name (\d+)\]", voice)]
    last = max(len(rules.buyers), rules.named, *given, 0)
    names: dict[str, str] = {}
    for voice in voices:
        buyer = next((name for name in rules.buyers if is_named(name, voice)), "")
        if buyer:
            names[voice] = name_of(buyer, rules)
        elif _is_stranger(voice, rules):
            last += 1
            names[voice] = f"[{NAME} {last}]"
    return [replace(turn, voice=names.get(turn.voice, turn.voice)) for turn in turns]


def _without_labels(turns: Sequence[Turn], rules: Rules, numbers: _Numbers) -> list[Turn]:
    """The turns with placeholders for numbers and addresses that a transcript calls its voices by."""
    voices = dict.fromkeys(turn.voice for turn in turns)
    names = {voice: _without_label(voice, rules, numbers) for voice in voices}
    return [replace(turn, voice=names[turn.voice]) for turn in turns]


def _without_label(name: str, rules: Rules, numbers: _Numbers) -> str:
    for found in reversed([*find_labels(name, rules.kinds)]):
        name = f"{name[: found.start]}{numbers.of(found)}{name[found.end :]}"
    return name


def _numbered(rules: Rules) -> _Numbers:
    """The placeholders of those in the list who are called by a number or address."""
    numbers = _Numbers()
    for label in rules.labels:
        _without_label(label, rules, numbers)
    return numbers


def _is_stranger(voice: str, rules: Rules) -> bool:
    """Whether a voice has the name of somebody who is in no list."""
    if not voice or NUMBERED.fullmatch(voice):
        return False
    return not any(is_named(name, voice) for name in rules.others)


def _spans(
    turns: Sequence[Turn],
    rules: Rules,
    people_in: Callable[[str], Iterable[tuple[int, int]]] | None,
    numbers: _Numbers,
) -> dict[int, list[tuple[int, int, str]]]:
    """The spans to replace in each turn, with their placeholders, in the order of the call."""
    placed = sorted(_placed(turns, rules, people_in), key=lambda one: one[1][0])
    spans: dict[int, list[tuple[int, int, str]]] = defaultdict(list)
    original: dict[int, Found] = {}  # of what repeats something that was said before
    for place, (found, parts) in enumerate(placed):
        mark = numbers.of(original.get(place, found))
        for turn, start, end in parts:
            spans[turn].append((start, end, mark))
        for echo in echoes_of(turns, parts, found):
            met = [n for n, (_, others) in enumerate(placed) if any(map(echo.meets, others))]
            for later in met:
                if later > place and placed[later][0].kind == found.kind:
                    original.setdefault(later, original.get(place, found))
            if not met and not any(echo.meets(Part(echo.turn, *s[:2])) for s in spans[echo.turn]):
                spans[echo.turn].append((echo.start, echo.end, mark))
    return {turn: found for turn, found in spans.items() if found}


def _placed(
    turns: Sequence[Turn],
    rules: Rules,
    people_in: Callable[[str], Iterable[tuple[int, int]]] | None,
) -> Iterator[tuple[Found, list[Part]]]:
    """What is found in the turns of each voice, and where it stands in them.

    A turn in the midst of a number that only says `yes` holds nothing of it.
    """
    for talk in talks_of(turns):
        for found in personal_data_in(talk, rules, people_in):
            parts = [Part(*part) for part in talk.parts(found.start, found.end)]
            if found.kind in NUMBERS:
                parts = [_trimmed(turns, *part) for part in parts]
            held = [p for p in parts if not is_said_between(turns[p.turn].text[p.start : p.end])]
            yield found, held or parts


def _trimmed(turns: Sequence[Turn], turn: int, start: int, end: int) -> Part:
    """A part without the stop, comma or `yes` that ends its turn."""
    said = tokens_of(turns[turn].text[start:end])
    kept = [token for token in said if not is_said_between(token.text)]
    return Part(turn, start, start + kept[-1].end) if kept else Part(turn, start, end)


def personal_data_in(
    talk: Talk,
    rules: Rules,
    people_in: Callable[[str], Iterable[tuple[int, int]]] | None = None,
) -> list[Found]:
    """Each piece of personal data in what a voice says, once, and nothing of a placeholder.

    What a later kind would add to a piece is left to the next pass.
    """
    taken = [mark.span() for mark in MARK.finditer(talk.text)]  # in their order, none meets another
    kept = []
    for one in _find(talk, rules, people_in):
        place = bisect_left(taken, (one.start, one.start))
        around = taken[max(0, place - 1) : place + 1]
        if all(one.end <= start or end <= one.start for start, end in around):
            kept.append(one)
            taken.insert(place, (one.start, one.end))
    return kept


def _find(
    talk: Talk,
    rules: Rules,
    people_in: Callable[[str], Iterable[tuple[int, int]]] | None,
) -> list[Found]:
    """All personal data in what a voice says; what comes first goes before what overlaps it."""
    found: list[Found] = []
    if LINK in rules.kinds:
        found += find_links(talk)
    if EMAIL in rules.kinds:
        found += find_emails(talk)
    if PASSWORD in rules.kinds:
        found += [*find_keys(talk), *find_passwords(talk)]
    if ADDRESS in rules.kinds:
        found += [*find_addresses(talk), *find_postcodes(talk)]
    if CARD in rules.kinds:
        found += find_expiries(talk)
    found += [*find_codes(talk, rules.kinds), *find_numbers(talk, rules.kinds)]
    if rules.names:
        found += find_names(talk, rules.buyers, rules.others, people_in)
    return found
