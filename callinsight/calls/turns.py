"""Turns: what one voice says together, cut from words at pauses, sentence ends and other voices."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from callinsight.calls.vocabulary import text_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from callinsight.records import Word

PAUSE_S = 1.0  # a silence as long as this ends a turn behind a sentence,
LONG_PAUSE_S = 2.0  # and one as long as this ends it anywhere
LONG_S = 20.0  # a turn this long ends with its sentence,
LONGEST_S = 40.0  # and one as long as this at its next pause
SHORT_PAUSE_S = 0.3
SENTENCE_END = (".", "?", "!")
SNAP = 2  # words by which the change of voices may be off
SNAP_COST = 0.15  # seconds of pause that a word's distance is worth
SENTENCE_WORTH = 0.5  # seconds of pause that the end of a sentence is worth
OVERLAP_S = 0.3  # shorter than this two voices may meet without talking over each other

VoiceOf = Callable[["Word"], tuple[str, float]]


@dataclass(frozen=True)
class Turn:
    """Words that one voice said together."""

    channel: int | None  # 0-based; None where there is one channel or none
    start_s: float
    end_s: float
    text: str
    voice: str = ""  # the name in a transcript, or which of the voices of one channel
    voice_confidence: float = 1.0  # that this voice said it
    overlaps: bool = False  # somebody else speaks meanwhile
    estimated: bool = False  # the times are guessed
    words: tuple[Word, ...] = ()


@dataclass(frozen=True)
class Said:
    """A word and whose it is."""

    word: Word
    voice: str
    confidence: float


def turns_of(
    words: Sequence[Sequence[Word]],
    voice_of: VoiceOf | None = None,
    *,
    crossings: Sequence[tuple[float, float]] = (),
) -> list[Turn]:
    """The words of each channel as turns, by time over all channels.

    Where one channel has several voices, `voice_of` gives that of a word and how sure it is, and
    `crossings` are the times (start, end) in seconds at which two are heard at once.
    """
    turns = []
    for channel, spoken in enumerate(words):
        said = [Said(word, *(voice_of(word) if voice_of else ("", 1.0))) for word in spoken]
        number = channel if len(words) > 1 else None
        turns += [_turn(number, group) for group in _groups(snapped(said))]
    ordered = sorted(turns, key=lambda turn: (turn.start_s, turn.channel or 0))
    return [
        replace(turn, overlaps=turn.overlaps or _is_crossed(turn, crossings))
        for turn in with_overlaps([turn for turn in ordered if turn.text])
    ]


def snapped(said: Sequence[Said]) -> list[Said]:
    """Changes of voice moved to the end of a sentence or to a pause, if one is a few words away.

    Voices are told apart by more sound than a word has, so that a change is found a little early
    or late; people begin where others have ended.
    """
    changes = [i for i in range(1, len(said)) if said[i - 1].voice != said[i].voice]
    starts = [0]
    for index in changes:
        # no change moves past the one before it
        first, last = max(1, starts[-1], index - SNAP), min(len(said) - 1, index + SNAP)
        target = max(range(first, last + 1), key=lambda i: (_break(said, i, index), -i))
        starts.append(target)
    moved = list(said)
    for found, start, end in zip([0, *changes], starts, [*starts[1:], len(said)], strict=True):
        moved[start:end] = [replace(one, voice=said[found].voice) for one in said[start:end]]
    return moved


def with_overlaps(turns: Sequence[Turn]) -> list[Turn]:
    """The turns in their order, those marked that another channel or voice talks into."""
    marked = list(turns)
    for index, turn in enumerate(turns):
        for other in range(index + 1, len(turns)):
            if turns[other].start_s >= turn.end_s:
                break
            if (turns[other].channel, turns[other].voice) == (turn.channel, turn.voice):
                continue
            if _shared_s(turn, turns[other]) >= OVERLAP_S:
                marked[index] = replace(marked[index], overlaps=True)
                marked[other] = replace(marked[other], overlaps=True)
    return marked


def _is_crossed(turn: Turn, crossings: Iterable[tuple[float, float]]) -> bool:
    """Whether a word of the turn lies where two voices cross; half of a crossing is each one's."""
    return any(
        min(word.end_s, end_s) - max(word.start_s, start_s) >= OVERLAP_S / 2
        for start_s, end_s in crossings
        for word in turn.words
    )


def _shared_s(one: Turn, other: Turn) -> float:
    """The time in which both say words, not only pause."""
    return sum(
        max(0.0, min(a.end_s, b.end_s) - max(a.start_s, b.start_s))
        for a in one.words
        for b in other.words
    )


def _break(said: Sequence[Said], index: int, found: int) -> float:
    """How well one voice may end before the word at the index, in seconds of pause."""
    before, after = said[index - 1].word, said[index].word
    ends = before.text.rstrip().endswith(SENTENCE_END)
    pause_s = after.start_s - before.end_s
    return pause_s + SENTENCE_WORTH * ends - SNAP_COST * abs(index - found)


def _groups(said: Iterable[Said]) -> list[list[Said]]:
    groups: list[list[Said]] = []
    for word in said:
        if not groups or _ends(groups[-1], word):
            groups.append([])
        groups[-1].append(word)
    return groups


def _ends(together: Sequence[Said], following: Said) -> bool:
    first, last = together[0].word, together[-1].word
    if together[-1].voice != following.voice:
        return True
    pause_s, length_s = following.word.start_s - last.end_s, last.end_s - first.start_s
    if last.text.rstrip().endswith(SENTENCE_END):
        return pause_s > PAUSE_S or length_s > LONG_S
    return pause_s > LONG_PAUSE_S or (length_s > LONGEST_S and pause_s > SHORT_PAUSE_S)


def _turn(channel: int | None, said: Sequence[Said]) -> Turn:
    words = tuple(one.word for one in said)
    lengths = [max(word.end_s - word.start_s, 0.01) for word in words]
    sure = sum(one.confidence * length for one, length in zip(said, lengths, strict=True))
    return Turn(
        channel=channel,
        start_s=words[0].start_s,
        end_s=words[-1].end_s,
        text=text_of(words),
        voice=said[0].voice,
        voice_confidence=round(sure / sum(lengths), 3),
        words=words,
    )
