"""Exports of content platforms become content items; a mapping (TOML) says which column is which.

A mapping has these sections, all but [columns] optional:

    [columns]       ours = "theirs", or several of theirs whose words are joined
    [templates]     asset_id, url or another of ours, put together: "cms-{Post ID}"
    [values.OURS]   "their word" = "our word"; "" drops it
    [folders]       "folder of the address" = "our content type", before what the type's column says
    [constants]     ours = "the same for all"
    [defaults]      ours = "where the cell is empty"
    [skip]          THEIRS = ["words of rows that are left out"]
    [formats]       dates = ["%d/%m/%Y"], lists = ",|", html = true
"""

from __future__ import annotations

import hashlib
import html
import re
from collections import defaultdict
from dataclasses import dataclass, field
from datetime import datetime
from email.utils import parsedate_to_datetime
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from callinsight.content.inventory import (
    AUDIENCES,
    ITEM_COLUMNS,
    ITEM_COLUMNS_NEEDED,
    STATUSES,
    review_days,
)
from callinsight.errors import ConfigError, InputError, nearest
from callinsight.records import ContentItem
from callinsight.sheets import Row
from callinsight.toml import read_toml

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from pathlib import Path

    from callinsight.taxonomy import Taxonomy

ID = "asset_id"
FOLDER = "folder"  # of a file of Markdown, in the place of a column
OURS = (*ITEM_COLUMNS_NEEDED, *ITEM_COLUMNS)
LISTS = ("concerns", "personas", "stages", "topics")
DATES = ("published_on", "updated_on", "expires_on")
TEXTS = ("title", "summary")
SECTIONS = ("columns", "templates", "values", "folders", "constants", "defaults", "skip", "formats")
FORMATS = ("dates", "lists", "html")
USUAL_DATES = (
    *("%Y/%m/%d", "%d.%m.%Y", "%d %B %Y", "%d %b %Y", "%B %d, %Y", "%b %d, %Y"),
    *("%d-%b-%Y", "%B %Y", "%b %Y"),
)
PLACE = re.compile(r"\{([^{}]+)\}")
TAG = re.compile(r"<[^<>]{1,200}>")
ENDING = re.compile(r"\.[a-z]{2,4}[0-9]?$", re.IGNORECASE)  # of a file
SLUG = 40  # characters of a made id that say what it is of
NAMED = 3  # rows that a message names


@dataclass(frozen=True, kw_only=True)
class ExportMapping:
    """Which column of an export is which of ours, and what its words mean."""

    where: str  # the file, for messages
    columns: dict[str, tuple[str, ...]]  # ours: theirs, in lower case
    templates: dict[str, str] = field(default_factory=dict)
    values: dict[str, dict[str, str]] = field(default_factory=dict)  # their words as `plain`
    folders: dict[str, str] = field(default_factory=dict)  # of addresses, as `plain`: our type
    constants: dict[str, str] = field(default_factory=dict)
    defaults: dict[str, str] = field(default_factory=dict)
    skip: dict[str, tuple[str, ...]] = field(default_factory=dict)
    dates: tuple[str, ...] = ()
    lists: str = ";,|"
    html: bool = True


@dataclass(frozen=True, kw_only=True)
class Exported:
    """What an export holds; `problems` are rows left out, `notes` are worth a look."""

    items: tuple[ContentItem, ...]
    problems: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()
    skipped: int = 0


class _WordError(InputError):
    """A word that the mapping does not translate: told once for all rows that have it."""

    def __init__(self, name: str, word: str, known: Sequence[str]) -> None:
        super().__init__(f"{name} is '{word}'")
        self.key = (name, word, tuple(known))


