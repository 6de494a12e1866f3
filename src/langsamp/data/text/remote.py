"""A folder of text by its address, on S3 or wherever else fsspec reads: listed, and its files opened, as if local.

A range of a file of this machine is opened alike. Who may read at an address is said outside a recipe, as each store
wants it (AWS's variables and files, `FSSPEC_...`).
"""

import io
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import IO, Any, NamedTuple, cast

import fsspec

from langsamp.addresses import check_allowed, is_elsewhere
from langsamp.errors import DataMissingError
from langsamp.remote.store import faults_named, version_of

_AT_ONCE = 1 << 20
"""Bytes that are asked for at once, of which a store's library fetches more or fewer as it thinks best."""


@dataclass(frozen=True, order=True)
class RemoteFile:
    """A file by its address; what of it is asked is what readers of text ask of a `pathlib.Path`."""

    address: str
    size: int
    is_folder: bool = False
    version: str = ""
    """Another one for another content, where the store says so."""

    def __str__(self) -> str:
        """The address."""
        return self.address

    @property
    def name(self) -> str:
        """The last part of the address."""
        return self.address.rpartition("/")[2]

    @property
    def suffix(self) -> str:
        """The end of the name, with its dot."""
        return PurePosixPath(self.name).suffix

    def open(self, mode: str = "rb") -> IO[bytes]:
        """The file, opened for reading bytes.

        Raises:
            UserError: where it cannot be read, now or later.
        """
        with _faults_named(self.address):
            file = fsspec.open(self.address, mode).open()
        return cast(IO[bytes], io.BufferedReader(_Bytes(file, self.address), _AT_ONCE))


class _Bytes(io.RawIOBase):
    """The bytes of a file elsewhere: what goes wrong on the way there is told from what is wrong in the file."""

    def __init__(self, file: Any, address: str) -> None:
        self._file, self._address = file, address

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        return int(self._file.seek(offset, whence))

    def tell(self) -> int:
        return int(self._file.tell())

    def readinto(self, buffer: Any) -> int:
        with _faults_named(self._address):
            content = self._file.read(len(buffer))
        buffer[: len(content)] = content
        return len(content)

    def close(self) -> None:
        self._file.close()
        super().close()


@dataclass(frozen=True, order=True)
class FileRange:
    """Some lines of a plain file of this machine: its bytes from `start`, where a line begins, up to `stop`."""

    path: Path
    start: int
    stop: int

    def __str__(self) -> str:
        """The file."""
        return str(self.path)

    @property
    def name(self) -> str:
        """The name of the file."""
        return self.path.name

    @property
    def suffix(self) -> str:
        """The end of that name, with its dot."""
        return self.path.suffix

    @property
    def size(self) -> int:
        """Bytes of these lines."""
        return self.stop - self.start

    def open(self, mode: str = "rb") -> IO[bytes]:
        """These lines, opened for reading bytes."""
        return cast(IO[bytes], io.BufferedReader(_Range(self), _AT_ONCE))

    def lines_before(self) -> int:
        """Lines of the file before these, which are counted for it."""
        with FileRange(self.path, 0, self.start).open() as before:
            return sum(block.count(b"\n") for block in iter(lambda: before.read(_AT_ONCE), b""))


class _Range(io.RawIOBase):
    def __init__(self, lines: FileRange) -> None:
        self._file, self._left = lines.path.open("rb", buffering=0), lines.size
        self._file.seek(lines.start)

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        content = self._file.read(min(len(buffer), self._left))
        buffer[: len(content)] = content
        self._left -= len(content)
        return len(content)

    def close(self) -> None:
        self._file.close()
        super().close()


TextFile = Path | RemoteFile
TextSource = TextFile | FileRange


def size_of(file: TextSource) -> int:
    """Bytes of a file as it is stored."""
    return file.stat().st_size if isinstance(file, Path) else file.size


class FileStamp(NamedTuple):
    """What changes with every change of a file."""

    size: int
    version: str

    @classmethod
    def noted(cls, file: TextSource) -> "FileStamp":
        """That of a file when it was listed; of one on this machine, and the file of a range, that of now."""
        if isinstance(file, RemoteFile):
            return cls(file.size, file.version)
        about = (file.path if isinstance(file, FileRange) else file).stat()
        return cls(about.st_size, str(about.st_mtime_ns))

    @classmethod
    def now(cls, file: TextSource) -> "FileStamp":
        """That of now.

        Raises:
            DataMissingError: where there is no such file any more.
            UserError: where its store cannot be asked.
        """
        if not isinstance(file, RemoteFile):
            return cls.noted(file)
        with _faults_named(file.address):
            system, path = fsspec.core.url_to_fs(file.address)
            system.invalidate_cache()
            entry = system.info(path)
        return cls(int(entry.get("size") or 0), version_of(entry))


def remote_files(address: str) -> list[RemoteFile]:
    """What lies in the folder at `address`, by name.

    Raises:
        DataMissingError: where there is no such folder.
        UserError: where the kind of address is not known or not installed, it cannot be read, or is not to be asked.
    """
    if is_elsewhere(address):
        check_allowed(address)
    with _faults_named(address):
        system, folder = fsspec.core.url_to_fs(address)
        if not system.isdir(folder):
            raise FileNotFoundError
        return sorted(
            RemoteFile(
                address=f"{address}/{entry['name'].rstrip('/').rpartition('/')[2]}",
                size=int(entry.get("size") or 0),
                is_folder=entry["type"] == "directory",
                version=version_of(entry),
            )
            for entry in system.ls(folder, detail=True)
        )


@contextmanager
def _faults_named(address: str) -> Iterator[None]:
    with faults_named(address):
        try:
            yield
        except (FileNotFoundError, NotADirectoryError):
            raise DataMissingError(f"there is no folder of text at {address}; check its address") from None
