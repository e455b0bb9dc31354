from __future__ import annotations

import hashlib
import json

import numpy as np
import pytest
from mpnet import ADAPTED, LAYERS, SETTINGS, SIZE, write_adapter, write_mpnet

from callinsight import conversion, weights
from callinsight.errors import WeightsError

DISCARDED = (
    "was damaged (its sha256 is not the expected one) and has been discarded: "
    "run 'callinsight models pull toy'"
)


def run(folder, **inputs) -> np.ndarray:
    import onnxruntime

    return onnxruntime.InferenceSession(folder / "model.onnx").run(["embedding"], inputs)[0]


@pytest.fixture(scope="module", autouse=True)
def _one_thread():
    import torch

    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


@pytest.fixture
def voice(tmp_path):
    """A folder with made-up weights in the form of the voice encoder's."""
    import torch

    torch.manual_seed(0)
    lstm, linear = torch.nn.LSTM(40, 256, 3, batch_first=True), torch.nn.Linear(256, 256)
    state = {f"lstm.{name}": value for name, value in lstm.state_dict().items()}
    state |= {f"linear.{name}": value for name, value in linear.state_dict().items()}
    state |= {"similarity_weight": torch.tensor([10.0]), "similarity_bias": torch.tensor([-5.0])}
    torch.save({"step": 1, "model_state": state}, tmp_path / "pretrained.pt")
    return tmp_path


def lstm_by_hand(mel: np.ndarray, state: dict) -> np.ndarray:
    """The voice encoder written out for one window of [frames, 40]."""
    layer_input = mel
    for layer in range(3):
        hidden, cell = np.zeros(256), np.zeros(256)
        outputs = []
        for frame in layer_input:
            gates = (
                state[f"lstm.weight_ih_l{layer}"] @ frame
                + state[f"lstm.bias_ih_l{layer}"]
                + state[f"lstm.weight_hh_l{layer}"] @ hidden
                + state[f"lstm.bias_hh_l{layer}"]
            )
            i, f, g, o = np.split(gates, 4)
            cell = cell / (1 + np.exp(-f)) + np.tanh(g) / (1 + np.exp(-i))
            hidden = np.tanh(cell) / (1 + np.exp(-o))
            outputs.append(hidden)
        layer_input = np.array(outputs)
    positive = np.maximum(state["linear.weight"] @ hidden + state["linear.bias"], 0)
    return positive / np.linalg.norm(positive)


def test_voice_is_the_network_written_out_by_hand(voice, capfd):
    import torch

    conversion.voice_to_onnx(voice)

    state = torch.load(voice / "pretrained.pt", weights_only=True)["model_state"]
    state = {name: value.numpy().astype(np.float64) for name, value in state.items()}
    mel = np.random.default_rng(0).random((3, 25, 40), dtype=np.float32)
    expected = np.array([lstm_by_hand(window, state) for window in mel])
    assert run(voice, mel=mel) == pytest.approx(expected, abs=1e-5)
    assert capfd.readouterr() == ("", "")


def test_the_record_says_what_was_converted_and_with_what(voice):
    conversion.voice_to_onnx(voice)

    record = json.loads((voice / "converted.json").read_text())
    source = hashlib.sha256((voice / "pretrained.pt").read_bytes()).hexdigest()
    assert record["conversion"] == "voice_to_onnx/1"
    assert record["sources"] == {"pretrained.pt": source}
    assert record["sha256"] == conversion.sha256_of(voice / "model.onnx")
    assert record["numbers_sha256"] == conversion.sha256_of(voice / "model.onnx.data")
    assert 0 < record["largest_difference"] < 1e-4
    assert set(record["versions"]) == {"torch", "transformers", "onnx", "onnxruntime"}
    assert {path.name for path in voice.iterdir()} == {
        *("pretrained.pt", "model.onnx", "model.onnx.data", "converted.json"),
    }


def test_state_knows_good_damaged_stale_and_missing(voice, monkeypatch):
    source = {"pretrained.pt": conversion.sha256_of(voice / "pretrained.pt"), "other": "0"}
    assert conversion.state(voice, "voice_to_onnx", source) == "missing"

    conversion.voice_to_onnx(voice)
    assert conversion.state(voice, "voice_to_onnx", source) == "good"
    assert conversion.state(voice, "voice_to_onnx", {"pretrained.pt": "0" * 64}) == "missing"
    with monkeypatch.context() as newer:
        newer.setitem(conversion.EDITIONS, "voice_to_onnx", 2)
        assert conversion.state(voice, "voice_to_onnx", source) == "missing"

    for name in ("model.onnx", "model.onnx.data"):
        whole = (voice / name).read_bytes()
        (voice / name).write_bytes(whole[:-1] + bytes([whole[-1] ^ 1]))
        assert conversion.state(voice, "voice_to_onnx", source) == "damaged"
        (voice / name).unlink()
        assert conversion.state(voice, "voice_to_onnx", source) == "missing"
        (voice / name).write_bytes(whole)
        assert conversion.state(voice, "voice_to_onnx", source) == "good"
    (voice / "converted.json").write_text("[]")
    assert conversion.state(voice, "voice_to_onnx", source) == "missing"


