"""Each encoder that people bring, in miniature from its published configuration: design laws 1, 2 and 6, two steps."""

from collections.abc import Mapping
from dataclasses import replace
from functools import cache
from pathlib import Path
from types import MappingProxyType
from typing import Any, NamedTuple

import pytest
import torch
from transformers import AutoModel, AutoModelForMaskedLM, PreTrainedTokenizerFast

from langsamp.data.rows import PreparedRows
from langsamp.data.text.corpus import CorpusConfig, open_corpus
from langsamp.data.vocabulary.trimming import Need
from langsamp.errors import UserError
from langsamp.languages.ids import LanguageIds
from langsamp.languages.tags import LangScript
from langsamp.model.build import ModelConfig, build_model, check_model
from langsamp.model.mlm import LangSampForMaskedLM
from langsamp.model.vocabulary.extending import extend
from langsamp.model.vocabulary.stored_model import StoredModel, open_stored
from langsamp.model.vocabulary.trimming import trim
from langsamp.pipeline import export
from langsamp.training.trainer import train
from tests.tiny_parts import tiny_mlm
from tests.tiny_run import documents, write_lines
from tests.training.test_trainer import _fresh_accelerate, task  # noqa: F401
from tests.vocabularies import tokenizer_of, write_mlm

IDS = LanguageIds.of([LangScript("deu", "Latn"), LangScript("kmr", "Cyrl"), LangScript("kmr", "Latn")])
_BERT = {"type_vocab_size": 2, "layer_norm_eps": 1e-12}
_DEBERTA = {
    "type_vocab_size": 0, "relative_attention": True, "position_biased_input": False, "pos_att_type": ["p2c", "c2p"],
    "share_att_key": True, "norm_rel_ebd": "layer_norm", "position_buckets": 16, "layer_norm_eps": 1e-7,
}  # fmt: skip
_MODERN = {"global_attn_every_n_layers": 3, "local_attention": 16, "num_hidden_layers": 4}


class Backbone(NamedTuple):
    """What is published under a name, but for its size."""

    model_type: str
    tokenizer: str
    """Its kind, of `tests.vocabularies`."""
    settings: Mapping[str, Any] = MappingProxyType({})
    has_head: bool = True


BACKBONES = {
    "XLM-R base": Backbone("xlm-roberta", "unigram", {"layer_norm_eps": 1e-5}),
    "XLM-R large": Backbone("xlm-roberta", "unigram", {"num_hidden_layers": 4, "hidden_size": 64}),
    "XLM-R XL": Backbone("xlm-roberta-xl", "unigram", {"layer_norm_eps": 1e-5}),
    "Glot500": Backbone("xlm-roberta", "unigram", {"layer_norm_eps": 1e-5}),
    "RoBERTa": Backbone("roberta", "byte_bpe", {"layer_norm_eps": 1e-5}),
    "CamemBERT": Backbone("camembert", "unigram", {"layer_norm_eps": 1e-5}),
    "BERT": Backbone("bert", "wordpiece", _BERT),
    "mBERT": Backbone("bert", "wordpiece", _BERT | {"attention_probs_dropout_prob": 0.1}),
    "DistilBERT": Backbone("distilbert", "wordpiece", {"sinusoidal_pos_embds": False}),
    "DeBERTa-v2": Backbone("deberta-v2", "unigram", _DEBERTA | {"conv_kernel_size": 3, "conv_act": "gelu"}),
    "DeBERTa-v3": Backbone("deberta-v2", "unigram", _DEBERTA),
    "ModernBERT": Backbone("modernbert", "modern_bpe", _MODERN | {"decoder_bias": True}),
    "mmBERT": Backbone("modernbert", "sentencepiece_bpe", _MODERN | {"decoder_bias": True}),
    "EuroBERT": Backbone("eurobert", "modern_bpe", {"num_key_value_heads": 2, "tie_word_embeddings": False}),
    "multilingual E5": Backbone("xlm-roberta", "unigram", {"layer_norm_eps": 1e-5}, has_head=False),
    "LaBSE": Backbone("bert", "wordpiece", _BERT, has_head=False),
}
_tokenizer = cache(tokenizer_of)


