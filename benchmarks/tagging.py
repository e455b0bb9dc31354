"""The tagger against labelled turns: `python benchmarks/tagging.py [GOLD.csv] [--curve | --thresholds]`.

With a gold file (see `callinsight evaluate --help`) the heads that come with the program are
judged. Without one, the sources that the encoder has not learnt from are: heads are fitted without
the one they are judged on, each in turn. Beside them, on the same turns: a logistic regression on
general sentence vectors of turn and context, fitted on all labelled turns but those of the source
that is judged, and the taxonomy's phrases alone. Then what it costs, in CPU time and memory.

`--curve` shows instead how the heads get better with more examples, `--thresholds` what "sure" means.
"""

from __future__ import annotations

import multiprocessing
import random
import resource
import sys
import time
from collections import defaultdict
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from callinsight import weights
from callinsight.config import TaggingConfig
from callinsight.pipeline.embedding import load_embedder, load_encoder
from callinsight.pipeline.evaluate import evaluation_text
from callinsight.pipeline.tagger import load_tagger
from callinsight.records import STANCES
from callinsight.tagging.concerns import Tagger, phrase_groups, pieces
from callinsight.tagging.embed import embed, text_hash
from callinsight.tagging.encoder import CONTEXT_WORDS, Turn, encode
from callinsight.tagging.evaluate import evaluate
from callinsight.tagging.gold import Gold, read_gold
from callinsight.tagging.heads import load_heads, logistic, softmax
from callinsight.tagging.labelled import load_turns
from callinsight.tagging.patterns import PhraseMatcher
from callinsight.tagging.reading import NOTHING, Reading, Scored
from callinsight.tagging.training import (
    CALIBRATION_SOURCES,
    Example,
    _answers,
    _inputs,
    _left_out,
    fit_heads,
    load_examples,
)
from callinsight.taxonomy import DEFAULT_TAXONOMY, load_taxonomy

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from numpy.typing import NDArray

    from callinsight.tagging.evaluate import Evaluation, Figure
    from callinsight.tagging.heads import Heads
    from callinsight.tagging.labelled import LabelledTurn

TAXONOMY = load_taxonomy(DEFAULT_TAXONOMY)
CONCERNS = list(TAXONOMY.concerns)
OURS = "this tagger"
VECTORS = "general sentence vectors"
PHRASES = "phrases alone"
SIZES = (250, 500, 1000, 1500)
DRAWS = 3  # of each size
UNSEEN = Path(__file__).parent / "unseen_turns.csv"
TIMED = 500  # turns
PADDED = (8, 32)
FOLDS = 3  # in which the peer finds its thresholds
SEED = 5
ASKED = (0.8, 0.9)  # precisions


@dataclass(frozen=True)
class Cost:
    """CPU seconds, for all timed turns."""

    encode: float
    read: float
    padded: dict[int, float]  # by turns in a batch


def main(arguments: Sequence[str]) -> None:
    """Print the tables."""
    files = [Path(argument) for argument in arguments if not argument.startswith("--")]
    if "--curve" in arguments:
        report_curve()
        return
    if "--thresholds" in arguments:
        report_thresholds()
        return
    memory = peak_memory()  # first, as a child's peak counts what its parent held
    if files:
        gold, readings = judged_on(files[0])
        print(f"{files[0]}; heads: those that come with the program\n")
    else:
        gold, readings = judged_on_left_out()
        print("The project's own turns; heads: fitted without the source they are judged on\n")
    judged = {name: evaluate(gold, read, CONCERNS) for name, read in readings.items()}
    print(evaluation_text(judged[OURS], missed=False))
    report_peers(judged)
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


def as_gold(turn: LabelledTurn) -> Gold:
    """A turn of the project's as one to be judged on."""
    stances = frozenset(labels.stance for labels in turn.labels)
    return Gold(
        id=turn.id,
        context=turn.context,
        text=turn.text,
        concerns=frozenset(c for c in CONCERNS if turn.concern_share(c) == 1),
        acceptable=frozenset(c for c in CONCERNS if turn.concern_share(c) > 0),
        stance=turn.labels[0].stance if len(stances) == 1 else "",
        acceptable_stances=stances,
        ask=turn.labels[0].ask if turn.ask_share in (0, 1) else None,
        ask_acceptable=turn.ask_share > 0,
    )


def fitted(examples: Sequence[Example], concerns: Sequence[str] = CONCERNS) -> Heads:
    """Heads on the project's vectors and phrases."""
    return fit_heads(
        examples,
        concerns=concerns,
        groups=phrase_groups(TAXONOMY),
        encoder=weights.fingerprint(weights.TAGGING),
    )


