"""A model's folder to the Hugging Face hub: what would go is said first, and sent only when that is asked for."""

from pathlib import Path
from typing import NamedTuple

from huggingface_hub import CommitOperationAdd, HfApi, get_token
from huggingface_hub.constants import is_offline_mode
from huggingface_hub.errors import HFValidationError, HTTPError  # type: ignore[attr-defined]
from huggingface_hub.utils import validate_repo_id  # type: ignore[attr-defined]

from langsamp.disk.seals import CHECKSUMS, is_sealed, read_seal
from langsamp.errors import DataMissingError, UserError
from langsamp.model.conditioning import EXPORT_AGAIN, check_export
from langsamp.model.pretrained.weight_files import check_kind

_MODELS = ("config.json", "modules.json")


class Upload(NamedTuple):
    """What would be sent, and where to."""

    folder: Path
    repository: str
    is_private: bool
    files: tuple[tuple[str, int], ...]
    """Names in the folder and sizes in bytes."""
    left_out: tuple[str, ...]
    """Files in the folder that stay here: hidden ones, and those that no export wrote."""


def plan_upload(folder: Path, repository: str, *, public: bool = False) -> Upload:
    """What `send` would send. Asks nobody for anything.

    Of an export of ours the files that it was written with, and its model card; of another model all but hidden files.

    Raises:
        DataMissingError: where there is no such folder.
        DamagedError: where a file of an export is not as it was written.
        UserError: where it is no model's, and for a name that no repository can have.
    """
    try:
        validate_repo_id(repository)
    except HFValidationError:
        raise UserError(f"{repository!r} is no name of a repository: expected OWNER/NAME, like me/my-encoder") from None
    if not folder.is_dir():
        raise DataMissingError(f"there is no folder {folder}; expected a model's, as `langsamp export` writes it")
    check_kind(folder)
    if not any((folder / name).is_file() for name in _MODELS):
        raise UserError(f"{folder} is no model: expected {' or '.join(_MODELS)} in it")
    check_export(folder)
    there = {path.relative_to(folder).as_posix(): path for path in sorted(folder.rglob("*")) if path.is_file()}
    sent = {name for name in there if not any(part.startswith(".") for part in name.split("/"))}
    if is_sealed(folder):
        sent &= {*read_seal(folder, remedy=EXPORT_AGAIN).files, CHECKSUMS, "README.md"}
    return Upload(
        folder=folder,
        repository=repository,
        is_private=not public,
        files=tuple((name, path.stat().st_size) for name, path in there.items() if name in sent),
        left_out=tuple(name for name in there if name not in sent),
    )


def send(upload: Upload) -> str:
    """Send it under the login of this machine's user, in one commit; the address of the repository.

    Raises:
        UserError: where there is no connection or no login, the hub refuses, or a repository that is to be private is
            there and public.
    """
    if is_offline_mode():
        raise UserError(
            "nothing was sent: HF_HUB_OFFLINE is set, so the hub is not asked for anything. Unset it where there is a "
            "network"
        )
    if get_token() is None:
        raise UserError(
            "nothing was sent: nobody is logged in at the Hugging Face hub here. Run `hf auth login`, or set HF_TOKEN"
        )
    hub = HfApi()
    try:
        address = hub.create_repo(upload.repository, private=upload.is_private, exist_ok=True)
        if upload.is_private and not hub.repo_info(upload.repository).private:
            raise UserError(
                f"nothing was sent: {upload.repository} is there and public, and the model was to be private. Add "
                "--public, or name another repository"
            )
        files = [
            CommitOperationAdd(path_in_repo=name, path_or_fileobj=upload.folder / name) for name, _ in upload.files
        ]
        hub.create_commit(upload.repository, files, commit_message=f"Add {upload.folder.resolve().name}")
    except (OSError, HTTPError) as error:
        said = str(error).strip().splitlines()
        raise UserError(f"{upload.repository} was not written: {said[0] if said else type(error).__name__}") from None
    return str(address)
