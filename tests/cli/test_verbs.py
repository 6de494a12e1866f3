"""Every verb of the command line does what it says, in one process and in two."""

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pandas as pd
import pytest

from langsamp.bench.faults.artefacts import content
from langsamp.data.rows import PreparedRows
from langsamp.model.conditioning import Conditioning
from tests.processes import command_line, together
from tests.tiny_run import TinyRun, langsamp, said, stamps, write_lines

NAMING_FOLDERS = {"recipe.yaml", "report.html", "analysis/neutrality/analysis.json", "analysis/families/analysis.json"}
"""What says where a run and its data lie, and so differs between two equal runs."""


class TestVerbs:
    def test_run_does_all_and_then_nothing(self, fresh: TinyRun, tiny_run: TinyRun) -> None:
        out = said("run", fresh.recipe_file)
        assert f"Report: {fresh.out / 'report.html'}" in out
        assert "sr-bible, top10_accuracy in per cent" in out and "both-0" in out
        mine, theirs = content(fresh.out), content(tiny_run.out)
        assert {path for path, _ in mine.items() ^ theirs.items()} <= NAMING_FOLDERS
        before = stamps(fresh.root)
        assert said("run", fresh.recipe_file) == out
        assert stamps(fresh.root) == before

    def test_stage_by_stage(self, fresh: TinyRun, tiny_run: TinyRun) -> None:
        assert "3 tags" in said("prepare", fresh.recipe_file)
        folder = fresh.out / "models" / "both-0"
        assert said("train", fresh.recipe_file, "--variant", "both", "--seed", "0").split() == [str(folder / "export")]
        assert not (fresh.out / "models" / "none-0").exists()
        export = fresh.root / "encoder"
        assert said("export", folder, "--out", export).split() == [str(export)]
        words = ["-t", "sr-bible", "--data", fresh.root / "eval", "-o", fresh.root / "scores"]
        assert json.loads(said("evaluate", export, *words, "--plan", "--json"))[0]["to_run"] == 3
        assert not (fresh.root / "scores").exists()
        assert "scores.parquet" in said("evaluate", export, *words, "-l", "swh_Latn")
        assert set(pd.read_parquet(fresh.root / "scores" / "scores.parquet")["tag"]) == {"swh_Latn"}
        said("evaluate", export, *words)
        mine = pd.read_parquet(fresh.root / "scores" / "scores.parquet")
        theirs = pd.read_parquet(tiny_run.out / "evaluation" / "scores.parquet").query("model_name == 'both-0'")
        values = [table.set_index(["model", "tag", "metric"])["value"].to_dict() for table in (mine, theirs)]
        assert values[0] == values[1]
        page = fresh.root / "page.html"
        assert str(page) in said("report", fresh.out, "-o", page)
        assert page.is_file() and not (fresh.out / "report.html").exists()

    def test_settings_go_over_the_recipe(self, fresh: TinyRun) -> None:
        settings = ["rows.row_tokens=16", "corpus.languages=swh_Latn", "tokenizer.vocab_size=330"]
        said("prepare", fresh.recipe_file, *(word for setting in settings for word in ("--set", setting)))
        rows = PreparedRows(fresh.out / "rows")
        assert (rows.row_tokens, list(map(str, rows.tags))) == (16, ["swh_Latn"])
        assert "row_tokens: 16" in (fresh.out / "recipe.yaml").read_text()

    def test_languages_are_found(self) -> None:
        assert "swh_Latn" in said("languages", "swahili")
        found = json.loads(said("languages", "--select", "script:Deva+family:indo1319", "--json"))
        assert found and all(row["tag"].endswith("_Deva") for row in found)

    def test_the_doctor_looks(self) -> None:
        answer = langsamp("doctor", "--json")
        assert answer.code in (0, 1) and json.loads(answer.out)

    def test_some_languages_failing_is_code_3(self, run: TinyRun) -> None:
        shutil.rmtree(run.out / "evaluation")
        write_lines(run.root / "eval" / "sr_bible" / "swh_Latn-eng_Latn.swh_Latn", ["too", "few"])
        answer = langsamp("run", run.recipe_file)
        assert answer.code == 3
        assert "swh_Latn: expected as many English lines" in answer.err
        assert "Report:" in answer.out and "Traceback" not in answer.err


def in_forks(words: list[object], said: Path) -> str:
    together(command_line, *words, said=said)
    return "".join((said / str(rank) / "out").read_text() for rank in range(2))


def by_torchrun(words: list[object], _: Path) -> str:
    launch = "-m torch.distributed.run --nproc-per-node=2 --rdzv-backend=c10d --rdzv-endpoint=localhost:0 -m langsamp"
    done = subprocess.run(
        [sys.executable, *launch.split(), *map(str, words)], env=os.environ | {"OMP_NUM_THREADS": "1"},
        capture_output=True, text=True, timeout=120, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr[-3000:]
    return done.stdout


@pytest.mark.parametrize("launch", [in_forks, pytest.param(by_torchrun, marks=pytest.mark.slow)])
def test_two_processes_train_as_one(run: TinyRun, tmp_path: Path, launch: Callable[[list[object], Path], str]) -> None:
    shutil.rmtree(run.out / "models")
    words: list[object] = ["train", run.recipe_file]
    for part in ("hidden", "attention_probs"):  # each rank draws its own dropout
        words += ["--set", f"model.settings.{part}_dropout_prob=0.0"]
    said(*words)
    (run.out / "models").rename(run.out / "one")
    printed = launch(words, tmp_path / "said")
    exports = [run.out / "models" / name / "export" for name in ("none-0", "both-0")]
    assert printed.split() == list(map(str, exports))
    for export in exports:
        other = run.out / "one" / export.relative_to(run.out / "models")
        assert Conditioning.load(export).rows_seen == Conditioning.load(other).rows_seen
        assert log(export.parent) == pytest.approx(log(other.parent), rel=1e-4)


def log(folder: Path) -> list[float]:
    lines = map(json.loads, (folder / "log.jsonl").read_text().splitlines())
    return [line["loss"] for line in lines if line["kind"] == "train"]
