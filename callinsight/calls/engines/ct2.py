"""The weights of a CTranslate2 Whisper as openai-whisper keeps them, in memory."""

from __future__ import annotations

import struct
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from callinsight.errors import WeightsError

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    import torch

CT2_BINARY_VERSION = 6
CT2_DTYPES = {0: "<f4", 1: "i1", 2: "<i2", 3: "<i4", 4: "<f2"}  # CTranslate2's DataType

Array = npt.NDArray[Any]


def openai_state_from_ct2(model_bin: Path) -> tuple[dict[str, int], dict[str, torch.Tensor]]:
    """The weights of a CTranslate2 Whisper as openai-whisper keeps them, in memory.

    Returns the arguments of `whisper.model.ModelDimensions` and a state dict for
    `whisper.model.Whisper`, in the precision of the file (float16). The file holds no alignment
    heads, so word timestamps fall back on the default ones.
    Raises WeightsError when the file is not such a model.
    """
    import torch

    arrays = _read_ct2(model_bin)
    try:
        dims, state = _openai_dims(arrays), _openai_state(arrays)
    except KeyError as exc:
        raise WeightsError(f"{model_bin} has no {exc}: not a Whisper model") from exc
    return dims, {name: torch.from_numpy(array) for name, array in state.items()}


def _read_ct2(model_bin: Path) -> dict[str, Array]:
    """The variables of a CTranslate2 model.bin by name; those kept once for two names twice."""
    content = model_bin.read_bytes()
    position = 0

    def number(code: str) -> int:
        nonlocal position
        (value,) = struct.unpack_from(f"<{code}", content, position)
        position += struct.calcsize(code)
        return int(value)

    def text() -> str:
        nonlocal position
        length = number("H")  # counts the closing NUL
        position += length
        return content[position - length : position - 1].decode()

    arrays: dict[str, Array] = {}
    try:
        if (binary := number("I")) != CT2_BINARY_VERSION:
            raise WeightsError(f"{model_bin} has format {binary}, not {CT2_BINARY_VERSION}")
        text(), number("I")  # the specification and its revision
        for _ in range(number("I")):
            name = text()
            shape = [number("I") for _ in range(number("B"))]
            dtype, size = np.dtype(CT2_DTYPES[number("B")]), number("I")
            array = np.frombuffer(content, dtype, size // dtype.itemsize, position)
            arrays[name] = array.reshape(shape).copy()
            position += size
        for _ in range(number("I")):
            alias = text()
            arrays[alias] = arrays[text()]
    except (struct.error, ValueError, KeyError) as exc:
        raise WeightsError(f"{model_bin} is not a CTranslate2 model: {exc}") from exc
    return arrays


def _openai_dims(arrays: Mapping[str, Array]) -> dict[str, int]:
    n_state, n_mels, _ = arrays["encoder/conv1/weight"].shape
    n_vocab, n_text_state = arrays["decoder/embeddings/weight"].shape
    return {
        "n_mels": n_mels,
        "n_audio_ctx": len(arrays["encoder/position_encodings/encodings"]),
        "n_audio_state": n_state,
        "n_audio_head": int(arrays["encoder/num_heads"]),
        "n_audio_layer": _layers(arrays, "encoder"),
        "n_vocab": n_vocab,
        "n_text_ctx": len(arrays["decoder/position_encodings/encodings"]),
        "n_text_state": n_text_state,
        "n_text_head": int(arrays["decoder/num_heads"]),
        "n_text_layer": _layers(arrays, "decoder"),
    }


def _layers(arrays: Mapping[str, Array], part: str) -> int:
    prefix = f"{part}/layer_"
    return len({name.split("/")[1] for name in arrays if name.startswith(prefix)} - {"layer_norm"})


def _openai_state(arrays: Mapping[str, Array]) -> dict[str, Array]:
    state: dict[str, Array] = {}

    def linear(to: str, at: str) -> None:
        state[f"{to}.weight"] = arrays[f"{at}/weight"]
        state[f"{to}.bias"] = arrays[f"{at}/bias"]

    def norm(to: str, at: str) -> None:
        state[f"{to}.weight"] = arrays[f"{at}/layer_norm/gamma"]
        state[f"{to}.bias"] = arrays[f"{at}/layer_norm/beta"]

    def fused(to: str, at: str, *parts: str) -> None:
        weights = np.split(arrays[f"{at}/weight"], len(parts))
        biases = np.split(arrays[f"{at}/bias"], len(parts))
        for part, weight, bias in zip(parts, weights, biases, strict=True):
            state[f"{to}.{part}.weight"] = weight
            if part != "key":
                state[f"{to}.{part}.bias"] = bias
            elif bias.any():
                raise WeightsError(f"{at} has a bias on the key, which Whisper has not")

    for part in ("encoder", "decoder"):
        state[f"{part}.positional_embedding"] = arrays[f"{part}/position_encodings/encodings"]
        for layer in range(_layers(arrays, part)):
            to, at = f"{part}.blocks.{layer}", f"{part}/layer_{layer}"
            norm(f"{to}.attn_ln", f"{at}/self_attention")
            fused(f"{to}.attn", f"{at}/self_attention/linear_0", "query", "key", "value")
            linear(f"{to}.attn.out", f"{at}/self_attention/linear_1")
            if part == "decoder":
                norm(f"{to}.cross_attn_ln", f"{at}/attention")
                linear(f"{to}.cross_attn.query", f"{at}/attention/linear_0")
                fused(f"{to}.cross_attn", f"{at}/attention/linear_1", "key", "value")
                linear(f"{to}.cross_attn.out", f"{at}/attention/linear_2")
            norm(f"{to}.mlp_ln", f"{at}/ffn")
            linear(f"{to}.mlp.0", f"{at}/ffn/linear_0")
            linear(f"{to}.mlp.2", f"{at}/ffn/linear_1")
    linear("encoder.conv1", "encoder/conv1")
    linear("encoder.conv2", "encoder/conv2")
    norm("encoder.ln_post", "encoder")
    norm("decoder.ln", "decoder")
    state["decoder.token_embedding.weight"] = arrays["decoder/embeddings/weight"]
    return state
