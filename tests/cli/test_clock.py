"""A clock that is set back, between commands and in them, makes nothing anew and nothing else."""

import json
import os
import shutil
import time
from itertools import count
from pathlib import Path

import pytest

from langsamp.bench.faults.artefacts import content, kind
from tests.tiny_run import TinyRun, said, stamps

pytestmark = pytest.mark.integration


def _from_the_future(folder: Path) -> None:
    """Have all files written a year from now, as they are where the clock was a year ahead."""
    year = 365 * 24 * 3600
    for path in folder.rglob("*"):
        os.utime(path, (path.stat().st_atime + year, path.stat().st_mtime + year))


def _made(folder: Path) -> dict[str, str]:
    """Digests of rows, weights and scores, in which no path stands."""
    return {name: digest for name, digest in content(folder).items() if kind(name) != "others"}


def test_a_clock_that_goes_backwards(fresh: TinyRun, tiny_run: TinyRun, monkeypatch: pytest.MonkeyPatch) -> None:
    backwards = count(int(time.time()), -3600)
    monkeypatch.setattr("time.time", lambda: float(next(backwards)))
    monkeypatch.setattr("time.time_ns", lambda: next(backwards) * 10**9)
    _from_the_future(fresh.root / "text")
    said("prepare", fresh.recipe_file)
    _from_the_future(fresh.out)
    said("train", fresh.recipe_file)
    for done in [*fresh.out.glob("models/*/export"), *fresh.out.glob("models/*/checkpoints/step-0000004")]:
        shutil.rmtree(done)
    _from_the_future(fresh.out)
    said("run", fresh.recipe_file)
    assert _made(fresh.out) == _made(tiny_run.out)
    for path in fresh.out.rglob("provenance.json"):
        assert json.loads(path.read_text())["wall_seconds"] >= 0, path
    for path in fresh.out.glob("models/*/log.jsonl"):
        lines = [json.loads(line) for line in path.read_text().splitlines()]
        assert all(line.get("seconds", 0) >= 0 for line in lines), path
    _from_the_future(fresh.out)
    before = stamps(fresh.out / "models")
    said("run", fresh.recipe_file)
    assert stamps(fresh.out / "models") == before
