"""Laws of prediction: batches change no more than rounding, for every architecture."""

import itertools
from dataclasses import replace

import numpy as np
import pytest
import torch

from langsamp.evaluation.finetuning.predicting import NOTHING, predicted
from langsamp.evaluation.finetuning.tokens import Tokens
from langsamp.evaluation.packed_linear import packed

from .conftest import ARCHITECTURES, TEXTS, WORDS_KIND


def plain_logits(network, tokens, width):
    """Logits of each sequence on its own, padded to `width` as the original evaluation pads everything."""
    found = []
    for (first, last), (one, other) in zip(
        itertools.pairwise(tokens.starts), itertools.pairwise(tokens.places), strict=True
    ):
        ids = torch.full((1, width), network.filler)
        ids[0, : last - first] = torch.from_numpy(tokens.ids[first:last])
        mask = (torch.arange(width) < last - first).long()[None]
        with torch.inference_mode():
            logits = network.model(input_ids=ids, attention_mask=mask).logits[0]
        found.append(logits[None] if logits.dim() == 1 else logits[tokens.heads[one:other].tolist()])
    return torch.cat(found)


@pytest.mark.parametrize("kind", [TEXTS, WORDS_KIND])
@pytest.mark.parametrize("model_type", ARCHITECTURES)
def test_batches_of_like_length_give_the_logits_of_padding_to_the_maximum(
    model_type, kind, save_model, network_of, examples_of
):
    network, tokeniser = network_of(save_model(model_type=model_type), kind)
    tokens = tokeniser.tokens(examples_of(kind, 25))
    plain = plain_logits(network, tokens, width=38)
    assert len(plain) == tokens.num_places
    with torch.inference_mode():
        for batch in ([0], [7, 3, 11], list(range(25))):
            logits, places = network.logits(tokens, batch)
            torch.testing.assert_close(logits, plain[places], atol=1e-5, rtol=0)
    assert (predicted(network, tokens) == plain.argmax(-1).numpy()).all()


def test_labels_come_back_in_the_order_of_the_words(save_model, network_of, examples_of):
    network, tokeniser = network_of(save_model(), WORDS_KIND, window=9, token_budget=30)
    examples = examples_of(WORDS_KIND, 20, longest=25)
    tokens, told = tokeniser.tokens(examples), []
    assert len(tokens.lengths) > 20 and tokens.num_places == sum(map(len, examples.words))
    found = predicted(network, tokens, advance=told.append)
    assert sum(told) == 20
    assert (found == plain_logits(network, tokens, width=12).argmax(-1).numpy()).all()


def test_joined_tokens_are_those_of_the_parts(save_model, network_of, examples_of):
    network, tokeniser = network_of(save_model(), WORDS_KIND, window=9)
    parts = [tokeniser.tokens(examples_of(WORDS_KIND, number, longest=15)) for number in (3, 1, 8)]
    joined = Tokens.joined(parts)
    apart = np.concatenate([predicted(network, part) for part in parts])
    assert (predicted(network, joined) == apart).all()
    assert joined.lengths.tolist() == [length for part in parts for length in part.lengths]
    assert joined.ends.sum() == 12


def test_what_is_not_finite_is_no_label(save_model, network_of, examples_of):
    network, tokeniser = network_of(save_model(), TEXTS, token_budget=1)
    tokens = tokeniser.tokens(examples_of(TEXTS, 6, longest=3))
    with torch.no_grad():
        network.model.get_input_embeddings().weight[tokens.ids[tokens.starts[2] + 1]] = float("nan")
    hit = [
        int(tokens.ids[tokens.starts[2] + 1]) in tokens.ids[first:last]
        for first, last in itertools.pairwise(tokens.starts)
    ]
    assert ((predicted(network, tokens) == NOTHING) == np.array(hit)).all() and not all(hit)


@pytest.mark.parametrize("kind", [TEXTS, WORDS_KIND])
def test_bf16_agrees_where_the_model_is_sure(kind, save_model, network_of, examples_of):
    network, tokeniser = network_of(save_model(), kind)
    tokens = tokeniser.tokens(examples_of(kind, 30))
    with torch.inference_mode():
        exact, places = network.logits(tokens, list(range(30)))
        low = replace(network, precision="bf16")
        with low.computing():
            rounded, _ = low.logits(tokens, list(range(30)))
    assert rounded.dtype == torch.float32 and 0 < (rounded - exact).abs().max() < 0.1
    best = exact.sort(-1).values
    sure = (best[:, -1] - best[:, -2] > 0.2).numpy()
    assert (predicted(low, tokens)[places][sure] == exact.argmax(-1).numpy()[sure]).all()


@pytest.mark.skipif(not torch.backends.mkldnn.is_available(), reason="this torch has no oneDNN")
@pytest.mark.parametrize("kind", [TEXTS, WORDS_KIND])
def test_packed_products_give_the_same_labels(kind, save_model, network_of, examples_of):
    network, tokeniser = network_of(save_model(), kind)
    tokens = tokeniser.tokens(examples_of(kind, 30))
    with torch.inference_mode():
        expected, _ = network.logits(tokens, list(range(30)))
        with packed(network.model):
            found, _ = network.logits(tokens, list(range(30)))
            labels = predicted(network, tokens)
    torch.testing.assert_close(found, expected, atol=1e-5, rtol=0)
    assert (labels == predicted(network, tokens)).all()
