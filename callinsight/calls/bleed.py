"""One voice in two channels: what leaks from one into another is not heard twice.

A leak is a copy, up to 0.4 s late, quieter and perhaps muffled. So it is known by two signs: the
spectrum of one channel follows that of another, and the level of the copy is what the leak makes
of the original, no more. Speech of one's own, also while another talks, shows neither.
"""

from __future__ import annotations

import difflib
import functools
import itertools
from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeVar

import numpy as np

from callinsight.calls.activity import Piece
from callinsight.calls.audio import SAMPLE_RATE

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from callinsight.calls.audio import Sound
    from callinsight.records import Word

    Mask = NDArray[np.bool_]
    Values = NDArray[np.float64]

Kind = TypeVar("Kind", np.bool_, np.float64)

FRAME = SAMPLE_RATE // 100  # 10 ms, the step of all that is measured
TAPER = 400  # samples, 25 ms: what one spectrum sees
FFT = 512
BANDS, LOW_HZ, HIGH_HZ = 16, 150.0, 3800.0  # what a telephone carries
BEND_HZ = 200.0  # below it bands are equally wide, above it they widen with their frequency
BLOCK = 6000  # frames, 60 s, measured at once: delay and strength of a leak may change
MARGIN = 100  # frames around a block that are measured with it; more than LAGS + WINDOW / 2
LAGS = 40  # frames that a leak may be late
WINDOW = 80  # frames over which one spectrum must follow the other
CHANCE = 0.3  # windows of unrelated speech seldom correlate more than this
ALIKE = 0.45  # windows that correlate more tell the strength of a leak
PATHS = 3  # ways of a leak: it may echo, or change its delay within a block
EVIDENCE = 30.0  # summed correlation beyond chance that shows a leak, as of half a second
EVIDENCE_SHARE = 0.12  # and its mean over the frames: unrelated speech reaches 0.08, leaks 0.17 up
FURTHER_SHARE = 0.25  # the same for more ways: what the first explains correlates around it
AUDIBLE = 15  # frames that must be speech in a channel to compare it
OWN_POWER = 4.0  # times (6 dB) what leaks in: somebody speaks here too
SMOOTH = 10  # frames over which power is compared
SHORT, JOIN, PAD = 15, 30, 20  # frames: no word is shorter; a pause within speech; kept around it

CELL = 20  # frames, 200 ms, in which levels are measured
SILENCE = 1e-10  # power, -100 dB
LOUD_DB = 12.0  # cells this far below a channel's loudest are speech
FAR_DB = 30.0  # levels farther apart tell no more
APART_DB = 12.0  # two voices make two clusters of level differences at least this far apart
EXPLAINED = 0.85  # share of the variance between two real clusters; one cluster cut in two has less
FEWEST = 3  # cells that a cluster has
LEAD_DB = 2.0  # beyond the balance of two channels, to call one of them the source
ONE_SIDED = 0.9  # share of the frames that decides which channel is the source of all
CAUSAL = 2  # frames: what comes later than this is the copy

NEAR_S = 0.5  # an echo's words start this near to those of the source: its delay, and doubt
SIMILAR = 0.75  # of a word's letters, where a muffled copy is misheard
GAP_WORDS = 2  # misheard words inside an echo
ALONE_S = 0.5  # silence around words makes them an utterance of their own
ECHO_DB = 6.0  # an echo is at least this much quieter than its source


