"""Who writes at an address: an object there, renewed while its process lives, so that of two machines one is refused.

Stores of objects know no locks that end with a process. A sign of life that is not renewed for a minute, by the
store's own clock or by that of whoever waits, is taken for that of a machine that is gone. Where a store cannot create
an object only if there is none, two that begin in the same moment may both begin: the one whose object was overwritten
stops when it renews it.
"""

import _thread
import json
import os
import signal
import socket
import threading
import time
import uuid
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import NamedTuple

from langsamp.addresses import copies_folder
from langsamp.errors import UserError
from langsamp.progress import say
from langsamp.remote.store import Store
from langsamp.remote.tree import PROBE

NAME = ".writer.json"


class _Sign(NamedTuple):
    """What the object says: a sign of life of the process that writes."""

    process: str = "another process"
    machine: str = ""
    id: str = ""
    beat: int = 0
    copy: str = ""
    """The folder of its working copy, which another spelling of the address has not."""


class Lease:
    """The right of this process to write at an address, from `take` to `release`."""

    def __init__(self, store: Store, *, copy: str = "", beat: float = 10.0, patience: float = 60.0) -> None:
        """Of who works in the folder `copy` of this machine.

        Renewed every `beat` seconds; another one's ends after `patience` seconds without a sign of life.
        """
        self._store, self._beat, self._patience = store, beat, patience
        process = f"pid {os.getpid()} on {socket.gethostname()}"
        self._mine = _Sign(process, machine=_machine(), id=uuid.uuid4().hex, copy=copy)
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._renew, daemon=True, name="lease")
        self.taken_by: str | None = None
        """The process that has taken it over, as no sign of life of this one came through."""

    def take(self, *, is_alone_here: Callable[[str], bool]) -> None:
        """Have it; `is_alone_here` says whether no process of this machine is at work in the folder of a working copy.

        Raises:
            UserError: where another process has it, which is named, and where nothing can be written.
        """
        while not self._store.write(NAME, self._content(), is_new=True):
            if (other := self._read()) is not None:
                self._wait_for_end(other, is_alone_here)
                self._store.write(NAME, self._content())
                break
        if (now := self._read()) is None or now.id != self._mine.id:  # two wrote in the same moment
            raise self._refused(now or _Sign())
        self._thread.start()

    def check(self) -> None:
        """Accept that it is still this process's.

        Raises:
            UserError: where another process has taken it over.
        """
        now = self._read()
        if now is not None and now.id != self._mine.id:
            self.taken_by = now.process
            raise UserError(
                f"{self.taken_by} writes at {self._store.address} now, as no sign of life of this process came through "
                "to it; nothing more is stored from here"
            )

    def release(self) -> None:
        """Give it back, unless another process has taken it."""
        self._ended.set()
        if self._thread.is_alive():
            self._thread.join()
        with suppress(UserError):  # it ends by itself where the store is not reached
            if self.taken_by is None and (self._read() or _Sign()).id == self._mine.id:
                self._store.delete([NAME])

    def _wait_for_end(self, other: _Sign, is_alone_here: Callable[[str], bool]) -> None:
        process = other.process
        if other.machine == self._mine.machine:
            if not is_alone_here(other.copy):
                raise self._refused(other)
            say(f"{self._store.address}: {process} has ended without saying so; its place is taken")
            return
        age = self._age()
        waits = self._patience if age is None else self._patience - age
        if waits > 0:
            say(f"{self._store.address}: {process} writes there; waiting up to {waits:.0f} s for a sign of its life")
        until = time.monotonic() + waits
        while time.monotonic() < until:
            time.sleep(min(self._beat / 4, max(0.0, until - time.monotonic())))
            if (now := self._read()) is None:
                return
            if now != other:
                raise self._refused(now)
        say(f"{self._store.address}: no sign of life of {process} for {self._patience:.0f} s; its place is taken")

    def _age(self) -> float | None:
        """Seconds since the other one's last sign of life, by the clock of the store, which a probe tells."""
        probe = f"{PROBE}{self._mine.id}.json"
        self._store.write(probe, b"{}")
        try:
            return self._store.seconds_since_written(NAME, now=probe)
        finally:
            self._store.delete([probe])

    def _refused(self, other: _Sign) -> UserError:
        return UserError(
            f"another process ({other.process}) is at work on {self._store.address}: wait until it "
            "has ended, then run the same command again, or choose another output address"
        )

    def _read(self) -> _Sign | None:
        content = self._store.read(NAME)
        try:
            return None if content is None else _Sign(**json.loads(content))
        except (ValueError, TypeError):
            return _Sign()

    def _content(self) -> bytes:
        return json.dumps(self._mine._asdict()).encode()

    def _renew(self) -> None:
        while not self._ended.wait(self._beat):
            try:
                self.check()
                self._mine = self._mine._replace(beat=self._mine.beat + 1)
                self._store.write(NAME, self._content())
            except UserError:  # where the store is not reached, said by what stores files there
                if self.taken_by is not None:
                    _thread.interrupt_main(signal.SIGTERM)  # nothing where nobody hears it
                    return


def _machine() -> str:
    """What tells this machine's disk from others, whose processes may have the same names."""
    file: Path = copies_folder() / "machine"
    file.parent.mkdir(parents=True, exist_ok=True)
    try:
        with file.open("x", encoding="utf-8") as fresh:
            fresh.write(uuid.uuid4().hex)
    except FileExistsError:
        pass
    return file.read_text(encoding="utf-8")
