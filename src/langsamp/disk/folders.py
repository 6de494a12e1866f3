"""Whether a place can be written, asked before the work whose result goes there."""

import os
from pathlib import Path

from langsamp.addresses import address_of
from langsamp.disk.leftovers import sweep
from langsamp.disk.seals import CHECKSUMS
from langsamp.errors import UserError

_LONGEST_NAME = 40
"""Bytes that are put before and behind the name of a file or folder while it is written, and of what lies in it."""

_HEAD = 1000
"""Bytes among which a file's mark stands."""


def check_folder(folder: Path) -> None:
    """Accept a folder that is there and can be written, or can be made.

    Raises:
        UserError: for a file in its place or above it, a name that no disk takes, a folder that is forbidden, and one
            inside a folder of ours that is whole as it is, such as a model.
    """
    if trouble := _obstacle(folder) or _whole_folder(folder):
        raise UserError(f"cannot write {str(folder)[:200]!r}: {trouble}. Name another output folder")


def check_new_folder(folder: Path) -> None:
    """Accept a folder that can be made, or is there and empty; what a killed process has left beside it goes.

    Raises:
        UserError: where something is there, and as `check_folder`.
    """
    check_folder(folder)
    sweep(folder.parent, name=folder.name)
    if folder.is_dir() and any(folder.iterdir()):
        raise UserError(f"{folder} is not empty; name a new folder")


def check_file(path: Path, *, mark: str = "") -> None:
    """Accept a file that can be written, whether it is there or not.

    One that is there has `mark` among its first letters, as all of its kind that are written here.

    Raises:
        UserError: for a folder in its place, a file above it, a name that no disk takes, a folder that is forbidden,
            one of ours that is whole as it is, and a file of another kind.
    """
    trouble = _obstacle_of_names(path) or (f"{path} is a folder" if path.is_dir() else _obstacle(path.parent))
    trouble = trouble or _whole_folder(path) or _other_kind(path, mark)
    if trouble:
        raise UserError(f"cannot write {str(path)[:200]!r}: {trouble}. Name another output file")


def _obstacle(folder: Path) -> str:
    """Why a folder cannot be written or made; empty where it can."""
    if trouble := _obstacle_of_names(folder):
        return trouble
    existing = next(each for each in (folder, *folder.absolute().parents) if os.path.lexists(each))
    if not existing.is_dir():
        is_dangling = existing.is_symlink() and not existing.exists()
        return f"{existing} is {'a link to nothing' if is_dangling else 'a file, not a folder'}"
    return "" if os.access(existing, os.W_OK | os.X_OK) else f"you may not write in {existing}"


def _whole_folder(folder: Path) -> str:
    """In which folder with checksums it lies, whose files are all counted; empty where in none."""
    above = next((each for each in folder.absolute().parents if (each / CHECKSUMS).is_file()), None)
    return f"it lies in {above}, which is whole as it is (a model, rows or scores)" if above else ""


def _other_kind(path: Path, mark: str) -> str:
    """That a file is there which is not of the kind; empty where none is."""
    if not path.is_file():
        return ""
    with path.open("rb") as file:
        head = file.read(_HEAD).strip(b"\0")  # nothing else is what a power cut leaves
    return "a file of that name is there, which holds something else" if head and mark.encode() not in head else ""


def _obstacle_of_names(path: Path) -> str:
    if address_of(path) is not None:
        return "it is an address, and this is written to a disk: name a folder of this machine and copy it then"
    if "\0" in str(path):
        return "it holds a character that no file name may have"
    encoded = os.fsencode(path.absolute())
    longest = max(map(len, encoded.split(b"/")))
    places = (path, *path.absolute().parents)
    existing = next(each for each in places if os.path.exists(each))  # noqa: PTH110 (Path's raises for long names)
    for size, limit in ((longest, "PC_NAME_MAX"), (len(encoded), "PC_PATH_MAX")):
        if size + _LONGEST_NAME > os.pathconf(existing, limit):
            return "its name is too long for this disk"
    return ""
