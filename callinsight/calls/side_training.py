"""Fit the head that tells rep from buyer on the dialogues in dialogues/: `make sides`.

The dialogues were written for this project. How far the head is to be trusted is learnt from
dialogues of sources that it has not seen, never from those it was fitted on.
"""

from __future__ import annotations

import csv
import re
import zlib
from collections import Counter
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from callinsight.calls.sides import SideModel, phrases_of, words_of
from callinsight.errors import InputError

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from numpy.typing import NDArray

DIALOGUES = Path(__file__).parent / "dialogues"
SIDES = ("rep", "buyer")
STYLES = ("plain", "punctuated")
INVERSE_PENALTY = 0.4  # chosen on left-out sources, as are the weights below
AS_WRITTEN, UNPUNCTUATED, FRAGMENT = 0.5, 0.5, 0.3  # weights of a turn's variants
SHORTEST = 8  # words of a turn that is also shown in two parts, as pauses cut it
FEWEST = 2  # dialogues that share a phrase; fewer teach what a call was about
POWERS = np.arange(0, 1.01, 0.1)
DECIMALS = 3  # so that the last bits of the solver do not show


@dataclass(frozen=True)
class Dialogue:
    """A call between a rep and a buyer, turn by turn."""

    id: str
    source: str
    setting: str
    style: str
    turns: tuple[tuple[str, str], ...]  # side, text


def train(dialogues: Sequence[Dialogue]) -> SideModel:
    """Fit the head; needs dialogues of two sources or more."""
    trust = _trust_of(list(left_out(dialogues)))
    return _scaled(_fit(dialogues), *trust)


def load_dialogues(folder: Path = DIALOGUES) -> list[Dialogue]:
    """Read and check all dialogues; raises InputError."""
    dialogues: dict[str, Dialogue] = {}
    for file in sorted(folder.glob("*.csv")):
        with file.open(encoding="utf-8", newline="") as lines:
            for number, row in enumerate(csv.DictReader(lines), start=2):
                where = f"{file.name}, row {number}"
                call = Dialogue(row["dialogue"], file.stem, row["setting"], row["style"], ())
                _check(row, where)
                known = dialogues.setdefault(call.id, call)
                if replace(known, turns=()) != call:
                    raise InputError(
                        f"{where}: dialogue {call.id} has another file, setting or style above; "
                        "give it an id of its own"
                    )
                turn = (row["side"], row["text"])
                dialogues[call.id] = replace(known, turns=(*known.turns, turn))
    if not dialogues:
        raise InputError(f"{folder}: there are no dialogues; put CSV files of turns there")
    return list(dialogues.values())


def left_out(dialogues: Sequence[Dialogue]) -> Iterator[tuple[Dialogue, SideModel]]:
    """Each dialogue with a head that was fitted on the other sources, not yet calibrated."""
    for source in sorted({dialogue.source for dialogue in dialogues}):
        model = _fit([d for d in dialogues if d.source != source])
        for dialogue in dialogues:
            if dialogue.source == source:
                yield dialogue, model


