"""How the turn encoder gets better with more labelled turns: `python benchmarks/encoder_curve.py`.

An adapter is trained as `make adapter` does, on a share of its turns, as large a share of each
source; the heads are fitted anew on all their turns, so that only what the encoder has learnt from
varies. Turns of sources left out of the heads' fit and those of unseen_turns.csv are then judged.
The shares are of the sources that there were when the curve was begun; the last row is the adapter that
comes with the program, which has learnt from all. A quarter takes a quarter of an hour of two cores, a
half and the whole in proportion. What is finished stays in out/encoder_curve/, and is not done again.

`python benchmarks/encoder_curve.py --table` trains nothing and prints what is finished.
"""

from __future__ import annotations

import math
import random
import sys
import tempfile
from collections import defaultdict
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from left_out import CONCERNS, UNSEEN, fitted, left_out, say, shown, tagger
from safetensors.torch import save_file

from callinsight import conversion, weights
from callinsight.pipeline.embedding import load_encoder
from callinsight.pipeline.training import learnt_from
from callinsight.tagging.adapter_training import train_adapter
from callinsight.tagging.concerns import pieces
from callinsight.tagging.encoder import Turn, TurnEncoder, encode, means
from callinsight.tagging.evaluate import evaluate
from callinsight.tagging.gold import read_gold
from callinsight.tagging.labelled import load_turns
from callinsight.tagging.training import CALIBRATION_SOURCES, Example

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from numpy.typing import NDArray

    from callinsight.tagging.evaluate import Evaluation
    from callinsight.tagging.labelled import LabelledTurn

    Vectors = Mapping[str, NDArray[np.float16]]

FOLDER = Path(__file__).parents[1] / "out" / "encoder_curve"
# Written after the curve was begun: with them in the shares, finished points would not be points of one curve
LATER = ("spoken_enterprise", "spoken_trades", "talk_first_calls", "talk_late_stage")
BASE = ("model.safetensors", "config.json", "tokenizer.json")


@dataclass(frozen=True)
class Point:
    """An adapter of the curve."""

    share: Fraction  # of the turns that adapters learn from, without those of LATER
    seed: int

    @property
    def folder(self) -> Path:
        """Where what is finished of it stays."""
        return FOLDER / f"{self.share.numerator}-{self.share.denominator}_seed{self.seed}"


POINTS = (  # in the order in which they are trained
    *(Point(Fraction(1, parts), 1) for parts in (8, 2, 4)),
    *(Point(Fraction(1, parts), 2) for parts in (8, 4)),
    Point(Fraction(1), 1),
)


def main(arguments: Sequence[str]) -> None:
    """Train what is missing, then print the table."""
    turns = load_turns()
    learnt = [turn for turn in turns if turn.source not in CALIBRATION_SOURCES]
    if "--table" not in arguments:
        for point in POINTS:
            train(point, drawn(learnt, point))
            vectors_of(point, turns)
    report(turns, learnt)


# Adapters and what they make of turns


def train(point: Point, part: Sequence[LabelledTurn]) -> None:
    """Write the adapter of a point, unless it is there."""
    file = point.folder / "adapter.safetensors"
    if file.exists():
        return
    say(f"{point.folder.name}: learns from {len(part)} turns")
    tensors = train_adapter(
        part,
        CONCERNS,
        weights.folder(weights.TAGGING),
        tell=lambda text: say(f"{point.folder.name}: {text}"),
        seed=point.seed,
    )
    point.folder.mkdir(parents=True, exist_ok=True)
    write(file, lambda unfinished: save_file(tensors, unfinished))


def drawn(turns: Sequence[LabelledTurn], point: Point) -> list[LabelledTurn]:
    """So large a share of each source, rounded up, in the order of the turns."""
    by_source = defaultdict(list)
    for at, turn in enumerate(turns):
        if turn.source not in LATER:
            by_source[turn.source].append(at)
    draw = random.Random(point.seed)
    rows = [
        row
        for source in sorted(by_source)
        for row in draw.sample(by_source[source], math.ceil(point.share * len(by_source[source])))
    ]
    return [turns[row] for row in sorted(rows)]


