"""Fit the adapter of the turn encoder on the labelled turns: `make adapter`, an hour on two cores.

Low-rank updates (LoRA, Hu et al. 2021, arXiv:2106.09685) of the linear layers of all-mpnet-base-v2,
a projection and heads that are thrown away after: those that count are fitted in training.py, on
turns of sources that the adapter has not seen.
"""

from __future__ import annotations

import json
import math
from typing import TYPE_CHECKING, Any

import numpy as np

from callinsight.records import STANCES
from callinsight.tagging.encoder import CONTEXT_WORDS, MAX_TOKENS, SIZE

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from pathlib import Path

    import torch
    from numpy.typing import NDArray
    from tokenizers import Encoding

    from callinsight.tagging.labelled import LabelledTurn

RANK = 16
SCALE = 2.0  # of the updates
EPOCHS = 3
BATCH = 16
SORTED = 16  # batches whose turns are sorted by length, so that little is padded
RATE, HEAD_RATE = 4e-4, 1.2e-3
DECAY = 0.01
WARM_UP = 0.06  # of all steps
HEAD_DROPOUT, DROPOUT = 0.2, 0.1
GAIN = 10.0  # of the projection: tokens' vectors are small, and heads would be slow to use them
RARE = -2.5  # log odds that the heads start from: most turns have no given concern
TOLD = 100  # steps between two messages
NO_CONTEXT, OTHER_CONTEXT = 0.15, 0.15  # of turns: the buyer's own words must be enough for most
SEED = 20261122


def train_adapter(
    turns: Sequence[LabelledTurn],
    concerns: Sequence[str],
    folder: Path,
    *,
    tell: Callable[[str], None],
    seed: int = SEED,
) -> dict[str, torch.Tensor]:
    """The tensors of the adapter, by name, from turns and the folder of all-mpnet-base-v2."""
    import torch
    from tokenizers import Tokenizer

    torch.manual_seed(seed)
    random = np.random.default_rng(seed)
    tokenizer = Tokenizer.from_file(str(folder / "tokenizer.json"))
    tokenizer.no_padding()
    tokenizer.enable_truncation(MAX_TOKENS)
    network = _network(folder, outputs=len(concerns) + len(STANCES) + 1)
    weights = [p for p in network.parameters() if p.requires_grad]
    new = {id(p) for p in (*network.head.parameters(), *network.projection.parameters())}
    optimizer = torch.optim.AdamW(
        [
            {"params": [p for p in weights if id(p) not in new], "lr": RATE},
            {"params": [p for p in weights if id(p) in new], "lr": HEAD_RATE},
        ],
        weight_decay=DECAY,
    )
    steps = EPOCHS * math.ceil(len(turns) / BATCH)
    schedule = torch.optim.lr_scheduler.LambdaLR(optimizer, lambda step: _share(step, steps))
    labels = _labels(turns, concerns)
    network.train()
    for epoch in range(EPOCHS):
        encoded = [
            tokenizer.encode(context, turn.text) if context else tokenizer.encode(turn.text)
            for turn, context in zip(turns, _contexts(turns, random), strict=True)
        ]
        losses = []
        for batch in _batches([len(e.ids) for e in encoded], random):
            scores = network(*_padded([encoded[i] for i in batch]))
            loss = _loss(scores, labels[batch], len(concerns))
            optimizer.zero_grad()
            loss.backward()
            torch.nn.utils.clip_grad_norm_(weights, 1.0)
            optimizer.step()
            schedule.step()
            losses.append(loss.item())
            if len(losses) % TOLD == 0:
                recent = np.mean(losses[-TOLD:])
                tell(f"epoch {epoch + 1} of {EPOCHS}, step {len(losses)}: loss {recent:.3f}")
    return _tensors(network)


def _contexts(turns: Sequence[LabelledTurn], random: np.random.Generator) -> list[str]:
    """The end of the seller's turn before each turn; in some it is missing or another's."""
    contexts = []
    for turn in turns:
        chance = random.random()
        other = turns[int(random.integers(len(turns)))]
        context = turn.context
        if chance < NO_CONTEXT:
            context = ""
        elif chance < NO_CONTEXT + OTHER_CONTEXT:
            context = other.context
        contexts.append(" ".join(context.split()[-CONTEXT_WORDS:]))
    return contexts


def _labels(turns: Sequence[LabelledTurn], concerns: Sequence[str]) -> torch.Tensor:
    """Targets [turns, concerns + stances + 1], the mean of what the annotators said."""
    import torch

    rows = [
        [turn.concern_share(c) for c in concerns]
        + [turn.stance_share(stance) for stance in STANCES]
        + [turn.ask_share]
        for turn in turns
    ]
    return torch.tensor(rows, dtype=torch.float32)


