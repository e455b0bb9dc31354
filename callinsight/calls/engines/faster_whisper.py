"""The engine faster-whisper: Whisper's weights on CTranslate2, int8 on a CPU."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import numpy as np

from callinsight.calls.engines import (
    BATCH,
    BATCH_GPU,
    TEMPERATURES,
    EngineSettings,
    Hearing,
    best,
    prompt_of,
)
from callinsight.records import Word

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from callinsight.calls.engines import Samples

# Sound is followed by so much silence, not by as much as fills 30 s: the encoder has less to do, and
# no more words come out wrong (benchmarks/README.md).
TAIL_S = 8.0
STEP_S = 5.0
SEED = 0  # for tries with chance in them
PREPENDED = "\"'“¿([{-"  # belong to the word behind them
APPENDED = "\"'.。,，!！?？:：”)]}、"  # belong to the word before them


class FasterWhisper:
    """Windows are encoded in batches and decoded by beam search; one that fails is tried again."""

    def __init__(
        self, settings: EngineSettings, *, tail_s: float = TAIL_S, compute_type: str = ""
    ) -> None:
        """Load the model; other tails and types of numbers are for benchmarks/frontier.py."""
        from faster_whisper import WhisperModel

        gpu = settings.device == "cuda"
        self.batch = BATCH_GPU if gpu else BATCH
        self._beam_size = settings.beam_size
        self._tail_s = tail_s
        self._folder = str(settings.folder)
        self._model = WhisperModel(
            self._folder,
            device=settings.device,
            compute_type=compute_type or ("float16" if gpu else "int8"),
            cpu_threads=1,
            num_workers=1,
        )

    def hear(
        self, windows: Sequence[Samples], *, language: str, vocabulary: Sequence[str] = ()
    ) -> list[Hearing]:
        """What is said in each window; each is heard by itself."""
        tokens = self._tokens(language)
        prompt = self._prompt(tokens, vocabulary)
        heard: dict[int, Hearing] = {}
        for numbers in self._batches(windows):
            batch = [windows[number] for number in numbers]
            encoded = self._encode(batch)
            results = self._model.model.generate(
                encoded, [prompt] * len(batch), beam_size=self._beam_size, **_options(tokens)
            )
            hearings = self._hearings(tokens, encoded, results, batch)
            for number, window, hearing in zip(numbers, batch, hearings, strict=True):
                again = hearing.fails and not hearing.is_invented
                heard[number] = self._again(tokens, prompt, window, hearing) if again else hearing
        return [heard[number] for number in range(len(windows))]

    def language_of(self, windows: Sequence[Samples]) -> str:
        """The code of the language that is spoken in the windows together."""
        if not self._model.model.is_multilingual:
            return "en"
        total: dict[str, float] = {}
        for found in self._model.model.detect_language(self._encode(windows)):
            for token, probability in found:
                total[token[2:-2]] = total.get(token[2:-2], 0.0) + probability
        return max(total, key=lambda code: total[code])

    def _again(self, tokens: Any, prompt: list[int], window: Samples, first: Hearing) -> Hearing:
        """Hear a window that failed once more, at rising temperature; seeded, so as to repeat it.

        CTranslate2 seeds chance once in each of its threads, so that each window needs a new one.
        """
        import ctranslate2

        ctranslate2.set_random_seed(SEED)
        used = self._model.model
        model = ctranslate2.models.Whisper(
            self._folder, device=used.device, compute_type=used.compute_type, intra_threads=1
        )
        encoded = self._encode([window])
        tries = [first]
        for temperature in TEMPERATURES:
            results = model.generate(
                encoded,
                [prompt],
                beam_size=1,
                num_hypotheses=5,
                sampling_topk=0,
                sampling_temperature=temperature,
                **_options(tokens),
            )
            tries += self._hearings(tokens, encoded, results, [window])
            if not tries[-1].fails:
                break
        return best(tries)

    def _tokens(self, language: str) -> Any:
        from faster_whisper.tokenizer import Tokenizer

        model = self._model
        return Tokenizer(
            model.hf_tokenizer, model.model.is_multilingual, task="transcribe", language=language
        )

    def _prompt(self, tokens: Any, vocabulary: Sequence[str]) -> list[int]:
        text = prompt_of(vocabulary)
        before = tokens.encode(" " + text) if text else []
        prompt: list[int] = self._model.get_prompt(tokens, before, without_timestamps=True)
        return prompt

    def _batches(self, windows: Sequence[Samples]) -> Iterator[list[int]]:
        """Windows, by number, that are heard together: those that are filled up to one length.

        So the words of a window do not depend on its neighbours.
        """
        by_frames: dict[int, list[int]] = {}
        for number, window in enumerate(windows):
            by_frames.setdefault(self._frames(window), []).append(number)
        for numbers in by_frames.values():
            for start in range(0, len(numbers), self.batch):
                yield numbers[start : start + self.batch]

    def _frames(self, window: Samples) -> int:
        """The frames that a window is filled up to, in steps of 5 s."""
        extractor = self._model.feature_extractor
        wanted_s = len(window) / extractor.sampling_rate + self._tail_s
        per_step = round(STEP_S * extractor.sampling_rate / extractor.hop_length)
        return min(int(extractor.nb_max_frames), int(math.ceil(wanted_s / STEP_S) * per_step))

    def _encode(self, windows: Sequence[Samples]) -> Any:
        extractor = self._model.feature_extractor
        frames = max(map(self._frames, windows))
        features = [extractor(window)[..., :-1][..., :frames] for window in windows]
        padded = [np.pad(f, ((0, 0), (0, frames - f.shape[-1]))) for f in features]
        return self._model.encode(np.stack(padded))

    def _hearings(
        self, tokens: Any, encoded: Any, results: Sequence[Any], windows: Sequence[Samples]
    ) -> list[Hearing]:
        from faster_whisper.transcribe import merge_punctuations

        texts = [[t for t in result.sequences_ids[0] if t < tokens.eot] for result in results]
        frames = [len(window) // self._model.feature_extractor.hop_length for window in windows]
        aligned = self._model.find_alignment(tokens, texts, encoded, frames)
        hearings = []
        for result, alignment in zip(results, aligned or [[]] * len(results), strict=True):
            merge_punctuations(alignment, PREPENDED, APPENDED)
            length = len(result.sequences_ids[0])
            hearings.append(
                Hearing(
                    words=_words(alignment),
                    log_probability=result.scores[0] * length / (length + 1),
                    no_speech=result.no_speech_prob,
                )
            )
        return hearings


def _options(tokens: Any) -> dict[str, Any]:
    from faster_whisper.transcribe import get_suppressed_tokens

    return {
        "return_scores": True,
        "return_no_speech_prob": True,
        "suppress_blank": True,
        "suppress_tokens": get_suppressed_tokens(tokens, [-1]),
    }


def _words(alignment: Sequence[dict[str, Any]]) -> tuple[Word, ...]:
    return tuple(
        Word(float(t["start"]), float(t["end"]), t["word"], round(float(t["probability"]), 3))
        for t in alignment
        if t["word"].strip()
    )
