"""The JSON API of the first page: the month in four numbers, its largest gaps, and what is new."""

from __future__ import annotations

import dataclasses
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Annotated

from fastapi import Query, Request
from pydantic import AwareDatetime

from callinsight import store
from callinsight.errors import InputError
from callinsight.months import month_of
from callinsight.records import Gap
from callinsight.web.api import api_router
from callinsight.web.cards import call_address, utterance_address
from callinsight.web.home import Telling, news_since, since_of, telling
from callinsight.web.month import Figure, figures, ranked
from callinsight.web.pages import Db, Settings, today, visitor

if TYPE_CHECKING:
    from sqlite_utils import Database

router = api_router()


@dataclasses.dataclass(frozen=True)
class LargestGap:
    """A gap in a buyer's own words."""

    gap: Gap
    utterance: str
    call: str
    speaker: str
    job_title: str
    text: str
    page: str  # to read and hear it
    call_page: str


@dataclasses.dataclass(frozen=True)
class News:
    """Something that happened, and the page it is on; empty where it is not for the visitor."""

    text: str
    page: str


@dataclasses.dataclass(frozen=True)
class Home:
    """What the first page says."""

    month: str  # of the last call; empty before the first
    figures: list[Figure]  # calls, deals that object, proven gaps, open requests
    gaps: list[LargestGap]
    playlist: int | None  # the number of what a run picked to listen to
    since: str  # the moment before the news; empty where nobody has visited yet
    news: list[News]


@router.get("/home")
def home(
    request: Request,
    db: Db,
    config: Settings,
    since: Annotated[
        AwareDatetime | None,
        Query(description="From when on things are new; by default the user's last visit."),
    ] = None,
) -> Home:
    """The month in four numbers, its largest gaps, and what is new; asking is not a visit."""
    now: datetime = request.app.state.now()
    who = visitor(request)
    before = since_of(db, who, now) if since is None else _written(since)
    news = [News(*one) for one in news_since(db, before, who)] if before else []
    latest = store.last_moment(db)
    if not latest:
        return Home("", [], [], None, before, news)
    month = month_of(latest, config.zone)
    gaps = ranked(db, month)
    return Home(
        month,
        list(figures(db, config, month, gaps, today=today(request, config))),
        [_largest(one) for one in telling(request, db, config, gaps)],
        _picked(db, month),
        before,
        news,
    )


def _written(since: datetime) -> str:
    try:
        return since.astimezone(UTC).isoformat(timespec="seconds")
    except OverflowError as error:
        raise InputError(f"'{since.isoformat()}' is too far away; name a later moment") from error


def _picked(db: Database, month: str) -> int | None:
    playlist = store.playlist_of_month(db, month)
    return playlist.id if playlist else None


def _largest(one: Telling) -> LargestGap:
    return LargestGap(
        one.gap,
        one.utterance.id,
        one.call.id,
        one.utterance.speaker,
        one.title,
        one.utterance.text,
        f"/excerpts/{utterance_address(one.utterance.id)}",
        call_address(one.call.id),
    )
