"""`/gaps`: demand against supply, ranked; each cell with what it rests on and what may answer it."""

from __future__ import annotations

import io
import zipfile
from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

from fastapi import APIRouter, Depends, Form, Request
from fastapi.responses import HTMLResponse, RedirectResponse, Response
from starlette.exceptions import HTTPException

from callinsight import store
from callinsight.errors import InputError
from callinsight.months import month_before
from callinsight.pipeline.matching import judge
from callinsight.pipeline.report import report_month
from callinsight.reports.demand import VERDICTS
from callinsight.reports.wording import ANY, Names, slug
from callinsight.temporary import temporary_folder
from callinsight.web.demand import (
    LEVELS,
    choice_of,
    gap_address,
    heard_in,
    heat_of,
    moves_between,
    moves_of,
    ranked,
    warmth,
)
from callinsight.web.desk import STATES
from callinsight.web.evidence import proof_of
from callinsight.web.following import GAPS, WORKING, follower_of
from callinsight.web.inventory import MONTH, months_of, usable_in
from callinsight.web.pages import Db, Definitions, Settings, page, require, this_moment, visitor

if TYPE_CHECKING:
    from collections.abc import Iterable

    from sqlite_utils import Database

    from callinsight.config import Config
    from callinsight.records import ContentRequest, Gap
    from callinsight.taxonomy import Taxonomy

router = APIRouter(dependencies=[Depends(require("viewer"))])
SHAPES = {
    "html": "text/html; charset=utf-8",
    "md": "text/markdown; charset=utf-8",
    "csv": "text/csv; charset=utf-8",
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    "json": "application/json",
}
PAGE = 50  # cells of the list at a time
SAME_DATE = (1980, 1, 1, 0, 0, 0)  # of files in an archive: the first there is


@router.get("/gaps", response_class=HTMLResponse)
def gaps(request: Request, db: Db, config: Settings, taxonomy: Definitions) -> HTMLResponse:
    """A month: the map of roles and stages, and its cells, the most pressing first."""
    months = months_of(db)
    choice = choice_of(request, months)
    if not months:
        return page(request, "gaps.html.jinja", choice=choice, months=(), month="")
    if choice.month not in months:
        raise HTTPException(404)
    names = names_of(db, taxonomy)
    cells = store.gaps_of_month(db, choice.month, evidence=False)
    before = month_before(choice.month)
    moves = moves_between(cells, store.gaps_of_month(db, before, evidence=False), config, taxonomy)
    shown = [gap for gap in cells if choice.lists(gap)]
    others = Counter(g.verdict for g in cells if choice.shows(g) and g.level == choice.level)
    response = page(
        request,
        "gaps.html.jinja",
        choice=choice,
        month=choice.month,
        by_id={gap.id: gap for gap in cells},
        target=config.gaps.target_supply,
        months=months,
        before=before if before in months else "",
        heat=heat_of(cells, usable_in(request, db, config, choice.month), choice, names),
        rows=ranked(shown, names, moves, currency=currency_of(db), start=choice.start, most=PAGE),
        next=choice.address(start=choice.start + PAGE) if len(shown) > choice.start + PAGE else "",
        total=len(shown),
        basis=heard_in(cells),
        others=others,
        concerns=sorted({g.concern for g in cells if choice.is_of_topics == _is_topic(g)}),
        names=names,
        verdicts=VERDICTS,
        levels=LEVELS,
        warmth=warmth,
        gap_address=gap_address,
        min_deals=config.gaps.min_deals,
        min_share=config.gaps.min_share,
    )
    if not choice.start:
        response.headers["HX-Push-Url"] = choice.address()
    response.headers["Vary"] = "HX-Request"
    return response


