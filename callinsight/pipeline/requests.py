"""Content requests: from a gap or an idea to the asset that answers it.

Each function takes the database, the settings (`run.request_settings`), who does it and the moment it
is done. None of them tells anybody: `notices.tell` does, after the request is kept.
"""

from __future__ import annotations

import dataclasses
import re
from collections import defaultdict
from datetime import date
from typing import TYPE_CHECKING

from callinsight import store
from callinsight.config import DELIVER_DAYS
from callinsight.content.effects import effect_of
from callinsight.content.listing import effect_words
from callinsight.content.matching import ANY, obstacles
from callinsight.content.requests import (
    OPEN,
    SAME_TITLE,
    SAME_WORDS,
    STATES,
    TOPIC,
    advance,
    as_it_stood,
    check_vote,
    checked,
    fields_tell,
    lines_of,
    one_line,
    same_cell,
    shown,
    words_in_common,
)
from callinsight.content.sla import OF_SALES, Promises, business_days, clocks, day_of, running
from callinsight.errors import InputError, nearest
from callinsight.months import month_of
from callinsight.pipeline.embedding import has_embedder, passing_vectors
from callinsight.records import ContentRequest, RequestEvent
from callinsight.reports.requests import RequestLine
from callinsight.reports.wording import Names
from callinsight.taxonomy import load_taxonomy

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from sqlite_utils import Database

    from callinsight.config import Config
    from callinsight.content.effects import Effect
    from callinsight.content.sla import Clock


RECENT_DAYS = 183  # a report speaks of deliveries of the last half year
MONTH = re.compile(r"\d{4}-\d\d")


class DuplicateError(InputError):
    """Somebody has asked for much the same; `requests` are those, the most similar first."""

    def __init__(self, requests: Sequence[ContentRequest]) -> None:
        """Name them, and what to do."""
        self.names = "; ".join(f"{shown(one.id)} '{one.title}'" for one in requests)
        first = shown(requests[0].id)
        super().__init__(
            f"this is asked for already: {self.names}; vote for it with 'callinsight requests vote "
            f"{first}', or add --anyway to ask for it all the same"
        )
        self.requests = tuple(requests)


# Asking


def new_request(
    db: Database,
    config: Config,
    draft: ContentRequest,
    *,
    who: str,
    now: str,
    anyway: bool = False,
) -> ContentRequest:
    """Keep a request; it comes back with its number.

    Raises InputError naming the field that cannot be, and DuplicateError where somebody has asked
    for much the same, unless `anyway`.
    """
    who = _named(who)
    taxonomy = load_taxonomy(config.tagging.taxonomy)
    topics = {topic.id for topic in store.all_topics(db)}
    request = checked(draft, taxonomy, topics, today=day_of(now, config.zone))
    _check_evidence(db, request)
    if not anyway and (alike := similar_requests(db, request)):
        raise DuplicateError(alike)
    request = dataclasses.replace(
        request, id=0, requester=who, created_at=now, state="new", item="", votes=0
    )
    with store.transaction(db):
        kept = store.add_request(db, request)
        event = RequestEvent(request=kept.id, at=now, who=who, event="new")
        store.add_request_event(db, event)
    return kept


def similar_requests(
    db: Database, draft: ContentRequest, *, by_meaning: bool = True
) -> list[ContentRequest]:
    """Open requests that ask for much the same, the most similar first.

    The same type of content for the same cell, or alike by title and fields: titles by sentence
    vectors where the model is here, else, or without `by_meaning`, by words. A vote that is
    offered for nothing costs little, a second request for the same costs a writer.
    """
    open_ = [one for one in store.all_requests(db) if one.state in OPEN and one.id != draft.id]
    least, likeness = _likeness(draft.title, [one.title for one in open_], by_meaning)
    alike = {
        one.id: likely + fields_tell(one, draft)
        for one, likely in zip(open_, likeness, strict=True)
    }
    found = [one for one in open_ if alike[one.id] >= least or same_cell(one, draft)]
    return sorted(found, key=lambda one: (-alike[one.id], one.id))


