"""Who spoke when on one channel: voices found by clustering, and how sure each stretch is."""

from __future__ import annotations

import bisect
import dataclasses
import itertools
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from callinsight.calls.audio import SAMPLE_RATE
from callinsight.calls.voices import FRAME, VoiceEmbedder, listen

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from numpy.typing import NDArray

    from callinsight.calls.activity import Piece
    from callinsight.calls.audio import Sound
    from callinsight.calls.voices import Heard

MOST_VOICES = 6
CERTAIN = 0.85  # a span with less confidence has an uncertain speaker

NEAR_S = 0.3  # a word so near to a span belongs to it
UNIT_S = 4.0  # longest stretch that is clustered as a whole
CELL_S = 0.1  # resolution in time
SEEDS, RESEEDS = 24, 12  # units that clusters start from
ROUNDS = 30

# Two voices are by far the commonest, and to merge two costs more than to split one: a second is
# believed sooner than a third. Lead in cosine over the nearest other voice, and seconds of speech.
SECOND_LEAD, SECOND_S = 0.05, 2.0
FURTHER_LEAD, FURTHER_S = 0.085, 4.0

SHARPNESS = 10.0  # of a difference in cosine, as log-odds in each cell
CHANGE_COST = 3.0  # of another voice without a pause, in the same log-odds
SEAM = 2  # cells on each side of such a change where both may be heard
DIP_DB = 18.0  # they take turns if it is so much quieter between them, else both speak at once
AROUND_S = 0.6  # what the loudness of a seam is compared with

# Log-odds of the right voice, fitted to 107 mixes of two to four out of some 15 people.
CERTAINTY_OF_LEAD, CERTAINTY_OF_LENGTH = 22.0, 0.75
CONFUSABLE = 0.75  # no surer of a voice that another is too near to, or that is found alone


@dataclass(frozen=True)
class Span:
    """A stretch of speech of one voice."""

    start_s: float
    end_s: float
    voice: int  # index into Diarization.voices
    confidence: float  # that it is this voice and no other: 0 to 1
    overlapped: bool  # likely two at once; `voice` is the clearer one

    @property
    def certain(self) -> bool:
        """Whether to rely on the voice; else the speaker is uncertain."""
        return self.confidence >= CERTAIN


@dataclass(frozen=True, eq=False)
class Voice:
    """A voice of a call."""

    centroid: NDArray[np.float32]  # [256], of length 1
    speech_s: float


@dataclass(frozen=True, eq=False)
class Diarization:
    """Who spoke when: spans by time, and the voices in the order in which they are first heard."""

    spans: tuple[Span, ...]
    voices: tuple[Voice, ...]

    def voice_of(self, start_s: float, end_s: float) -> tuple[int | None, float]:
        """The voice that speaks most from start to end, and how sure: 0 to 1.

        Where nobody does, the voice just before or after, since times of words are rough; else
        None.
        """
        for margin_s in (0.0, NEAR_S):
            shares = self._shares(start_s - margin_s, end_s + margin_s)
            heard_s = sum(seconds for seconds, _ in shares.values())
            if heard_s:  # a word may have no length
                voice = max(shares, key=lambda voice: shares[voice][1])
                return voice, shares[voice][1] / heard_s
        return None, 0.0

    def _shares(self, start_s: float, end_s: float) -> dict[int, tuple[float, float]]:
        """For each voice that is heard from start to end: seconds, and seconds times confidence."""
        shares: dict[int, tuple[float, float]] = {}
        first = bisect.bisect_right(self.spans, start_s, key=lambda span: span.end_s)
        for span in itertools.takewhile(lambda span: span.start_s < end_s, self.spans[first:]):
            common_s = min(end_s, span.end_s) - max(start_s, span.start_s)
            seconds, sure = shares.get(span.voice, (0.0, 0.0))
            shares[span.voice] = (seconds + common_s, sure + common_s * span.confidence)
        return shares


