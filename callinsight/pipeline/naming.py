"""The step from turns to people: who spoke, decided anew when the sheets or the user's words change."""

from __future__ import annotations

import dataclasses
import math
from collections import defaultdict
from typing import TYPE_CHECKING

import numpy as np

from callinsight import store, weights
from callinsight.calls.mending import holding, sides_of, with_roles, with_side
from callinsight.calls.redaction import redactions_of
from callinsight.calls.redaction.people import NAME
from callinsight.calls.sides import load_sides
from callinsight.calls.speakers import SHEETS, WORDS, utterances_of, voice_of
from callinsight.config import settings_hash
from callinsight.pipeline.privacy import edition_of, kept_participants, rules_of
from callinsight.pipeline.words import turn_of, words_of
from callinsight.records import CRM, HeardTurn, Problem

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from numpy.typing import NDArray
    from sqlite_utils import Database

    from callinsight.calls.manifest import Entry
    from callinsight.calls.redaction import Rules
    from callinsight.config import Config
    from callinsight.pipeline.words import CallWords
    from callinsight.records import Call, Mending, Participant, Utterance, Voice

NAMING = "speakers"
CHANNELS = "channels"
EDITION = 1  # raise it when the same turns get other names
MANIFEST_FIELDS_KEPT = ("channels", "duration_s", "missing_s", "status", "reason")
STAGE_FIELDS = ("stage", "stage_source", "stage_probability")  # kept where the CRM says none
LEAD = 25.0  # log-odds that a lead in cosine over the other voices of a call is worth
ENROLLED = 0.95  # whoever is the rep less surely than this lends the rep no voice

READ_AT_ONCE = 500  # calls

Reps = dict[str, list["Voice"]]  # how each rep, by name, sounded in earlier calls


def name_speakers(db: Database, config: Config, entries: Sequence[Entry]) -> None:
    """Say who spoke in every call, in the order of time, as earlier calls may tell reps' voices."""
    problems: list[Problem] = []
    voices: dict[str, list[Voice]] = defaultdict(list)
    for voice in store.all_voices(db):
        if voice.model == weights.fingerprint(weights.VOICES):
            voices[voice.call].append(voice)
    mendings: dict[str, list[Mending]] = defaultdict(list)
    for mending in store.all_mendings(db):
        mendings[mending.call].append(mending)
    reps: Reps = defaultdict(list)
    taken_out = False
    opened = [entry for entry in entries if entry.call.status != "refused"]
    head = load_sides().digest()
    in_time = sorted(opened, key=lambda entry: (entry.call.recorded_at, entry.call.id))
    for entry, known, people in _with_stored(db, in_time):
        problems += _update_facts(db, config, entry, known, people)
        familiar = _familiar(entry, voices[entry.call.id], reps)
        hash_ = settings_hash(
            EDITION,
            head,
            entry.call.rep_channel,
            [vars(person) for person in entry.participants],
            config.speech.mishearings,
            familiar,
            edition_of(rules_of(config.privacy, entry.participants)),
            *_digest_of(mendings[entry.call.id]),
        )
        if not store.is_done(db, NAMING, entry.call.id, hash_):
            with store.transaction(db):
                call = dataclasses.replace(entry.call, channels=_channels(db, entry.call.id))
                taken_out |= name_call(db, config, call, entry.participants, familiar=familiar)
                store.record_run(db, NAMING, entry.call.id, hash_)
        if voices[entry.call.id]:
            _enroll(db, entry, voices[entry.call.id], reps)
    with store.transaction(db):
        store.replace_problems(db, CHANNELS, problems)
    if taken_out:
        store.scrub(db)


def wrong_channel(rep_channel: int | None, channels: int) -> str:
    """What is wrong with the rep's channel in a recording with several; empty if nothing is."""
    if rep_channel is None or channels < 2 or rep_channel < channels:
        return ""
    have = " and ".join(map(str, range(channels)))
    return (
        f"the rep's channel is {rep_channel}, but the recording has the channels {have}; "
        "nobody counts as buyer until it is mended"
    )


def name_call(
    db: Database,
    config: Config,
    call: Call,
    participants: Sequence[Participant],
    *,
    familiar: Mapping[str, float] | None = None,
) -> bool:
    """Say who spoke in a call, in which words, as the sheets, what is said, and people tell.

    `participants` are those of the sheets, or as they are stored. True if personal data that was
    stored is taken out now: once it is written, `store.scrub` is due.
    """
    wrong = wrong_channel(call.rep_channel, call.channels)
    rules = rules_of(config.privacy, participants)
    people = kept_participants(participants, config.privacy)
    stored = store.utterances_of(db, call.id)
    words = words_of(db, config, call.id, stored, rules)
    utterances = utterances_of(
        call.id,
        words.turns,
        people,
        call.rep_channel,
        familiar=familiar or {},
        trusted=not wrong,
        told=sides_of(words.mendings),
    )
    for position, side in words.sides.items():
        utterances[position] = with_side(utterances[position], side, people)
    voices = [voice_of(turn_of(utterance)) for utterance in utterances]
    utterances = with_roles(utterances, voices, words.mendings)
    store.save_utterances(db, utterances)
    _keep_heard(db, call.id, utterances, words, rules)
    if words.taken_out:
        store.forget_words(db, call.id, words.rewrite, words.mendings)
        store.note_taken_out(db)
    return words.taken_out


