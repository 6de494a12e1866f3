"""Batches made in a thread while the model computes, so that data never waits."""

import time
from collections import deque
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Generic, TypeVar

T = TypeVar("T")


class Prefetcher(Generic[T]):
    """`make(step)` for each step in order, each made while the one before is used."""

    def __init__(self, make: Callable[[int], T], *, first: int, last: int, depth: int = 2) -> None:
        """Items for steps `first` to `last` (exclusive), at most `depth` of them in memory."""
        self._make, self._first, self._last, self._depth = make, first, last, depth
        self.waited = 0.0
        """Seconds that the user of the items has waited for them."""

    def __iter__(self) -> Iterator[T]:
        """The items in order."""
        with ThreadPoolExecutor(1, thread_name_prefix="batches") as pool:
            coming = deque(pool.submit(self._make, step) for step in self._range(self._first))
            for step in range(self._first, self._last):
                began = time.perf_counter()
                item = coming.popleft().result()
                self.waited += time.perf_counter() - began
                coming.extend(pool.submit(self._make, later) for later in self._range(step + self._depth, 1))
                yield item

    def _range(self, first: int, count: int | None = None) -> range:
        return range(first, min(first + (count or self._depth), self._last))
