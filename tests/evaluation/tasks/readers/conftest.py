"""Files of labelled data in any layout."""

from collections.abc import Callable
from pathlib import Path

import pytest

Put = Callable[..., Path]


@pytest.fixture
def put(tmp_path: Path) -> Put:
    """Write text to a path below `tmp_path / "data"`; gives that folder. `bom` and `ends` are those of Windows."""

    def write(name: str, text: str, *, ends: str = "\n", bom: bool = False) -> Path:
        path = tmp_path / "data" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(text.replace("\n", ends).encode("utf-8-sig" if bom else "utf-8"))
        return tmp_path / "data"

    return write
