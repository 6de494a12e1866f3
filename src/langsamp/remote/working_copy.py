"""The folder of this machine where what lies at an address is worked on: what it lacks is fetched, large files late.

A file that changed there since is fetched again, one that is gone there goes here. What was made here and never stored
stays. Files over 64 KiB of folders with checksums, which are weights, rows and predictions, come when their checksum is
asked for: a table of scores fetches no weights.
"""

import shutil
from collections.abc import Collection, Iterable, Iterator, Mapping
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path
from typing import IO

from langsamp.addresses import copies_folder, note_address, noted_address, working_folder
from langsamp.errors import UserError
from langsamp.progress import Bar
from langsamp.remote.store import Found, Store
from langsamp.remote.tree import (
    SEAL,
    UNFINISHED,
    Files,
    Known,
    Stamp,
    folder_above,
    is_heavy,
    is_hidden,
    is_litter,
    is_seal,
    read_state,
    scan,
    sealed_folders,
    taken,
    waited_for,
    write_state,
)

_LOCK = "writer.lock"
_TRIES = 3
"""Of reading what others change meanwhile."""


class WorkingCopy:
    """Of one address, for this process."""

    def __init__(self, address: str) -> None:
        """Nothing is fetched yet.

        Raises:
            UserError: as `Store`, and where the folder of working copies cannot be written.
        """
        self.address, self.store = address, Store(address)
        self.folder = working_folder(address)
        self.home = self.folder.parent
        self._read: tuple[Stamp | None, Files] = (None, {})
        with _disk_faults_named(address):
            note_address(address, self.folder)

    def refresh(self, *, writes: bool) -> IO[str] | None:
        """Fetch what lies at the address; for a process that `writes` its lock, to be closed at the end.

        Where a process of this machine is at work on it, what lies here is the newest already.

        Raises:
            UserError: where the address cannot be read, and for two that write.
        """
        with _disk_faults_named(self.address), waited_for(self.home / "state.lock"):
            lock = taken(self.home / _LOCK)
            if lock is None and writes:
                raise UserError(
                    f"another process of this machine is at work on {self.address}: wait until it has ended"
                )
            if lock is None:
                return None
            with ExitStack() as ended:
                ended.enter_context(lock)
                self._fetch_all(tidies=writes)
                if not writes:
                    return None
                ended.pop_all()
            return lock

    def state(self) -> Files:
        """What is known of the files there."""
        with waited_for(self.home / "state.lock"):
            if (stamp := Stamp.of(self.home / "state.json")) != self._read[0]:
                self._read = (stamp, read_state(self.home / "state.json"))
            return self._read[1]

    def note(self, changes: Mapping[str, Known | None]) -> None:
        """Write down what has become of files; None for those that are gone."""
        with _disk_faults_named(self.address), waited_for(self.home / "state.lock"):
            state: dict[str, Known | None] = {**read_state(self.home / "state.json"), **changes}
            write_state(self.home / "state.json", {name: known for name, known in state.items() if known is not None})

    def path(self, name: str) -> Path:
        """Where a file lies here."""
        return self.folder / name if name else self.folder

    def bring(self, names: Collection[str] | None, *, below: str) -> None:
        """Fetch those of the files that were left; with None all that lie `below`."""
        with _disk_faults_named(self.address), waited_for(self.home / "state.lock"):
            state = read_state(self.home / "state.json")
            left = [
                name
                for name, known in state.items()
                if known.here is None
                and (name in names if names is not None else name.startswith(below))
                and not self.path(name).exists()
            ]
            with suppress(FileNotFoundError):  # gone there meanwhile: whoever asks says what is missing
                self._fetch(left, {name: Found(state[name].size, state[name].version) for name in left}, state)
            write_state(self.home / "state.json", state)

    def _fetch_all(self, *, tidies: bool) -> None:
        for _ in range(_TRIES):
            with suppress(FileNotFoundError):
                return self._fetch_once(tidies=tidies)
        raise UserError(f"{self.address} changes while it is read: run the same command again")

    def _fetch_once(self, *, tidies: bool) -> None:
        stored = self.store.list()
        half = {name.rpartition("/")[0] for name in stored if name.rpartition("/")[2] == UNFINISHED}
        is_half = {name: folder_above(name, half) is not None for name in stored}
        there = {name: each for name, each in stored.items() if not is_hidden(name) and not is_half[name]}
        state, here = read_state(self.home / "state.json"), scan(self.folder)
        for name in [name for name in state if name not in there]:
            gone = state.pop(name)
            if name in here and gone.here == here[name] and not is_half.get(name):
                self._remove(name)
        if tidies:
            lacking = {folder for folder in half if f"{folder}/{SEAL}".lstrip("/") not in here}
            self.store.delete(name for name in stored if is_litter(name) or folder_above(name, lacking) is not None)
        folders, same = sealed_folders(there), self._same(there, state, here)
        wanted = []
        for name, each in there.items():
            known, stamp, folder = state.get(name), here.get(name), folder_above(name, folders)
            if known is not None and known[:2] == each and stamp is not None:
                continue  # the same, or changed here and to be stored
            if stamp is not None and folder in same and stamp.size == each.size:
                state[name] = Known(*each, stamp)
            elif folder is not None and is_heavy(name, each.size):
                self._remove(name)
                state[name] = Known(*each, None)
            else:
                wanted.append(name)
        self._fetch(sorted(wanted, key=is_seal), there, state)
        write_state(self.home / "state.json", state)

    def _same(self, there: Mapping[str, Found], state: Files, here: Mapping[str, Stamp]) -> set[str]:
        """Folders here that have the checksums of those there, so that files of the same size are the same.

        This is asked where it is not known what was stored: after a kill.
        """
        names = [name for name in there if is_seal(name) and name in here and name not in state]
        pairs = ((name, self.store.read(name)) for name in names)
        return {name.rpartition("/")[0] for name, content in pairs if content == self.path(name).read_bytes()}

    def _fetch(self, names: list[str], there: Mapping[str, Found], state: Files) -> None:
        incoming = self.home / "incoming"
        shutil.rmtree(incoming, ignore_errors=True)
        incoming.mkdir()
        targets = {name: incoming / str(number) for number, name in enumerate(names)}
        try:
            with Bar(f"fetching {self.address}", total=len(names), unit="files", patience=2) as bar:
                for name in self.store.fetch(targets):
                    path = self.path(name)
                    path.parent.mkdir(parents=True, exist_ok=True)
                    targets[name].replace(path)
                    state[name] = Known(*there[name], Stamp.of(path))
                    bar.update()
        finally:
            shutil.rmtree(incoming, ignore_errors=True)

    def _remove(self, name: str) -> None:
        path = self.path(name)
        path.unlink(missing_ok=True)
        with suppress(OSError):  # a folder that is not empty ends it
            for folder in list(path.parents)[: name.count("/") + 1]:
                if folder == self.home:
                    break
                folder.rmdir()