def excerpts_of(dialogue: Dialogue) -> dict[str, Dialogue]:
    """What may be heard of a call: its start, its middle, all of it; each with both sides."""
    turns = dialogue.turns
    middle = max(0, len(turns) // 2 - 4)
    parts = {"first 6": turns[:6], "middle 8": turns[middle : middle + 8], "all": turns}
    return {
        name: replace(dialogue, turns=part)
        for name, part in parts.items()
        if {side for side, _ in part} == set(SIDES)
    }


def unpunctuated(text: str) -> str:
    """The text as a recogniser without punctuation and capitals writes it."""
    return " ".join(re.sub(r"[^\w\s'’]", " ", text.lower()).split())


def _check(row: dict[str, str], where: str) -> None:
    if row["side"] not in SIDES or row["style"] not in STYLES:
        raise InputError(
            f"{where}: side '{row['side']}' or style '{row['style']}' is not known; "
            f"a side is one of {', '.join(SIDES)}, a style one of {', '.join(STYLES)}"
        )
    if not words_of(row["text"]):
        raise InputError(f"{where} has no text; write one or remove the row")


def _variants(text: str) -> Iterator[tuple[str, float]]:
    """A turn as recognisers may write it, with weights."""
    plain = unpunctuated(text)
    yield text, AS_WRITTEN
    yield plain, UNPUNCTUATED
    words = plain.split()
    if len(words) >= SHORTEST:
        cut = 3 + zlib.crc32(plain.encode()) % (len(words) - 5)
        yield " ".join(words[:cut]), FRAGMENT
        yield " ".join(words[cut:]), FRAGMENT


def _fit(dialogues: Sequence[Dialogue]) -> SideModel:
    """A logistic regression over phrases, not yet calibrated."""
    from scipy.sparse import csr_matrix
    from sklearn.linear_model import LogisticRegression
    from threadpoolctl import threadpool_limits

    rows = [
        (phrases_of(variant), side == "rep", weight)
        for dialogue in dialogues
        for side, text in dialogue.turns
        for variant, weight in _variants(text)
    ]
    columns = {phrase: column for column, phrase in enumerate(_shared_phrases(dialogues))}
    held = [sorted(columns[p] for p in phrases if p in columns) for phrases, _, _ in rows]
    indices = np.concatenate([np.array(row, dtype=np.int32) for row in held])
    ends = np.cumsum([0, *map(len, held)])
    inputs = csr_matrix((np.ones(len(indices)), indices, ends), shape=(len(rows), len(columns)))
    model = LogisticRegression(C=INVERSE_PENALTY, max_iter=5000, tol=1e-10)
    with threadpool_limits(limits=1):  # the same bytes on any number of cores
        model.fit(inputs, [rep for _, rep, _ in rows], sample_weight=[w for _, _, w in rows])
    weights = dict(zip(columns, model.coef_[0].tolist(), strict=True))
    return SideModel(weights, float(model.intercept_[0]), call_scale=1.0, call_power=0.0)


def _shared_phrases(dialogues: Sequence[Dialogue]) -> list[str]:
    counts: Counter[str] = Counter()
    for dialogue in dialogues:
        said = [phrases_of(v) for _, text in dialogue.turns for v, _ in _variants(text)]
        counts.update(set().union(*said))
    return sorted(phrase for phrase, count in counts.items() if count >= FEWEST)


def _trust_of(judged: Sequence[tuple[Dialogue, SideModel]]) -> tuple[float, float, float]:
    """Scales of a turn's and of a call's log-odds, and the power, that fit dialogues left out."""
    turns: list[float] = []  # log-odds of the side that spoke, by turn
    calls: list[tuple[float, int]] = []  # the same, summed, and the number of turns, by excerpt
    for dialogue, model in judged:
        for excerpt in excerpts_of(dialogue).values():
            signs = np.array([1 if side == "rep" else -1 for side, _ in excerpt.turns])
            for write in (str, unpunctuated):
                odds = signs * model.turn_odds([write(text) for _, text in excerpt.turns])
                calls.append((float(odds.sum()), len(odds)))
                if len(odds) == len(dialogue.turns):
                    turns += odds.tolist()
    turn_scale, _ = _scale(np.array(turns))
    sums, lengths = (np.array(column, dtype=float) for column in zip(*calls, strict=True))
    fits = [(*_scale(turn_scale * sums / lengths**power), power) for power in POWERS]
    call_scale, _, power = min(fits, key=lambda fit: fit[1])
    return turn_scale, call_scale, float(power)


def _scale(odds: NDArray[np.float64]) -> tuple[float, float]:
    """The factor that makes log-odds of what is true likeliest, and the log loss with it."""
    from scipy.optimize import minimize_scalar

    def loss(factor: float) -> float:
        return float(np.logaddexp(0, -factor * odds).mean())

    best = minimize_scalar(loss, bounds=(0.01, 10.0), method="bounded", options={"xatol": 1e-9})
    return float(best.x), float(best.fun)


def _scaled(model: SideModel, turn: float, call: float, power: float) -> SideModel:
    """The calibrated head, without phrases whose weight vanishes."""
    weights = {phrase: round(turn * w, DECIMALS) for phrase, w in model.weights.items()}
    return SideModel(
        weights={phrase: weight for phrase, weight in weights.items() if weight},
        bias=round(turn * model.bias, DECIMALS),
        call_scale=round(call, DECIMALS),
        call_power=round(power, DECIMALS),
    )
