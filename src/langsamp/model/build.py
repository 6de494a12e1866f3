"""From a recipe to a masked LM: a pretrained one to continue, or a new one from its configuration."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import torch
from huggingface_hub.errors import StrictDataclassError
from pydantic import Field
from torch import nn
from transformers import AutoConfig, AutoModelForMaskedLM, PretrainedConfig, PreTrainedModel, PreTrainedTokenizerBase

from langsamp.config import Config
from langsamp.data.tokens.tokenizer import open_tokenizer, vocabulary_size
from langsamp.errors import UserError
from langsamp.languages.ids import LanguageIds
from langsamp.model.conditioning import LANGUAGES, Conditioning
from langsamp.model.heads import check_trainable
from langsamp.model.hidden_layers import MAX_PIECES
from langsamp.model.isolated_documents import check_documents
from langsamp.model.mlm import LangSampForMaskedLM
from langsamp.model.pretrained.hub_folder import model_folder
from langsamp.model.pretrained.load_pretrained import head_is_untrained, load_pretrained
from langsamp.model.pretrained.model_config import load_config, reason
from langsamp.model.pretrained.tokenizer_match import check_match, unread_pieces
from langsamp.model.settings import checked_settings
from langsamp.model.shapes import POSITIONS_AFTER_PADDING, positions
from langsamp.model.start import draw_head, fix_token_type, fix_unused_bias
from langsamp.model.variants import Variant, parts_of
from langsamp.model.vocabulary.token_rows import silence_padding


class ModelConfig(Config):
    """Which encoder is trained."""

    init: str | None = Field(default="xlm-roberta-base", min_length=1)
    """Hugging Face id or folder of the masked LM to continue from (paper: XLM-R base); null for a new one."""
    revision: str | None = None
    """Revision of `init` on the hub."""
    model_type: str | None = None
    """Architecture of a new model, where `init` is null."""
    settings: dict[str, Any] = Field(default_factory=dict)
    """Entries of the Hugging Face configuration to set, e.g. `hidden_size: 256` or `hidden_dropout_prob: 0.0`."""
    new_head: bool = False
    """Whether the LM head of `init` is drawn anew, from the seed alone; encoders without a head need it."""

    prefix: str | None = None
    """What the names of the tensors in `init` have in front that is no part of them, such as `_orig_mod.` of
    torch.compile or `module.` of DDP; they are read without it."""


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

    Its `start` says what a reader should know of where the weights come from.

    Raises:
        UserError: unknown architecture or setting, vocabulary larger than the model's, rows over its positions, weights
            that are missing or left over, another model's tokenizer.
        DamagedError: where a file of `init` cannot be read.
        DataMissingError: where `init` cannot be found.
    """
    mlm, start = _mlm(config, tokenizer, row_tokens=row_tokens, seed=seed)
    if config.new_head:
        silence_padding(mlm, vocabulary_size=vocabulary_size(tokenizer))
    model = LangSampForMaskedLM(
        mlm, variant=variant, num_languages=len(ids.languages), num_scripts=len(ids.scripts), seed=seed
    )
    model.start = tuple(start)
    return model


def check_model(
    config: ModelConfig, *, tokenizer: PreTrainedTokenizerBase | None, row_tokens: int, apart: bool = False
) -> None:
    """Raise what `build_model` would raise; for a check before long work. Weights to continue from are loaded for it.

    `tokenizer` is None where it is still to be trained. `apart` says that rows hold documents that must not see each
    other.
    """
    settings = _settings(config, tokenizer)
    check_trainable(settings.model_type)
    if apart:
        check_documents(settings.model_type)
    if config.init is not None and tokenizer is not None:
        _mlm(config, tokenizer, row_tokens=row_tokens, seed=0)
        return
    _check_fit(settings, vocabulary_size=vocabulary_size(tokenizer) if tokenizer else 0, row_tokens=row_tokens)
    if config.init is None:
        with torch.device("meta"):
            _new(settings)


def check_continuable(folder: Path, tokenizer: PreTrainedTokenizerBase) -> None:
    """Accept a model to continue from as far as its configuration and tokenizer tell, without its weights.

    Raises:
        UserError: unknown architecture, a decoder, a tokenizer that is not the model's or larger than its embedding.
    """
    settings = load_config(folder)
    check_trainable(settings.model_type)
    _check_fit(settings, vocabulary_size=vocabulary_size(tokenizer), row_tokens=1)
    check_match(tokenizer, settings, model=folder)


