"""The engine openai-whisper: the reference, on PyTorch, from the same verified weights."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from callinsight.calls.engines import TEMPERATURES, EngineSettings, Hearing, best, prompt_of
from callinsight.records import Word

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from callinsight.calls.engines import Samples


class OpenAIWhisper:
    """Each window through `whisper.transcribe`, as its command line would, without conditioning."""

    batch = 1

    def __init__(self, settings: EngineSettings) -> None:
        import torch

        torch.set_num_threads(1)
        self._gpu = settings.device == "cuda"
        self._beam_size = settings.beam_size
        self._model = load_model(settings.model, settings.folder, device=settings.device)

    def hear(
        self, windows: Sequence[Samples], *, language: str, vocabulary: Sequence[str] = ()
    ) -> list[Hearing]:
        """What is said in each window; each is heard by itself."""
        prompt = prompt_of(vocabulary)
        heard = []
        for window in windows:
            hearing = self._hear(window, language, prompt, (0.0,))
            if hearing.fails and not hearing.is_invented:
                hearing = best([hearing, self._hear(window, language, prompt, TEMPERATURES)])
            heard.append(hearing)
        return heard

    def language_of(self, windows: Sequence[Samples]) -> str:
        """The code of the language that is spoken in the windows together."""
        import whisper

        if not self._model.is_multilingual:
            return "en"
        mels = [
            whisper.log_mel_spectrogram(whisper.pad_or_trim(w), self._model.dims.n_mels)
            for w in windows
        ]
        total: dict[str, float] = {}
        for mel in mels:
            _, found = self._model.detect_language(mel.to(self._model.device))
            for code, probability in found.items():
                total[code] = total.get(code, 0.0) + probability
        return max(total, key=lambda code: total[code])

    def _hear(
        self, window: Samples, language: str, prompt: str, temperatures: tuple[float, ...]
    ) -> Hearing:
        import torch
        import whisper

        torch.manual_seed(0)  # for tries with chance in them
        result: dict[str, Any] = whisper.transcribe(
            self._model,
            window,
            language=language,
            temperature=temperatures,
            beam_size=self._beam_size,
            best_of=5,
            condition_on_previous_text=False,
            initial_prompt=prompt or None,
            word_timestamps=True,
            fp16=self._gpu,
            verbose=None,
        )
        segments = result["segments"]
        words = [word for segment in segments for word in segment["words"]]
        return Hearing(
            words=tuple(
                Word(float(w["start"]), float(w["end"]), w["word"], round(w["probability"], 3))
                for w in words
            ),
            log_probability=float(np.mean([s["avg_logprob"] for s in segments] or [0.0])),
            no_speech=max((s["no_speech_prob"] for s in segments), default=1.0),
        )


def load_model(name: str, folder: Path, *, device: str = "cpu") -> Any:
    """An openai-whisper model from its own checkpoint in the folder, else from CTranslate2 weights."""
    import whisper

    checkpoint = folder / f"{name}.pt"
    if checkpoint.exists():
        return whisper.load_model(str(checkpoint), device=device)
    from callinsight.calls.engines.ct2 import openai_state_from_ct2

    dims, state = openai_state_from_ct2(folder / "model.bin")
    model = whisper.model.Whisper(whisper.model.ModelDimensions(**dims))
    model.load_state_dict(state, strict=False)
    model.set_alignment_heads(whisper._ALIGNMENT_HEADS[name])  # the checkpoint's word timing
    return model.to(device).eval()
