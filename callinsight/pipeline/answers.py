"""What buyers ask for in calls and which assets answer it; which demand an asset answers."""

from __future__ import annotations

import hashlib
from collections import defaultdict
from dataclasses import dataclass
from typing import TYPE_CHECKING

from callinsight import store
from callinsight.content.matching import ANY, obstacles
from callinsight.content.suggestions import in_bulk
from callinsight.content.supply import answers, shelve, with_topics
from callinsight.errors import InputError
from callinsight.pipeline.content import window_of
from callinsight.pipeline.drafts import concern_name
from callinsight.records import DEMAND_STANCES, UNKNOWN, ContentRequest, UsageEvent
from callinsight.reports.asks import SENDING
from callinsight.reports.wording import Names, readable
from callinsight.taxonomy import load_taxonomy

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from datetime import date

    from sqlite_utils import Database

    from callinsight.config import Config
    from callinsight.content.supply import Shelf
    from callinsight.records import Call, ContentItem, Gap, Tag, Utterance
    from callinsight.taxonomy import Taxonomy

OFFERED = 3  # assets for one wish
PAGE = "page"  # the source of what people do on pages
LINK = "link"  # the channel of a link that is copied
PROVEN = ("gap", "weak", "covered")


@dataclass(frozen=True, kw_only=True)
class Wish:
    """What a buyer raises or asks for in a call, and what may answer it."""

    call: Call
    turns: tuple[Utterance, ...]  # in which it is said
    concern: str  # id; empty where material is asked for and no concern is raised
    stance: str  # objection | question | none
    asks: tuple[str, ...]  # kinds of material that are asked for
    persona: str
    stage: str
    assets: tuple[ContentItem, ...]  # that answer it, the best first
    sent: UsageEvent | None  # the last of them that went to the deal since


@dataclass(frozen=True, kw_only=True)
class Answered:
    """A cell of demand that an asset names, and what keeps the asset from answering it."""

    gap: Gap
    obstacles: tuple[str, ...]


def wishes_in(
    db: Database, calls: Sequence[Call], *, shelf: Shelf, taxonomy: Taxonomy
) -> list[Wish]:
    """What buyers surely raise as an objection or question, or ask to be sent, call by call.

    `shelf` is the inventory that may answer it.
    """
    sent: dict[str, list[UsageEvent]] = defaultdict(list)
    deal_of = {call.id: call.deal for call in calls}
    for event in store.events_of_deals(db, [call.deal for call in calls]):
        if event.event in SENDING:
            sent[event.deal or deal_of.get(event.call, "")].append(event)
    wishes = []
    for call in calls:
        tags = [tag for tag in store.tags_of_call(db, call.id) if tag.status == "sure"]
        turns = {turn.id: turn for turn in store.utterances_of(db, call.id)} if tags else {}
        went = sent.get(call.deal, [])
        wishes += [_wish(call, found, turns, shelf, taxonomy, went) for found in _gathered(tags)]
    return wishes


def shelf_of(db: Database, config: Config, as_of: date) -> Shelf:
    """The inventory as it stands on a day, with what people judged."""
    topics = [topic for topic in store.all_topics(db) if topic.status == "active"]
    return shelve(
        with_topics(store.all_items(db), topics),
        store.all_judgements(db),
        used=store.items_used(db, *window_of(config, as_of)),
        bulk=in_bulk(store.all_suggestions(db)),
        as_of=as_of,
    )


def demand_for(shelf: Shelf, item: ContentItem, gaps: Iterable[Gap]) -> list[Answered]:
    """The cells with proven demand that an asset names or was judged by, those it answers first."""
    named = {*shelf.items[item.id].concerns}
    judged = {c for c, places in shelf.judged.items() if any(key[2] == item.id for key in places)}
    found = []
    for gap in gaps:
        if gap.verdict not in PROVEN or gap.concern not in named | judged:
            continue
        near = answers(shelf, gap.concern, gap.persona, gap.stage)
        found += [Answered(gap=gap, obstacles=m.obstacles) for m in near if m.item.id == item.id]
    return sorted(found, key=lambda one: (bool(one.obstacles), -one.gap.score, one.gap.id))


def answered_by(shelf: Shelf, gaps: Iterable[Gap]) -> dict[str, list[Gap]]:
    """The cells with proven demand that each asset answers, by asset; roll-ups are left out."""
    found: dict[str, list[Gap]] = defaultdict(list)
    for gap in gaps:
        if gap.verdict in PROVEN and gap.persona != ANY:
            for match in answers(shelf, gap.concern, gap.persona, gap.stage):
                if not match.obstacles:
                    found[match.item.id].append(gap)
    return dict(found)


