"""`callinsight review`: people say what turns say, and the tagger learns from it."""

from __future__ import annotations

import dataclasses
import itertools
from collections import defaultdict
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING

from callinsight import store
from callinsight.cluster import run_jobs
from callinsight.errors import CallInsightError, InputError, nearest
from callinsight.pipeline.content import update_gaps
from callinsight.pipeline.corrections import held
from callinsight.pipeline.run import stored_config
from callinsight.pipeline.tags import buyer_turns, tag_calls
from callinsight.progress import silent
from callinsight.records import Correction
from callinsight.sheets import sheet_text
from callinsight.tagging.corrections import (
    ASK,
    CORRECTED,
    UNDO,
    Labelling,
    holding,
    labelling_of_tags,
    most_doubtful,
    sources_of,
)
from callinsight.tagging.heads import load_heads
from callinsight.tagging.patterns import words_of
from callinsight.tagging.user_concerns import SURE
from callinsight.taxonomy import load_taxonomy

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Sequence
    from pathlib import Path

    from sqlite_utils import Database

    from callinsight.config import Config
    from callinsight.progress import Progress
    from callinsight.records import Call, Tag, Utterance
    from callinsight.tagging.encoder import Turn
    from callinsight.taxonomy import Taxonomy

LIKELY = 0.5  # of its threshold; a tag that is less sure is not put to a person
HALF = 0.5  # from here on accepting keeps what is too unsure to count
UNSURE = "unsure"  # the status of a tag that counts in no number
OTHER, OTHER_LABEL = "other", "something else"


@dataclass(frozen=True)
class Doubt:
    """A turn to ask a person about."""

    call: Call
    utterance: Utterance
    turn: Turn  # with the seller's words before
    tags: tuple[Tag, ...]  # concerns and asks, the likeliest first

    @property
    def before(self) -> Labelling:
        """What the tagger thinks."""
        return labelling_of_tags(self.tags)

    @property
    def likely(self) -> tuple[int, ...]:
        """The places of the tags that accepting keeps, unless a person says otherwise."""
        return tuple(
            place
            for place, tag in enumerate(self.tags)
            if tag.status == "sure" or tag.score >= HALF
        )

    def keeping(self, places: Collection[int]) -> Labelling:
        """What the turn says if only the tags at these places are right."""
        return labelling_of_tags([tag for at, tag in enumerate(self.tags) if at in places])


@dataclass(frozen=True)
class Review:
    """The turns to ask about, and what may be said of them."""

    doubts: tuple[Doubt, ...]
    concerns: dict[str, str]  # id to label
    asks: dict[str, str]  # likewise


@dataclass(frozen=True)
class Changed:
    """What tagging anew has changed."""

    tags: int  # that came, went, or have another stance or status
    calls: int


@dataclass(frozen=True)
class Past:
    """A correction, and what has become of it."""

    correction: Correction
    state: str  # holds | replaced | undone | no longer fits


def open_review(db: Database, config: Config, *, limit: int, concern: str = "") -> Review:
    """The turns whose answers tell most, no two with the same words, none that is answered already.

    Raises InputError for a concern that the definitions do not have.
    """
    taxonomy = load_taxonomy(config.tagging.taxonomy)
    choices = choices_of(taxonomy)
    if concern and concern not in taxonomy.concerns:
        known = list(taxonomy.concerns)
        hint = nearest(concern, known) or f"; it must be one of {', '.join(known)}"
        raise InputError(f"there is no concern '{concern}' in the definitions{hint}")
    heads = load_heads()
    learnt = map(float, heads.thresholds_for(config.tagging.precision))
    thresholds = {
        **dict.fromkeys(taxonomy.concerns, SURE),  # those of the user's own
        **dict(zip(heads.concerns, learnt, strict=True)),
        ASK: heads.ask_threshold,
    }
    doubts = itertools.islice(_doubts(db, taxonomy, thresholds, concern), limit)
    return dataclasses.replace(choices, doubts=tuple(doubts))


def choices_of(taxonomy: Taxonomy) -> Review:
    """What may be said of any turn, without one to ask about."""
    return Review(
        doubts=(),
        concerns={concern.id: concern.label for concern in taxonomy.concerns.values()},
        asks={ask.id: ask.label for ask in taxonomy.asks.values()} | {OTHER: OTHER_LABEL},
    )


def turn_to_correct(db: Database, utterance: str) -> Doubt:
    """Any turn that may be a buyer's, in doubt or not, with the tags of it that count.

    Raises InputError for a turn that is not there (any more) or is our side's.
    """
    said = store.utterances_by_id(db, [utterance]).get(utterance)
    if said is None:
        raise InputError(f"there is no turn '{utterance}' any more; open its call again")
    call = store.get_call(db, said.call)
    assert call is not None  # a turn without its call cannot be stored
    if call.is_closed:
        raise InputError("there is no consent to use this call, so its words are closed")
    turns = buyer_turns(store.utterances_of(db, said.call))
    found = next((pair for pair in turns if pair[0].id == utterance), None)
    if found is None:
        raise InputError(
            f"{said.speaker} speaks for our side here, and only buyers' words are tagged; "
            "if that is wrong, mend whose turn it is first"
        )
    return Doubt(call, *found, counting_tags(db, utterance))


def counting_tags(db: Database, utterance: str) -> tuple[Tag, ...]:
    """The concerns and asks of a turn that are not too unsure to count, the likeliest first."""
    tags = [tag for tag in store.tags_of_turn(db, utterance) if tag.kind in CORRECTED]
    return tuple(sorted((tag for tag in tags if tag.status != UNSURE), key=_likeliest))


