"""Material of two tags, far too little to measure anything."""

from pathlib import Path

import pytest
from accelerate.state import AcceleratorState

from langsamp.bench.fixtures import Fixtures
from langsamp.languages.tags import LangScript


@pytest.fixture(scope="session")
def material(tmp_path_factory: pytest.TempPathFactory) -> Fixtures:
    tags = (LangScript("deu", "Latn"), LangScript("rus", "Cyrl"))
    return Fixtures(folder=tmp_path_factory.mktemp("material"), tags=tags)


@pytest.fixture
def scratch(tmp_path: Path, material: Fixtures) -> Fixtures:
    """The same, with a folder of its own for what a benchmark writes; text and tokenizer are made once."""
    for folder in (material.text(60), material.text(1), material.tokenizer(500)):
        (tmp_path / folder.name).symlink_to(folder)
    return Fixtures(folder=tmp_path, tags=material.tags)


@pytest.fixture(autouse=True)
def _fresh_accelerate() -> None:
    AcceleratorState._reset_state(reset_partial_state=True)
