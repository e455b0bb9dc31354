"""Who spoke: a side and a name for each turn, with how sure that is."""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from dataclasses import dataclass
from typing import TYPE_CHECKING

from callinsight.calls.diarize import CERTAIN
from callinsight.calls.mending import PEOPLE
from callinsight.calls.sides import rep_probabilities
from callinsight.records import UNCERTAIN, UNKNOWN, Participant, Utterance

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from callinsight.calls.turns import Turn

SURE = 0.9  # a side that is less probable than this is nobody's
NUMBERED = re.compile(r".*\d.*")  # no name: voice 1, channel 0, Speaker 2
SHEETS, WORDS, VOICE = "sheets", "words", "voice"  # what a side was told by


@dataclass(frozen=True)
class Owner:
    """Whose a voice is."""

    side: str  # rep | buyer | unknown
    confidence: float = 0.0
    source: str = UNKNOWN
    people: tuple[Participant, ...] = ()  # whom it may be


NOBODY = Owner(UNKNOWN)


def utterances_of(
    call: str,
    turns: Iterable[Turn],
    participants: Sequence[Participant],
    rep_channel: int | None,
    *,
    familiar: Mapping[str, float] | None = None,
    trusted: bool = True,
    told: Mapping[str, str] | None = None,
) -> list[Utterance]:
    """Name the turns: by the sheets; else by what their voice says in the whole call.

    `familiar` gives for voices the probability that they are the rep's, who is known from
    earlier calls. A side that is not sure stays unknown; all sides do unless the sheets can be
    `trusted` to know the recording. What people `told` of a voice goes before all else.
    """
    said = list(turns)
    owners = owners_of(said, participants, rep_channel, familiar or {})
    if not trusted:
        owners = dict.fromkeys(owners, NOBODY)
    for turn in said:
        if (voice := voice_of(turn)) in (told or {}):
            owners[voice] = _by_people(turn, (told or {})[voice], participants)
    names = _names(owners)
    return [
        _utterance(call, position, turn, owners[voice], names[voice])
        for position, turn in enumerate(said)
        for voice in [voice_of(turn)]
    ]


def owners_of(
    turns: Sequence[Turn],
    participants: Sequence[Participant],
    rep_channel: int | None,
    familiar: Mapping[str, float],
) -> dict[str, Owner]:
    """Whose each voice of a call is."""
    said: dict[str, list[str]] = defaultdict(list)
    owners: dict[str, Owner] = {}
    for turn in turns:
        voice = voice_of(turn)
        said[voice].append(turn.text)
        owners[voice] = _by_sheets(turn, participants, rep_channel)
    unknown = [voice for voice, owner in owners.items() if owner is NOBODY and voice]
    if unknown:
        reps = sum(person.side == "rep" for person in participants) or None
        probabilities = rep_probabilities({v: t for v, t in said.items() if v}, reps=reps)
        for voice in unknown:
            owners[voice] = _by_evidence(voice, probabilities[voice], familiar, participants)
    return owners


def voice_of(turn: Turn) -> str:
    """What tells the speakers of a call apart: a voice or a channel; empty if nothing does."""
    if turn.voice or turn.channel is None:
        return turn.voice
    return f"channel {turn.channel}"


def _by_sheets(turn: Turn, participants: Sequence[Participant], rep_channel: int | None) -> Owner:
    if turn.channel is not None and not turn.voice:
        people = [p for p in participants if p.channel == turn.channel]
        if people and len({p.side for p in people}) == 1:
            return Owner(people[0].side, 1.0, SHEETS, tuple(people))
        if rep_channel is None:
            return NOBODY
        side = "rep" if turn.channel == rep_channel else "buyer"
        people = [p for p in participants if p.side == side and p.channel in (None, turn.channel)]
        return Owner(side, 1.0, SHEETS, tuple(people))
    named = [p for p in participants if is_named(p.name, turn.voice)]
    return Owner(named[0].side, 1.0, SHEETS, (named[0],)) if named else NOBODY


def _by_people(turn: Turn, side: str, participants: Sequence[Participant]) -> Owner:
    """As people say; who it may be are those on this side, best of this channel."""
    own = [person for person in participants if person.side == side]
    here = [person for person in own if person.channel in (None, turn.channel)]
    return Owner(side, 1.0, PEOPLE, tuple(here or own))


def _by_evidence(
    voice: str,
    by_words: float,
    familiar: Mapping[str, float],
    participants: Sequence[Participant],
) -> Owner:
    """By what the voice says, and by how it sounds where the rep is known from earlier calls."""
    by_voice = familiar.get(voice, 0.5)
    rep = by_words * by_voice
    probability = rep / (rep + (1 - by_words) * (1 - by_voice))
    side, sure = ("rep", probability) if probability >= 0.5 else ("buyer", 1 - probability)
    if sure < SURE:
        return Owner(UNKNOWN, sure)
    source = VOICE if abs(by_voice - 0.5) > abs(by_words - 0.5) else WORDS
    people = tuple(p for p in participants if p.side == side and p.channel is None)
    return Owner(side, sure, source, people)


def _utterance(call: str, position: int, turn: Turn, owner: Owner, name: str) -> Utterance:
    is_certain = turn.voice_confidence >= CERTAIN
    side = owner.side if is_certain else UNKNOWN
    personas = {person.persona for person in owner.people}
    confidence = round(owner.confidence * turn.voice_confidence, 3) if side != UNKNOWN else 0.0
    return Utterance(
        id=f"{call}:{position:04d}",
        call=call,
        position=position,
        start_s=round(turn.start_s, 2),
        end_s=round(turn.end_s, 2),
        estimated=turn.estimated,
        channel=turn.channel,
        voice=turn.voice,
        voice_confidence=turn.voice_confidence,
        overlaps=turn.overlaps,
        speaker=name if is_certain else UNCERTAIN,
        side=side,
        side_confidence=confidence,
        side_source=owner.source if side != UNKNOWN else UNKNOWN,
        persona=personas.pop() if len(personas) == 1 and side == "buyer" else UNKNOWN,
        text=turn.text,
        words=turn.words,
    )


def _names(owners: Mapping[str, Owner]) -> dict[str, str]:
    """For each voice its name, else the side, else what tells the voice apart."""
    sides = Counter(owner.side for owner in owners.values())
    claims = Counter(person for owner in owners.values() for person in owner.people)
    names = {}
    for voice, owner in owners.items():
        if voice and not NUMBERED.fullmatch(voice):
            names[voice] = owner.people[0].name if owner.source == SHEETS else voice
        elif len(owner.people) == 1 and claims[owner.people[0]] == 1:
            names[voice] = owner.people[0].name
        elif owner.side == UNKNOWN:
            names[voice] = voice or UNKNOWN
        else:
            names[voice] = owner.side if sides[owner.side] == 1 else f"{owner.side}, {voice}"
    return names


def is_named(name: str, voice: str) -> bool:
    """Whether a voice tag means this person: `Jo Lane`, `jo lane (Acme)`, `Jo Lane | Acme`."""
    plain = voice.casefold()
    if plain == name.casefold():  # also a name that stands as a placeholder
        return True
    for mark in ("(", "|", "["):
        plain = plain.partition(mark)[0]
    return " ".join(plain.split()) == " ".join(name.casefold().split())
