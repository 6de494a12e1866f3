"""Laws of loading: the stored model exactly, or a refusal that names what is wrong; nothing drawn at random unasked."""

import json
import os
import pickle
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file, save_file
from transformers import AutoModel, AutoModelForMaskedLM, PreTrainedTokenizerFast

from langsamp.errors import DamagedError, UserError
from langsamp.languages.ids import LanguageIds
from langsamp.languages.tags import LangScript
from langsamp.model.build import ModelConfig, build_model, check_model
from langsamp.model.heads import HEADS
from langsamp.model.mlm import LangSampForMaskedLM
from langsamp.model.pretrained.load_pretrained import above_encoder, load_pretrained
from tests.tiny_parts import tiny_mlm

IDS = LanguageIds.of([LangScript("deu", "Latn"), LangScript("kmr", "Cyrl")])
TOKENS = torch.randint(5, 60, (2, 16), generator=torch.Generator().manual_seed(1))
POINTER = "version https://git-lfs.github.com/spec/v1\noid sha256:0a\nsize 11\n"
Weights = dict[str, torch.Tensor]


@pytest.fixture(scope="module")
def good(tmp_path_factory: pytest.TempPathFactory, tokenizer: PreTrainedTokenizerFast) -> Path:
    """A tiny XLM-R whose biases and norms are no zeros and ones, with its tokenizer."""
    return saved(tmp_path_factory.mktemp("good"), "xlm-roberta", tokenizer)


def saved(folder: Path, model_type: str, tokenizer: PreTrainedTokenizerFast) -> Path:
    mlm = tiny_mlm(model_type)
    with torch.no_grad():
        for parameter in mlm.parameters():
            if parameter.ndim == 1:
                parameter.add_(torch.randn_like(parameter) * 0.05)
    mlm.save_pretrained(folder)
    tokenizer.save_pretrained(folder)
    return folder


def changed(good: Path, folder: Path, change: Callable[[Weights], Weights], **config: object) -> Path:
    """A copy of a model with other tensors and settings."""
    shutil.copytree(good, folder)
    weights = change(load_file(folder / "model.safetensors"))
    tensors = {name: tensor.contiguous().clone() for name, tensor in weights.items()}
    save_file(tensors, folder / "model.safetensors", metadata={"format": "pt"})
    if config:
        path = folder / "config.json"
        path.write_text(json.dumps(json.loads(path.read_text()) | config))
    return folder


def built(folder: Path, tokenizer: PreTrainedTokenizerFast, *, seed: int = 0, **config: object) -> LangSampForMaskedLM:
    return build_model(
        ModelConfig(init=str(folder), **config), tokenizer=tokenizer, ids=IDS, variant="both", row_tokens=24, seed=seed
    ).eval()


def logits(mlm: torch.nn.Module) -> torch.Tensor:
    with torch.no_grad():
        return mlm.eval()(TOKENS).logits


def renamed(front: str) -> Callable[[Weights], Weights]:
    return lambda weights: {front + name: tensor for name, tensor in weights.items()}


@pytest.mark.parametrize("front", ["_orig_mod.", "module.", "module._orig_mod.", "model.", "net.encoder."])
def test_names_with_something_in_front_load_exactly(
    front: str, good: Path, tmp_path: Path, tokenizer: PreTrainedTokenizerFast
) -> None:
    folder = changed(good, tmp_path / "changed", renamed(front))
    with pytest.raises(UserError, match=r"Without it all of them fit: set model\.prefix") as refused:
        built(folder, tokenizer)
    asked = str(refused.value).rpartition("set model.prefix: ")[2].strip("'")
    model = built(folder, tokenizer, prefix=asked)
    torch.testing.assert_close(logits(model.mlm), logits(AutoModelForMaskedLM.from_pretrained(good)))
    with pytest.raises(UserError, match=r"model\.prefix is 'nothing\.': leave it out"):
        built(good, tokenizer, prefix="nothing.")
    assert any(repr(asked) in sentence for sentence in model.start) and all(part in asked for part in front.split("."))


