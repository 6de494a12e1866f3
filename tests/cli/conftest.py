"""A finished run to spoil and a fresh one to make, without network."""

from pathlib import Path

import huggingface_hub.constants
import pytest

from tests.tiny_run import TinyRun


@pytest.fixture(autouse=True)
def _offline(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(huggingface_hub.constants, "HF_HUB_OFFLINE", True)


@pytest.fixture
def run(tiny_run: TinyRun, tmp_path: Path) -> TinyRun:
    """A copy of the finished run, to spoil."""
    return tiny_run.copy(tmp_path / "copy")


@pytest.fixture
def fresh(tiny_run: TinyRun, tmp_path: Path) -> TinyRun:
    """The run before anything was made."""
    return tiny_run.copy(tmp_path / "fresh", with_run=False)
