"""`callinsight tag`: any turns in a sheet to tags, without calls or a database."""

from __future__ import annotations

import dataclasses
import itertools
import json
from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from callinsight import weights
from callinsight.config import TaggingConfig
from callinsight.errors import InputError, nearest
from callinsight.pipeline.embedding import load_encoder
from callinsight.pipeline.tagger import load_tagger, tagger_models
from callinsight.progress import Line
from callinsight.sheets import opened_rows
from callinsight.tagging.concerns import pieces
from callinsight.tagging.encoder import Turn, encode
from callinsight.tagging.heads import load_heads
from callinsight.taxonomy import DEFAULT_TAXONOMY, load_taxonomy

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from pathlib import Path

    from callinsight.progress import Progress
    from callinsight.sheets import Row
    from callinsight.tagging.concerns import Tagger
    from callinsight.tagging.reading import Reading

CONTEXT = "context"
ANSWERS = ("concerns", "stance", "ask", "competitors")
BATCH = 64  # rows that are in memory together
REMEMBERED = 10_000  # turns whose reading is kept, should they come again


@dataclass(frozen=True, kw_only=True)
class Options:
    """Which columns are read, by which definitions."""

    text: str = "text"
    context: str | None = None  # None: the column `context`, if there is one
    taxonomy: Path = DEFAULT_TAXONOMY
    competitors: tuple[str, ...] = ()


@dataclass(frozen=True)
class _Sheet:
    """A sheet that is known to hold turns."""

    file: Path
    columns: tuple[str, ...]  # as they are written
    text: str
    context: str  # empty for none
    rows: int

    def turn(self, row: Row) -> Turn:
        context = row.text(self.context.casefold()) if self.context else ""
        return Turn(context, row.text(self.text.casefold()))

    def cells(self, row: Row) -> dict[str, str]:
        """All cells; a column that has the name of an answer is `sheet_...`."""
        return {
            f"sheet_{name}" if name in ANSWERS else name: row.text(name.casefold())
            for name in self.columns
        }


def tag_file(
    file: Path,
    options: Options,
    *,
    progress: Progress,
    fetch: Callable[[list[str]], None] = weights.fetch,
) -> Iterator[Line]:
    """A line for each row of a sheet, in its order, then what is to be said of the whole.

    Raises InputError before the first line if the sheet or a column is not there. `fetch` makes
    sure that the models are here.
    """
    sheet = _check(file, options)
    taxonomy = load_taxonomy(options.taxonomy)
    fetch(tagger_models(taxonomy))
    settings = TaggingConfig(taxonomy=options.taxonomy, competitors=options.competitors)
    return _lines(sheet, load_tagger(settings, taxonomy, load_heads()), progress)


def read_turns(tagger: Tagger, turns: Sequence[Turn]) -> list[Reading]:
    """Encode and read turns, each once."""
    parts = [piece for turn in turns for piece in pieces(turn)]
    return tagger.read(turns, encode(parts, {}, load_encoder))


def check_file(file: Path) -> None:
    """Raise InputError if there is no such file."""
    if not file.exists():
        raise InputError(f"{file}: there is no such file; mend the path")


def _check(file: Path, options: Options) -> _Sheet:
    check_file(file)
    wanted = (options.text, options.context or CONTEXT)
    with opened_rows(file, known=[name.casefold() for name in wanted]) as (columns, rows):
        names = [name.casefold() for name in columns]
        for option, name in (("--text", options.text), ("--context", options.context)):
            if name is not None and name.casefold() not in names:
                advice = f"there are {', '.join(names)}; name the one to read with {option} NAME"
                hint = nearest(name.casefold(), names, then=advice)
                raise InputError(f"{file.name}: there is no column '{name}'{hint}")
        twice = next((name for name, count in Counter(names).items() if count > 1), None)
        if twice is not None:
            raise InputError(f"{file.name}: the column '{twice}' stands there twice; rename one")
        context = options.context or (CONTEXT if CONTEXT in names else "")
        return _Sheet(file, tuple(columns), options.text, context, sum(1 for _ in rows))


def _lines(sheet: _Sheet, tagger: Tagger, progress: Progress) -> Iterator[Line]:
    known: dict[Turn, Reading] = {}
    silent = 0
    with (
        opened_rows(sheet.file, known=[sheet.text.casefold()]) as (_, rows),
        progress("Tag", sheet.rows) as advance,
    ):
        while batch := list(itertools.islice(rows, BATCH)):
            usable = [row for row in batch if not row.fault]
            turns = [sheet.turn(row) for row in usable]
            silent += sum(not turn.text for turn in turns)
            for row, reading in zip(usable, _read(tagger, turns, known), strict=True):
                yield Line(text=_as_json(sheet.cells(row), reading))
            for row in batch:
                if row.fault:
                    yield Line(message=f"failed: {row.where}: {row.fault}", failed=True)
                advance(0.0)
    yield from (Line(message=message) for message in _closing(sheet, silent))


def _read(tagger: Tagger, turns: Sequence[Turn], known: dict[Turn, Reading]) -> list[Reading]:
    """What each turn says; `known` keeps the readings of the last turns."""
    new = list(dict.fromkeys(turn for turn in turns if turn not in known))
    known.update(zip(new, read_turns(tagger, new), strict=True))
    readings = [known[turn] for turn in turns]
    for turn in list(itertools.islice(known, max(0, len(known) - REMEMBERED))):
        del known[turn]
    return readings


def _as_json(cells: dict[str, str], reading: Reading) -> str:
    answers: dict[str, Any] = {
        "concerns": [dataclasses.asdict(concern) for concern in reading.concerns],
        "stance": {"label": reading.stance, "score": reading.stance_score},
        "ask": {
            "value": reading.asks,
            "kind": reading.ask_kind,
            "kinds": list(reading.ask_kinds),
            "score": reading.ask_score,
            "status": reading.ask_status,
            "evidence": reading.ask_evidence,
        },
        "competitors": [dataclasses.asdict(rival) for rival in reading.rivals],
    }
    return json.dumps(cells | answers, ensure_ascii=False)


def _closing(sheet: _Sheet, silent: int) -> Iterator[str]:
    renamed = [f"{name} to sheet_{name}" for name in sheet.columns if name in ANSWERS]
    if renamed:
        yield f"Renamed in the output, as an answer has the name: {', '.join(renamed)}"
    yield f"Rows: {sheet.rows}" + (f"; {silent} without text" if silent else "")
