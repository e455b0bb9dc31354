"""`/definitions`: the words that sales and marketing have agreed on, and what has changed in them."""

from __future__ import annotations

from fastapi import APIRouter, Depends, Request
from fastapi.responses import HTMLResponse

from callinsight.pipeline.definitions import promises_of, revisions
from callinsight.reports.definitions import own_sections, sections_of
from callinsight.reports.wording import slug
from callinsight.web.pages import Db, Definitions, Settings, page, require

router = APIRouter(dependencies=[Depends(require("viewer"))])


@router.get("/definitions", response_class=HTMLResponse)
def definitions(request: Request, db: Db, config: Settings, taxonomy: Definitions) -> HTMLResponse:
    """Concerns, stances, roles, stages, asks and content types; the user's own rivals and topics."""
    sections = [
        *sections_of(taxonomy, promises_of(config)),
        *own_sections(taxonomy, config.tagging.competitors),
    ]
    return page(
        request,
        "definitions.html.jinja",
        taxonomy=taxonomy,
        sections=[(slug(section.title), section) for section in sections],
        concerns={concern.label: concern.id for concern in taxonomy.concerns.values()},
        revisions=revisions(db),
        file=config.tagging.taxonomy,
    )
