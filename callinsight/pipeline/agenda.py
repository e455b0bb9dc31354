"""`callinsight report --agenda`: what sales and marketing talk about after a month."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

from callinsight import store
from callinsight.content.sla import ACKNOWLEDGE, DECIDE, DELIVER, OF_SALES
from callinsight.months import last_day, month_of
from callinsight.pipeline.report import PREVIOUS, report_of
from callinsight.pipeline.requests import clocks_of, requests_as_of
from callinsight.reports.agenda import Kept, agenda_of
from callinsight.reports.pages import write_agenda

if TYPE_CHECKING:
    from datetime import date
    from pathlib import Path

    from sqlite_utils import Database

    from callinsight.config import Config


def write_month_agenda(
    db: Database,
    config: Config,
    month: str,
    folder: Path,
    *,
    as_of: date | None = None,
    compare: str = PREVIOUS,
) -> Path:
    """Write the agenda after a month into folder/month; its page. Raises InputError without calls."""
    day = as_of or last_day(month)
    report, _ = report_of(db, config, month, as_of, compare=compare)
    agenda = agenda_of(
        report,
        calls=[c for c in store.all_calls(db) if month_of(c.recorded_at, config.zone) == month],
        promises=_promises(db, config, month, day),
    )
    return write_agenda(agenda, folder / month)


def _promises(db: Database, config: Config, month: str, day: date) -> list[Kept]:
    """Of the promises that were due in the month up to a day, how many were kept, by kind."""
    happened = store.all_request_events(db)
    requests = requests_as_of(store.all_requests(db), happened, config, day)
    kept: Counter[str] = Counter()
    broken: Counter[str] = Counter()
    for clocks in clocks_of(db, requests, happened, config, day).values():
        for clock in clocks:
            if clock.due.startswith(month) and clock.due <= day.isoformat():
                in_time = clock.done_on and not clock.late_days
                (kept if in_time else broken)[clock.promise] += 1
    return [
        Kept(promise=promise, kept=kept[promise], broken=broken[promise])
        for promise in (ACKNOWLEDGE, DECIDE, DELIVER, *OF_SALES)
        if kept[promise] + broken[promise]
    ]
