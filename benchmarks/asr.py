"""Speed and word error rate of `callinsight transcribe` on two-channel calls.

    python benchmarks/asr.py [FOLDER] [--peer] [--model base] [--workers N] [--peer-threads N]

FOLDER holds NAME.flac with what was said: NAME.agent.txt for channel 0, NAME.caller.txt for
channel 1, and, if it is known, NAME.turns.txt with the turns of both in the order of time, each
line `[start-end] agent: words`. Without FOLDER the demo's recordings are used with their scripts.

Ours is the command as users run it: first a process for each file, then one for all of them.
Its times include the start of the program and the loading of the model. The peer is
openai-whisper's transcribe() with the defaults of its command line, on the mix of both channels,
in this process; its loading counts in the last row. It has one thread, as a worker of ours has:
compare its rows with those of single files. More threads than idle cores make it many times slower,
because they wait for each other at full load.

Word error rates are of texts normalised by openai-whisper's EnglishTextNormalizer: `by channel`
compares each channel with what was said on it, `in order` all turns by time, which is the only way
to judge a mix.
"""

from __future__ import annotations

import argparse
import json
import os
import re
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import jiwer
from whisper.normalizers import EnglishTextNormalizer

from callinsight import weights
from callinsight.calls.audio import decode, length_s
from callinsight.calls.transcribe import load_openai_model

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

DEMO = Path(__file__).resolve().parent.parent / "pipelines" / "demo"
SIDES = ("agent", "caller")  # of channel 0 and 1
TURN = re.compile(r"\[[\d.]+-[\d.]+\] \w+: (.*)")
DIRECTION = re.compile(r"\[\w+ [\d.]+\]")
BEAM_SIZE = 5
COLUMNS = ("", "audio s", "wall s", "CPU s", "audio/CPU", "audio/wall", "by channel", "in order")
ROW = "{:24}" + "{:>11}" * (len(COLUMNS) - 1)
normalise = EnglishTextNormalizer()


@dataclass(frozen=True)
class Case:
    """A recording and what was said in it."""

    path: Path
    seconds: float
    channels: tuple[str, ...]  # the words of each channel
    in_order: str | None  # the words of both, by time


@dataclass(frozen=True)
class Errors:
    """Wrong words and words said."""

    wrong: int = 0
    said: int = 0

    def __add__(self, other: Errors) -> Errors:
        """Both together."""
        return Errors(self.wrong + other.wrong, self.said + other.said)

    def __str__(self) -> str:
        """The word error rate."""
        return f"{100 * self.wrong / self.said:.1f} %" if self.said else "-"


@dataclass(frozen=True)
class Cost:
    """The time that something took."""

    wall_s: float = 0.0
    cpu_s: float = 0.0  # with all child processes

    def __add__(self, other: Cost) -> Cost:
        """One after the other."""
        return Cost(self.wall_s + other.wall_s, self.cpu_s + other.cpu_s)


def main() -> None:
    """Measure, and print a table."""
    options = arguments()
    cases = folder_cases(options.folder) if options.folder else demo_cases()
    if not cases:
        sys.exit(f"{options.folder}: there is no NAME.flac with NAME.agent.txt and NAME.caller.txt")
    print(ROW.format(*COLUMNS))
    measure_ours(cases, options.model, options.workers)
    if options.peer:
        measure_peer(cases, options.model, options.peer_threads)


def arguments() -> argparse.Namespace:
    """What the command line says."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("folder", nargs="?", type=Path, help="recordings with reference texts")
    parser.add_argument("--peer", action="store_true", help="openai-whisper beside it; slow")
    parser.add_argument("--model", default="base")
    parser.add_argument("--workers", type=int, default=os.cpu_count())
    parser.add_argument("--peer-threads", type=int, default=1)
    return parser.parse_args()


# --- recordings and references ---


def folder_cases(folder: Path) -> list[Case]:
    """The recordings of a folder that have reference texts."""
    cases = []
    for path in sorted(folder.glob("*.flac")):
        texts = [path.with_suffix(f".{side}.txt") for side in SIDES]
        if all(text.exists() for text in texts):
            channels = tuple(text.read_text(encoding="utf-8") for text in texts)
            cases.append(Case(path, length_s(path), channels, turns_of(path)))
    return cases


def turns_of(path: Path) -> str | None:
    """The words of both channels by time, if the folder has them."""
    turns = path.with_suffix(".turns.txt")
    if not turns.exists():
        return None
    return " ".join(TURN.findall(turns.read_text(encoding="utf-8")))


def demo_cases() -> list[Case]:
    """The demo's two-channel recordings, the rep on channel 0."""
    return [
        script_case(path, (DEMO / "scripts" / path.name).with_suffix(".txt"))
        for path in sorted((DEMO / "recordings").glob("*.flac"))
    ]


