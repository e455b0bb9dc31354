"""What runs lose that are killed at random moments: `python benchmarks/faults.py [--kills 200] [--seed 1]`.

The driver of a run over a small project (two recordings, two transcripts) gets SIGKILL at a random
moment, is started again, is killed again, up to four times, and then left to its end. What it has
stored is compared row by row with what a run stores that nobody disturbs; search index and pages are
checked. A row that is missing is lost; one that is there too often or should not be there is double.
"""

from __future__ import annotations

import argparse
import statistics
import sys
import tempfile
from collections import Counter
from pathlib import Path

ROOT = Path(__file__).parent.parent
sys.path.insert(0, str(ROOT / "tests"))

from killing import END_S, Chain, Range  # noqa: E402 - of the tests

IN_A_ROW = 4


def main() -> None:
    """Kill, compare and print; ends with 1 if anything was lost, doubled or left behind."""
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--kills", type=int, default=200)
    options.add_argument("--seed", type=int, default=1)
    chosen = options.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        field = Range(Path(folder), seed=chosen.seed)
        print(f"undisturbed: {field.seconds:.1f} s, {field.rows.total()} rows\n")
        print("| killed after (s) | in step | calls stored | processes left | lost | double |")
        print("|---:|---|---:|---:|---:|---:|")
        chains = []
        for chain in field.kill(chosen.kills, in_a_row=IN_A_ROW):
            tell(chain)
            chains.append(chain)
    sys.exit(summarise(chains))


def tell(chain: Chain) -> None:
    """A line a kill; what a chain lost stands in its last."""
    for number, kill in enumerate(chain.kills, start=1):
        last = number == len(chain.kills)
        lost, double = (len(chain.lost), len(chain.double)) if last else ("", "")
        print(
            f"| {kill.after_s:.2f} | {kill.step} | {kill.calls} | {kill.left} | {lost} | {double} |",
            flush=True,
        )
    for row in (*chain.lost, *chain.double):
        print(f"  differs: {row[:200]}")
    for file in chain.unerased:
        print(f"  holds words that were to be erased: {file}")


def summarise(chains: list[Chain]) -> int:
    """The sums, and the exit code."""
    kills = [kill for chain in chains for kill in chain.kills]
    lost = sum(len(chain.lost) for chain in chains)
    double = sum(len(chain.double) for chain in chains)
    left = sum(kill.left for kill in kills)
    moments = [kill.after_s for kill in kills]
    steps = ", ".join(f"{step} {n}" for step, n in Counter(k.step for k in kills).most_common())
    print(f"\nkills: {len(kills)} in {len(chains)} runs that were then left to their end")
    if moments:
        middle = statistics.median(moments)
        print(
            f"moments: {min(moments):.2f} to {max(moments):.2f} s, median {middle:.2f} s; {steps}"
        )
    unerased = sum(len(chain.unerased) for chain in chains)
    print(f"lost: {lost}\ndouble: {double}\nprocesses left after {END_S:.0f} s: {left}")
    print(f"files with words of the call that was to be erased: {unerased}")
    return int(bool(lost or double or left or unerased))


if __name__ == "__main__":
    main()
