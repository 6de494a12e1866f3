"""Processes that train together watch each other: one that died or hangs ends the others, and its error is theirs.

torch's own timeouts count from the start of a sum over the processes, so they cannot tell a process that hangs from one
that writes a checkpoint. Here each process beats in torch's store from a thread, which a stopped process cannot do, and
looks whether the next one in the ring beats. Silence is counted in looks of one's own, not in time, so that a job that
was stopped as a whole (Ctrl-Z, a laptop that sleeps) may go on.

The last resort is `os._exit`: the main thread of a process that waits for a dead one is inside the network library.
"""

import os
import socket
from math import ceil
from threading import Event, Thread
from typing import NoReturn

from torch.distributed import Store  # type: ignore[attr-defined]  # public by its documentation

from langsamp.errors import RankLostError
from langsamp.world import World, tell_launcher

_SECONDS = 1.0
"""Between two looks."""
_SUSPECT_LOOKS = 5
"""Looks without a beat that are enough where a sum over the processes has failed already."""


class Watch:
    """This process's part in the watch over all, from now until `close`."""

    def __init__(self, store: Store, world: World, *, patience: float) -> None:
        """Watch the next of the processes of `world`, which is lost after `patience` seconds without a beat."""
        self._store, self._world, self._next = store, world, (world.rank + 1) % world.size
        self._seconds = min(_SECONDS, patience / 10)
        self._looks = ceil(patience / self._seconds)
        self._turns = 0
        self._reason: str | None = None
        self._to_tell: str | None = None
        self._main_waits = False
        self._closed, self._known, self._over = Event(), Event(), Event()
        for task in (self._beat, self._mind_the_store):
            Thread(target=task, daemon=True, name="watch").start()

    @property
    def name(self) -> str:
        """This process, as messages name it."""
        return f"process {self._world.rank} of {self._world.size} (pid {os.getpid()} on {socket.gethostname()})"

    def tell(self, message: str) -> None:
        """Make `message`, with which this process ends, that of all; returns when they have had time to read it."""
        self._to_tell = f"{self.name}: {message}"
        self._over.wait(self._seconds * (self._looks + _SUSPECT_LOOKS))

    def reason_for(self, error: Exception) -> RankLostError:
        """Why a sum over the processes failed with `error`: which process is lost, or what it said."""
        self._main_waits = True
        self._known.wait(self._seconds * _SUSPECT_LOOKS * 3)
        return RankLostError(self._reason or f"{self.name} lost the others: {str(error).strip().splitlines()[0]}")

    def close(self) -> None:
        """End the watch of a process that ends well; nobody misses it any more."""
        self._closed.set()
        self._over.wait(self._seconds * _SUSPECT_LOOKS)

    def _beat(self) -> None:
        """Beat, look for the next process's beats and for what others tell; the store may keep this thread for ever."""
        try:
            self._store.set(f"name/{self._world.rank}", self.name)
            self._beat_on()
        except RuntimeError:  # the store is gone, which the other thread sees from the turns
            return
        self._over.set()
        if self._reason is not None and self._to_tell is None:
            self._conclude(self._reason)

    def _beat_on(self) -> None:
        store, beats, silent = self._store, 0, 0
        while not self._closed.wait(self._seconds):
            self._turns += 1
            store.add(f"beats/{self._world.rank}", 1)
            if self._main_waits:
                store.add("suspicions", 1)
            if self._to_tell is not None:
                self._announce(self._to_tell, lost=0)
            before, beats = beats, store.add(f"beats/{self._next}", 0)
            silent = silent + 1 if beats == before else 0
            is_suspect, has_left = store.add("suspicions", 0) > 0, store.add(f"left/{self._next}", 0) > 0
            if silent > (_SUSPECT_LOOKS if is_suspect else self._looks) and (is_suspect or not has_left):
                what = "has ended" if has_left else "died or hangs"
                key = f"name/{self._next}"
                name = store.get(key).decode() if store.check([key]) else f"process {self._next}"
                self._announce(f"{name} {what}: no sign of it for {silent * self._seconds:.0f} s", lost=1)
            if store.add("announced", 0):
                self._reason = store.get("reason").decode()
                return self._wait_for_readers()
        store.add(f"left/{self._world.rank}", 1)
        return None

    def _announce(self, reason: str, *, lost: int) -> None:
        """Write down why all end, of whom so many are `lost`, unless another process was first."""
        if self._store.add("announcing", 1) == 1:
            self._store.set("reason", reason)
            self._store.add("lost", lost)
            self._store.add("announced", 1)

    def _wait_for_readers(self) -> None:
        """Stay until all who can have read the reason too, where the store ends with this process."""
        self._store.add("read", 1)
        looks = 0 if self._holds_store else self._looks
        while self._store.add("read", 0) < self._world.size - self._store.add("lost", 0) and looks < self._looks:
            looks, self._turns = looks + 1, self._turns + 1
            self._closed.wait(self._seconds)

    def _mind_the_store(self) -> None:
        """Count looks in which the other thread had no turn, so that it is seen when the store does not answer."""
        turns = silent = 0
        while not self._closed.wait(self._seconds) and not self._over.is_set():
            before, turns = turns, self._turns
            silent = silent + 1 if turns == before else 0
            if silent > (_SUSPECT_LOOKS if self._main_waits else self._looks):
                self._reason = f"{self._holder()} died or hangs: no sign of it for {silent * self._seconds:.0f} s"
                return self._conclude(self._reason)
        return None

    @property
    def _holds_store(self) -> bool:
        return self._world.rank == 0 and not _launcher_holds_store()

    def _holder(self) -> str:
        """Who holds the store."""
        address = f"{os.environ.get('MASTER_ADDR')}:{os.environ.get('MASTER_PORT')}"
        return f"{'the launcher' if _launcher_holds_store() else f'process 0 of {self._world.size}'} at {address}"

    def _conclude(self, reason: str) -> None:
        """Leave the last word to the main thread where it asks for the reason; else end this process."""
        self._known.set()
        if not self._main_waits:
            end_now(RankLostError(reason))


def end_now(error: RankLostError) -> NoReturn:
    """End this process with `error`, whatever its main thread waits for."""
    os.write(2, f"langsamp: {error}\n".encode())
    tell_launcher(str(error))
    os._exit(error.exit_code)


def _launcher_holds_store() -> bool:
    return os.environ.get("TORCHELASTIC_USE_AGENT_STORE") == "True"