def load_mapping(path: Path) -> ExportMapping:
    """Read and check a mapping file; raises ConfigError."""
    try:
        table = read_toml(path)
    except OSError as error:
        raise ConfigError(
            f"{path}: the mapping cannot be read ({error.strerror}); mend the path after --map, "
            "or write one with 'callinsight inventory map FILE'"
        ) from None
    _refuse_unknown(table, SECTIONS, "the top level", path)
    for name, section in table.items():
        if not isinstance(section, dict):
            raise ConfigError(
                f"{path}: '{name}' must be a table: write [{name}] above its settings"
            )
        if name not in ("folders", "skip", "formats"):
            _refuse_unknown(section, OURS, f"[{name}]", path)
    formats = table.get("formats", {})
    _refuse_unknown(formats, FORMATS, "[formats]", path)
    mapping = ExportMapping(
        where=str(path),
        columns={ours: _names(v, f"[columns] {ours}", path) for ours, v in _of(table, "columns")},
        templates={
            ours: _text(v, f"[templates] {ours}", path) for ours, v in _of(table, "templates")
        },
        values={ours: _words(v, f"[values.{ours}]", path) for ours, v in _of(table, "values")},
        folders=_words(table.get("folders", {}), "[folders]", path),
        constants={
            ours: _text(v, f"[constants] {ours}", path) for ours, v in _of(table, "constants")
        },
        defaults={ours: _text(v, f"[defaults] {ours}", path) for ours, v in _of(table, "defaults")},
        skip={
            name.casefold(): tuple(map(plain, _names(v, f"[skip] {name}", path)))
            for name, v in _of(table, "skip")
        },
        dates=_names(formats.get("dates", []), "[formats] dates", path, fold=False),
        lists=_text(formats.get("lists", ExportMapping.lists), "[formats] lists", path),
        html=formats.get("html", True) is True,
    )
    for needed in ("title", "content_type"):
        if not any(
            needed in part for part in (mapping.columns, mapping.templates, mapping.constants)
        ):
            raise ConfigError(
                f'{path}: nothing says the {needed}; write {needed} = "COLUMN" below [columns], '
                f'or {needed} = "..." below [constants]'
            )
    return mapping


def check_columns(mapping: ExportMapping, header: Sequence[str], file: str) -> None:
    """Raise InputError if the export lacks a column that the mapping names."""
    wanted = [
        *((f"[columns] {ours}", name) for ours, names in mapping.columns.items() for name in names),
        *((f"[templates] {o}", p) for o, t in mapping.templates.items() for p in _places(t)),
        *(("[skip]", name) for name in mapping.skip),
    ]
    for where, name in wanted:
        if name not in header:
            hint = nearest(name, list(header)) or f"; its columns are {', '.join(header)}"
            raise InputError(
                f"{file}: there is no column '{name}', which {where} of {mapping.where} names{hint}"
            )
        if list(header).count(name) > 1:
            raise InputError(f"{file}: the column '{name}' stands there twice; rename one")


def read_export(
    rows: Iterable[Row], mapping: ExportMapping, taxonomy: Taxonomy, *, source: str
) -> Exported:
    """The items of an export; of one id the last row counts.

    A word that means none of our content types, states or audiences leaves its row out, and is told
    once. Concerns, personas and stages that are none of ours stay as they are, so that the item
    serves nobody whom it was not made for; `inventory lint` names them.
    """
    items: dict[str, ContentItem] = {}
    where: dict[str, str] = {}
    problems: list[str] = []
    notes: list[str] = []
    unknown: dict[tuple[str, str, tuple[str, ...]], list[str]] = defaultdict(list)
    skipped = 0
    for row in rows:
        if _is_skipped(row, mapping):
            skipped += 1
            continue
        try:
            if row.fault:
                raise InputError(f"{row.where}: {row.fault}")
            item = _item(row, mapping, taxonomy, source)
        except _WordError as error:
            unknown[error.key].append(row.where)
            continue
        except InputError as error:
            problems.append(str(error))
            continue
        if item.id in items:
            notes.append(
                f"{row.where}: the same asset as {where[item.id]} ({item.id}); this row counts"
            )
        items[item.id], where[item.id] = item, row.where
    problems += [_untold(key, rows_, mapping) for key, rows_ in unknown.items()]
    notes += _foreign(items.values(), taxonomy, mapping)
    return Exported(
        items=tuple(items.values()), problems=tuple(problems), notes=tuple(notes), skipped=skipped
    )


def made_id(url: str, title: str) -> str:
    """An id that stays as long as the address does, else the title: its last words and a hash."""
    try:
        parts = urlsplit(url if "//" in url else f"//{url}")
    except ValueError:  # no address, such as http://[
        return made_id("", url)
    if url:
        path = parts.path.rstrip("/")
        query = f"?{parts.query}" if re.fullmatch(r"(?:p|id|page_id|post)=\w+", parts.query) else ""
        stable = f"{parts.netloc.casefold().removeprefix('www.')}{path}{query}"
        name = ENDING.sub("", path.rpartition("/")[2]) or parts.netloc
    else:
        stable = name = " ".join(title.casefold().split())
    slug = re.sub(r"[^a-z0-9]+", "-", name.casefold()).strip("-")[:SLUG].strip("-")
    return "-".join(filter(None, (slug, hashlib.sha256(stable.encode()).hexdigest()[:6])))


