"""The JSON API of reports: the same files as the page of gaps gives."""

from __future__ import annotations

from typing import Any, Literal

from fastapi import Depends, Response

from callinsight.web.api import api_router
from callinsight.web.gaps import SHAPES, report_file
from callinsight.web.pages import Db, Settings, require

router = api_router()
FILES: dict[int | str, dict[str, Any]] = {
    200: {
        "description": "The report; several files come as an archive",
        "content": {kind: {} for kind in (*SHAPES.values(), "application/zip")},
    }
}


@router.get(
    "/reports/{month}.{shape}",
    response_class=Response,
    responses=FILES,
    dependencies=[Depends(require("viewer", noted="export"))],
)
def report(
    month: str, shape: Literal["html", "md", "csv", "xlsx", "json"], db: Db, config: Settings
) -> Response:
    """The report of a month, such as 2026-10, as a file to take along."""
    return report_file(db, config, month, shape)
