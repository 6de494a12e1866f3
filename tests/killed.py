"""Kill -9 each stage of a run at file operations, go on, compare.

Each attempt is a new process. Operations spread over each stage are chosen; what was half-written must be invisible
each time, and the next attempt must end in the same bytes.
"""

import json
import os
import shutil
import signal
import sys
from collections.abc import Callable
from pathlib import Path

from langsamp import pipeline
from langsamp.bench.faults.artefacts import content, curves
from langsamp.data import prepare
from langsamp.data.rows import MANIFEST, PreparedRows
from langsamp.data.text import cleaning
from langsamp.disk.seals import check_sealed
from langsamp.evaluation.store import ResultStore
from langsamp.model.conditioning import Conditioning
from langsamp.recipe import Recipe
from langsamp.training.checkpoint import checkpoints, read_record
from tests.processes import start
from tests.tiny_run import TinyRun

CHANGES = {"os.mkdir", "os.rename", "os.remove", "os.rmdir"}

STAGES: dict[str, Callable[[Recipe], object]] = {
    "prepare": lambda r: prepare.prepare_rows(r.corpus, r.tokenizer, r.rows, out=r.folder / "rows", workers=1),
    "train": lambda r: pipeline.train_one(r, pipeline.open_rows(r), "both", 0),
    "evaluate": pipeline.evaluate_run,
}


def attempt(stage: str, run: TinyRun, settings: tuple[str, ...], *, killed_at: int = 0) -> int:
    """How many operations below the run's folder the stage did; it is killed before operation `killed_at`."""
    said = run.root / "said"
    process = start(_counted, stage, run, settings, killed_at, said=said)
    process.join(60)
    expected = -signal.SIGKILL if killed_at else 0
    assert process.exitcode == expected, (process.exitcode, (said / "err").read_text()[-3000:])
    return 0 if killed_at else int((run.root / "operations").read_text())


def _counted(stage: str, run: TinyRun, settings: tuple[str, ...], killed_at: int) -> None:
    done, folder, ours = 0, str(run.out), os.getpid()

    def hook(event: str, arguments: tuple[object, ...]) -> None:
        nonlocal done
        is_write = event == "open" and int(arguments[2] or 0) & (os.O_WRONLY | os.O_RDWR)  # type: ignore[call-overload]
        relative = event in ("os.remove", "os.rmdir") and arguments[1] != -1  # to a folder that is being deleted
        if (is_write or event in CHANGES) and (relative or str(arguments[0]).startswith(folder)):
            done += 1
            if done == killed_at:
                os.kill(ours, signal.SIGKILL)

    prepare.PART_BYTES, cleaning._BATCH = 2000, 20  # so that tags have several parts
    sys.addaudithook(hook)
    STAGES[stage](run.recipe(*settings))
    (run.root / "operations").write_text(str(done))


def check_visible(folder: Path) -> None:
    """Everything that can be seen must be whole."""
    rows = folder / "rows"
    if rows.exists():
        assert (rows / MANIFEST).is_file()
        PreparedRows(rows)
    for model in folder.glob("models/*"):
        for checkpoint in checkpoints(model / "checkpoints"):
            assert read_record(checkpoint).step
            check_sealed(checkpoint, remedy="")
        if (model / "export").exists():
            Conditioning.load(model / "export")
            check_sealed(model / "export", remedy="")
            assert json.loads((model / "export" / "provenance.json").read_text())["identity"]
    if (folder / "evaluation").exists():
        assert len(ResultStore(folder / "evaluation").records()) == len(list(folder.glob("evaluation/cells/[!.]*")))


def old_checkpoints(whole: dict[str, str], folder: Path) -> set[str]:
    """Files of checkpoints that a whole training has deleted: one killed before it could may keep them."""
    files = {str(path.relative_to(folder)) for path in folder.glob("models/*/checkpoints/step-*/*")}
    return files - whole.keys()


def check_killed(run: TinyRun, *settings: str, points: int) -> None:
    """Each stage in turn, killed at so many operations."""
    run.out.mkdir()
    for stage in STAGES:
        _check_stage(stage, run, settings, points)


def _check_stage(stage: str, run: TinyRun, settings: tuple[str, ...], points: int) -> None:
    folder, before = run.out, run.root / "before"
    shutil.copytree(folder, before)
    operations = attempt(stage, run, settings)
    whole, whole_curves = content(folder), curves(folder)
    for number in range(points):
        killed_at = 1 + number * operations // points
        shutil.rmtree(folder)
        shutil.copytree(before, folder)
        attempt(stage, run, settings, killed_at=killed_at)
        check_visible(folder)
        attempt(stage, run, settings)
        check_visible(folder)
        changed = {path for path, _ in content(folder).items() ^ whole.items()} - old_checkpoints(whole, folder)
        assert not changed, f"{stage} killed before operation {killed_at} of {operations}: {changed}"
        assert curves(folder) == whole_curves, f"{stage} killed before operation {killed_at} of {operations}"
        scratch = list(folder.rglob(".*"))
        assert not scratch, f"{stage} killed before operation {killed_at} of {operations}: {scratch}"
    shutil.rmtree(before)
