"""Until what another process does has come about."""

import time
from collections.abc import Callable
from typing import TypeVar

T = TypeVar("T")


def until(holds: Callable[[], T]) -> T:
    """What `holds` gives as soon as it is true."""
    for _ in range(600):
        if value := holds():
            return value
        time.sleep(0.1)
    raise AssertionError("waited for too long")
