"""`callinsight inventory suggest`: tags for assets without any, which people accept or reject."""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING, NamedTuple

from callinsight import store
from callinsight.config import SETTINGS, GapsConfig, TaggingConfig
from callinsight.content.demand import shares_of
from callinsight.content.inventory import changes
from callinsight.content.suggestions import (
    ACCEPTED,
    FIELDS,
    PROPOSED,
    REJECTED,
    Counted,
    Heard,
    fill,
    is_blank,
    suggest,
    text_of,
    without,
)
from callinsight.errors import InputError, nearest
from callinsight.pipeline.content import raised_in, usable_calls
from callinsight.pipeline.inventory import definitions, get_item
from callinsight.pipeline.run import stored_config
from callinsight.pipeline.tag import read_turns
from callinsight.pipeline.tagger import load_tagger, tagger_models
from callinsight.records import Suggestion
from callinsight.tagging.encoder import Turn
from callinsight.tagging.heads import load_heads
from callinsight.tagging.patterns import PhraseMatcher
from callinsight.taxonomy import DEFAULT_TAXONOMY

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from sqlite_utils import Database

    from callinsight.records import ContentItem
    from callinsight.taxonomy import Taxonomy


class Proposed(NamedTuple):
    """What is proposed, and from what."""

    suggestions: list[Suggestion]
    basis: str  # in words


def propose(db: Database, *, fetch: Callable[[list[str]], None]) -> Proposed:
    """Propose concerns, personas and stages for assets without; the proposals, now in the database."""
    taxonomy = definitions(db)
    blank = [item for item in store.all_items(db) if is_blank(item, taxonomy)]
    if blank:
        fetch(tagger_models(taxonomy))
    counted, deals = counted_in(db)
    found = suggest(
        blank,
        heard_in(blank, taxonomy) if blank else {},
        taxonomy,
        counted=counted,
        cues=cues_in(blank, taxonomy),
        answered=store.all_suggestions(db),
    )
    with store.transaction(db):
        store.drop_proposed(db)
        store.save_suggestions(db, found)
    return Proposed(found, _basis(deals, counted.min_deals))


def counted_in(db: Database) -> tuple[Counted, int]:
    """Who raises which concern and at which stage, in all calls; and in how many deals any is raised."""
    gaps = stored_config(db).gaps if store.setting(db, SETTINGS) is not None else GapsConfig()
    raised = raised_in(db, [call.id for call in usable_calls(db)])
    counted = Counted(
        personas=shares_of(raised, "persona"),
        stages=shares_of(raised, "stage"),
        min_deals=gaps.min_deals,
        min_share=gaps.min_share,
    )
    return counted, len({one.deal for one in raised})


def _basis(deals: int, least: int) -> str:
    """What personas and stages are proposed from."""
    if not deals:
        return (
            "No calls are counted yet: personas are not proposed, and stages only from what titles "
            "and summaries say. Propose again once 'callinsight run PIPELINE.toml' has read calls."
        )
    return (
        f"Personas and stages are counted in {deals:,} {'deal' if deals == 1 else 'deals'}; a concern "
        f"that fewer than {least:,} raise says neither."
    )


def cues_in(items: Iterable[ContentItem], taxonomy: Taxonomy) -> dict[str, dict[str, str]]:
    """By asset, the stages that its words speak of, and in which words."""
    phrases = {stage.id: stage.cues for stage in taxonomy.stages.values() if stage.cues}
    matcher = PhraseMatcher(phrases)
    return {
        item.id: {
            stage: "says “" + "”, “".join(words) + "”"
            for stage, words in matcher.find(text_of(item)).items()
        }
        for item in items
    }


def heard_in(items: Sequence[ContentItem], taxonomy: Taxonomy) -> dict[str, list[Heard]]:
    """The concerns that the tagger sees in the words of assets, by id."""
    tagger = load_tagger(TaggingConfig(taxonomy=DEFAULT_TAXONOMY), taxonomy, load_heads())
    readings = read_turns(tagger, [Turn("", text_of(item)) for item in items])
    return {
        item.id: [Heard(one.label, one.score, _why(one.why)) for one in reading.concerns]
        for item, reading in zip(items, readings, strict=True)
    }


