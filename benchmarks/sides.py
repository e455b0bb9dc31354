"""Rep or buyer from words alone: `python benchmarks/sides.py [FOLDER]`.

The project's own dialogues: a head is fitted and calibrated on all sources but one and judged on
that one, each source in turn. With a FOLDER of NAME.turns.txt files, whose lines read
`[start-end] agent: words` (any other name is the buyer), the head that comes with the program is
judged on those calls, too.
"""

from __future__ import annotations

import re
import sys
from collections import defaultdict
from dataclasses import replace
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from callinsight.calls.side_training import (
    Dialogue,
    excerpts_of,
    load_dialogues,
    train,
    unpunctuated,
)
from callinsight.calls.sides import SideModel, load_sides

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

LINE = re.compile(r"\[[\d.]+-[\d.]+\] (\w+): (.+)")
BANDS = (0.5, 0.6, 0.75, 0.9, 0.97, 1.01)
WRITINGS: dict[str, Callable[[str], str]] = {"as written": str, "unpunctuated": unpunctuated}


def main(arguments: Sequence[str]) -> None:
    """Print the tables."""
    report_calibration(leave_one_source_out(load_dialogues()))
    for folder in arguments:
        print(f"\nCalls in {folder}, by the head that comes with the program: P(agent is the rep)")
        report_calls(Path(folder))


def leave_one_source_out(dialogues: Sequence[Dialogue]) -> list[float]:
    """Print a row a source and way of writing; the probability of the truth, by excerpt."""
    print(
        f"{'left out':12}{'writing':14}{'turns':>6}{'right':>8}{'AUC':>8}{'log loss':>10}  "
        "calls right: mean log loss"
    )
    given: list[float] = []
    for source in sorted({dialogue.source for dialogue in dialogues}):
        model = train([dialogue for dialogue in dialogues if dialogue.source != source])
        for name, write in WRITINGS.items():
            calls = [rewritten(d, write) for d in dialogues if d.source == source]
            by_excerpt: dict[str, list[float]] = defaultdict(list)
            for call in calls:
                for excerpt, part in excerpts_of(call).items():
                    by_excerpt[excerpt].append(probability(model, part))
            print(f"{source:12}{name:14}{turn_row(model, calls)}  {call_row(by_excerpt)}")
            given += [p for each in by_excerpt.values() for p in each]
    return given


def report_calibration(given: Sequence[float]) -> None:
    """Print how often the likelier answer is right, from the probabilities of the truth."""
    print(
        "\nHow often the likelier answer is right, over all sources, writings and excerpts:\n"
        f"{'probability':>14}{'calls':>8}{'mean':>8}{'right':>8}"
    )
    truth = np.array(given)
    likelier = np.maximum(truth, 1 - truth)
    for low, high in pairwise(BANDS):
        inside = (low <= likelier) & (likelier < high)
        if inside.any():
            mean, right = likelier[inside].mean(), (truth[inside] > 0.5).mean()
            print(f"{low:9.2f}-{min(high, 1):.2f}{inside.sum():8}{mean:8.3f}{right:8.3f}")


def rewritten(dialogue: Dialogue, write: Callable[[str], str]) -> Dialogue:
    """The dialogue in another way of writing."""
    return replace(dialogue, turns=tuple((side, write(text)) for side, text in dialogue.turns))


def probability(model: SideModel, dialogue: Dialogue) -> float:
    """P that the rep is the rep."""
    said: dict[str, list[str]] = defaultdict(list)
    for side, text in dialogue.turns:
        said[side].append(text)
    return model.rep_probabilities(said)["rep"]


def turn_row(model: SideModel, calls: Sequence[Dialogue]) -> str:
    """How single turns are told apart."""
    from sklearn.metrics import roc_auc_score

    turns = [turn for call in calls for turn in call.turns]
    odds = model.turn_odds([text for _, text in turns])
    rep = np.array([side == "rep" for side, _ in turns])
    loss = np.logaddexp(0, np.where(rep, -odds, odds)).mean()
    right = ((odds > 0) == rep).mean()
    return f"{len(turns):6}{right:8.3f}{roc_auc_score(rep, odds):8.3f}{loss:10.3f}"


def call_row(by_excerpt: dict[str, list[float]]) -> str:
    """How calls are told, by excerpt."""
    return "  ".join(
        f"{name} {sum(p > 0.5 for p in given)}/{len(given)}: {-np.log(given).mean():.3f}"
        for name, given in by_excerpt.items()
    )


def report_calls(folder: Path) -> None:
    """Print the probability of the truth for each call and excerpt."""
    model = load_sides()
    for file in sorted(folder.glob("*.turns.txt")):
        lines = LINE.findall(file.read_text(encoding="utf-8"))
        turns = tuple(("rep" if who == "agent" else "buyer", text) for who, text in lines)
        call = Dialogue(file.name.removesuffix(".turns.txt"), "", "", "", turns)
        parts = excerpts_of(call)
        cells = "  ".join(f"{name} {probability(model, part):.3f}" for name, part in parts.items())
        print(f"{call.id:28}{len(turns):4} turns  {cells}")


if __name__ == "__main__":
    main(sys.argv[1:])
