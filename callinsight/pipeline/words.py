"""The words of a call as they are kept: heard, mended by the user's list, written by people, cleaned."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from callinsight import store
from callinsight.calls.mending import (
    TURN,
    WRITTEN,
    as_heard,
    placed,
    readdressed,
    reworded,
    with_words,
)
from callinsight.calls.redaction import name_of, placeholders_in
from callinsight.calls.speakers import voice_of
from callinsight.calls.turns import Turn
from callinsight.pipeline.privacy import cleaned, cleaned_text, without_personal_data

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from sqlite_utils import Database

    from callinsight.calls.redaction import Rules
    from callinsight.config import Config
    from callinsight.records import Mending, Utterance, Word


@dataclass(frozen=True, kw_only=True)
class CallWords:
    """What was said in a call, turn by turn, without personal data."""

    heard: tuple[Turn, ...]  # with the user's mishearings mended
    turns: tuple[Turn, ...]  # the same, where nobody wrote other words
    written: frozenset[int]  # positions of turns in words that people wrote
    sides: dict[int, str]  # of turns, by position, as people said
    mendings: tuple[Mending, ...]  # what people mended in the call
    rewrite: Callable[[str], str]  # words of the call as they were stored to words as they are kept
    taken_out: bool  # whether personal data that was stored is taken out now


def words_of(
    db: Database, config: Config, call: str, stored: Sequence[Utterance], rules: Rules
) -> CallWords:
    """What is kept of a call's words: of those that are `stored`, and of what people wrote since.

    Personal data goes before people's words are put in their place, and once more after it: what
    is written may end a number that a turn before begins.
    """
    was_heard, known = heard_words(db, call), store.mendings_of(db, call)
    raw = [turn_of(as_heard(said, was_heard)) for said in stored]
    heard = cleaned(raw, config.speech.mishearings, rules)
    voices = {voice_of(old): voice_of(new) for old, new in zip(raw, heard, strict=True)}
    found = readdressed(
        known, _rewriting([(raw, heard)], rules), voices, lambda person: name_of(person, rules)
    )
    written = placed(found, heard, WRITTEN)
    meant = [
        with_words(turn, written[position].after) if position in written else turn
        for position, turn in enumerate(heard)
    ]
    turns = without_personal_data(meant, rules) if written else heard
    steps = [(raw, heard), (meant, turns)]
    rewrite = _rewriting(steps, rules)
    mendings = reworded(found, rewrite)
    return CallWords(
        heard=heard,
        turns=turns,
        written=frozenset(written),
        sides={p: mending.after for p, mending in placed(found, heard, TURN).items()},
        mendings=tuple(mendings),
        rewrite=rewrite,
        taken_out=mendings != known
        or any(_has_more(*pair) for step in steps for pair in zip(*step, strict=True)),
    )


def heard_words(db: Database, call: str) -> dict[str, tuple[str, tuple[Word, ...]]]:
    """What was heard where people's words stand now, by utterance."""
    return {turn.utterance: (turn.text, turn.words) for turn in store.heard_of(db, call)}


def turn_of(utterance: Utterance) -> Turn:
    """What an utterance is without its names."""
    return Turn(
        channel=utterance.channel,
        start_s=utterance.start_s,
        end_s=utterance.end_s,
        text=utterance.text,
        voice=utterance.voice,
        voice_confidence=utterance.voice_confidence,
        overlaps=utterance.overlaps,
        estimated=utterance.estimated,
        words=utterance.words,
    )


def _rewriting(
    steps: Iterable[tuple[Sequence[Turn], Sequence[Turn]]], rules: Rules
) -> Callable[[str], str]:
    """Gives words of a call as they are after steps that took personal data out of its turns.

    Words that are no turn's any more are cleaned by themselves.
    """
    now: dict[str, str] = {}
    for before, after in steps:
        for old, new in zip(before, after, strict=True):
            now[new.text] = new.text
            if _has_more(old, new):
                now = {text: new.text if to == old.text else to for text, to in now.items()}
                now[old.text] = new.text
    return lambda text: now[text] if text in now else cleaned_text(text, rules)


def _has_more(before: Turn, after: Turn) -> bool:
    """Whether personal data is taken out of a turn in a step."""
    return placeholders_in(before) != placeholders_in(after)