@contextmanager
def _disk_faults_named(address: str) -> Iterator[None]:
    """Turn what goes wrong on this disk into one message.

    Raises:
        UserError: where the working copy cannot be written.
    """
    try:
        yield
    except FileNotFoundError:
        raise
    except OSError as error:
        raise UserError(
            f"{address} is worked on in {copies_folder()}, which cannot be written ({error.strerror}): make "
            "room there, or name another folder in LANGSAMP_COPIES"
        ) from None


def has_writer(folder: str) -> bool:
    """Whether a process of this machine is at work in this folder of working copies, and stores what lies there."""
    lock = copies_folder() / Path(folder).name / _LOCK
    if not lock.is_file():
        return False
    if (file := taken(lock)) is not None:
        file.close()
    return file is None


def bring(folder: Path, names: Iterable[str] | None = None) -> None:
    """Fetch files of a folder, all or those named, that its working copy has left at the address.

    For any other folder nothing is to do.

    Raises:
        UserError: where the address cannot be read.
    """
    if names is not None and not (names := [name for name in names if not (folder / name).is_file()]):
        return
    root, folder = copies_folder(), folder.absolute()
    if not folder.is_relative_to(root) or len(parts := folder.relative_to(root).parts) < 2:
        return
    if (address := noted_address(root / parts[0])) is not None:
        below = "".join(f"{part}/" for part in parts[2:])
        WorkingCopy(address).bring(None if names is None else {f"{below}{name}" for name in names}, below=below)
