"""How well the voices of a call are told apart on one channel, measured on two-channel calls.

    python benchmarks/speakers.py [FOLDER] [--speakers N]

FOLDER holds recordings as .flac; those with two real channels are used. Without FOLDER the demo's
recordings are. Each is mixed down to one channel, its voices are told apart as `callinsight run`
does, and compared with the voice activity of the channels, where it is known who speaks. A channel
that is 10 dB quieter than the other while both are active counts as leaking, not as speaking.
Without --speakers the number of voices is estimated.

`DER` is the diarization error rate of pyannote.metrics: missed speech, false alarms and confusion
as a share of the speech, without a collar and with 0.25 s around each boundary left out;
`confusion` is its part that comes from wrong voices. The other columns count single-speaker speech
in frames of 10 ms: `certain` is the share whose speaker is called certain, and `wrong` the share
of a wrong speaker, among that and among all that was found. `audio/CPU` is of voice activity and
diarization, without decoding. The last lines tell how much was marked as overlapped.
"""

from __future__ import annotations

import argparse
import dataclasses
import os
import sys
import time
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

os.environ.setdefault("OMP_NUM_THREADS", "1")

import numpy as np
from faster_whisper.vad import VadOptions, get_speech_timestamps
from pyannote.core import Annotation, Segment, Timeline
from pyannote.metrics.diarization import DiarizationErrorRate
from scipy.optimize import linear_sum_assignment

from callinsight import weights
from callinsight.calls.activity import speech
from callinsight.calls.audio import SAMPLE_RATE, Sound, decode
from callinsight.calls.diarize import Diarization, diarize

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

DEMO = Path(__file__).resolve().parent.parent / "pipelines" / "demo" / "recordings"
FRAME = SAMPLE_RATE // 100
PER_S = 100  # frames
LEAK_DB = 10.0
COLLAR_S = 0.25
# The truth is finer than what the program looks for: every pause of 0.16 s, little around speech.
FINE = VadOptions(min_speech_duration_ms=100, min_silence_duration_ms=160, speech_pad_ms=30)
COLUMNS = (
    *("", "audio s", "audio/CPU", "DER", "DER .25", "confusion", "voices", "certain"),
    *("wrong/certain", "wrong/all"),
)
ROW = "{:24}" + "{:>9}{:>11}{:>9}{:>9}{:>11}{:>8}{:>9}{:>15}{:>11}"


@dataclass(frozen=True)
class Tally:
    """Seconds of what was measured; tallies of calls add up."""

    audio: float = 0.0
    cpu: float = 0.0
    speech: float = 0.0  # of each speaker, also where both speak
    error: float = 0.0
    collar_speech: float = 0.0
    collar_error: float = 0.0
    confusion: float = 0.0
    single: float = 0.0  # where one person speaks
    found: float = 0.0  # of that, what was found
    found_wrong: float = 0.0
    certain: float = 0.0
    certain_wrong: float = 0.0
    overlap: float = 0.0
    marked: float = 0.0
    marked_right: float = 0.0

    def __add__(self, other: Tally) -> Tally:
        """Both together."""
        names = [field.name for field in dataclasses.fields(self)]
        return Tally(**{name: getattr(self, name) + getattr(other, name) for name in names})


