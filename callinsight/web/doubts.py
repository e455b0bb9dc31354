"""The turns that the tagger is least sure of, found once for many visits."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING

from callinsight import store
from callinsight.pipeline.review import Doubt, Review, open_review
from callinsight.pipeline.tags import STAGE
from callinsight.tagging.corrections import holding

if TYPE_CHECKING:
    from sqlite_utils import Database

    from callinsight.config import Config

ROUND = 50  # turns


class Doubts:
    """A round of doubts for each concern, until calls are read anew or the round is answered."""

    def __init__(self) -> None:
        """Nothing is looked for yet."""
        self._rounds: dict[str, tuple[str, Review]] = {}
        self._lock = threading.Lock()

    def round(self, db: Database, config: Config, concern: str) -> Review:
        """The turns to ask about, answered ones among them; raises InputError."""
        read_at = store.last_finished(db, STAGE)
        with self._lock:
            known = self._rounds.get(concern)
            if known and known[0] == read_at and not _is_over(known[1], answered(db)):
                return known[1]
            found = open_review(db, config, limit=ROUND, concern=concern)
            self._rounds[concern] = read_at, found
            return found

    def waiting(self, db: Database, review: Review) -> list[Doubt]:
        """The turns of a round that nobody has answered."""
        spoken_of = answered(db)
        return [doubt for doubt in review.doubts if doubt.utterance.id not in spoken_of]

    def find(self, db: Database, config: Config, concern: str, utterance: str) -> Doubt | None:
        """One turn of the round."""
        doubts = self.round(db, config, concern).doubts
        return next((doubt for doubt in doubts if doubt.utterance.id == utterance), None)


def answered(db: Database) -> set[str]:
    """The utterances that people spoke of."""
    return {correction.utterance for correction in holding(store.all_corrections(db))}


def _is_over(review: Review, spoken_of: set[str]) -> bool:
    return all(doubt.utterance.id in spoken_of for doubt in review.doubts)