def _likeness(title: str, others: list[str], by_meaning: bool) -> tuple[float, list[float]]:
    """From which likeness on two may ask for the same, and that of titles to one."""
    if by_meaning and others and has_embedder():
        vectors = passing_vectors([title, *others])
        return SAME_TITLE, [float(cosine) for cosine in vectors[1:] @ vectors[0]]
    return SAME_WORDS, [words_in_common(title, other) for other in others]


def _check_evidence(db: Database, request: ContentRequest) -> None:
    if request.gap:
        return  # the gap's own; what was heard anew since then is left out where it is shown
    known = store.utterances_by_id(db, request.evidence)
    for id_ in request.evidence:
        if id_ not in known:
            raise InputError(f"there is no turn '{id_}' in any call; name it as reports do")


# What happens to it


def do_step(
    db: Database, config: Config, id_: int, step: str, *, who: str, now: str, **given: str
) -> ContentRequest:
    """A step by its name: accept, decline, start, deliver, vote or comment; `given` is what it takes."""
    doing = {"who": who, "now": now, **given}
    match step:
        case "accept":
            return accept(db, config, id_, **doing)
        case "start":
            return start(db, config, id_, **doing)
        case "decline":
            return decline(db, id_, **doing)
        case "deliver":
            return deliver(db, id_, **doing)
        case "vote":
            return vote(db, id_, **doing)
        case _:
            return comment(db, id_, **doing)


def accept(
    db: Database,
    config: Config,
    id_: int,
    *,
    who: str,
    now: str,
    note: str = "",
    owner: str = "",
) -> ContentRequest:
    """Say that it will be written, by `owner` if one is named. Raises InputError, as all steps do."""
    owner = one_line(owner) or config.requests.owner
    return _step(db, id_, "accept", who=who, now=now, note=note, owner=owner)


def decline(
    db: Database,
    id_: int,
    *,
    who: str,
    now: str,
    note: str = "",
) -> ContentRequest:
    """Say that it will not be written, and why; until it is delivered."""
    if not one_line(note):
        raise InputError(
            f"{shown(id_)} needs a reason to be declined: say it in a note (--note TEXT)"
        )
    return _step(db, id_, "decline", who=who, now=now, note=note)


def start(
    db: Database,
    config: Config,
    id_: int,
    *,
    who: str,
    now: str,
    note: str = "",
    owner: str = "",
) -> ContentRequest:
    """Begin to write it; whoever starts it owns it, unless it was given to somebody by name."""
    before = get_request(db, id_)
    given = before.owner if before.owner != config.requests.owner else ""
    owner = one_line(owner) or given or _named(who)
    return _step(db, id_, "start", who=who, now=now, note=note, owner=owner)


def deliver(
    db: Database,
    id_: int,
    *,
    item: str,
    who: str,
    now: str,
    note: str = "",
) -> ContentRequest:
    """Link the asset that answers it; raises InputError if the inventory does not have it."""
    items = [asset.id for asset in store.all_items(db)]
    if item not in items:
        raise InputError(
            f"there is no asset '{item}' in the inventory{nearest(item, items) or '.'} A new one is "
            "there once it is listed in items.csv and 'callinsight run' has read it."
        )
    return _step(db, id_, "deliver", who=who, now=now, note=note, item=item)


def vote(
    db: Database,
    id_: int,
    *,
    who: str,
    now: str,
    note: str = "",
) -> ContentRequest:
    """Say that one needs it too; raises InputError for a second vote and for one's own request."""
    who = _named(who)
    with store.transaction(db):
        before = get_request(db, id_)
        check_vote(before, events_of(db).get(id_, ()), who)
        after = dataclasses.replace(before, votes=before.votes + 1)
        return _keep(db, after, "vote", who, now, note)


def comment(
    db: Database,
    id_: int,
    *,
    who: str,
    now: str,
    note: str = "",
) -> ContentRequest:
    """Say something about it, in any state."""
    if not one_line(note):
        raise InputError("a comment needs words: say them in a note (--note TEXT)")
    with store.transaction(db):
        return _keep(db, get_request(db, id_), "comment", _named(who), now, note)


