"""Requests that ask for the same in other words: `python benchmarks/duplicates.py`.

Pairs of requests in duplicate_requests.csv, written by one person: half of them ask for the same, half for
something near that shares words. The threshold is the lowest with which of twenty open requests that have
nothing to do with a new one no more than half a one is offered, on every second pair of each kind; the other
pairs judge it. With the cosine of titles alone, and with what the fields say beside it.
"""

from __future__ import annotations

import csv
from itertools import permutations
from pathlib import Path

import numpy as np

from callinsight.content.requests import (
    SAME_TITLE,
    SAME_WORDS,
    fields_tell,
    words_in_common,
)
from callinsight.pipeline.embedding import load_embedder
from callinsight.records import ContentRequest

FILE = Path(__file__).parent / "duplicate_requests.csv"
BOARD = 20  # open requests
BEARABLE = 0.5  # of them that are offered for nothing: one in every second new request
Pair = tuple[ContentRequest, ContentRequest]


def main() -> None:
    """Print the table."""
    pairs, same = pairs_of(FILE)
    half = np.zeros(len(pairs), dtype=bool)
    for kind in (True, False):
        half[np.flatnonzero(same == kind)[::2]] = True
    first, second = (strangers(pairs, same & part) for part in (half, ~half))
    ways = {
        "titles": (cosines, 0.7),
        "titles and fields": (lambda some: cosines(some) + fields(some), SAME_TITLE),
        "words": (shared, 0.5),
        "words and fields": (lambda some: shared(some) + fields(some), SAME_WORDS),
    }
    print(f"{'':20} from  recall  near ones offered  of {BOARD} strangers")
    for name, (score, shipped) in ways.items():
        scores, before, after = score(pairs), score(first), score(second)
        chosen = float(np.quantile(before, 1 - BEARABLE / BOARD))
        for told, least in (("chosen", chosen), ("as set", shipped)):
            offered = scores[~half] >= least
            print(
                f"{name:20} {least:.2f} {offered[same[~half]].mean():7.2f} "
                f"{offered[~same[~half]].mean():18.2f} {(after >= least).mean() * BOARD:16.2f}   {told}"
            )
    print("\nrecall and false offers by threshold, titles and fields, all pairs")
    scores = cosines(pairs) + fields(pairs)
    for least in np.arange(0.2, 0.75, 0.05):
        offered = scores >= least
        print(f"{least:.2f}  {offered[same].mean():.2f}  {offered[~same].mean():.2f}")


def pairs_of(file: Path) -> tuple[list[Pair], np.ndarray]:
    """The pairs, and whether they ask for the same."""
    with file.open(encoding="utf-8", newline="") as opened:
        rows = list(csv.DictReader(opened))
    pairs = [
        (
            request(row["title"], row["content_type"], row["concern"]),
            request(row["other"], row["other_type"], row["other_concern"]),
        )
        for row in rows
    ]
    return pairs, np.array([row["same"] == "1" for row in rows])


def request(title: str, kind: str, concern: str) -> ContentRequest:
    """A request with what the pairs say of it."""
    return ContentRequest(
        title=title, content_type=kind, concern=concern, requester="", created_at=""
    )


def cosines(pairs: list[Pair]) -> np.ndarray:
    """Cosine of the titles of each pair."""
    embed = load_embedder().encode
    left, right = embed([a.title for a, _ in pairs]), embed([b.title for _, b in pairs])
    return np.asarray((left * right).sum(axis=1))


def shared(pairs: list[Pair]) -> np.ndarray:
    """Share of words in common of the titles of each pair."""
    return np.array([words_in_common(a.title, b.title) for a, b in pairs])


def fields(pairs: list[Pair]) -> np.ndarray:
    """What type and concern say beside the titles."""
    return np.array([fields_tell(a, b) for a, b in pairs])


def strangers(pairs: list[Pair], wanted: np.ndarray) -> list[Pair]:
    """Each request of these pairs with those of all others of them: they have nothing in common."""
    some = [pair for pair, is_wanted in zip(pairs, wanted, strict=True) if is_wanted]
    return [(one, other) for (one, _), (_, other) in permutations(some, 2)]


if __name__ == "__main__":
    main()