def test_a_mark_inside_names_loads_exactly(good: Path, tmp_path: Path, tokenizer: PreTrainedTokenizerFast) -> None:
    def compiled(weights: Weights) -> Weights:
        return {name.replace("layer.0.", "layer.0._orig_mod."): tensor for name, tensor in weights.items()}

    model = built(changed(good, tmp_path / "changed", compiled), tokenizer, prefix="_orig_mod.")
    torch.testing.assert_close(logits(model.mlm), logits(AutoModelForMaskedLM.from_pretrained(good)))


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda w: {k: v for k, v in w.items() if "layer.1." not in k}, r"lacks weights \(roberta\.encoder\.layer\.1"),
        (lambda w: {k: v for k, v in w.items() if "position" not in k}, r"lacks weights .*position_embeddings"),
        (lambda w: w | {"roberta.encoder.layer.0.output.dense.bias": torch.zeros(7)}, r"other sizes.*\[7\].*\[32\]"),
        (
            lambda w: w | {"roberta.encoder.layer.2.output.dense.bias": torch.zeros(32)},
            r"does not describe \(roberta\.encoder\.layer\.2",
        ),
        (lambda w: {k: v for k, v in w.items() if not k.startswith("lm_head")}, r"no whole LM head.*model\.new_head"),
        (lambda w: {k: v for k, v in w.items() if k != "lm_head.layer_norm.weight"}, r"lm_head\.layer_norm\.weight"),
        (
            lambda w: w | {"lm_head.decoder.weight": torch.randn(60, 32)},
            r"lm_head\.decoder\.weight, which differs from .*word_embeddings",
        ),
        (lambda w: w | {"roberta.encoder.layer.0.output.dense.bias": torch.full((32,), torch.nan)}, "NaN or infinite"),
        (lambda w: {f"q.{k}": v for k, v in w.items()} | {f"p.{k}": v for k, v in w.items()}, "lacks weights"),
        (lambda w: w | {k.removeprefix("roberta."): v + 1 for k, v in w.items()}, "encoder twice, or parts of it"),
        (lambda w: w | {f"module.{k}": v + 1 for k, v in w.items()}, r"encoder twice.*module\.roberta"),
    ],
)
def test_what_would_be_invented_or_dropped_is_named(
    change: Callable[[Weights], Weights],
    message: str,
    good: Path,
    tmp_path: Path,
    tokenizer: PreTrainedTokenizerFast,
) -> None:
    folder = changed(good, tmp_path / "changed", change)
    with pytest.raises(UserError, match=message):
        built(folder, tokenizer)
    with pytest.raises(UserError, match=message):
        check_model(ModelConfig(init=str(folder)), tokenizer=tokenizer, row_tokens=24)


def test_fewer_layers_may_be_asked_for(good: Path, tokenizer: PreTrainedTokenizerFast) -> None:
    assert len(built(good, tokenizer, settings={"num_hidden_layers": 1}).mlm.roberta.encoder.layer) == 1


def test_a_missing_single_token_type_row_is_zero(
    good: Path, tmp_path: Path, tokenizer: PreTrainedTokenizerFast
) -> None:
    without = changed(good, tmp_path / "a", lambda w: {k: v for k, v in w.items() if "token_type" not in k})
    zero = changed(good, tmp_path / "b", lambda w: {k: v * ("token_type" not in k) for k, v in w.items()})
    model = built(without, tokenizer)
    torch.testing.assert_close(logits(model.mlm), logits(AutoModelForMaskedLM.from_pretrained(zero)))
    assert any("token_type_embeddings.weight is not in the weights" in sentence for sentence in model.start)


