"""Networks of verified weights to ONNX.

A conversion to ONNX runs once, at pull time. It is compared with the original network before
it is kept, and `converted.json` beside it says what it was made from and with. Its large tensors
lie in a file of their own, which a session maps: it takes memory only for what it uses of them.
"""

from __future__ import annotations

import hashlib
import json
import logging
import tempfile
import warnings
from importlib.metadata import version
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, Literal

import numpy as np

from callinsight.errors import WeightsError
from callinsight.networks import NETWORK, NUMBERS

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    import torch
    from numpy.typing import NDArray
    from transformers import BertConfig, MPNetConfig

CONVERTED = NETWORK
RECORD = "converted.json"
UNFINISHED = ".pull-"  # starts the name of a temporary folder; what an interruption leaves
OPSET = 17
LARGE = 1024  # bytes of a tensor that is kept outside the graph
TOLERANCE = 1e-4  # largest difference allowed between the two networks, on vectors of length 1

# Raise the number when the graph changes: what was converted before is then converted again.
EDITIONS = {"minilm_to_onnx": 1, "mpnet_to_onnx": 1, "voice_to_onnx": 1}

ADAPTER = Path(__file__).parent / "tagging" / "adapter.safetensors"
QUANTIZED_COSINE = 0.98  # mean likeness of tokens' vectors in 8 bits to those in 32

State = Literal["good", "missing", "damaged"]

VOICE_MELS, VOICE_HIDDEN, VOICE_LAYERS, VOICE_SIZE = 40, 256, 3, 256


def state(folder: Path, kind: str, sources: Mapping[str, str]) -> State:
    """Whether `folder` holds the result of a conversion from files with these sha256 (by name)."""
    try:
        record = json.loads((folder / RECORD).read_text(encoding="utf-8"))
        current = (
            record["conversion"] == edition(kind) and record["sources"].items() <= sources.items()
        )
        wanted = {CONVERTED: record["sha256"], NUMBERS: record["numbers_sha256"]}
    except (FileNotFoundError, ValueError, KeyError, TypeError, AttributeError):
        return "missing"
    if not current or not all((folder / name).is_file() for name in wanted):
        return "missing"
    good = all(sha256_of(folder / name) == sha256 for name, sha256 in wanted.items())
    return "good" if good else "damaged"


