"""A checkpoint in the authors' layout to an export: a plain encoder with LM head, and its vectors with their names."""

from dataclasses import dataclass
from pathlib import Path

import torch
from transformers import AutoModelForMaskedLM, PretrainedConfig, PreTrainedTokenizerBase

from langsamp.data.tokens.tokenizer import load_tokenizer, open_tokenizer, vocabulary_size
from langsamp.disk.folders import check_new_folder
from langsamp.errors import UserError
from langsamp.model.conditioning import LANGUAGES, Conditioning
from langsamp.model.export import export_model
from langsamp.model.interchange.authors_layout import KEYS, read_tables, variant_of
from langsamp.model.interchange.id_table import read_id_table
from langsamp.model.mlm import LangSampForMaskedLM
from langsamp.model.pretrained.hub_folder import model_folder
from langsamp.model.pretrained.load_pretrained import Pretrained, load_pretrained
from langsamp.model.pretrained.loading_report import listed
from langsamp.model.pretrained.model_config import load_config
from langsamp.model.pretrained.tokenizer_match import check_match
from langsamp.model.vocabulary.token_rows import padded
from langsamp.provenance import file_sha256

_MULTIPLES = (1, 8, 16, 32, 64, 128)
"""Of which tables are made multiples, with rows that stand for no token."""
_VOCABULARIES = ("tokenizer.json", "sentencepiece.bpe.model")


@dataclass(frozen=True, kw_only=True)
class Imported:
    """What was read."""

    folder: Path
    conditioning: Conditioning
    notes: tuple[str, ...]
    """What a reader should know, a sentence each."""


def import_checkpoint(checkpoint: str | Path, ids: Path, out: Path, *, tokenizer: str | Path | None = None) -> Imported:
    """Write `out`: an export with the checkpoint's encoder, LM head and vectors, its outputs those of the checkpoint.

    `checkpoint` is a folder or hub id, with safetensors or `.bin` weights; `ids` its id table (`id_table`); `tokenizer`
    is needed where none lies beside the weights.

    Raises:
        DataMissingError: where one of them is not there.
        DamagedError: where a file cannot be read.
        UserError: where something is at `out`; where the pickle of the ids could execute code; where checkpoint, id
            table and tokenizer contradict each other; where weights are missing or left over. Nothing is written then.
    """
    check_new_folder(out)
    table = read_id_table(ids)
    folder = model_folder(checkpoint)
    if (folder / LANGUAGES).is_file():
        raise UserError(f"{folder} is an export of langsamp, with its ids in {LANGUAGES}: there is nothing to import")
    config = load_config(folder)
    tables = read_tables(folder, config, table.ids)
    words, notes = _tokenizer(folder, config, tokenizer)
    loaded = load_pretrained(AutoModelForMaskedLM, folder)
    _check_whole(folder, loaded)
    for key in KEYS:
        loaded.model.config.__dict__.pop(key, None)
    model = LangSampForMaskedLM(
        loaded.model, variant=variant_of(tables), num_languages=len(table.ids.languages),
        num_scripts=len(table.ids.scripts),
    )  # fmt: skip
    with torch.no_grad():
        for name, weight in tables.items():
            getattr(model, name).weight.copy_(weight)
    if not table.is_listed:
        notes.append(
            f"{ids} does not say which pairs were trained: all {len(table.trained)} that its codes can write are taken "
            "for trained. List them as `tags` in a JSON id table to have the others marked"
        )
    export_model(
        model,
        out,
        tokenizer=words,
        ids=table.ids,
        rows_seen=dict.fromkeys(table.trained, 0),
        trained=table.trained,
        facts={
            "name": out.name, "imported_from": str(checkpoint), "ids": file_sha256(ids),
            "start": [f"it was imported from {checkpoint}, in the layout of the method's authors", *loaded.notes],
        },
    )  # fmt: skip
    return Imported(folder=out, conditioning=Conditioning.load(out), notes=(*loaded.notes, *notes))


def _tokenizer(
    folder: Path, config: PretrainedConfig, name: str | Path | None
) -> tuple[PreTrainedTokenizerBase, list[str]]:
    """The checkpoint's tokenizer, or the one that is named, and doubts whether it is the right one."""
    words, stored = load_tokenizer(str(folder if name is None else name)), None
    if name is not None and any((folder / file).is_file() for file in _VOCABULARIES):
        stored = open_tokenizer(folder)
    size, rows = vocabulary_size(words), config.vocab_size
    if not any(padded(size, multiple) == rows for multiple in _MULTIPLES):
        raise UserError(
            f"the tokenizer of {folder if name is None else name} has {size:,} entries, but the embedding table of "
            f"{folder} {rows:,} rows: it is that of another model; name the checkpoint's own by --tokenizer"
        )
    return words, check_match(words, config, model=folder, stored=stored)


def _check_whole(folder: Path, loaded: Pretrained) -> None:
    if loaded.absent:
        raise UserError(
            f"{folder} lacks weights ({listed(list(loaded.absent))}): expected a whole LM head, behind the vectors; "
            "take the checkpoint as its training wrote it"
        )
    if loaded.unused:
        raise UserError(
            f"{folder} holds weights that its layout does not have ({listed(list(loaded.unused))}): what is computed "
            "without them is another model; remove them, or take the checkpoint as its training wrote it"
        )