def script_case(path: Path, script: Path) -> Case:
    """A recording with the script that was read."""
    lines = script.read_text(encoding="utf-8").splitlines()
    (rep,) = (line.removeprefix("# rep: ") for line in lines if line.startswith("# rep: "))
    spoken = [line.split(": ", 1) for line in lines if line and not line.startswith("#")]
    turns = [(name == rep, DIRECTION.sub("", words)) for name, words in spoken]
    channels = tuple(" ".join(w for is_rep, w in turns if is_rep == side) for side in (True, False))
    return Case(path, length_s(path), channels, " ".join(words for _, words in turns))


# --- measuring ---


def measure_ours(cases: Sequence[Case], model: str, workers: int) -> None:
    """A row for each file, transcribed by itself, and one for all of them in one run."""
    for case in cases:
        cost, (line,) = transcribe([case], model, 1)
        print_row(f"ours {case.path.stem}", case.seconds, cost, *errors_of(case, line))
    cost, lines = transcribe(cases, model, workers)
    judged = [errors_of(case, line) for case, line in zip(cases, lines, strict=True)]
    by_channel, in_order = (sum(errors, Errors()) for errors in zip(*judged, strict=True))
    seconds = sum(case.seconds for case in cases)
    print_row(f"ours, {workers} workers", seconds, cost, by_channel, in_order)


def transcribe(cases: Iterable[Case], model: str, workers: int) -> tuple[Cost, list[Any]]:
    """Run `callinsight transcribe` and read what it prints."""
    command = [sys.executable, "-m", "callinsight.cli", "transcribe", "--format", "json"]
    command += ["--model", model, "--workers", str(workers)]
    command += [str(case.path) for case in cases]
    before, started = os.times(), time.perf_counter()
    done = subprocess.run(command, capture_output=True, text=True)
    wall_s, after = time.perf_counter() - started, os.times()
    if done.returncode:
        sys.exit(f"callinsight transcribe failed:\n{done.stdout}{done.stderr}")
    cpu_s = sum(after[2:4]) - sum(before[2:4])
    return Cost(wall_s, cpu_s), [json.loads(line) for line in done.stdout.splitlines()]


def errors_of(case: Case, line: Any) -> tuple[Errors, Errors]:
    """Of a file that our command transcribed: by channel, in order."""
    spoken = line["utterances"]
    by_channel = Errors()
    for channel, reference in enumerate(case.channels):
        heard = " ".join(u["text"] for u in spoken if u["channel"] == channel)
        by_channel += compare(reference, heard)
    return by_channel, compare(case.in_order, " ".join(u["text"] for u in spoken))


def measure_peer(cases: Sequence[Case], model: str, threads: int) -> None:
    """A row for each file, and one for all of them."""
    import torch

    torch.set_num_threads(threads)
    cost, whisper_model = timed(lambda: load_openai_model(model, weights.folder(model)))
    all_errors = Errors()
    for case in cases:
        spent, text = timed(lambda case=case: peer_text(whisper_model, case.path))
        errors = compare(case.in_order, text)
        print_row(f"openai {case.path.stem}", case.seconds, spent, Errors(), errors)
        cost, all_errors = cost + spent, all_errors + errors
    seconds = sum(case.seconds for case in cases)
    print_row("openai-whisper", seconds, cost, Errors(), all_errors)


def peer_text(whisper_model: Any, path: Path) -> str:
    """What openai-whisper hears in the mix, with the defaults of its command line."""
    import whisper

    result = whisper.transcribe(
        whisper_model,
        decode(path).samples.mean(axis=0),
        language="en",
        temperature=(0.0, 0.2, 0.4, 0.6, 0.8, 1.0),
        beam_size=BEAM_SIZE,
        best_of=5,
        condition_on_previous_text=True,
        fp16=False,
    )
    return str(result["text"])


def timed(function: Any) -> tuple[Cost, Any]:
    """What a function in this process costs, and its result."""
    started, cpu_s = time.perf_counter(), time.process_time()
    result = function()
    return Cost(time.perf_counter() - started, time.process_time() - cpu_s), result


# --- the table ---


def compare(reference: str | None, heard: str) -> Errors:
    """Wrong words of a text; nothing where there is no reference."""
    if reference is None:
        return Errors()
    said = normalise(reference).split()
    found = jiwer.process_words(" ".join(said), normalise(heard))
    return Errors(found.substitutions + found.deletions + found.insertions, len(said))


def print_row(name: str, seconds: float, cost: Cost, by_channel: Errors, in_order: Errors) -> None:
    """One row of the table."""
    numbers = (seconds, cost.wall_s, cost.cpu_s, seconds / cost.cpu_s, seconds / cost.wall_s)
    cells = [f"{number:.1f}" for number in numbers]
    print(ROW.format(name, *cells, str(by_channel), str(in_order)), flush=True)


if __name__ == "__main__":
    main()
