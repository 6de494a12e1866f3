"""Tiny real parts that tests share: a tokenizer, prepared rows, encoders of every architecture."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import torch
from tokenizers import Tokenizer, models, pre_tokenizers, processors
from transformers import AutoConfig, AutoModelForMaskedLM, PreTrainedModel, PreTrainedTokenizerFast

from langsamp.data.rows import MANIFEST, Manifest, PreparedRows, TagRows, file_name, id_type
from langsamp.disk.files import write_json
from langsamp.disk.seals import seal
from langsamp.provenance import file_sha256, fingerprint

SPECIALS = ("<s>", "<pad>", "</s>", "<unk>", "<mask>")
WORDS = tuple(f"{first}{second}" for first in "bdgklmnprst" for second in ("a", "e", "i", "o", "u"))
ROW_TOKENS = 24


def word_tokenizer() -> PreTrainedTokenizerFast:
    """55 words and XLM-R's five special tokens."""
    vocabulary = {token: number for number, token in enumerate((*SPECIALS, *WORDS))}
    backend = Tokenizer(models.WordLevel(vocabulary, unk_token="<unk>"))
    backend.pre_tokenizer = pre_tokenizers.WhitespaceSplit()
    backend.post_processor = processors.TemplateProcessing(
        single="<s> $A </s>", special_tokens=[("<s>", 0), ("</s>", 2)]
    )
    return PreTrainedTokenizerFast(
        tokenizer_object=backend, bos_token="<s>", cls_token="<s>", pad_token="<pad>", eos_token="</s>",
        sep_token="</s>", unk_token="<unk>", mask_token="<mask>",
    )  # fmt: skip


def write_rows(
    folder: Path,
    sizes: dict[str, int],
    *,
    vocabulary_size: int = 60,
    seed: int = 0,
    pieces: Mapping[str, tuple[int, int]] | None = None,
) -> PreparedRows:
    """A folder of prepared rows with random ordinary tokens between `<s>` and `</s>`; a tenth is held out.

    `pieces` says from which to below which the tokens of a tag are, where it has some of its own.
    """
    folder.mkdir(parents=True)
    generator = np.random.default_rng(seed)
    tags = {}
    for tag, rows in sizes.items():
        first, end = (pieces or {}).get(tag, (5, vocabulary_size))
        ids = generator.integers(first, end, size=(rows, ROW_TOKENS)).astype(id_type(vocabulary_size))
        if rows:
            ids[:, 0], ids[:, -1] = 0, 2
        ids.tofile(folder / file_name(tag))
        held_out = rows // 10
        tags[tag] = TagRows(
            documents=rows, dropped={}, bytes=rows * 60, tokens=ids.size, ordinary_tokens=rows * (ROW_TOKENS - 2),
            unknown_share=0.0, share_in_script=1.0, rows=rows - held_out, held_out_rows=held_out, tail_tokens=0,
            sha256=file_sha256(folder / file_name(tag)),
        )  # fmt: skip
    manifest = Manifest(
        fingerprint=fingerprint({"seed": seed, "sizes": sizes}), made_from={}, source="test", licence=None,
        tokenizer_fingerprint="0", vocabulary_size=vocabulary_size, row_tokens=ROW_TOKENS, mask_id=4,
        special_ids=(0, 1, 2, 3, 4), tags=tags,
    )  # fmt: skip
    write_json(folder / MANIFEST, manifest.model_dump(mode="json", by_alias=True))
    seal(folder)
    return PreparedRows(folder)


def make_unknown(rows: PreparedRows, tag: str) -> PreparedRows:
    """The same rows, those of one tag all of `<unk>`, so that nothing of it can be predicted."""
    path, entries = rows.folder / file_name(tag), dict(rows.manifest.tags)
    np.full_like(np.fromfile(path, id_type(rows.vocabulary_size)), 3).tofile(path)
    changes = {"ordinary_tokens": 0, "unknown_share": 1.0, "sha256": file_sha256(path)}
    entries[tag] = entries[tag].model_copy(update=changes)
    manifest = rows.manifest.model_copy(update={"tags": entries})
    write_json(rows.folder / MANIFEST, manifest.model_dump(mode="json", by_alias=True))
    seal(rows.folder)
    return PreparedRows(rows.folder)


def tiny_mlm(model_type: str, *, seed: int = 0, dropout: float = 0.0, **more: Any) -> PreTrainedModel:
    """A two-layer masked LM of width 32 with random weights, or with `more` settings."""
    default = AutoConfig.for_model(model_type)
    settings = {
        "vocab_size": 60, "hidden_size": 32, "dim": 32, "embedding_size": 32, "num_hidden_layers": 2, "n_layers": 2,
        "num_attention_heads": 4, "n_heads": 4, "intermediate_size": 64, "hidden_dim": 64,
        "max_position_embeddings": 40, "type_vocab_size": 1, "pad_token_id": 1, "bos_token_id": 0, "eos_token_id": 2,
        "cls_token_id": 0, "sep_token_id": 2, "hidden_dropout_prob": dropout, "dropout": dropout,
        "attention_probs_dropout_prob": dropout, "attention_dropout": dropout, "mlp_dropout": dropout,
        "embedding_dropout": dropout, "num_key_value_heads": 2, "mask_token_id": 4,
    } | more  # fmt: skip
    known = default.to_dict().keys() | default.attribute_map.keys()
    config = AutoConfig.for_model(model_type, **{key: value for key, value in settings.items() if key in known})
    torch.manual_seed(seed)
    return AutoModelForMaskedLM.from_config(config, dtype=torch.float32)