def number_of_layers(config: ModelConfig) -> int:
    """How many layers the model has, told without its weights.

    Raises:
        UserError: unknown architecture or setting.
        DataMissingError: where `init` cannot be found.
    """
    return int(_settings(config, None).num_hidden_layers)


def _mlm(
    config: ModelConfig, tokenizer: PreTrainedTokenizerBase, *, row_tokens: int, seed: int
) -> tuple[PreTrainedModel, list[str]]:
    """The masked LM to train, and what there is to say of it."""
    settings = _settings(config, tokenizer)
    check_trainable(settings.model_type)
    _check_fit(settings, vocabulary_size=vocabulary_size(tokenizer), row_tokens=row_tokens)
    start: list[str] = []
    torch.manual_seed(seed)
    if config.init is None:
        mlm = _new(settings)
        start += _untrained_positions(mlm, row_tokens=row_tokens)
    else:
        folder = model_folder(config.init, config.revision)
        stored = _tokenizer_in(folder)
        start = check_match(tokenizer, settings, model=folder, stored=stored)
        start += unread_pieces(folder, stored) if stored is not None else []
        mlm, notes = _pretrained(config, folder, settings, seed=seed)
        start += notes
    fix_token_type(mlm)
    fix_unused_bias(mlm)
    return mlm, start


def _untrained_positions(mlm: PreTrainedModel, *, row_tokens: int) -> list[str]:
    """What is to be said of a new model with a table of more positions than rows have tokens."""
    config: Any = mlm.config
    read = min(positions(config), MAX_PIECES)
    tables = [each for name, each in mlm.named_modules() if name.endswith("position_embeddings")]
    if read <= row_tokens or not any(isinstance(each, nn.Embedding) for each in tables):
        return []
    before = config.max_position_embeddings - positions(config)
    return [
        f"rows of {row_tokens} tokens train no more than {row_tokens} of the model's {positions(config)} positions, "
        f"and texts of tasks are read up to {read} tokens, the rest of them at random ones. Set "
        f"model.settings.max_position_embeddings to {before + row_tokens}, or rows.row_tokens higher"
    ]


def _settings(config: ModelConfig, tokenizer: PreTrainedTokenizerBase | None) -> PretrainedConfig:
    """The whole Hugging Face configuration; a tokenizer that is still to be trained has XLM-R's layout."""
    if (config.init is None) == (config.model_type is None):
        raise UserError("the model needs exactly one of model.init (continue from it) and model.model_type (a new one)")
    for key in ("revision", "new_head", "prefix"):
        if config.init is None and getattr(config, key):
            raise UserError(f"model.{key} is for a model to continue from, and model.init is null: leave it out")
    if config.init is not None:
        return _settings_over(model_folder(config.init, config.revision), config.settings)
    assert config.model_type is not None
    check_trainable(config.model_type)
    default = AutoConfig.for_model(config.model_type)
    settings = checked_settings(default, config.settings)
    named = {"bos_token_id": 0, "pad_token_id": 1, "eos_token_id": 2}
    if tokenizer is not None:
        others = {"bos_token_id": "cls_token_id", "pad_token_id": "pad_token_id", "eos_token_id": "sep_token_id"}
        named = {key: _first(getattr(tokenizer, key), getattr(tokenizer, others[key])) for key in named}
        named["vocab_size"] = vocabulary_size(tokenizer)
    if hasattr(default, "mask_token_id") and tokenizer is not None:  # EuroBERT names it
        named["mask_token_id"] = tokenizer.mask_token_id
    if hasattr(default, "cls_token_id"):  # as ModernBERT names what others call bos
        named |= {"cls_token_id": named["bos_token_id"], "sep_token_id": named["eos_token_id"]}
    if config.model_type in POSITIONS_AFTER_PADDING:
        named["type_vocab_size"] = 1
    with _fitting():
        return AutoConfig.for_model(config.model_type, **(named | settings))


