"""A tiny MPNet with an adapter, in the form of the tagger's encoder, to convert in a second."""

import hashlib
import json
from pathlib import Path

SIZE = 128
HIDDEN, INNER, LAYERS, VOCABULARY = 32, 64, 2, 500
RANK = 3
SETTINGS = {
    "vocab_size": VOCABULARY,
    "hidden_size": HIDDEN,
    "num_hidden_layers": LAYERS,
    "num_attention_heads": 4,
    "intermediate_size": INNER,
    "max_position_embeddings": 300,
}
ADAPTED = {  # (in, out)
    "attention.attn.q": (HIDDEN, HIDDEN),
    "attention.attn.o": (HIDDEN, HIDDEN),
    "intermediate.dense": (HIDDEN, INNER),
    "output.dense": (INNER, HIDDEN),
}


def write_mpnet(folder: Path) -> None:
    """Random weights and their config.json, with the prefix of the hub's file."""
    import torch
    from safetensors.torch import save_file
    from transformers import MPNetConfig, MPNetModel

    torch.manual_seed(0)
    state = MPNetModel(MPNetConfig(**SETTINGS)).state_dict()
    save_file({f"mpnet.{n}": v.clone() for n, v in state.items()}, folder / "model.safetensors")
    (folder / "config.json").write_text(json.dumps(SETTINGS))


def write_adapter(path: Path, *, seed: int = 1) -> None:
    """Random updates of some layers, large enough to be seen, and a projection; its sha256 beside it."""
    import torch
    from safetensors.torch import save_file

    random = torch.Generator().manual_seed(seed)

    def half(*shape: int) -> torch.Tensor:
        return (torch.randn(*shape, generator=random) * 0.3).to(torch.float16)

    tensors = {"projection": half(SIZE, HIDDEN)}
    for layer in range(LAYERS):
        for name, (inputs, outputs) in ADAPTED.items():
            tensors[f"encoder.layer.{layer}.{name}.down"] = half(RANK, inputs)
            tensors[f"encoder.layer.{layer}.{name}.up"] = half(outputs, RANK)
    save_file(tensors, path)
    sha256 = hashlib.sha256(path.read_bytes()).hexdigest()
    path.with_suffix(".sha256").write_text(f"{sha256}  {path.name}\n")


def write_tokenizer(path: Path, words: list[str]) -> None:
    """One token a word, in the layout of MPNet's pairs; unknown words are one token too."""
    from tokenizers import Tokenizer
    from tokenizers.models import WordLevel
    from tokenizers.pre_tokenizers import WhitespaceSplit
    from tokenizers.processors import TemplateProcessing

    known = {word: number for number, word in enumerate(["<s>", "<pad>", "</s>", "[UNK]", *words])}
    tokenizer = Tokenizer(WordLevel(known, unk_token="[UNK]"))
    tokenizer.pre_tokenizer = WhitespaceSplit()
    tokenizer.post_processor = TemplateProcessing(
        single="<s> $A </s>",
        pair="<s> $A </s> </s> $B:1 </s>:1",
        special_tokens=[("<s>", 0), ("</s>", 2)],
    )
    tokenizer.save(str(path))
