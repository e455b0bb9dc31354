"""Who spoke: turns from words, and a side and a name for each turn."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from callinsight.records import UNKNOWN, Participant, Utterance

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from callinsight.calls.transcribe import Word

PAUSE_S = 1.0  # a longer silence ends a turn
LONG_S = 20.0  # a turn this long ends with its sentence
SENTENCE_END = (".", "?", "!")


@dataclass(frozen=True)
class Turn:
    """Words that one voice said together."""

    channel: int | None  # 0-based; None where there is one channel or none
    start_s: float
    end_s: float
    text: str
    voice: str = ""  # the speaker's name, where a transcript says it


def turns_of(words: Sequence[Sequence[Word]]) -> list[Turn]:
    """The words of each channel as turns, by time over all channels."""
    turns = []
    for channel, spoken in enumerate(words):
        together: list[Word] = []
        for word in spoken:
            if together and _ends(together, word):
                turns.append(_turn(channel if len(words) > 1 else None, together))
                together = []
            together.append(word)
        if together:
            turns.append(_turn(channel if len(words) > 1 else None, together))
    spoken_turns = [turn for turn in turns if turn.text]
    return sorted(spoken_turns, key=lambda turn: (turn.start_s, turn.channel or 0))


def utterances_of(
    call: str,
    turns: Iterable[Turn],
    participants: Sequence[Participant],
    rep_channel: int | None,
) -> list[Utterance]:
    """Name the turns: by the transcript's voice, else by channel; else the side is unknown."""
    utterances = []
    for position, turn in enumerate(turns):
        side, people = _who(turn, participants, rep_channel)
        personas = {person.persona for person in people}
        named = side != UNKNOWN
        utterances.append(
            Utterance(
                id=f"{call}:{position:04d}",
                call=call,
                position=position,
                start_s=round(turn.start_s, 2),
                end_s=round(turn.end_s, 2),
                channel=turn.channel,
                speaker=_speaker(turn, side, people),
                side=side,
                side_confidence=1.0 if named else 0.0,
                persona=personas.pop() if len(personas) == 1 and side == "buyer" else UNKNOWN,
                text=turn.text,
            )
        )
    return utterances


def _who(
    turn: Turn, participants: Sequence[Participant], rep_channel: int | None
) -> tuple[str, list[Participant]]:
    """The side of a turn, and the people it may be."""
    if turn.voice:
        people = [p for p in participants if _same(p.name, turn.voice)]
        return (people[0].side, people[:1]) if people else (UNKNOWN, [])
    if turn.channel is None:
        return UNKNOWN, []
    people = [p for p in participants if p.channel == turn.channel]
    if people and len({p.side for p in people}) == 1:
        return people[0].side, people
    if rep_channel is None:
        return UNKNOWN, []
    side = "rep" if turn.channel == rep_channel else "buyer"
    return side, [p for p in participants if p.side == side and p.channel in (None, turn.channel)]


def _speaker(turn: Turn, side: str, people: list[Participant]) -> str:
    if turn.voice:
        return people[0].name if people else turn.voice
    if len(people) == 1:
        return people[0].name
    if side != UNKNOWN:
        return side
    return f"channel {turn.channel}" if turn.channel is not None else UNKNOWN


def _same(name: str, voice: str) -> bool:
    """Whether a voice tag means this person: `Jo Lane`, `jo lane (Acme)`, `Jo Lane | Acme`."""
    plain = voice.casefold()
    for mark in ("(", "|", "["):
        plain = plain.partition(mark)[0]
    return " ".join(plain.split()) == " ".join(name.casefold().split())


def _ends(together: list[Word], following: Word) -> bool:
    last = together[-1]
    long = last.end_s - together[0].start_s > LONG_S
    return following.start_s - last.end_s > PAUSE_S or (
        long and last.text.rstrip().endswith(SENTENCE_END)
    )


def _turn(channel: int | None, words: list[Word]) -> Turn:
    text = " ".join("".join(word.text for word in words).split())
    return Turn(channel, words[0].start_s, words[-1].end_s, text)
