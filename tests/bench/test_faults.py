"""Harm is done and seen: commands end as they are killed, and what differs from an undisturbed run is named."""

from pathlib import Path

import numpy as np
import pytest
from safetensors.numpy import save_file

from langsamp.bench.faults.artefacts import content, differences, kind, stamps
from langsamp.bench.faults.commands import run_command
from langsamp.bench.faults.harm import IMPORTED, FaultSize, measure_faults
from langsamp.bench.faults.victim import Victim
from langsamp.bench.record import Record
from langsamp.disk.files import write_text


def test_a_command_ends_as_it_would_for_a_user_or_is_killed(tmp_path: Path) -> None:
    victim = Victim(tmp_path)
    assert run_command(["recipe"], said=tmp_path / "said", imported=IMPORTED).code == 0
    wrong = run_command(["train", str(victim.recipe)], said=tmp_path / "said")
    assert wrong.code == 4 and "langsamp prepare" in wrong.said
    assert run_command(["prepare", str(victim.recipe)], said=tmp_path / "said", kill_after=0.0).code == -9
    assert run_command(["train", str(victim.recipe)], said=tmp_path / "said", processes=2).code == 4


def test_what_differs_from_an_undisturbed_run_is_named(tmp_path: Path) -> None:
    vectors = tmp_path / "models" / "both-0" / "model.safetensors"
    vectors.parent.mkdir(parents=True)
    save_file({"a": np.zeros(3), "b": np.ones(2)}, vectors)
    (tmp_path / "scores.parquet").write_bytes(b"1")
    (tmp_path / "provenance.json").write_text("today")
    page = "<b>{0}</b>, finished {1}</p><dt>Time of the last command</dt><dd>{1} s</dd><dt>Peak memory</dt><dd>{2}</dd>"
    (tmp_path / "report.html").write_text(page.format(1, 2, 3))
    whole = content(tmp_path)
    save_file({"b": np.ones(2), "a": np.zeros(3)}, vectors)
    (tmp_path / "provenance.json").write_text("tomorrow")
    (tmp_path / "report.html").write_text(page.format(1, 40, 50))
    older = vectors.parent / "checkpoints" / "step-0000002" / "model.safetensors"
    older.parent.mkdir(parents=True)
    older.touch()
    assert list(differences(tmp_path, whole)) == [], "times, the order of tensors, checkpoints that were to be deleted"
    save_file({"a": np.zeros(3), "b": np.full(2, 1 + 1e-15)}, vectors)
    (tmp_path / "report.html").write_text(page.format(2, 40, 50))
    (tmp_path / "scores.parquet").unlink()
    (tmp_path / "more.json").touch()
    (tmp_path / ".rows.abcdefgh.new").mkdir()
    assert list(differences(tmp_path, whole)) == [
        "models/both-0/model.safetensors has another content",
        "more.json is too much",
        "report.html has another content",
        "scores.parquet is missing",
        ".rows.abcdefgh.new is left over",
    ]


def test_what_was_touched_and_of_which_kind_files_are(tmp_path: Path) -> None:
    write_text(tmp_path / "run" / "rows" / "deu_Latn.ids", "1")
    before = stamps(tmp_path)
    assert stamps(tmp_path) == before and [kind(str(path)) for path in before] == ["others", "others", "rows"]
    (tmp_path / "run" / ".rows.lock").touch()
    assert stamps(tmp_path) != before, "what is hidden counts too"
    names = ("a/model.safetensors", "cells/1/scores.parquet", "cells/1/predictions.parquet", "analysis/pairs.parquet")
    assert [kind(name) for name in names] == ["weights", "scores", "scores", "others"]


@pytest.mark.slow
def test_a_run_stands_kills_and_changed_bytes() -> None:
    record = measure_faults(FaultSize(kills=9, flips=9, seed=1))
    assert record.settings["troubles"] == []
    assert [target.is_met for target in record.targets] == [True, True, True]
    assert [row.faults for row in record.rows if row.group == "killed"] == [1] * 9
    for files in ("rows", "weights", "scores", "others"):
        assert sum(getattr(row, files) or 0 for row in record.rows) > 0, files
    assert Record.model_validate_json(record.model_dump_json(by_alias=True)) == record
