"""Laws of the fingerprint: it follows the content of a model, never its name or date."""

import json
import shutil

import pytest
import torch
from huggingface_hub import constants
from transformers import AutoModel, AutoTokenizer

from langsamp.data.tokens.tokenizer import load_tokenizer
from langsamp.errors import DamagedError, DataMissingError, UserError
from langsamp.evaluation.models import find_model, model_fingerprint
from langsamp.model.hidden_layers import chosen_layer, default_layer
from langsamp.model.pretrained.model_config import load_config


def test_a_renamed_or_saved_again_or_split_model_keeps_its_fingerprint(save_model, tmp_path):
    folder = save_model("first")
    expected = model_fingerprint(folder)
    shutil.move(folder, tmp_path / "second")
    assert model_fingerprint(tmp_path / "second") == expected
    AutoModel.from_pretrained(tmp_path / "second").save_pretrained(tmp_path / "third", max_shard_size="20KB")
    AutoTokenizer.from_pretrained(tmp_path / "second").save_pretrained(tmp_path / "third")
    assert len(list((tmp_path / "third").glob("*.safetensors"))) > 1
    assert model_fingerprint(tmp_path / "third") == expected
    (tmp_path / "third" / "conditioning.safetensors").write_bytes(b"no part of the encoder")
    assert model_fingerprint(tmp_path / "third") == expected


def test_one_changed_weight_token_or_setting_changes_the_fingerprint(save_model):
    folder = save_model()
    seen = {model_fingerprint(folder)}
    model = AutoModel.from_pretrained(folder)
    with torch.no_grad():
        model.encoder.layer[2].output.dense.bias[3] += 1e-6
    model.save_pretrained(folder)
    seen.add(model_fingerprint(folder))
    for file, old, new in (
        ("tokenizer.json", '"ba"', '"bax"'),
        ("tokenizer_config.json", '"<mask>"', '"<Mask>"'),
        ("config.json", '"layer_norm_eps": 1e-12', '"layer_norm_eps": 1e-05'),
    ):
        text = (folder / file).read_text(encoding="utf-8")
        assert old in text, file
        (folder / file).write_text(text.replace(old, new), encoding="utf-8")
        seen.add(model_fingerprint(folder))
    assert len(seen) == 5


def test_names_and_versions_in_the_config_do_not_count(save_model):
    folder = save_model()
    expected = model_fingerprint(folder)
    config = json.loads((folder / "config.json").read_text(encoding="utf-8"))
    config |= {"_name_or_path": "elsewhere", "transformers_version": "9.9.9"}
    (folder / "config.json").write_text(json.dumps(config), encoding="utf-8")
    assert model_fingerprint(folder) == expected


def test_two_thirds_of_the_depth_is_the_default_layer():
    assert [default_layer(depth) for depth in (2, 3, 4, 6, 12, 22, 24)] == [1, 2, 3, 4, 8, 15, 16]


def test_models_that_cannot_be_used_are_named(save_model, tmp_path, monkeypatch):
    folder = save_model()
    model = find_model(folder, name="tiny")
    assert (model.name, model.num_layers, model.folder) == ("tiny", 3, folder)
    assert find_model(str(folder) + "/").name == str(folder)
    with pytest.raises(UserError, match=r"layer 4: tiny has 3 layers \(0 = embeddings, 1-3\)"):
        chosen_layer(4, model.num_layers, model=model.name)
    with pytest.raises(UserError, match="no folder 'runs/none/such'"):
        find_model("runs/none/such")
    with pytest.raises(UserError, match="paper:langsamp are scores that the paper printed, and no model"):
        find_model("paper:langsamp")
    weights = folder / "model.safetensors"
    weights.write_bytes(weights.read_bytes()[:-1])
    with pytest.raises(DamagedError, match=r"model\.safetensors is cut short"):
        find_model(folder)
    weights.unlink()
    (folder / "onnx").mkdir()
    (folder / "onnx" / "model.onnx").write_bytes(b"graph")
    with pytest.raises(UserError, match=r"holds no weights: .*; there is only onnx/model\.onnx, which is not read"):
        find_model(folder)
    for made, said in (
        ("pytorch_model_fsdp_0/.metadata", "accelerate merge-weights"),
        ("zero_to_fp32.py", "zero_to_fp32"),
    ):
        (folder / made).parent.mkdir(exist_ok=True)
        (folder / made).write_bytes(b"")
        with pytest.raises(UserError, match=rf"holds no weights: .*Join the parts .*{said}"):
            find_model(folder)
    for file in folder.glob("*token*"):
        file.unlink()
    told = rf"no tokenizer found in {folder}: expected tokenizer\.json, .*; copy"
    with pytest.raises(DataMissingError, match=f"{told} or download it"):
        find_model(folder)
    (folder.parent / "tokenizer.json").write_text("{}")
    for read in (find_model, load_tokenizer):
        with pytest.raises(DataMissingError, match=f"{told} that of {folder.parent} into it"):
            read(str(folder))


def test_scores_given_as_a_model_and_a_renamed_model_are_named(tmp_path, monkeypatch):
    for name in ("both-0", "both-1", "none-0"):
        (tmp_path / "models" / name / "export").mkdir(parents=True)
        (tmp_path / "models" / name / "export" / "config.json").touch()
    for asked, ends in (("both", r"both-0/export, \S*/both-1/export"), ("both-1", "itself, [^,]*/both-1/export")):
        with pytest.raises(UserError, match=f"{asked} is how scores are named.*{ends}$"):
            find_model(f"{tmp_path}:{asked}")
    monkeypatch.setattr(constants, "HF_HUB_CACHE", str(tmp_path / "hub"))
    monkeypatch.setattr(constants, "HF_HUB_OFFLINE", True)
    (tmp_path / "hub" / "models--FacebookAI--xlm-roberta-base").mkdir(parents=True)
    with pytest.raises(DataMissingError, match="; FacebookAI/xlm-roberta-base is on this machine; or download"):
        find_model("xlm-roberta-base")


def test_a_folder_without_a_config_is_no_model_to_any_reader(tmp_path):
    for read in (find_model, load_config):
        with pytest.raises(UserError, match=r"is no model: expected config\.json beside the weights"):
            read(tmp_path)


def test_a_model_in_a_folder_below_is_named(save_model, tmp_path):
    (tmp_path / "outer").mkdir()
    save_model().rename(tmp_path / "outer" / "0_Transformer")
    (tmp_path / "outer" / "1_Pooling").mkdir()
    (tmp_path / "outer" / "1_Pooling" / "config.json").write_text('{"pooling_mode_mean_tokens": true}')
    told = r"outer is no model, but .*outer/0_Transformer in it may be one; give that"
    with pytest.raises(UserError, match=told):
        load_config(tmp_path / "outer")
    for number in (900, 1000, 50):
        (tmp_path / "trainer" / f"checkpoint-{number}").mkdir(parents=True)
        (tmp_path / "trainer" / f"checkpoint-{number}" / "config.json").write_text('{"model_type": "bert"}')
    with pytest.raises(UserError, match="trainer/checkpoint-1000 in it may be one"):
        find_model(tmp_path / "trainer")
    (tmp_path / "outer" / "config.json").write_text('{"__version__": "0.3"}')
    for read in (find_model, load_config):
        with pytest.raises(UserError, match=told):
            read(tmp_path / "outer")
