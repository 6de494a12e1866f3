"""The files of a working copy, and what is known of those at its address.

A folder with checksums is whole or not there: at an address it is closed by a marker while files of it come or go.
"""

import errno
import fcntl
import json
import os
from collections.abc import Collection, Iterable, Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import IO, NamedTuple

SEAL = "checksums.json"
"""The file that says what the others of a folder must be; the last that is written."""
UNFINISHED = ".unfinished"
"""Lies in a folder at an address while that is stored or deleted."""
PROBE, PART = ".probe-", ".part"
"""Begin of a file that tells an address's clock, end of one that is being written on a disk."""
_LIGHT = 1 << 16
"""Bytes of a file in a folder with checksums that is fetched before anybody asks for it."""
_NO_LOCKS = {errno.ENOLCK, errno.ENOSYS, errno.ENOTSUP, errno.EOPNOTSUPP}


class Stamp(NamedTuple):
    """What changes with every change of a file on this disk."""

    size: int
    modified: int
    """In nanoseconds."""

    @classmethod
    def of(cls, path: Path) -> "Stamp | None":
        """That of now; None where there is no such file."""
        with suppress(OSError):
            about = path.stat()
            return cls(about.st_size, about.st_mtime_ns)
        return None


class Known(NamedTuple):
    """A file at the address, as it was when it was last the same here and there."""

    size: int
    version: str
    here: Stamp | None
    """None for one that was not fetched."""


Files = dict[str, Known]
"""By path below the address."""


def scan(copy: Path) -> dict[str, Stamp]:
    """All files of a working copy but hidden ones; "" stands for the copy where it is a file itself."""
    if copy.is_file():
        stamp = Stamp.of(copy)
        return {"": stamp} if stamp else {}
    stamps = {}
    for folder, folders, files in os.walk(copy):
        folders[:] = [name for name in folders if not name.startswith(".")]
        for name in files:
            path = Path(folder, name)
            if not name.startswith(".") and not path.is_symlink() and (stamp := Stamp.of(path)):
                stamps[path.relative_to(copy).as_posix()] = stamp
    return stamps


def is_hidden(name: str) -> bool:
    """Whether a file, or a folder above it, has a name that begins with a dot."""
    return any(part.startswith(".") for part in name.split("/"))


def is_litter(name: str) -> bool:
    """Whether this is what a process that was killed left at the address in the middle of a request."""
    name = name.rpartition("/")[2]
    return name.startswith(PROBE) or (name.startswith(".") and name.endswith(PART))


def is_heavy(name: str, size: int) -> bool:
    """Whether a file in a folder with checksums is fetched only when it is asked for: not records, in whatever size."""
    return size > _LIGHT and (not name.endswith(".json") or name.endswith("tokenizer.json"))


def is_seal(name: str) -> bool:
    """Whether this file closes a folder."""
    return name.rpartition("/")[2] == SEAL


def sealed_folders(names: Iterable[str]) -> set[str]:
    """The folders among files that have checksums."""
    return {name.rpartition("/")[0] for name in names if is_seal(name)}


def folder_above(name: str, folders: Collection[str]) -> str | None:
    """The nearest of `folders` that a file lies in; None where in none."""
    if not folders or not name:
        return None
    above = name
    while above:
        above = above.rpartition("/")[0]
        if above in folders:
            return above
    return None


def read_state(file: Path) -> Files:
    """What is known of the files at the address; nothing where that was never written down, or not as a whole."""
    try:
        content = json.loads(file.read_text(encoding="utf-8"))
        return {name: Known(size, version, Stamp(*here) if here else None) for name, size, version, here in content}
    except (OSError, ValueError, TypeError):
        return {}


def write_state(file: Path, files: Mapping[str, Known]) -> None:
    """Write it down, whole or not at all."""
    scratch = file.with_name(f".{file.name}.new")
    scratch.write_text(json.dumps([(name, *known) for name, known in files.items()]), encoding="utf-8")
    scratch.replace(file)


@contextmanager
def waited_for(path: Path) -> Iterator[None]:
    """Have the file at `path` for this block alone, among all processes and threads of this machine."""
    with path.open("a") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX)
        except OSError as error:
            if error.errno not in _NO_LOCKS:
                raise
        yield


def taken(path: Path) -> IO[str] | None:
    """The file at `path`, this process's own until it is closed; None where another one has it."""
    file = path.open("a")
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        file.close()
        return None
    except OSError as error:
        if error.errno not in _NO_LOCKS:
            raise
    return file
