"""Which settings of a configuration a recipe may set, and in which range."""

from typing import Any

import pytest
from transformers import AutoConfig, PreTrainedTokenizerFast

from langsamp.errors import UserError
from langsamp.languages.ids import LanguageIds
from langsamp.languages.tags import LangScript
from langsamp.model.build import ModelConfig, build_model
from langsamp.model.settings import checked_settings

XLM_R = AutoConfig.for_model("xlm-roberta")


@pytest.mark.parametrize(
    ("setting", "said"),
    [
        ({"hiden_size": 32}, "is no setting of a xlm-roberta model. Did you mean 'hidden_size'?"),
        ({"model_type": "bert"}, "says nothing of the encoder"),
        ({"return_dict": False}, "says nothing of the encoder"),
        ({"chunk_size_feed_forward": 7}, "says nothing of the encoder"),
        ({"is_encoder_decoder": True}, "says nothing of the encoder"),
        ({"add_cross_attention": True}, "says nothing of the encoder"),
        ({"pad_token_id": 5}, "what the tokenizer says"),
        ({"num_hidden_layers": 0}, "num_hidden_layers is 0: expected a whole number of at least 1"),
        ({"num_attention_heads": 0}, "at least 1"),
        ({"type_vocab_size": 0}, "at least 1"),
        ({"max_position_embeddings": -4}, "at least 1"),
        ({"hidden_dropout_prob": 1}, "is 1.0: expected a share from 0 to below 1"),
        ({"attention_probs_dropout_prob": -0.1}, "from 0 to below 1"),
        ({"classifier_dropout": 2}, "from 0 to below 1"),
        ({"layer_norm_eps": 0}, "expected a number between 0 and 1"),
        ({"layer_norm_eps": float("inf")}, "expected a finite number"),
        ({"initializer_range": 1e9}, "expected a number between 0 and 1"),
    ],
)
def test_what_would_train_nothing_is_refused(setting: dict[str, Any], said: str) -> None:
    with pytest.raises(UserError) as error:
        checked_settings(XLM_R, setting)
    assert said in str(error.value) and f"model.settings.{next(iter(setting))}" in str(error.value)


def test_all_that_a_stored_configuration_has_too_much_is_told_at_once() -> None:
    stored = AutoConfig.for_model("xlm-roberta", architectures=["XLMRobertaForMaskedLM"]).to_dict()
    with pytest.raises(UserError) as error:
        checked_settings(XLM_R, stored)
    words = set(str(error.value).replace(",", " ").replace("model.settings.", " ").split())
    assert checked_settings(XLM_R, {key: value for key, value in stored.items() if key not in words})


def test_numbers_are_read_as_yaml_writes_them() -> None:
    written = {"layer_norm_eps": "1e-5", "hidden_dropout_prob": 0, "hidden_size": 48, "hidden_act": "relu"}
    read = checked_settings(XLM_R, written)
    assert read == {"layer_norm_eps": 1e-5, "hidden_dropout_prob": 0.0, "hidden_size": 48, "hidden_act": "relu"}
    assert isinstance(read["hidden_dropout_prob"], float)


def test_other_names_for_sizes_have_their_range() -> None:
    with pytest.raises(UserError, match=r"num_hidden_layers is 0: .* at least 1"):
        checked_settings(AutoConfig.for_model("distilbert"), {"num_hidden_layers": 0})


@pytest.mark.parametrize(
    ("model_type", "usual"),
    [("xlm-roberta", 34), ("bert", 32), ("distilbert", 32), ("modernbert", None), ("deberta-v2", 32)],
)
def test_positions_that_no_row_reaches_are_told_where_they_are_learned(
    model_type: str, usual: int | None, tokenizer: PreTrainedTokenizerFast
) -> None:
    sizes: dict[str, Any] = {"hidden_size": 16, "num_hidden_layers": 1, "num_attention_heads": 2}

    def said(positions: int, *, row_tokens: int) -> tuple[str, ...]:
        config = ModelConfig(init=None, model_type=model_type, settings={**sizes, "max_position_embeddings": positions})
        ids = LanguageIds.of([LangScript("deu", "Latn")])
        return build_model(config, tokenizer=tokenizer, ids=ids, variant="both", row_tokens=row_tokens, seed=0).start

    if usual is None:
        assert said(600, row_tokens=32) == ()
    else:
        (note,) = said(66, row_tokens=32)
        assert f"Set model.settings.max_position_embeddings to {usual}, or rows.row_tokens higher" in note
        assert said(usual, row_tokens=32) == () and said(600, row_tokens=512) == ()