def test_the_graph_is_small_and_its_numbers_lie_beside_it_for_all_to_read(voice):
    conversion.voice_to_onnx(voice)

    graph, numbers = voice / "model.onnx", voice / "model.onnx.data"
    assert graph.stat().st_size < 20_000 < 5_000_000 < numbers.stat().st_size
    assert numbers.stat().st_mode == graph.stat().st_mode


def test_a_network_of_one_file_is_converted_again(voice):
    """As it was kept before its numbers were set apart; its vectors are the same."""
    source = {"pretrained.pt": conversion.sha256_of(voice / "pretrained.pt")}
    conversion.voice_to_onnx(voice)
    record = json.loads((voice / "converted.json").read_text())
    del record["numbers_sha256"]
    (voice / "converted.json").write_text(json.dumps(record))

    assert conversion.state(voice, "voice_to_onnx", source) == "missing"


def test_a_network_that_came_out_different_is_not_kept(voice, monkeypatch):
    monkeypatch.setattr(conversion, "TOLERANCE", 1e-12)

    with pytest.raises(WeightsError) as raised:
        conversion.voice_to_onnx(voice)

    difference = str(raised.value).split(" by ")[1].split(" (")[0]
    assert str(raised.value) == (
        f"model.onnx differs from the original network by {difference} (allowed: 1e-12); it was "
        "discarded. Install the versions of torch and onnxruntime in constraints.txt and pull again"
    )
    assert [path.name for path in voice.iterdir()] == ["pretrained.pt"]


@pytest.mark.parametrize("name", ["model.onnx", "model.onnx.data"])
def test_a_converted_file_with_a_wrong_byte_is_discarded_and_made_again(voice, monkeypatch, name):
    file = weights.File("pretrained.pt", conversion.sha256_of(voice / "pretrained.pt"))
    model = weights.Model("toy", "a toy", "MIT", (file,), (), convert="voice_to_onnx")
    monkeypatch.setitem(weights.MODELS, "toy", model)
    monkeypatch.setenv("CALLINSIGHT_MODELS", str(voice / "models"))
    home = weights.pull("toy", source=voice)
    made = (home / name).read_bytes()
    (home / name).write_bytes(made[:-1])

    problems = weights.verify("toy")

    assert problems == [f"{home / 'model.onnx'} {DISCARDED}"]
    assert not (home / "model.onnx").exists()
    monkeypatch.setenv("CALLINSIGHT_OFFLINE", "1")  # to convert again, no network is needed
    assert (weights.folder("toy") / name).read_bytes() == made


def test_minilm_pools_over_the_mask_only(tmp_path, capfd):
    import torch
    from safetensors.torch import save_file
    from transformers import BertConfig, BertModel

    torch.manual_seed(0)
    settings = {
        "vocab_size": 2000,
        "hidden_size": 32,
        "num_hidden_layers": 2,
        "num_attention_heads": 4,
        "intermediate_size": 64,
        "max_position_embeddings": 64,
    }
    bert = BertModel(BertConfig(**settings)).eval()
    save_file(bert.state_dict(), tmp_path / "model.safetensors")
    (tmp_path / "config.json").write_text(json.dumps(settings))
    capfd.readouterr()

    conversion.minilm_to_onnx(tmp_path)

    assert capfd.readouterr() == ("", "")
    ids = np.random.default_rng(0).integers(0, 2000, (3, 11))
    lengths = [11, 6, 1]
    expected = []
    for row, length in zip(ids, lengths, strict=True):
        with torch.inference_mode():
            tokens = bert(input_ids=torch.from_numpy(row[None, :length])).last_hidden_state
        mean = tokens[0].numpy().mean(axis=0)
        expected.append(mean / np.linalg.norm(mean))
    mask = (np.arange(11) < np.array(lengths)[:, None]).astype(np.int64)
    given = run(tmp_path, input_ids=ids, attention_mask=mask, token_type_ids=np.zeros_like(ids))
    assert given == pytest.approx(np.array(expected), abs=1e-5)


