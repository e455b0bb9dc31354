"""What people mend in a call: whose a voice or a turn is, which words were said, who somebody is."""

from __future__ import annotations

import dataclasses
import re
from collections import defaultdict
from difflib import SequenceMatcher
from typing import TYPE_CHECKING

from callinsight.records import PLACEHOLDER, UNKNOWN, Mending, Participant, Utterance, Word

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence

    from callinsight.calls.turns import Turn

SIDE, TURN, WRITTEN, TITLE, PERSONA, UNDO = "side", "turn", "words", "title", "persona", "undo"
ROLE = "role"  # the persona of a voice; PERSONA is that of a person whom the sheets name
PEOPLE = "people"  # what a side or persona was told by
ALIKE = 0.8  # a turn that is heard anew is the same if so much of its words is
AWAY = 5  # turns that it may have moved by
WORD = re.compile(rf"(?:{PLACEHOLDER}|\S)+")  # a placeholder is one word, as it has one time


def holding(mendings: Iterable[Mending]) -> list[Mending]:
    """The latest mending of each thing, without those that were taken back, in their order."""
    made = sorted(mendings, key=lambda mending: mending.id)
    undone = {mending.undoes for mending in made if mending.what == UNDO}
    latest = {
        (m.call, m.what, m.subject, m.text): m
        for m in made
        if m.what != UNDO and m.id not in undone
    }
    return sorted(latest.values(), key=lambda mending: mending.id)


def sides_of(mendings: Iterable[Mending]) -> dict[str, str]:
    """The side of each voice, as people said."""
    return {m.subject: m.after for m in holding(mendings) if m.what == SIDE}


def with_roles(
    said: Sequence[Utterance], voices: Sequence[str], mendings: Iterable[Mending]
) -> list[Utterance]:
    """Turns with the persona that people say a buyer's voice has; `voices` are those of the turns."""
    roles = {m.subject: m.after for m in holding(mendings) if m.what == ROLE}
    return [
        dataclasses.replace(turn, persona=roles[voice])
        if turn.side == "buyer" and voice in roles
        else turn
        for turn, voice in zip(said, voices, strict=True)
    ]


def mended_people(
    people: Iterable[Participant],
    mendings: Iterable[Mending],
    persona_of: Callable[[str], str],
) -> tuple[Participant, ...]:
    """Those who took part, with their mended titles and personas.

    A persona that a title gave follows the title; `persona_of` gives that of a job title.
    """
    held = [mending for mending in holding(mendings) if mending.what in (TITLE, PERSONA)]
    titles = {m.subject: m.after for m in held if m.what == TITLE}
    personas = {m.subject: m.after for m in held if m.what == PERSONA}
    mended = []
    for person in people:
        if person.name in titles:
            person = dataclasses.replace(person, title=titles[person.name])
            if person.persona_source != "manifest":
                persona = persona_of(person.title)
                source = UNKNOWN if persona == UNKNOWN else "title"
                person = dataclasses.replace(person, persona=persona, persona_source=source)
        if person.name in personas:
            person = dataclasses.replace(
                person, persona=personas[person.name], persona_source=PEOPLE
            )
        mended.append(person)
    return tuple(mended)


def placed(mendings: Iterable[Mending], turns: Sequence[Turn], what: str) -> dict[int, Mending]:
    """The mending of each turn that has one, by the turn's position.

    Turns may have been numbered anew: the nearest with the same words is meant, else one near by
    with nearly the same. What finds no turn has no place.
    """
    by_words: dict[str, list[int]] = defaultdict(list)
    for position, turn in enumerate(turns):
        by_words[turn.text].append(position)
    found: dict[int, Mending] = {}
    for mending in holding(mendings):
        if mending.what != what:
            continue
        was = int(mending.subject.rpartition(":")[2])
        same = by_words.get(mending.text) or _alike(mending.text, turns, was)
        if same:
            found[min(same, key=lambda position: abs(position - was))] = mending
    return found


