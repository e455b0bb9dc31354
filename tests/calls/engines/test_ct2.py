from __future__ import annotations

import struct

import numpy as np
import pytest

from callinsight import weights
from callinsight.calls.engines.ct2 import openai_state_from_ct2
from callinsight.errors import WeightsError


@pytest.fixture(scope="module", autouse=True)
def _one_thread():
    import torch

    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


@pytest.fixture(scope="module")
def tiny():
    """Whisper tiny.en as openai-whisper has it and as CTranslate2 has it."""
    import ctranslate2
    from whisper.model import ModelDimensions, Whisper

    home = weights.folder("tiny.en")
    dims, state = openai_state_from_ct2(home / "model.bin")
    ours = Whisper(ModelDimensions(**dims)).eval()
    ours.load_state_dict(state)  # strict: no key too few or too many
    theirs = ctranslate2.models.Whisper(str(home), compute_type="float32", intra_threads=1)
    return ours, theirs


@pytest.fixture(scope="module")
def mel():
    """Features of three seconds of rising tones, then silence: [1, 80, 3000]."""
    import torch
    from whisper.audio import N_SAMPLES, SAMPLE_RATE, log_mel_spectrogram

    time = torch.arange(3 * SAMPLE_RATE) / SAMPLE_RATE
    sound = sum(torch.sin(2 * torch.pi * (pitch + 40 * time) * time) for pitch in (150, 300, 450))
    return log_mel_spectrogram(0.1 * sound, padding=N_SAMPLES - len(sound))[None]


def test_dimensions_come_from_the_shapes(tiny):
    from dataclasses import asdict

    ours, _ = tiny

    assert asdict(ours.dims) == {
        "n_mels": 80,
        "n_audio_ctx": 1500,
        "n_audio_state": 384,
        "n_audio_head": 6,
        "n_audio_layer": 4,
        "n_vocab": 51864,
        "n_text_ctx": 448,
        "n_text_state": 384,
        "n_text_head": 6,
        "n_text_layer": 4,
    }


def test_the_encoder_computes_what_ctranslate2_computes(tiny, mel):
    import ctranslate2
    import torch

    ours, theirs = tiny
    with torch.inference_mode():
        given = ours.encoder(mel).numpy()

    expected = np.array(theirs.encode(ctranslate2.StorageView.from_array(mel.numpy())))

    assert np.abs(given - expected).max() < 1e-3 * np.abs(expected).max()


def test_the_decoder_chooses_the_words_that_ctranslate2_chooses(tiny, mel):
    import ctranslate2
    import torch

    ours, theirs = tiny
    start = [50257, 50362]  # start of transcript, no timestamps
    features = ctranslate2.StorageView.from_array(mel.numpy())

    (result,) = theirs.generate(
        *(features, [start]), beam_size=1, max_length=12, suppress_blank=False, suppress_tokens=[]
    )

    tokens = list(start)
    with torch.inference_mode():
        audio = ours.encoder(mel)
        for _ in result.sequences_ids[0]:
            logits = ours.decoder(torch.tensor([tokens]), audio)
            tokens.append(int(logits[0, -1].argmax()))
    assert len(result.sequences_ids[0]) >= 5
    assert tokens[len(start) :] == result.sequences_ids[0]


TRUNCATED = (
    "is not a CTranslate2 model: unpack_from requires a buffer of at least 4 bytes for unpacking "
    "4 bytes at offset 0 (actual buffer size is 2)"
)
EMPTY = struct.pack("<IH2sIII", 6, 2, b"a", 3, 0, 0)  # format 6, spec "a", no variables, no aliases


@pytest.mark.parametrize(
    ("content", "problem"),
    [
        (b"\6\0", TRUNCATED),
        (struct.pack("<I", 5), "has format 5, not 6"),
        (EMPTY, "has no 'encoder/conv1/weight': not a Whisper model"),
    ],
    ids=["truncated", "another format", "empty"],
)
def test_a_file_that_is_no_whisper_model(tmp_path, content, problem):
    (tmp_path / "model.bin").write_bytes(content)

    with pytest.raises(WeightsError) as raised:
        openai_state_from_ct2(tmp_path / "model.bin")

    assert str(raised.value) == f"{tmp_path / 'model.bin'} {problem}"
