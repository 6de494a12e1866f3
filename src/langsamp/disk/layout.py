"""Where everything of a run lies: the one place that knows what its files are called."""

from dataclasses import dataclass
from pathlib import Path

PAGE_MARK = '<meta name="generator" content="langsamp">'
"""What stands in the head of every page that is written here."""


@dataclass(frozen=True)
class ModelLayout:
    """The folder of one training, `models/both-0`."""

    folder: Path

    @property
    def log(self) -> Path:
        """What was measured step by step."""
        return self.folder / "log.jsonl"

    @property
    def checkpoints(self) -> Path:
        """A folder a checkpoint."""
        return self.folder / "checkpoints"

    @property
    def export(self) -> Path:
        """The model as stock libraries load it."""
        return self.folder / "export"


@dataclass(frozen=True)
class EvaluationLayout:
    """The folder of an evaluation, in a run or alone."""

    folder: Path

    @property
    def scores(self) -> Path:
        """The tidy table."""
        return self.folder / "scores.parquet"

    @property
    def cells(self) -> Path:
        """A folder a cell."""
        return self.folder / "cells"

    @property
    def exists(self) -> bool:
        """Whether anything was scored there."""
        return self.cells.is_dir() or self.scores.is_file()


@dataclass(frozen=True)
class RunLayout:
    """The folder of a run."""

    folder: Path

    @classmethod
    def of_export(cls, export: Path) -> "RunLayout | None":
        """The run that a model was exported in; None for a model from elsewhere."""
        run = cls(export.parents[2]) if export.name == "export" and len(export.parents) > 2 else None
        return run if run is not None and run.exists else None

    @property
    def exists(self) -> bool:
        """Whether the folder is a run."""
        return self.recipe.is_file()

    @property
    def recipe(self) -> Path:
        """The whole recipe, defaults too; what makes a folder a run."""
        return self.folder / "recipe.yaml"

    @property
    def provenance(self) -> Path:
        """Of the last command that scored anything."""
        return self.folder / "provenance.json"

    @property
    def rows(self) -> Path:
        """Prepared text."""
        return self.folder / "rows"

    @property
    def models(self) -> Path:
        """A folder a training."""
        return self.folder / "models"

    def model(self, name: str) -> ModelLayout:
        """One training, `both-0`."""
        return ModelLayout(self.models / name)

    @property
    def trainings(self) -> list[ModelLayout]:
        """Those that are there, by name."""
        return [ModelLayout(folder) for folder in sorted(self.models.glob("[!.]*-*")) if folder.is_dir()]

    @property
    def evaluation(self) -> EvaluationLayout:
        """Scores."""
        return EvaluationLayout(self.folder / "evaluation")

    @property
    def analyses(self) -> Path:
        """A folder an analysis."""
        return self.folder / "analysis"

    @property
    def unmade(self) -> Path:
        """Which analyses are not there; beside their folder, which may be what cannot be written."""
        return self.folder / "analyses_unmade.json"

    @property
    def report(self) -> Path:
        """The page."""
        return self.folder / "report.html"
