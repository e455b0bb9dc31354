"""A content request to begin with: what a gap says of whom it is for, and why."""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING

from callinsight import store
from callinsight.content.requests import TOPIC
from callinsight.pipeline.gaps import get_gap
from callinsight.records import ContentRequest
from callinsight.reports.wording import Names, readable
from callinsight.taxonomy import load_taxonomy

if TYPE_CHECKING:
    from collections.abc import Iterable

    from sqlite_utils import Database

    from callinsight.config import Config
    from callinsight.records import Gap, Tag
    from callinsight.taxonomy import Taxonomy


def draft_of(db: Database, config: Config, gap_id: str = "") -> ContentRequest:
    """A request to fill in: with what a gap says, if one is named."""
    if gap_id:
        return draft_from_gap(db, config, gap_id)
    return ContentRequest(title="", requester="", created_at="")


def draft_from_gap(db: Database, config: Config, gap_id: str) -> ContentRequest:
    """A request with what a gap says: whom it is for, its evidence and deals, which type is asked for.

    What was tried already is left to whoever asks; what exists is in the brief (`existing_assets`).
    Raises InputError if there is no such gap.
    """
    gap = get_gap(db, config, gap_id)
    taxonomy = load_taxonomy(config.tagging.taxonomy)
    found = store.tags_of_turns(db, gap.evidence, ("ask", "competitor"))
    tags = [tag for tag in found if tag.status == "sure"]
    kind = _content_type(gap, tags, taxonomy)
    rivals = _by_deals(tag for tag in tags if tag.kind == "competitor")
    return ContentRequest(
        title=_title(db, gap, kind, taxonomy),
        content_type=kind,
        concern=gap.concern,
        persona=gap.persona,
        stage=gap.stage,
        gap=gap.id,
        deals=store.deals_of_turns(db, gap.evidence),
        evidence=gap.evidence,
        competitor=rivals[0] if rivals else "",
        requester="",
        created_at="",
    )


def _content_type(gap: Gap, tags: Iterable[Tag], taxonomy: Taxonomy) -> str:
    """What most deals ask for in the evidence, else what the definitions have for the stage first."""
    serving = [k.id for k in taxonomy.content_types.values() if gap.stage in k.stages]
    for ask in _by_deals(tag for tag in tags if tag.kind == "ask"):
        if ask in taxonomy.asks and not taxonomy.asks[ask].general:
            kinds = taxonomy.asks[ask].content_types
            return next((kind for kind in kinds if kind in serving), kinds[0] if kinds else "")
    return serving[0] if serving else ""


def _by_deals(tags: Iterable[Tag]) -> list[str]:
    """The labels of tags, that of most deals first."""
    deals: dict[str, set[str]] = defaultdict(set)
    for tag in tags:
        deals[tag.label].add(tag.deal)
    return sorted(deals, key=lambda label: (-len(deals[label]), label))


def _title(db: Database, gap: Gap, kind: str, taxonomy: Taxonomy) -> str:
    what = readable(kind) if kind else "Content"
    place = Names(taxonomy).place(gap.persona, gap.stage)
    return f"{what}: {concern_name(db, taxonomy, gap.concern)} ({place})"


def concern_name(db: Database, taxonomy: Taxonomy, concern: str) -> str:
    """A concern's label, or that of a theme; empty for none."""
    if not concern.startswith(TOPIC):
        return Names(taxonomy).concern(concern) if concern else ""
    labels = {str(topic.id): topic.label for topic in store.all_topics(db)}
    return labels.get(concern.removeprefix(TOPIC), concern)