@pytest.fixture(params=BACKBONES)
def backbone(request: pytest.FixtureRequest) -> Backbone:
    return BACKBONES[request.param]


def written(backbone: Backbone, folder: Path, tokenizer: PreTrainedTokenizerFast) -> Path:
    """The backbone as it is published, with this tokenizer; of a sentence encoder without an LM head."""
    named = {"mask_token_id": tokenizer.mask_token_id} if backbone.model_type == "eurobert" else {}
    write_mlm(folder, tokenizer, backbone.model_type, **backbone.settings, **named)
    if not backbone.has_head:
        torch.manual_seed(1)
        AutoModel.from_pretrained(folder).save_pretrained(folder)
    return folder


def built(backbone: Backbone, folder: Path, tokenizer: PreTrainedTokenizerFast) -> LangSampForMaskedLM:
    config = ModelConfig(init=str(folder), new_head=not backbone.has_head)
    return build_model(config, tokenizer=tokenizer, ids=IDS, variant="both", row_tokens=24, seed=0).eval()


def batch() -> tuple[torch.Tensor, torch.Tensor]:
    generator = torch.Generator().manual_seed(0)
    ids = torch.randint(5, 60, (3, 24), generator=generator)
    return ids, torch.where(torch.rand(3, 24, generator=generator) < 0.3, ids, -100)


def test_with_zero_tables_loss_and_gradients_are_the_published_models(
    backbone: Backbone, tokenizer: PreTrainedTokenizerFast, tmp_path: Path
) -> None:
    """Law 1, from the folder on: nothing of the encoder is drawn anew."""
    folder, (ids, labels) = written(backbone, tmp_path, tokenizer), batch()
    ours = built(backbone, folder, tokenizer)
    encoder = AutoModel.from_pretrained(folder).eval()
    torch.testing.assert_close(ours.mlm.base_model(ids).last_hidden_state, encoder(ids).last_hidden_state)
    stock = (AutoModelForMaskedLM.from_pretrained(folder) if backbone.has_head else ours.mlm).eval()
    trained = {name: each for name, each in ours.mlm.named_parameters() if each.requires_grad}
    theirs = dict(stock.named_parameters())
    loss = stock(ids, attention_mask=torch.ones_like(ids), labels=labels).loss
    expected = torch.autograd.grad(loss, [theirs[name] for name in trained], allow_unused=True)
    for table in (ours.language, ours.script):
        assert table is not None
        torch.nn.init.zeros_(table.weight)
    zeros = torch.zeros(3, dtype=torch.long)
    made = ours(ids, labels, language_ids_B=zeros, script_ids_B=zeros) / (labels != -100).sum()
    assert made.item() == pytest.approx(loss.item(), abs=1e-6)
    gradients = torch.autograd.grad(made, list(trained.values()), allow_unused=True)
    for name, one, other in zip(trained, gradients, expected, strict=True):
        assert (one is None) == (other is None), name
        if one is not None:
            torch.testing.assert_close(one, other, atol=1e-6, rtol=1e-4, msg=name)


def test_after_two_steps_stock_libraries_load_the_trained_encoder(
    backbone: Backbone, rows: PreparedRows, tokenizer: PreTrainedTokenizerFast, tmp_path: Path
) -> None:
    """Law 2."""
    model = built(backbone, written(backbone, tmp_path / "start", tokenizer), tokenizer)
    before = model.mlm.base_model(batch()[0]).last_hidden_state
    warmed = 0 if backbone.has_head else 1
    job = replace(task(rows, tokenizer, tmp_path / "run", steps=2, head_warmup_steps=warmed), model=model)
    train(job, cpu=True)
    folder, trained = export(job.out, tmp_path / "export"), job.model.eval()
    ids = batch()[0]
    expected = trained.mlm.base_model(ids).last_hidden_state
    assert not torch.allclose(expected, before, atol=1e-4)
    for _ in range(2):
        encoder = AutoModel.from_pretrained(folder).eval()
        assert torch.equal(encoder(ids).last_hidden_state, expected)
    mlm = AutoModelForMaskedLM.from_pretrained(folder).eval()
    assert torch.equal(mlm(ids).logits, trained.mlm(ids).logits)


