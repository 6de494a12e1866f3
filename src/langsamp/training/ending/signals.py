"""Being asked to stop: a signal sets a flag that the loop reads, so that a checkpoint can be saved first.

The signals are SIGTERM, SIGUSR1 (which Slurm sends ahead of a job's end where `--signal` asks for it), SIGHUP (a closed
terminal) and Ctrl-C.
"""

import signal
import threading
from types import FrameType
from typing import Self

from langsamp import stopping


class StopFlag:
    """True once the process has been asked to stop; a second signal goes to whoever had it before, and ends at once."""

    def __init__(self) -> None:
        """Not asked yet."""
        self._asked = False
        self._before: dict[signal.Signals, signal._HANDLER] = {}

    def __bool__(self) -> bool:
        return self._asked

    def __enter__(self) -> Self:
        """Listen; only a process's main thread can, elsewhere the flag stays False."""
        if threading.current_thread() is threading.main_thread():
            self._before = stopping.listen(self._ask)
            # What only noted a signal until now, while the model was made, could not act on it.
            self._asked = stopping.note in self._before.values() and stopping.exit_code() != 0
        return self

    def __exit__(self, *_: object) -> None:
        """Give the signals back."""
        for number, handler in self._before.items():
            signal.signal(number, handler)

    def _ask(self, number: int, _: FrameType | None) -> None:
        self._asked = True
        stopping.note(number)
        signal.signal(number, self._before[signal.Signals(number)])