@dataclass(frozen=True)
class Levels:
    """How loud each channel is, and at which difference two channels are equally near a voice."""

    cells: Values  # [channels, cells of 200 ms], dB
    balance: dict[tuple[int, int], float]  # dB, for pairs of channels that both have own speech

    def lead(self, first: int, second: int, start_s: float, end_s: float) -> float:
        """How far the first channel is above the second from start to end, gains levelled; in dB."""
        start, end = (int(s * SAMPLE_RATE) // (FRAME * CELL) for s in (start_s, end_s))
        power = np.power(10, self.cells[:, start : end + 1] / 10).sum(axis=1) + SILENCE
        difference = 10 * np.log10(power[first] / power[second])
        return float(difference - self.balance.get((first, second), 0.0))


def measure(sound: Sound, pieces: Sequence[Sequence[Piece]]) -> Levels:
    """The levels of a recording, whose channels may be recorded at different gains.

    When two people talk, the difference between their channels has two clusters, one for each
    voice, whatever the gains. The balance is their middle; where there is one cluster, it is unknown.
    """
    cells = _cell_levels(sound)
    speaks = [_mask(spoken, cells.shape[1], FRAME * CELL) for spoken in pieces]
    loud = [
        speaking & (level > np.quantile(level[speaking], 0.95) - LOUD_DB)
        if speaking.any()
        else speaking
        for level, speaking in zip(cells, speaks, strict=True)
    ]
    balance = {}
    for first in range(len(pieces)):
        for second in range(first + 1, len(pieces)):
            either = loud[first] | loud[second]
            middle = _middle_of_two((cells[first] - cells[second])[either])
            if middle is not None:
                balance[first, second], balance[second, first] = middle, -middle
    return Levels(cells, balance)


def gate(sound: Sound, pieces: Sequence[Sequence[Piece]], levels: Levels) -> list[list[Piece]]:
    """The pieces of each channel without what is only bleed of another; in blocks of a minute.

    Pieces without bleed stay as they are. Of a piece with bleed, its own speech is kept, with
    pads, also where it lies over the bleed.
    """
    count = -(-sound.length // FRAME)
    active = [_mask(spoken, count, FRAME) for spoken in pieces]
    leaks = [np.zeros(count, dtype=bool) for _ in pieces]
    own = [np.zeros(count, dtype=bool) for _ in pieces]
    blocks = max(1, round(count / BLOCK))
    edges = np.linspace(0, count, blocks + 1).astype(int).tolist()
    for start, end in itertools.pairwise(edges):
        around = [_cut_out(mask, start - MARGIN, end + MARGIN) for mask in active]
        if sum(bool(mask.any()) for mask in around) < 2:
            continue
        block = [_bands(samples) for samples in _samples(sound, start - MARGIN, end + MARGIN)]
        for channel, leaking in enumerate(_leaks(block, around, levels)):
            speaking = around[channel] & ~leaking & _sounds(block[channel])
            leaks[channel][start:end] = leaking[MARGIN:-MARGIN]
            own[channel][start:end] = speaking[MARGIN:-MARGIN]
    return [
        [kept for piece in spoken for kept in _own_parts(piece, leaks[channel], own[channel])]
        for channel, spoken in enumerate(pieces)
    ]


def without_echoes(words: Sequence[Sequence[Word]], levels: Levels) -> list[list[Word]]:
    """The words of each channel without those that repeat a louder channel at the same time."""
    kept = []
    for channel, spoken in enumerate(words):
        echoed = {
            index
            for source, original in enumerate(words)
            if source != channel
            for start, end in _repeated(spoken, original)
            if levels.lead(source, channel, spoken[start].start_s, spoken[end - 1].end_s) > ECHO_DB
            for index in range(start, end)
        }
        kept.append([word for index, word in enumerate(spoken) if index not in echoed])
    return kept


def _cell_levels(sound: Sound) -> Values:
    size = FRAME * CELL
    parts = []
    for start in range(0, max(sound.length, 1), size * BLOCK // CELL):
        samples = sound.read(start, start + size * BLOCK // CELL)
        whole = np.pad(samples, ((0, 0), (0, -samples.shape[1] % size)))
        parts.append(np.square(whole).reshape(len(whole), -1, size).mean(axis=2))
    power = np.concatenate(parts, axis=1).astype(np.float64)
    levels: Values = 10 * np.log10(power + SILENCE)
    return levels


def _middle_of_two(differences: Values) -> float | None:
    """The middle between two clusters of values, or None if they are one; after Otsu (1979)."""
    if len(differences) < 2 * FEWEST:
        return None
    ordered = np.sort(np.clip(differences, -FAR_DB, FAR_DB))
    count = len(ordered)
    below = np.arange(1, count)
    sums = np.cumsum(ordered)
    low, high = sums[:-1] / below, (sums[-1] - sums[:-1]) / (count - below)
    between = below * (count - below) * np.square(high - low) / count**2
    best = int(between.argmax())
    if (
        high[best] - low[best] < APART_DB
        or between[best] < EXPLAINED * ordered.var()
        or min(below[best], count - below[best]) < FEWEST
    ):
        return None
    return float(low[best] + high[best]) / 2


def _mask(pieces: Sequence[Piece], count: int, step: int) -> Mask:
    mask = np.zeros(count, dtype=bool)
    for piece in pieces:
        mask[piece.start // step : -(-piece.end // step)] = True
    return mask


def _cut_out(mask: Mask, start: int, end: int) -> Mask:
    """A part of a mask, false where it reaches out of it."""
    inside = mask[max(start, 0) : end]
    return np.pad(inside, (max(-start, 0), max(end - len(mask), 0)))


def _samples(sound: Sound, start: int, end: int) -> NDArray[np.float32]:
    """The samples of frames and of the last one's taper, zero where they reach out of the sound."""
    first, last = start * FRAME, end * FRAME + TAPER - FRAME
    inside = sound.read(max(first, 0), min(last, sound.length))
    before = max(-first, 0)
    return np.pad(inside, ((0, 0), (before, last - first - before - inside.shape[1])))


def _bands(samples: NDArray[np.float32]) -> Values:
    """The power in each band, [frames, bands]."""
    frames = np.lib.stride_tricks.sliding_window_view(samples, TAPER)[::FRAME]
    spectrum = np.fft.rfft(frames * np.hanning(TAPER).astype(np.float32), FFT)
    power = (np.square(spectrum.real) + np.square(spectrum.imag)).astype(np.float64)
    banded: Values = power @ _filters()
    return banded


@functools.cache
def _filters() -> Values:
    """Which bin of a spectrum belongs to which band, [bins, bands]."""
    hertz = np.fft.rfftfreq(FFT, 1 / SAMPLE_RATE)[:, np.newaxis]
    edges = np.geomspace(LOW_HZ + BEND_HZ, HIGH_HZ + BEND_HZ, BANDS + 1) - BEND_HZ
    return ((hertz >= edges[:-1]) & (hertz < edges[1:])).astype(np.float64) / TAPER**2


def _sounds(power: Values) -> Mask:
    """Where a channel is louder than its noise."""
    total = power.sum(axis=1)
    noise = np.quantile(total, 0.1) + total.max() * 1e-5
    sounding: Mask = _moving_mean(total, SMOOTH // 2) > OWN_POWER * noise
    return sounding


@dataclass(frozen=True)
class _Traits:
    """What is compared between channels, frame by frame."""

    power: Values  # [frames, bands]
    shape: Values  # its logarithm, noise levelled: [frames, bands]
    mean: Values  # of the shape around each frame: [frames, bands]
    variance: Values  # of the shape around each frame: [frames]
    level: Values  # dB: [frames]

    def delayed(self, lag: int) -> _Traits:
        return _Traits(*(_delayed(v, lag) for v in vars(self).values()))


def _traits(power: Values) -> _Traits:
    noise = OWN_POWER * np.quantile(power, 0.1, axis=0) + power.max(axis=0) * 10**-4.5
    shape = np.log10(power + noise + SILENCE)
    mean = _moving_mean(shape, WINDOW)
    variance = (_moving_mean(np.square(shape), WINDOW) - np.square(mean)).sum(axis=1)
    level = 10 * np.log10(_moving_mean(power.sum(axis=1), CELL) + SILENCE)
    return _Traits(power, shape, mean, np.maximum(variance, 0.1), level)


def _leaks(block: list[Values], active: list[Mask], levels: Levels) -> list[Mask]:
    """For each channel, the frames in which it holds no more than what leaks into it."""
    traits = [_traits(power) for power in block]
    leaking = [np.zeros(len(mask), dtype=bool) for mask in active]
    for target, mask in enumerate(leaking):
        for source in range(len(block)):
            if source == target or min(active[source].sum(), active[target].sum()) < AUDIBLE:
                continue
            balance = levels.balance.get((source, target))
            mask |= _leak(traits[source], traits[target], active[source], active[target], balance)
    return leaking


def _leak(
    source: _Traits,
    target: _Traits,
    source_active: Mask,
    target_active: Mask,
    balance: float | None,
) -> Mask:
    """The frames in which the target is a copy of the source, come in one way or in several."""
    power = _moving_mean(target.power.sum(axis=1), SMOOTH)
    expected = np.quantile(target.power, 0.1, axis=0).sum() + np.full(len(power), SILENCE)
    leaking = np.zeros(len(target_active), dtype=bool)
    for share in (EVIDENCE_SHARE, *[FURTHER_SHARE] * (PATHS - 1)):
        path = _path(source, target, source_active, target_active & ~leaking, balance)
        if path is None or path.share < share:
            break
        expected += path.power
        leaking |= target_active & path.possible & (power < OWN_POWER * expected)
    return leaking


@dataclass(frozen=True)
class _Path:
    """One way from a source into a target."""

    power: Values  # what arrives: [frames]
    possible: Mask  # where the source speaks, and leads
    share: float  # of the evidence for it in the frames it may explain


def _path(
    source: _Traits, target: _Traits, source_active: Mask, unexplained: Mask, balance: float | None
) -> _Path | None:
    """The delay at which the unexplained frames follow the source best, and what arrives with it.

    Without a balance it is also tried whether the source itself follows: then it is none.
    """
    best, lag, possible, sure = 0.0, 0, unexplained, unexplained
    for late in range(0 if balance is not None else -CAUSAL, LAGS):
        speaks = _delayed(source_active, late)
        together = unexplained & speaks
        if together.sum() < AUDIBLE:
            continue
        moved = source.delayed(late)
        likeness = _likeness(moved, target)
        alike = together & (likeness > ALIKE)
        leads = _leads(moved.level - target.level, alike, late, balance)
        if late < 0 and leads.any():
            continue
        compared = together if balance is None else together & leads
        evidence = float(np.maximum(likeness - CHANCE, 0)[compared].sum())
        if evidence > best:
            best, lag, possible, sure = evidence, late, speaks & leads, alike & leads
    if best < EVIDENCE or not sure.any():
        return None
    sent = _delayed(source.power, lag)
    ratio = np.median(np.log10((target.power[sure] + SILENCE) / (sent[sure] + SILENCE)), axis=0)
    power = _moving_mean((sent * np.power(10, ratio)).sum(axis=1), SMOOTH)
    return _Path(power, possible, best / float((unexplained & possible).sum()))


def _likeness(source: _Traits, target: _Traits) -> Values:
    """How well the target's spectrum follows the source's around each frame: a correlation."""
    product = _moving_mean((source.shape * target.shape).sum(axis=1), WINDOW)
    covariance = product - (source.mean * target.mean).sum(axis=1)
    correlation: Values = covariance / np.sqrt(source.variance * target.variance)
    return correlation


def _leads(difference: Values, alike: Mask, lag: int, balance: float | None) -> Mask:
    """Where the source, by its level above the target, is the source.

    Without a balance one voice may be all there is. Then what comes first is the source, or, where
    both come at once, what is louder.
    """
    if balance is not None:
        return difference > balance + LEAD_DB
    louder = difference > 0
    share = float(louder[alike].mean()) if alike.any() else 0.5
    if 1 - ONE_SIDED <= share <= ONE_SIDED:
        return louder
    return np.full(len(louder), lag >= CAUSAL or (lag > -CAUSAL and share > ONE_SIDED))


def _own_parts(piece: Piece, leaks: Mask, own: Mask) -> list[Piece]:
    """What remains of a piece: itself if nothing leaks in it, else its own speech with pads."""
    start, end = piece.start // FRAME, -(-piece.end // FRAME)
    if not leaks[start:end].any():
        return [piece]
    edges = start + np.flatnonzero(np.diff(own[start:end].astype(np.int8), prepend=0, append=0))
    runs: list[Piece] = []  # in frames
    for first, last in edges.reshape(-1, 2).tolist():
        if runs and first - runs[-1].end <= JOIN:
            runs[-1] = Piece(runs[-1].start, last)
        else:
            runs.append(Piece(first, last))
    kept: list[Piece] = []
    for run in runs:
        if run.end - run.start < SHORT:
            continue
        first = max(piece.start, (run.start - PAD) * FRAME)
        last = min(piece.end, (run.end + PAD) * FRAME)
        if kept and first <= kept[-1].end:
            kept[-1] = Piece(kept[-1].start, last)
        else:
            kept.append(Piece(first, last))
    return kept


def _moving_mean(values: Values, width: int) -> Values:
    """The mean of a window around each frame, along the first axis."""
    sums = np.concatenate([np.zeros((1, *values.shape[1:])), np.cumsum(values, axis=0)])
    frames = np.arange(len(values))
    first = np.maximum(frames - width // 2, 0)
    last = np.minimum(frames + width - width // 2, len(values))
    lengths = (last - first).reshape(-1, *[1] * (values.ndim - 1))
    mean: Values = (sums[last] - sums[first]) / lengths
    return mean


def _delayed(values: NDArray[Kind], lag: int) -> NDArray[Kind]:
    """Values as they were so many frames before, or, if it is negative, as they will be."""
    return values[np.clip(np.arange(len(values)) - lag, 0, len(values) - 1)]


def _repeated(spoken: Sequence[Word], original: Sequence[Word]) -> list[tuple[int, int]]:
    """The runs of words, from and to an index, that another channel says at the same time.

    A run is two words or more, or all words of an utterance; it may hold a few misheard words.
    """
    near = _neighbours(spoken, original)
    same = [index for index, word in enumerate(spoken) if any(_same(word, n) for n in near[index])]
    runs: list[tuple[int, int]] = []
    for index in same:
        if runs and index - runs[-1][1] <= GAP_WORDS and _joined(spoken, runs[-1][1] - 1, index):
            runs[-1] = (runs[-1][0], index + 1)
        else:
            runs.append((index, index + 1))
    return [
        (start, end)
        for start, end in runs
        if end - start > 1
        or not (_joined(spoken, start - 1, start) or _joined(spoken, end - 1, end))
    ]


def _neighbours(spoken: Sequence[Word], original: Sequence[Word]) -> list[list[Word]]:
    """For each word, those of another channel that start at nearly the same time."""
    starts = np.array([word.start_s for word in original])
    return [
        [original[i] for i in np.flatnonzero(np.abs(starts - word.start_s) <= NEAR_S).tolist()]
        for word in spoken
    ]


def _joined(words: Sequence[Word], before: int, after: int) -> bool:
    """Whether one word follows another without a pause; none comes before the first."""
    if before < 0 or after >= len(words):
        return False
    return words[after].start_s - words[before].end_s <= ALONE_S


def _same(word: Word, other: Word) -> bool:
    said, heard = (_letters(w.text) for w in (word, other))
    if said == heard:
        return bool(said)
    return difflib.SequenceMatcher(None, said, heard, autojunk=False).ratio() >= SIMILAR


def _letters(text: str) -> str:
    return "".join(letter for letter in text.casefold() if letter.isalnum())