def rows_of(model: StoredModel, token: str) -> list[torch.Tensor]:
    return [model.weights[name][model.vocabulary.ids[token]] for name in model.by_token]


def test_rows_move_with_their_tokens(backbone: Backbone, tmp_path: Path) -> None:
    """Law 6: of a vocabulary that is cut, and of one that is extended where its kind can be."""
    whole = open_stored(str(written(backbone, tmp_path / "whole", _tokenizer(backbone.tokenizer))))
    (tmp_path / "text").mkdir()
    write_lines(tmp_path / "text" / "swh_Latn.txt", documents("swh_Latn", 30))
    config = CorpusConfig(source=str(tmp_path / "text"))
    corpus, multiple = (
        open_corpus(config, base=tmp_path),
        1 if backbone.model_type == "eurobert" else 8,
    )  # it has no bias
    trim(whole, tmp_path / "cut", corpus=corpus, config=config, need=Need(min_count=1), multiple=multiple)
    changed = [open_stored(str(tmp_path / "cut"))]
    assert len(changed[0].vocabulary.ids) < len(whole.vocabulary.ids)
    if backbone.tokenizer in ("unigram", "wordpiece"):
        first, second = sorted(token for token in whole.vocabulary.ids if len(token) == 1 and token.isalpha())[:2]
        pieces = [(first + second + second + first, -12.0)]
        extend(whole, tmp_path / "longer", pieces=pieces, rows="mean", multiple=multiple, facts={})
        changed.append(open_stored(str(tmp_path / "longer")))
        assert pieces[0][0] in changed[1].vocabulary.ids
    for after in changed:
        assert after.by_token == whole.by_token
        for token in whole.vocabulary.ids.keys() & after.vocabulary.ids.keys():
            assert all(map(torch.equal, rows_of(after, token), rows_of(whole, token))), token
        mask = after.vocabulary.ids[str(whole.tokenizer.mask_token)]
        assert after.config.get("mask_token_id", mask) == mask
        for name in whole.weights.keys() - whole.by_token.keys():
            assert torch.equal(after.weights[name], whole.weights[name]), name
        assert AutoModel.from_pretrained(after.folder).get_input_embeddings().num_embeddings == after.rows


@pytest.mark.parametrize(
    ("model_type", "tokens"),
    [("modernbert", 4096), ("eurobert", 8192), ("deberta-v2", 2048), ("bert", 2048), ("xlm-roberta", 2048)],
)
def test_long_rows_are_read_where_there_are_positions_for_them(model_type: str, tokens: int) -> None:
    ids = torch.randint(5, 60, (1, tokens), generator=torch.Generator().manual_seed(0))
    labels = torch.where(ids % 7 == 0, ids, -100)
    settings = {
        "max_position_embeddings": tokens + 2,
        "hidden_size": 16,
        "num_attention_heads": 1,
        "num_hidden_layers": 1,
        "num_key_value_heads": 1,
    }
    mlm = tiny_mlm(model_type, **settings).eval()
    ours = LangSampForMaskedLM(mlm, variant="none", num_languages=1, num_scripts=1)
    with torch.no_grad():
        loss = ours(ids, labels) / (labels != -100).sum()
        assert loss.item() == pytest.approx(mlm(ids, labels=labels).loss.item(), abs=1e-5)


def test_rows_beyond_the_positions_are_refused() -> None:
    config = ModelConfig(init=None, model_type="xlm-roberta")
    check_model(config, tokenizer=None, row_tokens=510)
    with pytest.raises(UserError, match="longer than the model's"):
        check_model(config, tokenizer=None, row_tokens=2048)
    check_model(ModelConfig(init=None, model_type="modernbert"), tokenizer=None, row_tokens=8192)
