"""From a recipe to a masked LM: a pretrained one to continue, or a new one from its configuration."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import torch
from huggingface_hub.errors import StrictDataclassError
from pydantic import Field
from torch import nn
from transformers import AutoConfig, AutoModelForMaskedLM, PretrainedConfig, PreTrainedModel, PreTrainedTokenizerBase

from langsamp.config import Config
from langsamp.data.tokenizer import vocabulary_size
from langsamp.errors import DataMissingError, UserError, did_you_mean
from langsamp.languages.ids import LanguageIds
from langsamp.model.documents import check_documents
from langsamp.model.mlm import LangSampForMaskedLM, head_of
from langsamp.model.variants import Variant

_POSITIONS_AFTER_PADDING = {"camembert", "roberta", "xlm-roberta", "xlm-roberta-xl"}
"""Model types whose positions start after the padding id and that have a single token type."""


class ModelConfig(Config):
    """Which encoder is trained."""

    init: str | None = "xlm-roberta-base"
    """Hugging Face id or folder of the masked LM to continue from (paper: XLM-R base); null for a new one."""
    revision: str | None = None
    """Revision of `init` on the hub."""
    model_type: str | None = None
    """Architecture of a new model, where `init` is null."""
    settings: dict[str, Any] = Field(default_factory=dict)
    """Entries of the Hugging Face configuration to set, e.g. `hidden_size: 256` or `hidden_dropout_prob: 0.0`."""


def build_model(
    config: ModelConfig,
    *,
    tokenizer: PreTrainedTokenizerBase,
    ids: LanguageIds,
    variant: Variant,
    row_tokens: int,
    seed: int,
) -> LangSampForMaskedLM:
    """The model before its first step; the encoder's weights depend on `config` and `seed` only, not on `variant`.

    Raises:
        UserError: unknown architecture or setting, vocabulary larger than the model's, rows over its positions.
        DataMissingError: where `init` cannot be found.
    """
    settings = _settings(config, tokenizer)
    head_of(settings.model_type)
    _check_fit(settings, vocabulary_size=vocabulary_size(tokenizer), row_tokens=row_tokens)
    torch.manual_seed(seed)
    mlm = _pretrained(config, settings) if config.init is not None else _new(settings)
    _fix_token_type(mlm)
    return LangSampForMaskedLM(
        mlm, variant=variant, num_languages=len(ids.languages), num_scripts=len(ids.scripts), seed=seed
    )


def check_model(
    config: ModelConfig, *, tokenizer: PreTrainedTokenizerBase | None, row_tokens: int, apart: bool = False
) -> None:
    """Raise what `build_model` would raise of settings and row length, without weights; for a check before long work.

    `tokenizer` is None where it is still to be trained. `apart` says that rows hold documents that must not see each
    other.
    """
    settings = _settings(config, tokenizer)
    head_of(settings.model_type)
    if apart:
        check_documents(settings.model_type)
    _check_fit(settings, vocabulary_size=vocabulary_size(tokenizer) if tokenizer else 0, row_tokens=row_tokens)
    if config.init is None:
        with torch.device("meta"):
            _new(settings)


def positions(config: PretrainedConfig) -> int:
    """The longest input, special tokens included, that a model of this configuration can read."""
    padding = config.pad_token_id + 1 if config.model_type in _POSITIONS_AFTER_PADDING else 0
    return int(config.max_position_embeddings) - padding


def _settings(config: ModelConfig, tokenizer: PreTrainedTokenizerBase | None) -> PretrainedConfig:
    """The whole Hugging Face configuration; a tokenizer that is still to be trained has XLM-R's layout."""
    if (config.init is None) == (config.model_type is None):
        raise UserError("the model needs exactly one of model.init (continue from it) and model.model_type (a new one)")
    if config.init is not None:
        with _found(config):
            default = AutoConfig.from_pretrained(config.init, revision=config.revision)
        _check_settings(default, config.settings)
        with _fitting():
            return AutoConfig.from_pretrained(config.init, revision=config.revision, **config.settings)
    assert config.model_type is not None
    head_of(config.model_type)
    _check_settings(AutoConfig.for_model(config.model_type), config.settings)
    named = {"bos_token_id": 0, "pad_token_id": 1, "eos_token_id": 2}
    if tokenizer is not None:
        named = {key: getattr(tokenizer, key) for key in named} | {"vocab_size": vocabulary_size(tokenizer)}
    if hasattr(AutoConfig.for_model(config.model_type), "cls_token_id"):  # as ModernBERT names what others call bos
        named |= {"cls_token_id": named["bos_token_id"], "sep_token_id": named["eos_token_id"]}
    if config.model_type in _POSITIONS_AFTER_PADDING:
        named["type_vocab_size"] = 1
    with _fitting():
        return AutoConfig.for_model(config.model_type, **(named | config.settings))


