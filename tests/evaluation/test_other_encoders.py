"""Laws of encoders of every make: scored by their hidden states, or refused in one line that says why."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from transformers import AutoConfig, AutoModel, NllbTokenizer, PreTrainedTokenizerFast, T5EncoderModel

from langsamp.errors import UserError
from langsamp.evaluation.config import EvaluationConfig
from langsamp.evaluation.models import find_model
from langsamp.evaluation.plan import plan, usable_models
from langsamp.evaluation.retrieval.encoder import Encoder
from langsamp.evaluation.run import evaluate

SIZE = {"hidden_size": 32, "num_hidden_layers": 2, "num_attention_heads": 4, "intermediate_size": 64,
        "max_position_embeddings": 40}  # fmt: skip
T5 = {"d_model": 32, "d_kv": 8, "d_ff": 64, "num_layers": 2, "num_heads": 4}
BART = {"d_model": 32, "encoder_layers": 2, "decoder_layers": 2, "encoder_attention_heads": 4, "encoder_ffn_dim": 64,
        "decoder_attention_heads": 4, "decoder_ffn_dim": 64, "max_position_embeddings": 40}  # fmt: skip
HALF = {"hidden_size": 32, "num_hidden_layers": 2, "num_attention_heads": 4, "num_key_value_heads": 2, "head_dim": 8,
        "intermediate_size": 64, "vocab_size": 60}  # fmt: skip
T5GEMMA = {"encoder": HALF, "decoder": {**HALF, "num_hidden_layers": 3}}


def saved(folder: Path, tokenizer: PreTrainedTokenizerFast, kind: str, **settings: Any) -> Path:
    named = {"vocab_size": 60, "pad_token_id": 1, "bos_token_id": 0, "eos_token_id": 2, "decoder_start_token_id": 0}
    torch.manual_seed(0)
    AutoModel.from_config(AutoConfig.for_model(kind, **named | settings)).save_pretrained(folder)
    tokenizer.save_pretrained(folder)
    return folder


@pytest.mark.parametrize(
    ("kind", "size"), [("mt5", T5), ("umt5", T5), ("m2m_100", BART), ("mbart", BART), ("t5gemma", T5GEMMA)]
)
def test_of_an_encoder_decoder_the_encoder_half_is_scored(
    kind: str, size: dict[str, Any], tokenizer: PreTrainedTokenizerFast, tmp_path: Path, sentences: Any
) -> None:
    folder = saved(tmp_path, tokenizer, kind, **size)
    assert find_model(folder).num_layers == 2
    text = sentences(1, seed=3)
    found = Encoder.load(folder, device="cpu").encode(text, layers=[0, 1, 2])
    half = AutoModel.from_pretrained(folder).eval().get_encoder()
    with torch.no_grad():
        every = half(**tokenizer(text, return_tensors="pt", return_token_type_ids=False), output_hidden_states=True)
    for layer, states in enumerate(every.hidden_states):
        np.testing.assert_allclose(found[layer][0], states[0].mean(0), atol=1e-5)


@pytest.mark.parametrize(("kind", "size"), [("t5", T5), ("m2m_100", BART), ("mbart", BART)])
def test_an_encoder_half_that_was_saved_alone_is_scored_as_in_the_whole(
    kind: str, size: dict[str, Any], tokenizer: PreTrainedTokenizerFast, tmp_path: Path, sentences: Any
) -> None:
    """By a class for it, which T5 has, or by that of the half itself, whose names begin within it."""
    whole, half = saved(tmp_path / "whole", tokenizer, kind, **size), tmp_path / "half"
    encoder = T5EncoderModel.from_pretrained(whole) if kind == "t5" else AutoModel.from_pretrained(whole).get_encoder()
    encoder.save_pretrained(half)
    tokenizer.save_pretrained(half)
    vectors = [
        Encoder.load(folder, device="cpu").encode(sentences(3, seed=1), layers=[2])[2] for folder in (whole, half)
    ]
    np.testing.assert_allclose(*vectors, atol=1e-6)


@pytest.mark.parametrize("kind", ["albert", "electra", "mpnet", "roformer"])
def test_encoders_that_nothing_lists_are_scored(
    kind: str, tokenizer: PreTrainedTokenizerFast, tmp_path: Path, sentences: Any
) -> None:
    folder = saved(tmp_path, tokenizer, kind, **SIZE, embedding_size=32)
    assert Encoder.load(folder, device="cpu").encode(sentences(3, seed=1), layers=[2])[2].shape == (3, 32)


def test_x_mod_takes_its_default_language_or_its_only_one(
    tokenizer: PreTrainedTokenizerFast, tmp_path: Path, sentences: Any
) -> None:
    text, several = sentences(3, seed=1), {"languages": ["en_XX", "sw_KE"], "type_vocab_size": 1}
    with pytest.raises(
        UserError, match=r"adapters of 2 languages .* set default_language there to one of en_XX, sw_KE"
    ):
        Encoder.load(saved(tmp_path / "none", tokenizer, "xmod", **SIZE, **several), device="cpu")
    vectors = []
    for language in several["languages"]:
        folder = saved(tmp_path / language, tokenizer, "xmod", **SIZE, **several, default_language=language)
        vectors.append(Encoder.load(folder, device="cpu").encode(text, layers=[2])[2])
    assert not np.allclose(*vectors)
    alone = saved(tmp_path / "alone", tokenizer, "xmod", **SIZE, languages=["en_XX"], type_vocab_size=1)
    assert Encoder.load(alone, device="cpu").encode(text, layers=[2])[2].shape == (3, 32)


@pytest.mark.parametrize(
    ("kind", "size", "message"),
    [
        ("gpt2", {"n_embd": 32, "n_layer": 2, "n_head": 4}, "is a decoder"),
        ("llama", SIZE | {"num_key_value_heads": 2}, "is a decoder"),
        ("hunyuan_v1_moe", SIZE | {"num_key_value_heads": 2, "head_dim": 8, "num_experts": 2}, "is a decoder"),
        ("pegasus_x", BART, "expected 3 hidden states"),
        ("fsmt", BART | {"langs": ["en", "sw"], "src_vocab_size": 60, "tgt_vocab_size": 60}, "say how many layers"),
        ("vits", SIZE, "no embeddings of tokens"),
        ("canine", SIZE, "canine model is no plain encoder"),
        ("mra", SIZE | {"max_position_embeddings": 64}, "attention of this mra model does nothing here"),
        ("fnet", {k: v for k, v in SIZE.items() if "heads" not in k}, "change with the padding"),
    ],
)
def test_what_is_no_encoder_is_refused_in_one_line(
    kind: str, size: dict[str, Any], message: str, tokenizer: PreTrainedTokenizerFast, tmp_path: Path
) -> None:
    with pytest.raises(UserError, match=message) as refused:
        Encoder.load(saved(tmp_path, tokenizer, kind, **size), device="cpu")
    assert "\n" not in str(refused.value)


def test_one_bad_model_costs_only_itself(save_model: Any, tmp_path: Path, write_pair: Any, sentences: Any) -> None:
    write_pair("deu_Latn", sentences(10, seed=1), sentences(10, seed=2))
    config = EvaluationConfig(tasks=("sr-bible",), data=str(tmp_path / "data"))
    good, cut, lost = save_model("good"), save_model("cut", seed=1), save_model("lost", seed=2)
    weights = cut / "model.safetensors"
    weights.write_bytes(weights.read_bytes()[:-9])
    (lost / "config.json").write_text("{}")
    done = evaluate([cut, good, lost], config, tmp_path / "out")
    assert set(done.scores["model_name"]) == {str(good)}
    assert [failure.model for failure in done.failures] == [str(cut), str(lost)]
    assert all("\n" not in str(failure) for failure in done.failures)
    usable, unusable = usable_models([cut, good], config)
    assert [cell.model.name for cell in plan(usable, config, tmp_path / "out")] == [str(good)]
    assert list(unusable) == [str(cut)]
    shallow = evaluate([good, save_model("other", seed=4)], config.model_copy(update={"layer": 3}), tmp_path / "out")
    assert not shallow.failures
    with pytest.raises(UserError, match="cut short"):
        evaluate([cut, lost], config, tmp_path / "out")


def test_what_can_be_doubted_of_a_model_is_told_before_it_is_scored(
    tokenizer: PreTrainedTokenizerFast, tmp_path: Path, write_pair: Any, sentences: Any, capsys: Any
) -> None:
    write_pair("deu_Latn", sentences(10, seed=1), sentences(10, seed=2))
    size = {"emb_dim": 32, "n_layers": 2, "n_heads": 4, "max_position_embeddings": 40, "pad_index": 1}
    folders = {
        "told": saved(tmp_path / "told", tokenizer, "xlm", **size, n_langs=3, use_lang_emb=True),
        "without": saved(tmp_path / "without", tokenizer, "xlm", **size, n_langs=3, use_lang_emb=False),
        "padding": saved(tmp_path / "padding", tokenizer, "xlm-roberta", **SIZE, pad_token_id=0),
    }
    letters = dict.fromkeys(("<s>", "<pad>", "</s>", "<unk>", "▁", *"".join(sentences(10, seed=1))))
    nllb = NllbTokenizer(vocab={letter: number for number, letter in enumerate(letters)}, merges=[])
    folders["marked"] = saved(tmp_path / "marked", nllb, "m2m_100", **BART, vocab_size=len(nllb))
    config = EvaluationConfig(tasks=("sr-bible",), data=str(tmp_path / "data"))
    assert not evaluate(list(folders.values()), config, tmp_path / "out").failures
    said = [line for line in capsys.readouterr().err.splitlines() if line.startswith("note: the ")]
    assert len(said) == 3
    assert "marked marks every sentence as eng_Latn" in said[2]
    assert "told was trained with a vector for each of 3 languages" in said[0]
    assert "padding counts positions behind padding 0" in said[1]
    evaluate(list(folders.values()), config, tmp_path / "out")
    assert "note: the " not in capsys.readouterr().err, "nothing is scored again"


def test_no_model_at_all_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="expected at least one model"):
        evaluate([], EvaluationConfig(tasks=("sr-cldr",)), tmp_path / "out")
