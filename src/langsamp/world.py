"""Which process of how many this is: a value handed in at the top, so that order is testable in one process."""

import json
import os
import time
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import NamedTuple

from langsamp.errors import UserError

_MEND = (
    "start the processes with `torchrun -m langsamp train ...`, or unset RANK, WORLD_SIZE and LOCAL_RANK for one "
    "process"
)


class World(NamedTuple):
    """Rank and number of the processes that share one job."""

    rank: int = 0
    size: int = 1

    @classmethod
    def from_environment(cls) -> "World":
        """What `torchrun` and `accelerate launch` set; one process if nothing is set.

        Raises:
            UserError: where that is no whole number, or no rank among so many processes.
        """
        rank, size, _ = (_number(os.environ, *each) for each in (("RANK", 0), ("WORLD_SIZE", 1), ("LOCAL_RANK", 0)))
        if size > 1 and "RANK" not in os.environ:
            raise UserError(f"WORLD_SIZE is {size}, but RANK, which of these processes this is, is not set: {_MEND}")
        if not 0 <= rank < size:
            raise UserError(f"RANK is {rank}, expected 0 to {size - 1} as WORLD_SIZE is {size}: {_MEND}")
        return cls(rank, size)

    @property
    def is_leader(self) -> bool:
        """True for the one process that writes files and prints."""
        return self.rank == 0

    def share(self, items: range) -> range:
        """The contiguous part of `items` that belongs to this rank; the parts of all ranks in order give `items`."""
        return items[len(items) * self.rank // self.size : len(items) * (self.rank + 1) // self.size]


def tell_launcher(message: str) -> None:
    """Leave the word with which this process ends to a launcher such as torchrun, which repeats it below its own."""
    if file := os.environ.get("TORCHELASTIC_ERROR_FILE"):
        content = {"message": {"message": message, "extraInfo": {"timestamp": str(int(time.time()))}}}
        with suppress(OSError):  # it is said on stderr as well
            Path(file).write_text(json.dumps(content), encoding="utf-8")


def _number(environment: Mapping[str, str], name: str, default: int) -> int:
    value = environment.get(name, str(default))
    if name == "LOCAL_RANK" and value == "-1":  # as launchers say that there are no other processes
        return default
    if not (value.isascii() and value.isdecimal()) or (name == "WORLD_SIZE" and int(value) < 1):
        expected = "a whole number of processes" if name == "WORLD_SIZE" else "a whole number from 0 on"
        raise UserError(f"the environment variable {name} is {value!r}, expected {expected}: {_MEND}")
    return int(value)
