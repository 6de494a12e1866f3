"""Material of two tags, far too little to measure anything."""

from dataclasses import replace
from pathlib import Path

import pytest
from accelerate.state import AcceleratorState

from langsamp.bench.fixtures import Fixtures
from langsamp.bench.timing import Alone
from langsamp.languages.tags import LangScript
from tests.processes import warm


@pytest.fixture(scope="session")
def material(tmp_path_factory: pytest.TempPathFactory) -> Fixtures:
    tags = (LangScript("deu", "Latn"), LangScript("rus", "Cyrl"))
    return Fixtures(folder=tmp_path_factory.mktemp("material"), tags=tags, alone=Alone("forkserver"))


@pytest.fixture
def scratch(tmp_path: Path, material: Fixtures) -> Fixtures:
    """The same, with a folder of its own for what a benchmark writes; text and tokenizer are made once."""
    for folder in (material.text(60), material.text(1), material.tokenizer(500)):
        (tmp_path / folder.name).symlink_to(folder)
    return replace(material, folder=tmp_path)


@pytest.fixture(autouse=True)
def _fresh_processes() -> None:
    AcceleratorState._reset_state(reset_partial_state=True)
    warm()
