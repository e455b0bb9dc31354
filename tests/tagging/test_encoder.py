import numpy as np
import onnxruntime
import pytest
from mpnet import write_adapter, write_mpnet, write_tokenizer

from callinsight import conversion, weights
from callinsight.tagging.encoder import (
    CONTEXT_WORDS,
    MAX_TOKENS,
    SIZE,
    Turn,
    TurnEncoder,
    encode,
    means,
    unpack,
)

WORDS = [
    *("what", "do", "you", "think", "of", "it", "is", "far", "too", "dear", "for", "us", "and"),
    *("we", "can", "not", "pay", "that", "much", "."),
]
TURNS = [
    Turn("", "it is far too dear for us. and we can not pay that."),
    Turn("what do you think of it", "it is far too dear for us. and we can not pay that."),
    Turn("what do you think of it", "we can not pay"),
    Turn("", "Ünbekannt — “das” ist 😀 zu téuer, naïve. and we can not pay that."),
    Turn("do you", "dear"),
    Turn("", ""),
    Turn("what", "it is dear " * 100),
]


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """A tiny encoder, converted as the real one is; one token a word."""
    made = tmp_path_factory.mktemp("encoder")
    write_mpnet(made)
    write_adapter(made / "adapter.safetensors")
    write_tokenizer(made / "tokenizer.json", WORDS)
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(conversion, "ADAPTER", made / "adapter.safetensors")
        conversion.mpnet_to_onnx(made)
    return made


@pytest.fixture(scope="module")
def encoder(folder) -> TurnEncoder:
    return TurnEncoder(folder)


@pytest.fixture(scope="module")
def real() -> TurnEncoder:
    return TurnEncoder(weights.folder(weights.TAGGING))


def refuse() -> TurnEncoder:
    raise AssertionError("the model must not be loaded")


def tokens_of(folder, *ids: int) -> np.ndarray:
    session = onnxruntime.InferenceSession(folder / "model.onnx")
    feed = {"input_ids": np.array([ids]), "attention_mask": np.ones((1, len(ids)), np.int64)}
    return session.run(["embedding"], feed)[0][0]


def ids_of(text: str) -> list[int]:
    return [WORDS.index(word) + 4 if word in WORDS else 3 for word in text.split()]


def test_each_sentence_is_the_mean_over_its_own_tokens(encoder, folder):
    said = "it is far too dear for us . and we can not"

    vectors = encoder.encode(Turn("", said))

    tokens = tokens_of(folder, 0, *ids_of(said), 2)[1:-1]
    expected = [tokens[:8].mean(axis=0), tokens[8:].mean(axis=0)]
    assert vectors.dtype == np.float16
    assert vectors.shape == (2, SIZE + 1)
    assert vectors[:, :SIZE] == pytest.approx(np.array(expected), abs=2e-3)
    assert vectors[:, SIZE].tolist() == pytest.approx([8 / 12, 4 / 12], abs=1e-3)


def test_the_sellers_words_are_read_and_are_no_part_of_the_mean(encoder, folder):
    context, said = "what do you think", "we can not pay"

    (vector,) = encoder.encode(Turn(context, said))

    tokens = tokens_of(folder, 0, *ids_of(context), 2, 2, *ids_of(said), 2)
    assert vector[:SIZE] == pytest.approx(tokens[7:11].mean(axis=0), abs=2e-3)
    assert vector[SIZE] == 1
    assert vector[:SIZE] != pytest.approx(encoder.encode(Turn("", said))[0, :SIZE], abs=2e-3)


