"""Files of labelled data in any layout, and the shared real ones."""

import os
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


@pytest.fixture(scope="session")
def shared() -> Path:
    """The folder with the real evaluation texts."""
    data = Path(os.environ.get("LANGSAMP_DATA", Path(__file__).parents[4] / ".." / "shared" / "data")) / "eval"
    if not data.is_dir():
        pytest.skip(f"no evaluation texts in {data}; set LANGSAMP_DATA to the folder that holds eval/")
    return data
