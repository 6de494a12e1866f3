"""What a command makes in a working copy goes to the address: beside its work as soon as it is whole, and at its end.

Nothing that can be seen in a folder of ours is half-written, so whatever is there and was not stored yet is sent. A
folder with checksums is marked as unfinished first, then its files go, its checksums last, and the mark is taken away:
who reads there never takes a half-stored folder for a whole one. Files outside of such folders, logs and records, go
before the checksums, so that with a checkpoint there are always the lines of its steps.
"""

import threading
import time
from collections.abc import Callable, Collection, Iterable, Mapping
from pathlib import Path

from langsamp.errors import UserError
from langsamp.progress import Bar, say
from langsamp.remote.tree import (
    UNFINISHED,
    Files,
    Known,
    Stamp,
    folder_above,
    is_seal,
    scan,
    sealed_folders,
)
from langsamp.remote.working_copy import WorkingCopy

_LOOK_SECONDS, _AGAIN_SECONDS, _LOOSE_SECONDS = 1.0, 20.0, 60.0
"""Between two looks, after a look that failed, and between two versions of a log that grows."""
_SHARE = 20
"""Of the time between two looks that one may take: a twentieth."""
_TRIES = 5
"""Of storing what others change meanwhile."""


class Changes:
    """What one look at a working copy finds to do."""

    def __init__(self, here: Mapping[str, Stamp], state: Files, seen: Collection[str], left: Mapping[str, Stamp]):
        """Of files `here` and those `seen` before, without those that are to be `left` as they are."""
        self.here = here
        self.changed = [
            name
            for name, stamp in here.items()
            if (name not in state or state[name].here != stamp) and left.get(name) != stamp
        ]
        self.gone = {name for name in seen if name not in here and name in state}
        self.folders = sealed_folders((*here, *self.gone))
        # what of a folder was never fetched goes with the checksums that it had
        replaced = sealed_folders((*self.changed, *self.gone))
        self.gone |= {
            name
            for name, known in state.items()
            if known.here is None and name not in here and folder_above(name, self.folders) in replaced
        }
        self.touched = self._folders_of((*self.changed, *self.gone))
        """Folders with checksums of which something changed."""
        self.marked = self._folders_of(name for name in (*self.changed, *self.gone) if not is_seal(name))
        """Those that are not whole on the way."""

    @property
    def loose(self) -> list[str]:
        """Those that lie in no such folder."""
        return [name for name in self.changed if folder_above(name, self.folders) is None]

    def _folders_of(self, names: Iterable[str]) -> set[str]:
        above = (folder_above(name, self.folders) for name in names)
        return {folder for folder in above if folder is not None}


class Storing:
    """Stores what changes in a working copy from now on, and what was not stored before."""

    def __init__(self, copy: WorkingCopy, *, check: Callable[[], None] = lambda: None, only_new: bool = False) -> None:
        """With `only_new` what was not stored before stays as it is; `check` raises where nothing may be stored."""
        self._check, self._scan_seconds = check, 0.0
        self._copy, self._lock, self._ended = copy, threading.Lock(), threading.Event()
        here = scan(copy.folder)
        self._seen, self._left = set(here), dict(here) if only_new else {}
        self._loose_due, self._thread = 0.0, threading.Thread(target=self._watch, daemon=True, name="storing")

    def start(self) -> None:
        """Look again and again, beside the work of this process and others that it starts."""
        self._thread.start()

    def stop(self) -> None:
        """Look no more."""
        self._ended.set()
        if self._thread.is_alive():
            self._thread.join()

    def finish(self) -> None:
        """Store all that is left.

        Raises:
            UserError: where it cannot be stored.
        """
        for _ in range(_TRIES):
            if self.look(is_last=True):
                return
        raise UserError(f"{self._copy.folder} changes while it is stored: run the same command again")

    def look(self, *, is_last: bool = False) -> bool:
        """Store what changed; True where nothing did meanwhile.

        Raises:
            UserError: where it cannot be stored.
        """
        with self._lock:
            began = time.monotonic()
            here = scan(self._copy.folder)
            changes = Changes(here, self._copy.state(), self._seen, self._left)
            self._scan_seconds = time.monotonic() - began
            self._seen |= here.keys()
            try:
                return self._store(changes, is_last=is_last)
            except FileNotFoundError:  # deleted or replaced since the scan
                return False

    def _store(self, changes: Changes, *, is_last: bool) -> bool:
        store, folders = self._copy.store, changes.folders
        loose = changes.loose if is_last or changes.touched or time.monotonic() >= self._loose_due else []
        members = [name for name in changes.changed if not is_seal(name) and folder_above(name, folders) is not None]
        seals = [name for name in changes.changed if is_seal(name)]
        total = len(members) + len(loose) + len(seals)
        if not total and not changes.gone:
            return True
        self._check()
        marks = {folder: f"{folder}/{UNFINISHED}".lstrip("/") for folder in changes.marked}
        empty = self._copy.home / "empty"
        empty.touch()
        for _ in store.store(dict.fromkeys(marks.values(), empty)):
            pass
        title = f"storing {self._copy.address}"
        with Bar(title, total=total, unit="files", patience=2, is_shown=is_last and total > 0) as bar:
            stored = self._send([*members, *loose], changes.here, bar)
            broken = {folder_above(name, folders) for name in members if name not in stored}
            whole = [name for name in seals if name.rpartition("/")[0] not in broken]
            stored |= self._send(whole, changes.here, bar)
        if loose:
            self._loose_due = time.monotonic() + _LOOSE_SECONDS
        store.delete(sorted(changes.gone, key=is_seal, reverse=True))
        store.delete(mark for folder, mark in marks.items() if folder not in broken)
        self._copy.note({**stored, **dict.fromkeys(changes.gone)})
        return len(stored) == total

    def _send(self, names: Iterable[str], here: Mapping[str, Stamp], bar: Bar) -> dict[str, Known | None]:
        """Send files; what is known then of those that did not change meanwhile."""
        sources: dict[str, Path] = {name: self._copy.path(name) for name in names}
        for _ in self._copy.store.store(sources):
            bar.update()
        whole = [name for name, path in sources.items() if Stamp.of(path) == here[name]]
        return {name: Known(*stored, here[name]) for name, stored in self._copy.store.versions(whole).items()}

    def _watch(self) -> None:
        said, seconds = "", _LOOK_SECONDS
        while not self._ended.wait(seconds):
            try:
                self.look()
                seconds = max(_LOOK_SECONDS, _SHARE * self._scan_seconds)
            except UserError as error:
                seconds = _AGAIN_SECONDS
                if str(error) != said:
                    said = str(error)
                    say(f"warning: {error}. Work goes on, and it is tried again")
