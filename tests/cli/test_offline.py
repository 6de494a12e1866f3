"""With --offline no other machine is asked, and what only another one has is refused by its name."""

import huggingface_hub.constants
import pytest

from tests.tiny_run import TinyRun, complaint, said

pytestmark = pytest.mark.integration


@pytest.fixture(autouse=True)
def _online(monkeypatch: pytest.MonkeyPatch) -> None:
    """As a user has it; what `--offline` sets goes with the test."""
    monkeypatch.setenv("HF_HUB_OFFLINE", "0")
    monkeypatch.setattr(huggingface_hub.constants, "HF_HUB_OFFLINE", False)


@pytest.mark.parametrize(
    ("verb", "setting", "code", "named"),
    [
        ("prepare", "corpus.source=s3://bucket/text", 1, "s3://bucket/text is on another machine, which is not asked"),
        ("prepare", "corpus.source=hub:nobody/nothing", 4, "nobody/nothing"),
        ("prepare", "tokenizer.load=nobody/nothing", 4, "nobody/nothing"),
        ("run", "model.init=nobody/nothing", 4, "nobody/nothing"),
    ],
)
def test_what_a_recipe_names_elsewhere_is_refused(
    fresh: TinyRun, verb: str, setting: str, code: int, named: str
) -> None:
    message = complaint(verb, fresh.recipe_file, "--set", setting, "--offline", code=code)
    assert named in message
    assert huggingface_hub.constants.HF_HUB_OFFLINE and "offline" in message.lower()


def test_models_and_data_elsewhere_are_refused(tiny_run: TinyRun) -> None:
    assert "nobody/nothing" in complaint("evaluate", "nobody/nothing", "-t", "sr-cldr", "--offline", code=4)
    message = complaint("evaluate", tiny_run.export, "-t", "sib200", "--data", "hub", "--offline", code=4)
    assert "offline" in message.lower()


def test_a_recipe_that_names_nothing_elsewhere_runs(fresh: TinyRun) -> None:
    said("prepare", fresh.recipe_file, "--offline")