def test_only_the_end_of_the_sellers_turn_is_read(encoder):
    end = " ".join(["do you"] * (CONTEXT_WORDS // 2))

    short, longer, other = (
        encoder.encode(Turn(context, "we can not pay")).tobytes()
        for context in (end, f"what is it, {end}", f"{end} what is it,")
    )

    assert short == longer
    assert short != other


def test_a_seller_who_said_nothing(encoder):
    assert encoder.encode(Turn(" \n", "we can pay")).tobytes() == (
        encoder.encode(Turn("", "we can pay")).tobytes()
    )


@pytest.mark.parametrize("text", ["", "  "])
def test_a_turn_without_words_has_no_vectors(encoder, text):
    assert encoder.encode(Turn("what do you think", text)).shape == (0, SIZE + 1)


def test_what_does_not_fit_the_window_is_left_out(encoder):
    sentence = "it is far too dear for us and we can not pay. "

    vectors = encoder.encode(Turn("", sentence * 40))

    seen = MAX_TOKENS - 2
    assert len(vectors) == -(-seen // 12)  # the last of them in part
    assert vectors[:, SIZE].astype(float).sum() == pytest.approx(1, abs=1e-2)
    assert vectors[-1, SIZE] == pytest.approx((seen % 12) / seen, abs=1e-3)


def test_a_turn_alone_gives_the_same_bytes_as_among_others(encoder):
    together = encode(TURNS, {}, lambda: encoder)
    backwards = encode(reversed(TURNS), {}, lambda: encoder)

    assert set(together) == {turn.key for turn in TURNS}
    for turn in TURNS:
        (alone,) = encode([turn], {}, lambda: encoder).values()
        assert together[turn.key].tobytes() == alone.tobytes() == backwards[turn.key].tobytes()


def test_the_model_is_not_loaded_for_stored_turns(encoder):
    stored = {turn.key: encoder.encode(turn).tobytes() for turn in TURNS}

    found = encode(TURNS, stored, refuse)

    assert {key: vectors.tobytes() for key, vectors in found.items()} == stored
    assert encode([], {}, refuse) == {}


def test_only_what_is_missing_is_computed(encoder):
    one, other = TURNS[:2]
    stored = {one.key: np.full((1, SIZE + 1), 0.5, np.float16).tobytes()}

    found = encode([one, other, other], stored, lambda: encoder)

    assert set(found) == {one.key, other.key}
    assert found[one.key].tolist() == [[0.5] * (SIZE + 1)]  # taken as stored
    assert found[other.key].tobytes() == encoder.encode(other).tobytes()


def test_a_key_says_who_said_what():
    turns = [Turn("", "a b"), Turn("a", "b"), Turn("a b", ""), Turn("a", "b "), Turn("A", "b")]

    assert len({turn.key for turn in turns}) == len(turns)
    assert Turn("a", "b").key == Turn("a", "b").key


def test_vectors_come_back_from_bytes(encoder):
    for turn in TURNS:
        vectors = encoder.encode(turn)
        assert unpack(vectors.tobytes()).tolist() == vectors.tolist()


def test_a_turns_vector_weighs_its_sentences_by_their_tokens():
    first, second = np.zeros((2, SIZE + 1), np.float16)
    first[[0, SIZE]] = 2, 0.25
    second[[1, SIZE]] = 4, 0.75

    (vector, nothing) = means([np.array([first, second]), np.zeros((0, SIZE + 1), np.float16)])

    assert vector[:3].tolist() == [0.5, 3, 0]
    assert not nothing.any()
    assert means([]).shape == (0, SIZE)


def test_a_turn_of_the_real_model(real):
    turn = Turn("What do you think?", "It’s far too dear for us. We like the 😀 reports, though.")

    vectors = real.encode(turn)

    assert vectors.shape == (2, SIZE + 1)
    assert np.isfinite(vectors).all()
    assert vectors[:, SIZE].astype(float).sum() == pytest.approx(1, abs=1e-3)
    assert real.encode(turn).tobytes() == vectors.tobytes()


def test_what_is_said_counts_and_not_its_words(real):
    price, cost, data = means(
        [
            real.encode(Turn("What do you think?", text))
            for text in (
                "It is far too expensive for us.",
                "We simply have not got that kind of money.",
                "Where do you keep our customers' records?",
            )
        ]
    )

    def likeness(one: np.ndarray, other: np.ndarray) -> float:
        return one @ other / np.linalg.norm(one) / np.linalg.norm(other)

    assert likeness(price, cost) > likeness(price, data) + 0.1