def decide(db: Database, doubt: Doubt, after: Labelling, *, who: str, at: str) -> int:
    """Keep what a person says of a turn, in place of what the tagger thinks; its number."""
    action = "change"
    if after == Labelling():
        action = "reject"
    elif after in (doubt.before, doubt.keeping(doubt.likely)):
        action = "accept"
    correction = Correction(
        call=doubt.call.id,
        utterance=doubt.utterance.id,
        context=doubt.turn.context,
        text=doubt.turn.text,
        at=at,
        who=who,
        action=action,
        before=doubt.before.text,
        after=after.text,
    )
    with store.transaction(db):
        return store.add_correction(db, correction).id


def undo(db: Database, number: int, *, who: str, at: str) -> None:
    """Take a correction back; it stays in the history. Raises InputError if it does not hold."""
    correction = {c.id: c for c in holding(store.all_corrections(db))}.get(number)
    if correction is None:
        raise InputError(
            f"there is no correction {number} to take back; the history ('callinsight review list') has them"
        )
    taken_back = Correction(
        call=correction.call,
        utterance=correction.utterance,
        context=correction.context,
        text=correction.text,
        at=at,
        who=who,
        action=UNDO,
        undoes=correction.id,
        before=correction.after,
        after=correction.before,
    )
    with store.transaction(db):
        store.add_correction(db, taken_back)


def relearn(db: Database, config: Config, *, progress: Progress) -> Changed:
    """Tag all calls anew with what people said, and count the gaps anew."""
    taxonomy = load_taxonomy(config.tagging.taxonomy)
    before = _tags(db)
    tag_calls(db, config, taxonomy, progress=progress)
    after = _tags(db)
    update_gaps(db, config, taxonomy, progress=progress)
    changed = {key for key, _ in before.items() ^ after.items()}
    return Changed(len(changed), len({call for call, *_ in changed}))


def relearn_apart(database: Path) -> Changed:
    """`relearn` in a process of its own, so that a server stays small and goes on answering.

    Raises CallInsightError.
    """
    ((_, changed),) = run_jobs(_relearn_file, [database], workers=1)
    if isinstance(changed, CallInsightError):
        raise changed
    return changed


def _relearn_file(database: Path) -> Changed:
    with store.opened(database) as db:
        return relearn(db, stored_config(db), progress=silent)


def history(db: Database, config: Config) -> list[Past]:
    """All corrections in the order they were made, and what has become of each."""
    taxonomy = load_taxonomy(config.tagging.taxonomy)
    corrections = store.all_corrections(db)
    undone = {correction.undoes for correction in corrections}
    last = {correction.id for correction in holding(corrections)}
    fitting = {correction.id for correction in _held(db, taxonomy).values()}

    def state(correction: Correction) -> str:
        if correction.action == UNDO:
            return ""
        if correction.id in undone:
            return "undone"
        if correction.id not in last:
            return "replaced"
        return "holds" if correction.id in fitting else "no longer fits"

    return [Past(correction, state(correction)) for correction in corrections]


def history_sheet(past: Sequence[Past]) -> str:
    """What people said of turns, as CSV; no words of a call are taken for a formula."""
    columns = ("at", "who", "action", "call", "utterance", "before", "after", "text")
    rows = [[*(getattr(one.correction, name) for name in columns), one.state] for one in past]
    return sheet_text([*columns, "state"], rows)


def _doubts(
    db: Database, taxonomy: Taxonomy, thresholds: dict[str, float], concern: str
) -> Iterator[Doubt]:
    doubtful = most_doubtful(
        sources_of(
            thresholds, [*taxonomy.asks, OTHER], partial(store.tags_from, db), concern=concern
        ),
        thresholds,
        tags_of=partial(store.tags_of_turn, db),
        counts_anyway=partial(store.counts_anyway, db),
        concern=concern,
        without=set(_held(db, taxonomy)),
    )
    seen = set()
    for utterance in doubtful:
        own = [tag for tag in store.tags_of_turn(db, utterance) if tag.kind in CORRECTED]
        call = store.get_call(db, own[0].call)
        assert call is not None  # a tag without its call cannot be stored
        said = buyer_turns(store.utterances_of(db, call.id))
        here, turn = next(pair for pair in said if pair[0].id == utterance)
        words = " ".join(words_of(turn.text))
        if words not in seen:
            seen.add(words)
            yield Doubt(call, here, turn, _shown(sorted(own, key=_likeliest), thresholds))


def _shown(tags: list[Tag], thresholds: dict[str, float]) -> tuple[Tag, ...]:
    """What is put to a person: what may well be so, the likeliest first, and one at the least."""
    likely = [
        tag
        for tag in tags
        if tag.status == "sure"
        or tag.score >= LIKELY * thresholds[ASK if tag.kind == ASK else tag.label]
    ]
    return tuple(likely or tags[:1])


def _held(db: Database, taxonomy: Taxonomy) -> dict[str, Correction]:
    """The corrections that hold and fit, by the utterance they are about."""
    made: dict[str, list[Correction]] = defaultdict(list)
    for correction in store.all_corrections(db):
        made[correction.call].append(correction)
    return {
        utterance: correction
        for call, corrections in made.items()
        for utterance, (correction, _) in held(
            corrections, buyer_turns(store.utterances_of(db, call)), taxonomy
        ).items()
    }


def _tags(db: Database) -> dict[tuple[str, str, str, str], tuple[str, str]]:
    """What each tag says, by the call, utterance, kind and label it is of."""
    return {
        (tag.call, tag.utterance, tag.kind, tag.label): (tag.stance, tag.status)
        for tag in store.tags_of_kinds(db, CORRECTED)
    }


def _likeliest(tag: Tag) -> tuple[bool, float, str]:
    return tag.kind == "ask", -tag.score, tag.label
