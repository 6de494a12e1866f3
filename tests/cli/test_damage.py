"""Damaged files and full disks are named, and what was there stays."""

import contextlib
import os
import re
import shutil
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from langsamp.bench.faults.artefacts import content
from tests.tiny_run import TinyRun, complaint, full_disk, langsamp, said

pytestmark = pytest.mark.integration


@contextlib.contextmanager
def _mounted(place: Path, size: str) -> Iterator[Path]:
    """A disk in memory at `place`."""
    place.mkdir()
    command = ["mount", "-t", "tmpfs", "-o", f"size={size}", "tmpfs", place]
    if subprocess.run(command, capture_output=True, check=False).returncode:
        pytest.skip("a disk can only be mounted by root")
    try:
        yield place
    finally:
        subprocess.run(["umount", "--lazy", place], check=True)  # rows are mapped into memory


class TestDamage:
    @pytest.mark.parametrize(
        ("file", "verb"),
        [
            ("rows/swh_Latn.ids", "train"),
            ("rows/provenance.json", "run"),
            ("rows/tokenizer/tokenizer.json", "run"),
            ("rows/manifest.json", "train"),
            ("models/both-0/export/model.safetensors", "run"),
            ("models/both-0/checkpoints/step-0000004/model.safetensors", "export"),
            ("models/both-0/checkpoints/step-0000004/checkpoint.json", "export"),
            ("models/both-0/export/conditioning.safetensors", "report"),
            ("evaluation/scores.parquet", "report"),
        ],
    )
    def test_a_damaged_file_is_named(self, run: TinyRun, file: str, verb: str) -> None:
        path = run.out / file
        path.write_bytes(path.read_bytes()[:-9])
        words = {"report": [run.out], "export": [run.out / "models" / "both-0", "--out", run.root / "x"]}
        message = complaint(verb, *words.get(verb, [run.recipe_file]), code=6)
        assert path.name in message

    @pytest.mark.parametrize("harm", [lambda path: path.unlink(), lambda path: path.write_bytes(b"1" * 999)])
    def test_damaged_rows_of_a_tag_are_made_again(self, run: TinyRun, harm: Callable[[Path], Any]) -> None:
        whole, other = content(run.out / "rows"), (run.out / "rows" / "hin_Deva.ids").stat().st_ino
        harm(run.out / "rows" / "swh_Latn.ids")
        answer = langsamp("run", run.recipe_file)
        assert answer.code == 0 and "swh_Latn.ids" in answer.err and "the rows of swh_Latn are made again" in answer.err
        assert content(run.out / "rows") == whole
        assert (run.out / "rows" / "hin_Deva.ids").stat().st_ino == other
        assert not list(run.out.glob(".rows*"))

    def test_rows_that_would_be_others_are_not_mixed(self, run: TinyRun, monkeypatch: pytest.MonkeyPatch) -> None:
        (run.out / "rows" / "swh_Latn.ids").unlink()
        monkeypatch.setattr("langsamp.data.text.cleaning.clean_text", lambda text: text[1:])  # a later version's
        assert "made by other versions" in complaint("prepare", run.recipe_file)
        assert "holds no prepared rows" in complaint("prepare", run.recipe_file)
        assert not (run.root / "x").exists()

    def test_a_checkpoint_whose_weights_changed_is_not_trusted(self, run: TinyRun, tiny_run: TinyRun) -> None:
        shutil.rmtree(run.export)
        path = run.out / "models" / "both-0" / "checkpoints" / "step-0000004" / "model.safetensors"
        flipped = bytearray(path.read_bytes())
        flipped[-5] ^= 1
        path.write_bytes(flipped)
        answer = langsamp("train", run.recipe_file)
        assert answer.code == 0 and "does not match its checksum" in answer.err
        assert "goes on from step-0000002" in answer.err
        assert content(run.export) == content(tiny_run.export)


