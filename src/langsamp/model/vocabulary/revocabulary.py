"""A stored model with another vocabulary, as a folder that stock transformers loads: only the tokens' rows change."""

import re
import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from safetensors.torch import save_file
from torch import Tensor

from langsamp.data.tokens.tokenizer import load_tokenizer
from langsamp.data.vocabulary.backend import Vocabulary
from langsamp.disk.files import read_json, replacing, write_json, write_text
from langsamp.disk.seals import seal
from langsamp.errors import UserError
from langsamp.model.conditioning import LANGUAGES, WEIGHTS
from langsamp.model.vocabulary.stored_model import StoredModel, config_with_vocabulary
from langsamp.model.vocabulary.token_rows import SILENT, carried, padded
from langsamp.provenance import provenance

_CARRIED_FILES = (
    WEIGHTS,
    LANGUAGES,
    "modules.json",
    "sentence_bert_config.json",
    "config_sentence_transformers.json",
    "special_tokens_map.json",
)
"""What may lie beside a model and does not depend on its vocabulary."""
_PART_OF_SENTENCE_TRANSFORMERS = re.compile(r"\d_\w+")
_OTHER_VOCABULARIES = ("*.model", "vocab.txt", "vocab.json", "merges.txt", "added_tokens.json")
"""Files of the old entries that a slow tokenizer would read."""
_FILL = {"embedding": 0.0, "decoder": 0.0, "bias": SILENT}


def table_rows(model: StoredModel, size: int, *, multiple: int) -> int:
    """Rows of a table for `size` entries, filled up to a multiple of `multiple`.

    Raises:
        UserError: where the model could predict a row that fills up, as its LM head has no bias to keep it from that.
    """
    if multiple < 1:
        raise UserError(f"--pad-to is 1 or more; got {multiple}")
    rows = padded(size, multiple)
    predicts = any("MaskedLM" in name for name in model.config.get("architectures") or ())
    if rows > size and predicts and "bias" not in model.by_token.values():
        raise UserError(
            f"the LM head of {model.name} has no bias, so rows that only fill the table up could be predicted: use "
            "--pad-to 1"
        )
    return rows


def carried_weights(model: StoredModel, source_N: Tensor) -> dict[str, Tensor]:
    """The model's tensors by name; those by token have the old rows at `source_N` (N,), and padding for `NO_ROW`."""
    by_token = model.by_token
    return {
        name: carried(tensor, source_N, fill=_FILL[by_token[name]]) if name in by_token else tensor
        for name, tensor in model.weights.items()
    }


def write_model(
    model: StoredModel,
    out: Path,
    *,
    backend: Mapping[str, Any],
    weights: Mapping[str, Tensor],
    story: str,
    facts: Mapping[str, Any],
) -> Path:
    """Write `out`: `model` with the tokenizer `backend` and `weights`; what lay beside it and still holds goes along.

    Raises:
        UserError: where the tokenizer's class does not load what was written.
    """
    rows = int(weights[model.embedding_name].shape[0])
    with replacing(out) as folder:
        ids = _write_tokenizer(model, folder, backend)
        write_json(folder / "config.json", config_with_vocabulary(model, rows=rows, ids=ids))
        whole = {name: tensor.clone().contiguous() for name, tensor in weights.items()}
        save_file(whole, folder / "model.safetensors", metadata={"format": "pt"})
        for each in model.folder.iterdir():
            if each.is_dir() and _PART_OF_SENTENCE_TRANSFORMERS.fullmatch(each.name):
                shutil.copytree(each, folder / each.name)
            elif each.name in _CARRIED_FILES:
                shutil.copyfile(each, folder / each.name)
        write_text(folder / "README.md", f"# {out.name}\n\n{story}\n")
        write_json(folder / "provenance.json", provenance(**facts))
        seal(folder)
    return out


def _write_tokenizer(model: StoredModel, folder: Path, backend: Mapping[str, Any]) -> dict[str, int]:
    """Write the tokenizer with these entries and read it back; return its ids by token."""
    model.tokenizer.save_pretrained(folder)
    for pattern in _OTHER_VOCABULARIES:
        for path in folder.glob(pattern):
            path.unlink()
    expected = model.vocabulary.with_backend(backend).ids
    write_json(folder / "tokenizer.json", backend)
    settings = read_json(folder / "tokenizer_config.json")
    if named := settings.get("added_tokens_decoder"):
        settings["added_tokens_decoder"] = {str(expected[token["content"]]): token for token in named.values()}
    write_json(folder / "tokenizer_config.json", settings)
    if Vocabulary.of(load_tokenizer(str(folder))).ids != expected:
        raise UserError(
            f"the tokenizer class {settings.get('tokenizer_class')} of {model.name} does not load a changed "
            "tokenizer.json: save its tokenizer as the general PreTrainedTokenizerFast first"
        )
    return expected
