"""The step from utterances to tags."""

from __future__ import annotations

import functools
from typing import TYPE_CHECKING

from callinsight import store, weights
from callinsight.config import settings_hash
from callinsight.journal import note
from callinsight.months import month_of
from callinsight.pipeline.corrections import corrected_heads, digest_of, held
from callinsight.pipeline.embedding import sentence_vectors, turn_vectors_of
from callinsight.pipeline.tagger import load_tagger
from callinsight.records import UNKNOWN, Call, Tag, Utterance
from callinsight.tagging.concerns import pieces
from callinsight.tagging.corrections import UNCERTAIN_SPEAKER, tags_of
from callinsight.tagging.encoder import Turn
from callinsight.tagging.heads import load_heads
from callinsight.taxonomy import COMPETITOR

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from sqlite_utils import Database

    from callinsight.config import Config
    from callinsight.progress import Progress
    from callinsight.tagging.reading import Reading
    from callinsight.taxonomy import Taxonomy

STAGE = "tags"
KINDS = ("concern", "ask", COMPETITOR)
EDITION = 7  # raise it when the same settings give other tags
ASKED = ("buyer", UNKNOWN)  # the sides whose turns are read
BATCH_CALLS = 20  # embedded together


def tag_calls(
    db: Database, config: Config, taxonomy: Taxonomy, *, progress: Progress, only: str = ""
) -> None:
    """Tag what buyers said in every call whose words, facts, definitions or corrections have changed.

    `only` is the id of one call to look at.
    """
    corrections = store.all_corrections(db)
    shipped = load_heads()
    settings = (config.tagging.competitors, config.tagging.precision, config.timezone)
    changes = (taxonomy, *settings, config.company, shipped.digest(), digest_of(corrections))
    due = _due(db, settings_hash(EDITION, *changes), only)
    if not due:
        return
    heads = corrected_heads(db, shipped, taxonomy)
    tagger = load_tagger(
        config.tagging,
        taxonomy,
        heads,
        company=config.company,
        embed=functools.partial(sentence_vectors, db),
    )
    people = _people(db, only)
    with progress("Tag", len(due)) as advance:
        for start in range(0, len(due), BATCH_CALLS):
            batch = [
                (call, store.utterances_of(db, call.id), hash_)
                for call, hash_ in due[start : start + BATCH_CALLS]
            ]
            turns = {call.id: buyer_turns(said) for call, said, _ in batch}
            parts = [part for said in turns.values() for _, turn in said for part in pieces(turn)]
            vectors = turn_vectors_of(db, parts)
            for call, _, hash_ in batch:
                said = turns[call.id]
                readings = tagger.read([t for _, t in said], vectors, people=people[call.id])
                corrected = held([c for c in corrections if c.call == call.id], said, taxonomy)
                month = month_of(call.recorded_at, config.zone)
                tags = []
                for (utterance, _), reading in zip(said, readings, strict=True):
                    facts = {"taxonomy": taxonomy.version, **_cell(call, utterance, month)}
                    read = _tags(reading, utterance, {**facts, "source": heads.digest()})
                    if utterance.id in corrected:
                        said_so = tags_of(*corrected[utterance.id], utterance, facts)
                        read = [*said_so, *_rivals(read, said_so)]
                    tags += read
                with store.transaction(db):
                    store.replace_tags(db, call.id, KINDS, tags)
                    store.record_run(db, STAGE, call.id, hash_)
                note("call tagged", call=call.id, count=len(tags))
                advance(0.0)


def _people(db: Database, only: str) -> dict[str, list[str]]:
    """Names of people and firms that take part in each call."""
    names: dict[str, list[str]] = {call.id: [call.account] for call in store.some_calls(db, only)}
    participants = store.participants_of(db, only) if only else store.all_participants(db)
    for participant in participants:
        names[participant.call].append(participant.name)
    return names


def _due(db: Database, base: str, only: str) -> list[tuple[Call, str]]:
    """Calls to be tagged, with the hash of all that their tags depend on.

    What was said is read again later: that of all calls would not fit into memory.
    """
    due = []
    encoder = weights.fingerprint(weights.TAGGING)
    for call in store.some_calls(db, only):
        words = store.words_of_call(db, call.id)
        hash_ = settings_hash(base, encoder, call.deal, call.stage, call.recorded_at, words)
        if not call.is_read and store.tags_of_call(db, call.id):
            with store.transaction(db):
                store.replace_tags(db, call.id, (*KINDS, "topic"), [])
                store.forget_run(db, STAGE, call.id)
        if call.is_read and not store.is_done(db, STAGE, call.id, hash_):
            due.append((call, hash_))
    return due


def buyer_turns(said: Sequence[Utterance]) -> list[tuple[Utterance, Turn]]:
    """What buyers said in a call, each with the turn of the rep before it, in the call's order.

    Also what may have been a buyer's: it is tagged for people to see, and counts in no number.
    """
    turns = iter(turns_of_buyers((turn.side, turn.text) for turn in said))
    return [(turn, next(turns)) for turn in said if turn.side in ASKED]


def turns_of_buyers(said: Iterable[tuple[str, str]]) -> Iterator[Turn]:
    """Of a call's turns, as side and text in their order, those of `buyer_turns`."""
    before = ""
    for side, text in said:
        if side in ASKED:
            yield Turn(before, text)
        if side != "buyer":
            before = text


def _tags(reading: Reading, utterance: Utterance, facts: dict[str, str]) -> list[Tag]:
    sure = UNCERTAIN_SPEAKER if utterance.side == UNKNOWN else "sure"
    raised = [
        Tag(
            utterance=utterance.id,
            kind=kind,
            label=one.label,
            stance=reading.raised,
            score=one.score,
            status=sure if one.status == "sure" else one.status,
            evidence=one.evidence,
            why=one.why,
            **facts,
        )
        for kind, found in (("concern", reading.concerns), (COMPETITOR, reading.rivals))
        for one in found
    ]
    return raised + [
        Tag(
            utterance=utterance.id,
            kind="ask",
            label=kind,
            stance=reading.stance if reading.asks else reading.raised,
            score=reading.ask_score,
            status=sure if reading.asks else "unsure",
            evidence=reading.ask_evidence,
            **facts,
        )
        for kind in reading.ask_kinds
    ]


def _rivals(read: Sequence[Tag], said_so: Sequence[Tag]) -> list[Tag]:
    """The rivals that a corrected turn names, if the person sees any in it."""
    competing = any(tag.label == COMPETITOR for tag in said_so)
    return [tag for tag in read if competing and tag.kind == COMPETITOR]


def _cell(call: Call, utterance: Utterance, month: str) -> dict[str, str]:
    return {
        "call": call.id,
        "deal": call.deal or call.id,
        "persona": utterance.persona,
        "stage": call.stage,
        "month": month,
    }
