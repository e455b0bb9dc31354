"""The step from turns to people: who spoke, decided anew when the sheets or the user's words change."""

from __future__ import annotations

import dataclasses
import math
from collections import defaultdict
from typing import TYPE_CHECKING

import numpy as np

from callinsight import store, weights
from callinsight.calls.redaction import redacted_text, redactions_of
from callinsight.calls.sides import load_sides
from callinsight.calls.speakers import SHEETS, WORDS, utterances_of, voice_of
from callinsight.calls.turns import Turn
from callinsight.calls.vocabulary import mended, text_of
from callinsight.config import settings_hash
from callinsight.pipeline.privacy import cleaned, edition_of, kept_participants, rules_of
from callinsight.records import CRM, Problem

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from numpy.typing import NDArray
    from sqlite_utils import Database

    from callinsight.calls.manifest import Entry
    from callinsight.config import Config
    from callinsight.records import Utterance, Voice

NAMING = "speakers"
CHANNELS = "channels"
EDITION = 1  # raise it when the same turns get other names
MANIFEST_FIELDS_KEPT = ("channels", "duration_s", "missing_s", "status", "reason")
STAGE_FIELDS = ("stage", "stage_source", "stage_probability")  # kept where the CRM says none
LEAD = 25.0  # log-odds that a lead in cosine over the other voices of a call is worth
ENROLLED = 0.95  # whoever is the rep less surely than this lends the rep no voice

Reps = dict[str, list["Voice"]]  # how each rep, by name, sounded in earlier calls


def name_speakers(db: Database, config: Config, entries: Sequence[Entry]) -> None:
    """Say who spoke in every call, in the order of time, as earlier calls may tell reps' voices."""
    problems: list[Problem] = []
    voices: dict[str, list[Voice]] = defaultdict(list)
    for voice in store.all_voices(db):
        if voice.model == weights.fingerprint(weights.VOICES):
            voices[voice.call].append(voice)
    reps: Reps = defaultdict(list)
    taken_out = False
    opened = [entry for entry in entries if entry.call.status != "refused"]
    for entry in sorted(opened, key=lambda entry: (entry.call.recorded_at, entry.call.id)):
        problems += _update_facts(db, config, entry)
        familiar = _familiar(entry, voices[entry.call.id], reps)
        hash_ = settings_hash(
            EDITION,
            load_sides().digest(),
            entry.call.rep_channel,
            [dataclasses.asdict(person) for person in entry.participants],
            config.speech.mishearings,
            familiar,
            edition_of(rules_of(config.privacy, entry.participants)),
        )
        if not store.is_done(db, NAMING, entry.call.id, hash_):
            taken_out |= _name(db, config, entry, familiar, hash_)
        if voices[entry.call.id]:
            _enroll(db, entry, voices[entry.call.id], reps)
    with store.transaction(db):
        store.replace_problems(db, CHANNELS, problems)
    if taken_out:
        store.leave_no_trace(db)


def wrong_channel(rep_channel: int | None, channels: int) -> str:
    """What is wrong with the rep's channel in a recording with several; empty if nothing is."""
    if rep_channel is None or channels < 2 or rep_channel < channels:
        return ""
    have = " and ".join(map(str, range(channels)))
    return (
        f"the rep's channel is {rep_channel}, but the recording has the channels {have}; "
        "nobody counts as buyer until it is mended"
    )


def _name(
    db: Database, config: Config, entry: Entry, familiar: Mapping[str, float], hash_: str
) -> bool:
    """Name the turns of a call; True if personal data that was stored is taken out of it now."""
    known = store.get_call(db, entry.call.id)
    wrong = wrong_channel(entry.call.rep_channel, known.channels if known else 0)
    stored = store.utterances_of(db, entry.call.id)
    rules = rules_of(config.privacy, entry.participants)
    turns = cleaned([_turn(said, {}) for said in stored], config.speech.mishearings, rules)
    utterances = utterances_of(
        entry.call.id,
        turns,
        kept_participants(entry, config.privacy),
        entry.call.rep_channel,
        familiar=familiar,
        trusted=not wrong,
    )
    redactions = redactions_of(utterances)
    taken_out = redactions != store.redactions_of(db, entry.call.id)
    new = {before.text: after.text for before, after in zip(stored, utterances, strict=True)}
    with store.transaction(db):
        store.save_utterances(db, utterances)
        if taken_out:
            store.replace_redactions(db, entry.call.id, redactions)
            store.forget_words(
                db, entry.call.id, lambda text: new.get(text) or redacted_text(text, rules)
            )
        store.record_run(db, NAMING, entry.call.id, hash_)
    return taken_out


def _turn(utterance: Utterance, mishearings: Mapping[str, str]) -> Turn:
    words = tuple(mended(utterance.words, mishearings))
    return Turn(
        channel=utterance.channel,
        start_s=utterance.start_s,
        end_s=utterance.end_s,
        text=text_of(words) if words else utterance.text,
        voice=utterance.voice,
        voice_confidence=utterance.voice_confidence,
        overlaps=utterance.overlaps,
        estimated=utterance.estimated,
        words=words,
    )


def _update_facts(db: Database, config: Config, entry: Entry) -> list[Problem]:
    """What the manifest says of a call may change without the call being heard again.

    A rep's channel that the recording does not have is a problem: every voice would be a buyer's.
    """
    known = store.get_call(db, entry.call.id)
    if known is None:
        return []
    from_crm = CRM in (known.stage_source, entry.call.stage_source)
    names = (*MANIFEST_FIELDS_KEPT, *(() if from_crm else STAGE_FIELDS))
    kept = {name: getattr(known, name) for name in names}
    heard = known.language if known.channels else ""  # a transcript's is what the sheet says
    language = entry.call.language or heard
    call = dataclasses.replace(entry.call, **kept, language=language)
    with store.transaction(db):
        store.update_call(db, call, kept_participants(entry, config.privacy))
    if wrong := wrong_channel(call.rep_channel, call.channels):
        error = f"{entry.where}: {call.file}: {wrong}"
        return [Problem(stage=CHANNELS, subject=entry.where, error=error)]
    return []


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
        voice_of(_turn(utterance, {}))
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
