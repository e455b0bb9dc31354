"""`/definitions`: the words that sales and marketing have agreed on, and what has changed in them."""

from __future__ import annotations

from fastapi import APIRouter, Depends, Request
from fastapi.responses import HTMLResponse

from callinsight.pipeline.definitions import promises_of, revisions
from callinsight.reports.definitions import Section, Term, sections_of
from callinsight.reports.wording import listing, slug
from callinsight.taxonomy import Taxonomy
from callinsight.web.pages import Db, Definitions, Settings, page, require

router = APIRouter(dependencies=[Depends(require("viewer"))])


@router.get("/definitions", response_class=HTMLResponse)
def definitions(request: Request, db: Db, config: Settings, taxonomy: Definitions) -> HTMLResponse:
    """Concerns, stances, roles, stages, asks and content types; the user's own rivals and topics."""
    sections = [
        *sections_of(taxonomy, promises_of(config)),
        *_own(taxonomy, config.tagging.competitors),
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


def _own(taxonomy: Taxonomy, listed: tuple[str, ...]) -> list[Section]:
    """What the users have named themselves."""
    rivals = [
        Term(one.label, one.description or f"Also: {listing(one.names)}")
        for one in taxonomy.competitors.values()
    ]
    rivals += [Term(name, "By this name, in the pipeline file") for name in listed]
    products = [
        Term(one.label, one.description or f"Also: {listing(one.names)}")
        for one in taxonomy.products.values()
    ]
    topics = [Term(one.label, one.description) for one in taxonomy.topics.values()]
    named = (("Rivals", rivals), ("Products", products), ("Topics of your own", topics))
    return [Section(title, tuple(terms)) for title, terms in named if terms]
