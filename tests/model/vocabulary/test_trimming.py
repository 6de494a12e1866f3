"""Design law 6: whatever is done to a vocabulary, each row moves with its token; a cut changes no output."""

import json
from pathlib import Path
from typing import Any

import pytest
import torch
from transformers import AutoModel, AutoModelForMaskedLM, AutoTokenizer, PreTrainedTokenizerFast

from langsamp.data.text.corpus import CorpusConfig, open_corpus
from langsamp.data.vocabulary.backend import Vocabulary
from langsamp.data.vocabulary.trimming import Need
from langsamp.errors import DamagedError, UserError
from langsamp.languages.ids import LanguageIds
from langsamp.languages.tags import LangScript
from langsamp.model.build import ModelConfig, build_model
from langsamp.model.vocabulary.stored_model import open_stored
from langsamp.model.vocabulary.token_rows import SILENT
from langsamp.model.vocabulary.trimming import Trimmed, trim, untrim
from tests.tiny_run import documents, write_lines
from tests.vocabularies import KINDS, TAGS, tokenizer_of, write_mlm


@pytest.fixture(scope="module")
def text(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Text of two of the tags that the tokenizers were trained on."""
    folder = tmp_path_factory.mktemp("text")
    for tag in TAGS[1:]:
        write_lines(folder / f"{tag}.txt", documents(tag, 40))
    return folder


def cut(folder: Path, text: Path, out: Path, *, multiple: int = 64, **need: Any) -> Trimmed:
    config = CorpusConfig(source=str(text))
    need = need or {"min_count": 1}
    return trim(
        open_stored(str(folder)), out, corpus=open_corpus(config, base=text), config=config, need=Need(**need),
        multiple=multiple,
    )  # fmt: skip


def tokens(tokenizer: PreTrainedTokenizerFast, text: str) -> list[str]:
    return tokenizer.convert_ids_to_tokens(tokenizer(text).input_ids)


@pytest.mark.parametrize("kind", KINDS)
def test_outputs_on_covered_text_stay_the_same(tmp_path: Path, text: Path, kind: str) -> None:
    whole = write_mlm(tmp_path / "whole", tokenizer_of(kind), KINDS[kind])
    report = cut(whole, text, tmp_path / "cut")
    assert report.pieces[1] < report.pieces[0]
    assert report.covered == 1
    before, after = (AutoTokenizer.from_pretrained(tmp_path / name) for name in ("whole", "cut"))
    models = [AutoModelForMaskedLM.from_pretrained(tmp_path / name).eval() for name in ("whole", "cut")]
    old_ids = [before.get_vocab()[token] for token in sorted(after.get_vocab(), key=after.get_vocab().get)]
    for document in documents("swh_Latn", 40)[:5]:
        masked = f"{document} {before.mask_token} {document}"
        assert tokens(before, masked) == tokens(after, masked)
        inputs = [tokenizer(masked, return_tensors="pt") for tokenizer in (before, after)]
        with torch.no_grad():
            hidden = [model.base_model(**each)[0] for model, each in zip(models, inputs, strict=True)]
            logits = [model(**each).logits for model, each in zip(models, inputs, strict=True)]
        assert torch.equal(*hidden)
        assert (logits[0][..., old_ids] - logits[1][..., : len(old_ids)]).abs().max() < 1e-6


@pytest.mark.parametrize("kind", KINDS)
def test_every_row_moves_with_its_token_and_all_else_stays_bit_for_bit(tmp_path: Path, text: Path, kind: str) -> None:
    whole = open_stored(str(write_mlm(tmp_path / "whole", tokenizer_of(kind), KINDS[kind])))
    cut(tmp_path / "whole", text, tmp_path / "cut")
    after = open_stored(str(tmp_path / "cut"))
    assert whole.weights.keys() == after.weights.keys()
    assert set(after.by_token.values()) >= {"embedding", "bias"}
    assert whole.tokenizer.mask_token_id != after.tokenizer.mask_token_id or kind == "wordpiece"
    for name, tensor in whole.weights.items():
        if name not in whole.by_token:
            assert torch.equal(tensor, after.weights[name])
            continue
        for token, row in after.vocabulary.ids.items():
            assert torch.equal(after.weights[name][row], tensor[whole.vocabulary.ids[token]]), (name, token)
    assert after.rows % 64 == 0
    assert after.config["vocab_size"] == after.rows
    assert after.config["pad_token_id"] == after.tokenizer.pad_token_id


def test_rows_that_fill_the_table_up_are_never_predicted_and_change_no_loss(tmp_path: Path, text: Path) -> None:
    write_mlm(tmp_path / "whole", tokenizer_of("unigram"))
    cut(tmp_path / "whole", text, tmp_path / "filled")
    cut(tmp_path / "whole", text, tmp_path / "bare", multiple=1)
    size = open_stored(str(tmp_path / "bare")).rows
    filled, bare = (AutoModelForMaskedLM.from_pretrained(tmp_path / name).eval() for name in ("filled", "bare"))
    assert filled.config.vocab_size > size
    assert (filled.lm_head.bias[size:] == SILENT).all()
    ids = torch.arange(4, 44).view(2, 20)
    losses = [model(ids, labels=ids.flip(1)) for model in (filled, bare)]
    assert torch.equal(losses[0].loss, losses[1].loss)
    assert losses[0].logits.argmax(-1).max() < size
    losses[0].loss.backward()
    for gradient in (filled.lm_head.bias.grad, filled.get_input_embeddings().weight.grad):
        assert (gradient[size:] == 0).all()


def test_no_text_becomes_unknown_that_was_not(tmp_path: Path, text: Path) -> None:
    for kind in KINDS:
        cut(write_mlm(tmp_path / kind, tokenizer_of(kind), KINDS[kind]), text, tmp_path / f"{kind}-cut", min_count=99)
        before, after = (AutoTokenizer.from_pretrained(tmp_path / name) for name in (kind, f"{kind}-cut"))
        for document in documents("hin_Deva", 20):
            assert before.unk_token not in tokens(before, document)
            assert after.unk_token not in tokens(after, document)
        strange = "ба ﷽ qq ხ"
        assert (before.unk_token in tokens(before, strange)) == (after.unk_token in tokens(after, strange))


def test_coverage_holds_for_every_tag(tmp_path: Path, text: Path) -> None:
    whole = write_mlm(tmp_path / "whole", tokenizer_of("unigram"))
    reports = [cut(whole, text, tmp_path / str(share), coverage=share) for share in (0.5, 0.9, 1.0)]
    for report, share in zip(reports, (0.5, 0.9, 1.0), strict=True):
        assert min(report.covered_by_tag.values()) >= share
        assert min(report.longer_by_tag.values()) >= 1
        assert (max(report.longer_by_tag.values()) == 1) == (share == 1)
    assert reports[0].pieces[1] < reports[1].pieces[1] < reports[2].pieces[1]


def test_untrim_gives_the_whole_vocabulary_back(tmp_path: Path, text: Path) -> None:
    whole = open_stored(str(write_mlm(tmp_path / "whole", tokenizer_of("unigram"))))
    cut(tmp_path / "whole", text, tmp_path / "cut")
    trained = AutoModelForMaskedLM.from_pretrained(tmp_path / "cut")
    with torch.no_grad():
        for parameter in trained.parameters():
            parameter.add_(0.5)
    trained.save_pretrained(tmp_path / "trained")
    AutoTokenizer.from_pretrained(tmp_path / "cut").save_pretrained(tmp_path / "trained")
    cut_model = open_stored(str(tmp_path / "trained"))
    added = untrim(cut_model, tmp_path / "back", original=whole)
    back = open_stored(str(tmp_path / "back"))
    assert added == len(whole.vocabulary.ids) - len(cut_model.vocabulary.ids)
    assert back.vocabulary.ids == whole.vocabulary.ids
    assert (back.tokenizer.mask_token_id, back.rows) == (whole.tokenizer.mask_token_id, whole.rows)
    for name in back.by_token:
        for token, row in back.vocabulary.ids.items():
            source = cut_model if token in cut_model.vocabulary.ids else whole
            assert torch.equal(back.weights[name][row], source.weights[name][source.vocabulary.ids[token]])
    document = documents("swh_Latn", 40)[0]
    encoders = [AutoModel.from_pretrained(tmp_path / name).eval() for name in ("trained", "back")]
    outputs = [
        encoder(**model.tokenizer(document, return_tensors="pt"))[0]
        for encoder, model in zip(encoders, (cut_model, back), strict=True)
    ]
    assert torch.equal(*outputs)


def test_an_encoder_without_head_stays_one(tmp_path: Path, text: Path) -> None:
    write_mlm(tmp_path / "whole", tokenizer_of("unigram"))
    AutoModel.from_pretrained(tmp_path / "whole", add_pooling_layer=False).save_pretrained(tmp_path / "whole")
    cut(tmp_path / "whole", text, tmp_path / "cut")
    stored = open_stored(str(tmp_path / "cut"))
    assert set(stored.by_token.values()) == {"embedding"}
    assert stored.rows % 64 == 0
    encoder, info = AutoModel.from_pretrained(tmp_path / "cut", add_pooling_layer=False, output_loading_info=True)
    assert not info["missing_keys"]
    assert not info["unexpected_keys"]
    assert encoder.config.vocab_size == stored.rows


def test_a_cut_that_drops_a_special_token_is_refused() -> None:
    vocabulary = Vocabulary.of(tokenizer_of("unigram"))
    with pytest.raises(UserError, match="special tokens <mask>"):
        vocabulary.cut(vocabulary.ids.keys() - {"<mask>"})


def test_a_head_drawn_anew_does_not_predict_padding(tmp_path: Path, text: Path) -> None:
    write_mlm(tmp_path / "whole", tokenizer_of("unigram"))
    AutoModel.from_pretrained(tmp_path / "whole", add_pooling_layer=False).save_pretrained(tmp_path / "whole")
    cut(tmp_path / "whole", text, tmp_path / "cut")
    tokenizer = AutoTokenizer.from_pretrained(tmp_path / "cut")
    model = build_model(
        ModelConfig(init=str(tmp_path / "cut"), new_head=True), tokenizer=tokenizer,
        ids=LanguageIds.of([LangScript("swh", "Latn")]), variant="none", row_tokens=20, seed=0,
    )  # fmt: skip
    bias = model.mlm.get_output_embeddings().bias
    assert len(bias) > len(tokenizer)
    assert (bias[len(tokenizer) :] == SILENT).all()
    assert (bias[: len(tokenizer)] > -1).all()


STOCK: dict[str, tuple[str, str]] = {
    "XLMRobertaTokenizer": ("unigram", "xlm-roberta"),
    "CamembertTokenizer": ("unigram", "camembert"),
    "DebertaV2Tokenizer": ("unigram", "deberta-v2"),
    "BertTokenizer": ("wordpiece", "distilbert"),
    "RobertaTokenizer": ("byte_bpe", "roberta"),
}


@pytest.mark.parametrize("name", STOCK)
def test_stock_tokenizer_classes_load_what_was_cut(tmp_path: Path, text: Path, name: str) -> None:
    kind, model_type = STOCK[name]
    plain = tokenizer_of(kind)
    plain.save_pretrained(tmp_path / "plain")
    settings = json.loads((tmp_path / "plain" / "tokenizer_config.json").read_text())
    (tmp_path / "plain" / "tokenizer_config.json").write_text(json.dumps(settings | {"tokenizer_class": name}))
    stock = AutoTokenizer.from_pretrained(tmp_path / "plain")
    assert type(stock).__name__ == name
    write_mlm(tmp_path / "whole", stock, model_type)
    cut(tmp_path / "whole", text, tmp_path / "cut")
    before, after = (AutoTokenizer.from_pretrained(tmp_path / each) for each in ("whole", "cut"))
    assert type(after) is type(before)
    models = [AutoModel.from_pretrained(tmp_path / each).eval() for each in ("whole", "cut")]
    for document in documents("swh_Latn", 5):
        assert tokens(before, document) == tokens(after, document)
        inputs = [each(document, return_tensors="pt") for each in (before, after)]
        hidden = [model(**each).last_hidden_state for model, each in zip(models, inputs, strict=True)]
        assert torch.equal(*hidden)


def test_a_checkpoint_of_plain_tensors_is_read_and_one_that_executes_is_not(tmp_path: Path, text: Path) -> None:
    whole = write_mlm(tmp_path / "whole", tokenizer_of("unigram"))
    weights = open_stored(str(whole)).weights
    (whole / "model.safetensors").unlink()
    torch.save(dict(weights), whole / "pytorch_model.bin")
    assert open_stored(str(whole)).weights.keys() == weights.keys()
    torch.save({"weight": weights["lm_head.bias"], "hidden": Path("anything")}, whole / "pytorch_model.bin")
    with pytest.raises(UserError, match="holds Python objects besides tensors"):
        open_stored(str(whole))


def test_shards_are_read_and_an_absent_one_is_named(tmp_path: Path) -> None:
    whole = write_mlm(tmp_path / "whole", tokenizer_of("unigram"))
    weights = open_stored(str(whole)).weights
    AutoModelForMaskedLM.from_pretrained(whole).save_pretrained(tmp_path / "whole", max_shard_size="20kB")
    (whole / "model.safetensors").unlink()
    sharded = open_stored(str(whole))
    assert all(torch.equal(sharded.weights[name], tensor) for name, tensor in weights.items())
    next(whole.glob("model-00002*")).unlink()
    with pytest.raises(DamagedError, match=r"are not there \(model-00002"):
        open_stored(str(whole))
