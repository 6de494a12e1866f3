"""The edge where addresses become folders: what a command or a call of the front door names is there while it runs.

    with session():
        folder = opened("s3://bucket/run", writes=True)      # fetched; what is made in it is stored

Several words that name parts of one run share its working copy.
"""

import inspect
import os
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from functools import wraps
from pathlib import Path, PurePosixPath
from typing import IO, Any, ParamSpec, TypeVar

from langsamp.addresses import FOLDER_VARIABLE, address_of, with_addresses
from langsamp.errors import UserError
from langsamp.progress import say
from langsamp.remote.lease import Lease
from langsamp.remote.store import Store
from langsamp.remote.storing import Storing
from langsamp.remote.working_copy import WorkingCopy, has_writer
from langsamp.world import World

Arguments = ParamSpec("Arguments")
Answer = TypeVar("Answer")

_RUN = "recipe.yaml"
"""What makes a folder a run."""
_DEPTH = 4
"""Folders between a run and what is named in it, at most."""
_FILES = {".html", ".md", ".tex", ".csv", ".json", ".yaml", ".parquet"}
"""Ends of addresses that are single files, which nobody needs to have alone."""
_PLACES = {
    "a", "b", "checkpoint", "donors", "encoder", "folder", "inputs", "model", "models", "out", "recipe", "runs",
    "tokenizer",
}  # fmt: skip
"""Parameters of commands and calls that name folders and files of ours."""


class _Opened:
    """A working copy in use."""

    def __init__(self, address: str) -> None:
        self.copy = WorkingCopy(address)
        self._lease: Lease | None = None
        self._lock: IO[str] | None = None
        self._storing: Storing | None = None

    def open(self, *, writes: bool) -> None:
        """Fetch what is there, and with `writes` store from now on; a second time where it only read before."""
        if self._lease is not None or (self._storing is not None and not writes):
            return
        if writes:
            lease = Lease(self.copy.store, copy=self.copy.home.name)
            lease.take(is_alone_here=lambda folder: not has_writer(folder))
            self._lease = lease
        self._lock = self.copy.refresh(writes=writes)
        self._storing = Storing(self.copy, check=self._check, only_new=not writes)
        if writes:
            self._storing.start()

    def close(self) -> None:
        """Store what is left, and let others write.

        Raises:
            UserError: where it cannot be stored, or another process has taken over.
        """
        try:
            if self._storing is not None:
                self._storing.stop()
                if self._lease is not None or not has_writer(
                    self.copy.home.name
                ):  # else a process of this machine stores it
                    self._finish(self._storing)
        finally:
            if self._lease is not None:
                self._lease.release()
            if self._lock is not None:
                self._lock.close()

    def _check(self) -> None:
        if self._lease is not None:
            self._lease.check()

    def _finish(self, storing: Storing) -> None:
        try:
            storing.finish()
        except UserError as error:
            raise UserError(f"{error}. {self._kept}; the same command stores it") from None

    @property
    def _kept(self) -> str:
        return f"What was made is kept on this machine, in {self.copy.home}"


_opened: dict[str, _Opened] = {}


@contextmanager
def session() -> Iterator[None]:
    """Addresses that are opened in this block are stored and closed at its end, however it ends.

    Raises:
        UserError: where one cannot be stored; told on stderr where the block ends with another error.
    """
    before = set(_opened)
    try:
        yield
    except BaseException as end:
        errors = _closed(before)
        if errors and isinstance(end, SystemExit) and not end.code:  # a command that has done all but this
            raise errors[0] from None
        for error in errors:
            say(f"warning: {error}")
        raise
    for error in _closed(before):
        raise error


def _closed(before: set[str]) -> list[UserError]:
    errors = []
    for address in [address for address in _opened if address not in before]:
        try:
            _opened.pop(address).close()
        except UserError as error:
            errors.append(error)
    return errors


