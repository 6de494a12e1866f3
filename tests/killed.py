"""`python -m tests.killed RECIPE POINTS [KEY=VALUE ...]`: kill -9 each stage at file operations, go on, compare.

Each attempt is a fork of this process, so that the heavy imports are done once; OMP_NUM_THREADS=1 and
TOKENIZERS_PARALLELISM=false must be set, as a fork finds no thread of its parent. POINTS operations spread over each
stage are chosen; what was half-written must be invisible each time, and the next attempt must end in the same bytes.
"""

import hashlib
import json
import os
import shutil
import signal
import sys
from collections.abc import Callable
from functools import partial
from pathlib import Path

from safetensors.numpy import load_file

from langsamp import pipeline
from langsamp.data.prepare import prepare_rows
from langsamp.data.rows import MANIFEST, PreparedRows
from langsamp.disk.seals import CHECKSUMS, check_sealed
from langsamp.evaluation.store import ResultStore
from langsamp.model.conditioning import Conditioning
from langsamp.provenance import file_sha256
from langsamp.recipe import Recipe, load_recipe
from langsamp.training.checkpoint import checkpoints, read_record

CHANGES = {"os.mkdir", "os.rename", "os.remove", "os.rmdir"}
TELLS_TIME = {"provenance.json", "checkpoint.json", "cell.json", "log.jsonl", CHECKSUMS}

STAGES: dict[str, Callable[[Recipe], object]] = {
    "prepare": lambda r: prepare_rows(r.corpus, r.tokenizer, r.rows, out=r.folder / "rows", workers=1),
    "train": lambda r: pipeline.train_one(r, pipeline.open_rows(r), "both", 0),
    "evaluate": pipeline.evaluate_run,
}


def attempt(stage: Callable[[], object], folder: Path, *, killed_at: int = 0) -> int:
    """How many operations below `folder` the stage did; it is killed before operation `killed_at`."""
    reading, writing = os.pipe()
    child = os.fork()
    if not child:
        done = 0

        def hook(event: str, arguments: tuple[object, ...]) -> None:
            nonlocal done
            is_write = event == "open" and int(arguments[2] or 0) & (os.O_WRONLY | os.O_RDWR)
            relative = event in ("os.remove", "os.rmdir") and arguments[1] != -1  # to a folder that is being deleted
            if (is_write or event in CHANGES) and (relative or str(arguments[0]).startswith(str(folder))):
                done += 1
                if done == killed_at:
                    os.kill(os.getpid(), signal.SIGKILL)

        os.dup2(os.open(os.devnull, os.O_WRONLY), 2)
        sys.addaudithook(hook)
        stage()
        os.write(writing, str(done).encode())
        os._exit(0)
    os.close(writing)
    with os.fdopen(reading) as counted:
        number = int(counted.read() or 0)
    status = os.waitpid(child, 0)[1]
    assert status == (signal.SIGKILL if killed_at else 0), f"ended with status {status}"
    return number


def check_visible(folder: Path) -> None:
    """Everything that can be seen must be whole."""
    rows = folder / "rows"
    if rows.exists():
        assert (rows / MANIFEST).is_file()
        PreparedRows(rows)
    for model in folder.glob("models/*"):
        for checkpoint in checkpoints(model / "checkpoints"):
            assert read_record(checkpoint)["step"]
            check_sealed(checkpoint, remedy="")
        if (model / "export").exists():
            Conditioning.load(model / "export")
            check_sealed(model / "export", remedy="")
            assert json.loads((model / "export" / "provenance.json").read_text())["identity"]
    if (folder / "evaluation").exists():
        assert len(ResultStore(folder / "evaluation").records()) == len(list(folder.glob("evaluation/cells/[!.]*")))


def content(folder: Path) -> dict[str, str]:
    """Digest of every file that can be seen and does not tell the time."""
    files = [path.relative_to(folder) for path in folder.rglob("*") if path.is_file() and path.name not in TELLS_TIME]
    return {str(path): digest(folder / path) for path in files if not any(part[0] == "." for part in path.parts)}


def curves(folder: Path) -> dict[str, list[dict[str, object]]]:
    """The lines of every training log without what tells time."""
    times = {"tokens_per_second", "data_wait", "seconds", "checksum"}
    return {
        path.parent.name: [
            {key: value for key, value in json.loads(line).items() if key not in times}
            for line in path.read_text("utf-8").splitlines()
        ]
        for path in folder.glob("models/*/log.jsonl")
    }


def digest(path: Path) -> str:
    if path.suffix != ".safetensors":
        return file_sha256(path)
    tensors = sorted(load_file(path).items())  # the header's order is another each time
    return hashlib.sha256(b"".join(name.encode() + tensor.tobytes() for name, tensor in tensors)).hexdigest()


def old_checkpoints(whole: dict[str, str], folder: Path) -> set[str]:
    """Files of checkpoints that a whole training has deleted: one killed before it could may keep them."""
    files = {str(path.relative_to(folder)) for path in folder.glob("models/*/checkpoints/step-*/*")}
    return files - whole.keys()


def check_stage(stage: Callable[[], object], folder: Path, points: int) -> None:
    before = folder.with_name("before")
    shutil.copytree(folder, before)
    operations = attempt(stage, folder)
    whole, whole_curves = content(folder), curves(folder)
    for number in range(points):
        killed_at = 1 + number * operations // points
        shutil.rmtree(folder)
        shutil.copytree(before, folder)
        attempt(stage, folder, killed_at=killed_at)
        check_visible(folder)
        attempt(stage, folder)
        check_visible(folder)
        changed = {path for path, _ in content(folder).items() ^ whole.items()} - old_checkpoints(whole, folder)
        assert not changed, f"killed before operation {killed_at} of {operations}: {changed}"
        assert curves(folder) == whole_curves, f"killed before operation {killed_at} of {operations}"
        scratch = list(folder.rglob(".*"))
        assert not scratch, f"killed before operation {killed_at} of {operations}: {scratch}"
    shutil.rmtree(before)


if __name__ == "__main__":
    recipe = load_recipe(Path(sys.argv[1]), tuple(sys.argv[3:]))
    recipe.folder.mkdir()
    for each in STAGES.values():
        check_stage(partial(each, recipe), recipe.folder, int(sys.argv[2]))