@router.get("/gaps/{month}/{concern}/{persona}/{stage}", response_class=HTMLResponse)
def gap(
    request: Request,
    month: str,
    concern: str,
    persona: str,
    stage: str,
    db: Db,
    config: Settings,
    taxonomy: Definitions,
    turns: str = "",
) -> HTMLResponse:
    """One cell of a month: what it says, how it is counted, who said so, and what may answer it."""
    found = store.get_gap(db, f"{month}/{concern}/{persona}/{stage}")
    if found is None:
        raise HTTPException(404)
    names = names_of(db, taxonomy)
    proof = proof_of(db, config, names, found, every=turns == "all")
    history = [
        g for g in store.gaps_of_cell(db, concern, persona, stage) if MONTH.fullmatch(g.month)
    ]
    moves = moves_of(db, config, taxonomy, month)
    (row,) = ranked([found], names, moves, currency=currency_of(db))
    return page(
        request,
        "gap.html.jinja",
        gap=found,
        row=row,
        counting=follower_of(request).state(GAPS) == WORKING,
        proof=proof,
        before=month_before(month),
        history=ranked_by_month(history, names),
        requests=_requests_on(db, found),
        rolled_up=store.get_gap(db, found.rolled_up) if found.rolled_up else None,
        names=names,
        verdicts=VERDICTS,
        states=STATES,
        gap_address=gap_address,
        target=config.gaps.target_supply,
    )


@router.get(
    "/gaps/{month}/report.{shape}", dependencies=[Depends(require("viewer", noted="export"))]
)
def report(month: str, shape: str, db: Db, config: Settings) -> Response:
    """The report of a month to take along."""
    return report_file(db, config, month, shape)


def report_file(db: Database, config: Config, month: str, shape: str) -> Response:
    """The report of a month: one file, or all of them in an archive; raises InputError, HTTPException."""
    if shape not in SHAPES:
        raise InputError(f"reports come as {', '.join(SHAPES)}, not as '{shape}'")
    if not MONTH.fullmatch(month):
        raise HTTPException(404, f"'{month}' is no month; write it as 2026-10.")
    with temporary_folder() as folder:
        report_month(db, config, month, Path(folder), formats=(shape,))
        files = sorted(path for path in Path(folder, month).rglob("*") if path.is_file())
        if len(files) == 1:
            content, kind, ending = files[0].read_bytes(), SHAPES[shape], shape
        else:
            content, kind, ending = _archive(files, Path(folder)), "application/zip", "zip"
    name = "-".join(filter(None, (slug(config.company), month, "report")))
    headers = {"content-disposition": f'attachment; filename="{name}.{ending}"'}
    return Response(content, media_type=kind, headers=headers)


@router.post(
    "/gaps/{month}/{concern}/{persona}/{stage}/judge", dependencies=[Depends(require("editor"))]
)
def judge_asset(
    request: Request,
    month: str,
    concern: str,
    persona: str,
    stage: str,
    db: Db,
    item: Annotated[str, Form(max_length=300)],
    said: Annotated[str, Form(pattern="^(confirm|deny)$")],
) -> RedirectResponse:
    """Keep the visitor's word on whether an asset answers a cell; the gaps follow meanwhile."""
    id_ = f"{month}/{concern}/{persona}/{stage}"
    who, now = visitor(request).name, this_moment(request)
    judge(db, id_, item, answers_it=said == "confirm", who=who, now=now)
    follower_of(request).recount()
    return RedirectResponse(f"{gap_address(id_)}#near", 303)


def _archive(files: Iterable[Path], folder: Path) -> bytes:
    """Files as one, each with the same date: the same report gives the same bytes."""
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        for path in files:
            entry = zipfile.ZipInfo(str(path.relative_to(folder)), SAME_DATE)
            entry.compress_type = zipfile.ZIP_DEFLATED
            archive.writestr(entry, path.read_bytes())
    return packed.getvalue()


def _requests_on(db: Database, gap: Gap) -> list[ContentRequest]:
    """What is asked for in a cell, in whichever month, the latest first."""
    cell = (gap.concern, gap.persona, gap.stage)
    return [
        one
        for one in reversed(store.all_requests(db))
        if (one.concern, one.persona or ANY, one.stage or ANY) == cell
    ]


def ranked_by_month(history: list[Gap], names: Names) -> list[object]:
    """One cell in each month, the latest first, as rows."""
    return [ranked([gap], names, {}, currency=None)[0] for gap in reversed(history)]


def names_of(db: Database, taxonomy: Taxonomy) -> Names:
    """The words for ids, those of themes with them."""
    return Names(taxonomy, {str(topic.id): topic.label for topic in store.all_topics(db)})


def currency_of(db: Database) -> str | None:
    """What sums of deals are in; None where several would be added up."""
    known = store.currencies(db)
    return known[0] if len(known) == 1 else None


def _is_topic(gap: Gap) -> bool:
    return gap.concern.startswith("topic:")