def minilm_to_onnx(folder: Path) -> None:
    """Convert all-MiniLM-L6-v2 (model.safetensors and config.json) to model.onnx in its folder.

    The graph takes `input_ids`, `attention_mask` and `token_type_ids` (int64 [batch, length]) and
    gives `embedding` [batch, 384]: the mean over the unmasked tokens, of length 1.
    Raises WeightsError when ONNX and torch differ.
    """
    import torch
    from transformers import BertConfig

    settings = json.loads((folder / "config.json").read_text(encoding="utf-8"))
    # The eager attention is plain matrix products; the fused ones branch on values of the mask.
    config = BertConfig(**settings, attn_implementation="eager")

    def tokens(batch: int, length: int) -> dict[str, torch.Tensor]:
        random = torch.Generator().manual_seed(length)
        shape = (batch, length)
        mask = torch.ones(shape, dtype=torch.long)
        mask[-1, (length + 1) // 2 :] = 0
        return {
            "input_ids": torch.randint(config.vocab_size, shape, generator=random),
            "attention_mask": mask,
            "token_type_ids": torch.zeros(shape, dtype=torch.long),
        }

    _export(
        _sentence_encoder(config, folder / "model.safetensors"),
        [tokens(2, 7), tokens(1, 3), tokens(3, 20), tokens(2, config.max_position_embeddings)],
        kind="minilm_to_onnx",
        axes={0: "batch", 1: "length"},
        folder=folder,
        sources=("model.safetensors", "config.json"),
    )


def _sentence_encoder(config: BertConfig, weights: Path) -> torch.nn.Module:
    """BERT, then the mean over the unmasked tokens, of length 1."""
    import torch
    from safetensors.torch import load_file
    from transformers import BertModel

    bert = BertModel(config, add_pooling_layer=False)
    loaded = bert.load_state_dict(load_file(weights), strict=False)  # it also has an unused pooler
    if loaded.missing_keys:
        raise WeightsError(f"{weights} lacks {', '.join(loaded.missing_keys)}")

    class SentenceEncoder(torch.nn.Module):  # type: ignore[misc]
        def __init__(self) -> None:
            super().__init__()
            self.bert = bert

        def forward(
            self,
            input_ids: torch.Tensor,
            attention_mask: torch.Tensor,
            token_type_ids: torch.Tensor,
        ) -> torch.Tensor:
            tokens = self.bert(
                input_ids=input_ids, attention_mask=attention_mask, token_type_ids=token_type_ids
            ).last_hidden_state
            mask = attention_mask.unsqueeze(-1).to(tokens.dtype)
            mean = (tokens * mask).sum(1) / mask.sum(1).clamp(min=1e-9)
            return torch.nn.functional.normalize(mean, dim=1)

    return SentenceEncoder().eval()


def mpnet_to_onnx(folder: Path, *, adapter: Path | None = None) -> None:
    """Convert all-mpnet-base-v2, with ours or another adapter added, to model.onnx in its folder.

    The adapter holds low-rank updates (LoRA, Hu et al. 2021) of the linear layers, `NAME.down`
    [rank, in] and `NAME.up` [out, rank], and `projection` [size, 768]. The graph takes `input_ids`
    and `attention_mask` (int64 [batch, length]) and gives `embedding` [batch, length, size], a
    vector a token. Most matrices are kept in 8 bits: a file of half a gigabyte would otherwise
    have to be in memory. Raises WeightsError when ONNX and torch differ.
    """
    import torch
    from transformers import MPNetConfig

    settings = json.loads((folder / "config.json").read_text(encoding="utf-8"))
    config = MPNetConfig(**settings, attn_implementation="eager")

    def tokens(batch: int, length: int) -> dict[str, torch.Tensor]:
        random = torch.Generator().manual_seed(length)
        shape = (batch, length)
        return {
            "input_ids": torch.randint(5, config.vocab_size, shape, generator=random),
            "attention_mask": torch.ones(shape, dtype=torch.long),
        }

    _export(
        _turn_encoder(config, folder / "model.safetensors", adapter or ADAPTER),
        [tokens(2, 7), tokens(1, 3), tokens(3, 20), tokens(1, 256)],
        kind="mpnet_to_onnx",
        axes={0: "batch", 1: "length"},
        gives={0: "batch", 1: "length"},
        folder=folder,
        sources=("model.safetensors", "config.json"),
        finish=_quantize,
        adapter=adapter,
    )


def _turn_encoder(config: MPNetConfig, weights: Path, adapter_file: Path) -> torch.nn.Module:
    """MPNet with the adapter in its matrices, then the projection of each token."""
    import torch
    from safetensors.torch import load_file
    from transformers import MPNetModel

    mpnet = MPNetModel(config, add_pooling_layer=False)
    state = {name.removeprefix("mpnet."): value for name, value in load_file(weights).items()}
    adapter = {name: value.float() for name, value in load_file(adapter_file).items()}
    for name in adapter:
        if name.endswith(".down"):
            layer = name.removesuffix(".down")
            state[f"{layer}.weight"] += adapter[f"{layer}.up"] @ adapter[name]
    loaded = mpnet.load_state_dict(state, strict=False)  # it also has an unused pooler
    if loaded.missing_keys:
        raise WeightsError(f"{weights} lacks {', '.join(loaded.missing_keys)}")

    class TurnEncoder(torch.nn.Module):  # type: ignore[misc]
        def __init__(self) -> None:
            super().__init__()
            self.mpnet = mpnet
            self.projection = torch.nn.Parameter(adapter["projection"])

        def forward(self, input_ids: torch.Tensor, attention_mask: torch.Tensor) -> torch.Tensor:
            tokens = self.mpnet(input_ids=input_ids, attention_mask=attention_mask)
            return tokens.last_hidden_state @ self.projection.T

    return TurnEncoder().eval()


def _quantize(made: Path, example: Mapping[str, NDArray[Any]]) -> None:
    """Matrices in 8 bits, but for the second of each feed-forward pair, whose inputs spread far."""
    import onnx
    import onnxruntime
    from onnxruntime.quantization import QuantType, quantize_dynamic

    nodes = onnx.load(made).graph.node
    products = [node.name for node in nodes if node.op_type == "MatMul"]
    small = made.with_name("small.onnx")
    logging.getLogger().disabled = True  # it warns that the graph could be prepared for calibration
    try:
        quantize_dynamic(
            made,
            small,
            weight_type=QuantType.QInt8,
            per_channel=True,
            op_types_to_quantize=["MatMul"],
            nodes_to_exclude=[n for n in products if "/output/dense" in n and "/attn" not in n],
            extra_options={"MatMulConstBOnly": True},
        )
    finally:
        logging.getLogger().disabled = False
    exact, rough = (
        onnxruntime.InferenceSession(path, providers=["CPUExecutionProvider"]).run(None, example)[0]
        for path in (made, small)
    )
    norms = np.linalg.norm(exact, axis=-1) * np.linalg.norm(rough, axis=-1)
    likeness = float(((exact * rough).sum(-1) / norms).mean())
    if not likeness > QUANTIZED_COSINE:
        raise WeightsError(
            f"{made.name} in 8 bits is too far from the original (cosine {likeness:.3f}, allowed: "
            f"{QUANTIZED_COSINE}); it was discarded. Install the version of onnxruntime in "
            "constraints.txt and pull again"
        )
    small.replace(made)


def voice_to_onnx(folder: Path) -> None:
    """Convert the voice encoder (pretrained.pt) to model.onnx in its folder.

    Three LSTM layers, the last state through a linear layer and ReLU, of length 1: the speaker
    encoder of Wan et al. 2018 (generalized end-to-end loss) as Resemblyzer trained it. The graph
    takes `mel` (float32 [batch, frames, 40]) and gives `embedding` [batch, 256].
    Raises WeightsError when ONNX and torch differ.
    """
    import torch

    class VoiceEncoder(torch.nn.Module):  # type: ignore[misc]
        def __init__(self) -> None:
            super().__init__()
            self.lstm = torch.nn.LSTM(VOICE_MELS, VOICE_HIDDEN, VOICE_LAYERS, batch_first=True)
            self.linear = torch.nn.Linear(VOICE_HIDDEN, VOICE_SIZE)

        def forward(self, mel: torch.Tensor) -> torch.Tensor:
            _, (hidden, _) = self.lstm(mel)
            return torch.nn.functional.normalize(torch.relu(self.linear(hidden[-1])), dim=1)

    network = VoiceEncoder()
    checkpoint = torch.load(folder / "pretrained.pt", map_location="cpu", weights_only=True)
    # The file also holds the scale and offset of the training loss, which the network does not.
    weights = checkpoint["model_state"]
    network.load_state_dict({name: weights[name] for name in network.state_dict()})

    def mel(batch: int, frames: int) -> dict[str, torch.Tensor]:
        random = torch.Generator().manual_seed(frames)
        return {"mel": torch.rand(batch, frames, VOICE_MELS, generator=random)}

    _export(
        network.eval(),
        [mel(2, 160), mel(1, 1), mel(5, 90)],
        kind="voice_to_onnx",
        axes={0: "batch", 1: "frames"},
        folder=folder,
        sources=("pretrained.pt",),
    )


CONVERSIONS: dict[str, Callable[[Path], None]] = {
    "minilm_to_onnx": minilm_to_onnx,
    "mpnet_to_onnx": mpnet_to_onnx,
    "voice_to_onnx": voice_to_onnx,
}


def _export(
    network: torch.nn.Module,
    examples: Sequence[Mapping[str, torch.Tensor]],
    *,
    kind: str,
    axes: Mapping[int, str],
    folder: Path,
    sources: tuple[str, ...],
    gives: Mapping[int, str] = MappingProxyType({0: "batch"}),
    finish: Callable[[Path, Mapping[str, NDArray[Any]]], None] | None = None,
    adapter: Path | None = None,
) -> None:
    """Write model.onnx, its numbers and converted.json.

    Inputs have the dynamic `axes`, the output `gives`. `finish` may change the file once it is
    known to be right; it gets the last example with it.
    """
    import torch

    names = list(examples[0])
    with tempfile.TemporaryDirectory(prefix=UNFINISHED, dir=folder) as temporary:
        made = Path(temporary) / CONVERTED
        with warnings.catch_warnings():
            # The TorchScript exporter is the one that needs no further package; it and the
            # tracer warn about what the comparison below checks.
            warnings.simplefilter("ignore")
            torch.onnx.export(
                network,
                tuple(examples[0].values()),
                str(made),
                input_names=names,
                output_names=["embedding"],
                dynamic_axes={name: dict(axes) for name in names} | {"embedding": dict(gives)},
                opset_version=OPSET,
                dynamo=False,
            )
        largest = _compare(network, made, examples)
        if finish:
            finish(made, {name: value.numpy() for name, value in examples[-1].items()})
        numbers = _set_apart(made)
        record = {
            "conversion": edition(kind, adapter),
            "sources": {name: sha256_of(folder / name) for name in sources},
            "sha256": sha256_of(made),
            "numbers_sha256": sha256_of(numbers),
            "largest_difference": largest,
            "versions": {
                name: version(name) for name in ("torch", "transformers", "onnx", "onnxruntime")
            },
        }
        noted = Path(temporary) / RECORD
        noted.write_text(json.dumps(record, indent=2) + "\n", encoding="utf-8")
        (folder / RECORD).unlink(missing_ok=True)  # until both files are those that it will name
        numbers.replace(folder / NUMBERS)
        made.replace(folder / CONVERTED)
        noted.replace(folder / RECORD)


def _set_apart(made: Path) -> Path:
    """Move the large tensors of the graph to a file beside it, and return that."""
    import onnx

    numbers = made.with_name(NUMBERS)
    onnx.save(
        onnx.load(made),
        made,
        save_as_external_data=True,
        location=numbers.name,
        size_threshold=LARGE,
    )
    numbers.chmod(made.stat().st_mode)  # onnx writes it for the user alone
    return numbers


def _compare(
    network: torch.nn.Module, made: Path, examples: Sequence[Mapping[str, torch.Tensor]]
) -> float:
    """Largest absolute difference between torch and onnxruntime over the examples."""
    import onnxruntime
    import torch

    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1  # idle threads would spin against torch's
    session = onnxruntime.InferenceSession(made, options, providers=["CPUExecutionProvider"])
    differences = []
    for example in examples:
        with torch.inference_mode():
            expected = network(**example).numpy()
        given = session.run(None, {name: value.numpy() for name, value in example.items()})[0]
        differences.append(float(np.abs(given - expected).max()))
    largest = float(np.max(differences))
    if not largest < TOLERANCE:  # so written that NaN fails too
        raise WeightsError(
            f"{made.name} differs from the original network by {largest:.1e} "
            f"(allowed: {TOLERANCE:.0e}); it was discarded. Install the versions of torch and "
            "onnxruntime in constraints.txt and pull again"
        )
    return largest


def edition(kind: str, adapter: Path | None = None) -> str:
    """What a conversion makes of the same files, as one word; `adapter` is another than ours."""
    if kind != "mpnet_to_onnx":
        return f"{kind}/{EDITIONS[kind]}"
    sha256 = sha256_of(adapter) if adapter else _adapter_sha256()
    return f"{kind}/{EDITIONS[kind]}/{sha256[:12]}"


def _adapter_sha256() -> str:
    """The sha256 of the adapter, which must be the one noted beside it; raises WeightsError."""
    noted = ADAPTER.with_suffix(".sha256")
    try:
        wanted, sha256 = noted.read_text(encoding="ascii").split()[0], sha256_of(ADAPTER)
    except (OSError, IndexError) as exc:
        raise WeightsError(
            f"{ADAPTER} or {noted.name} is missing: install callinsight again"
        ) from exc
    if sha256 != wanted:
        raise WeightsError(
            f"{ADAPTER} has sha256 {sha256} instead of {wanted}: install callinsight again"
        )
    return sha256


def sha256_of(path: Path) -> str:
    """The sha256 of a file, in hexadecimal."""
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()
