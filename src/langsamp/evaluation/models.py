"""The models under evaluation: a folder or hub id, named by what it computes.

The fingerprint covers weights, tokenizer and config by content. It stays when the folder is renamed, copied or saved
again, and changes with any weight, token or setting, so that a stored score never belongs to another model.
"""

import hashlib
import json
import mmap
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from langsamp.addresses import with_addresses
from langsamp.data.text.stand_ins import check_content
from langsamp.data.tokens.tokenizer import no_tokenizer_in
from langsamp.disk.files import read_json
from langsamp.errors import DamagedError, UserError
from langsamp.model.conditioning import check_export
from langsamp.model.pretrained.hub_folder import model_folder
from langsamp.model.pretrained.model_config import check_has_config, check_not_around, load_config
from langsamp.model.pretrained.weight_files import safetensors_header, weight_files
from langsamp.provenance import file_sha256, fingerprint

_TOKENIZER_FILES = (
    "tokenizer.json", "tokenizer_config.json", "special_tokens_map.json", "added_tokens.json", "vocab.json",
    "vocab.txt", "merges.txt", "sentencepiece.bpe.model", "spiece.model", "spm.model",
)  # fmt: skip
_TOKENIZER_SOURCES = ("tokenizer.model", "source.spm", "bpe.codes")
"""Read where there is no tokenizer.json."""
_NOT_CONTENT = {
    "_name_or_path", "name_or_path", "_commit_hash", "transformers_version", "tokenizer_file", "is_local",
    "local_files_only",
}  # fmt: skip
"""Keys of configs that say where and by what a model was saved."""


_SELECTIONS = ("none", "dev", "test")


@dataclass(frozen=True, kw_only=True)
class ModelFolder:
    """A model on disk."""

    name: str
    """What tables call it."""
    folder: Path
    fingerprint: str
    """16 hexadecimal digits of weights, tokenizer and config."""
    num_layers: int
    """Transformer blocks."""
    selection: str = "none"
    """What its checkpoint was chosen on, as our exports say: `none`, `dev` or `test`."""

    def selected(self, said: str) -> str:
        """What scores are stamped with, where the user says `said`: the stronger of the two."""
        return max(said, self.selection, key=_SELECTIONS.index)


def find_model(model: str | Path, *, name: str | None = None) -> ModelFolder:
    """The model in a folder, or of the Hugging Face hub (`owner/name` or `owner/name@revision`).

    Raises:
        UserError: where there is no such model or it lacks a part.
        DamagedError: where a file of it cannot be read.
    """
    folder = model_folder(model)
    check_export(folder)
    has_tokenizer = any((folder / name).is_file() for name in (*_TOKENIZER_FILES, *_TOKENIZER_SOURCES))
    if not has_tokenizer:
        check_not_around(folder)
    check_has_config(folder)
    if not has_tokenizer:
        raise no_tokenizer_in(folder)
    return ModelFolder(
        name=name or with_addresses(str(model)).rstrip("/"),
        folder=folder,
        fingerprint=model_fingerprint(folder),
        num_layers=_num_layers(folder),
        selection=_selection(folder / "provenance.json"),
    )


def model_fingerprint(folder: Path) -> str:
    """Name of what the model in `folder` computes: its tensors, tokenizer and config, whatever the files are called.

    Raises:
        UserError: where the folder holds no weights.
        DamagedError: where a weights file is cut short.
    """
    return fingerprint(
        {"config": _content(folder / "config.json"), "tokenizer": _tokenizer(folder), "weights": _weights(folder)}
    )


def tokenizer_fingerprint(folder: Path) -> str:
    """Name of what the tokenizer in `folder` makes of a text; models with equal ones share their tokens."""
    return fingerprint(_tokenizer(folder))


def _tokenizer(folder: Path) -> dict[str, Any]:
    names = _TOKENIZER_FILES if (folder / "tokenizer.json").is_file() else (*_TOKENIZER_FILES, *_TOKENIZER_SOURCES)
    return {name: _content(folder / name) for name in names if (folder / name).is_file()}


def _content(path: Path) -> Any:
    """JSON without the keys that name or date it; other files by checksum."""
    check_content(path)
    if path.suffix != ".json":
        return file_sha256(path)
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
    except (ValueError, RecursionError) as error:
        raise DamagedError(f"{path} cannot be read as JSON ({error}); copy or download it again") from None
    return (
        {key: value for key, value in content.items() if key not in _NOT_CONTENT}
        if isinstance(content, dict)
        else content
    )


def _weights(folder: Path) -> dict[str, str]:
    """Checksum of each tensor by name; of each file where the weights are no safetensors."""
    sums: dict[str, str] = {}
    for file in weight_files(folder):
        sums |= _tensors(file) if file.suffix == ".safetensors" else {file.name: file_sha256(file)}
    return sums


def _tensors(path: Path) -> dict[str, str]:
    """Checksum of dtype, shape and bytes of each tensor of a safetensors file."""
    start, header = safetensors_header(path)
    sums = {}
    with path.open("rb") as file, mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as view:
        for name, entry in header.items():
            first, last = entry["data_offsets"]
            digest = hashlib.sha256(f"{entry['dtype']} {entry['shape']} ".encode())
            with memoryview(view) as data:
                digest.update(data[start + first : start + last])
            sums[name] = digest.hexdigest()
    return sums


def _selection(path: Path) -> str:
    said = read_json(path).get("selection") if path.is_file() else None
    return said if said in _SELECTIONS else "none"


def _num_layers(folder: Path) -> int:
    config = load_config(folder)
    halves = (config, getattr(config, "encoder", None))  # some encoder-decoders have a config for each half
    layers = next((layers for half in halves if (layers := getattr(half, "num_hidden_layers", None))), None)
    if not isinstance(layers, int) or layers < 1:
        raise UserError(
            f"{folder / 'config.json'} describes no text encoder: {config.model_type} has no layers to read"
        )
    return layers
