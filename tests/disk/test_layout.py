"""The layout names what a run really holds."""

from pathlib import Path

from langsamp.disk.layout import EvaluationLayout, RunLayout
from tests.tiny_run import TinyRun


def test_everything_at_the_top_of_a_run_has_its_name(tiny_run: TinyRun) -> None:
    files = RunLayout(tiny_run.out)
    named = {
        files.recipe, files.provenance, files.rows, files.models, files.evaluation.folder, files.analyses, files.unmade,
        files.report, files.folder / "overlap.json",
    }  # fmt: skip
    assert {path for path in tiny_run.out.iterdir() if not path.name.startswith(".")} <= named
    assert files.exists and files.evaluation.exists and files.evaluation.scores.is_file()
    assert [training.folder.name for training in files.trainings] == ["both-0", "none-0"]
    for training in files.trainings:
        assert training.log.is_file() and training.checkpoints.is_dir() and training.export.is_dir()


def test_an_export_knows_its_run_and_a_folder_of_another_name_has_none(tiny_run: TinyRun, tmp_path: Path) -> None:
    assert RunLayout.of_export(tiny_run.export) == RunLayout(tiny_run.out)
    for stranger in (tmp_path, tmp_path / "models" / "both-0" / "export", Path("export")):
        assert RunLayout.of_export(stranger) is None
    assert not EvaluationLayout(tmp_path).exists