def _loss(scores: torch.Tensor, wanted: torch.Tensor, concerns: int) -> torch.Tensor:
    from torch.nn import functional

    stances = slice(concerns, concerns + len(STANCES))
    binary = functional.binary_cross_entropy_with_logits
    return (
        binary(scores[:, :concerns], wanted[:, :concerns]) * concerns
        + functional.cross_entropy(scores[:, stances], wanted[:, stances])
        + binary(scores[:, -1], wanted[:, -1])
    )


def _batches(lengths: Sequence[int], random: np.random.Generator) -> Iterator[NDArray[np.int_]]:
    order = random.permutation(len(lengths))
    batches = []
    for start in range(0, len(order), BATCH * SORTED):
        window = sorted(order[start : start + BATCH * SORTED], key=lambda i: (lengths[i], i))
        batches += [np.array(window[i : i + BATCH]) for i in range(0, len(window), BATCH)]
    for i in random.permutation(len(batches)):
        yield batches[i]


def _padded(encoded: Sequence[Encoding]) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
    """Token ids, which tokens are there, and which of them the buyer said, [turns, length]."""
    import torch

    longest = max(len(e.ids) for e in encoded)
    ids = torch.ones(len(encoded), longest, dtype=torch.long)
    there = torch.zeros_like(ids)
    said = torch.zeros_like(ids)
    for row, e in enumerate(encoded):
        buyer = max(sequence or 0 for sequence in e.sequence_ids)
        ids[row, : len(e.ids)] = torch.tensor(e.ids)
        there[row, : len(e.ids)] = 1
        said[row, : len(e.ids)] = torch.tensor([int(s == buyer) for s in e.sequence_ids])
    return ids, there, said


def _share(step: int, steps: int) -> float:
    """The learning rate rises, then falls to nothing in a straight line."""
    return min(1.0, (step + 1) / (WARM_UP * steps)) * max(0.0, (steps - step) / steps)


def _network(folder: Path, *, outputs: int) -> Any:
    import torch
    from safetensors.torch import load_file
    from torch import nn
    from transformers import MPNetConfig, MPNetModel

    settings = json.loads((folder / "config.json").read_text(encoding="utf-8"))
    config = MPNetConfig(**settings, attn_implementation="eager")
    config.hidden_dropout_prob = config.attention_probs_dropout_prob = DROPOUT
    mpnet = MPNetModel(config, add_pooling_layer=False)
    state = load_file(folder / "model.safetensors")
    mpnet.load_state_dict({k.removeprefix("mpnet."): v for k, v in state.items()}, strict=False)
    mpnet.requires_grad_(requires_grad=False)

    class Adapted(nn.Module):  # type: ignore[misc]
        def __init__(self, base: nn.Linear) -> None:
            super().__init__()
            self.base = base
            spread = 1 / math.sqrt(base.in_features)
            self.down = nn.Parameter(torch.randn(RANK, base.in_features) * spread)
            self.up = nn.Parameter(torch.zeros(base.out_features, RANK))

        def forward(self, inputs: torch.Tensor) -> torch.Tensor:
            update = inputs @ self.down.T @ self.up.T
            return self.base(inputs) + SCALE * update

    class Network(nn.Module):  # type: ignore[misc]
        def __init__(self) -> None:
            super().__init__()
            self.mpnet = mpnet
            for name, module in list(mpnet.encoder.named_modules()):
                if isinstance(module, nn.Linear):
                    parent, _, leaf = name.rpartition(".")
                    setattr(mpnet.encoder.get_submodule(parent), leaf, Adapted(module))
            self.projection = nn.Linear(config.hidden_size, SIZE, bias=False)
            self.dropout = nn.Dropout(HEAD_DROPOUT)
            self.head = nn.Linear(SIZE, outputs)
            nn.init.orthogonal_(self.projection.weight, gain=GAIN)
            nn.init.zeros_(self.head.weight)
            nn.init.constant_(self.head.bias, RARE)

        def forward(
            self, ids: torch.Tensor, there: torch.Tensor, said: torch.Tensor
        ) -> torch.Tensor:
            tokens = self.mpnet(input_ids=ids, attention_mask=there).last_hidden_state.float()
            mask = said[:, :, None].float()
            mean = (tokens * mask).sum(1) / mask.sum(1).clamp(min=1)
            return self.head(self.dropout(self.projection(mean)))

    return Network()


def _tensors(network: Any) -> dict[str, torch.Tensor]:
    """What the file of the adapter holds: half precision is enough for updates this small."""
    import torch

    tensors = {"projection": network.projection.weight.detach().to(torch.float16).contiguous()}
    for name, value in network.mpnet.named_parameters():
        if name.endswith(".down"):
            tensors[name] = value.detach().to(torch.float16).contiguous()
        elif name.endswith(".up"):
            tensors[name] = (SCALE * value.detach()).to(torch.float16).contiguous()
    return tensors
