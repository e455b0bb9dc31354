"""A real inventory from the export to the report, untouched: `python benchmarks/inventory.py EXPORT`.

The export is any that `callinsight inventory import` takes: CSV, or a folder of Markdown. A mapping is
written as `inventory map` writes it, and used as it stands. All is done in a temporary folder by what
the commands call, without any call of a buyer. `--at-least` is the score from which proposals are
accepted, all at once; `--as-of` the day of it all.
"""

from __future__ import annotations

import argparse
import statistics
import tempfile
from collections import Counter
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING

from callinsight import store
from callinsight.cli.models import fetch
from callinsight.cli.report import FORMATS
from callinsight.pipeline.content import unused_of
from callinsight.pipeline.gaps import list_gaps
from callinsight.pipeline.inventory import import_items, propose_mapping
from callinsight.pipeline.lint import lint_inventory
from callinsight.pipeline.report import report_month
from callinsight.pipeline.run import content_settings
from callinsight.pipeline.suggesting import accept_all, propose

if TYPE_CHECKING:
    from collections.abc import Iterable

    from sqlite_utils import Database

    from callinsight.pipeline.inventory import Imported
    from callinsight.records import ContentItem, Suggestion


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("export", type=Path, help="CSV, or a folder of Markdown")
    parser.add_argument("--at-least", type=float, default=0.8, help="score of what is accepted")
    parser.add_argument("--as-of", type=date.fromisoformat, default=date(2026, 10, 31))
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory() as made:
        folder = Path(made)
        with store.opened(folder / "inventory.db", create=True) as db:
            row("step", "came to")
            row("---", "---")
            imported(db, asked.export, folder / "mapping.toml", asked.as_of)
            linted(db, "lint before", asked.as_of)
            proposed(db, asked.at_least, asked.as_of)
            linted(db, "lint after", asked.as_of)
            standing(db, asked.as_of)
            reported(db, folder, asked.as_of)


def imported(db: Database, export: Path, mapping: Path, day: date) -> None:
    """Map and import, and import again."""
    mapping.write_text(propose_mapping(export, mapping.with_name("none")), encoding="utf-8")

    def once() -> Imported:
        return import_items(db, export, mapping=mapping, now=f"{day}T09:00:00+00:00")

    done = once()
    row("rows refused", len(done.problems))
    row("rows skipped", done.skipped)
    row("assets", len(done.new))
    row("notes", len(done.notes))
    again = once()
    row("imported again: new, changed", f"{len(again.new)}, {len(again.changed)}")
    items = store.all_items(db)
    row("by type", counted(item.content_type for item in items))
    row("with a date", sum(is_dated(item) for item in items))
    row("with an owner", sum(bool(item.owner) for item in items))
    row("with a concern", sum(bool(item.concerns) for item in items))


def linted(db: Database, title: str, day: date) -> None:
    """What lint finds, by rule."""
    found = lint_inventory(db, as_of=day)
    row(f"{title}: errors", counted(one.rule for one in found if one.level == "error"))
    row(f"{title}: advice", counted(one.rule for one in found if one.level != "error"))


def proposed(db: Database, at_least: float, day: date) -> None:
    """What is proposed, what of it is accepted at once, and how many assets that tags."""
    found = propose(db, fetch=fetch).suggestions
    for field in ("concerns", "personas", "stages"):
        row(f"proposed: {field}", told(one for one in found if one.field == field))
    row("proposed: concerns", counted(one.value for one in found if one.field == "concerns"))
    done = accept_all(db, at_least=at_least, who="", now=f"{day}T09:00:00+00:00")
    row(f"accepted from {at_least:g} on", counted(one.field for one in done))
    tagged = sum(bool(item.concerns) for item in store.all_items(db))
    row("assets with a concern then", tagged)


def standing(db: Database, day: date) -> None:
    """How the assets stand on the day."""
    found = unused_of(db, content_settings(db), [], day)
    row("need attention", counted(one.kind for one in found))
    items = store.all_items(db)
    old = {one.item for one in found if one.kind in ("stale", "expired")}
    row(
        "live and fresh", sum(is_dated(i) and i.status == "live" and i.id not in old for i in items)
    )
    row("live, without a date", sum(not is_dated(i) and i.status == "live" for i in items))


def reported(db: Database, folder: Path, day: date) -> None:
    """The gaps and the report, without any call."""
    config = content_settings(db)
    for line in list_gaps(db, config, None, day, shape="text", today=day).splitlines():
        if line and "'callinsight run" not in line:
            row("gaps", line)
    for form in FORMATS:
        out = folder / form
        report_month(db, config, f"{day:%Y-%m}", out, as_of=day, formats=(form,))
        files = [path for path in out.rglob("*") if path.is_file()]
        size = sum(path.stat().st_size for path in files)
        row(f"report, {form}", f"{len(files)} file{'s' if len(files) > 1 else ''}, {size:,} bytes")


def is_dated(item: ContentItem) -> bool:
    """Whether anything says when it was published or checked."""
    return bool(item.published_on or item.updated_on)


def told(found: Iterable[Suggestion]) -> str:
    """How many, of how many assets, with the middle of their scores."""
    listed = list(found)
    if not listed:
        return "none"
    assets = len({one.item for one in listed})
    middle = statistics.median(one.score for one in listed)
    return f"{len(listed)} of {assets} assets, median score {middle:.2f}"


def counted(words: Iterable[str]) -> str:
    """How often each, the most frequent first."""
    counts = sorted(Counter(words).items(), key=lambda entry: (-entry[1], entry[0]))
    return ", ".join(f"{number} {word.replace('_', ' ')}" for word, number in counts) or "none"


def row(step: str, came_to: object) -> None:
    """A line of the table."""
    print(f"| {step} | {came_to} |", flush=True)


if __name__ == "__main__":
    main()
