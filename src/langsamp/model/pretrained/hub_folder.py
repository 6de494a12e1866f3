"""A model's name to the folder that holds it: a folder as it is, else a download from the Hugging Face hub."""

from pathlib import Path

from huggingface_hub import constants, snapshot_download
from huggingface_hub.errors import HFValidationError

from langsamp.addresses import address_of
from langsamp.errors import DataMissingError, UserError, first_of
from langsamp.model.pretrained.weight_files import check_kind, exports_around
from langsamp.remote.hub_faults import hub_reason
from langsamp.remote.session import fetched

_FILES = ["*.json", "*.txt", "*.model", "*.safetensors", "*.safetensors.index.json", "*.jinja"]
_TORCH_FILES = ["pytorch_model*.bin", "pytorch_model.bin.index.json"]


def model_folder(name: str | Path, revision: str | None = None) -> Path:
    """The folder of a model: `name` itself, what lies at that address, or on the hub as `owner/name@revision`.

    Raises:
        UserError: where it is a file, a folder of ours that is no model's, or names scores (`RUN:both`, `paper:...`).
        DataMissingError: where there is neither such a folder nor such a model.
    """
    name = fetched(name) if address_of(name) else name
    if Path(name).is_file():
        raise UserError(f"{name} is a file; give the folder of a model, with config.json, weights and tokenizer")
    if Path(name).is_dir():
        if revision is not None:
            raise UserError(f"{name} is a folder, which has no revisions: leave {revision!r} out")
        check_kind(Path(name))
        return Path(name)
    _check_no_scores(str(name))
    repository, _, asked = str(name).partition("@")
    return _download(repository, revision or asked or None)


def _check_no_scores(name: str) -> None:
    """Accept a name that is none of those by which `compare`, `table` and `report` know scores."""
    run, _, model = name.rpartition(":")
    if run == "paper":
        raise UserError(
            f"{name} are scores that the paper printed, and no model: give it to `langsamp compare`, `table` or "
            "`report`, beside scores of yours"
        )
    exports = exports_around(Path(run)) if run else []
    if exports:
        names = {export: export.parent.name for export in exports}
        asked = [export for export, name in names.items() if model in (name, name.rpartition("-")[0])] or exports
        raise UserError(f"{name} is how scores are named; give the model itself, {first_of(asked, 3)}")


def _download(repository: str, revision: str | None) -> Path:
    def snapshot(patterns: list[str]) -> Path:
        return Path(snapshot_download(repository, revision=revision, allow_patterns=patterns, ignore_patterns=["*/*"]))

    try:
        folder = snapshot(_FILES)
        return folder if any(folder.glob("*.safetensors")) else snapshot([*_FILES, *_TORCH_FILES])
    except HFValidationError:
        raise DataMissingError(
            f"no folder {repository!r}; give the folder of a model, or a hub id like 'FacebookAI/xlm-roberta-base'"
        ) from None
    except (OSError, ValueError) as error:
        raise DataMissingError(
            f"{repository!r} is neither a folder nor a model that the Hugging Face hub gives us "
            f"({hub_reason(error, 'check the name')}){_renamed(repository)}; or download the model where there is a "
            "network and give its folder"
        ) from None


def _renamed(repository: str) -> str:
    """A clause that names models of the same name on this machine: many have got an owner before it."""
    name = repository.rpartition("/")[2]
    there = [path.name.split("--", 2) for path in Path(constants.HF_HUB_CACHE).glob(f"models--*--{name}")]
    others = sorted(f"{owner}/{name}" for _, owner, name in there if f"{owner}/{name}" != repository)
    return f"; {first_of(others, 3)} is on this machine" if others else ""
