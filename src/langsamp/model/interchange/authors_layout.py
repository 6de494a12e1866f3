"""The layout in which LangSAMP's authors store a model: XLM-R whose two tables stand among the encoder's embeddings.

Told by the facts of their code (cisnlp/LangSAMP, commit 077d664), of which nothing is copied: the tables are part of
the encoder's state, the encoder has no token-type row, the tied decoder is not stored, the sizes and switches of the
tables stand in config.json, and which row is whose only in an id table beside it.
"""

from collections.abc import Collection, Mapping
from pathlib import Path

import torch
from safetensors import safe_open
from torch import Tensor
from transformers import PretrainedConfig

from langsamp.errors import UserError
from langsamp.languages.ids import LanguageIds
from langsamp.model.conditioning import VectorTable
from langsamp.model.pretrained.loading_report import VECTORS
from langsamp.model.pretrained.weight_files import tensor_names, weight_files
from langsamp.model.variants import Variant

MODEL_TYPE = "xlm-roberta"
TABLES: Mapping[VectorTable, str] = {
    "language": f"roberta.embeddings.{VECTORS[0]}",
    "script": f"roberta.embeddings.{VECTORS[1]}",
}
"""Under which name each table is stored."""
_SHORT = {"language": "lang", "script": "script"}
_AT_INPUT = "decouple_at_input_embeddings"
KEYS = ("lang_size", "script_size", "use_lang_embedding", "use_script_embedding", _AT_INPUT)
"""What stands in config.json besides what XLM-R's says."""

_VARIANTS: Mapping[tuple[VectorTable, ...], Variant] = {
    (): "none", ("language",): "language", ("script",): "script", ("language", "script"): "both",
}  # fmt: skip


def settings_of(variant: str, ids: LanguageIds) -> dict[str, int | bool]:
    """What config.json says of a variant: `none`, `language`, `script` or `both`."""
    tables = next(tables for tables, name in _VARIANTS.items() if name == variant)
    sizes = (len(ids.languages), len(ids.scripts))
    return dict(zip(KEYS, (*sizes, "language" in tables, "script" in tables, False), strict=True))


def variant_of(tables: Collection[VectorTable]) -> Variant:
    """The variant with these tables."""
    return _VARIANTS[tuple(table for table in TABLES if table in tables)]


def read_tables(folder: Path, config: PretrainedConfig, ids: LanguageIds) -> dict[VectorTable, Tensor]:
    """The tables (codes, D) that a checkpoint holds, checked against its configuration and its id table.

    Raises:
        UserError: where it is none in this layout, and where two of the three contradict each other.
    """
    if config.model_type != MODEL_TYPE or not any(hasattr(config, key) for key in KEYS):
        raise UserError(
            f"{folder} is not in the layout of LangSAMP's authors: expected an {MODEL_TYPE} whose config.json has "
            f"{', '.join(KEYS[:4])}. Any other encoder needs no import: give its folder as it is"
        )
    if getattr(config, _AT_INPUT, False):
        raise UserError(
            f"{folder}: config.json says {_AT_INPUT}, where vectors are added before the encoder and behind it; no "
            "model here does both, so it cannot be imported"
        )
    stored = _stored(folder)
    for table, codes in zip(TABLES, (ids.languages, ids.scripts), strict=True):
        _check(folder, config, table, stored, codes)
    return stored


def _check(
    folder: Path,
    config: PretrainedConfig,
    table: VectorTable,
    stored: Mapping[VectorTable, Tensor],
    codes: Collection[str],
) -> None:
    used, size = (getattr(config, key, None) for key in (f"use_{_SHORT[table]}_embedding", f"{_SHORT[table]}_size"))
    weight = stored.get(table)
    if used is not None and bool(used) != (weight is not None):
        raise UserError(
            f"{folder} {'lacks' if used else 'holds'} weights ({TABLES[table]}), and its config.json says "
            f"use_{_SHORT[table]}_embedding {str(bool(used)).lower()}: correct config.json or take the whole checkpoint"
        )
    if size is not None and size != len(codes):
        raise UserError(
            f"config.json of {folder} says {_SHORT[table]}_size {size}, but the id table has {len(codes)} {table}s: it "
            "is that of another checkpoint"
        )
    if weight is None:
        return
    if weight.shape != (len(codes), config.hidden_size):
        raise UserError(
            f"{folder}: {TABLES[table]} is {list(weight.shape)}, but the id table has {len(codes)} {table}s and the "
            f"model width {config.hidden_size}; expected {[len(codes), config.hidden_size]}: give the id table that "
            "this checkpoint was trained with"
        )
    if not bool(weight.isfinite().all()):
        raise UserError(f"{folder}: {TABLES[table]} holds NaN or infinite numbers; the model's training diverged")


def _stored(folder: Path) -> dict[VectorTable, Tensor]:
    """The tables in the files of weights, whatever stands before their names."""
    stored: dict[VectorTable, Tensor] = {}
    for file in weight_files(folder):
        for name in tensor_names([file]):
            for table, ending in zip(TABLES, VECTORS, strict=True):
                if name.endswith(ending):
                    stored[table] = _tensor(file, name).float()
    return stored


def _tensor(file: Path, name: str) -> Tensor:
    if file.suffix != ".safetensors":
        tensor: Tensor = torch.load(file, map_location="cpu", weights_only=True)[name]
        return tensor
    with safe_open(file, framework="pt") as opened:
        tensor = opened.get_tensor(name)
    return tensor
