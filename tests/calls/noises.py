"""Sounds of a telephone that are no speech, made with numpy; the same call gives the same samples.

Each function gives float32 samples in -1 to 1 at 16 kHz.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

SAMPLE_RATE = 16_000
Samples = NDArray[np.float32]

DTMF = {
    key: (low, high)
    for low, keys in zip((697, 770, 852, 941), ("123A", "456B", "789C", "*0#D"), strict=True)
    for high, key in zip((1209, 1336, 1477, 1633), keys, strict=True)
}
# A melody in C with its rhythm: semitones above middle C (None: a rest) and beats.
MELODY = [
    *((0, 1), (4, 1), (7, 1), (12, 2), (11, 1), (9, 1), (7, 2), (5, 1), (9, 1), (7, 1)),
    *((4, 2), (None, 1), (2, 1), (5, 1), (9, 1), (7, 3), (4, 0.5), (2, 0.5), (0, 2), (None, 1)),
]
MIDDLE_C = 261.63  # Hz
# Formants of vowels in Hz, for an average voice (Peterson and Barney, 1952).
VOWELS = {
    "ah": (730, 1090, 2440),
    "eh": (530, 1840, 2480),
    "ee": (270, 2290, 3010),
    "oh": (570, 840, 2410),
    "oo": (300, 870, 2240),
    "mm": (250, 1200, 2100),
    "l": (360, 1300, 2700),
}
BANDWIDTHS = (80, 110, 160)  # Hz, of the three formants


# --- lines and rooms ---


def silence(seconds: float) -> Samples:
    return np.zeros(_count(seconds), dtype=np.float32)


def room(seconds: float) -> Samples:
    """A quiet room: pink noise at -60 dBFS."""
    return _at(_coloured(seconds, 1.0, seed=1), -60)


def white(seconds: float, *, level_db: float = -20) -> Samples:
    return _at(np.random.default_rng(2).normal(size=_count(seconds)), level_db)


def wind(seconds: float) -> Samples:
    """Gusts on the microphone: brown noise that swells and fades."""
    gusts = _slow(seconds, 0.7, seed=3)
    return _at(_coloured(seconds, 2.0, seed=4) * np.clip(0.6 + gusts, 0.05, None), -20)


def hum(seconds: float, *, mains: float = 50) -> Samples:
    """Mains hum with its harmonics, odd ones stronger."""
    times = _times(seconds)
    parts = [
        np.sin(2 * np.pi * mains * k * times + k) / k * (1 if k % 2 else 0.4) for k in range(1, 20)
    ]
    return _at(np.sum(parts, axis=0), -26)


def crackle(seconds: float) -> Samples:
    """A bad line: crackles over a hiss."""
    rng = np.random.default_rng(5)
    sound = rng.normal(0, 0.004, _count(seconds))
    for start in rng.integers(0, len(sound) - 400, int(12 * seconds)):
        size = int(rng.integers(8, 400))
        burst = rng.normal(0, rng.uniform(0.02, 0.4), size)
        sound[start : start + size] += burst * np.hanning(size)
    return _finished(sound)


# --- signals of the exchange ---


def ringback_us(seconds: float) -> Samples:
    return _cadence(seconds, (440, 480), on_s=2, off_s=4)


def ringback_eu(seconds: float) -> Samples:
    return _cadence(seconds, (425,), on_s=1, off_s=4)


def busy_us(seconds: float) -> Samples:
    return _cadence(seconds, (480, 620), on_s=0.5, off_s=0.5)


def busy_eu(seconds: float) -> Samples:
    return _cadence(seconds, (425,), on_s=0.5, off_s=0.5)


def dial_tone(seconds: float) -> Samples:
    return _cadence(seconds, (350, 440), on_s=seconds, off_s=1)


def beeps(seconds: float) -> Samples:
    """The beep of a recorder, every five seconds."""
    return _cadence(seconds, (1400,), on_s=0.3, off_s=4.7)


def dtmf(seconds: float, *, tone_s: float = 0.12, pause_s: float = 0.15) -> Samples:
    """Keys pressed in groups of ten, with a pause after each group."""
    rng = np.random.default_rng(6)
    keys = list(DTMF)
    pieces: list[Samples] = []
    while sum(map(len, pieces)) < _count(seconds):
        for key in rng.choice(keys, 10):
            pieces += [_tones(DTMF[str(key)], tone_s), silence(pause_s)]
        pieces.append(silence(float(rng.uniform(0.5, 3))))
    return _at_active(np.concatenate(pieces)[: _count(seconds)], -16)


def fax(seconds: float) -> Samples:
    """A fax that calls: CNG tones, then the answer tone, then 300 baud (V.21) and 2400 baud."""
    rng = np.random.default_rng(7)
    bits = np.repeat(rng.integers(0, 2, 300 * 3), round(SAMPLE_RATE / 300))
    slow = np.sin(2 * np.pi * np.cumsum(1650 + 200 * bits) / SAMPLE_RATE)
    phases = np.repeat(rng.integers(0, 4, 2400 * 5), round(SAMPLE_RATE / 2400)) * np.pi / 2
    fast = np.sin(2 * np.pi * 1800 * np.arange(len(phases)) / SAMPLE_RATE + phases)
    calling = np.concatenate([_tones((1100,), 0.5), silence(3)])
    answer = np.concatenate([_tones((2100,), 3), silence(0.1)])
    round_ = np.concatenate([calling, calling, answer, 0.5 * slow, silence(0.1), 0.5 * fast])
    return _at_active(_repeated(round_, seconds), -20)


# --- music on hold ---


def plucked(seconds: float) -> Samples:
    """A guitar: harmonics that die away, the high ones first."""
    return _melody(seconds, _pluck, beat_s=0.45)


def organ(seconds: float) -> Samples:
    return _melody(seconds, _organ_note, beat_s=0.5)


def strings(seconds: float) -> Samples:
    """Bowed strings: slow attack, vibrato, and a second voice a third lower."""
    return _at(
        _melody(seconds, _string_note, beat_s=0.8)
        + 0.7 * _melody(seconds, _string_note, beat_s=0.8, shift=-4),
        -20,
    )


def drums(seconds: float) -> Samples:
    """Kick, snare and hi-hat at 100 beats a minute."""
    rng = np.random.default_rng(8)
    sound = np.zeros(_count(seconds) + SAMPLE_RATE)
    times = _times(0.3)
    kick = np.sin(2 * np.pi * (50 * times + 8 * (1 - np.exp(-times * 30)))) * np.exp(-times * 14)
    snare = (rng.normal(size=len(times)) + np.sin(2 * np.pi * 190 * times)) * np.exp(-times * 22)
    hat = np.diff(rng.normal(size=len(times)), prepend=0) * np.exp(-times * 70)
    for step in range(int(seconds / 0.3) + 1):
        at = _count(step * 0.3)
        drum = (
            0.3 * hat + (1.2 * kick if step % 4 == 0 else 0) + (0.5 * snare if step % 4 == 2 else 0)
        )
        sound[at : at + len(times)] += drum
    return _at(sound[: _count(seconds)], -20)


def band(seconds: float) -> Samples:
    """Guitar, strings, bass and drums together."""
    parts = (
        plucked(seconds),
        0.5 * strings(seconds),
        0.8 * _melody(seconds, _pluck, beat_s=0.9, shift=-24),
        0.7 * drums(seconds),
    )
    return _at(np.sum(parts, axis=0), -18)


def choir(seconds: float) -> Samples:
    """Four voices that sing changing vowels in chords."""
    voices = [
        _sung(seconds, ("ah", "oh", "oo", "eh"), beat_s=1.1, shift=shift, seed=20 + index)
        for index, shift in enumerate((-12, -8, -5, 0))
    ]
    return _at(np.sum(voices, axis=0), -20)


def singer(seconds: float) -> Samples:
    """One voice that sings a melody on changing vowels."""
    return _at(_sung(seconds, ("ah", "ee", "oh", "eh", "oo"), beat_s=0.6, shift=-5, seed=30), -20)


def humming(seconds: float) -> Samples:
    return _at(_sung(seconds, ("mm",), beat_s=0.6, shift=-10, seed=31), -22)


def la_la(seconds: float) -> Samples:
    """One voice that sings "la" on each note of a melody."""
    return _at(_sung(seconds, ("ah",), beat_s=0.35, shift=-5, seed=32, onset="l"), -20)


def song(seconds: float) -> Samples:
    """A voice without words before a band."""
    return _at(1.4 * la_la(seconds) + 0.5 * band(seconds), -18)


# --- people who do not speak ---


def breaths(seconds: float) -> Samples:
    """Breathing into the microphone: noise through an open mouth, every three seconds or so."""
    rng = np.random.default_rng(40)
    sound = np.zeros(_count(seconds))
    for at in np.arange(0.5, seconds - 1.5, 1.7):
        length = float(rng.uniform(0.5, 1.1))
        noise = _formed(rng.normal(size=_count(length)), (600, 1400, 2600), width=500)
        shape = np.sin(np.pi * np.linspace(0, 1, len(noise))) ** 2
        _add(sound, at + float(rng.uniform(0, 0.3)), noise * shape * rng.uniform(0.3, 1))
    return _at_active(sound, -34)


def coughs(seconds: float) -> Samples:
    """Two or three bursts at a time, partly voiced, every few seconds."""
    rng = np.random.default_rng(41)
    sound = np.zeros(_count(seconds))
    at = 0.7
    while at < seconds - 1.5:
        for burst in range(int(rng.integers(1, 4))):
            size = _count(float(rng.uniform(0.18, 0.32)))
            times = np.arange(size) / SAMPLE_RATE
            pitch = np.cumsum(rng.uniform(180, 320) * np.exp(-times * 2)) / SAMPLE_RATE
            voiced = np.sign(np.sin(2 * np.pi * pitch)) * np.clip((times - 0.04) * 20, 0, 0.5)
            noise = _formed(rng.normal(size=size) + voiced, (700, 1500, 2600), width=300)
            _add(sound, at + 0.4 * burst, noise * np.exp(-times * rng.uniform(10, 18)))
        at += float(rng.uniform(2, 5))
    return _at_active(sound, -18)


def keyboard(seconds: float) -> Samples:
    """Typing: a press and a release for each key, in runs."""
    rng = np.random.default_rng(42)
    sound = np.random.default_rng(43).normal(0, 0.0008, _count(seconds))
    at = 0.3
    while at < seconds - 0.5:
        at += float(rng.choice([rng.uniform(0.07, 0.2), rng.uniform(0.5, 2)], p=[0.9, 0.1]))
        for delay, level in ((0.0, 0.3), (0.07, 0.12)):
            size = _count(0.025)
            click = _formed(rng.normal(size=size), (1800, 3200, 5200), width=900)
            click *= np.exp(-np.arange(size) / 60) / max(np.abs(click).max(), 1e-9)
            _add(sound, at + delay, click * level * rng.uniform(0.5, 1))
    return _finished(sound)


def clicks(seconds: float) -> Samples:
    """A mouse, a pen, a door: single clicks and thumps over silence."""
    rng = np.random.default_rng(44)
    sound = np.zeros(_count(seconds))
    for at in np.sort(rng.uniform(0.2, seconds - 0.5, int(1.2 * seconds))):
        size = _count(float(rng.uniform(0.004, 0.12)))
        hertz = float(rng.uniform(80, 3000))
        times = np.arange(size) / SAMPLE_RATE
        ring = np.sin(2 * np.pi * hertz * times) + 0.5 * rng.normal(size=size)
        _add(sound, float(at), ring * np.exp(-times * 60) * rng.uniform(0.1, 0.7))
    return _finished(sound)


def rustle(seconds: float) -> Samples:
    """Paper or a sleeve on the headset: irregular high noise."""
    sound = np.diff(np.random.default_rng(45).normal(size=_count(seconds)), prepend=0)
    shape = np.clip(_slow(seconds, 9, seed=46), 0, None) * np.clip(
        _slow(seconds, 0.4, seed=47) + 0.2, 0, None
    )
    return _at(sound * shape, -28)


# --- voices that nobody can understand ---


def babble(
    voices: Sequence[Samples], seconds: float, *, talkers: int = 10, level_db: float = -24
) -> Samples:
    """A room full of people: pieces of the voices, of one loudness, laid over each other."""
    return _at(np.sum(_talkers(voices, seconds, talkers, seed=60), axis=0), level_db)


def reversed_babble(
    voices: Sequence[Samples], seconds: float, *, talkers: int = 8, level_db: float = -24
) -> Samples:
    """The same, played backwards: not even a word that stands out is one."""
    return babble(voices, seconds, talkers=talkers, level_db=level_db)[::-1].copy()


def without_pauses(voice: Samples) -> Samples:
    """What is left of a voice when the frames of 20 ms 30 dB below its loud ones are gone."""
    frames = voice[: len(voice) // 320 * 320].reshape(-1, 320)
    loudness = np.sqrt(np.square(frames).mean(axis=1))
    return frames[loudness > np.quantile(loudness, 0.95) * 10 ** (-30 / 20)].reshape(-1)


def _talkers(
    voices: Sequence[Samples], seconds: float, talkers: int, *, seed: int
) -> list[NDArray[np.float64]]:
    rng = np.random.default_rng(seed)
    parts = []
    for index in range(talkers):
        spoken = without_pauses(voices[index % len(voices)])
        shift = int(rng.integers(0, len(spoken)))
        part = _repeated(np.roll(spoken, shift), seconds)
        parts.append(part / max(float(np.sqrt(np.square(part).mean())), 1e-9))
    return parts


# --- all of them ---

NOISES: dict[str, Callable[[float], Samples]] = {
    "silence": silence,
    "room": room,
    "white": white,
    "white-quiet": lambda seconds: white(seconds, level_db=-50),
    "wind": wind,
    "hum-50": hum,
    "hum-60": lambda seconds: hum(seconds, mains=60),
    "crackle": crackle,
    "ringback-us": ringback_us,
    "ringback-eu": ringback_eu,
    "busy-us": busy_us,
    "busy-eu": busy_eu,
    "dial-tone": dial_tone,
    "beeps": beeps,
    "dtmf": dtmf,
    "fax": fax,
    "plucked": plucked,
    "organ": organ,
    "strings": strings,
    "drums": drums,
    "band": band,
    "choir": choir,
    "singer": singer,
    "humming": humming,
    "la-la": la_la,
    "song": song,
    "breaths": breaths,
    "coughs": coughs,
    "keyboard": keyboard,
    "clicks": clicks,
    "rustle": rustle,
}
CROWDS: dict[str, Callable[[Sequence[Samples], float], Samples]] = {
    "babble": babble,
    "babble-quiet": lambda voices, seconds: babble(voices, seconds, level_db=-45),
    "babble-16": lambda voices, seconds: babble(voices, seconds, talkers=16),
    "reversed-babble": reversed_babble,
}


def over_the_telephone(samples: Samples) -> Samples:
    """300 to 3400 Hz, 8 kHz, mu-law (ITU-T G.711), and back at 16 kHz."""
    spectrum = np.fft.rfft(samples)
    hertz = np.fft.rfftfreq(len(samples), 1 / SAMPLE_RATE)
    spectrum *= np.clip((hertz - 200) / 100, 0, 1) * np.clip((3700 - hertz) / 300, 0, 1)
    narrow = np.fft.irfft(spectrum, len(samples))[::2]
    mu = 255
    bent = np.sign(narrow) * np.log1p(mu * np.abs(np.clip(narrow, -1, 1))) / np.log1p(mu)
    bent = np.round(bent * 127) / 127
    narrow = np.sign(bent) * np.expm1(np.abs(bent) * np.log1p(mu)) / mu
    size = len(samples) // 2 * 2
    spectrum = np.fft.rfft(narrow[: size // 2])
    wide = np.fft.irfft(np.pad(spectrum, (0, size // 2 + 1 - len(spectrum))), size) * 2
    return _finished(np.pad(wide, (0, len(samples) - size)))


# --- parts ---


def _count(seconds: float) -> int:
    return round(seconds * SAMPLE_RATE)


def _times(seconds: float) -> NDArray[np.float64]:
    return np.arange(_count(seconds)) / SAMPLE_RATE


def _finished(sound: NDArray[np.floating]) -> Samples:
    return np.clip(sound, -1, 1).astype(np.float32)


def _at(sound: NDArray[np.floating], level_db: float) -> Samples:
    """At a loudness in dB below full scale (root mean square)."""
    rms = float(np.sqrt(np.square(sound).mean())) if len(sound) else 0.0
    return _finished(sound * (10 ** (level_db / 20) / max(rms, 1e-9)))


def _at_active(sound: NDArray[np.floating], level_db: float) -> Samples:
    """The same, measured only where there is sound."""
    active = np.abs(sound) > 1e-3 * np.abs(sound).max(initial=1e-9)
    rms = float(np.sqrt(np.square(sound[active]).mean())) if active.any() else 1.0
    return _finished(sound * (10 ** (level_db / 20) / rms))


def _add(sound: NDArray[np.float64], at_s: float, part: NDArray[np.floating]) -> None:
    start = _count(at_s)
    end = min(start + len(part), len(sound))
    sound[start:end] += part[: max(end - start, 0)]


def _repeated(sound: NDArray[np.floating], seconds: float) -> NDArray[np.floating]:
    return np.tile(sound, -(-_count(seconds) // len(sound)))[: _count(seconds)]


def _tones(hertz: Sequence[float], seconds: float) -> Samples:
    times = _times(seconds)
    sound = np.sum([np.sin(2 * np.pi * h * times) for h in hertz], axis=0) / len(hertz)
    edge = min(80, len(sound) // 4)
    sound[:edge] *= np.linspace(0, 1, edge)
    sound[len(sound) - edge :] *= np.linspace(1, 0, edge)
    return _finished(sound)


def _cadence(seconds: float, hertz: Sequence[float], *, on_s: float, off_s: float) -> Samples:
    round_ = np.concatenate([_tones(hertz, on_s), silence(off_s)])
    return _at_active(_repeated(round_, seconds), -19)


def _coloured(seconds: float, slope: float, *, seed: int) -> NDArray[np.float64]:
    """Noise whose power falls with frequency to the given exponent: 1 pink, 2 brown."""
    spectrum = np.fft.rfft(np.random.default_rng(seed).normal(size=_count(seconds)))
    hertz = np.fft.rfftfreq(_count(seconds), 1 / SAMPLE_RATE)
    spectrum *= np.where(hertz < 20, 0, np.maximum(hertz, 20) ** (-slope / 2))
    return np.fft.irfft(spectrum, _count(seconds))


def _slow(seconds: float, hertz: float, *, seed: int) -> NDArray[np.float64]:
    """Noise below a frequency, of variance 1: something that comes and goes."""
    points = np.random.default_rng(seed).normal(size=int(seconds * hertz * 2) + 3)
    return np.interp(_times(seconds) * hertz * 2, np.arange(len(points)), points)


def _response(hertz: NDArray[np.floating], formants: Sequence[float]) -> NDArray[np.float64]:
    """How strongly a vocal tract with these formants passes each frequency."""
    gains = [
        f**2 / np.sqrt((f**2 - hertz**2) ** 2 + (width * hertz) ** 2)
        for f, width in zip(formants, BANDWIDTHS, strict=True)
    ]
    return np.prod(gains, axis=0)


def _formed(
    sound: NDArray[np.floating], formants: Sequence[float], *, width: float
) -> NDArray[np.float64]:
    hertz = np.fft.rfftfreq(len(sound), 1 / SAMPLE_RATE)
    gain = np.sum([np.exp(-(((hertz - f) / width) ** 2)) for f in formants], axis=0)
    return np.fft.irfft(np.fft.rfft(sound) * gain, len(sound))


def _notes(seconds: float, beat_s: float) -> list[tuple[float, float, int]]:
    """The melody again and again: start, length in seconds, semitones."""
    notes, at, index = [], 0.0, 0
    while at < seconds:
        semitones, beats = MELODY[index % len(MELODY)]
        if semitones is not None:
            notes.append((at, beats * beat_s, semitones))
        at += beats * beat_s
        index += 1
    return notes


def _melody(
    seconds: float,
    note: Callable[[float, float], NDArray[np.float64]],
    *,
    beat_s: float,
    shift: int = 0,
) -> Samples:
    sound = np.zeros(_count(seconds))
    for at, length, semitones in _notes(seconds, beat_s):
        _add(sound, at, note(MIDDLE_C * 2 ** ((semitones + shift) / 12), length))
    return _at(sound, -20)


def _pluck(hertz: float, seconds: float) -> NDArray[np.float64]:
    times = _times(seconds + 0.5)
    parts = [
        np.sin(2 * np.pi * hertz * k * times) * np.exp(-times * (2 + k)) / k for k in range(1, 12)
    ]
    return np.sum(parts, axis=0) * np.clip((seconds + 0.5 - times) * 8, 0, 1)


def _organ_note(hertz: float, seconds: float) -> NDArray[np.float64]:
    times = _times(seconds)
    parts = [np.sin(2 * np.pi * hertz * k * times) / k**0.5 for k in (1, 2, 3, 4, 6, 8)]
    return np.sum(parts, axis=0) * np.clip(np.minimum(times, seconds - times) * 40, 0, 1)


def _string_note(hertz: float, seconds: float) -> NDArray[np.float64]:
    times = _times(seconds)
    phase = 2 * np.pi * hertz * times - hertz * 0.006 / 5.5 * np.cos(2 * np.pi * 5.5 * times)
    parts = [np.sin(k * phase + k) / k for k in range(1, 16) if k * hertz < 7500]
    return np.sum(parts, axis=0) * np.clip(np.minimum(times * 6, (seconds - times) * 10), 0, 1)


def _sung(
    seconds: float,
    vowels: Sequence[str],
    *,
    beat_s: float,
    shift: int,
    seed: int,
    onset: str | None = None,
) -> NDArray[np.float64]:
    """A voice: glottal harmonics (12 dB an octave down) through the formants of each note's vowel."""
    rng = np.random.default_rng(seed)
    sound = np.zeros(_count(seconds))
    for index, (at, length, semitones) in enumerate(_notes(seconds, beat_s)):
        times = _times(length)
        hertz = MIDDLE_C * 2 ** ((semitones + shift + rng.normal(0, 0.1)) / 12)
        depth = hertz * 0.012 * np.clip(times * 3, 0, 1)
        pitch = hertz + depth * np.sin(2 * np.pi * 5.3 * times + rng.uniform(0, 6))
        phase = 2 * np.pi * np.cumsum(pitch) / SAMPLE_RATE
        here = VOWELS[vowels[index % len(vowels)]]
        before = VOWELS[onset] if onset else VOWELS[vowels[(index - 1) % len(vowels)]]
        glide = np.clip(times / 0.08, 0, 1)  # the mouth takes 80 ms to its new shape
        formants = [b + (h - b) * glide for b, h in zip(before, here, strict=True)]
        parts = [
            np.sin(k * phase) / k**1.5 * _response(k * pitch, formants)  # type: ignore[arg-type]
            for k in range(1, int(7000 / hertz))
        ]
        loud = np.clip(np.minimum(times * 12, (length - times) * 12), 0, 1)
        if onset:
            loud *= 0.35 + 0.65 * glide
        breath = 0.01 * rng.normal(size=len(times))
        _add(sound, at, (np.sum(parts, axis=0) + breath) * loud)
    return sound
