"""Speed, memory, word error rate and speakers of `callinsight transcribe` on two-channel calls.

    python benchmarks/asr.py [FOLDER] [--peer] [--engines] [--mono] [--model base] [--workers N]

FOLDER holds NAME.flac with what was said: NAME.agent.txt for channel 0, NAME.caller.txt for
channel 1, and, if it is known, NAME.turns.txt with the turns of both in the order of time, each
line `[start-end] agent: words`. Without FOLDER the demo's recordings are used with their scripts.

Ours is the command as users run it: first each file by itself, then all of them in one run, with
a worker a core. --engines does the same with the engine openai-whisper. --peer runs
openai-whisper's own transcribe() with the defaults of its command line on the mix of both
channels, in a process of its own with two threads; without idle cores its threads wait for each
other at full load, so run it on an idle machine. --mono gives ours the mix too. All costs count
the start of the program and the loading of the model; memory is the peak of the largest process.

Word error rates are of texts normalised by openai-whisper's EnglishTextNormalizer, with two
spellings of one word made the same: `by channel` compares each channel with what was said on it,
`in order` all turns by time, which is the only way to judge a mix. `right side`: of the words that
are right, those said to be the rep's (channel 0) or the buyer's (channel 1) as they are; what is
uncertain is not right. Intervals are 95 %, by bootstrap over calls.
"""

from __future__ import annotations

import argparse
import json
import os
import re
import subprocess
import sys
import tempfile
import time
import wave
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import jiwer
import numpy as np
from whisper.normalizers import EnglishTextNormalizer

from callinsight import weights
from callinsight.calls.audio import SAMPLE_RATE, decode, length_s
from callinsight.calls.engines.openai_whisper import load_model

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

DEMO = Path(__file__).resolve().parent.parent / "pipelines" / "demo"
SIDES = ("rep", "buyer")  # of channel 0 and 1
NAMES = {"agent": "rep", "caller": "buyer"}
TURN = re.compile(r"\[[\d.]+-[\d.]+\] (\w+): (.*)")
DIRECTION = re.compile(r"\[\w+ [\d.]+\]")
BEAM_SIZE = 5
RESAMPLES = 2000
COLUMNS = ("audio s", "wall s", "CPU s", "MB", "audio/CPU", "audio/wall")
RATES = ("by channel", "in order", "right side")
ROW = "{:26}" + "{:>11}" * len(COLUMNS) + "{:>20}" * len(RATES)
SPELLINGS = {"alright": "all right", "okay": "ok"}  # one word, however it is written
_normalise = EnglishTextNormalizer()
Turns = list[tuple[str, str]]  # (side, words) by time


@dataclass(frozen=True)
class Case:
    """A recording and what was said in it."""

    path: Path
    seconds: float
    channels: tuple[str, ...]  # the words of each channel
    turns: Turns | None  # of both, by time


@dataclass(frozen=True)
class Share:
    """A share over calls: (part, whole) of each."""

    of_calls: tuple[tuple[int, int], ...] = ()

    def __add__(self, other: Share) -> Share:
        """Those of more calls."""
        return Share(self.of_calls + other.of_calls)

    def __str__(self) -> str:
        """In percent, with its interval if there are several calls."""
        counts = np.array([pair for pair in self.of_calls if pair[1]]).reshape(-1, 2)
        if not len(counts):
            return "-"
        text = f"{100 * counts[:, 0].sum() / counts[:, 1].sum():.1f}"
        if len(counts) == 1:
            return f"{text} %"
        drawn = counts[np.random.default_rng(0).integers(0, len(counts), (RESAMPLES, len(counts)))]
        shares = 100 * drawn[..., 0].sum(axis=1) / drawn[..., 1].sum(axis=1)
        low, high = np.percentile(shares, [2.5, 97.5])
        return f"{text} ({low:.1f}-{high:.1f}) %"


@dataclass(frozen=True)
class Cost:
    """What a run of a program took, with all its processes."""

    wall_s: float = 0.0
    cpu_s: float = 0.0
    peak_mb: float = 0.0  # of the largest process


@dataclass(frozen=True)
class Result:
    """What was heard in a call, against what was said."""

    by_channel: Share = field(default_factory=Share)
    in_order: Share = field(default_factory=Share)
    right_side: Share = field(default_factory=Share)

    def __add__(self, other: Result) -> Result:
        """Both together."""
        return Result(
            self.by_channel + other.by_channel,
            self.in_order + other.in_order,
            self.right_side + other.right_side,
        )


