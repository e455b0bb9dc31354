"""Speed against word error rate: what each choice of the engine costs and gives.

    python benchmarks/frontier.py FOLDER [--model base]

FOLDER as in benchmarks/asr.py. Each row hears the same speech, found once, in one process with one
thread; the cost is that of hearing alone. Small changes of the sound move the errors of one run by
a point or two, so every row hears each call four times: as it is, softer with less room around
speech, with more room, and louder. Compare the rows of one table, and mind the intervals (95 %, by
bootstrap over calls).
"""

from __future__ import annotations

import argparse
import os
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING

os.environ.setdefault("OMP_NUM_THREADS", "1")

import numpy as np
from asr import Share, compare, folder_cases

from callinsight import weights
from callinsight.calls.activity import Piece, speech
from callinsight.calls.audio import SAMPLE_RATE, decode
from callinsight.calls.engines import EngineSettings
from callinsight.calls.engines.faster_whisper import TAIL_S, FasterWhisper
from callinsight.calls.transcribe import pack, place

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from asr import Case
    from numpy.typing import NDArray

    from callinsight.calls.engines import Hearing

    Samples = NDArray[np.float32]
    Hear = Callable[[list[Samples]], list[Hearing]]

WHOLE_S = 30.0
DOUBTFUL = -0.4  # mean log probability of a token below which greedy words are heard again
VARIANTS = ((1.0, 0.0), (0.5, -0.08), (1.0, 0.1), (1.6, 0.05))  # loudness, seconds of more room
ROW = "{:44}{:>9}{:>9}{:>11}{:>20}"


def main() -> None:
    """Measure, and print a table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("folder", type=Path)
    parser.add_argument("--model", default="base")
    options = parser.parse_args()
    cases = folder_cases(options.folder)
    if not cases:
        sys.exit(f"{options.folder}: there is no NAME.flac with NAME.agent.txt and NAME.caller.txt")
    calls = [spoken(case, *variant) for variant in VARIANTS for case in cases]
    engines = {
        (beam, tail, kind): engine(options.model, beam, tail, kind)
        for beam, tail, kind in (
            *((beam, TAIL_S, "int8") for beam in (1, 2, 3, 5)),
            *((5, tail, "int8") for tail in (WHOLE_S, 3.0)),
            *((5, TAIL_S, kind) for kind in ("float32",)),
        )
    }
    greedy, beam5 = engines[1, TAIL_S, "int8"], engines[5, TAIL_S, "int8"]
    print(ROW.format("", "windows", "CPU s", "audio/CPU", "words wrong"))
    for name, hear, together in (
        ("beam 5, windows of 30 s", engines[5, WHOLE_S, "int8"], False),
        (f"beam 5, {TAIL_S:.0f} s behind the sound (ours)", beam5, False),
        ("beam 5, 3 s behind the sound", engines[5, 3.0, "int8"], False),
        ("beam 5, both channels in one window", beam5, True),
        ("beam 3", engines[3, TAIL_S, "int8"], False),
        ("beam 2", engines[2, TAIL_S, "int8"], False),
        ("greedy", greedy, False),
        (f"greedy, beam 5 where below {DOUBTFUL}", adaptive(greedy, beam5), False),
        ("beam 5, float32", engines[5, TAIL_S, "float32"], False),
    ):
        print_row(name, hear, cases, calls, together=together)


def engine(model: str, beam: int, tail_s: float, kind: str) -> Hear:
    """A way to hear windows."""
    settings = EngineSettings("faster-whisper", model, weights.folder(model), "en", beam)
    loaded = FasterWhisper(settings, tail_s=tail_s, compute_type=kind)
    return lambda windows: loaded.hear(windows, language="en")


def adaptive(greedy: Hear, beam: Hear) -> Hear:
    """Greedy first; windows that it is not sure of once more with a beam."""

    def hear(windows: list[Samples]) -> list[Hearing]:
        heard = greedy(windows)
        again = [i for i, hearing in enumerate(heard) if hearing.log_probability < DOUBTFUL]
        better = beam([windows[i] for i in again])
        return [better[again.index(i)] if i in again else h for i, h in enumerate(heard)]

    return hear


def spoken(case: Case, loudness: float, room_s: float) -> list[list[tuple[Piece, Samples]]]:
    """The speech of each channel, a little changed."""
    sound = decode(case.path)
    room = round(room_s * SAMPLE_RATE)
    found = []
    for channel in range(sound.channels):
        wider = [
            Piece(max(0, piece.start - room), min(sound.length, piece.end + room))
            for piece in speech(sound, channel)
        ]
        found.append([(p, loudness * sound.read(p.start, p.end)[channel]) for p in wider])
    return found


def print_row(
    name: str,
    hear: Hear,
    cases: Sequence[Case],
    calls: Sequence[list[list[tuple[Piece, Samples]]]],
    *,
    together: bool,
) -> None:
    """Hear everything one way, and print what it took and how much of it is wrong."""
    windows, errors = 0, Share()
    hear([np.zeros(SAMPLE_RATE, dtype=np.float32)])  # what is loaded only once does not count
    started = time.process_time()
    texts = []
    for channels in calls:
        heard, count = words_of(hear, channels, together=together)
        texts.append(heard)
        windows += count
    cpu_s = time.process_time() - started
    seconds = len(VARIANTS) * sum(case.seconds for case in cases)
    for number, heard in enumerate(texts):
        case = cases[number % len(cases)]
        pairs = [compare(*pair) for pair in zip(case.channels, heard, strict=True)]
        errors += Share(((sum(wrong for wrong, _ in pairs), sum(said for _, said in pairs)),))
    print(
        ROW.format(name, windows, f"{cpu_s:.1f}", f"{seconds / cpu_s:.1f}", str(errors)), flush=True
    )


def words_of(
    hear: Hear, channels: list[list[tuple[Piece, Samples]]], *, together: bool
) -> tuple[list[str], int]:
    """The words of each channel, and how many windows they took."""
    if together:
        pieces = sorted(
            ((piece, number) for number, said in enumerate(channels) for piece, _ in said),
            key=lambda item: item[0].start,
        )
        groups = pack([piece for piece, _ in pieces])
    else:
        pieces = [(piece, number) for number, said in enumerate(channels) for piece, _ in said]
        groups = [group for said in channels for group in pack([piece for piece, _ in said])]
    samples = {id(piece): part for said in channels for piece, part in said}
    owners = {id(piece): number for piece, number in pieces}
    heard = hear([np.concatenate([samples[id(p)] for p in group]) for group in groups])
    words: list[list[tuple[float, str]]] = [[] for _ in channels]
    for group, hearing in zip(groups, heard, strict=True):
        for word, piece in zip(place(hearing.words, group), pieces_of(hearing, group), strict=True):
            words[owners[id(piece)]].append((word.start_s, word.text))
    return ["".join(text for _, text in sorted(said)) for said in words], len(groups)


def pieces_of(hearing: Hearing, group: Sequence[Piece]) -> list[Piece]:
    """The piece in which each word lies."""
    ends = np.cumsum([piece.end - piece.start for piece in group]) / SAMPLE_RATE
    middles = [(word.start_s + word.end_s) / 2 for word in hearing.words]
    return [group[min(int(np.searchsorted(ends, m)), len(group) - 1)] for m in middles]


if __name__ == "__main__":
    main()
