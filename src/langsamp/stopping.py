"""That this process was asked to stop, remembered: by SIGTERM, SIGUSR1 or SIGHUP (exit code 75), or by Ctrl-C (130).

SIGHUP comes where a terminal is closed or the connection to it lost; `nohup` has it ignored.
"""

import os
import signal
from collections.abc import Callable, Iterable
from types import FrameType
from typing import NoReturn

from langsamp.errors import StoppedError

INTERRUPTED = 130
"""Exit code after Ctrl-C, as shells have it."""

SIGNALS = (signal.SIGTERM, signal.SIGUSR1, signal.SIGHUP, signal.SIGINT)
"""Those that ask for a stop."""

_Handler = Callable[[int, FrameType | None], None]
_SAID = "stopped; run the same command again to go on"
_asked: list[signal.Signals] = []
_terminals = [number for number in (1, 2) if os.isatty(number)]
"""Of standard output and standard error those that were a terminal at the start."""


def forget() -> None:
    """Begin anew, as a command does that starts."""
    _asked.clear()


def listen(handler: _Handler, numbers: Iterable[signal.Signals] = SIGNALS) -> "dict[signal.Signals, signal._HANDLER]":
    """Hand signals to `handler`; gives the handlers of before.

    What whoever started this process has it ignore stays ignored: SIGINT in a shell's background, SIGHUP by `nohup`.
    """
    heard = [number for number in numbers if signal.getsignal(number) != signal.SIG_IGN]
    return {number: signal.signal(number, handler) for number in heard}


def note(number: int, _: FrameType | None = None) -> None:
    """Remember that this process was asked to stop; as a handler of signals it does no more.

    What is written to a terminal that is gone goes nowhere: else the next line would be an error, before all is saved.
    """
    _asked.append(signal.Signals(number))
    if number == signal.SIGHUP:
        for gone in (terminal for terminal in _terminals if not os.isatty(terminal)):
            nowhere = os.open(os.devnull, os.O_WRONLY)
            os.dup2(nowhere, gone)
            os.close(nowhere)


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
        StoppedError: for SIGTERM, SIGUSR1 and SIGHUP.
        KeyboardInterrupt: for Ctrl-C.
    """
    is_first = not _asked
    note(number)
    if not is_first:
        os._exit(exit_code())
    if number == signal.SIGINT:
        raise KeyboardInterrupt
    raise StoppedError(_SAID)
