"""The adapter, trained on a tiny MPNet."""

import numpy as np
import pytest
from mpnet import HIDDEN, LAYERS, write_mpnet, write_tokenizer

from callinsight.tagging.adapter_training import RANK, train_adapter
from callinsight.tagging.encoder import SIZE
from callinsight.tagging.labelled import LabelledTurn, Labels

CONCERNS = ("price_budget", "need_fit")
TURNS = [
    LabelledTurn(
        id=f"t-{number}",
        source="invented",
        context="so that is it",
        text=f"{'far too dear' if number % 2 else 'see you on monday'} {number}",
        labels=(
            Labels(("price_budget",), "objection", ask=False)
            if number % 2
            else Labels((), "none", ask=False),
        ),
    )
    for number in range(20)
]


@pytest.fixture
def folder(tmp_path):
    write_mpnet(tmp_path)
    write_tokenizer(tmp_path / "tokenizer.json", ["far", "too", "dear", "see", "you", "on"])
    return tmp_path


def trained(folder, **options):
    tensors = train_adapter(TURNS, CONCERNS, folder, tell=lambda _: None, **options)
    return {name: tensor.float().numpy() for name, tensor in tensors.items()}


def test_the_same_seed_gives_the_same_adapter_and_another_another(folder):
    one, again, other = (trained(folder, seed=seed) for seed in (1, 1, 2))

    assert one.keys() == again.keys() == other.keys()
    assert all(np.array_equal(one[name], again[name]) for name in one)
    assert not np.array_equal(one["projection"], other["projection"])
    assert all(np.abs(values).max() > 0 for values in one.values())  # no update stays at nothing
    assert one["projection"].shape == (SIZE, HIDDEN)
    assert {value.shape[0] for name, value in one.items() if name.endswith(".down")} == {RANK}
    assert len({name.split(".")[2] for name in one if name.endswith(".up")}) == LAYERS
