"""What is half-written: hidden beside what it will be, held by the process that writes it, swept once that has ended.

Scratch of `NAME` is called `.NAME.xxxxxxxx.new`, a lock `.NAME.lock`. Each is locked by the process that made it. The
system frees the lock when the process ends, in whatever way, so what is not locked belongs to nobody.
"""

import ctypes
import errno
import fcntl
import os
import re
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

_SCRATCH = re.compile(r"\.(?P<name>.+)\.[a-z0-9_]{8}\.new")
_LOCK = re.compile(r"\.(?P<name>.+)\.lock")
NO_LOCKS = {errno.ENOLCK, errno.ENOSYS, errno.ENOTSUP, errno.EOPNOTSUPP, errno.EBADF}
"""What disks answer that cannot lock, as some that several machines share; EBADF where folders alone cannot be."""
_HERE, _EXCHANGE = -100, 2
"""`AT_FDCWD` and `RENAME_EXCHANGE` of renameat2(2)."""
_NEW, _OLD = "new", "old"


@contextmanager
def scratch_folder(target: Path) -> Iterator[Path]:
    """A hidden folder beside `target`, which nobody sweeps while the block runs, and which goes with it."""
    while True:
        scratch = Path(tempfile.mkdtemp(dir=target.parent, prefix=f".{target.name}.", suffix=".new"))
        handle = os.open(scratch, os.O_RDONLY)
        try:
            hold(handle)
            if not is_at(scratch, handle):
                continue  # swept between its birth and its lock
            try:
                yield scratch
            finally:
                shutil.rmtree(scratch)
            return
        finally:
            os.close(handle)


@contextmanager
def scratch_file(target: Path) -> Iterator[tuple[Path, int]]:
    """A hidden file beside `target` and its open handle; it goes with the block unless it was renamed."""
    while True:
        handle, name = tempfile.mkstemp(dir=target.parent, prefix=f".{target.name}.", suffix=".new")
        try:
            hold(handle)
            if not is_at(Path(name), handle):
                continue
            try:
                yield Path(name), handle
            finally:
                Path(name).unlink(missing_ok=True)
            return
        finally:
            os.close(handle)


def put_in_place(fresh: Path, target: Path, *, aside: Path) -> None:
    """Give the folder `fresh` the name `target`; an older `target` goes to `aside` or to where `fresh` was.

    Where system and disk can exchange two names at one stroke, there is a whole `target` at every moment. Else there is
    none between two renames; who is killed there leaves the older one in its scratch, from which `sweep` takes it back.
    """
    if not target.exists():
        fresh.rename(target)
    elif not (target.is_dir() and _exchange(fresh, target)):
        target.rename(aside)
        fresh.rename(target)


def sweep(*folders: Path, name: str | None = None) -> None:
    """Take away what processes that have ended left half-written in `folders`; with `name`, that of this name alone.

    Only names of our own pattern are touched, and of these none that a living process holds. Where a disk cannot lock
    nothing is.
    """
    for folder in folders:
        with suppress(OSError):  # no such folder, or one that may not be read: nothing of ours to do there
            for path in sorted(folder.iterdir()):
                match = _SCRATCH.fullmatch(path.name) or _LOCK.fullmatch(path.name)
                if match and name in (None, match["name"]):
                    _take_away(path, folder / match["name"])


def scratch_paths(target: Path) -> tuple[Path, Path]:
    """Below a scratch folder, where the new content of `target` grows and where the old one is put aside."""
    return target / _NEW, target / _OLD


def _take_away(path: Path, target: Path) -> None:
    """Delete what nobody holds; a folder that was put aside and has no successor gets its name back."""
    with suppress(OSError):  # held by another process, or gone meanwhile
        handle = os.open(path, os.O_RDONLY | os.O_NOFOLLOW)
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
            if not is_at(path, handle):
                return
            if not path.is_dir():
                path.unlink()
                return
            old = path / _OLD
            if old.is_dir() and not target.exists():
                old.rename(target)
            shutil.rmtree(path)
        finally:
            os.close(handle)


def hold(handle: int) -> None:
    """Lock what is open as `handle` for this process; nothing on a disk that cannot lock."""
    try:
        fcntl.flock(handle, fcntl.LOCK_EX)
    except OSError as error:
        if error.errno not in NO_LOCKS:
            raise


def is_at(path: Path, handle: int) -> bool:
    """Whether what is open as `handle` still lies at `path`."""
    with suppress(FileNotFoundError):
        return os.path.samestat(path.stat(), os.fstat(handle))
    return False


def _exchange(one: Path, other: Path) -> bool:
    """Give each of two folders the other's name at one stroke; False where system or disk cannot."""
    renameat2 = getattr(ctypes.CDLL(None), "renameat2", None)  # Linux alone has it
    names = os.fsencode(one), os.fsencode(other)
    return renameat2 is not None and bool(renameat2(_HERE, names[0], _HERE, names[1], _EXCHANGE) == 0)