def not_counted(db: Database, names: Names, request: ContentRequest, as_of: date) -> str:
    """Why reports would not count the asset as an answer on a day; empty if they may."""
    concern = request.concern
    if not request.item or not concern or concern.startswith(TOPIC):
        return ""
    item = store.items_by_id(db, [request.item]).get(request.item)
    if not item:
        return ""
    found = obstacles(item, request.persona or ANY, request.stage or ANY, as_of)
    wrong = [f"is {names.sentence(', '.join(found))}"] if found else []
    if concern not in item.concerns:
        wrong.insert(0, f"does not name “{names.concern(concern)}” ({concern}) among its concerns")
    if not wrong:
        return ""
    until = "it does" if concern not in item.concerns and not found else "that changes"
    return f"{item.id} {' and '.join(wrong)}: until {until}, no report counts it as an answer."


def get_request(db: Database, id_: int) -> ContentRequest:
    """The request with a number; raises InputError."""
    request = store.get_request(db, id_)
    if request is None:
        raise InputError(
            f"there is no request {shown(id_)}; 'callinsight requests list --state all' shows them all"
        )
    return request


def _step(
    db: Database, id_: int, step: str, *, who: str, now: str, note: str, **changes: str
) -> ContentRequest:
    with store.transaction(db):
        after = dataclasses.replace(advance(get_request(db, id_), step), **changes)  # type: ignore[arg-type]
        return _keep(db, after, step, _named(who), now, note)


def _keep(
    db: Database, request: ContentRequest, event: str, who: str, now: str, note: str
) -> ContentRequest:
    store.save_request(db, request)
    store.add_request_event(
        db,
        RequestEvent(request=request.id, at=now, who=who, event=event, note=lines_of(note)),
    )
    return request


def _named(who: str) -> str:
    name = one_line(who)
    if not name:
        raise InputError("it is not known who you are; say it with --who NAME")
    return name


# As they stand


def events_of(db: Database) -> dict[int, list[RequestEvent]]:
    """What happened to each request, in order."""
    events: dict[int, list[RequestEvent]] = defaultdict(list)
    for event in store.all_request_events(db):
        events[event.request].append(event)
    return dict(events)


def requests_as_of(
    requests: Iterable[ContentRequest],
    events: Iterable[RequestEvent],
    config: Config,
    as_of: date,
) -> list[ContentRequest]:
    """The requests as they stood at the end of a day; none that was made later."""
    past = [event for event in events if day_of(event.at, config.zone) <= as_of]
    return [
        as_it_stood(request, [event for event in past if event.request == request.id])
        for request in requests
        if day_of(request.created_at, config.zone) <= as_of
    ]


def last_request_day(db: Database, config: Config) -> date | None:
    """The last day on which anything happened to a content request; None before the first."""
    days = [day_of(event.at, config.zone) for event in store.all_request_events(db)]
    return max(days, default=None)


def clocks_of(
    db: Database,
    requests: Iterable[ContentRequest],
    events: Iterable[RequestEvent],
    config: Config,
    as_of: date,
) -> dict[int, tuple[Clock, ...]]:
    """The promises about each request, by its number, as they stood at the end of a day."""
    settings = config.requests
    promises = Promises(
        settings.acknowledge_days,
        settings.decide_days,
        DELIVER_DAYS | settings.deliver_days,
        business_days(settings.country, settings.region, settings.holidays),
        config.zone,
        reply=settings.reply_days,
        use=settings.use_days,
    )
    happened: dict[int, list[RequestEvent]] = defaultdict(list)
    for event in events:
        happened[event.request].append(event)
    found = {}
    for request in requests:
        used, usable_from = _use_of(db, config, request)
        found[request.id] = clocks(
            request,
            happened[request.id],
            promises,
            as_of=as_of,
            used=used,
            usable_from=usable_from,
        )
    return found


