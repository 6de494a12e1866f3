"""The models under evaluation: a folder or hub id, named by what it computes.

The fingerprint covers weights, tokenizer and config by content. It stays when the folder is renamed, copied or saved
again, and changes with any weight, token or setting, so that a stored score never belongs to another model.
"""

import hashlib
import json
import mmap
import os
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from langsamp.artifacts import file_sha256, fingerprint, read_json
from langsamp.errors import DamagedError, UserError
from langsamp.model.conditioning import EXPORT_AGAIN
from langsamp.seals import check_sealed, is_sealed, read_seal

_HUB_FILES = ["*.json", "*.txt", "*.model", "*.safetensors", "*.safetensors.index.json"]
_TORCH_FILES = ["pytorch_model*.bin", "pytorch_model.bin.index.json"]
_TOKENIZER_FILES = (
    "tokenizer.json", "tokenizer_config.json", "special_tokens_map.json", "added_tokens.json", "vocab.json",
    "vocab.txt", "merges.txt", "sentencepiece.bpe.model", "spiece.model", "spm.model",
)  # fmt: skip
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
    if Path(model).is_file():
        raise UserError(f"{model} is a file; give the folder of a model, with config.json, weights and tokenizer")
    folder = Path(model) if Path(model).is_dir() else _from_hub(str(model))
    check_model_files(folder)
    for needed in ("config.json", "tokenizer_config.json"):
        if not (folder / needed).is_file():
            raise UserError(
                f"{folder} is no model: expected {needed} beside the weights, as `save_pretrained` writes it"
            )
    return ModelFolder(
        name=name or str(model).rstrip("/"),
        folder=folder,
        fingerprint=model_fingerprint(folder),
        num_layers=_num_layers(folder / "config.json"),
        selection=_selection(folder / "provenance.json"),
    )


def check_model_files(folder: Path) -> None:
    """Accept a model's folder whose files are as they were written; a stock one has no checksums, and is not looked at.

    Raises:
        DamagedError: naming the file that is not.
    """
    if is_sealed(folder):
        known = read_seal(folder, remedy=EXPORT_AGAIN).files  # the hub gives us no model card
        check_sealed(folder, remedy=EXPORT_AGAIN, may_lack=[name for name in known if name.endswith(".md")])


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


def default_layer(num_layers: int) -> int:
    """The hidden state pooled unless another is asked for: two thirds of the depth, 8 of 12 as in the paper."""
    return round(num_layers * 2 / 3)


def check_layer(layer: int, model: ModelFolder) -> int:
    """`layer` if `model` has it.

    Raises:
        UserError: where it has not.
    """
    if not 0 <= layer <= model.num_layers:
        raise UserError(
            f"layer {layer}: {model.name} has {model.num_layers} layers (0 = embeddings, 1-{model.num_layers}); "
            "choose one of them, or none for two thirds of the depth"
        )
    return layer


def _from_hub(model: str) -> Path:
    from huggingface_hub import snapshot_download
    from huggingface_hub.errors import HFValidationError

    repository, _, revision = model.partition("@")
    try:
        folder = Path(
            snapshot_download(repository, revision=revision or None, allow_patterns=_HUB_FILES, ignore_patterns=["*/*"])
        )
        if not any(folder.glob("*.safetensors")):
            folder = Path(
                snapshot_download(
                    repository, revision=revision or None, allow_patterns=_TORCH_FILES, ignore_patterns=["*/*"]
                )
            )
    except HFValidationError:
        raise UserError(
            f"no folder {model!r}; give the folder of a model, or a hub id like 'FacebookAI/xlm-roberta-base'"
        ) from None
    except OSError as error:
        reason = str(error).strip().splitlines()[0] if str(error).strip() else type(error).__name__
        raise UserError(
            f"{model!r} is neither a folder nor a model that the Hugging Face hub gives us ({reason}). Check the "
            "name, or download the model where there is a network and give its folder"
        ) from None
    return folder


def _tokenizer(folder: Path) -> dict[str, Any]:
    return {name: _content(folder / name) for name in _TOKENIZER_FILES if (folder / name).is_file()}


def _content(path: Path) -> Any:
    """JSON without the keys that name or date it; other files by checksum."""
    if path.suffix != ".json":
        return file_sha256(path)
    content = read_json(path)
    return (
        {key: value for key, value in content.items() if key not in _NOT_CONTENT}
        if isinstance(content, dict)
        else content
    )


def _weights(folder: Path) -> dict[str, str]:
    """Checksum of each tensor by name; of each file where the weights are no safetensors."""
    index = folder / "model.safetensors.index.json"
    if index.is_file():
        return {
            name: digest
            for file in sorted(set(read_json(index)["weight_map"].values()))
            for name, digest in _tensors(folder / file).items()
        }
    if (folder / "model.safetensors").is_file():
        return _tensors(folder / "model.safetensors")
    files = sorted(folder.glob("pytorch_model*.bin"))
    if not files:
        raise UserError(
            f"{folder} holds no weights: expected model.safetensors (or pytorch_model.bin); export the model again"
        )
    return {path.name: file_sha256(path) for path in files}


def _tensors(path: Path) -> dict[str, str]:
    """Checksum of dtype, shape and bytes of each tensor of a safetensors file: 8 bytes n, n bytes of JSON, the data."""
    damaged = DamagedError(f"{path} is cut short or no safetensors file; copy or export the model again")
    try:
        with path.open("rb") as file, mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as view:
            start = 8 + int.from_bytes(view[:8], "little")
            header = json.loads(view[8:start])
            header.pop("__metadata__", None)
            if start + max(entry["data_offsets"][1] for entry in header.values()) != os.fstat(file.fileno()).st_size:
                raise damaged
            found = {}
            for name, entry in header.items():
                first, last = entry["data_offsets"]
                digest = hashlib.sha256(f"{entry['dtype']} {entry['shape']} ".encode())
                with memoryview(view) as data:
                    digest.update(data[start + first : start + last])
                found[name] = digest.hexdigest()
            return found
    except (ValueError, FileNotFoundError):  # no JSON, an empty file, or a shard that the index names and nobody copied
        raise damaged from None


def _selection(path: Path) -> str:
    said = read_json(path).get("selection") if path.is_file() else None
    return said if said in _SELECTIONS else "none"


def _num_layers(path: Path) -> int:
    from transformers import AutoConfig

    try:
        return int(AutoConfig.from_pretrained(path.parent).num_hidden_layers)
    except (ValueError, AttributeError) as error:
        raise UserError(f"{path} describes no encoder that transformers knows ({str(error).splitlines()[0]})") from None
