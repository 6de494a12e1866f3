"""Every code block of the README and of the site runs as it stands, in a folder with text, test sets and a run.

What needs a network, a GPU or more time is indented instead, and its page says what it needs.
"""

import re
import shutil
from pathlib import Path
from typing import Any

import pytest

import langsamp as ls
from tests.docs.blocks import PAGES, ROOT, blocks_of, run_block
from tests.tiny_run import TinyRun

pytestmark = pytest.mark.integration

WITH_BLOCKS = [page for page in PAGES if "\n```" in page.read_text(encoding="utf-8")]


@pytest.fixture
def reader(tiny_run: TinyRun, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The folder of a reader: `text/`, `eval/`, `new.txt` in a language that is new, and `runs/mine`."""
    for name in ("text", "eval"):
        shutil.copytree(tiny_run.root / name, tmp_path / name)
    shutil.copytree(tiny_run.out, tmp_path / "runs" / "mine")
    shutil.copyfile(tmp_path / "text" / "swh_Latn.txt", tmp_path / "new.txt")
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.mark.filterwarnings("ignore:The fill_missing parameter:DeprecationWarning")  # mteb 2.26, of itself
@pytest.mark.filterwarnings("ignore:The `get_sentence_embedding_dimension`:FutureWarning")  # mteb, of its library
@pytest.mark.filterwarnings("ignore:To copy construct from a tensor:UserWarning")  # mteb, of itself
@pytest.mark.parametrize("page", WITH_BLOCKS, ids=lambda page: page.relative_to(ROOT).as_posix())
def test_every_block_runs_as_it_stands(page: Path, reader: Path) -> None:
    names: dict[str, Any] = {"__name__": "block"}
    for block in blocks_of(page.read_text(encoding="utf-8")):
        run_block(block, names)


def test_the_readme_fits_a_few_screens() -> None:
    assert len((ROOT / "README.md").read_text(encoding="utf-8").splitlines()) <= 110


def test_the_python_reference_has_every_public_name() -> None:
    words = set(re.findall(r"\w+", (ROOT / "docs/api/index.md").read_text(encoding="utf-8")))
    assert set(ls.__all__) - words == set()
