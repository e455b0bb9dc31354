"""Buying stage by what is said: `python benchmarks/stages.py`.

The labelled dialogues: a head is fitted and calibrated on all sources but one and judged on that
one, each source in turn. The demo's calls: the head that comes with the program, against the stage
that their sheet gives. Beside it the commonest stage, and two lists of keywords that need no
fitting: the CRM's words for each stage, and words that come to mind.
"""

from __future__ import annotations

import csv
import re
from collections import Counter
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from callinsight.calls.side_training import load_dialogues
from callinsight.calls.transcripts import is_transcript, read_transcript
from callinsight.tagging.stage_training import Labelled, fit, load_labelled
from callinsight.tagging.stages import StageCues, StageModel, load_stages
from callinsight.taxonomy import DEFAULT_TAXONOMY, load_taxonomy

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from callinsight.taxonomy import Taxonomy

DEMO = Path(__file__).parent.parent / "pipelines" / "demo"
BANDS = (0.25, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 1.01)
KEYWORDS = {
    "awareness": ("calling", "introduce", "currently", "challenge", "problem", "interested"),
    "consideration": ("demo", "trial", "pilot", "feature", "integrate", "compare", "show"),
    "decision": ("price", "discount", "contract", "sign", "legal", "proposal", "budget"),
    "retention": ("renewal", "support", "ticket", "upgrade", "cancel", "account", "usage"),
}
Told = list[tuple[str, str, float]]  # the truth, the likeliest stage, its probability


def main() -> None:
    """Print the tables."""
    taxonomy = load_taxonomy(DEFAULT_TAXONOMY)
    said = [(d.id, d.source, [text for _, text in d.turns]) for d in load_dialogues()]
    labelled = load_labelled(said, taxonomy)
    texts = {id_: " ".join(turns) for id_, _, turns in said}
    truths = [one.stage for one in labelled]
    print(f"{len(labelled)} dialogues, each source left out in turn")
    report_lists(truths, [texts[one.id] for one in labelled], taxonomy)
    report_head(left_out(labelled, taxonomy))
    print("\nThe demo's calls, by the head that comes with the program")
    truths, calls = demo_calls(taxonomy)
    report_lists(truths, [" ".join(turns) for turns in calls], taxonomy)
    cues = StageCues(taxonomy)
    counts = [cues.count(turns) for turns in calls]
    report_head([told(load_stages(), *pair) for pair in zip(truths, counts, strict=True)])


def left_out(labelled: Sequence[Labelled], taxonomy: Taxonomy) -> Told:
    """What a head that was fitted and calibrated on the other sources says of each dialogue."""
    found = []
    for source in sorted({one.source for one in labelled}):
        model = fit([one for one in labelled if one.source != source], taxonomy)
        found += [told(model, one.stage, one.counts) for one in labelled if one.source == source]
    return found


def told(model: StageModel, truth: str, counts: Mapping[str, int]) -> tuple[str, str, float]:
    """The truth, the likeliest stage and its probability."""
    probabilities = model.probabilities(counts)
    likeliest = max(probabilities, key=lambda stage: probabilities[stage])
    return truth, likeliest, probabilities[likeliest]


def demo_calls(taxonomy: Taxonomy) -> tuple[list[str], list[list[str]]]:
    """The stages that the demo's sheet gives, and the turns of its transcripts."""
    truths, calls = [], []
    with (DEMO / "calls.csv").open(encoding="utf-8", newline="") as rows:
        for row in csv.DictReader(rows):
            if is_transcript(path := DEMO / row["file"]):
                truths.append(taxonomy.stage_of(row["deal_stage"]))
                calls.append([turn.text for turn in read_transcript(path)])
    return truths, calls


def report_lists(truths: Sequence[str], texts: Sequence[str], taxonomy: Taxonomy) -> None:
    """Print what needs no fitting: the commonest stage and the lists of keywords."""
    print(f"{'':24}{'accuracy':>10}{'macro-F1':>10}")
    commonest = Counter(truths).most_common(1)[0][0]
    crm = {stage.id: stage.crm for stage in taxonomy.stages.values()}
    report("commonest stage", truths, [commonest] * len(truths))
    for name, words in (("the CRM's words", crm), ("keywords", KEYWORDS)):
        report(name, truths, [by_keywords(text, words, commonest) for text in texts])


def by_keywords(text: str, words: Mapping[str, Sequence[str]], default: str) -> str:
    """The stage whose words are said most often."""
    found = {
        stage: sum(len(re.findall(rf"\b{re.escape(word)}", text.lower())) for word in listed)
        for stage, listed in words.items()
    }
    best = max(found, key=lambda stage: found[stage])
    return best if found[best] else default


def report_head(found: Told) -> None:
    """Print how right the head is, where it tells a stage, and how sure it may be."""
    truths, likeliest = [t for t, _, _ in found], [one for _, one, _ in found]
    report("the head's likeliest", truths, likeliest)
    right = np.array(truths) == np.array(likeliest)
    sure = np.array([probability for _, _, probability in found])
    surest = load_stages().surest
    kept = sure >= surest
    print(
        f"told at {surest:.2f} or more: {kept.mean():.0%} of calls, {right[kept].mean():.0%} right"
    )
    print(f"{'probability':>14}{'calls':>8}{'mean':>8}{'right':>8}")
    for low, high in pairwise(BANDS):
        inside = (low <= sure) & (sure < high)
        if inside.any():
            mean, share = sure[inside].mean(), right[inside].mean()
            print(f"{low:9.2f}-{min(high, 1):.2f}{inside.sum():8}{mean:8.3f}{share:8.3f}")


def report(name: str, truths: Sequence[str], found: Sequence[str]) -> None:
    """Print a row."""
    from sklearn.metrics import f1_score

    accuracy = np.mean([truth == one for truth, one in zip(truths, found, strict=True)])
    macro = f1_score(truths, found, labels=sorted(set(truths)), average="macro", zero_division=0)
    print(f"{name:24}{accuracy:10.3f}{macro:10.3f}")


if __name__ == "__main__":
    main()
