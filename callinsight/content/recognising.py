"""Which column of an export is likely which of ours, and what its words mean: a mapping to begin with."""

from __future__ import annotations

import json
from collections import Counter
from typing import TYPE_CHECKING

from callinsight.content.export_words import NAMES, ROLES, SEEN_BY, STATES, STEPS, TYPES
from callinsight.content.exports import LISTS, OURS, ExportMapping, folders_of, plain
from callinsight.content.inventory import AUDIENCES, STATUSES
from callinsight.errors import InputError

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from callinsight.sheets import Row
    from callinsight.taxonomy import Taxonomy

MEANINGS = {
    "content_type": TYPES,
    "status": STATES,
    "audience": SEEN_BY,
    "stages": STEPS,
    "personas": ROLES,
}
DOCUMENTATION = "data_sheet"
PARTS_OF_IT = ("implementation_guide", "onboarding", "newsletter")  # that folders of it tell apart
SHORT_TEXTS = 200  # different words in a column; more are no words of a list


def recognised(header: Sequence[str], taxonomy: Taxonomy, file: str) -> ExportMapping:
    """The mapping that the names of the columns suggest; raises InputError if they say too little."""
    columns = columns_of(header)
    missing = [name for name in ("title", "content_type") if name not in columns]
    if missing:
        raise InputError(
            f"{file}: no column can be recognised as the {' and the '.join(missing)}; its columns are "
            f"{', '.join(header)}. 'callinsight inventory map {file}' writes a mapping.toml to fill "
            "in; name it with --map"
        )
    return ExportMapping(
        where="mapping.toml",
        columns=columns,
        values={name: meanings(name, taxonomy) for name in MEANINGS},
    )


def columns_of(header: Sequence[str]) -> dict[str, tuple[str, ...]]:
    """Our columns and theirs: the likeliest name wins, and topics may come from several."""
    found: dict[str, tuple[str, ...]] = {}
    free = {plain(name): name for name in reversed(header) if name}
    for ours in OURS:
        wanted = dict.fromkeys(map(plain, (ours, *NAMES[ours])))
        names = [name for name in wanted if name in free]
        taken = tuple(free.pop(name) for name in names[: None if ours == "topics" else 1])
        if taken:
            found[ours] = taken
    return found


def meanings(name: str, taxonomy: Taxonomy) -> dict[str, str]:
    """What their words for content types, states and so on mean, those of the taxonomy only."""
    known = _ours(name, taxonomy)
    return {
        plain(word): ours
        for ours, words in MEANINGS.get(name, {}).items()
        if ours in known
        for word in words
    }


def mapping_text(header: Sequence[str], rows: Sequence[Row], taxonomy: Taxonomy, file: str) -> str:
    """A mapping file (TOML) to begin with: what was recognised, and what is left to say."""
    columns = columns_of(header)
    used = {theirs for names in columns.values() for theirs in names}
    lines = [
        f"# Which column of {file} is which of ours. Left: ours. Right: the columns of your export.",
        "# What was guessed should be checked; a line that begins with # does nothing.",
        f"# Then: callinsight inventory import {file} --map mapping.toml --dry-run",
        "",
        "[columns]",
    ]
    for ours in OURS:
        if ours in columns:
            names = [_quoted(name) for name in columns[ours]]
            told = names[0] if len(names) == 1 else f"[{', '.join(names)}]"
            lines.append(f"{ours} = {told}{_examples(rows, columns[ours][0])}")
        elif ours in ("title", "content_type"):
            lines.append(f'# {ours} = "..."  # needed, here or below [constants]')
        else:
            lines.append(f'# {ours} = "..."')
    unused = [name for name in header if name and name not in used]
    if unused:
        lines += ["", f"# Not used: {', '.join(unused)}"]
    lines += _id_lines(columns, header)
    for name in MEANINGS:
        lines += _value_lines(name, columns, rows, taxonomy)
    lines += _folder_lines(columns, rows, taxonomy)
    lines += [
        *("", "# The same for all assets of this export."),
        *("[constants]", '# language = "en"'),
        *("", "# Where the cell is empty."),
        *("[defaults]", '# owner = "Marketing"'),
        *("", "# Rows to leave out, by the words of one of their columns.", "[skip]"),
        '# "Status" = ["trash"]',
        *("", "[formats]", '# dates = ["%d/%m/%Y"]  # how dates are written, if not 2026-10-31'),
        *(
            '# lists = ";,|"  # what separates words in a cell',
            "# html = true  # turn &amp; into &",
            "",
        ),
    ]
    return "\n".join(lines)


