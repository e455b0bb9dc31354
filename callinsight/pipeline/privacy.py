"""Which personal data is taken out of a call, before anything of it is stored or tagged."""

from __future__ import annotations

import dataclasses
import functools
import re
from typing import TYPE_CHECKING

from callinsight import weights
from callinsight.calls.forgetting import ALIAS
from callinsight.calls.redaction import (
    EDITION,
    Rules,
    name_of,
    redacted,
    redacted_text,
    without_label,
)
from callinsight.calls.vocabulary import mended, mended_text, text_of
from callinsight.records import PLACEHOLDER
from callinsight.sheets import LIST_SEPARATOR
from callinsight.tagging.entities import load_entities

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence

    from callinsight.calls.manifest import Entry
    from callinsight.calls.turns import Turn
    from callinsight.config import PrivacyConfig
    from callinsight.records import Participant
    from callinsight.tagging.entities import Entity

PERSON = "PERSON"


def rules_of(privacy: PrivacyConfig, participants: Iterable[Participant]) -> Rules:
    """What is taken out of a call in which these people take part."""
    people = list(participants)
    every = Rules(privacy.redact)
    labels = tuple(dict.fromkeys(p.name for p in people if without_label(p.name, every) != p.name))
    if not privacy.redact_names:
        return Rules(privacy.redact, labels=labels)
    stays = [p.name for p in people if p.side != "buyer" or ALIAS.fullmatch(p.name)]
    goes = (p.name for p in people if p.side == "buyer" and not ALIAS.fullmatch(p.name))
    buyers = dict.fromkeys(goes)
    kept = [name for name in buyers if re.fullmatch(PLACEHOLDER, name)]  # as the database has them
    return Rules(
        privacy.redact,
        names=True,
        buyers=tuple(name for name in buyers if name not in kept),
        others=tuple(dict.fromkeys(stays)),
        labels=labels,
        named=max((int(name.strip("[]").split()[1]) for name in kept), default=0),
    )


def edition_of(rules: Rules) -> tuple[object, ...]:
    """What decides what is taken out, for the hash of what was done."""
    model = weights.fingerprint(weights.NAMES) if rules.names else ""
    return EDITION, dataclasses.astuple(rules), model


def cleaned(
    turns: Sequence[Turn], mishearings: Mapping[str, str], rules: Rules | None
) -> tuple[Turn, ...]:
    """The turns of a call with mishearings mended and personal data taken out.

    It is taken out of what was heard as well as of what was meant, for both are kept.
    """
    if rules is None:
        return tuple(_mended(turn, mishearings) for turn in turns)
    as_heard = without_personal_data([_mended(turn, {}) for turn in turns], rules)
    if not mishearings:
        return as_heard
    return without_personal_data([_mended(turn, mishearings) for turn in as_heard], rules)


def without_personal_data(turns: Sequence[Turn], rules: Rules) -> tuple[Turn, ...]:
    """The turns of a call as they are, with personal data taken out."""
    return tuple(redacted(turns, rules, _people_in if rules.names else None))


def cleaned_text(text: str, rules: Rules) -> str:
    """What somebody wrote of a call, with personal data taken out."""
    return redacted_text(text, rules, _people_in if rules.names else None)


def cleaned_entry(entry: Entry, privacy: PrivacyConfig) -> Entry:
    """A row of the manifest without personal data in its free texts."""
    rules = rules_of(privacy, entry.participants)
    rules = dataclasses.replace(rules, others=(*rules.others, entry.call.account))
    expected = entry.call.vocabulary.split(LIST_SEPARATOR)
    call = dataclasses.replace(
        entry.call,
        title=cleaned_text(entry.call.title, rules),
        outcome_reason=cleaned_text(entry.call.outcome_reason, rules),
        consent=_short_text(entry.call.consent, rules),
        vocabulary=LIST_SEPARATOR.join(n for n in expected if redacted_text(n, rules) == n),
    )
    return dataclasses.replace(entry, call=call)


def kept_participants(
    participants: Sequence[Participant], privacy: PrivacyConfig
) -> list[Participant]:
    """The people of a call as they are kept: buyers by placeholders where their names go."""
    rules = rules_of(privacy, participants)
    return [
        dataclasses.replace(
            person,
            name=name_of(person.name, rules),
            title=_short_text(without_label(person.title, rules), rules),
        )
        for person in participants
    ]


def _short_text(text: str, rules: Rules) -> str:
    """A few words without personal data; most hold none, and there are hundreds of thousands of them."""
    return cleaned_text(text, rules) if re.search(r"[\d@]|://|www\.", text) else text


def _mended(turn: Turn, mishearings: Mapping[str, str]) -> Turn:
    if not turn.words:
        return dataclasses.replace(turn, text=mended_text(turn.text, mishearings))
    words = tuple(mended(turn.words, mishearings))
    return dataclasses.replace(turn, words=words, text=text_of(words))


def _people_in(text: str) -> list[tuple[int, int]]:
    """Names of people by spaCy's entity recognition."""
    return [(e.start, e.end) for e in _entities()(text) if e.label == PERSON]


@functools.cache
def _entities() -> Callable[[str], list[Entity]]:
    return load_entities(weights.folder(weights.NAMES))