def answer(
    db: Database, asset: str, said: Iterable[str], *, accepted: bool, who: str, now: str
) -> list[Suggestion]:
    """Accept or reject what is proposed of an asset: all of it, or `FIELD=VALUE` each.

    What was accepted among many has been looked at now. A value that was never proposed may be
    accepted too. Raises InputError.
    """
    item = get_item(db, asset)
    known = {(s.field, s.value): s for s in store.all_suggestions(db) if s.item == item.id}
    wanted = [_pair(text, definitions(db)) for text in said]
    meant = wanted or [key for key, s in known.items() if s.status == PROPOSED or s.in_bulk]
    if not meant:
        raise InputError(
            f"nothing is proposed of '{item.id}'; 'callinsight inventory suggest' proposes, or name a "
            f"value, such as concerns=price_budget"
        )
    status = ACCEPTED if accepted else REJECTED
    answered = [
        dataclasses.replace(
            known.get(key)
            or Suggestion(item=item.id, field=key[0], value=key[1], score=1.0, why=""),
            status=status,
            who=who,
            at=now,
            in_bulk=False,
        )
        for key in meant
    ]
    after = _after(item, known.values(), answered)
    with store.transaction(db):
        store.save_suggestions(db, answered)
        store.save_items(db, [after])
        store.add_item_changes(db, changes([item], [after], at=now, by=who or "accepted"))
    return answered


def accept_all(
    db: Database, *, at_least: float, who: str, now: str, dry_run: bool = False
) -> list[Suggestion]:
    """Accept every proposal that is at least so likely; with `dry_run` only say which those are.

    Raises InputError if there is none.
    """
    items = {item.id: item for item in store.all_items(db)}
    meant = [
        one
        for one in store.all_suggestions(db)
        if one.status == PROPOSED and one.score >= at_least and one.item in items
    ]
    if not meant:
        raise InputError(
            f"nothing is proposed that is at least {at_least:g} likely; 'callinsight inventory "
            "suggestions' lists what is, 'callinsight inventory suggest' proposes anew"
        )
    if dry_run:
        return meant
    accepted = [
        dataclasses.replace(one, status=ACCEPTED, who=who, at=now, in_bulk=True) for one in meant
    ]
    before = [items[id_] for id_ in sorted({one.item for one in accepted})]
    after = fill(before, accepted)
    with store.transaction(db):
        store.save_suggestions(db, accepted)
        store.save_items(db, after)
        store.add_item_changes(db, changes(before, after, at=now, by=who or "accepted"))
    return accepted


def _after(
    item: ContentItem, before: Iterable[Suggestion], answered: Iterable[Suggestion]
) -> ContentItem:
    """The asset with what was accepted, without what was accepted once and is now rejected."""
    accepted = {(s.field, s.value) for s in before if s.status == ACCEPTED}
    answered = list(answered)
    for one in answered:
        if one.status == REJECTED and (one.field, one.value) in accepted:
            item = without(item, one.field, one.value)
    return fill([item], answered)[0]


def _pair(text: str, taxonomy: Taxonomy) -> tuple[str, str]:
    field, _, value = (part.strip() for part in text.partition("="))
    if field not in FIELDS or not value:
        raise InputError(
            f"'{text}' is no FIELD=VALUE; write {', '.join(FIELDS[:-1])} or {FIELDS[-1]}, and a value, "
            "such as concerns=price_budget"
        )
    words: dict[str, Iterable[str]] = {
        "concerns": taxonomy.concerns,
        "personas": taxonomy.personas,
        "stages": taxonomy.stages,
    }
    known = list(words[field])
    if value not in known:
        hint = nearest(value, known) or f"; it must be one of {', '.join(known)}"
        raise InputError(f"'{value}' is none of your {field}{hint}")
    return field, value


def _why(why: str) -> str:
    """The phrases behind a tag; what it is like among turns of calls says nothing of an asset."""
    return why if why.startswith("says") else ""
