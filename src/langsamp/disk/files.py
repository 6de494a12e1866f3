"""Folders on disk: written aside and renamed, named by content, each with its provenance.

Nothing half-written is ever visible (design law 7): a folder or file appears under its name only when it is complete.
"""

import errno
import fcntl
import json
import os
import re
import shutil
import socket
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import IO, Any, TypeVar

from pydantic import BaseModel, ValidationError

from langsamp.addresses import with_addresses
from langsamp.disk.leftovers import NO_LOCKS, is_at, put_in_place, scratch_file, scratch_folder, scratch_paths, sweep
from langsamp.errors import DamagedError, OtherVersionError, UserError
from langsamp.provenance import SCHEMA

PUT_BACK = "put that file back from a copy, or make it again"
"""What to do with a damaged file of which nothing more is known."""

Record = TypeVar("Record", bound=BaseModel)

_PERMISSIONS = {errno.EACCES, errno.EPERM, errno.EROFS}
_NAMES = {errno.EEXIST, errno.ENOTDIR, errno.EISDIR, errno.ENAMETOOLONG, errno.EINVAL, errno.ELOOP, errno.ENOENT}
"""What disks answer where a file is in the way of a folder or the other way round, and to names they do not take."""
_RUST_TROUBLE = re.compile(r"([^:]+) \(os error \d+\)")
"""What the system said, as libraries written in Rust (safetensors, tokenizers) report it in errors of their own."""

_HOLDER = re.compile(r"pid \d+ on \S{1,253}")
"""What the file of a lock says of the process that has it."""


@contextmanager
def writing(path: Path) -> Iterator[None]:
    """Turn a full disk or a forbidden folder met while writing `path` into one message.

    Raises:
        UserError: naming `path`, the trouble and the mend.
    """
    try:
        yield
    except Exception as error:
        trouble = _trouble(error, path)
        if trouble is None:
            raise
        raise UserError(
            f"cannot write {str(path)[:300]}: {trouble}; nothing was changed there. {_remedy(error)}, then run the "
            "same command again"
        ) from error


@contextmanager
def replacing(target: Path) -> Iterator[Path]:
    """Yield a scratch folder that becomes the folder `target` only if the block succeeds; an old `target` goes then.

    Raises:
        UserError: where the parent cannot be written or the disk is full, naming the folder.
    """
    with writing(target):
        target.parent.mkdir(parents=True, exist_ok=True)
        sweep(target.parent, name=target.name)
        with scratch_folder(target) as scratch:
            fresh, old = scratch_paths(scratch)
            fresh.mkdir()
            yield fresh
            put_in_place(fresh, target, aside=old)


@contextmanager
def locked(folder: Path) -> Iterator[None]:
    """Keep other processes that would make `folder`, and ask so too, away while the block runs.

    The lock is on a hidden file beside `folder`, which goes with the block. The system frees it when this process ends,
    in whatever way, so it never outlives a kill. On a disk that cannot lock there is none.

    Raises:
        UserError: where another process is at it, naming that and its machine, the folder and what to do.
    """
    path = folder.with_name(f".{folder.name}.lock")
    while True:
        with writing(path):
            path.parent.mkdir(parents=True, exist_ok=True)
            file = path.open("a+", encoding="utf-8", errors="replace")
        with file:
            _lock(file, folder)
            if not is_at(path, file.fileno()):
                continue  # the process that had the lock has just ended and taken the file away
            with suppress(OSError):  # a disk that is full can still lock
                os.truncate(file.fileno(), 0)
                os.write(file.fileno(), f"pid {os.getpid()} on {socket.gethostname()}".encode())
            try:
                yield
            finally:
                path.unlink()
        return


def _lock(file: IO[str], folder: Path) -> None:
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        file.seek(0)
        holder = _HOLDER.match(file.read())
        other = f"another process ({holder[0]})" if holder else "another process"
        raise UserError(
            f"{other} is at work on {folder}: wait until it has ended, then run the same command again, or choose "
            "another output folder"
        ) from None
    except OSError as error:
        if error.errno not in NO_LOCKS:
            raise


def write_text(path: Path, text: str) -> None:
    """Write `text` to `path` as `write_bytes` does, in UTF-8; addresses stand in it for their working copies."""
    write_bytes(path, with_addresses(text).encode())


