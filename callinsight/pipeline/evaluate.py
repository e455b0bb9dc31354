"""`callinsight evaluate`: how right the tagger is on turns that people have labelled."""

from __future__ import annotations

import dataclasses
import json
import math
from collections import Counter
from typing import TYPE_CHECKING, Any

from callinsight import weights
from callinsight.config import TaggingConfig
from callinsight.pipeline.tag import check_file, read_turns
from callinsight.pipeline.tagger import load_tagger, tagger_models
from callinsight.tagging.encoder import Turn
from callinsight.tagging.evaluate import FEWEST, NONE, evaluate
from callinsight.tagging.gold import read_gold
from callinsight.tagging.heads import load_heads
from callinsight.taxonomy import DEFAULT_TAXONOMY, load_taxonomy

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from callinsight.progress import Progress
    from callinsight.tagging.evaluate import (
        Agreement,
        Calibration,
        Evaluation,
        Figure,
        MissedObjection,
        Rates,
        Score,
        Scores,
    )

BATCH = 16  # turns between two moves of the bar
TITLE = f"{'':24}{'agreed':>7}{'right':>7}{'wrong':>7}{'missed':>7}"
RATES = f"{'precision':>18}{'recall':>18}{'F1':>18}"


def evaluate_file(
    file: Path,
    *,
    taxonomy: Path | None = None,
    precision: float = 0.0,
    progress: Progress,
    fetch: Callable[[list[str]], None] = weights.fetch,
) -> Evaluation:
    """Tag the turns of a gold file and judge the tags; raises InputError naming file and row."""
    check_file(file)
    settings = TaggingConfig(taxonomy=taxonomy or DEFAULT_TAXONOMY, precision=precision)
    definitions = load_taxonomy(settings.taxonomy)
    gold = read_gold(file, definitions.concerns)
    fetch(tagger_models(definitions))
    tagger = load_tagger(settings, definitions, load_heads())
    turns = [Turn(row.context, row.text) for row in gold]
    readings = []
    with progress("Tag", len(turns)) as advance:
        for start in range(0, len(turns), BATCH):
            read = read_turns(tagger, turns[start : start + BATCH])
            readings += read
            for _ in read:
                advance(0.0)
    return evaluate(gold, readings, list(definitions.concerns))


# For programs


def evaluation_json(evaluation: Evaluation, *, missed: bool) -> str:
    """All numbers; what cannot be judged is null. The missed objections only if asked for."""
    table = dataclasses.asdict(evaluation)
    if not missed:
        del table["missed_objections"]
    return json.dumps(_plain(table), ensure_ascii=False, indent=2)


def _plain(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _plain(part) for key, part in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(part) for part in value]
    if isinstance(value, float):
        return None if math.isnan(value) else round(value, 4)
    return value


# For people


def evaluation_text(evaluation: Evaluation, *, missed: bool) -> str:
    """Tables, and in a line what the numbers of each mean."""
    parts = [
        _text_of_concerns(evaluation),
        _text_of_stances(evaluation),
        _text_of_asks(evaluation.asks),
        _text_of_calibration(evaluation.calibration),
        _text_of_confusion(evaluation.confusion),
        _text_of_objections(evaluation, listed=missed),
    ]
    return "\n\n".join("\n".join(part) for part in parts)


def _text_of_concerns(evaluation: Evaluation) -> Iterator[str]:
    yield f"Turns: {evaluation.turns}. In brackets: where the true number is, with 95 % confidence."
    yield ""
    yield "CONCERNS, sure tags only. Right: at least one annotator sees it. Missed: all agree on it."
    yield "Precision: the share of tags that are right. Recall: of what is there, the share found."
    yield "F1: one number for both."
    yield TITLE + RATES
    yield from _score_rows(evaluation.lenient)
    yield ""
    yield "STRICT: the same, where what only one annotator sees is wrong."
    yield TITLE + RATES
    yield from _score_rows(evaluation.strict)
    yield f"Turns with exactly these concerns, none more and none less: {_shown(evaluation.exact)}"


