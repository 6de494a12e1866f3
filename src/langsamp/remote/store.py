"""Files at an address, on S3 or wherever else fsspec writes: listed, fetched, stored and deleted, by name.

Who may do so is said outside a recipe, as each store wants it (AWS's variables and files, `FSSPEC_...`).
"""

import errno
import shutil
from collections.abc import Collection, Iterable, Iterator, Mapping
from contextlib import contextmanager, suppress
from datetime import datetime
from importlib import import_module
from pathlib import Path
from typing import Any, NamedTuple

from langsamp.addresses import check_allowed, is_elsewhere
from langsamp.errors import UserError
from langsamp.remote.tree import PART

_EXTRAS = {"s3": "pip install 'langsamp[s3]'"}
_CLIENTS = {"aiohttp", "botocore", "gcsfs", "google"}
"""Libraries behind fsspec whose own errors (no credentials, no such host) are no `OSError`."""
_VERSIONS = ("ETag", "etag", "generation", "blob_id", "created", "mtime", "LastModified", "last_modified")
"""What stores say of a file that changes with its content; the first that is there is taken."""
_FULL = {errno.ENOSPC, errno.EDQUOT, errno.EFBIG, errno.EROFS}
"""What only a disk says that is written."""
_AT_ONCE = 200
"""Files that are sent or fetched in one call, which stores of objects do side by side."""


class Found(NamedTuple):
    """A file at an address."""

    size: int
    version: str
    """Another one for another content."""


class Store:
    """What lies at an address: files by their path below it, with `/` between its parts; "" is a file there itself."""

    def __init__(self, address: str) -> None:
        """Open it.

        Raises:
            UserError: where the kind of address is not known or not installed, or is not to be asked.
        """
        if is_elsewhere(address):
            check_allowed(address)
        self.address = address
        self._is_disk = address.startswith("file://")
        with faults_named(address):
            # imported here, as every command that checks a file's sum would wait for it
            self._system, self._root = import_module("fsspec").core.url_to_fs(address)

    def list(self) -> dict[str, Found]:
        """All files, hidden ones too; none where nothing is there.

        Raises:
            UserError: where it cannot be read.
        """
        with faults_named(self.address):
            self._system.invalidate_cache()
            try:
                entries = self._system.find(self._root, detail=True)
            except FileNotFoundError:
                return {}
        files = {self._name(path): _found(entry) for path, entry in entries.items() if _is_file(entry)}
        return {name: each for name, each in files.items() if name is not None}

    def versions(self, names: Iterable[str]) -> dict[str, Found]:
        """Those of `names` that are there."""
        wanted = list(names)
        if len(wanted) > _AT_ONCE // 10:
            everything = self.list()
            return {name: everything[name] for name in wanted if name in everything}
        there: dict[str, Found] = {}
        with faults_named(self.address):
            self._system.invalidate_cache()
            for name in wanted:
                with suppress(FileNotFoundError, NotADirectoryError):
                    entry = self._system.info(self._path(name))
                    there |= {name: _found(entry)} if _is_file(entry) else {}
        return there

    def has(self, name: str) -> bool:
        """Whether there is such a file."""
        return name in self.versions([name])

    def fetch(self, targets: Mapping[str, Path]) -> Iterator[str]:
        """Copy files to paths of this disk, whose folders are there; each name once its file is whole.

        Raises:
            UserError: where one cannot be read.
            OSError: where this disk is full.
        """
        for names in _parts(list(targets)):
            with faults_named(self.address, lets_pass=_FULL):
                self._system.get([self._path(name) for name in names], [str(targets[name]) for name in names])
            yield from names

    def store(self, sources: Mapping[str, Path]) -> Iterator[str]:
        """Copy files of this disk there, each whole or not at all; each name once it is there.

        Raises:
            UserError: where one cannot be written.
            FileNotFoundError: where a source is not there any more.
        """
        for names in _parts(list(sources)):
            with _writing(self.address, sources.values()):
                if self._is_disk:
                    for name in names:
                        self._copy(sources[name], Path(self._path(name)))
                else:
                    self._system.put([str(sources[name]) for name in names], [self._path(name) for name in names])
            yield from names

    def delete(self, names: Iterable[str]) -> None:
        """Delete files; those that are gone already are as they should be."""
        with _writing(self.address):
            for part in _parts(list(names)):
                try:
                    self._system.rm([self._path(name) for name in part])
                except FileNotFoundError:
                    for name in part:
                        with suppress(FileNotFoundError):
                            self._system.rm_file(self._path(name))
                for name in part if self._is_disk else ():
                    with suppress(OSError):  # of folders that are not empty
                        for folder in list(Path(self._path(name)).parents)[: name.count("/")]:
                            folder.rmdir()

    def read(self, name: str) -> bytes | None:
        """The content of a small file; None where there is none."""
        with faults_named(self.address):
            self._system.invalidate_cache()
            try:
                return bytes(self._system.cat_file(self._path(name)))
            except FileNotFoundError:
                return None

    def write(self, name: str, content: bytes, *, is_new: bool = False) -> bool:
        """Write a small file; False where it `is_new` and somebody else was first, as far as the store can tell.

        Raises:
            UserError: where it cannot be written.
        """
        with _writing(self.address):
            path = self._path(name)
            if self._is_disk:
                Path(path).parent.mkdir(parents=True, exist_ok=True)
            if is_new:
                try:
                    self._system.pipe_file(path, content, mode="create")
                    return True
                except FileExistsError:
                    return False
                except (OSError, TypeError, ValueError, NotImplementedError):  # of those that cannot create only
                    if self._system.exists(path):
                        return False
            self._system.pipe_file(path, content)
        return True

    def seconds_since_written(self, name: str, *, now: str) -> float | None:
        """How much older a file is than the file `now`, by the store's own clock; None where it does not say."""
        try:
            self._system.invalidate_cache()
            times = [self._system.modified(self._path(each)) for each in (now, name)]
            return float((times[0] - times[1]).total_seconds())
        except (OSError, NotImplementedError, TypeError, AttributeError, KeyError):  # of stores that tell no time
            return None

    def _path(self, name: str) -> str:
        return f"{self._root}/{name}" if name else str(self._root)

    def _name(self, path: str) -> str | None:
        """What a file is called here; None for one whose name leaves the folder."""
        name = str(self._system._strip_protocol(path)).removeprefix(str(self._root)).lstrip("/")
        parts = name.split("/")
        return None if ".." in parts or "." in parts or "\\" in name or "\0" in name or (name and "" in parts) else name

    @staticmethod
    def _copy(source: Path, target: Path) -> None:
        target.parent.mkdir(parents=True, exist_ok=True)
        scratch = target.with_name(f".{target.name}{PART}")
        shutil.copyfile(source, scratch)
        scratch.replace(target)