def write_bytes(path: Path, content: bytes) -> None:
    """Write `content` to `path` as a whole or not at all; a file that holds it already is left as it is."""
    with writing(path):
        if path.is_file() and path.read_bytes() == content:
            return
        path.parent.mkdir(parents=True, exist_ok=True)
        sweep(path.parent, name=path.name)
        with scratch_file(path) as (scratch, handle):
            with os.fdopen(handle, "wb", closefd=False) as file:
                file.write(content)
            scratch.chmod(0o644)
            scratch.replace(path)


def write_json(path: Path, content: Any) -> None:
    """Write `content` as readable JSON, whole or not at all."""
    write_text(path, json.dumps(content, ensure_ascii=False, indent=1) + "\n")


def read_json(path: Path, *, remedy: str = PUT_BACK) -> Any:
    """The content of a JSON file; `remedy` is what to do where it is damaged.

    Raises:
        DamagedError: where the file is no JSON.
    """
    try:
        return json.loads(path.read_text(encoding="utf-8"))
    except (ValueError, RecursionError) as error:  # of numbers with more than 4,300 digits too
        raise DamagedError(f"{path} is not readable as JSON ({error}); {remedy}") from None


def check_not_older(path: Path, content: object) -> None:
    """Accept the content of a JSON file that no older version of ours wrote: nothing is wrong with such a file.

    Raises:
        OtherVersionError: where one did, as the file's `schema` says.
    """
    schema = content.get("schema") if isinstance(content, dict) else None
    if isinstance(schema, int) and 0 < schema < SCHEMA:
        raise OtherVersionError(
            f"{path} has schema {schema}, expected {SCHEMA}: an older version of langsamp wrote it, which still reads "
            "it. Delete nothing: use that version for it, or make it anew in another folder"
        )


def read_versioned(path: Path, *, remedy: str) -> dict[str, Any]:
    """The content of a JSON file of ours that says its `schema`.

    Raises:
        DamagedError: where it is no JSON, or says no schema; `remedy` is what to do.
        OtherVersionError: where it is of another schema than this version writes.
    """
    content = read_json(path, remedy=remedy)
    check_not_older(path, content)
    schema = content.get("schema") if isinstance(content, dict) else None
    if schema != SCHEMA:
        kind = OtherVersionError if isinstance(schema, int) else DamagedError
        raise kind(
            f"{path} has schema {schema!r}, expected {SCHEMA}: another version of langsamp wrote it, or it is no file "
            f"of ours; {remedy}"
        )
    return dict(content)


def as_record(owner: type[Record], content: object, path: Path, *, remedy: str) -> Record:
    """What was read from `path` as the record that we write there.

    Raises:
        DamagedError: where it is none; the first thing that is wrong is named.
    """
    try:
        return owner.model_validate(content)
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        key = ".".join(map(str, first["loc"]))
        wrong = f"{key}: {first['msg']}" if key else first["msg"]
    raise DamagedError(f"{path} is no such file as this version of langsamp writes ({wrong}); {remedy}")


def free_bytes(path: Path) -> int:
    """Bytes free on the disk that holds `path` or will hold it."""
    existing = next(folder for folder in (path, *path.absolute().parents) if folder.exists())
    return shutil.disk_usage(existing).free


def _trouble(error: Exception, path: Path) -> str | None:
    """What the system said against writing `path`; None for any other error."""
    if isinstance(error, OSError):
        named = [name for name in (error.filename, error.filename2) if isinstance(name, str | Path)]
        return (error.strerror or str(error)) if all(_is_on_the_way(Path(name), path) for name in named) else None
    if isinstance(error, ValueError) and "null byte" in str(error):
        return "a file name may not hold a zero byte"
    said = None if isinstance(error, UserError) else _RUST_TROUBLE.search(str(error))
    return said[1].strip() if said else None


def _remedy(error: Exception) -> str:
    """What to do about a trouble with writing."""
    number = error.errno if isinstance(error, OSError) else None
    if number in _PERMISSIONS:
        return "Allow writing there or choose another output folder"
    if number in _NAMES or isinstance(error, ValueError):
        return "Choose another output folder or file name"
    if "File too large" in str(error):  # in Rust's words, too
        return "Choose an output folder where files may be larger (FAT32 takes 4 GiB), or raise `ulimit -f`"
    return "Free some space or choose another output folder"


def _is_on_the_way(named: Path, path: Path) -> bool:
    """Whether `named` is a folder above `path` or lies beside it or deeper."""
    named, folder = named.absolute(), path.parent.absolute()
    return named.is_relative_to(folder) or folder.is_relative_to(named)