def _keep_heard(
    db: Database, call: str, utterances: Sequence[Utterance], words: CallWords, rules: Rules
) -> None:
    """Keep what was heard where people's words stand now, and where personal data was said."""
    heard = {
        utterances[p].id: dataclasses.replace(
            utterances[p], text=words.heard[p].text, words=words.heard[p].words
        )
        for p in sorted(words.written)
    }
    turns = [
        HeardTurn(utterance=id_, call=call, text=said.text, words=said.words)
        for id_, said in heard.items()
    ]
    store.replace_heard(db, call, turns)
    kinds = {*rules.kinds, NAME} if rules.names else rules.kinds
    store.replace_redactions(db, call, redactions_of(utterances, heard, kinds))


def _digest_of(mendings: Sequence[Mending]) -> list[tuple[str, ...]]:
    """What the names of a call depend on in mendings; nothing where nobody mended anything."""
    return [(m.what, m.subject, m.text, m.after) for m in holding(mendings)]


def _channels(db: Database, call: str) -> int:
    known = store.get_call(db, call)
    return known.channels if known else 0


def _with_stored(
    db: Database, entries: Sequence[Entry]
) -> Iterator[tuple[Entry, Call | None, list[Participant]]]:
    """The entries, each with its call and participants as they are stored; many are read at once."""
    for start in range(0, len(entries), READ_AT_ONCE):
        some = entries[start : start + READ_AT_ONCE]
        calls = store.calls_by_id(db, [entry.call.id for entry in some])
        people: dict[str, list[Participant]] = defaultdict(list)
        for person in store.participants_in(db, calls):
            people[person.call].append(person)
        for entry in some:
            yield entry, calls.get(entry.call.id), people[entry.call.id]


def _update_facts(
    db: Database, config: Config, entry: Entry, known: Call | None, people: Sequence[Participant]
) -> list[Problem]:
    """What the manifest says of a call may change without the call being heard again.

    A rep's channel that the recording does not have is a problem: every voice would be a buyer's.
    """
    if known is None:
        return []
    from_crm = CRM in (known.stage_source, entry.call.stage_source)
    names = (*MANIFEST_FIELDS_KEPT, *(() if from_crm else STAGE_FIELDS))
    kept = {name: getattr(known, name) for name in names}
    heard = known.language if known.channels else ""  # a transcript's is what the sheet says
    language = entry.call.language or heard
    call = dataclasses.replace(entry.call, **kept, language=language)
    listed = kept_participants(entry.participants, config.privacy)
    if call != known or sorted(listed, key=_name) != list(people):
        with store.transaction(db):
            store.update_call(db, call, listed)
    if wrong := wrong_channel(call.rep_channel, call.channels):
        error = f"{entry.where}: {call.file}: {wrong}"
        return [Problem(stage=CHANNELS, subject=entry.where, error=error)]
    return []


def _name(person: Participant) -> str:
    return person.name


# Reps known by their voice, where the pipeline file says `enroll_reps`


def _familiar(entry: Entry, voices: Sequence[Voice], reps: Reps) -> dict[str, float]:
    """For each voice of a call the probability that it is that of a rep who takes part in it."""
    names = [person.name for person in entry.participants if person.side == "rep"]
    earlier = {name: reps[name] for name in names if reps.get(name)}
    if not earlier:
        return {}
    likeness = {
        voice.voice: max(float(_vector(voice) @ _mean(enrolled)) for enrolled in earlier.values())
        for voice in voices
    }
    return {
        voice: 1 / (1 + math.exp(-LEAD * (cosine - max(others))))
        for voice, cosine in likeness.items()
        if (others := [other for name, other in likeness.items() if name != voice])
    }


def _enroll(db: Database, entry: Entry, voices: Sequence[Voice], reps: Reps) -> None:
    """Keep the rep's voice for later calls, if it is told by the sheets or by what is said."""
    names = [person.name for person in entry.participants if person.side == "rep"]
    if len(names) != 1:
        return
    sure = {
        voice_of(turn_of(utterance))
        for utterance in store.utterances_of(db, entry.call.id)
        if utterance.side == "rep"
        and utterance.side_source in (SHEETS, WORDS)
        and utterance.side_confidence >= ENROLLED
    }
    if len(sure) == 1:
        reps[names[0]] += [voice for voice in voices if voice.voice in sure]


def _mean(voices: Sequence[Voice]) -> NDArray[np.float32]:
    total = sum(voice.seconds * _vector(voice) for voice in voices)
    return np.asarray(total / np.linalg.norm(total), dtype=np.float32)


def _vector(voice: Voice) -> NDArray[np.float32]:
    return np.frombuffer(voice.vector, dtype=np.float32)
