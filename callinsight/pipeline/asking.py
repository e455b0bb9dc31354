"""`callinsight requests`: what the commands do, from what is typed to what is printed.

Pages call `pipeline/requests.py` and `pipeline/notices.py` themselves.
"""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from callinsight import store
from callinsight.content.listing import line_of, sheet_of
from callinsight.content.requests import number_of
from callinsight.content.sla import day_of
from callinsight.months import check_day
from callinsight.pipeline.briefs import brief_of, existing_assets, export_requests
from callinsight.pipeline.drafts import draft_of
from callinsight.pipeline.notices import tell
from callinsight.pipeline.requests import (
    clocks_of,
    do_step,
    effects_of,
    events_of,
    get_request,
    new_request,
    not_counted,
    requests_in,
)
from callinsight.reports.wording import Names
from callinsight.taxonomy import load_taxonomy

if TYPE_CHECKING:
    from sqlite_utils import Database

    from callinsight.config import Config
    from callinsight.records import ContentRequest


@dataclass(frozen=True)
class Done:
    """What a step left behind."""

    line: str  # the request as it stands now
    warning: str  # what to know of it
    failures: tuple[str, ...]  # who could not be told


def ask(
    db: Database,
    config: Config,
    gap: str,
    given: dict[str, Any],
    *,
    who: str,
    now: str,
    anyway: bool,
) -> Done:
    """Ask for content, from a gap if one is named; what is given goes before what the gap says."""
    if given.get("needed_by"):
        check_day(given["needed_by"])
    draft = dataclasses.replace(draft_of(db, config, gap), **given)
    kept = new_request(db, config, draft, who=who, now=now, anyway=anyway)
    return _done(db, config, kept, "new", who, now)


def act(
    db: Database,
    config: Config,
    step: str,
    number: str,
    *,
    who: str,
    now: str,
    note: str,
    **given: str,
) -> Done:
    """Do a step and tell of it."""
    id_ = number_of(number)
    kept = do_step(db, config, id_, step, who=who, now=now, note=note, **given)
    return _done(db, config, kept, step, who, now)


def list_requests(
    db: Database, config: Config, state: str, *, now: str, overdue: bool
) -> list[str]:
    """A line for each request in a state, what is due first first."""
    today = day_of(now, config.zone)
    found = requests_in(db, config, state, as_of=today, overdue=overdue)
    names = Names(load_taxonomy(config.tagging.taxonomy))
    return [
        line_of(request, clocks, not_counted=not_counted(db, names, request, today))
        for request, clocks in found
    ]


def show_request(db: Database, config: Config, number: str, *, now: str) -> list[str]:
    """One request in lines, with everything that happened to it."""
    request = get_request(db, number_of(number))
    events = events_of(db).get(request.id, [])
    clocks = clocks_of(db, [request], events, config, day_of(now, config.zone))[request.id]
    exists = [
        f"{one.item.id} {one.item.title}: {one.obstacle}" for one in existing_assets(db, request)
    ]
    effect = effects_of(db, config).get(request.id)
    return list(sheet_of(request, events, clocks, effect, exists))


def write_brief(db: Database, config: Config, number: str, *, now: str) -> bytes:
    """The writer's brief of a request, in Markdown."""
    return brief_of(db, config, number_of(number), as_of=day_of(now, config.zone)).encode()


def export(
    db: Database,
    config: Config,
    shape: str,
    *,
    state: str = "all",
    number: str = "",
    overdue: bool = False,
    now: str,
) -> bytes:
    """The requests in a state, or one of them, as `ics`, `csv` or `json`."""
    today = day_of(now, config.zone)
    if number:
        ids = {get_request(db, number_of(number)).id}
    else:
        found = requests_in(db, config, state, as_of=today, overdue=overdue)
        ids = {request.id for request, _ in found}
    return export_requests(db, config, shape, as_of=today, ids=ids)


def _done(
    db: Database, config: Config, request: ContentRequest, step: str, who: str, now: str
) -> Done:
    events, day = store.all_request_events(db), day_of(now, config.zone)
    names = Names(load_taxonomy(config.tagging.taxonomy))
    clocks = clocks_of(db, [request], events, config, day)[request.id]
    return Done(
        line=line_of(request, clocks),
        warning=not_counted(db, names, request, day) if step == "deliver" else "",
        failures=tuple(tell(db, config, request, step, who=who, now=now)),
    )