def test_an_untied_decoder_keeps_its_own_weights(
    good: Path, tmp_path: Path, tokenizer: PreTrainedTokenizerFast
) -> None:
    """Where only the head's bias is stored it is the decoder's, which stock loading draws anew."""
    decoder = torch.randn(60, 32)
    folder = changed(good, tmp_path / "changed", lambda w: w | {"lm_head.decoder.weight": decoder},
                     tie_word_embeddings=False)  # fmt: skip
    mlm = built(folder, tokenizer).mlm
    assert torch.equal(mlm.lm_head.decoder.weight, decoder)
    assert torch.equal(mlm.lm_head.decoder.bias, load_file(good / "model.safetensors")["lm_head.bias"])
    assert not mlm.lm_head.bias.requires_grad


@pytest.mark.parametrize("model_type", HEADS)
def test_a_new_head_is_drawn_from_the_seed_alone(
    model_type: str, tmp_path: Path, tokenizer: PreTrainedTokenizerFast
) -> None:
    saved(tmp_path / "whole", model_type, tokenizer)
    AutoModel.from_pretrained(tmp_path / "whole").save_pretrained(tmp_path / "encoder")
    tokenizer.save_pretrained(tmp_path / "encoder")
    with pytest.raises(UserError, match=r"no whole LM head.*model\.new_head"):
        built(tmp_path / "encoder", tokenizer)
    heads = [
        above_encoder(built(tmp_path / name, tokenizer, seed=seed, new_head=True).mlm)
        for name, seed in (("encoder", 3), ("whole", 3), ("encoder", 4))
    ]
    assert all(torch.equal(heads[0][name], heads[1][name]) for name in heads[0])
    assert not all(torch.equal(heads[0][name], heads[2][name]) for name in heads[0])
    stored, model = AutoModel.from_pretrained(tmp_path / "whole"), built(tmp_path / "encoder", tokenizer, new_head=True)
    kept = model.mlm.base_model.eval()(TOKENS).last_hidden_state
    torch.testing.assert_close(kept, stored.eval()(TOKENS).last_hidden_state, atol=1e-5, rtol=1e-5)


@pytest.mark.parametrize("shards", [False, True])
def test_files_of_torch_and_shards_load_as_the_one_file_does(shards: bool, good: Path, tmp_path: Path) -> None:
    folder = tmp_path / "other"
    shutil.copytree(good, folder)
    (folder / "model.safetensors").unlink()
    if shards:
        AutoModelForMaskedLM.from_pretrained(good).save_pretrained(folder, max_shard_size="20KB")
    else:
        torch.save(load_file(good / "model.safetensors"), folder / "pytorch_model.bin")
    found = load_pretrained(AutoModelForMaskedLM, folder).model
    assert torch.equal(logits(found), logits(AutoModelForMaskedLM.from_pretrained(good)))


class Executing:
    """Unpickled, it would make a folder."""

    def __init__(self, folder: Path) -> None:
        self.folder = str(folder)

    def __reduce__(self) -> tuple[object, tuple[str]]:
        return os.mkdir, (self.folder,)


def test_a_pickle_that_executes_is_refused_and_executes_nothing(good: Path, tmp_path: Path) -> None:
    folder, trace = tmp_path / "other", tmp_path / "executed"
    shutil.copytree(good, folder)
    (folder / "model.safetensors").unlink()
    file = folder / "pytorch_model.bin"
    for write in (torch.save, lambda content, path: path.write_bytes(pickle.dumps(content))):
        write({"weight": Executing(trace)}, file)
        with pytest.raises(UserError, match=r"pytorch_model\.bin") as refused:
            load_pretrained(AutoModelForMaskedLM, folder)
        assert "\n" not in str(refused.value) and not trace.exists()


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "is empty"),
        (POINTER.encode(), "git lfs pull"),
        (b"<!DOCTYPE html><html>", "an HTML page"),
        (b"\x08\x00\x00\x00\x00\x00\x00\x00{}", "cut short or no safetensors"),
        (b"\x02\x00\x00\x00\x00\x00\x00\x00{}", "lacks weights"),
        (b"not weights at all, but long enough", "cut short or no safetensors"),
    ],
)
@pytest.mark.parametrize("name", ["model.safetensors", "config.json"])
def test_what_is_no_file_of_a_model_is_said(
    name: str, content: bytes, message: str, good: Path, tmp_path: Path
) -> None:
    shutil.copytree(good, tmp_path / "bad")
    (tmp_path / "bad" / name).write_bytes(content)
    if name == "config.json" and message not in ("is empty", "git lfs pull", "an HTML page"):
        message = "describes no model that transformers knows"
    with pytest.raises(UserError, match=message) as refused:
        load_pretrained(AutoModelForMaskedLM, tmp_path / "bad")
    assert "\n" not in str(refused.value)


