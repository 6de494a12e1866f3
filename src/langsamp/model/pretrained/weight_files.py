"""The files of weights in a model's folder before anything is loaded: which count, and whether they are whole.

What cannot be weights is named with its mend: a pointer of git-lfs, a web page that was saved instead of a file, a file
that is cut short, a shard that nobody copied, a pickle that holds more than tensors.
"""

import json
import os
import pickle
import warnings
import zipfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from langsamp.data.text.stand_ins import check_content, check_no_cache
from langsamp.errors import DamagedError, UserError, first_of

CHECKPOINT = "checkpoint.json"
"""What a training of ours writes into its own checkpoints, which are no model folders."""

_ORDER = (
    "model.safetensors", "model.safetensors.index.json", "pytorch_model.bin", "pytorch_model.bin.index.json",
)  # fmt: skip
"""What transformers looks for, the first that is there."""
_OTHER_FORMATS = (
    "*.h5", "*.msgpack", "*.gguf", "*.onnx", "*.ckpt", "*.bin", "*.safetensors", "*.pt", "*.pth",
    "*.distcp",
)  # fmt: skip


_AROUND_EXPORTS = ("", "*/", "models/*/")
"""Where exports lie in the folder of a training, in that of several, and in a run."""
_JOINED = {
    "zero_to_fp32.py": "Join the parts (in it: python zero_to_fp32.py . . --safe_serialization)",
    "*/.metadata": "Join the parts (accelerate merge-weights PARTS OUT), and put what is in OUT beside config.json",
}
"""What tells of weights in parts of DeepSpeed and of FSDP, and how they are made whole."""
_WHOLE = ("I", "U", "BOOL")
"""Beginnings of the types of whole numbers in safetensors."""


def weight_files(folder: Path) -> list[Path]:
    """The files that transformers reads the weights from, in its order of choice, each of them whole.

    Raises:
        UserError: where there are none, or the folder is no model's.
        DamagedError: where one is missing, empty, cut short, or something else than weights.
    """
    check_kind(folder)
    name = next((name for name in _ORDER if (folder / name).is_file()), None)
    if name is None:
        raise UserError(f"{folder} holds no weights: expected model.safetensors or pytorch_model.bin{_instead(folder)}")
    files = _shards(folder / name) if name.endswith(".json") else [folder / name]
    for file in files:
        check_content(file)
    return files


def tensor_names(files: Sequence[Path]) -> list[str]:
    """Names of all tensors in these files of weights, as they are stored.

    Raises:
        DamagedError: where a file is cut short or holds no tensors by name.
        UserError: where one holds something else, or quantised weights.
    """
    return [name for file in files for name in _names(file)]


def safetensors_header(file: Path) -> tuple[int, dict[str, Any]]:
    """Where the data of a safetensors file begin, and its tensors by name with type, shape and place.

    The layout: 8 bytes n, n bytes of JSON, the data.

    Raises:
        DamagedError: where the file is cut short or none.
    """
    damaged = DamagedError(f"{file} is cut short or no safetensors file; copy, download or export the model again")
    try:
        with file.open("rb") as opened:
            size = int.from_bytes(opened.read(8), "little")
            if size > os.fstat(opened.fileno()).st_size:
                raise damaged
            header: dict[str, Any] = json.loads(opened.read(size))
        header.pop("__metadata__", None)
        end = max((entry["data_offsets"][1] for entry in header.values()), default=0)
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
        raise damaged from None
    if 8 + size + end != file.stat().st_size:
        raise damaged
    return 8 + size, header