def plain(word: str) -> str:
    """A word as it is compared: in lower case, without hyphens, underscores and outer spaces."""
    return " ".join(re.sub(r"[-_/]", " ", word).casefold().split())


def _item(row: Row, mapping: ExportMapping, taxonomy: Taxonomy, source: str) -> ContentItem:
    cells = {name: _cell(row, name, mapping) for name in OURS if name not in LISTS}
    for name in TEXTS:
        cells[name] = _readable(cells[name], mapping)
    cells["content_type"] = _type_by_folder(cells["url"], mapping) or cells["content_type"]
    kind = taxonomy.content_types[
        _known(cells, "content_type", tuple(taxonomy.content_types))
        or _empty(row, "content_type", mapping)
    ]
    checked = Row(row.where, cells)
    review = review_days(checked)
    dates = {name: _date(row, name, cells[name], mapping) for name in DATES}
    title = cells["title"] or _empty(row, "title", mapping)
    stages = _list(row, "stages", mapping, taxonomy.stages)
    return ContentItem(
        id=cells[ID] or made_id(cells["url"], title),
        title=title,
        content_type=kind.id,
        url=cells["url"],
        summary=cells["summary"],
        concerns=_list(row, "concerns", mapping, taxonomy.concerns),
        personas=_list(row, "personas", mapping, taxonomy.personas),
        stages=stages or kind.stages,
        topics=_list(row, "topics", mapping, ()),
        product_specific=checked.answer("product_specific"),
        owner=cells["owner"],
        status=_known(cells, "status", STATUSES) or "live",
        audience=_known(cells, "audience", AUDIENCES) or "external",
        **{name: Row(row.where, dates).date(name) for name in DATES},
        review_period_days=kind.review_days if review is None else review,
        language=cells["language"],
        cost=Row(row.where, {"cost": cells["cost"].strip("$€£ ")}).number("cost"),
        source=source,
        listed_at=row.where,
    )


def _cell(row: Row, name: str, mapping: ExportMapping) -> str:
    """One of our cells, from their column, a template, a constant, or the default."""
    if name in mapping.templates:
        template = mapping.templates[name]
        filled = PLACE.sub(lambda place: row.text(place[1].casefold()), template)
        value = filled if any(row.text(p) for p in _places(template)) else ""
    elif name in mapping.columns:
        value = " ".join(filter(None, (row.text(column) for column in mapping.columns[name])))
    else:
        value = ""
    value = mapping.values.get(name, {}).get(plain(value), value)
    return value or mapping.constants.get(name, "") or mapping.defaults.get(name, "")


def _type_by_folder(url: str, mapping: ExportMapping) -> str:
    """The content type of the innermost folder of an address, or of its page, that the mapping names."""
    parts = folders_of(url) if mapping.folders else []
    word = next((mapping.folders[part] for part in reversed(parts) if part in mapping.folders), "")
    return mapping.values.get("content_type", {}).get(plain(word), word)


def folders_of(url: str) -> list[str]:
    """The folders of an address and its page, as `plain`, without the ending of a file."""
    try:
        path = urlsplit(url if "//" in url else f"//{url}").path
    except ValueError:  # no address, such as http://[
        return []
    return [plain(ENDING.sub("", part)) for part in path.split("/") if part]


def _list(row: Row, name: str, mapping: ExportMapping, known: Iterable[str]) -> tuple[str, ...]:
    """The words of a list; ours where they mean one of ours, else as they are."""
    cells = [row.text(column) for column in mapping.columns.get(name, ())]
    told = {plain(word): word for word in known} | mapping.values.get(name, {})
    words = []
    for cell in cells:
        parts = [cell] if plain(cell) in told else re.split(f"[{re.escape(mapping.lists)}]", cell)
        words += [_readable(part, mapping) for part in parts]
    found = [told.get(plain(word), word).replace(";", ",") for word in words if word]
    fallback = mapping.constants.get(name) or mapping.defaults.get(name, "")
    if not any(found) and fallback:
        found = [word.strip() for word in fallback.split(";")]
    return tuple(dict.fromkeys(filter(None, found)))


def _known(cells: Mapping[str, str], name: str, known: Sequence[str]) -> str:
    """Our word; raises for one that means none of ours."""
    word = cells[name]
    ours = {plain(entry): entry for entry in known}.get(plain(word), "")
    if word and not ours:
        raise _WordError(name, word, known)
    return ours