@pytest.mark.parametrize(
    "index",
    [
        {},
        {"weight_map": {"a": "gone.safetensors"}},
        {"weight_map": {"a": "../good/model.safetensors"}},
        {"weight_map": {}},
        {"weight_map": 3},
    ],
)
def test_an_index_of_shards_without_its_shards_is_named(index: object, good: Path, tmp_path: Path) -> None:
    shutil.copytree(good, tmp_path / "bad")
    (tmp_path / "bad" / "model.safetensors").unlink()
    (tmp_path / "bad" / "model.safetensors.index.json").write_text(json.dumps(index))
    with pytest.raises(DamagedError, match=r"model\.safetensors\.index\.json"):
        load_pretrained(AutoModelForMaskedLM, tmp_path / "bad")


def test_folders_that_are_no_models_say_what_they_are(good: Path, tmp_path: Path) -> None:
    for name, message in (("checkpoint.json", "langsamp export"), ("adapter_config.json", "merge it")):
        shutil.copytree(good, tmp_path / name)
        (tmp_path / name / name).write_text("{}")
        with pytest.raises(UserError, match=message):
            load_pretrained(AutoModelForMaskedLM, tmp_path / name)
    (tmp_path / "run" / "export").mkdir(parents=True)
    shutil.copy(good / "config.json", tmp_path / "run" / "export")
    with pytest.raises(UserError, match=r"give its model, .*export"):
        load_pretrained(AutoModelForMaskedLM, tmp_path / "run")


def test_code_that_comes_with_a_model_is_never_run(good: Path, tmp_path: Path) -> None:
    trace = tmp_path / "executed"
    folder = changed(good, tmp_path / "coded", lambda w: w, model_type="mine",
                     auto_map={"AutoConfig": "code.Mine", "AutoModelForMaskedLM": "code.Model"})  # fmt: skip
    (folder / "code.py").write_text(f"import os\nos.mkdir({str(trace)!r})\n")
    with pytest.raises(UserError, match="code of its own, which is never run"):
        load_pretrained(AutoModelForMaskedLM, folder)
    assert not trace.exists()


def test_every_load_in_the_code_says_that_no_code_is_run() -> None:
    import langsamp

    for file in Path(langsamp.__file__).parent.rglob("*.py"):
        text = file.read_text(encoding="utf-8")
        for call in (".from_pretrained(", "AutoModel.from_config(", "AutoModelForMaskedLM.from_config("):
            for part in text.split(call)[1:]:
                told = part[: 400 if call == ".from_pretrained(" else 200]
                assert "trust_remote_code=False" in told or '("path/to' in f"({told[:9]}", f"{file}: {call}{told[:60]}"


def test_sizes_that_no_model_has_are_one_line(good: Path, tmp_path: Path) -> None:
    """torch asserts where transformers checks nothing."""
    shutil.copytree(good, tmp_path / "bad")
    config = tmp_path / "bad" / "config.json"
    config.write_text(json.dumps(json.loads(config.read_text()) | {"vocab_size": -5}))
    with pytest.raises(UserError, match="cannot be loaded"):
        load_pretrained(AutoModelForMaskedLM, tmp_path / "bad")


def test_weights_that_are_all_zeros_are_refused(good: Path, tmp_path: Path) -> None:
    folder = changed(good, tmp_path / "zeros", lambda weights: {n: torch.zeros_like(t) for n, t in weights.items()})
    with pytest.raises(UserError, match="matrices of the encoder are zeros"):
        load_pretrained(AutoModelForMaskedLM, folder)