def draft_from_turn(db: Database, config: Config, utterance: str) -> ContentRequest:
    """A request with what one buyer said; raises InputError if there is no such turn."""
    said = store.utterances_by_id(db, [utterance]).get(utterance)
    call = store.get_call(db, said.call) if said else None
    if said is None or call is None:
        raise InputError(f"there is no turn '{utterance}' in any call; choose another excerpt")
    taxonomy = load_taxonomy(config.tagging.taxonomy)
    tags = [tag for tag in store.tags_of_turn(db, utterance) if tag.status == "sure"]
    concern = next((tag.label for tag in tags if tag.kind == "concern"), "")
    asks = [taxonomy.asks[tag.label] for tag in tags if tag.label in taxonomy.asks]
    kind = next((types.content_types[0] for types in asks if types.content_types), "")
    persona, stage = _known(said.persona), _known(call.stage)
    about = concern_name(db, taxonomy, concern)
    place = Names(taxonomy).place(persona or ANY, stage or ANY)
    return ContentRequest(
        title=f"{readable(kind) if kind else 'Content'}: {about} ({place})" if about else "",
        content_type=kind,
        concern=concern,
        persona=persona,
        stage=stage,
        deals=(call.deal,) if call.deal else (),
        evidence=(utterance,),
        competitor=next((tag.label for tag in tags if tag.kind == "competitor"), ""),
        requester="",
        created_at="",
    )


def copy_link(
    db: Database, item: str, *, who: str, now: str, deal: str = "", call: str = ""
) -> UsageEvent:
    """Keep that somebody took an asset's link to send it; raises InputError without such an asset."""
    if item not in {asset.id for asset in store.all_items(db)}:
        raise InputError(f"there is no asset '{item}' in the inventory any more")
    known = store.get_call(db, call) if call else None
    event = UsageEvent(
        id=hashlib.sha256("\x1f".join((PAGE, item, now, who, deal, call)).encode()).hexdigest()[
            :16
        ],
        item=item,
        occurred_at=now,
        event="share",
        actor=who,
        deal=known.deal if known else deal,
        call=known.id if known else "",
        channel=LINK,
        source=PAGE,
    )
    with store.transaction(db):
        store.add_event(db, event)
    return event


def _gathered(tags: Iterable[Tag]) -> list[list[Tag]]:
    """The tags of a call by what is wanted: a concern of a persona with what is asked beside it.

    What is asked where no concern is raised stands by itself.
    """
    by_turn: dict[str, list[Tag]] = defaultdict(list)
    for tag in tags:
        by_turn[tag.utterance].append(tag)
    wanted: dict[tuple[str, str], list[Tag]] = defaultdict(list)
    for _, found in sorted(by_turn.items()):
        asks = [tag for tag in found if tag.kind == "ask"]
        raised = [
            tag for tag in found if tag.kind == "concern" and (tag.stance in DEMAND_STANCES or asks)
        ]
        for tag in raised:
            wanted[tag.label, tag.persona] += [tag, *asks]
        if not raised:
            for tag in asks:
                wanted[f"ask:{tag.label}", tag.persona].append(tag)
    return list(wanted.values())


def _wish(
    call: Call,
    tags: Sequence[Tag],
    turns: Mapping[str, Utterance],
    shelf: Shelf,
    taxonomy: Taxonomy,
    sent: Iterable[UsageEvent],
) -> Wish:
    concern = next((tag.label for tag in tags if tag.kind == "concern"), "")
    stances = {tag.stance for tag in tags if tag.kind == "concern"}
    asks = tuple(dict.fromkeys(tag.label for tag in tags if tag.kind == "ask"))
    persona, stage = _known(tags[0].persona), _known(call.stage)
    types = [t for ask in asks if ask in taxonomy.asks for t in taxonomy.asks[ask].content_types]
    assets = _assets(shelf, concern, persona or ANY, stage or ANY, types)
    ids = dict.fromkeys(tag.utterance for tag in tags)
    went = [e for e in sent if e.item in {a.id for a in assets}]
    since = [e for e in went if e.occurred_at[:10] >= call.recorded_at[:10]]
    return Wish(
        call=call,
        turns=tuple(turns[id_] for id_ in ids if id_ in turns),
        concern=concern,
        stance=next((s for s in DEMAND_STANCES if s in stances), "none"),
        asks=asks,
        persona=persona,
        stage=stage,
        assets=assets,
        sent=since[-1] if since else None,
    )


def _assets(
    shelf: Shelf, concern: str, persona: str, stage: str, types: Sequence[str]
) -> tuple[ContentItem, ...]:
    """What answers a concern, what is of the type that is asked for first; else any of that type."""
    if concern:
        found = [m.item for m in answers(shelf, concern, persona, stage) if not m.obstacles]
        found.sort(key=lambda item: item.content_type not in types)
    else:
        found = [
            item
            for item in shelf.items.values()
            if item.content_type in types and not obstacles(item, persona, stage, shelf.as_of)
        ]
    return tuple(shelf.items[item.id] for item in found[:OFFERED])


def _known(id_: str) -> str:
    return "" if id_ == UNKNOWN else id_