def _id_lines(columns: Mapping[str, tuple[str, ...]], header: Sequence[str]) -> list[str]:
    if "asset_id" in columns:
        return []
    return [
        *(
            "",
            "# Without an id of its own, an asset is known by its URL, else by its title. If a column",
        ),
        "# never changes, it does better: put its name in braces.",
        "[templates]",
        f'# asset_id = "cms-{{{next(iter(header), "ID")}}}"',
    ]


def _value_lines(
    name: str, columns: Mapping[str, tuple[str, ...]], rows: Sequence[Row], taxonomy: Taxonomy
) -> list[str]:
    if name not in columns:
        return []
    known = _ours(name, taxonomy)
    told = meanings(name, taxonomy)
    same = {plain(word) for word in known}
    words = [w for w in _words(rows, columns[name][0], name) if plain(w) not in same]
    if not words or len(words) > SHORT_TEXTS:
        return []
    lines = ["", f"# Left: their words. Right: one of {', '.join(known)}.", f"[values.{name}]"]
    for word in words:
        guess = told.get(plain(word))
        lines.append(
            f"{_quoted(word)} = {_quoted(guess)}" if guess else f'# {_quoted(word)} = "..."'
        )
    return lines


def _folder_lines(
    columns: Mapping[str, tuple[str, ...]], rows: Iterable[Row], taxonomy: Taxonomy
) -> list[str]:
    """Folders that say what kind of documentation a page is, for those whose type says no more."""
    if not {"url", "content_type"} <= columns.keys():
        return []
    types = meanings("content_type", taxonomy)
    told = {word: ours for word, ours in types.items() if ours in PARTS_OF_IT}
    found = {
        folder
        for row in rows
        if types.get(plain(row.text(columns["content_type"][0]))) == DOCUMENTATION
        for folder in folders_of(row.text(columns["url"][0]))
        if folder in told
    }
    if not found:
        return []
    return [
        *(
            "",
            "# Folders and pages of addresses that say more than the type does; the innermost counts.",
        ),
        "[folders]",
        *(f"{_quoted(folder)} = {_quoted(told[folder])}" for folder in sorted(found)),
    ]


def _words(rows: Iterable[Row], column: str, name: str) -> list[str]:
    """The different words of a column, the most frequent first."""
    counted: Counter[str] = Counter()
    for row in rows:
        cell = row.text(column)
        parts = cell.replace(",", ";").replace("|", ";").split(";") if name in LISTS else [cell]
        counted.update(part.strip() for part in parts if part.strip())
    return sorted(counted, key=lambda word: (-counted[word], word))


def _examples(rows: Sequence[Row], column: str) -> str:
    """A comment with the first value of a column, on one line."""
    first = next((" ".join(row.text(column).split()) for row in rows if row.text(column)), "")
    shown = "".join(letter for letter in first if letter.isprintable())
    return f"  # {shown[:40]}{'…' if len(shown) > 40 else ''}" if shown else "  # empty"


def _ours(name: str, taxonomy: Taxonomy) -> tuple[str, ...]:
    known: dict[str, Iterable[str]] = {
        "content_type": taxonomy.content_types,
        "status": STATUSES,
        "audience": AUDIENCES,
        "stages": taxonomy.stages,
        "personas": taxonomy.personas,
    }
    return tuple(known[name])


def _quoted(text: str) -> str:
    """A text as TOML has it: in this, JSON's strings are TOML's."""
    return json.dumps(text, ensure_ascii=False).replace("\x7f", "\\u007f")