def tagger(heads: Heads) -> Tagger:
    """With the definitions that come with the program; it need not say why."""
    return Tagger(TAXONOMY, heads, encoder=heads.encoder)


def vectors_of(examples: Sequence[Example]) -> dict[str, NDArray[np.float16]]:
    """Vectors of all pieces by their keys: the stored one of a short turn, else encoded again."""
    vectors = {}
    long = []
    for example in examples:
        parts = pieces(Turn(example.turn.context, example.turn.text))
        if len(parts) == 1:
            vectors[parts[0].key] = np.append(example.vector, 1)[None].astype(np.float16)
        else:
            long += parts
    return vectors | encode(long, {}, load_encoder)


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


def shown(figure: Figure) -> str:
    """With its interval."""
    return f"{figure.value:.2f} ({figure.low:.2f}-{figure.high:.2f})"


# How heads get better


def report_curve() -> None:
    """Print a row for each number of examples: the mean over draws, and the least and most of them."""
    examples = load_examples(load_turns())
    unseen = read_gold(UNSEEN, CONCERNS)
    turns = [Turn(row.context, row.text) for row in unseen]
    parts = [piece for turn in turns for piece in pieces(turn)]
    vectors = vectors_of(examples) | encode(parts, {}, load_encoder)
    print(
        f"Heads fitted on so many labelled turns, drawn at random {DRAWS} times: mean (least-most)\n"
        f"{'':8}{'sources left out':^36}{'turns nothing learnt from':^36}\n"
        f"{'turns':>8}{'F1':>18}{'objection kappa':>18}{'F1':>18}{'objection kappa':>18}"
    )
    for size in (*SIZES, None):
        results: list[tuple[Evaluation, Evaluation]] = []
        for seed in range(DRAWS if size else 1):
            say(f"{size or 'all'}, draw {seed + 1}")
            heads = fitted_on(examples, size, seed)
            ours = tagger(heads).read(turns, vectors)
            results.append(
                (left_out(examples, size, seed, vectors), evaluate(unseen, ours, CONCERNS))
            )
        cells = [
            over_draws([figure(one) for one in column])
            for column in zip(*results, strict=True)
            for figure in (f1_of, kappa_of)
        ]
        print(f"{size or 'all':>8}{''.join(f'{cell:>18}' for cell in cells)}", flush=True)


def left_out(
    examples: Sequence[Example],
    size: int | None,
    seed: int,
    vectors: Mapping[str, NDArray[np.float16]],
) -> Evaluation:
    """Each source judged by heads of so many examples of the others."""
    gold: list[Gold] = []
    readings: list[Reading] = []
    for source in CALIBRATION_SOURCES:
        heads = fitted_on([e for e in examples if e.turn.source != source], size, seed)
        out = [e.turn for e in examples if e.turn.source == source]
        gold += map(as_gold, out)
        readings += tagger(heads).read([Turn(turn.context, turn.text) for turn in out], vectors)
    return evaluate(gold, readings, CONCERNS)


def fitted_on(examples: Sequence[Example], size: int | None, seed: int) -> Heads:
    """Heads of so many examples, drawn at random."""
    count = min(size or len(examples), len(examples))
    drawn = random.Random(seed).sample(list(examples), count)
    return fitted(drawn, learnable(drawn))


def f1_of(result: Evaluation) -> float:
    """The macro F1 of concerns."""
    return result.lenient.macro.f1.value


def kappa_of(result: Evaluation) -> float:
    """Agreement on objection or not."""
    return result.objections.kappa.value


def over_draws(values: Sequence[float]) -> str:
    """The mean of several draws, with the least and the most."""
    if len(values) == 1:
        return f"{values[0]:.3f}"
    return f"{np.mean(values):.3f} ({min(values):.2f}-{max(values):.2f})"


def learnable(examples: Sequence[Example]) -> list[str]:
    """The concerns with an example left, whichever source is left out."""
    sources = {example.turn.source for example in examples}
    return [
        concern
        for concern in CONCERNS
        if all(
            any(e.turn.source != source and e.turn.concern_share(concern) for e in examples)
            for source in sources
        )
    ]


# What sure means