def diarize(
    sound: Sound, pieces: Sequence[Piece], folder: Path, *, speakers: int | None = None
) -> Diarization:
    """Tell the voices on the first channel apart; `folder` holds the voice model.

    The number of voices is `speakers`, or fewer where there is too little speech; without it, it
    is estimated, 1 to 6.
    """
    heard = listen(sound, pieces, VoiceEmbedder(folder))
    if not heard.stretches:
        return Diarization((), ())
    units, weights = units_of(heard)
    partitions = partition(units, weights, most=speakers or MOST_VOICES)
    count = speakers or count_voices(units, weights, partitions)
    labels = partitions[min(count, len(partitions)) - 1]
    apart = separations(units, weights, labels).min(axis=0) >= SECOND_LEAD
    ceilings = np.where(apart | (speakers == 1), 1.0, CONFUSABLE)
    return assign(heard, centroids_of(units, weights, labels), ceilings)


# --- clustering ---


def units_of(heard: Heard) -> tuple[NDArray[np.float32], NDArray[np.float64]]:
    """What is clustered: parts of a stretch, at most 4 s, as a vector and a weight in seconds."""
    vectors, weights = [], []
    for index, (start, end) in enumerate(heard.stretches):
        inside = heard.vectors[heard.stretch == index]
        length_s = (end - start) / SAMPLE_RATE
        count = min(len(inside), int(np.ceil(length_s / UNIT_S)))
        vectors += [part.mean(axis=0) for part in np.array_split(inside, count)]
        weights += [length_s / count] * count
    return _unit(np.array(vectors)), np.array(weights)


def partition(
    units: NDArray[np.float32], weights: NDArray[np.float64], *, most: int
) -> list[NDArray[np.int64]]:
    """The best labels for one cluster, two, and so on to `most`, or as many as can be filled.

    Spherical k-means, each number of clusters started from the solution before it and from pairs
    of units (global k-means, Likas et al. 2003): bad starts are what makes short calls fail.
    """
    found = [np.zeros(len(units), dtype=np.int64)]
    spread = _spread(units, weights)
    while len(found) < most:
        before = centroids_of(units, weights, found[-1])
        runs = [_settle(units, weights, start) for start in _starts(units[spread], before)]
        filled = [run for run in runs if run is not None]
        if not filled:
            break
        found.append(max(filled, key=lambda run: run[0])[1])
    return found


def _starts(
    seeds: NDArray[np.float32], before: NDArray[np.float32]
) -> Iterator[NDArray[np.float32]]:
    """Centroids to start from: one more than before, or two in the place of one."""
    if len(before) > 1:
        yield from (np.vstack([before, seed]) for seed in seeds)
        seeds = seeds[:RESEEDS]
    for index, (one, other) in itertools.product(
        range(len(before)), itertools.combinations(seeds, 2)
    ):
        yield np.vstack([np.delete(before, index, axis=0), one, other])


def _spread(units: NDArray[np.float32], weights: NDArray[np.float64]) -> list[int]:
    """Units to start from: long ones that are unlike each other."""
    chosen = [int(weights.argmax())]
    nearest = units @ units[chosen[0]]
    while len(chosen) < min(SEEDS, len(units)):
        gain = weights * (1 - nearest)
        gain[chosen] = -1
        chosen.append(int(gain.argmax()))
        nearest = np.maximum(nearest, units @ units[chosen[-1]])
    return chosen


def _settle(
    units: NDArray[np.float32], weights: NDArray[np.float64], centroids: NDArray[np.float32]
) -> tuple[float, NDArray[np.int64]] | None:
    """K-means from these centroids: how well it fits, and the labels; None if a cluster empties."""
    labels = np.full(len(units), -1)
    for _ in range(ROUNDS):
        likeness = units @ centroids.T
        moved = likeness.argmax(axis=1)
        if (moved == labels).all():
            break
        if len(np.unique(moved)) < len(centroids):
            return None
        labels = moved
        centroids = centroids_of(units, weights, labels)
    return float(weights @ (units @ centroids.T).max(axis=1)), labels


