"""With --offline no other machine is asked, and what only another one has is refused by its name."""

import huggingface_hub.constants
import pytest
import yaml

from tests.tiny_run import TinyRun, complaint, said

pytestmark = pytest.mark.integration


@pytest.fixture(autouse=True)
def _online(monkeypatch: pytest.MonkeyPatch) -> None:
    """As a user has it; what `--offline` sets goes with the test."""
    monkeypatch.setenv("HF_HUB_OFFLINE", "0")
    monkeypatch.setattr(huggingface_hub.constants, "HF_HUB_OFFLINE", False)


@pytest.mark.parametrize(
    ("section", "key", "name", "code"),
    [
        ("corpus", "source", "s3://bucket/text", 1),
        ("corpus", "source", "hub:nobody/nothing", 4),
        ("tokenizer", "load", "nobody/nothing", 4),
        ("model", "init", "nobody/nothing", 4),
    ],
)
def test_what_a_recipe_names_elsewhere_is_refused(fresh: TinyRun, section: str, key: str, name: str, code: int) -> None:
    recipe = yaml.safe_load(fresh.recipe_file.read_text())
    del recipe["tokenizer"], recipe[section if section != "tokenizer" else "sampler"]
    fresh.recipe_file.write_text(yaml.safe_dump({**recipe, section: {key: name}}))
    message = complaint("run", fresh.recipe_file, "--offline", code=code)
    assert name.removeprefix("hub:") in message and "offline" in message.lower()
    assert huggingface_hub.constants.HF_HUB_OFFLINE


def test_models_and_data_elsewhere_are_refused(tiny_run: TinyRun) -> None:
    assert "nobody/nothing" in complaint("evaluate", "nobody/nothing", "-t", "sr-cldr", "--offline", code=4)
    message = complaint("evaluate", tiny_run.export, "-t", "sib200", "--data", "hub", "--offline", code=4)
    assert "offline" in message.lower()


def test_a_recipe_that_names_nothing_elsewhere_runs(fresh: TinyRun) -> None:
    said("prepare", fresh.recipe_file, "--offline")