def test_minilm_names_the_weights_that_are_missing(tmp_path):
    import torch
    from safetensors.torch import save_file

    settings = {"vocab_size": 10, "hidden_size": 4, "num_hidden_layers": 0}
    names = ["position_embeddings", "token_type_embeddings"]
    shapes = [(512, 4), (2, 4)]
    state = {f"embeddings.{n}.weight": torch.zeros(s) for n, s in zip(names, shapes, strict=True)}
    state |= {f"embeddings.LayerNorm.{name}": torch.ones(4) for name in ("weight", "bias")}
    save_file(state, tmp_path / "model.safetensors")
    (tmp_path / "config.json").write_text(json.dumps({**settings, "num_attention_heads": 1}))

    with pytest.raises(WeightsError) as raised:
        conversion.minilm_to_onnx(tmp_path)

    source = tmp_path / "model.safetensors"
    assert str(raised.value) == f"{source} lacks embeddings.word_embeddings.weight"


@pytest.fixture
def mpnet(tmp_path, monkeypatch):
    """A folder with a tiny MPNet, and a tiny adapter in the place of the real one."""
    folder = tmp_path / "mpnet"
    folder.mkdir()
    write_mpnet(folder)
    write_adapter(tmp_path / "adapter.safetensors")
    monkeypatch.setattr(conversion, "ADAPTER", tmp_path / "adapter.safetensors")
    return folder


def mpnet_by_hand(folder, ids: np.ndarray, *, adapted: bool) -> np.ndarray:
    """The vectors of [batch, length] tokens, each matrix W as W + up @ down."""
    import torch
    from safetensors.torch import load_file
    from transformers import MPNetConfig, MPNetModel

    network = MPNetModel(MPNetConfig(**SETTINGS), add_pooling_layer=False).eval()
    state = load_file(folder / "model.safetensors")
    named = {name.removeprefix("mpnet."): value for name, value in state.items()}
    network.load_state_dict(named, strict=False)
    adapter = {name: value.double() for name, value in load_file(conversion.ADAPTER).items()}
    for layer in range(LAYERS):
        for name in ADAPTED:
            matrix = f"encoder.layer.{layer}.{name}"
            update = adapter[f"{matrix}.up"] @ adapter[f"{matrix}.down"]
            if adapted:
                network.get_submodule(matrix).weight.data += update.float()
    with torch.inference_mode():
        tokens = network(input_ids=torch.from_numpy(ids)).last_hidden_state
    return (tokens.double() @ adapter["projection"].T).numpy()


def likeness(one: np.ndarray, other: np.ndarray) -> np.ndarray:
    """Cosine of each pair of vectors [..., size]."""
    norms = np.linalg.norm(one, axis=-1) * np.linalg.norm(other, axis=-1)
    return (one * other).sum(axis=-1) / norms


@pytest.mark.parametrize("shape", [(1, 9), (3, 5), (1, 256)])
def test_the_turn_encoder_computes_the_sum_of_its_matrices_and_projects_each_token(
    mpnet, shape, capfd
):
    capfd.readouterr()

    conversion.mpnet_to_onnx(mpnet)

    assert capfd.readouterr() == ("", "")
    ids = np.random.default_rng(0).integers(5, SETTINGS["vocab_size"], shape)
    given = run(mpnet, input_ids=ids, attention_mask=np.ones_like(ids))
    assert given.shape == (*shape, SIZE)
    assert likeness(given, mpnet_by_hand(mpnet, ids, adapted=True)).min() > 0.98
    assert likeness(given, mpnet_by_hand(mpnet, ids, adapted=False)).mean() < 0.9


def test_before_its_matrices_are_made_small_the_turn_encoder_is_exact(mpnet):
    conversion.mpnet_to_onnx(mpnet)

    record = json.loads((mpnet / "converted.json").read_text())
    adapter = conversion.sha256_of(conversion.ADAPTER)
    edition = conversion.EDITIONS["mpnet_to_onnx"]
    assert 0 < record["largest_difference"] < 1e-4
    assert record["conversion"] == f"mpnet_to_onnx/{edition}/{adapter[:12]}"
    assert set(record["sources"]) == {"model.safetensors", "config.json"}
    assert record["sha256"] == conversion.sha256_of(mpnet / "model.onnx")
    assert {path.name for path in mpnet.iterdir()} == {
        *("model.safetensors", "config.json", "model.onnx", "model.onnx.data", "converted.json"),
    }


def test_most_matrices_of_the_turn_encoder_are_kept_in_8_bits(mpnet):
    import onnx

    conversion.mpnet_to_onnx(mpnet)

    graph = onnx.load(mpnet / "model.onnx").graph
    kinds = [node.op_type for node in graph.node]
    exact = [n.name for n in graph.node if n.op_type == "MatMul" and "/attn" not in n.name]
    assert kinds.count("MatMulInteger") == 5 * LAYERS + 1  # q, k, v, o, the first dense; projection
    assert len(exact) == LAYERS
    assert all("/output/dense" in name for name in exact)