def centroids_of(
    units: NDArray[np.float32], weights: NDArray[np.float64], labels: NDArray[np.int64]
) -> NDArray[np.float32]:
    """The direction of each cluster: [clusters, 256]."""
    sums = [weights[labels == k] @ units[labels == k] for k in range(labels.max() + 1)]
    return _unit(np.array(sums, dtype=np.float32))


def count_voices(
    units: NDArray[np.float32],
    weights: NDArray[np.float64],
    partitions: Sequence[NDArray[np.int64]],
) -> int:
    """The largest number of clusters that are all far enough apart and long enough."""
    count = 1
    for labels in partitions[1:]:
        second = labels.max() == 1
        lead, seconds = (SECOND_LEAD, SECOND_S) if second else (FURTHER_LEAD, FURTHER_S)
        long = np.bincount(labels, weights).min() >= seconds
        if long and separations(units, weights, labels).min() >= lead:
            count = int(labels.max()) + 1
    return count


def separations(
    units: NDArray[np.float32], weights: NDArray[np.float64], labels: NDArray[np.int64]
) -> NDArray[np.float64]:
    """How much nearer the units of two clusters are to their own than to the other.

    A difference in cosine for each pair [clusters, clusters], infinite for a cluster with itself
    unless there is no other. A unit is left out of its own centroid, or noise would look separate.
    """
    count = int(labels.max()) + 1
    sums = np.array([weights[labels == k] @ units[labels == k] for k in range(count)])
    rest = _unit(sums[labels] - weights[:, None] * units)
    own = np.where(np.bincount(labels)[labels] > 1, (rest * units).sum(axis=1), 0.0)
    others = units @ _unit(sums).T
    margins = np.full((count, count), np.inf if count > 1 else 0.0)
    for a, b in itertools.combinations(range(count), 2):
        sides = [(own - others[:, q], labels == p) for p, q in ((a, b), (b, a))]
        leads = [np.average(lead[of], weights=weights[of]) for lead, of in sides]
        margins[a, b] = margins[b, a] = np.mean(leads)
    return margins


# --- from clusters to spans ---


def assign(
    heard: Heard, centroids: NDArray[np.float32], ceilings: NDArray[np.float64]
) -> Diarization:
    """The spans of each voice, numbered as they are heard, no surer than the voice's ceiling."""
    likeness = heard.vectors @ centroids.T
    spans: list[Span] = []
    for index, (start, end) in enumerate(heard.stretches):
        inside = heard.stretch == index
        edges, scores = cells_of(
            start, end, heard.starts[inside], heard.ends[inside], likeness[inside]
        )
        path = best_path(SHARPNESS * scores, CHANGE_COST)
        spans += spans_of(edges, scores, path, heard.loudness, ceilings)
    order = list(dict.fromkeys(span.voice for span in spans))
    seconds = [sum(s.end_s - s.start_s for s in spans if s.voice == voice) for voice in order]
    renumbered = [dataclasses.replace(span, voice=order.index(span.voice)) for span in spans]
    voices = [Voice(centroids[v], round(s, 2)) for v, s in zip(order, seconds, strict=True)]
    return Diarization(tuple(renumbered), tuple(voices))


def cells_of(
    start: int,
    end: int,
    starts: NDArray[np.int64],
    ends: NDArray[np.int64],
    likeness: NDArray[np.float32],
) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
    """A stretch in cells of 0.1 s: their edges, and each one's mean of the windows around it."""
    count = max(1, round((end - start) / (CELL_S * SAMPLE_RATE)))
    edges = np.linspace(start, end, count + 1).round().astype(np.int64)
    middles = (edges[:-1] + edges[1:]) / 2
    away = np.abs(middles[:, None] - (starts + ends) / 2) / np.maximum((ends - starts) / 2, 1)
    nearness = np.square(np.maximum(1 - away, 0)) + 1e-6
    return edges, nearness @ likeness / nearness.sum(axis=1, keepdims=True)


