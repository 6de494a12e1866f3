"""Which process of how many this is: a value handed in at the top, so that order is testable in one process."""

import os
from typing import NamedTuple


class World(NamedTuple):
    """Rank and number of the processes that share one job."""

    rank: int = 0
    size: int = 1

    @classmethod
    def from_environment(cls) -> "World":
        """What `torchrun` and `accelerate launch` set; one process if nothing is set."""
        return cls(int(os.environ.get("RANK", "0")), int(os.environ.get("WORLD_SIZE", "1")))

    @property
    def is_leader(self) -> bool:
        """True for the one process that writes files and prints."""
        return self.rank == 0

    def share(self, items: range) -> range:
        """The contiguous part of `items` that belongs to this rank; the parts of all ranks in order give `items`."""
        return items[len(items) * self.rank // self.size : len(items) * (self.rank + 1) // self.size]
