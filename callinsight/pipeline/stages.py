"""The step from what was said to the buying stage of a call, where the CRM does not say it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from callinsight import store
from callinsight.config import settings_hash
from callinsight.records import CRM, INFERRED, UNKNOWN
from callinsight.tagging.stages import StageCues, load_stages, phrases_of

if TYPE_CHECKING:
    from sqlite_utils import Database

    from callinsight.records import Call
    from callinsight.taxonomy import Taxonomy

STAGE = "stages"
EDITION = 1  # raise it when the same words give another stage


def infer_stages(db: Database, taxonomy: Taxonomy, *, only: str = "") -> None:
    """Infer the stage of every call without one from the CRM whose words or phrases have changed.

    `only` is the id of one call to look at.

    Where the taxonomy lacks a stage that the head knows, none is inferred.
    """
    head = load_stages()
    calls = store.some_calls(db, only)
    readable = {call.id for call in calls if call.is_read} if head.fits(taxonomy) else set()
    base = settings_hash(EDITION, head.digest(), phrases_of(taxonomy))
    cues: StageCues | None = None
    for call in calls:
        if call.stage_source == CRM:
            continue
        if call.id not in readable:
            _forget(db, call)
            continue
        turns = [utterance.text for utterance in store.utterances_of(db, call.id)]
        hash_ = settings_hash(base, turns)
        if call.stage_probability and store.is_done(db, STAGE, call.id, hash_):
            continue
        cues = cues or StageCues(taxonomy)
        stage, probability = head.stage_of(cues.count(turns))
        source = UNKNOWN if stage == UNKNOWN else INFERRED
        with store.transaction(db):
            store.save_stage(db, call.id, stage, source, probability)
            store.record_run(db, STAGE, call.id, hash_)


def _forget(db: Database, call: Call) -> None:
    if call.stage_probability:
        with store.transaction(db):
            store.save_stage(db, call.id, UNKNOWN, UNKNOWN, 0.0)
            store.forget_run(db, STAGE, call.id)
