"""Laws of the encoder: every shortcut gives the vectors of the plain way."""

import numpy as np
import pytest
import torch
from transformers import AutoModel, AutoTokenizer

from langsamp.errors import UserError
from langsamp.evaluation.retrieval.encoder import _BLOCKS, Encoder


@pytest.mark.parametrize("model_type", sorted(_BLOCKS))
def test_early_exit_gives_the_hidden_states_of_the_full_model(model_type, save_model, sentences):
    encoder = Encoder.load(save_model(model_type=model_type), device="cpu")
    batch = encoder.tokenizer(sentences(5, seed=1), padding=True, return_tensors="pt")
    with torch.inference_mode():
        full = encoder.model(
            batch["input_ids"], attention_mask=batch["attention_mask"], output_hidden_states=True
        ).hidden_states
        assert len(full) == 4
        for layers in ([0], [1], [2], [3], [0, 2], [0, 1, 2, 3]):
            found = encoder._hidden(batch["input_ids"], batch["attention_mask"], layers)
            assert list(found) == layers
            for layer in layers:
                torch.testing.assert_close(found[layer], full[layer], atol=1e-6, rtol=0)


def test_blocks_above_the_deepest_layer_do_not_run(save_model, sentences):
    encoder = Encoder.load(save_model(), device="cpu")
    ran = []
    for number, block in enumerate(encoder.model.encoder.layer):
        block.register_forward_hook(lambda *_, number=number: ran.append(number))
    encoder.encode(sentences(3, seed=1), layers=[0, 2])
    assert ran == [0, 1]


def test_a_model_type_without_a_known_place_of_its_blocks_gives_the_same_vectors(save_model, sentences):
    encoder, plain = (Encoder.load(save_model(), device="cpu") for _ in range(2))
    plain._blocks = None
    for layer in range(4):
        found, expected = (e.encode(sentences(9, seed=2), layers=[layer])[layer] for e in (encoder, plain))
        np.testing.assert_allclose(found, expected, atol=1e-6)


def test_vectors_are_means_over_all_tokens_with_the_special_ones(save_model, sentences):
    folder = save_model()
    model, tokenizer = AutoModel.from_pretrained(folder).eval(), AutoTokenizer.from_pretrained(folder)
    texts = sentences(7, seed=3)
    expected = []
    for text in texts:
        ids = tokenizer(text, return_tensors="pt")["input_ids"]
        assert ids[0, 0] == 0 and ids[0, -1] == 2
        with torch.inference_mode():
            expected.append(model(ids, output_hidden_states=True).hidden_states[2][0].mean(0).numpy())
    found = Encoder.load(folder, device="cpu").encode(texts, layers=[2])[2]
    assert found.dtype == np.float32
    np.testing.assert_allclose(found, np.stack(expected), atol=1e-5)


def test_vectors_do_not_depend_on_batches_or_order(save_model, sentences):
    folder, texts = save_model(), [*sentences(40, seed=4), ""]
    expected = Encoder.load(folder, device="cpu", token_budget=1).encode(texts, layers=[0, 2, 3])
    shuffled = np.random.default_rng(0).permutation(len(texts))
    for budget in (30, 64, 100_000):
        encoder = Encoder.load(folder, device="cpu", token_budget=budget)
        found = encoder.encode([texts[i] for i in shuffled], layers=[0, 2, 3])
        for layer, vectors in expected.items():
            np.testing.assert_allclose(found[layer], vectors[shuffled], atol=1e-5)


def test_each_distinct_sentence_is_encoded_once(save_model, sentences):
    encoder = Encoder.load(save_model(), device="cpu", token_budget=50)
    texts, rows, told = sentences(10, seed=5), [], []
    encoder.model.register_forward_pre_hook(lambda _, inputs: rows.append(len(inputs[0])))
    vectors = encoder.encode([*texts, *reversed(texts)], layers=[1], advance=told.append)[1]
    assert sum(rows) == sum(told) == 10
    np.testing.assert_array_equal(vectors[:10], vectors[:9:-1])


@pytest.mark.parametrize(
    ("model_type", "positions", "pieces"), [("xlm-roberta", 20, 18), ("bert", 20, 20), ("xlm-roberta", 600, 512)]
)
def test_long_sentences_are_cut_to_the_positions_of_the_model(model_type, positions, pieces, save_model):
    encoder = Encoder.load(save_model(model_type=model_type, positions=positions), device="cpu")
    long, cut = " ".join(["ba"] * 700), " ".join(["ba"] * (pieces - 2))
    assert encoder.max_pieces == pieces
    vectors = encoder.encode([long, cut], layers=[1])[1]
    np.testing.assert_allclose(vectors[0], vectors[1], atol=1e-6)


def test_bf16_stays_close(save_model, sentences):
    folder, texts = save_model(), sentences(10, seed=7)
    full, half = (
        Encoder.load(folder, device="cpu", precision=p).encode(texts, layers=[2])[2] for p in ("fp32", "bf16")
    )
    cosines = (full * half).sum(1) / np.linalg.norm(full, axis=1) / np.linalg.norm(half, axis=1)
    assert half.dtype == np.float32 and cosines.min() > 0.999


def test_a_checkpoint_without_token_types_gets_zeros(save_model, sentences):
    folder = save_model()
    model = AutoModel.from_pretrained(folder)
    weights = model.state_dict()
    weights["embeddings.token_type_embeddings.weight"].zero_()
    model.save_pretrained(folder)
    expected = Encoder.load(folder, device="cpu").encode(sentences(4, seed=8), layers=[1])[1]
    model.save_pretrained(folder, state_dict={k: v for k, v in weights.items() if "token_type" not in k})
    found = Encoder.load(folder, device="cpu").encode(sentences(4, seed=8), layers=[1])[1]
    np.testing.assert_array_equal(found, expected)


def test_what_cannot_be_encoded_is_said(save_model, sentences):
    folder = save_model()
    model = AutoModel.from_pretrained(folder)
    weights = model.state_dict()
    model.save_pretrained(folder, state_dict={k: v for k, v in weights.items() if "layer.1" not in k})
    with pytest.raises(UserError, match=r"lacks weights \(encoder\.layer\.1"):
        Encoder.load(folder)
    model.embeddings.word_embeddings.weight.data[7] = float("nan")
    model.save_pretrained(folder)
    with pytest.raises(UserError, match=r"word_embeddings\.weight holds NaN or infinite"):
        Encoder.load(folder, device="cpu")
    model.embeddings.word_embeddings.weight.data[7] = 3e38
    model.save_pretrained(folder)
    with pytest.raises(UserError, match="layer 2 is NaN or infinite"):
        Encoder.load(folder, device="cpu").encode(sentences(20, seed=9), layers=[2])
    model.resize_token_embeddings(20)
    model.save_pretrained(folder)
    with pytest.raises(UserError, match="the model has 20 embeddings"):
        Encoder.load(folder, device="cpu").encode(sentences(20, seed=9), layers=[0])