def test_an_adapter_that_is_not_ours_can_be_added(mpnet, tmp_path, monkeypatch):
    write_adapter(tmp_path / "other.safetensors", seed=2)

    conversion.mpnet_to_onnx(mpnet, adapter=tmp_path / "other.safetensors")

    ids = np.arange(5, 12)[np.newaxis]
    given = run(mpnet, input_ids=ids, attention_mask=np.ones_like(ids))
    assert likeness(given, mpnet_by_hand(mpnet, ids, adapted=True)).mean() < 0.5
    sources = {n: conversion.sha256_of(mpnet / n) for n in ("model.safetensors", "config.json")}
    assert conversion.state(mpnet, "mpnet_to_onnx", sources) == "missing"
    monkeypatch.setattr(conversion, "ADAPTER", tmp_path / "other.safetensors")
    assert likeness(given, mpnet_by_hand(mpnet, ids, adapted=True)).min() > 0.98
    assert conversion.state(mpnet, "mpnet_to_onnx", sources) == "good"


def test_another_adapter_makes_what_was_converted_stale(mpnet, tmp_path, monkeypatch):
    sources = {
        name: conversion.sha256_of(mpnet / name) for name in ("model.safetensors", "config.json")
    }
    conversion.mpnet_to_onnx(mpnet)
    before = conversion.edition("mpnet_to_onnx")
    write_adapter(tmp_path / "other.safetensors", seed=2)
    ids = np.arange(5, 12)[np.newaxis]
    vectors = run(mpnet, input_ids=ids, attention_mask=np.ones_like(ids))

    assert conversion.state(mpnet, "mpnet_to_onnx", sources) == "good"
    with monkeypatch.context() as other:
        other.setattr(conversion, "ADAPTER", tmp_path / "other.safetensors")
        assert conversion.state(mpnet, "mpnet_to_onnx", sources) == "missing"
        assert conversion.edition("mpnet_to_onnx") != before
        conversion.mpnet_to_onnx(mpnet)
        assert conversion.state(mpnet, "mpnet_to_onnx", sources) == "good"
    assert conversion.state(mpnet, "mpnet_to_onnx", sources) == "missing"
    again = run(mpnet, input_ids=ids, attention_mask=np.ones_like(ids))
    assert likeness(vectors, again).mean() < 0.5


def test_converting_twice_gives_the_same_bytes(mpnet):
    made = []
    for _ in range(2):
        conversion.mpnet_to_onnx(mpnet)
        made.append([(mpnet / name).read_bytes() for name in ("model.onnx", "model.onnx.data")])

    assert made[0] == made[1]


def test_another_adapter_is_converted_again_without_a_network(mpnet, tmp_path, monkeypatch):
    files = tuple(
        weights.File(name, conversion.sha256_of(mpnet / name))
        for name in ("model.safetensors", "config.json")
    )
    model = weights.Model("toy", "a toy", "MIT", files, (), convert="mpnet_to_onnx")
    monkeypatch.setitem(weights.MODELS, "toy", model)
    monkeypatch.setenv("CALLINSIGHT_MODELS", str(tmp_path / "models"))
    home = weights.pull("toy", source=mpnet)
    made = (home / "model.onnx.data").read_bytes()
    write_adapter(conversion.ADAPTER, seed=2)
    monkeypatch.setenv("CALLINSIGHT_OFFLINE", "1")

    assert weights.find("toy") is None
    assert (weights.folder("toy") / "model.onnx.data").read_bytes() != made
    assert weights.verify("toy") == []


def test_a_turn_encoder_that_8_bits_change_too_much_is_not_kept(mpnet, monkeypatch):
    import logging

    monkeypatch.setattr(conversion, "QUANTIZED_COSINE", 1.1)

    with pytest.raises(WeightsError) as raised:
        conversion.mpnet_to_onnx(mpnet)

    cosine = str(raised.value).split("(cosine ")[1].split(",")[0]
    assert str(raised.value) == (
        f"model.onnx in 8 bits is too far from the original (cosine {cosine}, allowed: 1.1); it "
        "was discarded. Install the version of onnxruntime in constraints.txt and pull again"
    )
    assert 0.98 < float(cosine) <= 1
    assert {path.name for path in mpnet.iterdir()} == {"model.safetensors", "config.json"}
    assert not logging.getLogger().disabled


def test_a_turn_encoder_names_the_weights_that_are_missing(mpnet):
    from safetensors.torch import load_file, save_file

    state = load_file(mpnet / "model.safetensors")
    del state["mpnet.encoder.layer.1.attention.LayerNorm.bias"]
    save_file(state, mpnet / "model.safetensors")

    with pytest.raises(WeightsError) as raised:
        conversion.mpnet_to_onnx(mpnet)

    assert str(raised.value) == (
        f"{mpnet / 'model.safetensors'} lacks encoder.layer.1.attention.LayerNorm.bias"
    )