def readdressed(
    mendings: Iterable[Mending],
    rewrite: Callable[[str], str],
    voices: Mapping[str, str],
    name_of: Callable[[str], str],
) -> list[Mending]:
    """Mendings that find what they are of, where its words, voice or person are called otherwise.

    `rewrite` and `name_of` give words and people's names as they are now, `voices` the voices.
    """
    found = []
    for mending in mendings:
        subject = mending.subject
        if mending.what in (TITLE, PERSONA, UNDO):
            subject = name_of(subject)
        if mending.what in (SIDE, ROLE, UNDO):
            subject = voices.get(subject, subject)
        found.append(dataclasses.replace(mending, subject=subject, text=rewrite(mending.text)))
    return found


def reworded(mendings: Iterable[Mending], rewrite: Callable[[str], str]) -> list[Mending]:
    """Mendings whose words, as heard, as they stood there and as people wrote, are as they are now."""
    return [
        dataclasses.replace(
            m, text=rewrite(m.text), before=rewrite(m.before), after=rewrite(m.after)
        )
        if m.what in (WRITTEN, TITLE, UNDO)
        else dataclasses.replace(m, text=rewrite(m.text))
        for m in mendings
    ]


def with_words(turn: Turn, text: str) -> Turn:
    """A turn in the words that a person wrote; words that stay keep their times."""
    plain = " ".join(text.split())
    return dataclasses.replace(turn, text=plain, words=retimed(turn.words, plain))


def retimed(words: Sequence[Word], text: str) -> tuple[Word, ...]:
    """The words of a text with times: those of the same words, else shares of the time between."""
    if not words:
        return ()
    old, new = [word.text.strip() for word in words], WORD.findall(text)
    result: list[Word] = []
    for kind, a, b, c, d in SequenceMatcher(None, old, new, autojunk=False).get_opcodes():
        if kind == "equal":
            result += words[a:b]
        elif d > c:
            start_s, end_s = _span(words, a, b)
            step_s = (end_s - start_s) / (d - c)
            result += [
                Word(
                    round(start_s + step_s * number, 2),
                    round(start_s + step_s * (number + 1), 2),
                    f" {new[c + number]}",
                )
                for number in range(d - c)
            ]
    return tuple(result)


def with_side(said: Utterance, side: str, people: Iterable[Participant]) -> Utterance:
    """A turn on the side that a person said it is on, with the name of the one who may have said it."""
    own = [person for person in people if person.side == side]
    only = own[0] if len(own) == 1 else None
    personas = {person.persona for person in own}
    return dataclasses.replace(
        said,
        side=side,
        side_confidence=0.0 if side == UNKNOWN else 1.0,
        side_source=PEOPLE,
        speaker=only.name if only else side,
        persona=personas.pop() if side == "buyer" and len(personas) == 1 else UNKNOWN,
    )


def as_heard(said: Utterance, heard: Mapping[str, tuple[str, tuple[Word, ...]]]) -> Utterance:
    """A turn with the words that were heard, by its id, where people's stand in their place."""
    if said.id not in heard:
        return said
    text, words = heard[said.id]
    return dataclasses.replace(said, text=text, words=words)


def _alike(text: str, turns: Sequence[Turn], was: int) -> list[int]:
    """The turn near a position whose words are nearly these."""
    near = range(max(0, was - AWAY), min(len(turns), was + AWAY + 1))
    shares = {
        p: SequenceMatcher(None, text.split(), turns[p].text.split(), autojunk=False).ratio()
        for p in near
    }
    best = max(shares, key=lambda position: shares[position], default=None)
    return [best] if best is not None and shares[best] >= ALIKE else []


def _span(words: Sequence[Word], start: int, end: int) -> tuple[float, float]:
    """The time of words from start to end; of none, what lies between their neighbours."""
    if end > start:
        return words[start].start_s, words[end - 1].end_s
    before = words[start - 1].end_s if start else words[0].start_s
    behind = words[start].start_s if start < len(words) else before
    return before, max(before, behind)
