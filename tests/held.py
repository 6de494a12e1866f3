"""A process that waits where it is about to make a file, so that it can be stopped there on any machine, however fast.

Nothing heavy is imported: every new Python of a command can start with it.
"""

import os
import sys
import time
from pathlib import Path


def hold(part: str, reached: str) -> None:
    """Wait before a file with `part` in its name is made beside others, and say so by making the file `reached`."""

    def hook(event: str, arguments: tuple[object, ...]) -> None:
        path = str(arguments[0]) if event in ("open", "os.mkdir") else ""
        if part in os.path.basename(path) and os.listdir(os.path.dirname(path)):  # noqa: PTH119, PTH120, PTH208
            Path(reached).touch()
            time.sleep(600)

    sys.addaudithook(hook)
