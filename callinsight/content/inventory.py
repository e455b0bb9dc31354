"""items.csv and usage.csv become content items and usage events."""

from __future__ import annotations

import dataclasses
import hashlib
from typing import TYPE_CHECKING

from callinsight.errors import InputError
from callinsight.records import ContentItem, ItemChange, Problem, UsageEvent
from callinsight.sheets import LIST_SEPARATOR, Row, parse_rows, read_sheet

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    from callinsight.taxonomy import Taxonomy

STAGE = "inventory"
IMPORTED = "import "  # begins the source of an asset that no sheet lists
SHEET = "sheet"
PLACE = "listed_at"  # of a row among others: it says nothing of the asset
STATUSES = ("draft", "live", "archived")
AUDIENCES = ("internal", "external")
LONGEST_REVIEW = 36_500  # days
EVENTS = ("share", "view", "buyer_view", "download", "call_mention")
ITEM_COLUMNS_NEEDED = ("asset_id", "title", "content_type")
ITEM_COLUMNS = (
    *("url", "summary", "concerns", "personas", "stages", "topics", "product_specific", "owner"),
    *("status", "audience", "published_on", "updated_on", "expires_on", "review_period_days"),
    *("language", "cost"),
)
USAGE_COLUMNS_NEEDED = ("asset_id", "occurred_at", "event")
USAGE_COLUMNS = ("actor", "deal", "call_id", "channel")


def read_items(
    files: Iterable[Path], taxonomy: Taxonomy
) -> tuple[list[ContentItem], list[Problem]]:
    """All assets of the files, and the rows that could not be used; of one id the last row counts.

    An asset without stages or review period takes those of its content type.
    """
    items: dict[str, ContentItem] = {}
    problems: list[Problem] = []
    for file in files:
        rows = read_sheet(file, needed=ITEM_COLUMNS_NEEDED, optional=ITEM_COLUMNS)
        parsed, unusable = parse_rows(rows, lambda row: _item(row, taxonomy), stage=STAGE)
        parsed = [dataclasses.replace(item, source=file.name) for item in parsed]
        items.update({item.id: item for item in parsed})
        problems.extend(unusable)
    return list(items.values()), problems


def listed_ids(files: Iterable[Path]) -> set[str]:
    """The ids of all assets in the files, those of unusable rows among them."""
    return {row.text("asset_id") for row in rows_of_items(files)}


def rows_of_items(files: Iterable[Path]) -> list[Row]:
    """The rows of all files that list assets."""
    return [
        row
        for file in files
        for row in read_sheet(file, needed=ITEM_COLUMNS_NEEDED, optional=ITEM_COLUMNS)
    ]


def read_usage(
    files: Iterable[Path], known: Iterable[str], *, listed: Iterable[str] = ()
) -> tuple[list[UsageEvent], list[Problem]]:
    """All events of the files, each once, and the rows that could not be used.

    An event of an asset that is `listed` but not `known` is left out: the asset's own row is the
    problem.
    """
    usable = set(known)
    ids = usable.union(listed)
    events: dict[str, UsageEvent] = {}
    problems: list[Problem] = []
    for file in files:
        rows = read_sheet(file, needed=USAGE_COLUMNS_NEEDED, optional=USAGE_COLUMNS)
        parsed, unusable = parse_rows(rows, lambda row: _event(row, ids), stage=STAGE)
        events.update({event.id: event for event in parsed if event.item in usable})
        problems.extend(unusable)
    return list(events.values()), problems


def with_imported(listed: Iterable[ContentItem], held: Iterable[ContentItem]) -> list[ContentItem]:
    """The assets of the sheets, and those of what is held that were imported and no sheet lists."""
    sheets = {item.id: item for item in listed}
    imported = [i for i in held if i.source.startswith(IMPORTED) and i.id not in sheets]
    return [*sheets.values(), *imported]


def changes(
    before: Iterable[ContentItem], after: Iterable[ContentItem], *, at: str, by: str = ""
) -> list[ItemChange]:
    """What became different from one inventory to another, by asset; `by` else says the source.

    An asset that came or went has one change, without a field, that names its title.
    """
    old = {item.id: item for item in before}
    new = {item.id: item for item in after}
    found = []
    for id_ in sorted(old.keys() | new.keys()):
        was, now = old.get(id_), new.get(id_)
        source = by or (now.source if now else was.source if was else "")
        if was is None or now is None:
            told = [("", was.title if was else "", now.title if now else "")]
        else:
            told = [
                (field.name, _told(was, field.name), _told(now, field.name))
                for field in dataclasses.fields(ContentItem)
                if field.name != PLACE and getattr(was, field.name) != getattr(now, field.name)
            ]
        found += [
            ItemChange(item=id_, at=at, source=source, field=name, before=b, after=a)
            for name, b, a in told
        ]
    return found


def _told(item: ContentItem, name: str) -> str:
    """A field as text."""
    value = getattr(item, name)
    if isinstance(value, tuple):
        return LIST_SEPARATOR.join(value)
    return "" if value is None else str(value)


def review_days(row: Row) -> int | None:
    """After how many days an asset is to be looked at; None where the row does not say."""
    days = row.whole("review_period_days")
    if days is not None and days > LONGEST_REVIEW:
        raise InputError(
            f"{row.where}: review_period_days is '{days}'; write at most {LONGEST_REVIEW}, "
            "or nothing for what its type has"
        )
    return days


def _item(row: Row, taxonomy: Taxonomy) -> ContentItem:
    kind_id = row.choice("content_type", taxonomy.content_types, "")
    kind = taxonomy.content_types.get(kind_id) or taxonomy.content_types[row.needed("content_type")]
    review = review_days(row)
    return ContentItem(
        id=row.needed("asset_id"),
        title=row.needed("title"),
        content_type=kind.id,
        url=row.text("url"),
        summary=row.text("summary"),
        concerns=row.choices("concerns", taxonomy.concerns),
        personas=row.choices("personas", taxonomy.personas),
        stages=row.choices("stages", taxonomy.stages) or kind.stages,
        topics=row.words("topics"),
        product_specific=row.answer("product_specific"),
        owner=row.text("owner"),
        status=row.choice("status", STATUSES, "live"),
        audience=row.choice("audience", AUDIENCES, "external"),
        published_on=row.date("published_on"),
        updated_on=row.date("updated_on"),
        expires_on=row.date("expires_on"),
        review_period_days=kind.review_days if review is None else review,
        language=row.text("language"),
        cost=row.number("cost"),
    )


def _event(row: Row, items: set[str]) -> UsageEvent:
    item = row.needed("asset_id")
    if item not in items:
        raise InputError(
            f"{row.where}: asset_id '{item}' stands in no list of assets; "
            "add the asset to items.csv, or remove the row"
        )
    row.needed("occurred_at")
    kind = row.choice("event", EVENTS, "") or row.needed("event")
    cells = [row.text(name) for name in (*USAGE_COLUMNS_NEEDED, *USAGE_COLUMNS)]
    return UsageEvent(
        id=hashlib.sha256("\x1f".join(cells).encode()).hexdigest()[:16],
        item=item,
        occurred_at=row.date("occurred_at"),
        event=kind,
        actor=row.text("actor"),
        deal=row.text("deal"),
        call=row.text("call_id"),
        channel=row.text("channel"),
    )