def main() -> None:
    """Measure, and print a table."""
    options = arguments()
    if options.as_peer:
        be_the_peer(options.as_peer, options.model, options.peer_threads)
        return
    cases = folder_cases(options.folder) if options.folder else demo_cases()
    if not cases:
        sys.exit(f"{options.folder}: there is no NAME.flac with NAME.agent.txt and NAME.caller.txt")
    print(ROW.format("", *COLUMNS, *RATES))
    ours = {"ours": ("faster-whisper", cases)}
    if options.engines:
        ours["ours, openai-whisper"] = ("openai-whisper", cases)
    with tempfile.TemporaryDirectory() as folder:
        if options.mono:
            ours["ours, mix"] = ("faster-whisper", [mixed(case, Path(folder)) for case in cases])
        for name, (engine, files) in ours.items():
            command = our_command(engine, options.model)
            measure(name, files, command, judge_ours, workers=options.workers)
        if options.peer:
            command = peer_command(options.model, options.peer_threads)
            measure("openai-whisper (peer)", cases, command, judge_peer, workers=None)


def arguments() -> argparse.Namespace:
    """What the command line says."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("folder", nargs="?", type=Path, help="recordings with reference texts")
    parser.add_argument("--peer", action="store_true", help="openai-whisper beside it; slow")
    parser.add_argument("--engines", action="store_true", help="our engine openai-whisper too")
    parser.add_argument("--mono", action="store_true", help="ours on the mix of both channels too")
    parser.add_argument("--model", default="base")
    parser.add_argument("--workers", type=int, default=os.cpu_count())
    parser.add_argument("--peer-threads", type=int, default=2)
    parser.add_argument("--as-peer", nargs="+", type=Path, help=argparse.SUPPRESS)
    return parser.parse_args()


def normalise(text: str) -> str:
    """The text as words are compared."""
    return " ".join(SPELLINGS.get(word, word) for word in _normalise(text).split())


# --- recordings and references ---


def folder_cases(folder: Path) -> list[Case]:
    """The recordings of a folder that have reference texts."""
    cases = []
    for path in sorted(folder.glob("*.flac")):
        texts = [path.with_suffix(f".{name}.txt") for name in NAMES]
        if all(text.exists() for text in texts):
            channels = tuple(text.read_text(encoding="utf-8") for text in texts)
            cases.append(Case(path, length_s(path), channels, turns_of(path)))
    return cases


def turns_of(path: Path) -> Turns | None:
    """The words of both channels by time, if the folder has them."""
    turns = path.with_suffix(".turns.txt")
    if not turns.exists():
        return None
    return [(NAMES[n], words) for n, words in TURN.findall(turns.read_text(encoding="utf-8"))]


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
    turns = [
        ("rep" if name == rep else "buyer", DIRECTION.sub("", words)) for name, words in spoken
    ]
    channels = tuple(" ".join(words for side, words in turns if side == s) for s in SIDES)
    return Case(path, length_s(path), channels, turns)


def mixed(case: Case, folder: Path) -> Case:
    """The same call with both channels in one."""
    samples = decode(case.path).read().mean(axis=0)
    path = folder / f"{case.path.stem}.wav"
    with wave.open(str(path), "wb") as file:
        file.setparams((1, 2, SAMPLE_RATE, 0, "NONE", ""))
        file.writeframes((samples * 32767).astype(np.int16).tobytes())
    return Case(path, case.seconds, (), case.turns)


# --- measuring ---


def measure(
    name: str,
    cases: Sequence[Case],
    command: list[str],
    judge: Callable[[Case, Any], Result],
    *,
    workers: int | None,
) -> None:
    """A row for each file by itself, and one for all of them in one run."""
    for case in cases:
        cost, (line,) = run([*command, *flags(1, workers), str(case.path)])
        print_row(f"  {case.path.stem[:22]}", case.seconds, cost, judge(case, line))
    cost, lines = run([*command, *flags(workers, workers), *(str(case.path) for case in cases)])
    judged = [judge(case, line) for case, line in zip(cases, lines, strict=True)]
    print_row(name, sum(case.seconds for case in cases), cost, sum(judged, Result()))


def flags(workers: int | None, known: int | None) -> list[str]:
    """How many workers, for a command that has them."""
    return ["--workers", str(workers)] if known else []


def our_command(engine: str, model: str) -> list[str]:
    """`callinsight transcribe` as users run it."""
    command = [sys.executable, "-m", "callinsight.cli", "transcribe", "--format", "json"]
    return [*command, "--engine", engine, "--model", model]


def peer_command(model: str, threads: int) -> list[str]:
    """openai-whisper by itself, in a process of its own."""
    command = [sys.executable, __file__, "--model", model, "--peer-threads", str(threads)]
    return [*command, "--as-peer"]


def run(command: list[str]) -> tuple[Cost, list[Any]]:
    """Run a program that prints a line of JSON for each file: what it cost, and the lines."""
    with tempfile.TemporaryFile("w+") as out, tempfile.TemporaryFile("w+") as errors:
        started = time.perf_counter()
        process = subprocess.Popen(command, stdout=out, stderr=errors)
        _, process.returncode, used = os.wait4(process.pid, 0)  # counts its children too
        wall_s = time.perf_counter() - started
        for file in (out, errors):
            file.seek(0)
        printed, complaints = out.read(), errors.read()
    if process.returncode:
        sys.exit(f"{' '.join(command)} failed:\n{printed}{complaints}")
    cost = Cost(wall_s, used.ru_utime + used.ru_stime, used.ru_maxrss / 1024)
    return cost, [json.loads(line) for line in printed.splitlines()]


def be_the_peer(files: Sequence[Path], model: str, threads: int) -> None:
    """Print what openai-whisper hears in each mix, with the defaults of its command line."""
    import torch
    import whisper

    torch.set_num_threads(threads)
    loaded = load_model(model, weights.folder(model))
    for path in files:
        result = whisper.transcribe(
            loaded,
            decode(path).read().mean(axis=0),
            language="en",
            temperature=(0.0, 0.2, 0.4, 0.6, 0.8, 1.0),
            beam_size=BEAM_SIZE,
            best_of=5,
            condition_on_previous_text=True,
            fp16=False,
        )
        print(json.dumps({"text": result["text"]}))


# --- judging ---


def judge_ours(case: Case, line: Any) -> Result:
    """Of a file that our command transcribed."""
    spoken = line["utterances"]
    wrong = said = 0
    for channel, reference in enumerate(case.channels):
        heard = " ".join(u["text"] for u in spoken if u["channel"] == channel)
        errors, words = compare(reference, heard)
        wrong, said = wrong + errors, said + words
    in_order, right = Share(), Share()
    if case.turns is not None:
        in_order = Share((compare(text_of(case.turns), " ".join(u["text"] for u in spoken)),))
        right = Share((right_sides(case.turns, [(u["side"], u["text"]) for u in spoken]),))
    return Result(Share(((wrong, said),)), in_order, right)


def judge_peer(case: Case, line: Any) -> Result:
    """Of a mix that the peer transcribed; it does not say who speaks."""
    if case.turns is None:
        return Result()
    return Result(in_order=Share((compare(text_of(case.turns), line["text"]),)))


def compare(reference: str, heard: str) -> tuple[int, int]:
    """Wrong words of a text, and words said."""
    said = normalise(reference).split()
    found = jiwer.process_words(" ".join(said), normalise(heard))
    return found.substitutions + found.deletions + found.insertions, len(said)


def right_sides(turns: Turns, heard: Turns) -> tuple[int, int]:
    """Words whose side is right, and words that are right, of all turns by time."""
    (truth, said), (sides, words) = labelled(turns), labelled(heard)
    right = total = 0
    for chunk in jiwer.process_words(" ".join(said), " ".join(words)).alignments[0]:
        if chunk.type == "equal":
            true = truth[chunk.ref_start_idx : chunk.ref_end_idx]
            found = sides[chunk.hyp_start_idx : chunk.hyp_end_idx]
            right += sum(a == b for a, b in zip(true, found, strict=True))
            total += len(true)
    return right, total


def labelled(turns: Turns) -> tuple[list[str], list[str]]:
    """The side of each word, and the words."""
    pairs = [(side, word) for side, text in turns for word in normalise(text).split()]
    return [side for side, _ in pairs], [word for _, word in pairs]


def text_of(turns: Turns) -> str:
    """All words by time."""
    return " ".join(words for _, words in turns)


def print_row(name: str, seconds: float, cost: Cost, result: Result) -> None:
    """One row of the table."""
    times = f"{seconds:.1f}", f"{cost.wall_s:.1f}", f"{cost.cpu_s:.1f}", f"{cost.peak_mb:.0f}"
    speeds = f"{seconds / cost.cpu_s:.1f}", f"{seconds / cost.wall_s:.1f}"
    rates = (str(result.by_channel), str(result.in_order), str(result.right_side))
    print(ROW.format(name, *times, *speeds, *rates), flush=True)


if __name__ == "__main__":
    main()