def main() -> None:
    """Measure, and print a table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("folder", nargs="?", type=Path, default=DEMO, help="of .flac recordings")
    parser.add_argument("--speakers", type=int, help="the number of voices, if it is known")
    options = parser.parse_args()
    folder = weights.folder("voice-embedding")
    total, files, right_number = Tally(), 0, 0
    print(ROW.format(*COLUMNS))
    for path in sorted(options.folder.glob("*.flac")):
        sound = decode(path)
        if sound.channels != 2:
            continue
        tally, voices = measure(sound, folder, options.speakers)
        print_row(path.stem, tally, str(voices))
        total, files, right_number = total + tally, files + 1, right_number + (voices == 2)
    if not files:
        sys.exit(f"{options.folder}: there is no .flac with two real channels")
    print_row(f"all {files}", total, f"{right_number}/{files}")
    print(
        f"two at once for {total.overlap:.1f} s; marked as overlapped: {total.marked:.1f} s, "
        f"of which rightly {total.marked_right:.1f} s"
    )


def measure(sound: Sound, folder: Path, speakers: int | None) -> tuple[Tally, int]:
    """The tally of one call, and the number of voices that were found."""
    truth = activity_of(sound)
    mono = mixed(sound)
    started = time.process_time()
    found = diarize(mono, speech(mono, 0), folder, speakers=speakers)
    cpu_s = time.process_time() - started
    errors = error_rates(truth, found, sound.duration_s)
    return Tally(sound.duration_s, cpu_s, *errors, *by_frame(truth, found)), len(found.voices)


def activity_of(sound: Sound) -> NDArray[np.bool_]:
    """Who speaks: [frames of 10 ms, channels]."""
    samples = sound.read()
    active = np.zeros((sound.length // FRAME + 1, 2), dtype=bool)
    levels = np.zeros(active.shape)
    for channel, track in enumerate(samples):
        for spoken in get_speech_timestamps(track, FINE):
            active[round(spoken["start"] / FRAME) : round(spoken["end"] / FRAME), channel] = True
        power = np.square(track[: len(track) // FRAME * FRAME]).reshape(-1, FRAME).mean(axis=1)
        smooth = np.convolve(power, np.full(20, 0.05), "same")
        levels[: len(smooth), channel] = 10 * np.log10(smooth + 1e-12)
    lead = levels[:, 0] - levels[:, 1]
    both = active.all(axis=1)
    active[both & (lead > LEAK_DB), 1] = False
    active[both & (lead < -LEAK_DB), 0] = False
    return active


def mixed(sound: Sound) -> Sound:
    """Both channels as one."""
    return dataclasses.replace(sound, mixes=([channel for mix in sound.mixes for channel in mix],))


def error_rates(
    truth: NDArray[np.bool_], found: Diarization, duration_s: float
) -> tuple[float, float, float, float, float]:
    """Seconds: speech, its errors; the same with a collar; confusion without one."""
    reference, hypothesis = Annotation(), Annotation()
    for channel in range(truth.shape[1]):
        for start, end in runs(truth[:, channel]):
            reference[Segment(start / PER_S, end / PER_S), f"channel {channel}"] = str(channel)
    for number, span in enumerate(found.spans):
        hypothesis[Segment(span.start_s, span.end_s), number] = f"voice {span.voice}"
    numbers = []
    for collar in (0.0, 2 * COLLAR_S):  # pyannote counts both sides of a boundary
        metric = DiarizationErrorRate(collar=collar)
        whole = Timeline([Segment(0, duration_s)])
        parts = metric(reference, hypothesis, uem=whole, detailed=True)
        wrong = parts["missed detection"] + parts["false alarm"] + parts["confusion"]
        numbers.append((parts["total"], wrong, parts["confusion"]))
    (speech_s, error_s, confusion_s), (collar_speech_s, collar_error_s, _) = numbers
    return speech_s, error_s, collar_speech_s, collar_error_s, confusion_s


def by_frame(truth: NDArray[np.bool_], found: Diarization) -> Sequence[float]:
    """The other seconds of a tally, counted in frames."""
    voice = np.full(len(truth), -1)
    certain, marked = np.zeros(len(truth), dtype=bool), np.zeros(len(truth), dtype=bool)
    for span in found.spans:
        inside = slice(round(span.start_s * PER_S), round(span.end_s * PER_S))
        voice[inside], certain[inside], marked[inside] = span.voice, span.certain, span.overlapped
    single, overlap = truth.sum(axis=1) == 1, truth.all(axis=1)
    heard = single & (voice >= 0)
    speaker = truth.argmax(axis=1)
    counts = np.zeros((max(2, len(found.voices)), 2))
    np.add.at(counts, (voice[heard], speaker[heard]), 1)
    rows, columns = linear_sum_assignment(counts, maximize=True)
    meant = np.full(len(counts), -1)
    meant[rows] = columns
    wrong = heard & (meant[voice] != speaker)
    masks = (single, heard, wrong, heard & certain, wrong & certain)
    return [mask.sum() / PER_S for mask in (*masks, overlap, marked, marked & overlap)]


def runs(active: NDArray[np.bool_]) -> list[tuple[int, int]]:
    """Where it is true, as (start, end)."""
    edges = np.flatnonzero(np.diff(np.r_[False, active, False]))
    return [(int(start), int(end)) for start, end in edges.reshape(-1, 2)]


def print_row(name: str, tally: Tally, voices: str) -> None:
    """One row of the table."""
    shares = [
        (tally.error, tally.speech),
        (tally.collar_error, tally.collar_speech),
        (tally.confusion, tally.speech),
        (tally.certain, tally.single),
        (tally.certain_wrong, tally.certain),
        (tally.found_wrong, tally.found),
    ]
    cells = [f"{100 * part / whole:.1f} %" if whole else "-" for part, whole in shares]
    ratio = f"{tally.audio / tally.cpu:.0f}"
    print(ROW.format(name, f"{tally.audio:.1f}", ratio, *cells[:3], voices, *cells[3:]), flush=True)


if __name__ == "__main__":
    main()
