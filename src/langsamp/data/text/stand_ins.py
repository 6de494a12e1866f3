"""What lies where a file or folder should be and is not it: nothing, a pointer of git-lfs, a web page, a cache."""

from pathlib import Path

from langsamp.errors import DamagedError, UserError

_LFS = b"version https://git-lfs"
_PAGE = (b"<!doctype", b"<html", b"<?xml")


def check_content(file: Path) -> None:
    """Accept a downloaded file that is there and is no stand-in for itself.

    Raises:
        DamagedError: where it is missing, empty, a pointer of git-lfs or a web page.
    """
    try:
        with file.open("rb") as opened:
            start = opened.read(200).lstrip().lower()
    except OSError as error:
        raise DamagedError(f"{file} cannot be read ({error.strerror}); copy or download it again") from None
    if start.startswith(_LFS):
        raise DamagedError(
            f"{file} is a pointer of git-lfs, not the file itself: run `git lfs pull` in {file.parent}, or download it "
            "again"
        )
    if start.startswith(_PAGE):
        raise DamagedError(f"{file} is a web page, saved instead of the file itself; download it again")
    if not start:
        raise DamagedError(f"{file} is empty; copy or download it again")


def check_no_cache(folder: Path) -> None:
    """Accept a folder that is not the one around a download in the hub's cache (`models--OWNER--NAME`).

    Raises:
        UserError: naming the folders in it that hold what was downloaded.
    """
    snapshots = sorted(folder.glob("snapshots/*"))
    if snapshots and not (folder / "config.json").is_file():
        raise UserError(
            f"{folder} is a folder of the hub's cache, around what was downloaded; give "
            f"{' or '.join(map(str, snapshots[:3]))}"
        )