def _pretrained(config: ModelConfig, settings: PretrainedConfig) -> PreTrainedModel:
    with _found(config):
        model: PreTrainedModel = AutoModelForMaskedLM.from_pretrained(
            config.init, revision=config.revision, config=settings, dtype=torch.float32
        )
    return model


def _new(settings: PretrainedConfig) -> PreTrainedModel:
    with _fitting():
        model: PreTrainedModel = AutoModelForMaskedLM.from_config(settings, dtype=torch.float32)
    return model


@contextmanager
def _found(config: ModelConfig) -> Iterator[None]:
    """Turn what transformers says of an absent model, or of one that other settings do not fit, into our message."""
    try:
        yield
    except (OSError, ValueError) as error:
        raise DataMissingError(
            f"no masked LM at model.init {config.init!r}: expected a Hugging Face id or a folder with config.json and "
            f"weights. {str(error).splitlines()[0]}"
        ) from None
    except RuntimeError as error:
        raise UserError(f"model.settings do not fit the weights of {config.init!r}: {error}") from None


@contextmanager
def _fitting() -> Iterator[None]:
    """Turn what transformers says of settings that do not go together into our message."""
    try:
        yield
    except (KeyError, StrictDataclassError, ValueError) as error:
        raise UserError(f"model.settings do not make a model that works: {error}") from None


def _check_settings(default: PretrainedConfig, settings: dict[str, Any]) -> None:
    known = default.to_dict().keys() | default.attribute_map.keys()
    for key in settings.keys() - known:
        raise UserError(
            f"model.settings.{key} is no setting of a {default.model_type} model.{did_you_mean(key, known)}"
        )


def _check_fit(config: PretrainedConfig, *, vocabulary_size: int, row_tokens: int) -> None:
    if vocabulary_size > config.vocab_size:
        raise UserError(
            f"the tokenizer has {vocabulary_size:,} entries but the model's embedding table has {config.vocab_size:,} "
            "rows: use the model's own tokenizer (tokenizer.load) or a model made for this one"
        )
    if row_tokens > positions(config):
        raise UserError(
            f"rows of {row_tokens} tokens are longer than the model's {positions(config)} positions: set "
            f"rows.row_tokens to at most {positions(config)}, or a larger model.settings.max_position_embeddings for a "
            "new model"
        )


def _fix_token_type(mlm: PreTrainedModel) -> None:
    """Make the single token-type row of the RoBERTa family zero and keep it so.

    Every token gets that row, so it moves into the position table without changing any output. An export then always
    has a zero row, and the encoder equals one without it, as the original code trains it (protocols, b).
    """
    if mlm.config.model_type not in _POSITIONS_AFTER_PADDING:
        return
    embeddings: Any = mlm.base_model.embeddings
    types, table = embeddings.token_type_embeddings, embeddings.position_embeddings
    if not isinstance(types, nn.Embedding) or types.num_embeddings != 1:
        return
    with torch.no_grad():
        table.weight += types.weight
        types.weight.zero_()
    types.weight.requires_grad_(False)