def vectors_of(point: Point, turns: Sequence[LabelledTurn]) -> Vectors:
    """Vectors by the adapter of all that is judged and that heads are fitted on, kept in a file."""
    file = point.folder / "vectors.npz"
    known: dict[str, NDArray[np.float16]] = {}
    if file.exists():
        with np.load(file) as kept:
            known = {key: kept[key] for key in kept.files}
    missing = [part for part in parts_of(turns) if part.key not in known]
    if missing:
        say(f"{point.folder.name}: encodes {len(missing)} turns")
        with tempfile.TemporaryDirectory(dir=point.folder) as folder:
            encoder = encoder_with(point.folder / "adapter.safetensors", Path(folder))
            known |= encode(missing, {}, lambda: encoder)
        arrays: dict[str, Any] = dict(known)
        write(file, lambda unfinished: np.savez(unfinished, **arrays))
    return known


def parts_of(turns: Sequence[LabelledTurn]) -> list[Turn]:
    """All that is read at once of the turns that heads are fitted on and of unseen_turns.csv."""
    fit = [turn for turn in turns if turn.source in CALIBRATION_SOURCES]
    said = [Turn(turn.context, turn.text) for turn in fit]
    said += [Turn(turn.context, turn.text) for turn in read_gold(UNSEEN, CONCERNS)]
    parts = [part for turn in said for part in pieces(turn)]
    return [*parts, *(part for _, part in learnt_from(fit))]


def encoder_with(adapter: Path, folder: Path) -> TurnEncoder:
    """The encoder with another adapter, converted as the program's own is, in an empty folder."""
    base = weights.folder(weights.TAGGING)
    for name in BASE:
        (folder / name).symlink_to(base / name)
    conversion.mpnet_to_onnx(folder, adapter=adapter)
    return TurnEncoder(folder)


def write(file: Path, save: Callable[[Path], None]) -> None:
    """Whole or not at all; an interrupted run leaves no half of a file."""
    unfinished = file.with_name(f"unfinished_{file.name}")
    save(unfinished)
    unfinished.replace(file)


# What they are worth


def report(turns: Sequence[LabelledTurn], learnt: Sequence[LabelledTurn]) -> None:
    """Print a row for each finished point, and one for the adapter that comes with the program."""
    print(
        "Adapters trained on so many labelled turns, heads fitted anew on all theirs: value (95 %)\n"
        f"{'':22}{'sources left out':^36}{'turns nothing learnt from':^36}\n"
        f"{'turns':>8}{'share':>7}{'seed':>7}"
        f"{'F1':>18}{'objection kappa':>18}{'F1':>18}{'objection kappa':>18}"
    )
    for point in POINTS:
        if (point.folder / "vectors.npz").exists():
            size = len(drawn(learnt, point))
            head = f"{size:>8}{point.share!s:>7}{point.seed:>7}"
            print(head + row(judged(turns, vectors_of(point, turns))), flush=True)
    ours = encode(parts_of(turns), {}, load_encoder)
    print(f"{len(learnt):>8}{'all':>7}{'':>7}{row(judged(turns, ours))}")


def judged(turns: Sequence[LabelledTurn], vectors: Vectors) -> tuple[Evaluation, Evaluation]:
    """What heads on these vectors say of each source left out, and of turns nothing learnt from."""
    fit = [turn for turn in turns if turn.source in CALIBRATION_SOURCES]
    read = learnt_from(fit)
    rows = means([vectors[part.key] for _, part in read])
    examples = [Example(turn, vector) for (turn, _), vector in zip(read, rows, strict=True)]
    unseen = read_gold(UNSEEN, CONCERNS)
    said = [Turn(turn.context, turn.text) for turn in unseen]
    return (
        left_out(examples, None, 0, vectors),
        evaluate(unseen, tagger(fitted(examples)).read(said, vectors), CONCERNS),
    )


def row(results: tuple[Evaluation, Evaluation]) -> str:
    """The figures of a point, with their intervals."""
    return "".join(
        f"{shown(figure):>18}"
        for result in results
        for figure in (result.lenient.macro.f1, result.objections.kappa)
    )


if __name__ == "__main__":
    main(sys.argv[1:])