def _use_of(
    db: Database, config: Config, request: ContentRequest
) -> tuple[list[date], date | None]:
    """When the asset was used that a request was delivered as, and from when on it could be."""
    item = store.items_by_id(db, [request.item]).get(request.item) if request.item else None
    if item is None or item.status != "live":
        return [], None
    sure = config.content.mention_confidence
    events = [e for e in store.events_of_item(db, request.item) if e.confidence >= sure]
    published = date.fromisoformat(item.published_on) if item.published_on else date.min
    return sorted({date.fromisoformat(event.occurred_at[:10]) for event in events}), published


def requests_in(
    db: Database, config: Config, state: str, *, as_of: date, overdue: bool = False
) -> list[tuple[ContentRequest, tuple[Clock, ...]]]:
    """The requests in a state, or `open` or `all`, with the promises about them; what is due first first.

    With `overdue` only those that are late.
    """
    states = {"open": OPEN, "all": STATES}.get(state, (state,))
    found = [request for request in store.all_requests(db) if request.state in states]
    clocks = clocks_of(db, found, store.all_request_events(db), config, as_of)

    def urgency(request: ContentRequest) -> tuple[bool, str, str, int]:
        clock = running(clocks[request.id])
        closed = request.state not in OPEN
        return closed, clock.due if clock else "9999", request.priority, request.id

    return [
        (request, clocks[request.id])
        for request in sorted(found, key=urgency)
        if not overdue
        or (request.state != "declined" and any(c.is_overdue for c in clocks[request.id]))
    ]


def effects_of(
    db: Database, config: Config, *, until: str = "9999-12", only: int | None = None
) -> dict[int, Effect]:
    """What became of the demand behind each delivered request, by its number, up to a month.

    Of all of them, or of one `only`.
    """
    delivered = [
        one for one in store.all_requests(db) if one.state == "delivered" and only in (None, one.id)
    ]
    events = events_of(db)
    effects = {}
    for request in delivered:
        days = [e.at for e in events.get(request.id, ()) if e.event == "deliver"]
        if not days:
            continue
        cell = request.concern, request.persona or ANY, request.stage or ANY
        gaps = {
            gap.month: [gap]
            for gap in store.gaps_of_cell(db, *cell)
            if gap.month <= until and MONTH.fullmatch(gap.month)  # other periods overlap them
        }
        effect = effect_of(request, gaps, delivered=month_of(days[-1], config.zone))
        if effect is not None:
            effects[request.id] = effect
    return effects


def request_lines(db: Database, config: Config, as_of: date) -> tuple[RequestLine, ...]:
    """The requests as a report of a day shows them."""
    happened = store.all_request_events(db)
    requests = requests_as_of(store.all_requests(db), happened, config, as_of)
    clocks = clocks_of(db, requests, happened, config, as_of)
    effects = effects_of(db, config, until=as_of.isoformat()[:7])
    delivered = {e.request: day_of(e.at, config.zone) for e in happened if e.event == "deliver"}
    names = Names(load_taxonomy(config.tagging.taxonomy))
    lines = []
    for request in requests:
        clock = running(clocks[request.id]) if request.state in OPEN else None
        age = (as_of - day_of(request.created_at, config.zone)).days
        is_recent = (
            request.state == "delivered" and (as_of - delivered[request.id]).days <= RECENT_DAYS
        )
        effect = effects.get(request.id) if is_recent else None
        lines.append(
            RequestLine(
                id=shown(request.id),
                title=request.title,
                state=request.state,
                priority=request.priority,
                due=clock.due if clock else "",
                overdue=bool(clock and clock.is_overdue),
                age_days=age,
                next_step=clock.promise if clock else "",
                requester=request.requester,
                owner=request.owner,
                gap=request.gap,
                cell=(request.concern, request.persona, request.stage),
                votes=request.votes,
                item=request.item,
                effect=effect_words(effect) if effect else "",
                needed_by=request.needed_by,
                not_counted=not_counted(db, names, request, as_of),
                owed=_owed(clocks[request.id]) if request.state != "declined" else "",
            )
        )
    return tuple(lines)


def _owed(found: Iterable[Clock]) -> str:
    """What sales owes and is late with: reply or use, with the day it was due; empty for nothing."""
    late = [clock for clock in found if clock.promise in OF_SALES and clock.is_overdue]
    return f"{late[0].promise} {late[0].due}" if late else ""
