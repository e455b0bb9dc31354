"""Tags proposed for assets without any: `python benchmarks/suggestions.py [DATABASE]`.

Two inventories with tags that people gave: the demo's, and the example export of another vendor
(content_inventory/example). Each with weights fitted on the other; then with those that are shipped,
which were fitted on both. Beside it the phrases of the taxonomy, and likeness to the concern's
description, by all-MiniLM, at the threshold that does best on the very same rows.

Personas and stages are counted in the calls of a database, that of `make demo` if none is named: for the
demo's assets its own calls, for the example's those of another company.
"""

from __future__ import annotations

import csv
import dataclasses
import math
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from sklearn.linear_model import LogisticRegression

from callinsight import store
from callinsight.content import suggestions
from callinsight.content.export_words import NAMES
from callinsight.content.exports import load_mapping, read_export
from callinsight.content.inventory import read_items
from callinsight.content.suggestions import FLOOR, LEAST, TYPES, probability, suggest, text_of
from callinsight.pipeline.embedding import load_embedder
from callinsight.pipeline.suggesting import counted_in, cues_in, heard_in
from callinsight.sheets import read_rows
from callinsight.tagging.concerns import phrase_groups
from callinsight.tagging.patterns import PhraseMatcher
from callinsight.taxonomy import DEFAULT_TAXONOMY, load_taxonomy

if TYPE_CHECKING:
    from callinsight.content.suggestions import Counted, Heard
    from callinsight.records import ContentItem
    from callinsight.taxonomy import Taxonomy

ROOT = Path(__file__).parent.parent
INVENTORY = ROOT / "content_inventory"
DEMO = ROOT / "out" / "demo" / "callinsight.db"
Truth = dict[str, tuple[set[str], set[str]]]  # concerns and personas by asset


def main() -> None:
    """Print the tables."""
    taxonomy = load_taxonomy(DEFAULT_TAXONOMY)
    with store.opened(Path(sys.argv[1]) if len(sys.argv) > 1 else DEMO) as db:
        counted, deals = counted_in(db)
    print(f"Calls of {deals} deals")
    read = {"demo": demo(taxonomy), "example": example(taxonomy)}
    heard = {name: heard_in(items, taxonomy) for name, (items, _) in read.items()}
    cells = {
        name: features(items, heard[name], truth, taxonomy) for name, (items, truth) in read.items()
    }
    print(f"{'':48} proposed  precision  recall")
    for name, other in (("demo", "example"), ("example", "demo")):
        weights = fitted(*cells[other])
        inputs, truth = cells[name]
        odds = inputs @ weights[:2] + weights[2]
        line(f"{name}: concerns, fitted on {other}", 1 / (1 + np.exp(-odds)) >= LEAST, truth)
        shipped = [probability(_share(row[0]), made_for=bool(row[1])) for row in inputs]
        line(f"{name}: concerns, as shipped", np.array(shipped) >= LEAST, truth)
        items, _ = read[name]
        line(f"{name}: concerns, by phrases", by_phrases(items, taxonomy), truth)
        likeness = by_likeness(items, taxonomy)
        best = max(np.unique(likeness), key=lambda least: f1(likeness >= least, truth))
        line(f"{name}: concerns, by likeness from {best:.2f}", likeness >= best, truth)
        persona_lines(name, *read[name], heard[name], counted, taxonomy)
    stage_lines(read["demo"][0], read["demo"][1], counted, taxonomy)
    both = [np.concatenate(parts) for parts in zip(*cells.values(), strict=True)]
    print(f"\nfitted on both: {np.round(fitted(*both), 2)}", end="; ")
    print(f"shipped: {[suggestions.BY_WORDS, suggestions.BY_TYPE, suggestions.BEFORE]}")


def demo(taxonomy: Taxonomy) -> tuple[list[ContentItem], Truth]:
    """The demo's assets, with the tags of its sheet."""
    items, _ = read_items([INVENTORY / "items.csv"], taxonomy)
    return items, {item.id: (set(item.concerns), set(item.personas)) for item in items}


def example(taxonomy: Taxonomy) -> tuple[list[ContentItem], Truth]:
    """The example's assets, with the tags in the sheet beside it."""
    folder = INVENTORY / "example"
    usual = [name for names in NAMES.values() for name in names]
    _, rows = read_rows(folder / "export.csv", known=usual)
    mapping = load_mapping(folder / "mapping.toml")
    items = read_export(rows, mapping, taxonomy, source="example").items
    with (folder / "tags.csv").open(encoding="utf-8", newline="") as file:
        tags = {row["url"]: row for row in csv.DictReader(file)}
    truth = {
        item.id: (_words(tags[item.url]["concerns"]), _words(tags[item.url]["personas"]))
        for item in items
    }
    return list(items), truth