def report_thresholds() -> None:
    """Print each concern's thresholds, with precision and recall on sources left out of the fit."""
    heads, examples = load_heads(), load_examples(load_turns())
    inputs = _inputs(examples, phrase_groups(TAXONOMY), heads.center, heads.spread)
    answers = _answers(examples, heads.concerns)
    unseen = _left_out(inputs, answers, [example.turn.source for example in examples])
    scores = logistic(unseen.concerns * heads.calibration[:, 0] + heads.calibration[:, 1])
    print(
        "Sure from which probability on, and precision and recall of what is sure\n"
        f"{'':24}{'best F1':>8}{'precision':>11}{'recall':>8}"
        + "".join(f"{f'for {wanted}':>10}{'recall':>8}" for wanted in ASKED)
    )
    for at, concern in enumerate(heads.concerns):
        shares = answers.concerns[:, at]
        given = scores[:, at] >= heads.thresholds[at]
        right = (shares[given] > 0).mean()
        line = f"{concern:24}{heads.thresholds[at]:8.2f}{right:11.2f}{recall(given, shares):8.2f}"
        for wanted in ASKED:
            threshold = heads.thresholds_for(wanted)[at]
            line += f"{threshold:10.2f}{recall(scores[:, at] >= threshold, shares):8.2f}"
        print(line)
    print(f"ask{heads.ask_threshold:29.2f}")


def recall(given: NDArray[np.bool_], shares: NDArray[np.float32]) -> float:
    """Of what all annotators see, the share that is given."""
    return float(given[shares == 1].mean())


# What it costs


def timed_turns() -> list[Turn]:
    """Turns of the project's, drawn at random from those that can say anything."""
    turns = [Turn(turn.context, turn.text) for turn in load_turns()]
    return random.Random(SEED).sample([turn for turn in turns if pieces(turn)], TIMED)


def cost(turns: Sequence[Turn]) -> Cost:
    """CPU time of this process, which has one thread."""
    parts = [piece for turn in turns for piece in pieces(turn)]
    read = tagger(load_heads()).read
    load_encoder().encode(parts[0])
    start = time.process_time()
    vectors = encode(parts, {}, load_encoder)
    encoded = time.process_time()
    read(turns, vectors)
    done = time.process_time()
    return Cost(encoded - start, done - encoded, {size: padded(parts, size) for size in PADDED})


def padded(parts: Sequence[Turn], size: int) -> float:
    """CPU seconds of the network on batches of turns of like length, filled up to the longest."""
    encoder = load_encoder()
    start = time.process_time()
    encoded = [
        encoder._tokenizer.encode(" ".join(part.context.split()[-CONTEXT_WORDS:]), part.text)
        for part in parts
    ]
    encoded.sort(key=len)
    for at in range(0, len(encoded), size):
        batch = encoded[at : at + size]
        shape = (len(batch), len(batch[-1]))
        ids, mask = np.ones(shape, np.int64), np.zeros(shape, np.int64)  # 1 fills up
        for line, one in enumerate(batch):
            ids[line, : len(one)] = one.ids
            mask[line, : len(one)] = 1
        encoder._session.run(["embedding"], {"input_ids": ids, "attention_mask": mask})
    return time.process_time() - start


def peak_memory() -> float:
    """Megabytes that a process holds at most which loads everything and reads the timed turns."""
    with ProcessPoolExecutor(1, multiprocessing.get_context("spawn")) as pool:
        return pool.submit(read_and_measure).result()


def read_and_measure() -> float:
    """As `callinsight tag` reads turns."""
    turns = timed_turns()
    parts = [piece for turn in turns for piece in pieces(turn)]
    own = load_tagger(TaggingConfig(taxonomy=DEFAULT_TAXONOMY), TAXONOMY, load_heads())
    own.read(turns, encode(parts, {}, load_encoder))
    unit = 1 if sys.platform == "darwin" else 1024
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * unit / 1e6


def report_cost(spent: Cost, memory: float) -> None:
    """Print turns a second and core, and memory."""
    print(
        f"\nCOST, of {TIMED} turns with what was said before\n"
        f"{'':34}{'CPU s':>8}{'turns/s a core':>16}"
    )
    rows = {
        "encode, a turn at a time (ours)": spent.encode,
        **{f"encode, {size} turns, filled up": s for size, s in spent.padded.items()},
        "read what is encoded": spent.read,
        "both (ours)": spent.encode + spent.read,
    }
    for name, seconds in rows.items():
        print(f"{name:34}{seconds:8.1f}{TIMED / seconds:16.0f}")
    print(f"Peak memory of a process that does it: {memory:.0f} MB")


def say(text: str) -> None:
    """What is being done, on stderr."""
    print(text, file=sys.stderr, flush=True)


if __name__ == "__main__":
    main(sys.argv[1:])
