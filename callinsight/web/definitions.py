"""`/definitions`: the words that sales and marketing have agreed on."""

from __future__ import annotations

from fastapi import APIRouter, Depends, Request
from fastapi.responses import HTMLResponse

from callinsight.reports.wording import Names
from callinsight.web.pages import Definitions, page, require

router = APIRouter(dependencies=[Depends(require("viewer"))])


@router.get("/definitions", response_class=HTMLResponse)
def definitions(request: Request, taxonomy: Definitions) -> HTMLResponse:
    """Concerns, stances, personas, stages, asks and content types."""
    return page(request, "definitions.html.jinja", taxonomy=taxonomy, names=Names(taxonomy))