def features(
    items: list[ContentItem],
    heard: dict[str, list[Heard]],
    truth: Truth,
    taxonomy: Taxonomy,
) -> tuple[np.ndarray, np.ndarray]:
    """[assets x concerns, 2] what the tagger and the type say, and whether it is so."""
    inputs, labels = [], []
    for item in items:
        said = {one.concern: one.probability for one in heard[item.id]}
        for concern in taxonomy.concerns:
            share = min(max(said.get(concern, 0.0), FLOOR), 0.999)
            made_for = TYPES.get(item.content_type) == concern
            inputs.append((math.log(share / (1 - share)), float(made_for)))
            labels.append(concern in truth[item.id][0])
    return np.array(inputs), np.array(labels)


def fitted(inputs: np.ndarray, truth: np.ndarray) -> np.ndarray:
    """Weights of both and the constant."""
    model = LogisticRegression(C=1.0).fit(inputs, truth)
    return np.append(model.coef_[0], model.intercept_)


def by_phrases(items: list[ContentItem], taxonomy: Taxonomy) -> np.ndarray:
    """Whether a phrase of the concern stands in the title or summary."""
    matcher = PhraseMatcher(phrase_groups(taxonomy))
    found = [matcher.find(text_of(item)) for item in items]
    return np.array([concern in words for words in found for concern in taxonomy.concerns])


def by_likeness(items: list[ContentItem], taxonomy: Taxonomy) -> np.ndarray:
    """Cosine of title and summary to the concern's label and description."""
    embed = load_embedder().encode
    told = [f"{concern.label}. {concern.description}" for concern in taxonomy.concerns.values()]
    return (embed([text_of(item) for item in items]) @ embed(told).T).ravel()


def persona_lines(
    name: str,
    items: list[ContentItem],
    truth: Truth,
    heard: dict[str, list[Heard]],
    counted: Counted,
    taxonomy: Taxonomy,
) -> None:
    """Personas, proposed from the concerns that people gave, and from those that are proposed."""
    for told, given in (("given", True), ("proposed", False)):
        blank = [
            dataclasses.replace(
                item,
                concerns=tuple(truth[item.id][0]) if given else (),
                personas=(),
                status="live",
            )
            for item in items
        ]
        found = suggest(blank, {} if given else heard, taxonomy, counted=counted, cues={})
        proposed = {(s.item, s.value) for s in found if s.field == "personas"}
        cells = [(item.id, persona) for item in items for persona in taxonomy.personas]
        line(
            f"{name}: personas, by concerns {told}",
            np.array([cell in proposed for cell in cells]),
            np.array([persona in truth[id_][1] for id_, persona in cells]),
        )


def stage_lines(
    items: list[ContentItem], truth: Truth, counted: Counted, taxonomy: Taxonomy
) -> None:
    """Stages of the demo's rows that name theirs: those of the type, and those proposed beside them."""
    with (INVENTORY / "items.csv").open(encoding="utf-8", newline="") as file:
        named = {row["asset_id"] for row in csv.DictReader(file) if row["stages"]}
    given = {item.id: set(item.stages) for item in items if item.id in named}
    types = {item.id: taxonomy.content_types[item.content_type].stages for item in items}
    cells = [(id_, stage) for id_ in given for stage in taxonomy.stages]
    right = np.array([stage in given[id_] for id_, stage in cells])
    line("demo: stages, by type", np.array([s in types[id_] for id_, s in cells]), right)
    blank = [
        dataclasses.replace(
            item, concerns=tuple(truth[item.id][0]), stages=types[item.id], status="live"
        )
        for item in items
    ]
    silent = next(kind.id for kind in taxonomy.content_types.values() if not kind.stages)
    every = [dataclasses.replace(item, content_type=silent, stages=()) for item in blank]
    cues = cues_in(blank, taxonomy)
    ways = {
        "raised there": (every, counted, {}),
        "said in words": (every, counted._replace(stages={}), cues),
        "raised or said, as without a type": (every, counted, cues),
    }
    for name, (assets, counts, words) in ways.items():
        found = suggest(assets, {}, taxonomy, counted=counts, cues=words)
        proposed = {(s.item, s.value) for s in found if s.field == "stages"}
        line(f"demo: stages, {name}", np.array([cell in proposed for cell in cells]), right)
    for name in ("said in words", "raised there"):
        assets, counts, words = ways[name]
        found = suggest(assets, {}, taxonomy, counted=counts, cues=words)
        proposed = {(s.item, s.value) for s in found if s.field == "stages"}
        beside = [cell in proposed and cell[1] not in types[cell[0]] for cell in cells]
        line(f"demo: stages, {name}, beside its type", np.array(beside), right)


def line(name: str, proposed: np.ndarray, truth: np.ndarray) -> None:
    """One row of the table."""
    right = (proposed & truth).sum()
    precision = right / max(1, proposed.sum())
    print(f"{name:48} {proposed.sum():8} {precision:10.2f} {right / truth.sum():7.2f}")


def f1(proposed: np.ndarray, truth: np.ndarray) -> float:
    """The harmonic mean of precision and recall."""
    return float(2 * (proposed & truth).sum() / max(1, proposed.sum() + truth.sum()))


def _share(odds: float) -> float:
    return 1 / (1 + math.exp(-odds))


def _words(cell: str) -> set[str]:
    return set(filter(None, cell.split(";")))


if __name__ == "__main__":
    main()
