"""Assets put in order for a cell of demand: `python benchmarks/matching.py [DATABASE]`.

Cells of the demo's October, with the assets of its inventory that a reader of title and summary would
send to such a buyer (JUDGED), whatever tags, dates and states say. All assets are ranked, those of the
example export of another vendor among them; tags are not looked at. Mean average precision, and how
often the first asset is right. The turns are those that the tagger found in the cell.
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from suggestions import demo, example

from callinsight import store
from callinsight.content.ranking import bm25, likeness
from callinsight.content.suggestions import text_of
from callinsight.pipeline.embedding import load_embedder
from callinsight.pipeline.gaps import get_gap
from callinsight.pipeline.matching import describe
from callinsight.pipeline.run import stored_config
from callinsight.taxonomy import DEFAULT_TAXONOMY, load_taxonomy

if TYPE_CHECKING:
    from collections.abc import Mapping

DEMO = Path(__file__).parent.parent / "out" / "demo" / "callinsight.db"
MONTH = "2026-10"
JUDGED = {
    "security_compliance/security_compliance/decision": "TA-042 TA-043",
    "effort_change/end_user/consideration": "TA-041 TA-045 TA-046",
    "value_roi/economic_buyer/decision": "TA-001 TA-004 TA-008 TA-021 TA-040",
    "technical_integration/technical_evaluator/consideration": "TA-026 TA-027 TA-028 TA-041",
    "price_budget/economic_buyer/decision": "TA-012 TA-037 TA-038 TA-039",
    "competitor/champion/consideration": "TA-029 TA-030 TA-031 TA-032 TA-033 TA-047",
    "trust_proof/champion/retention": "TA-017 TA-022 TA-034 TA-035 TA-036",
    "status_quo_diy/champion/awareness": "TA-002 TA-003 TA-014",
    "legal_procurement/legal_procurement/decision": "TA-044",
    "authority_consensus/champion/consideration": "TA-012 TA-015",
}


def main() -> None:
    """Print the table."""
    taxonomy = load_taxonomy(DEFAULT_TAXONOMY)
    items = [*demo(taxonomy)[0], *example(taxonomy)[0]]
    texts = {item.id: text_of(item) for item in items}
    embed = load_embedder().encode
    vectors = dict(zip(texts, embed(list(texts.values())), strict=True))
    results: dict[str, list[tuple[float, bool]]] = {}
    database = Path(sys.argv[1]) if len(sys.argv) > 1 else DEMO
    with store.opened(database) as db:
        for cell, judged in JUDGED.items():
            gap = get_gap(db, stored_config(db), f"{MONTH}/{cell}")
            told = describe(db, gap, taxonomy)
            said = [turn.text for turn in store.utterances_by_id(db, gap.evidence).values()]
            described = embed([told])[0]
            turns = embed(said) if said else None
            query = " ".join((told, *said))
            both = likeness(texts, query, vectors=vectors, described=described, said=turns)
            words = likeness(texts, query)
            ways = {
                "cosine to the description": {i: float(v @ described) for i, v in vectors.items()},
                "cosine to what buyers say": {i: one.said for i, one in both.items()},
                "bm25 of the description": dict(
                    zip(sorted(texts), bm25([texts[i] for i in sorted(texts)], told), strict=True)
                ),
                "bm25 of both": {i: one.score for i, one in words.items()},
                "ours: all three": {i: one.score for i, one in both.items()},
            }
            for name, scores in ways.items():
                results.setdefault(name, []).append(judge(scores, set(judged.split())))
    print(f"{len(JUDGED)} cells, {len(texts)} assets")
    print(f"{'':28} mean average precision  first is right")
    for name, found in results.items():
        precision = np.mean([p for p, _ in found])
        print(f"{name:28} {precision:22.2f} {sum(first for _, first in found):15}")


def judge(scores: Mapping[str, float], wanted: set[str]) -> tuple[float, bool]:
    """Average precision of an order, and whether its first is wanted."""
    order = sorted(scores, key=lambda id_: (-scores[id_], id_))
    hits = [at for at, id_ in enumerate(order, start=1) if id_ in wanted]
    return float(np.mean([n / at for n, at in enumerate(hits, start=1)])), order[0] in wanted


if __name__ == "__main__":
    main()
