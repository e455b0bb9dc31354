"""Which assets are likest a demand, inside one cell: by vectors and by words.

Likeness does not tell what is covered from what is missing; it puts in order what tags let through,
and names what may have been tagged too little. Cosine to the cell's description, cosine to the middle of
what buyers say in it, and BM25 (Robertson, Zaragoza 2009) are each put on one scale and added.
"""

from __future__ import annotations

import math
import re
from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from callinsight.content.matching import UNDATED, Match, doubts_in
from callinsight.content.stems import STOP, stem

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping, Sequence

    from numpy.typing import NDArray

    from callinsight.records import ContentItem

FITS, NEAR, NONE = (
    "fits",
    "near",
    "none",
)  # what there is; no verdict, which weighs it against demand
CANDIDATES = 3
ALIKE = 0.45  # cosine to the cell's description from which an untagged asset may answer it
UNTAGGED = "names no such concern"
K1, B = 1.2, 0.75  # of BM25: how soon a word's repetition adds no more, how much length matters
WORD = re.compile(r"[^\W_]+")


@dataclass(frozen=True)
class Likeness:
    """How like a demand an asset is; cosines are 0 where there are no vectors."""

    score: float  # sum of z-scores over the inventory
    described: float = 0.0  # cosine to the description
    said: float = 0.0  # cosine to the middle of what buyers say


@dataclass(frozen=True)
class Answer:
    """What there is for a cell: `fits`, `near` or `none`, why, and the best candidates.

    How many that are enough is said by the verdict of the gap.
    """

    supply: str
    reason: str
    candidates: tuple[Match, ...]


def likeness(
    texts: Mapping[str, str],
    query: str,
    *,
    vectors: Mapping[str, NDArray[np.float32]] | None = None,
    described: NDArray[np.float32] | None = None,
    said: NDArray[np.float32] | None = None,
) -> dict[str, Likeness]:
    """By id, how like a demand each text is; without vectors by words alone.

    `vectors` are unit vectors of the texts, `described` that of the cell's description, `said` [n, size]
    those of what buyers say in it.
    """
    ids = sorted(texts)
    words = bm25([texts[id_] for id_ in ids], query)
    if vectors is None or described is None or not ids:
        return {
            id_: Likeness(float(score)) for id_, score in zip(ids, _standard(words), strict=True)
        }
    matrix = np.stack([vectors[id_] for id_ in ids])
    to_description = matrix @ described
    to_speech = matrix @ _middle(said) if said is not None and len(said) else np.zeros(len(ids))
    total = _standard(words) + _standard(to_description) + _standard(to_speech)
    return {
        id_: Likeness(float(total[at]), float(to_description[at]), float(to_speech[at]))
        for at, id_ in enumerate(ids)
    }


def bm25(texts: Sequence[str], query: str) -> NDArray[np.float64]:
    """BM25 of each text for the words of a query, stop words left out; [texts]."""
    counted = [Counter(words_of(text)) for text in texts]
    lengths = np.array([sum(c.values()) for c in counted], dtype=float)
    mean = lengths.mean() if len(texts) and lengths.sum() else 1.0
    scores = np.zeros(len(texts))
    for word, weight in Counter(words_of(query)).items():
        times = np.array([c[word] for c in counted], dtype=float)
        having = int((times > 0).sum())
        if having:
            rarity = math.log(1 + (len(texts) - having + 0.5) / (having + 0.5))
            damped = times * (K1 + 1) / (times + K1 * (1 - B + B * lengths / mean))
            scores += rarity * damped * math.log(1 + weight)
    return scores


def words_of(text: str) -> list[str]:
    """The stems of a text's telling words."""
    return [stem(word) for word in WORD.findall(text.casefold()) if word not in STOP]


def answer(
    matches: Sequence[Match],
    items: Iterable[ContentItem],
    ranks: Mapping[str, Likeness],
    *,
    denied: Collection[str] = (),
) -> Answer:
    """How a cell is answered: by tags and people's words first, by likeness where they say nothing.

    `matches` are the assets that name the concern or were confirmed, those without an obstacle first;
    likeness orders those that stand alike. A denied asset is no candidate.
    """
    named = sorted(
        (m for m in matches if m.item.id not in denied),
        key=lambda m: (
            len(m.obstacles),
            not m.obstacles and not m.is_vouched_for,
            -_score(ranks, m.item.id),
            m.item.id,
        ),
    )
    known = {m.item.id for m in matches} | set(denied)
    others = [i for i in items if i.id not in known and i.status == "live"]
    alike = sorted(
        (i for i in others if i.id in ranks),
        key=lambda i: (-ranks[i.id].score, i.id),
    )
    close = [i for i in alike if ranks[i.id].described >= ALIKE]
    candidates = (*named, *(Match(item, (UNTAGGED,)) for item in alike))[:CANDIDATES]
    fitting = [m for m in named if not m.obstacles]
    if fitting:
        unsure = doubts_in(fitting)
        fresh = "live" if UNDATED in unsure else "live and fresh"
        told = f"{_assets(len(fitting))} named for it, {fresh}{f'; {unsure}' if unsure else ''}"
        return Answer(FITS, told, candidates)
    if named:
        told = ", ".join(dict.fromkeys(" and ".join(m.obstacles) for m in named))
        return Answer(NEAR, f"{_assets(len(named))} named for it, but: {told}", candidates)
    if close:
        reason = f"no asset names it, but {_assets(len(close))} may answer it: tag or deny"
        return Answer(NEAR, reason, candidates)
    return Answer(NONE, "no asset names it, and none is like it", candidates)


def without_denied(matches: Iterable[Match], denied: str) -> list[str]:
    """Ids of the matches that people denied, by the obstacle that says so."""
    return [m.item.id for m in matches if denied in m.obstacles]


def _middle(vectors: NDArray[np.float32]) -> NDArray[np.float32]:
    middle = vectors.mean(axis=0)
    length = float(np.linalg.norm(middle))
    return np.asarray(middle / length if length else middle, np.float32)


def _standard(values: NDArray[np.floating]) -> NDArray[np.float64]:
    """Each value in standard deviations from the mean; zeros where all are alike."""
    spread = float(values.std()) if len(values) else 0.0
    return (values - values.mean()) / spread if spread > 1e-9 else np.zeros(len(values))


def _score(ranks: Mapping[str, Likeness], id_: str) -> float:
    return ranks[id_].score if id_ in ranks else -math.inf


def _assets(count: int) -> str:
    return "1 asset" if count == 1 else f"{count} assets"