def check_kind(folder: Path) -> None:
    """Accept a folder that does not hold a model in another form.

    Raises:
        UserError: for a checkpoint or a training of ours, for an adapter, and for a folder of the hub's cache.
    """
    check_no_cache(folder)
    if (folder / CHECKPOINT).is_file():
        raise UserError(
            f"{folder} is a checkpoint of a training, with its vectors and optimizer, no model folder. Run `langsamp "
            f"export {folder} --out FOLDER` and give that folder"
        )
    exports = exports_around(folder)
    if exports and not (folder / "config.json").is_file():
        of = f"the folder of {'a training' if exports[0].parent == folder else 'trainings'}"
        raise UserError(f"{folder} is {of}; give its model, {first_of(exports, 3)}")
    if (folder / "adapter_config.json").is_file():
        raise UserError(
            f"{folder} holds an adapter (adapter_config.json), which changes another model's weights: merge it into "
            "that model (peft: merge_and_unload), save the whole and give that folder"
        )


def exports_around(folder: Path) -> list[Path]:
    """The exports in the folder of a training, of several, or of a run; none where there is no such folder."""
    return [file.parent for around in _AROUND_EXPORTS for file in sorted(folder.glob(f"{around}export/config.json"))]


def _shards(index: Path) -> list[Path]:
    check_content(index)
    try:
        names = sorted(set(json.loads(index.read_text(encoding="utf-8"))["weight_map"].values()))
        strange = [name for name in names if Path(name).name != name]
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
        raise DamagedError(
            f"{index} is no index of shards: expected a weight_map from tensors to files; download the model again"
        ) from None
    if strange or not names:
        raise DamagedError(f"{index} names {strange[:1] or 'no file'} where files beside it are expected")
    lacking = [name for name in names if not (index.parent / name).is_file()]
    if lacking:
        raise DamagedError(
            f"{index} names {len(names)} files of weights, and {len(lacking)} are not there ({', '.join(lacking[:3])}"
            f"{', ...' if len(lacking) > 3 else ''}); copy or download them"
        )
    return [index.parent / name for name in names]


def _instead(folder: Path) -> str:
    here = [path for pattern in _OTHER_FORMATS for path in folder.glob(pattern)]
    below = [path for pattern in _OTHER_FORMATS for path in folder.glob(f"*/{pattern}")]  # onnx/model.onnx
    there = sorted(path.relative_to(folder).as_posix() for path in here or below)
    named = f"; there is only {', '.join(there[:3])}, which is not read" if there else ""
    joined = (advice for sign, advice in _JOINED.items() if any(folder.glob(sign)))
    return f"{named}. {next(joined, 'Save or export the model again')}"


def _names(file: Path) -> list[str]:
    import torch  # not at the top: what reads a model's name and layers alone, such as a report, needs none

    if file.suffix == ".safetensors":
        header = safetensors_header(file)[1]
        _check_types(file, {name: entry["dtype"] for name, entry in header.items()}, _WHOLE)
        return list(header)
    try:
        with warnings.catch_warnings(action="ignore"):  # of pickles in another protocol, which are judged all the same
            content = torch.load(file, map_location="meta", weights_only=True)
    except pickle.UnpicklingError:
        raise UserError(
            f"{file} holds Python objects besides tensors, and reading such a pickle can execute code; it is refused. "
            "Where you trust it, load it with torch and save the state dict as model.safetensors"
        ) from None
    except (RuntimeError, EOFError, zipfile.BadZipFile, ValueError, KeyError, IndexError, TypeError, AttributeError):
        raise DamagedError(f"{file} is cut short or no file of torch; copy or download the model again") from None
    if not isinstance(content, dict) or not all(isinstance(tensor, torch.Tensor) for tensor in content.values()):
        raise UserError(f"{file} holds something else than tensors by name: save the model's state dict alone")
    types = {name: str(tensor.dtype).removeprefix("torch.") for name, tensor in content.items()}
    _check_types(file, types, ("int", "uint", "bool"))
    return list(content)


def _check_types(file: Path, types: Mapping[str, str], whole: tuple[str, ...]) -> None:
    """Refuse weights in whole numbers: transformers reads them as they are, without the scales that belong to them."""
    for name, kind in types.items():
        if name.endswith(".weight") and kind.startswith(whole):
            raise UserError(
                f"{file} holds {name} in whole numbers ({kind}), as quantised models are stored, so it is not the "
                "trained weight: give the model as it was before"
            )
