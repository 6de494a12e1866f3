"""Laws of folders as models are published: what more lies in them, or how numbers are stored, changes no output."""

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch
from safetensors.torch import load_file, save_file
from transformers import AutoModelForMaskedLM, AutoTokenizer

from langsamp.data.tokens.tokenizer import load_tokenizer, open_tokenizer
from langsamp.errors import UserError
from langsamp.languages.ids import LanguageIds
from langsamp.languages.tags import LangScript
from langsamp.model.build import ModelConfig, build_model
from langsamp.model.mlm import LangSampForMaskedLM
from tests.vocabularies import sentencepiece_bpe, unigram, wordpiece, write_mlm

IDS = LanguageIds.of([LangScript("deu", "Latn")])
TOKENS = torch.randint(5, 150, (2, 16), generator=torch.Generator().manual_seed(1))
Weights = dict[str, torch.Tensor]
WORDS = "roberta.embeddings.word_embeddings.weight"


@pytest.fixture(scope="module")
def models(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """Tiny folders in the form of Glot500 and E5, mBERT and LaBSE, mmBERT."""
    root = tmp_path_factory.mktemp("models")
    return {
        "xlm-roberta": write_mlm(root / "xlm-roberta", unigram()),
        "bert": write_mlm(root / "bert", wordpiece(), "bert"),
        "modernbert": write_mlm(root / "modernbert", sentencepiece_bpe(), "modernbert"),
    }


def changed(
    model: Path, folder: Path, change: Callable[[Weights], Weights] = dict, *, file: str = "config.json", **keys: Any
) -> Path:
    """A copy of a model with other tensors, and with `keys` in a JSON file of it."""
    shutil.copytree(model, folder)
    weights = change(load_file(folder / "model.safetensors"))
    tensors = {name: tensor.contiguous().clone() for name, tensor in weights.items()}
    save_file(tensors, folder / "model.safetensors")
    path = folder / file
    path.write_text(json.dumps(json.loads(path.read_text()) | keys))
    return folder


def built(folder: Path, **config: Any) -> LangSampForMaskedLM:
    """The model to train from a folder, with the tokenizer that lies there."""
    tokenizer = load_tokenizer(str(folder))
    return build_model(
        ModelConfig(init=str(folder), **config), tokenizer=tokenizer, ids=IDS, variant="none", row_tokens=24, seed=0
    ).eval()


def logits(mlm: Any) -> torch.Tensor:
    with torch.no_grad():
        values: torch.Tensor = mlm.eval()(TOKENS).logits
    return values


def _with_positions(weights: Weights) -> Weights:
    ids = {"position_ids": torch.arange(258)[None], "token_type_ids": torch.zeros(1, 258, dtype=torch.long)}
    return weights | {f"roberta.embeddings.{name}": tensor for name, tensor in ids.items()}


def _tied_twice(weights: Weights) -> Weights:
    return weights | {"lm_head.decoder.weight": weights[WORDS], "lm_head.decoder.bias": weights["lm_head.bias"]}


def _as_released_by_google(weights: Weights) -> Weights:
    """Norms called gamma and beta, a pooler and the head of next-sentence prediction."""
    old = {
        name.replace("LayerNorm.weight", "LayerNorm.gamma").replace("LayerNorm.bias", "LayerNorm.beta"): tensor
        for name, tensor in weights.items()
    }
    more = {"cls.seq_relationship.weight": torch.ones(2, 32), "bert.pooler.dense.weight": torch.ones(32, 32)}
    return old | more


@pytest.mark.parametrize(
    ("model", "change", "keys"),
    [
        ("xlm-roberta", _with_positions, {}),
        ("xlm-roberta", _tied_twice, {}),
        ("xlm-roberta", dict, {"model_type": "roberta", "architectures": ["RobertaForMaskedLM"]}),
        ("xlm-roberta", dict, {"return_dict": False, "chunk_size_feed_forward": 7, "output_attentions": True}),
        ("bert", _as_released_by_google, {"architectures": ["BertForPreTraining"]}),
        ("modernbert", dict, {"reference_compile": True, "sparse_prediction": True}),
    ],
)
def test_what_is_stored_besides_changes_no_logit(
    models: dict[str, Path],
    tmp_path: Path,
    model: str,
    change: Callable[[Weights], Weights],
    keys: dict[str, Any],
) -> None:
    mlm = built(changed(models[model], tmp_path / "changed", change, **keys)).mlm
    assert mlm.base_model(TOKENS).last_hidden_state.shape == (2, 16, 32)
    torch.testing.assert_close(logits(mlm), logits(AutoModelForMaskedLM.from_pretrained(models[model])))


@pytest.mark.parametrize("kind", [torch.float16, torch.bfloat16])
def test_weights_of_half_precision_are_trained_in_full(
    models: dict[str, Path], tmp_path: Path, kind: torch.dtype
) -> None:
    def halved(weights: Weights) -> Weights:
        return {name: tensor.to(kind) for name, tensor in weights.items()}

    folder = changed(models["xlm-roberta"], tmp_path / "half", halved, torch_dtype=str(kind).removeprefix("torch."))
    mlm = built(folder).mlm
    assert {parameter.dtype for parameter in mlm.parameters()} == {torch.float32}
    torch.testing.assert_close(logits(mlm), logits(AutoModelForMaskedLM.from_pretrained(folder, dtype=torch.float32)))


@pytest.mark.parametrize("name", ["TokenizerOfTomorrow", "TokenizersBackend"])
def test_a_tokenizer_class_that_nobody_knows_changes_no_token(
    models: dict[str, Path], tmp_path: Path, name: str
) -> None:
    folder = changed(models["xlm-roberta"], tmp_path / "other", file="tokenizer_config.json", tokenizer_class=name)
    text = "habari ya asubuhi <mask> कख жзи"
    assert load_tokenizer(str(folder))(text).input_ids == load_tokenizer(str(models["xlm-roberta"]))(text).input_ids


@pytest.mark.parametrize(
    ("kind", "name", "message"),
    [
        ("xlm-roberta", "LlamaTokenizer", "texts get other pieces"),
        ("xlm-roberta", "T5Tokenizer", "puts <s> </s> around a text, but as T5Tokenizer .* it puts </s>"),
        ("xlm-roberta", "MBartTokenizer", "it puts </s> en_XX"),
        ("bert", "GPT2Tokenizer", "texts get other pieces"),
        ("bert", "XLMRobertaTokenizer", "no tokenizer can be read"),
    ],
)
def test_another_models_tokenizer_class_is_told(
    models: dict[str, Path], tmp_path: Path, kind: str, name: str, message: str
) -> None:
    settings = {"file": "tokenizer_config.json", "tokenizer_class": name}
    folder = changed(models[kind], tmp_path / "other", **settings)
    if kind == "bert":  # of BERT's own kind the class is not asked for
        path = folder / "config.json"
        path.write_text(json.dumps(json.loads(path.read_text()) | {"model_type": "xlm-roberta"}))
    with pytest.raises(UserError, match=rf"{message}.*PreTrainedTokenizerFast") as refused:
        open_tokenizer(folder)
    assert "\n" not in str(refused.value)


@pytest.mark.parametrize("name", ["XLMRobertaTokenizer", "XLMRobertaTokenizerFast", "CamembertTokenizer"])
def test_a_class_of_its_kin_reads_a_tokenizer_as_it_is(models: dict[str, Path], tmp_path: Path, name: str) -> None:
    settings = {"file": "tokenizer_config.json", "tokenizer_class": name}
    assert open_tokenizer(changed(models["xlm-roberta"], tmp_path / "kin", **settings))("habari ya asubuhi").input_ids


def test_a_table_that_is_filled_up_stays_as_it_was_published(models: dict[str, Path], tmp_path: Path) -> None:
    """As mDeBERTa and mmBERT have it; only under a new head are the rows that fill up silenced."""
    whole = models["xlm-roberta"]
    size = len(AutoTokenizer.from_pretrained(whole))
    rows = -(-size // 128) * 128

    def filled(weights: Weights) -> Weights:
        by_token = {name for name, tensor in weights.items() if tensor.shape[0] == size}
        return {
            name: torch.cat([tensor, tensor.new_zeros(rows - size, *tensor.shape[1:])]) if name in by_token else tensor
            for name, tensor in weights.items()
        }

    folder = changed(whole, tmp_path / "filled", filled, vocab_size=rows)
    mlm = built(folder).mlm
    torch.testing.assert_close(logits(mlm)[..., :size], logits(AutoModelForMaskedLM.from_pretrained(whole)))
    assert (mlm.lm_head.bias[size:] == 0).all()
    assert logits(built(folder, new_head=True).mlm).softmax(-1)[..., size:].max() == 0


def test_what_lies_beside_a_model_is_nobodys_business(models: dict[str, Path], tmp_path: Path) -> None:
    folder = changed(models["xlm-roberta"], tmp_path / "more")
    for name in ("training_args.bin", "optimizer.pt", "tf_model.h5", "flax_model.msgpack", "rust_model.ot"):
        (folder / name).write_bytes(b"anything")
    for name in ("1_Pooling/config.json", "adapter/adapter_config.json", "onnx/model.onnx"):
        (folder / name).parent.mkdir()
        (folder / name).write_text("{}")
    (folder / "modules.json").write_text("[]")
    torch.save({"roberta.pooler.dense.weight": torch.ones(2)}, folder / "pytorch_model.bin")
    expected = logits(AutoModelForMaskedLM.from_pretrained(models["xlm-roberta"]))
    torch.testing.assert_close(logits(built(folder).mlm), expected)


def test_a_folder_of_links_is_read_and_the_cache_around_it_is_named(models: dict[str, Path], tmp_path: Path) -> None:
    snapshot = tmp_path / "models--one--two" / "snapshots" / "abc"
    snapshot.mkdir(parents=True)
    for path in models["xlm-roberta"].iterdir():
        (snapshot / path.name).symlink_to(path)
    expected = logits(AutoModelForMaskedLM.from_pretrained(models["xlm-roberta"]))
    torch.testing.assert_close(logits(built(snapshot).mlm), expected)
    for open_folder in (built, lambda folder: ModelConfig(init=str(folder)) and load_tokenizer(str(folder))):
        with pytest.raises(UserError, match=r"hub's cache.*give .*snapshots/abc"):
            open_folder(tmp_path / "models--one--two")


def _whole_numbers(weights: Weights) -> Weights:
    return weights | {WORDS: (weights[WORDS] * 100).to(torch.int8)}


@pytest.mark.parametrize(
    ("change", "keys", "message"),
    [
        (_whole_numbers, {}, "word_embeddings.weight in whole numbers .I8., as quantised models"),
        (dict, {"quantization_config": {"quant_method": "bitsandbytes", "load_in_8bit": True}}, "stored quantised"),
        (dict, {"is_decoder": True}, "says is_decoder: each token would see only what stands before it"),
        (dict, {"pad_token_id": None}, "names no pad_token_id.*counts its positions from it"),
        (dict, {"hidden_dropout_prob": float("nan")}, "has nan for hidden_dropout_prob; expected a finite number"),
        (dict, {"hidden_act": "geluu"}, "'geluu' is no name that transformers knows"),
        (dict, {"model_type": "berta"}, r"^\S*config\.json describes no model that transformers knows"),
    ],
)
def test_numbers_that_are_not_what_was_trained_are_refused(
    models: dict[str, Path],
    tmp_path: Path,
    change: Callable[[Weights], Weights],
    keys: dict[str, Any],
    message: str,
) -> None:
    folder = changed(models["xlm-roberta"], tmp_path / "bad", change, **keys)
    with pytest.raises(UserError, match=message) as refused:
        built(folder)
    assert "\n" not in str(refused.value)


def _with_distances(weights: Weights) -> Weights:
    names = [f"bert.encoder.layer.{layer}.attention.self.distance_embedding.weight" for layer in range(2)]
    return weights | {name: torch.ones(79, 8) for name in names}


@pytest.mark.parametrize(
    ("change", "kind"), [(_with_distances, "relative_key"), (dict, "relative_key"), (dict, "none")]
)
def test_positions_that_transformers_no_longer_computes_are_refused(
    models: dict[str, Path], tmp_path: Path, change: Callable[[Weights], Weights], kind: str
) -> None:
    other = changed(models["bert"], tmp_path / "other", change, position_embedding_type=kind)
    with pytest.raises(UserError, match=rf"other than absolute positions \(position_embedding_type: {kind} in its"):
        built(other)


def test_an_attention_that_is_not_installed_is_another_way_to_the_same_numbers(
    models: dict[str, Path], tmp_path: Path
) -> None:
    flash = changed(models["modernbert"], tmp_path / "flash", _attn_implementation="flash_attention_2")
    assert torch.equal(logits(built(flash).mlm), logits(built(models["modernbert"]).mlm))


def test_settings_are_blamed_for_what_is_wrong_with_them(models: dict[str, Path]) -> None:
    folder = models["xlm-roberta"]
    with pytest.raises(UserError, match=r"^model\.settings do not fit what .*: .*'num_hidden_layers'"):
        built(folder, settings={"num_hidden_layers": "2"})
    with pytest.raises(UserError, match=r"^leave out model\.settings\.pad_token_id \(what the tokenizer says"):
        built(folder, settings={"pad_token_id": 5})


def test_positions_that_begin_behind_another_padding_are_doubted(models: dict[str, Path], tmp_path: Path) -> None:
    model = built(changed(models["xlm-roberta"], tmp_path / "changed", pad_token_id=5))
    assert any("counts positions behind padding 5" in note and "pads with 1" in note for note in model.start)


def test_a_configuration_that_is_none_is_not_blamed_on_the_tokenizer(models: dict[str, Path], tmp_path: Path) -> None:
    folder = changed(models["xlm-roberta"], tmp_path / "bad")
    (folder / "config.json").write_text("[]")
    with pytest.raises(UserError, match=r"config\.json is no configuration: expected a JSON object"):
        load_tokenizer(str(folder))
