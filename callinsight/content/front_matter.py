"""A folder of Markdown files with front matter, as the rows of an export."""

from __future__ import annotations

import datetime
import re
from pathlib import Path
from typing import Any

from callinsight.errors import InputError
from callinsight.sheets import Row
from callinsight.toml import parse_toml

SUFFIXES = (".md", ".markdown", ".mdx")
LARGEST = 2_000_000  # bytes; a page of text is smaller
MADE = ("file", "folder", "stem", "heading", "paragraph")  # what every file has without being asked
FENCE = re.compile(r"\A\+\+\+[ \t]*\r?\n(.*?)\r?\n\+\+\+[ \t]*(?:\r?\n|\Z)(.*)\Z", re.DOTALL)
HEADING = re.compile(r"^#\s+(.+?)\s*#*$", re.MULTILINE)
NO_PROSE = ("#", "<", "!", "|", "```", "~~~", "import ", "export ", "---", ":::", "{%", "{{", "[!")


def read_folder(folder: Path) -> tuple[list[str], list[Row]]:
    """The names that the files' front matter uses, in lower case, and a row a file, by path.

    Beside its front matter (YAML between ---, TOML between +++) a file has `file`, `folder`, `stem`,
    its first `heading` and first `paragraph`. Raises InputError if there is no Markdown.
    """
    files = sorted(p for p in folder.rglob("*") if p.suffix.casefold() in SUFFIXES and p.is_file())
    if not files:
        raise InputError(
            f"{folder}: there is no Markdown file in this folder; name the folder of your pages, "
            "or an export as CSV"
        )
    rows = [_row(path, folder) for path in files]
    names = dict.fromkeys(name for row in rows for name in row.cells)
    return list(names), rows


def _row(path: Path, folder: Path) -> Row:
    where = path.relative_to(folder).as_posix()
    made = {
        "file": where,
        "folder": Path(where).parent.as_posix().removeprefix("."),
        "stem": path.stem,
    }
    try:
        if path.stat().st_size > LARGEST:
            raise InputError(f"the file is larger than {LARGEST:,} bytes; it is no page of text")
        matter, body = _parts(path.read_text(encoding="utf-8-sig"))
    except (OSError, UnicodeDecodeError, ValueError, InputError) as error:
        return Row(where, made, fault=_fault(error))
    heading = HEADING.search(body)
    told = {"heading": heading[1] if heading else "", "paragraph": _paragraph(body)}
    return Row(where, {**made, **told, **_flat(matter)})


def _parts(text: str) -> tuple[Any, str]:
    """Front matter and what follows; raises ValueError where it cannot be read."""
    import frontmatter
    import yaml

    if fenced := FENCE.match(text):
        return parse_toml(fenced[1]), fenced[2]
    try:
        matter, body = frontmatter.parse(text)  # by YAML's safe loader: no objects are made
    except (yaml.YAMLError, RecursionError) as error:
        raise ValueError(str(error).splitlines()[0]) from None
    return matter, body


def _fault(error: Exception) -> str:
    if isinstance(error, UnicodeDecodeError):
        return "this is not UTF-8 text; save it again as UTF-8"
    if isinstance(error, InputError):
        return str(error)
    reason = error.strerror if isinstance(error, OSError) else error
    return f"its front matter cannot be read ({reason}); mend the lines at the top of the file"


def _flat(matter: Any, prefix: str = "") -> dict[str, str]:
    """Names and cells; `seo: {title: X}` is `seo.title`, lists are separated by semicolons."""
    cells: dict[str, str] = {}
    for name, value in matter.items() if isinstance(matter, dict) else ():
        key = f"{prefix}{name}".casefold().strip()
        if isinstance(value, dict) and not prefix:
            cells |= _flat(value, f"{key}.")
        elif isinstance(value, list):
            cells[key] = ";".join(filter(None, map(_scalar, value)))
        else:
            cells[key] = _scalar(value)
    return cells


def _scalar(value: Any) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, datetime.date | datetime.datetime):
        return value.isoformat()
    return str(value).strip() if isinstance(value, str | int | float) else ""


def _paragraph(body: str) -> str:
    """The first lines of prose."""
    for block in re.split(r"\n\s*\n", body):
        text = " ".join(block.split())
        if text and not text.startswith(NO_PROSE):
            return re.sub(r"!?\[([^\]]*)\]\([^)]*\)|[*_`]", r"\1", text)
    return ""
