"""Tiny real parts as fixtures. Nothing heavy is imported here: who only shares out tests starts at once."""

import gc
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from hypothesis import settings

from langsamp.languages.tags import LangScript

if TYPE_CHECKING:
    import fsspec
    from transformers import PreTrainedTokenizerFast

    from langsamp.data.rows import PreparedRows
    from tests.tiny_run import TinyRun

settings.register_profile("no clock", deadline=None)  # how long a machine takes says nothing of a law
settings.load_profile("no clock")


def pytest_collection_finish() -> None:
    """No later collection of garbage looks through what is imported: each training asks for one, of half a second."""
    gc.collect()
    gc.freeze()


@pytest.fixture(scope="session")
def tokenizer() -> "PreTrainedTokenizerFast":
    """55 words and XLM-R's five special tokens."""
    from tests.tiny_parts import word_tokenizer

    return word_tokenizer()


@pytest.fixture
def rows(tmp_path: Path) -> "PreparedRows":
    """Three tags of unequal size in two scripts; one language has both."""
    from tests.tiny_parts import write_rows

    return write_rows(tmp_path / "rows", {"deu_Latn": 200, "kmr_Cyrl": 30, "kmr_Latn": 60})


@pytest.fixture
def tags() -> list[LangScript]:
    """The tags of `rows`, in order."""
    return [LangScript("deu", "Latn"), LangScript("kmr", "Cyrl"), LangScript("kmr", "Latn")]


@pytest.fixture
def memory() -> "Iterator[fsspec.AbstractFileSystem]":
    """What lies at `memory://`: nothing before and after."""
    import fsspec

    system = fsspec.filesystem("memory")
    yield system
    system.store.clear()
    system.pseudo_dirs[:] = [""]


@pytest.fixture(scope="session")
def tiny_run(tmp_path_factory: pytest.TempPathFactory) -> "TinyRun":
    """A whole run that has been made once; tests that change it take a copy."""
    from transformers.utils import logging

    from tests.tiny_run import langsamp, make_tiny_run

    logging.disable_progress_bar()  # as the command line does by a variable where transformers is not yet imported
    run = make_tiny_run(tmp_path_factory.mktemp("tiny"))
    answer = langsamp("run", run.recipe_file)
    assert answer.code == 0, answer.err
    run.said.write_text(answer.err, encoding="utf-8")
    return run
