"""That this process was asked to stop, remembered: by SIGTERM or SIGUSR1 (exit code 75), or by Ctrl-C (130)."""

import os
import signal
from types import FrameType
from typing import NoReturn

from langsamp.errors import StoppedError

INTERRUPTED = 130
"""Exit code after Ctrl-C, as shells have it."""

_SAID = "stopped; run the same command again to go on"
_asked: list[signal.Signals] = []


def forget() -> None:
    """Begin anew, as a command does that starts."""
    _asked.clear()


def note(number: int, _: FrameType | None = None) -> None:
    """Remember that this process was asked to stop; as a handler of signals it does no more."""
    _asked.append(signal.Signals(number))


def check() -> None:
    """Begin nothing new in a process that was asked to stop.

    Raises:
        StoppedError: where it was.
    """
    if _asked:
        raise StoppedError(_SAID)


def exit_code() -> int:
    """With which code a process ends that was asked to stop; 0 where it was not."""
    if not _asked:
        return 0
    return INTERRUPTED if _asked[0] == signal.SIGINT else StoppedError.exit_code


def stop(number: int, _: FrameType | None = None) -> NoReturn:
    """Handle a signal: the first ends what runs as an error would, any later one ends the process at once.

    What is half-written stays then, hidden, and the next command sweeps it.

    Raises:
        StoppedError: for SIGTERM and SIGUSR1.
        KeyboardInterrupt: for Ctrl-C.
    """
    is_first = not _asked
    note(number)
    if not is_first:
        os._exit(exit_code())
    if number == signal.SIGINT:
        raise KeyboardInterrupt
    raise StoppedError(_SAID)
