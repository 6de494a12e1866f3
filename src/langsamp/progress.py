"""How far long work is: a bar on a terminal, and where nobody sees a bar move (a log, CI, Slurm) a line now and then.

The only module that draws with tqdm; `say` puts a line above whatever bar is shown.
"""

import sys
import threading
import time
from collections.abc import Callable
from typing import Any, Self, TextIO

from tqdm import tqdm

from langsamp.addresses import with_addresses

EVERY_SECONDS = 30.0
"""Between two lines of a log at least."""
_LOOK_SECONDS = 0.5
"""Between two looks whether the next line is due, for work that cannot say how far it is."""


_only_lines = False


def only_lines() -> None:
    """Show no moving bar from now on, as one of several processes that share a terminal."""
    global _only_lines  # noqa: PLW0603 (what a process shows is its own)
    _only_lines = True


class Bar:
    """Progress of `total` units, until closed: a moving bar on a terminal, else lines at start, now and then, and end.

    Lines are `title: done/total units, elapsed, note`; an hour gives 121 of them at most, whatever `total` is.
    """

    def __init__(
        self,
        title: str,
        *,
        total: int | None,
        unit: str = "",
        done: int = 0,
        patience: float = 0.0,
        is_shown: bool = True,
        stream: TextIO | None = None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """Begin with `done` units, named in the plural; nothing shows before `patience` seconds, or unless `is_shown`.

        `total` is None for work that cannot say how far it is. `stream` is stderr unless given; `clock` gives the
        seconds between lines.
        """
        self._stream, self._clock = stream or sys.stderr, clock
        self._title, self._total, self._unit, self._done = with_addresses(title), total, unit, done
        is_terminal = self._stream.isatty() and not _only_lines
        self._bar: tqdm[Any] = tqdm(
            total=total, initial=done, desc=self._title, unit=f" {unit}", dynamic_ncols=True, delay=patience,
            file=self._stream, disable=not (is_shown and is_terminal),
            bar_format=None if total is not None else "{desc}: {elapsed}",
        )  # fmt: skip
        self._has_lines = is_shown and not is_terminal
        self._began, self._note = clock(), ""
        self._due = self._began + patience
        self._last_line = ""
        self._tell_if_due()
        self._ended, self._is_shown = threading.Event(), is_shown
        if total is None:
            self.tick()

    def __enter__(self) -> Self:
        """Nothing more to do: it has begun."""
        return self

    def __exit__(self, *_: object) -> None:
        """Close it."""
        self.close()

    def tick(self) -> None:
        """Show how long it takes also while nothing calls `update`: one long call of a library runs, or others work."""
        if self._is_shown:
            threading.Thread(target=self._look, daemon=True).start()

    def update(self, number: int = 1) -> None:
        """Count `number` more units."""
        self._done += number
        self._bar.update(number)
        self._tell_if_due()

    def note(self, text: str) -> None:
        """Show `text` behind the numbers from now on."""
        self._note = text
        self._bar.set_postfix_str(text)

    def close(self) -> None:
        """End it; a log that was told of it learns how far it came."""
        self._ended.set()
        self._bar.close()
        if self._last_line:
            self._tell()
        self._has_lines, self._last_line = False, ""

    def _look(self) -> None:
        """Show again and again how long it has taken, until it has ended."""
        while not self._ended.wait(_LOOK_SECONDS):
            self._bar.refresh()
            self._tell_if_due()

    def _tell_if_due(self) -> None:
        if self._has_lines and self._clock() >= self._due:
            self._tell()

    def _tell(self) -> None:
        seconds = self._clock() - self._began
        amount = f"{self._done:,}/{self._total:,} {self._unit}" if self._total is not None else ""
        parts = [part for part in (amount, _duration(seconds) if self._last_line else "", self._note) if part]
        line = f"{self._title}: {', '.join(parts)}" if parts else self._title
        if line != self._last_line:
            self._stream.write(f"{line}\n")
            self._stream.flush()
        self._last_line, self._due = line, self._began + seconds + EVERY_SECONDS


def say(line: object) -> None:
    """One line on stderr, above the bar if there is one."""
    tqdm.write(with_addresses(str(line)), file=sys.stderr)


def _duration(seconds: float) -> str:
    """`1:23`, with hours where there are any."""
    minutes, rest = divmod(int(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{rest:02}" if hours else f"{minutes}:{rest:02}"
