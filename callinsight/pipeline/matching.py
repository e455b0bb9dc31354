"""`callinsight inventory match`: how one cell of demand is answered, and what people say of it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from callinsight import store, weights
from callinsight.content.ranking import Answer, answer, likeness, without_denied
from callinsight.content.suggestions import in_bulk, text_of
from callinsight.content.supply import DENIED, TOPIC, answers, shelve, with_topics
from callinsight.errors import InputError, WeightsError
from callinsight.months import period_of
from callinsight.pipeline.answers import shelf_of
from callinsight.pipeline.content import window_of
from callinsight.pipeline.embedding import vectors_of
from callinsight.pipeline.gaps import get_gap
from callinsight.pipeline.inventory import definitions, get_item
from callinsight.pipeline.run import stored_config
from callinsight.records import Judgement
from callinsight.reports.demand import told_by
from callinsight.reports.wording import Names
from callinsight.tagging.embed import text_hash

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from datetime import date

    from numpy.typing import NDArray
    from sqlite_utils import Database

    from callinsight.content.ranking import Likeness
    from callinsight.records import ContentItem, Gap
    from callinsight.taxonomy import Taxonomy


def match_gap(db: Database, gap_id: str, *, as_of: date | None = None) -> tuple[Gap, Answer]:
    """A cell as pages show it, and what there is for it as of a day, else its period's last.

    Raises InputError.

    Without the model's weights candidates are ranked by words alone.
    """
    config = stored_config(db)
    gap = get_gap(db, config, gap_id)
    day = as_of or period_of(gap.month).last
    items = with_topics(store.all_items(db), store.all_topics(db))
    used = store.items_used(
        db, *window_of(config, day), confidence=config.content.mention_confidence
    )
    bulk = in_bulk(store.all_suggestions(db))
    shelf = shelve(items, store.all_judgements(db), used=used, bulk=bulk, as_of=day)
    matches = answers(shelf, gap.concern, gap.persona, gap.stage)
    ranks = ranks_of(db, gap, items, definitions(db))
    return gap, answer(matches, items, ranks, denied=without_denied(matches, DENIED))


def ranks_of(
    db: Database, gap: Gap, items: Sequence[ContentItem], taxonomy: Taxonomy
) -> dict[str, Likeness]:
    """How like the cell each asset is: its description, and what buyers say in it."""
    texts = {item.id: text_of(item) for item in items}
    told = describe(db, gap, taxonomy)
    said = [turn.text for turn in store.utterances_by_id(db, gap.evidence).values()]
    query = " ".join((told, *said))
    try:
        weights.folder(weights.EMBEDDING)
    except WeightsError:
        return likeness(texts, query)
    vectors = vectors_of(db, [*texts.values(), told, *said])
    return likeness(
        texts,
        query,
        vectors={id_: vectors[text_hash(text)] for id_, text in texts.items()},
        described=vectors[text_hash(told)],
        said=_stacked([vectors[text_hash(text)] for text in said]),
    )


def describe(db: Database, gap: Gap, taxonomy: Taxonomy) -> str:
    """A cell in words: what is asked, by whom, at which stage."""
    if gap.concern.startswith(TOPIC):
        topics = {f"{TOPIC}{topic.id}": topic for topic in store.all_topics(db)}
        topic = topics.get(gap.concern)
        told = f"{topic.label}. {topic.terms.replace(';', ', ')}." if topic else gap.concern
    else:
        concern = taxonomy.concerns.get(gap.concern)
        told = f"{concern.label}. {concern.description}" if concern else gap.concern
    stage = taxonomy.stages.get(gap.stage)
    return " ".join(
        filter(None, (told, taxonomy.personas.get(gap.persona), stage.label if stage else ""))
    )


def judge(
    db: Database, gap_id: str, asset: str, *, answers_it: bool, who: str, now: str
) -> Judgement:
    """Keep a person's word on whether an asset answers a cell; it outranks tags and models."""
    gap = get_gap(db, stored_config(db), gap_id)
    item = get_item(db, asset)
    if answers_it and item.status == "archived":
        raise InputError(
            f"{item.id} is archived, so that it answers nothing, whatever people say; set its "
            "status to live in the inventory and import it, or confirm another asset"
        )
    said = Judgement(
        concern=gap.concern,
        persona=gap.persona,
        stage=gap.stage,
        item=item.id,
        answers=answers_it,
        who=who,
        at=now,
    )
    with store.transaction(db):
        store.add_judgement(db, said)
    return said


def judged_of(db: Database, gap: Gap) -> dict[str, Judgement]:
    """People's latest word on each asset in a cell."""
    cell = (gap.concern, gap.persona, gap.stage)
    said = store.all_judgements(db)
    return {one.item: one for one in said if (one.concern, one.persona, one.stage) == cell}


def judged_words(db: Database, gap: Gap) -> dict[str, str]:
    """What people last said of each asset in a cell, in words."""
    return {item: told_by(said) for item, said in judged_of(db, gap).items()}


def match_lines(db: Database, gap: Gap, found: Answer) -> Iterator[str]:
    """What there is for a cell and what people said of it, for a terminal."""
    names, judged = Names(definitions(db)), judged_words(db, gap)
    yield f"{gap.id}: {gap.verdict}"
    yield f"Supply: {found.supply}, {names.sentence(found.reason)}"
    for match in found.candidates:
        said = judged.pop(match.item.id, "")
        told = f"{match.item.id}  {match.item.title}: {names.sentence(match.told)}"
        yield f"  {told}{f'; {said}' if said else ''}"
    for item, said in sorted(judged.items()):
        yield f"  {item}: {said}"


def why_not(db: Database, gap_id: str, asset: str) -> tuple[str, ...]:
    """What keeps an asset from counting for a cell as it stands at the end of its period."""
    config = stored_config(db)
    gap = get_gap(db, config, gap_id)
    found = answers(
        shelf_of(db, config, period_of(gap.month).last), gap.concern, gap.persona, gap.stage
    )
    return next((match.obstacles for match in found if match.item.id == asset), ())


def _stacked(vectors: Sequence[NDArray[np.float32]]) -> NDArray[np.float32] | None:
    return np.stack(vectors) if vectors else None