def opened(named: str | Path, *, writes: bool = False, is_run: bool = False) -> Path:
    """The folder that is named: of a path itself, of an address what is worked on here, fetched.

    Of a run all parts share one working copy; `is_run` says that it is the whole of one, or will be. Of several
    processes that train together the first stores.

    Raises:
        UserError: where it cannot be read or written, another process writes there, or it is not to be asked.
    """
    address = address_of(named)
    if address is None:
        return Path(named)
    if writes and os.environ.get("LOCAL_WORLD_SIZE", "") not in ("", os.environ.get("WORLD_SIZE", "")):
        _check_shared(address)
    root = address if is_run else _root(address)
    if root not in _opened:
        _opened[root] = _Opened(root)
    try:
        is_file = PurePosixPath(root).suffix in _FILES
        _opened[root].open(writes=writes and not is_file and World.from_environment().is_leader)
    except BaseException:
        _opened.pop(root).close()
        raise
    return _opened[root].copy.folder / address.removeprefix(root).lstrip("/")


def fetched(named: str | Path) -> Path:
    """The folder that is named, of a place that is read now, and at an address perhaps again later.

    Raises:
        UserError: as `opened`.
    """
    with session():
        return opened(named)


def _root(address: str) -> str:
    """The run that something lies in; else itself."""
    protocol, _, path = address.partition("://")
    for known in _opened:
        if address == known or address.startswith(f"{known}/"):
            return known
    parts = path.split("/")
    for length in range(len(parts), max(0, len(parts) - _DEPTH - 1), -1):
        above = f"{protocol}://{'/'.join(parts[:length])}"
        try:
            if parts[length - 1] and Store(above).has(_RUN):
                return above
        except UserError:
            if length == len(parts):
                raise
    return address


def with_folders(arguments: Mapping[str, Any]) -> dict[str, Any]:
    """The arguments of a command or call with folders in place of addresses.

    `out` is written to unless the command only plans; of `RUN:MODEL` the run may be an address.
    """
    return {
        name: _as_folders(value, writes=name == "out" and not arguments.get("plan")) if name in _PLACES else value
        for name, value in arguments.items()
    }


def _as_folders(value: Any, *, writes: bool) -> Any:
    if isinstance(value, os.PathLike):  # such as a run
        value = Path(value)
    if isinstance(value, list | tuple):
        return type(value)(_as_folders(each, writes=writes) for each in value)
    if not isinstance(value, str | Path) or (address := address_of(value)) is None:
        return value
    run, colon, model = address.rpartition(":")
    if not run.rpartition("/")[2] or "/" in model:
        run, colon, model = address, "", ""
    folder = opened(run, writes=writes)
    return type(value)(f"{folder}{colon}{model}") if isinstance(value, str) else Path(f"{folder}{colon}{model}")


def takes_addresses(call: Callable[Arguments, Answer]) -> Callable[Arguments, Answer]:
    """A call of the front door that takes addresses too; its errors name them, its answer is stored when it returns."""
    signature = inspect.signature(call)

    @wraps(call)
    def with_session(*args: Arguments.args, **kwargs: Arguments.kwargs) -> Answer:
        try:
            with session():
                bound = signature.bind(*args, **kwargs)
                bound.arguments.update(with_folders(bound.arguments))
                return call(*bound.args, **bound.kwargs)
        except UserError as error:
            error.args = tuple(with_addresses(str(each)) for each in error.args)
            raise

    return with_session


def check_workers() -> None:
    """Accept that what is worked on is shared with other machines.

    Raises:
        UserError: where something is worked on in a folder that may be this machine's alone.
    """
    for address in _opened:
        _check_shared(address)


def _check_shared(address: str) -> None:
    if not os.environ.get(FOLDER_VARIABLE):
        raise UserError(
            f"{address} is worked on in a folder that all machines must see: name one on a disk that they share in "
            f"{FOLDER_VARIABLE}, or let one machine do it (without --executor, with torchrun on one node)"
        )
