"""`/`: what is new since the last visit, the month in four numbers, and what to listen to."""

from __future__ import annotations

import sqlite3
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

from fastapi import APIRouter, Depends, Request
from fastapi.responses import HTMLResponse

from callinsight import store
from callinsight.config import SETTINGS
from callinsight.months import month_of
from callinsight.records import Call, Gap, Tag, Utterance
from callinsight.reports.excerpts import find_words, is_doubtful
from callinsight.reports.wording import Names, count
from callinsight.web.cards import cards_of
from callinsight.web.excerpts import names_of
from callinsight.web.month import figures, ranked
from callinsight.web.pages import (
    Db,
    config_of,
    definitions_of,
    page,
    pieces,
    require,
    today,
    visitor,
)
from callinsight.web.sound import can_play

if TYPE_CHECKING:
    from sqlite_utils import Database

    from callinsight.config import Config
    from callinsight.taxonomy import Taxonomy
    from callinsight.web.access import Visitor

router = APIRouter(dependencies=[Depends(require("viewer"))])
SAME_VISIT = timedelta(minutes=30)  # without a look; only then the next one begins
TRACKS = 5  # of the playlist of the month that are shown
TELLING = 4  # gaps that are heard
CANDIDATES = 60  # turns of a gap that are looked at
STANCES = ("objection", "question")  # the most telling first
SHORTEST, LONGEST = 12, 70  # words that say enough and are soon read
PATIENCE_MS = 250  # for noting a visit while somebody writes


@dataclass(frozen=True, kw_only=True)
class Telling:
    """A gap in a buyer's own words."""

    gap: Gap
    tag: Tag
    utterance: Utterance
    call: Call
    title: str
    pieces: list[tuple[str, bool]]
    plays: bool


@router.get("/", response_class=HTMLResponse)
def home(request: Request, db: Db) -> HTMLResponse:
    """The first page; before the first run, the command that comes next."""
    if store.setting(db, SETTINGS) is None:
        return page(request, "welcome.html.jinja", pipeline="PIPELINE.toml")
    config = config_of(db)
    now: datetime = request.app.state.now()
    latest = store.last_moment(db)
    if not latest:
        return page(request, "welcome.html.jinja", pipeline=config.path)
    taxonomy = definitions_of(config)
    month = month_of(latest, config.zone)
    gaps = ranked(db, month)
    who = visitor(request)
    since = since_of(db, who, now)
    _note_visit(db, who, since, now)
    return page(
        request,
        "home.html.jinja",
        month=month,
        is_now=month == month_of(now.isoformat(), config.zone),
        figures=figures(db, config, month, gaps, today=today(request, config)),
        since=since,
        news=news_since(db, since, who) if since else [],
        telling=telling(request, db, config, gaps),
        **_playlist(db, config, taxonomy, month),
        names=Names(taxonomy),
    )


def _playlist(db: Database, config: Config, taxonomy: Taxonomy, month: str) -> dict[str, Any]:
    """What a run picked of the month: the playlist, its first excerpts, and how many there are."""
    playlist = store.playlist_of_month(db, month)
    items = store.playlist_items(db, playlist.id) if playlist else []
    first = {item.call: item for item in reversed(items)}  # of each call, so that many are heard
    some = sorted(items, key=lambda item: item is not first[item.call])[:TRACKS]
    turns = [(item.call, int(item.utterance.rpartition(":")[2])) for item in some]
    tracks = cards_of(db, config, names_of(db, taxonomy), turns, unsure=True)
    return {"playlist": playlist, "tracks": tracks, "all_tracks": len(items)}


def telling(request: Request, db: Database, config: Config, gaps: list[Gap]) -> list[Telling]:
    """For each of the first gaps the turn that says it best, no two the same or of one deal."""
    found: list[Telling] = []
    for gap in gaps:
        used = {one.utterance.id for one in found}
        deals = {one.tag.deal for one in found}
        kind, _, topic = gap.concern.rpartition(":")
        tags = store.sure_tags(db, gap.evidence[:CANDIDATES], kind or "concern", topic)
        fresh = [tag for tag in tags if tag.utterance not in used and tag.deal not in deals]
        said = store.utterances_by_id(db, [tag.utterance for tag in fresh])
        if fresh:
            best = min(fresh, key=lambda tag: _rank(tag, said[tag.utterance].text))
            found.append(_telling(request, db, config, gap, best, said[best.utterance]))
        if len(found) == TELLING:
            break
    return found


def _telling(
    request: Request, db: Database, config: Config, gap: Gap, tag: Tag, utterance: Utterance
) -> Telling:
    call = store.get_call(db, tag.call)
    assert call is not None  # a tag without its call cannot be stored
    titles = {person.name: person.title for person in store.participants_of(db, call.id)}
    return Telling(
        gap=gap,
        tag=tag,
        utterance=utterance,
        call=call,
        title=titles.get(utterance.speaker, ""),
        pieces=pieces(utterance.text, find_words(tag.evidence, utterance.text)),
        plays=can_play(request, config, call, utterance),
    )


def _rank(tag: Tag, text: str) -> tuple[bool, int, bool, float, str]:
    length = len(text.split())
    unwieldy = not SHORTEST <= length <= LONGEST
    stance = [*STANCES, tag.stance].index(tag.stance)
    return is_doubtful(tag), stance, unwieldy, -tag.score, tag.utterance


def since_of(db: Database, who: Visitor, now: datetime) -> str:
    """The moment of the visit before this one; empty at the first."""
    known = store.visit(db, who.name)
    since, last = known or ("", "")
    is_over = last and datetime.fromisoformat(last) + SAME_VISIT < now
    return last if is_over else since


def _note_visit(db: Database, who: Visitor, since: str, now: datetime) -> None:
    db.execute(f"PRAGMA busy_timeout = {PATIENCE_MS}")
    try:
        with store.transaction(db):
            store.save_visit(db, who.name, since=since, last=now.isoformat(timespec="seconds"))
    except sqlite3.OperationalError:
        pass  # a run is writing; the next visit is noted again


def news_since(db: Database, since: str, who: Visitor) -> list[tuple[str, str]]:
    """What happened since a moment: a sentence and its page each."""
    at = datetime.fromisoformat(since).astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    calls, deals = store.read_since(db, at)
    corrected = store.corrected_since(db, since, by_others_than=who.name)
    requested = store.requested_since(db, since)
    news = []
    if calls:
        objecting = f"; buyers object in {count(deals, 'deal')}" if deals else ""
        verb = "was" if calls == 1 else "were"
        news.append((f"{count(calls, 'call')} {verb} read{objecting}", "/excerpts"))
    if requested:
        news.append((f"{count(requested, 'request')} for content came in", "/requests"))
    if corrected:
        verb = "was" if corrected == 1 else "were"
        at = "/review/history" if who.may("editor") else ""
        news.append((f"{count(corrected, 'turn')} {verb} corrected by others", at))
    return news
