"""The tagger against labelled turns: `python benchmarks/tagging.py [GOLD.csv]`.

With a gold file (see `callinsight evaluate --help`) the heads that come with the program are
judged. Without one, the sources that the encoder has not learnt from are: heads are fitted without
the one they are judged on, each in turn. Beside them, on the same turns: a logistic regression on
general sentence vectors of turn and context, fitted on all labelled turns but those of the source
that is judged, and the taxonomy's phrases alone. Then what it costs, in CPU time and memory.
"""

from __future__ import annotations

import sys
from collections import defaultdict
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from left_out import CONCERNS, TAXONOMY, as_gold, fitted, say, shown, tagger, vectors_of
from tagging_cost import cost, peak_memory, report_cost, timed_turns

from callinsight.pipeline.embedding import load_embedder, load_encoder
from callinsight.pipeline.evaluate import evaluation_text
from callinsight.records import STANCES
from callinsight.tagging.concerns import phrase_groups, pieces
from callinsight.tagging.embed import embed, text_hash
from callinsight.tagging.encoder import CONTEXT_WORDS, Turn, encode
from callinsight.tagging.evaluate import evaluate
from callinsight.tagging.gold import Gold, read_gold
from callinsight.tagging.heads import load_heads, logistic, softmax
from callinsight.tagging.labelled import load_turns
from callinsight.tagging.patterns import PhraseMatcher
from callinsight.tagging.reading import NOTHING, Reading, Scored
from callinsight.tagging.training import CALIBRATION_SOURCES, Example, fit_heads, load_examples

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from numpy.typing import NDArray

    from callinsight.tagging.evaluate import Evaluation
    from callinsight.tagging.labelled import LabelledTurn

OURS = "this tagger"
VECTORS = "general sentence vectors"
PHRASES = "phrases alone"
FOLDS = 3  # in which the peer finds its thresholds


def main(arguments: Sequence[str]) -> None:
    """Print the tables."""
    memory = peak_memory()  # first, as a child's peak counts what its parent held
    if arguments:
        file = Path(arguments[0])
        gold, readings = judged_on(file)
        print(f"{file}; heads: those that come with the program\n")
    else:
        gold, readings = judged_on_left_out()
        print("The project's own turns; heads: fitted without the source they are judged on\n")
    judged = {name: evaluate(gold, read, CONCERNS) for name, read in readings.items()}
    print(evaluation_text(judged[OURS], missed=False))
    report_peers(judged)
    print()
    report_cost(cost(timed_turns()), memory)


# Who is judged on what


def judged_on(file: Path) -> tuple[list[Gold], dict[str, list[Reading]]]:
    """The turns of a gold file, and what each tagger says of them."""
    gold = read_gold(file, CONCERNS)
    turns = [Turn(row.context, row.text) for row in gold]
    parts = [piece for turn in turns for piece in pieces(turn)]
    return gold, {
        OURS: tagger(load_heads()).read(turns, encode(parts, {}, load_encoder)),
        VECTORS: read_by_vectors(turns, load_turns()),
        PHRASES: read_by_phrases(turns),
    }


def judged_on_left_out() -> tuple[list[Gold], dict[str, list[Reading]]]:
    """The turns of the calibration sources, each read by what was fitted on the others."""
    labelled = load_turns()
    examples = load_examples(labelled)
    vectors = vectors_of(examples)
    judged = [turn for turn in labelled if turn.source in CALIBRATION_SOURCES]
    parts = [part for turn in judged for part in pieces(Turn(turn.context, turn.text))]
    vectors |= encode([part for part in parts if part.key not in vectors], {}, load_encoder)
    gold: list[Gold] = []
    readings: dict[str, list[Reading]] = defaultdict(list)
    for source in CALIBRATION_SOURCES:
        say(f"without {source}")
        out = [turn for turn in labelled if turn.source == source]
        turns = [Turn(turn.context, turn.text) for turn in out]
        heads = fitted([e for e in examples if e.turn.source != source])
        gold += map(as_gold, out)
        readings[OURS] += tagger(heads).read(turns, vectors)
        readings[VECTORS] += read_by_vectors(turns, [t for t in labelled if t.source != source])
        readings[PHRASES] += read_by_phrases(turns)
    return gold, readings


