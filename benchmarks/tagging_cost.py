"""What reading turns costs, in CPU time and memory: `python benchmarks/tagging_cost.py`."""

from __future__ import annotations

import multiprocessing
import random
import resource
import sys
import time
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from left_out import TAXONOMY, tagger

from callinsight.config import TaggingConfig
from callinsight.pipeline.embedding import load_encoder
from callinsight.pipeline.tagger import load_tagger
from callinsight.tagging.concerns import pieces
from callinsight.tagging.encoder import CONTEXT_WORDS, Turn, encode
from callinsight.tagging.heads import load_heads
from callinsight.tagging.labelled import load_turns
from callinsight.taxonomy import DEFAULT_TAXONOMY

if TYPE_CHECKING:
    from collections.abc import Sequence

TIMED = 500  # turns
PADDED = (8, 32)
SEED = 5


@dataclass(frozen=True)
class Cost:
    """CPU seconds, for all timed turns."""

    encode: float
    read: float
    padded: dict[int, float]  # by turns in a batch


def main() -> None:
    """Print the table."""
    memory = peak_memory()  # first, as a child's peak counts what its parent held
    report_cost(cost(timed_turns()), memory)


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
        f"COST, of {TIMED} turns with what was said before\n"
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


if __name__ == "__main__":
    main()
