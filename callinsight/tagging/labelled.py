"""Turns with what careful people say of them: what the tagger learns from, in turns/."""

from __future__ import annotations

import csv
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from callinsight.errors import InputError
from callinsight.records import STANCES
from callinsight.tagging.patterns import words_of
from callinsight.taxonomy import DEFAULT_TAXONOMY, load_taxonomy

if TYPE_CHECKING:
    from collections.abc import Iterator

TURNS = Path(__file__).parent / "turns"


@dataclass(frozen=True)
class Labels:
    """What one annotator says of a turn."""

    concerns: tuple[str, ...]
    stance: str
    ask: bool


@dataclass(frozen=True)
class LabelledTurn:
    """A buyer's turn with what one or two annotators say of it."""

    id: str
    source: str  # the file it stands in
    context: str
    text: str
    labels: tuple[Labels, ...]  # one an annotator

    def concern_share(self, concern: str) -> float:
        """The share of annotators who see this concern."""
        return sum(concern in labels.concerns for labels in self.labels) / len(self.labels)

    def stance_share(self, stance: str) -> float:
        """The share of annotators who see this stance."""
        return sum(stance == labels.stance for labels in self.labels) / len(self.labels)

    @property
    def ask_share(self) -> float:
        """The share of annotators who see that something is asked for."""
        return sum(labels.ask for labels in self.labels) / len(self.labels)


def load_turns(folder: Path = TURNS) -> list[LabelledTurn]:
    """Read and check all labelled turns; raises InputError."""
    return list(read_turns(folder))


def read_turns(folder: Path = TURNS) -> Iterator[LabelledTurn]:
    """Read and check all labelled turns, one after the other; raises InputError."""
    concerns = set(load_taxonomy(DEFAULT_TAXONOMY).concerns)
    seen: dict[str, str] = {}  # a text to what it was first seen as
    for file in sorted(folder.glob("*.csv")):
        with file.open(encoding="utf-8", newline="") as lines:
            for row in csv.DictReader(lines):
                where = f"{file.name}: turn {row['id']}"
                turn = _turn(row, file.stem, where, concerns)
                words = " ".join(words_of(turn.text))
                for key, what in ((f"id {turn.id}", "id"), (words, "text")):
                    if key in seen:
                        raise InputError(f"{where} has the same {what} as {seen[key]}; remove one")
                    seen[key] = where
                yield turn
    if not seen:
        raise InputError(f"{folder}: there are no labelled turns; put CSV files of turns there")


def _turn(row: dict[str, str], source: str, where: str, concerns: set[str]) -> LabelledTurn:
    if not words_of(row["text"]):
        raise InputError(f"{where} has no text; write one or remove the row")
    labels = [_labels(row, "", where, concerns)]
    if any(row.get(f"second_{name}") for name in ("subjects", "stance", "ask")):
        labels.append(_labels(row, "second_", where, concerns))
    return LabelledTurn(
        id=row["id"],
        source=source,
        context=row["context"],
        text=row["text"],
        labels=tuple(labels),
    )


def _labels(row: dict[str, str], prefix: str, where: str, concerns: set[str]) -> Labels:
    subjects, stance, ask = (row[prefix + name] for name in ("subjects", "stance", "ask"))
    labels = tuple(subjects.split(";")) if subjects else ()
    if (
        not set(labels) <= concerns
        or len(set(labels)) < len(labels)
        or stance not in STANCES
        or (stance == "none") != (not labels)
        or ask not in ("0", "1")
    ):
        raise InputError(
            f"{where} has labels that do not fit: {prefix}subjects '{subjects}', "
            f"{prefix}stance '{stance}', {prefix}ask '{ask}'; see the taxonomy"
        )
    return Labels(labels, stance, ask == "1")