def _score_rows(scores: Scores) -> Iterator[str]:
    for concern, score in scores.concerns.items():
        few = "" if concern in scores.counted else f"  fewer than {FEWEST}: not in the average"
        yield _score_row(concern, score) + few
    yield f"{f'average of {len(scores.counted)}':52}{_rates(scores.macro)}"


def _score_row(name: str, score: Score) -> str:
    counts = f"{score.agreed:7}{score.right:7}{score.wrong:7}{score.missed:7}"
    return f"{name:24}{counts}{_rates(score.rates)}"


def _rates(rates: Rates) -> str:
    return "".join(f"{_shown(rate):>18}" for rate in (rates.precision, rates.recall, rates.f1))


def _shown(figure: Figure) -> str:
    if math.isnan(figure.value):
        return "-"
    return f"{figure.value:.2f} ({figure.low:.2f}-{figure.high:.2f})"


def _text_of_stances(evaluation: Evaluation) -> Iterator[str]:
    def row(name: str, agreement: Agreement) -> str:
        return f"{name:34}{_shown(agreement.kappa):>18}  over {agreement.turns} turns"

    yield "STANCE, over the turns on whose stance the annotators agree."
    yield "Kappa: agreement beyond chance; 0 is chance, 1 is full agreement, 0.6 and more is good."
    yield row("objection or not, kappa", evaluation.objections)
    yield row("all four stances, kappa", evaluation.stances)
    yield f"{'one that an annotator sees, share':34}{_shown(evaluation.stance_right):>18}"


def _text_of_asks(asks: Score) -> Iterator[str]:
    yield "ASKS: turns in which the buyer asks to be given or sent something."
    yield TITLE + RATES
    yield _score_row("ask", asks)


def _text_of_calibration(calibration: Calibration) -> Iterator[str]:
    yield "CALIBRATION: how often tags are right that are said to be so probable, sure or not."
    yield f"{'tags':>6}{'said':>8}{'right':>8}{'agreed':>8}"
    for part in calibration.bins:
        yield f"{part.pairs:6}{part.score:8.2f}{part.right:8.2f}{part.agreed:8.2f}"
    if calibration.bins:
        yield (
            f"Mean distance of what is said to what is right: {calibration.error:.3f}; "
            f"to what all annotators see: {calibration.strict_error:.3f}"
        )
    else:
        yield "There are no tags."


def _text_of_confusion(confusion: dict[str, dict[str, int]]) -> Iterator[str]:
    yield "CONFUSION: what was missed, and which wrong concern was said instead, with turns."
    for concern, said in confusion.items():
        if concern != NONE:
            yield f"{concern:24}  {_counted(said)}"
    if NONE in confusion:
        yield f"{'nothing was missed':24}  {_counted(confusion[NONE])}"
    if not confusion:
        yield "Nothing was missed and nothing was wrong."


def _counted(said: dict[str, int]) -> str:
    return ", ".join(f"{label} {turns}" for label, turns in said.items())


def _text_of_objections(evaluation: Evaluation, *, listed: bool) -> Iterator[str]:
    missed = evaluation.missed_objections
    taken = _counted(dict(Counter(one.stance for one in missed).most_common()))
    yield f"MISSED OBJECTIONS: {len(missed)} of {evaluation.agreed_objections}" + (
        f"; taken for: {taken}" if missed else ""
    )
    if missed and not listed:
        yield "'--missed' lists them."
    if listed:
        for one in missed:
            yield from _text_of_one(one)


def _text_of_one(one: MissedObjection) -> Iterator[str]:
    said = [f"{c.label} {c.score:.2f} ({c.status})" for c in one.concerns]
    yield ""
    yield f"{one.id}: {one.text}"
    if one.context:
        yield f"    after: {one.context}"
    yield f"    annotators: {', '.join(one.subjects) or 'no concern'}"
    yield f"    tagger: {one.stance} {one.stance_score:.2f}; {', '.join(said) or 'no concern'}"