# Peers


def read_by_vectors(turns: Sequence[Turn], labelled: Sequence[LabelledTurn]) -> list[Reading]:
    """Logistic regression on MiniLM's vectors of turn and context, fitted on the labelled turns.

    Thresholds are found as the tagger's are, on sources that are left out, a third at a time.
    """
    sources = sorted({turn.source for turn in labelled})
    learnt = [Turn(turn.context, turn.text) for turn in labelled]
    examples = [
        Example(replace(turn, source=str(sources.index(turn.source) % FOLDS)), vector)
        for turn, vector in zip(labelled, general_vectors(learnt), strict=True)
    ]
    heads = fit_heads(examples, concerns=CONCERNS, groups={}, encoder="")
    inputs = heads.features(general_vectors(turns), [t.text for t in turns], [{}] * len(turns))
    concerns = logistic(inputs @ heads.concern_weights.T)
    stances = softmax(inputs @ heads.stance_weights.T)
    asks = logistic(inputs @ heads.ask_weights.T)[:, 0]
    objection = STANCES.index("objection")
    return [
        reading(
            turn,
            [c for c, s, t in zip(CONCERNS, scores, heads.thresholds, strict=True) if s >= t],
            "objection" if stance[objection] >= heads.objection_threshold else "mention",
            asks=bool(ask >= heads.ask_threshold),
        )
        for turn, scores, stance, ask in zip(turns, concerns, stances, asks, strict=True)
    ]


def general_vectors(turns: Sequence[Turn]) -> NDArray[np.float32]:
    """Vectors [turns, 768] of turn and context, each embedded by itself."""
    contexts = [" ".join(turn.context.split()[-CONTEXT_WORDS:]) for turn in turns]
    texts = [turn.text for turn in turns]
    new = {text for text in (*texts, *contexts) if text_hash(text) not in GENERAL}
    GENERAL.update(embed(new, {}, load_embedder))
    return np.array(
        [
            np.append(GENERAL[text_hash(text)], GENERAL[text_hash(context)])
            for text, context in zip(texts, contexts, strict=True)
        ]
    )


GENERAL: dict[str, NDArray[np.float32]] = {}  # what is embedded once serves each left-out source


def read_by_phrases(turns: Sequence[Turn]) -> list[Reading]:
    """A concern where one of its phrases is, an objection or ask where one of its cues is."""
    matcher = PhraseMatcher(phrase_groups(TAXONOMY))
    asks = PhraseMatcher({ask.id: ask.patterns for ask in TAXONOMY.asks.values()})
    found = [matcher.find(turn.text) for turn in turns]
    return [
        reading(
            turn,
            [concern for concern in CONCERNS if concern in phrases],
            "objection" if "cue objection" in phrases else "mention",
            asks="cue ask" in phrases and bool(asks.find(turn.text)),
        )
        for turn, phrases in zip(turns, found, strict=True)
    ]


def reading(turn: Turn, concerns: Sequence[str], stance: str, *, asks: bool) -> Reading:
    """What a peer says of a turn; of one that only keeps the talk going nothing, as the tagger."""
    if not pieces(turn):
        return NOTHING
    said = tuple(Scored(concern, 1.0, "sure", "", "") for concern in concerns)
    return Reading(said, stance if said else "none", 1.0, asks, ("other",) if asks else (), 1.0)


def report_peers(judged: Mapping[str, Evaluation]) -> None:
    """Print a row for each tagger."""
    print(
        f"\nPEERS, on the same {judged[OURS].turns} turns\n"
        f"{'':26}{'precision':>18}{'recall':>18}{'F1':>18}{'strict F1':>18}"
        f"{'objection kappa':>18}{'ask F1':>18}"
    )
    for name, result in judged.items():
        print(f"{name:26}{row(result)}")


def row(result: Evaluation) -> str:
    """The figures of a tagger in a row."""
    macro = result.lenient.macro
    figures = (
        *(macro.precision, macro.recall, macro.f1, result.strict.macro.f1),
        *(result.objections.kappa, result.asks.rates.f1),
    )
    return "".join(f"{shown(figure):>18}" for figure in figures)


if __name__ == "__main__":
    main(sys.argv[1:])