class TestFullDisk:
    def test_while_preparing(self, fresh: TinyRun) -> None:
        with full_disk(2000):
            assert "cannot write" in complaint("prepare", fresh.recipe_file)
        assert not list(fresh.out.glob("[!.]*"))

    def test_while_saving_a_checkpoint(self, run: TinyRun, tiny_run: TinyRun) -> None:
        shutil.rmtree(run.out / "models")
        with full_disk(100_000):
            message = complaint("train", run.recipe_file, "--variant", "both")
        assert "cannot write" in message and "step-0000002" in message
        assert not list((run.out / "models" / "both-0" / "checkpoints").iterdir())
        said("train", run.recipe_file)
        assert content(run.export) == content(tiny_run.export)

    def test_while_exporting_evaluating_analysing_and_reporting(self, run: TinyRun) -> None:
        page = (run.out / "report.html").read_bytes()
        with full_disk(3000):
            model = run.out / "models" / "both-0"
            assert "cannot write" in complaint("export", model, "--out", run.root / "encoder")
            assert "cannot write" in complaint("report", run.out)
            assert "cannot write" in complaint("analyze", "vectors", run.export, "-o", run.root / "analysis")
        with full_disk(1500):
            words = ["-t", "sr-bible", "--data", run.root / "eval", "-o", run.root / "scores"]
            answer = langsamp("evaluate", run.export, *words)
            assert answer.code in (1, 3) and "cannot write" in answer.err and "Traceback" not in answer.err
        assert (run.out / "report.html").read_bytes() == page
        assert not (run.root / "encoder").exists()
        assert not list(run.root.glob("analysis/[!.]*"))
        assert not list((run.root / "scores").glob("cells/[!.]*"))

    @pytest.fixture
    def small_disk(self, tmp_path: Path) -> Iterator[Path]:
        with _mounted(tmp_path / "disk", "256k") as disk:
            yield disk

    def test_a_disk_too_small_for_a_checkpoint(self, fresh: TinyRun, small_disk: Path) -> None:
        out = ["--set", f"out={small_disk / 'run'}"]
        said("prepare", fresh.recipe_file, *out)
        message = complaint("train", fresh.recipe_file, *out)
        assert "no room for a checkpoint" in message
        assert not list(small_disk.glob("run/models/*/checkpoints/*"))
        (small_disk / "ballast").write_bytes(bytes(os.statvfs(small_disk).f_bavail * os.statvfs(small_disk).f_frsize))
        more = ["--set", f"out={small_disk / 'more'}"]
        assert "No space left on device" in complaint("prepare", fresh.recipe_file, *more)


class TestReadOnlyDisk:
    """What would be written there is one line; what is there is read."""

    @pytest.fixture
    def kept(self, tiny_run: TinyRun, tmp_path: Path) -> Iterator[TinyRun]:
        """The finished run without its second model, on a disk that was then made read-only."""
        with _mounted(tmp_path / "disk", "64m") as disk:
            run = tiny_run.copy(disk / "kept")
            shutil.rmtree(run.export.parent)
            subprocess.run(["mount", "-o", "remount,ro", disk], check=True)
            yield run

    def test_every_stage(self, kept: TinyRun) -> None:
        other, model = kept.out / "other", kept.out / "models" / "none-0" / "export"
        for words in (
            ["prepare", kept.recipe_file, "--set", f"out={other}"],
            ["train", kept.recipe_file],
            ["run", kept.recipe_file],
            ["export", model.parent, "--out", other],
            ["evaluate", model, "-t", "sr-bible", "--data", kept.root / "eval", "-o", other],
            ["analyze", "families", "paper:langsamp", "-o", other],
            ["report", "paper:langsamp", "-o", other / "page.html"],
        ):
            assert re.search(r"may not write|Read-only file system", complaint(*words)), words
        said("report", kept.out, "-o", kept.root.parent.parent / "page.html")
