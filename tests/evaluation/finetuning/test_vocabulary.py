"""The rows that training leaves out make no difference to the weights."""

from dataclasses import replace

import numpy as np
import pytest
import torch
from transformers import AutoConfig, AutoModel

from langsamp.errors import UserError
from langsamp.evaluation.finetuning.classifier import fine_tune
from langsamp.evaluation.finetuning.predicting import predicted
from langsamp.evaluation.finetuning.vocabulary import used_rows
from langsamp.evaluation.tasks.examples import TrainAndDev

from .conftest import ARCHITECTURES, TEXTS, WORDS_KIND


@pytest.fixture
def gpt2(tmp_path, tokenizer):
    """Save a tiny decoder, whose embeddings know of no padding."""

    def save(**changes):
        size = {"vocab_size": 60, "n_embd": 32, "n_layer": 2, "n_head": 4, "bos_token_id": 0, "eos_token_id": 2}
        AutoModel.from_config(AutoConfig.for_model("gpt2", **size, **changes)).save_pretrained(tmp_path)
        tokenizer.save_pretrained(tmp_path)
        return tmp_path

    return save


@pytest.mark.parametrize("model_type", ARCHITECTURES)
def test_a_network_of_the_used_rows_computes_the_same(model_type, save_model, network_of, examples_of):
    network, tokeniser = network_of(save_model(model_type=model_type), WORDS_KIND)
    tokens = tokeniser.tokens(examples_of(WORDS_KIND, 12))
    everything = list(range(12))
    with torch.inference_mode():
        expected, _ = network.logits(tokens, everything)
        labels = predicted(network, tokens)
        table = network.model.get_input_embeddings()
        with used_rows(network, [tokens]) as (small, (renumbered,)):
            assert small.model.get_input_embeddings().num_embeddings < table.num_embeddings
            found, _ = small.logits(renumbered, everything)
            assert (predicted(small, renumbered) == labels).all()
        assert network.model.get_input_embeddings() is table
    assert torch.equal(found, expected)


def test_a_model_that_looks_for_the_end_of_a_text_finds_it_among_the_used_rows(gpt2, network_of, examples_of):
    network, tokeniser = network_of(gpt2(pad_token_id=30), TEXTS)
    network = replace(network, filler=30)
    tokens = tokeniser.tokens(examples_of(TEXTS, 12))
    with torch.inference_mode():
        expected, _ = network.logits(tokens, range(12))
        with used_rows(network, [tokens]) as (small, (renumbered,)):
            assert torch.equal(small.logits(renumbered, range(12))[0], expected)


def test_a_model_that_takes_no_padded_batch_is_refused(gpt2, job_of):
    with pytest.raises(UserError, match=r"a gpt2 model cannot be fine-tuned.*name one in its config.json"):
        fine_tune(job_of(gpt2(pad_token_id=None), TEXTS))


@pytest.mark.parametrize("kind", [TEXTS, WORDS_KIND])
def test_training_gives_the_weights_that_the_whole_table_gives(kind, save_model, job_of, examples_of):
    training = TrainAndDev(train=examples_of(kind, 40), dev=examples_of(kind, 10, seed=1))
    job = job_of(save_model(), kind, training=training, epochs=2, learning_rate=1e-4)
    few = fine_tune(job).network.model.state_dict()
    # a decay too small to count keeps the whole table
    whole = fine_tune(replace(job, settings=job.settings.model_copy(update={"weight_decay": 1e-30}))).network.model
    for name, tensor in whole.state_dict().items():
        torch.testing.assert_close(few[name], tensor, atol=1e-6, rtol=0)


def test_only_the_used_rows_move(save_model, job_of, examples_of, tokenizer):
    folder = save_model()
    job = job_of(folder, TEXTS, epochs=1)
    start = fine_tune(replace(job, settings=job.settings.model_copy(update={"learning_rate": 1e-30})))
    end = fine_tune(job)
    before, after = (each.network.model.get_input_embeddings().weight for each in (start, end))
    moved = (before != after).any(1).nonzero().flatten().tolist()
    sequences = tokenizer(list(job.training.train.texts))["input_ids"]
    assert moved == np.unique(np.concatenate(sequences)).tolist()