def _date(row: Row, name: str, value: str, mapping: ExportMapping) -> str:
    if not value:
        return ""
    text = " ".join(value.split())
    for read in (_by_formats(mapping.dates), datetime.fromisoformat, _by_formats(USUAL_DATES)):
        try:
            return read(text).date().isoformat()
        except ValueError:
            continue
    try:
        return parsedate_to_datetime(text).date().isoformat()
    except ValueError:
        raise InputError(
            f"{row.where}: {name} is '{value}', and nothing says how to read it; write its form "
            f'below [formats] in {mapping.where}, such as dates = ["%d/%m/%Y"] for 31/10/2026'
        ) from None


def _by_formats(formats: Sequence[str]) -> Any:
    def read(text: str) -> datetime:
        for form in formats:
            try:
                return datetime.strptime(text, form)  # noqa: DTZ007 - a day, wherever
            except ValueError:
                continue
        raise ValueError(text)

    return read


def _readable(text: str, mapping: ExportMapping) -> str:
    """Text as people read it: no tags, no entities, single spaces."""
    if mapping.html and ("<" in text or "&" in text):
        text = html.unescape(TAG.sub(" ", html.unescape(text) if "&lt;" in text else text))
    return " ".join(text.split())


def _is_skipped(row: Row, mapping: ExportMapping) -> bool:
    return any(plain(row.text(column)) in words for column, words in mapping.skip.items())


def _empty(row: Row, name: str, mapping: ExportMapping) -> str:
    columns = " and ".join(mapping.columns.get(name, ())) or name
    if columns == FOLDER:
        raise InputError(
            f"{row.where}: it lies in no folder that could say its {name}; put it into one, or write "
            f'{name} = "..." below [defaults] in {mapping.where}'
        )
    raise InputError(
        f"{row.where}: {columns} is empty, so nothing says the {name}; fill it in, or write "
        f'{name} = "..." below [defaults] in {mapping.where}'
    )


def _untold(
    key: tuple[str, str, tuple[str, ...]], rows: Sequence[str], mapping: ExportMapping
) -> str:
    name, word, known = key
    return (
        f"{_rows(rows)}: '{word}' is no {name}; write what it means below [values.{name}] in "
        f'{mapping.where}, such as "{word}" = "{known[0]}" (or {", ".join(known[1:])})'
    )


def _foreign(items: Iterable[ContentItem], taxonomy: Taxonomy, mapping: ExportMapping) -> list[str]:
    """A note for each concern, persona or stage that is none of ours."""
    known: dict[str, Iterable[str]] = {
        "concerns": taxonomy.concerns,
        "personas": taxonomy.personas,
        "stages": taxonomy.stages,
    }
    found: dict[tuple[str, str], list[str]] = defaultdict(list)
    for item in items:
        for name, words in known.items():
            for word in getattr(item, name):
                if word not in set(words):
                    found[name, word].append(item.id)
    return [
        f"{_rows(ids)}: '{word}' is none of your {name}; write what it means below "
        f'[values.{name}] in {mapping.where}, or "" to drop it'
        for (name, word), ids in found.items()
    ]


def _rows(rows: Sequence[str]) -> str:
    more = f" and {len(rows) - NAMED} more" if len(rows) > NAMED else ""
    return ", ".join(rows[:NAMED]) + more


def _places(template: str) -> list[str]:
    return [name.casefold() for name in PLACE.findall(template)]


def _of(table: dict[str, Any], section: str) -> Iterable[tuple[str, Any]]:
    return list(table.get(section, {}).items())


def _refuse_unknown(table: dict[str, Any], known: Sequence[str], where: str, path: Path) -> None:
    for key in table:
        if key not in known:
            hint = nearest(key, list(known)) or f"; it may have {', '.join(known)}"
            raise ConfigError(f"{path}: {where} has no setting '{key}'{hint}")


def _names(value: Any, where: str, path: Path, *, fold: bool = True) -> tuple[str, ...]:
    names = [value] if isinstance(value, str) else value
    if not isinstance(names, list) or not all(isinstance(name, str) for name in names):
        raise ConfigError(
            f'{path}: {where} must be text in quotes, or a list such as ["one", "two"]'
        )
    return tuple(name.strip().casefold() if fold else name for name in names)


def _text(value: Any, where: str, path: Path) -> str:
    if not isinstance(value, str):
        raise ConfigError(f"{path}: {where} must be text in quotes")
    return value


def _words(value: Any, where: str, path: Path) -> dict[str, str]:
    if not isinstance(value, dict):
        raise ConfigError(
            f'{path}: {where} must be a table, with lines such as "their word" = "ours"'
        )
    return {plain(theirs): _text(ours, f"{where} {theirs}", path) for theirs, ours in value.items()}