def _settings_over(folder: Path, settings: Mapping[str, Any]) -> PretrainedConfig:
    """The configuration in a folder with `settings` put over it, which are blamed for what is wrong with them alone."""
    stored = load_config(folder)
    checked = checked_settings(stored, settings)
    if not checked:
        return stored
    try:
        return load_config(folder, **checked)
    except UserError as error:
        raise UserError(f"model.settings do not fit what {folder} holds: {error}") from None


def _first(*values: int | None) -> Any:
    return next((value for value in values if value is not None), None)


def _pretrained(
    config: ModelConfig, folder: Path, settings: PretrainedConfig, *, seed: int
) -> tuple[PreTrainedModel, list[str]]:
    """The masked LM in a folder; a head that is missing is drawn anew where the recipe says so."""
    depth = {"num_hidden_layers", settings.attribute_map.get("num_hidden_layers")}
    loaded = load_pretrained(
        AutoModelForMaskedLM, folder, config=settings, keeps_surplus=not depth.isdisjoint(config.settings)
    )
    model, notes, vectors, prefix = loaded.model, loaded.notes, loaded.vectors, loaded.prefix
    if config.prefix and not prefix:
        raise UserError(
            f"model.init {config.init}: the tensors of {folder} fit by their names as they are, and model.prefix is "
            f"{config.prefix!r}: leave it out"
        )
    if prefix != (config.prefix or ""):
        raise UserError(
            f"model.init {config.init}: the tensors of {folder} have {prefix!r} in their names, as a wrapper writes "
            f"it, and model.prefix is {config.prefix or ''!r}. Without it all of them fit: set model.prefix: {prefix!r}"
        )
    said = [f"the model continues from {config.init}", *notes]
    if (folder / LANGUAGES).is_file():
        conditioning = Conditioning.load(folder)
        vectors = (*vectors, *(f"{table} vectors" for table in parts_of(conditioning.variant).tables))
    if vectors:
        said.append(f"{config.init} holds vectors ({', '.join(vectors)}): new ones are trained instead")
    if config.new_head:
        draw_head(model, seed=seed)
        drawn = f"the LM head is new: it is drawn at random from seed {seed}"
        return model, [*said, f"{drawn}, and held-out loss at step 0 is measured with it"]
    loaded.check_head(
        f"model.init {config.init}: {folder}",
        remedy="Encoders are often published without one: set model.new_head: true to train a new one, drawn at random,"
        " best with training.head_warmup_steps",
    )
    if head_is_untrained(model):
        said.append(
            f"the LM head of {config.init} was never trained (its biases are zero): model.new_head: true with "
            "training.head_warmup_steps keeps its gradients from the encoder until it has learned"
        )
    return model, said


def _tokenizer_in(folder: Path) -> PreTrainedTokenizerBase | None:
    """The tokenizer that lies beside the weights, None where there is none that can be read."""
    try:
        return open_tokenizer(folder)
    except UserError:
        return None


def _new(settings: PretrainedConfig) -> PreTrainedModel:
    with _fitting():
        model: PreTrainedModel = AutoModelForMaskedLM.from_config(
            settings, dtype=torch.float32, trust_remote_code=False
        )
    return model


@contextmanager
def _fitting() -> Iterator[None]:
    """Turn what transformers says of settings that do not go together into our message."""
    try:
        yield
    except UserError:
        raise
    except (KeyError, StrictDataclassError, ValueError, RuntimeError) as error:
        raise UserError(f"model.settings do not make a model that works: {reason(error)}") from None


def _check_fit(config: PretrainedConfig, *, vocabulary_size: int, row_tokens: int) -> None:
    if getattr(config, "is_decoder", False):
        raise UserError(
            "the model's configuration says is_decoder: each token would see only what stands before it, and a masked "
            "LM reads both sides; set it to false where that is a mistake, or choose an encoder"
        )
    if vocabulary_size > config.vocab_size:
        raise UserError(
            f"the tokenizer has {vocabulary_size:,} entries but the model's embedding table has {config.vocab_size:,} "
            "rows: use the model's own tokenizer (tokenizer.load) or a model made for this one; if it has new tokens, "
            "give the model rows for them (resize_token_embeddings) and save both"
        )
    if row_tokens > positions(config):
        raise UserError(
            f"rows of {row_tokens} tokens are longer than the model's {positions(config)} positions: set "
            f"rows.row_tokens to at most {positions(config)}, or a larger model.settings.max_position_embeddings for a "
            "new model"
        )