@contextmanager
def faults_named(address: str, doing: str = "read", *, lets_pass: Collection[int] = ()) -> Iterator[None]:
    """Turn what goes wrong at an address while it is `read` or `written` into one message.

    Errors of these numbers are another's: of the disk that a file is fetched to.

    Raises:
        UserError: naming the address, the trouble and what to do.
    """
    protocol = address.partition("://")[0]
    try:
        yield
    except FileNotFoundError:
        raise
    except ImportError as error:
        verb = "reading" if doing == "read" else "writing"
        raise UserError(f"{verb} {address} needs a library: {_EXTRAS.get(protocol, error)}") from None
    except UserError:
        raise
    except (ValueError, NotImplementedError) as error:  # fsspec knows no such kind of address, or not this of it
        why = str(error) or "there is no way to do so"
        raise UserError(
            f"{address} cannot be {doing}: {why}; fsspec's documentation lists what {protocol}:// may be"
        ) from None
    except Exception as error:
        if not isinstance(error, OSError) and type(error).__module__.partition(".")[0] not in _CLIENTS:
            raise
        if isinstance(error, OSError) and error.errno in lets_pass:
            raise
        why = str(error).partition("\n")[0] or type(error).__name__
        raise UserError(
            f"{address} cannot be {doing} ({why}); check the address, the network and who you are there"
        ) from None


@contextmanager
def _writing(address: str, sources: Iterable[Path] = ()) -> Iterator[None]:
    """The same of writing, where a missing bucket is no missing file."""
    with faults_named(address, "written"):
        try:
            yield
        except FileNotFoundError as error:
            if not all(source.is_file() for source in sources):
                raise
            raise OSError(str(error) or "there is no such bucket") from None


def _is_file(entry: Mapping[str, Any]) -> bool:
    return entry.get("type") == "file"


def version_of(entry: Mapping[str, Any]) -> str:
    """What a store says of a file that is another for another content; empty where it says nothing."""
    key, said = next(((key, entry[key]) for key in _VERSIONS if entry.get(key) is not None), ("", ""))
    # that of memory says it in numbers where it lists files, and in dates where it is asked for one
    return f"{key} {said.timestamp() if isinstance(said, datetime) else said}".strip()


def _found(entry: Mapping[str, Any]) -> Found:
    return Found(int(entry.get("size") or 0), version_of(entry))


def _parts(names: list[str]) -> Iterator[list[str]]:
    for first in range(0, len(names), _AT_ONCE):
        yield names[first : first + _AT_ONCE]