def best_path(scores: NDArray[np.float64], change_cost: float) -> NDArray[np.int64]:
    """The voice of each cell with the highest sum of scores less the cost of changes (Viterbi)."""
    total = scores[0].copy()
    came_from = np.empty(scores.shape, dtype=np.int64)
    for index in range(1, len(scores)):
        best = int(total.argmax())
        stays = total >= total[best] - change_cost
        came_from[index] = np.where(stays, np.arange(len(total)), best)
        total = np.where(stays, total, total[best] - change_cost) + scores[index]
    path = [int(total.argmax())]
    for index in range(len(scores) - 1, 0, -1):
        path.append(int(came_from[index, path[-1]]))
    return np.array(path[::-1])


def spans_of(
    edges: NDArray[np.int64],
    scores: NDArray[np.float64],
    path: NDArray[np.int64],
    loudness: NDArray[np.float64],
    ceilings: NDArray[np.float64],
) -> list[Span]:
    """The runs of one voice, and what lies between two of them if both speak at once."""

    def span(start: int, end: int, cells: slice, voice: int, *, overlapped: bool = False) -> Span:
        likeness = scores[cells].mean(axis=0)
        others = np.delete(likeness, voice)
        lead = float(likeness[voice] - others.max()) if len(others) else 1.0
        start_s, end_s = start / SAMPLE_RATE, end / SAMPLE_RATE
        ceiling = min(ceilings[voice], CONFUSABLE if overlapped else 1.0)
        confidence = min(confidence_of(lead, end_s - start_s), float(ceiling))
        return Span(start_s, end_s, voice, confidence, overlapped)

    changes = [0, *(np.flatnonzero(np.diff(path)) + 1).tolist(), len(path)]
    spans, start = [], int(edges[0])
    for before, change, after in zip(changes, changes[1:], changes[2:], strict=False):
        first = max(change - SEAM, (before + change) // 2)
        last = min(change + SEAM, (change + after) // 2)
        low, high = int(edges[first]), int(edges[last])
        quietest = dip(loudness, low, high)
        run_end, next_start = (low, high) if quietest is None else (quietest, quietest)
        spans.append(span(start, run_end, slice(before, change), int(path[before])))
        if quietest is None:
            seam = slice(first, last)
            voice = int(scores[seam].mean(axis=0).argmax())
            spans.append(span(low, high, seam, voice, overlapped=True))
        start = next_start
    spans.append(span(start, int(edges[-1]), slice(changes[-2], None), int(path[-1])))
    return [span for span in spans if span.end_s > span.start_s]


def dip(loudness: NDArray[np.float64], start: int, end: int) -> int | None:
    """The quietest spot from start to end, in samples; None if it is nowhere much quieter."""
    first, last = start // FRAME, max(start // FRAME + 1, end // FRAME)
    around = round(AROUND_S * SAMPLE_RATE / FRAME)
    loud = np.percentile(loudness[max(0, first - around) : last + around], 90)
    inside = loudness[first:last]
    if np.percentile(inside, 10) > loud - DIP_DB:
        return None
    return min(max(start, (first + int(inside.argmin())) * FRAME + FRAME // 2), end)


def confidence_of(lead: float, length_s: float) -> float:
    """The chance that a span has the right voice, from its lead in cosine over the next voice."""
    odds = CERTAINTY_OF_LEAD * lead + CERTAINTY_OF_LENGTH * np.log(max(length_s, CELL_S))
    return float(1 / (1 + np.exp(-odds)))


def _unit(vectors: NDArray[Any]) -> NDArray[np.float32]:
    lengths = np.linalg.norm(vectors, axis=1, keepdims=True)
    return np.asarray(vectors / np.maximum(lengths, 1e-9), dtype=np.float32)
