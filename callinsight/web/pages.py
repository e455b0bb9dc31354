"""What every page shares: its frame, its templates, the database of a request."""

from __future__ import annotations

import functools
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

from fastapi import Depends, Request
from fastapi.responses import HTMLResponse
from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

from callinsight import store
from callinsight.config import SETTINGS, Config, config_from_text
from callinsight.months import month_name
from callinsight.pipeline.run import stored_config
from callinsight.reports.wording import (
    clock,
    count,
    day,
    money,
    percent,
    readable,
    web_address,
)
from callinsight.taxonomy import Taxonomy, load_taxonomy
from callinsight.web import sessions
from callinsight.web.access import FIELD, YOU, Visitor, require, visitor
from callinsight.web.database import Db

if TYPE_CHECKING:
    from collections.abc import Iterable
    from datetime import date, datetime

    from sqlite_utils import Database

__all__ = [
    "Db",
    "Definitions",
    "Settings",
    "Visitor",
    "config_of",
    "definitions_of",
    "page",
    "pieces",
    "require",
    "visitor",
]
HERE = Path(__file__).parent
STATIC = HERE / "static"
PLACES = (  # the navigation: address, words, who sees it
    ("/", "Home", "viewer"),
    ("/excerpts", "Excerpts", "viewer"),
    ("/calls", "Calls", "viewer"),
    ("/gaps", "Gaps", "viewer"),
    ("/content", "Content", "viewer"),
    ("/requests", "Requests", "viewer"),
    ("/playlists", "Playlists", "viewer"),
    ("/review", "Review", "editor"),
    ("/definitions", "Definitions", "viewer"),
    ("/runs", "Runs", "viewer"),
    ("/access", "Access", "admin"),
)


def moment(at: str, *, clock: bool = False) -> Markup:
    """A moment as `<time>`: its day, and its time of day if asked; app.js puts the reader's zone in."""
    said = f"{day(at)}, {at[11:16]} UTC" if clock and at.endswith(("Z", "+00:00")) else day(at)
    with_clock = Markup(" data-clock") if clock else ""
    return Markup('<time datetime="{}"{}>{}</time>').format(at, with_clock, said)


def pieces(text: str, spans: Iterable[tuple[int, int]]) -> list[tuple[str, bool]]:
    """A text cut where its marks begin and end: its pieces, and whether each is marked."""
    cut, at = [], 0
    for start, end in sorted(set(spans)):
        if start >= at:
            cut += [(text[at:start], False), (text[start:end], True)]
            at = end
    return [(piece, marked) for piece, marked in [*cut, (text[at:], False)] if piece]


def environment() -> Environment:
    """The templates with the words that pages say things in."""
    templates = Environment(
        loader=FileSystemLoader(HERE / "templates"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    templates.filters |= {
        "clock": clock,
        "count": count,
        "day": day,
        "money": money,
        "month_name": month_name,
        "percent": percent,
        "readable": readable,
        "web_address": web_address,
    }
    templates.globals["moment"] = moment
    return templates


TEMPLATES = environment()


def page(request: Request, template: str, *, status: int = 200, **values: Any) -> HTMLResponse:
    """A template in its frame; `values` are what it shows.

    Each knows its `visitor`, hides what `may("editor")` denies, and puts `{{ csrf_field }}` into forms.
    """
    path = request.url.path
    who = visitor(request)
    token = sessions.form_token(request)
    text = TEMPLATES.get_template(template).render(
        request=request,
        visitor=who,
        may=who.may,
        csrf=token,
        csrf_field=Markup('<input type="hidden" name="{}" value="{}">').format(FIELD, token),
        signs_in=who != YOU,
        places=[(at, words) for at, words, role in PLACES if who.may(role)],
        here=next((at for at, *_ in PLACES if at != "/" and path.startswith(at)), path),
        **values,
    )
    response = HTMLResponse(text, status_code=status)
    sessions.keep(request, response)
    return response


def today(request: Request, config: Config) -> date:
    """The day it is where the pipeline's months are cut."""
    now: datetime = request.app.state.now()
    return now.astimezone(config.zone).date()


def this_moment(request: Request) -> str:
    """Now, as it is written down."""
    now: datetime = request.app.state.now()
    return now.isoformat(timespec="seconds")


def _config(db: Db) -> Config:
    return config_of(db)


def config_of(db: Database) -> Config:
    """The settings of the last run, read once for as long as they stay; raises StoreError."""
    text = store.setting(db, SETTINGS)
    return stored_config(db) if text is None else _config_as_of(text)


@functools.lru_cache(maxsize=4)
def _config_as_of(text: str) -> Config:
    return config_from_text(text)


Settings = Annotated[Config, Depends(_config)]


def definitions_of(config: Settings) -> Taxonomy:
    """The definitions that a pipeline names, read again when their file changes."""
    path = config.tagging.taxonomy
    try:
        changed = path.stat().st_mtime_ns
    except OSError:
        changed = 0  # load_taxonomy says what is wrong
    return _taxonomy_as_of(path, changed)


@functools.lru_cache(maxsize=4)
def _taxonomy_as_of(path: Path, _changed: int) -> Taxonomy:
    """Reading it takes longer than most pages."""
    return load_taxonomy(path)


Definitions = Annotated[Taxonomy, Depends(definitions_of)]
