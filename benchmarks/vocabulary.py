"""What a list of names to expect does for names, and to all other words.

    python benchmarks/vocabulary.py [--model base] [--workers N]

The demo's two-channel recordings are heard without a list, with the names of each call (its
people, its company, the vendor: what calls.csv and participants.csv know), and with the names of
all calls in each. Names of people and companies count word by word. Words are compared as in
benchmarks/asr.py; insertions count as wrong words, not as names.
"""

from __future__ import annotations

import argparse
import json
import os
import re
import subprocess
import sys
from typing import TYPE_CHECKING, Any

import jiwer
from asr import DEMO, Case, Share, demo_cases, normalise

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

VENDOR = "Tallybrook"
HEAD = re.compile(r"# (?:title|buyers|rep): (.*)")
ROW = "{:28}{:>22}{:>22}"


def main() -> None:
    """Measure, and print a table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--model", default="base")
    parser.add_argument("--workers", type=int, default=os.cpu_count())
    options = parser.parse_args()
    cases = demo_cases()
    own = [names_of(case) for case in cases]
    everyone = sorted({name for names in own for name in names})
    print(ROW.format("names to expect", "names heard", "other words wrong"))
    for title, lists in (
        ("none", [[] for _ in cases]),
        ("those of the call", own),
        ("those of all calls", [everyone for _ in cases]),
    ):
        names, others = Share(), Share()
        for case, expected, known in zip(cases, lists, own, strict=True):
            heard = transcribe(case.path, expected, options.model)
            for channel, reference in enumerate(case.channels):
                said = " ".join(u["text"] for u in heard if u["channel"] == channel)
                found, wrong = compare(reference, said, known)
                names, others = names + Share((found,)), others + Share((wrong,))
        print(ROW.format(title, str(names), str(others)), flush=True)


def names_of(case: Case) -> list[str]:
    """The names in the head of a call's script."""
    script = (DEMO / "scripts" / case.path.name).with_suffix(".txt")
    heads = HEAD.findall(script.read_text(encoding="utf-8"))
    title, *people = heads
    names = [re.sub(r"\(.*?\)", "", name).strip() for line in people for name in line.split(";")]
    return [VENDOR, title.partition(",")[0], *names]


def transcribe(path: Path, names: Sequence[str], model: str) -> list[dict[str, Any]]:
    """The utterances that `callinsight transcribe` prints."""
    command = [sys.executable, "-m", "callinsight.cli", "transcribe", "--model", model]
    command += ["--vocabulary", ";".join(names), str(path)]
    done = subprocess.run(command, capture_output=True, text=True)
    if done.returncode:
        sys.exit(f"callinsight transcribe failed:\n{done.stdout}{done.stderr}")
    spoken: list[dict[str, Any]] = json.loads(done.stdout)["utterances"]
    return spoken


def compare(
    reference: str, heard: str, names: Sequence[str]
) -> tuple[tuple[int, int], tuple[int, int]]:
    """(names heard, names said) and (other words wrong, other words said)."""
    known = {word for name in names for word in normalise(name).split()}
    said = normalise(reference).split()
    is_name = [word.removesuffix("'s") in known for word in said]
    right = [False] * len(said)
    found = jiwer.process_words(" ".join(said), normalise(heard))
    for chunk in found.alignments[0]:
        if chunk.type == "equal":
            right[chunk.ref_start_idx : chunk.ref_end_idx] = [True] * (
                chunk.ref_end_idx - chunk.ref_start_idx
            )
    hits = sum(r and n for r, n in zip(right, is_name, strict=True))
    missed = sum(not r and not n for r, n in zip(right, is_name, strict=True))
    others = len(said) - sum(is_name)
    return (hits, sum(is_name)), (missed + found.insertions, others)


if __name__ == "__main__":
    main()
