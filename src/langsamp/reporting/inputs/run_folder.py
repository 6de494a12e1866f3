"""What one input of a report holds, read whole: a finished or half-finished run, an evaluation, or published scores.

Parts may be absent: a run that was never evaluated, or of which one model is still training, still gives a report.
"""

import shlex
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property
from pathlib import Path
from typing import Any, NamedTuple

import pandas as pd

from langsamp.analysis.unmade import read_unmade
from langsamp.data.findings import Finding, judge_manifest
from langsamp.data.overlap import OVERLAP, OverlapRecord, read_overlap
from langsamp.data.rows import MANIFEST, Manifest, read_manifest
from langsamp.disk.layout import EvaluationLayout, ModelLayout, RunLayout
from langsamp.errors import DataMissingError
from langsamp.model.conditioning import LANGUAGES, Conditioning
from langsamp.model.variants import DISPLAY_NAMES
from langsamp.reporting.inputs.record_files import (
    export_provenance,
    recipe_of,
    recipe_text,
    records_of,
    run_provenance,
    scores_of,
)
from langsamp.scores.cell_files import cell_folders, read_cell, unlisted_cells
from langsamp.scores.cells import CellRecord, FailureRecord, ModelRecord
from langsamp.scores.published import PREFIX, published, published_names
from langsamp.training.reading_log import TrainingLines, read_lines


@dataclass(frozen=True, kw_only=True)
class Model:
    """One trained model of a run: its log, vectors and provenance as far as they exist."""

    name: str
    variant: str
    seed: int
    log: TrainingLines
    conditioning: Conditioning | None
    """None where the model was not exported, and in a copy of its run without weights."""
    provenance: Mapping[str, Any]
    lacks_weights: bool = False
    """Whether it was exported and none of its weights is here, as in a copy that left large files out."""
    run_prefix: str = ""
    """Where it is from, as `first:`, if another input of the report has a model of its name."""

    @property
    def lost_steps(self) -> str:
        """What its log lacks, a sentence: it ends before the exported step; empty where it does not."""
        last = max((line.step for line in (*self.log.train, *self.log.held_out, *self.log.monitored)), default=0)
        exported = self.provenance.get("step")
        if not isinstance(exported, int) or last >= exported:
            return ""
        return (
            f"The log of {self.run_prefix}{self.name} ends at step {last:,} and its export is of step {exported:,}: "
            "what was measured between is lost, put log.jsonl back from a copy where there is one."
        )

    @property
    def label(self) -> str:
        """What charts and tables call it, e.g. `LangSAMP, seed 1`."""
        prefix = f"{self.run_prefix} " if self.run_prefix else ""
        return f"{prefix}{DISPLAY_NAMES.get(self.variant, self.variant)}, seed {self.seed}"

    @property
    def side(self) -> str:
        """The side of the report that it belongs to (`views.appearance`)."""
        return f"{self.run_prefix}{self.variant}"


class Totals(NamedTuple):
    """Sums over the tags of the training text."""

    documents: int
    tokens: int
    rows: int
    held_out_rows: int


@dataclass(frozen=True, kw_only=True)
class Run:
    """What one input of a report holds: a run's folder all of it, an evaluation scores and cells, the paper scores."""

    word: str
    """How the user named it."""
    folder: Path
    """Of published scores only their name, where no file lies."""
    recipe_text: str = ""
    """Empty where it is no run."""
    recipe: Mapping[str, Any] = field(default_factory=dict)
    provenance: Mapping[str, Any] = field(default_factory=dict)
    manifest: Manifest | None = None
    overlap: OverlapRecord | None = None
    """What its text shares with test sets, or None where that is not known."""
    models: tuple[Model, ...] = ()
    scores: pd.DataFrame | None = None
    """`evaluation/scores.parquet`, or None."""
    evaluation: Path | None = None
    """Folder that holds the cells; None for published scores."""
    cells: Mapping[str, CellRecord] = field(default_factory=dict)
    """By the name of their folder."""
    failed_cells: tuple[FailureRecord, ...] = ()
    """Cells whose last run gave nothing."""
    model_names: Mapping[str, str] = field(default_factory=dict)
    """What tables call the scored models, by fingerprint."""
    unlisted: int = 0
    """Cells whose scores `scores` lacks (`scores.cell_files.unlisted_cells`)."""
    unmade: tuple[str, ...] = ()
    """A sentence for each analysis that the run could not make."""
    run_prefix: str = ""
    """What goes before the names of its models, as `first:`, if another input has models of these names."""

    @property
    def totals(self) -> Totals:
        """What it was trained on."""
        tags = self.manifest.tags.values() if self.manifest else ()
        return Totals(*(sum(getattr(counts, name) for counts in tags) for name in Totals._fields))

    @cached_property
    def judged(self) -> list[Finding]:
        """What is to be said of the tags of its training text."""
        return judge_manifest(self.manifest) if self.manifest is not None else []

    @property
    def name(self) -> str:
        """What readers call it: the folder's name, or that of the published scores."""
        return self.word if self.is_published else self.folder.absolute().name

    @property
    def is_published(self) -> bool:
        """Whether it is the paper's scores."""
        return self.word.startswith(PREFIX)

    @property
    def is_run(self) -> bool:
        """Whether it is the folder of a run, not of an evaluation alone."""
        return bool(self.recipe_text)

    @property
    def commands(self) -> list[str]:
        """The command lines that repeat what it holds; none for published scores."""
        if self.is_run:
            return [shlex.join(["langsamp", "run", str(RunLayout(self.folder).recipe)])]
        commands = [cell.provenance.get("command", ()) for cell in self.cells.values()]
        return list(dict.fromkeys(shlex.join(command) for command in commands if command))

    @property
    def is_demonstration(self) -> bool:
        """True where the recipe says `demonstration: true`: too small a run to conclude from."""
        return bool(self.recipe.get("demonstration", False))


def read_input(word: str) -> Run:
    """What `word` names: the folder of a run or of an evaluation, its `scores.parquet`, or `paper:baseline` and so on.

    Raises:
        DataMissingError: where it is neither.
        DamagedError: where a file in it cannot be read.
        UserError: for an unknown name of the paper's.
    """
    if word.startswith(PREFIX):
        return Run(word=word, folder=Path(word), scores=published(word))
    path = Path(word).expanduser()
    if path.name == EvaluationLayout(path).scores.name:
        path = path.parent
    if not RunLayout(path).exists and EvaluationLayout(path).exists:
        run = _with_evaluation(Run(word=word, folder=path), EvaluationLayout(path))
        latest = max(run.cells.values(), key=lambda cell: cell.number, default=None)
        return replace(run, provenance=latest.provenance) if latest else run
    return read_run(path, word=word)


def read_run(folder: Path, *, word: str | None = None) -> Run:
    """The content of a run folder; `word` says how it was named.

    Raises:
        DataMissingError: where `folder` is no run.
        DamagedError: where a file in it cannot be read.
    """
    files = RunLayout(folder)
    if not files.exists:
        raise DataMissingError(
            f"{folder} is no run: expected a folder with recipe.yaml, as `langsamp run` writes it, one with "
            f"scores.parquet, as `langsamp evaluate` writes it, or one of {', '.join(published_names())}"
        )
    text = recipe_text(files.recipe)
    models = [read_model(training) for training in files.trainings]
    order = list(DISPLAY_NAMES)
    models.sort(key=lambda model: (order.index(model.variant) if model.variant in order else 99, model.seed))
    run = Run(
        word=word or str(folder),
        folder=folder,
        recipe_text=text,
        recipe=recipe_of(text, files.recipe),
        provenance=run_provenance(files.provenance),
        manifest=read_manifest(files.rows) if (files.rows / MANIFEST).is_file() else None,
        overlap=read_overlap(folder / OVERLAP),
        models=tuple(models),
        unmade=tuple(str(each) for each in read_unmade(folder)),
    )
    return _with_evaluation(run, files.evaluation)


def _with_evaluation(run: Run, files: EvaluationLayout) -> Run:
    cells = {path.name: read_cell(path) for path in cell_folders(files.folder)}
    named, scores = records_of(files.folder, "models", ModelRecord), scores_of(files.scores)
    return replace(
        run,
        evaluation=files.folder,
        scores=scores,
        unlisted=len(unlisted_cells(files.folder, scores)) if scores is not None else 0,
        cells={
            name: cell
            for name, cell in cells.items()
            if cell.key.model not in named or not named[cell.key.model].is_replaced
        },
        failed_cells=tuple(records_of(files.folder, "failed", FailureRecord).values()),
        model_names={model: record.name for model, record in named.items() if not record.is_replaced},
    )


def read_model(files: ModelLayout) -> Model:
    """One model's folder, named `<variant>-<seed>`."""
    name, export = files.folder.name, files.export
    variant, _, seed = name.rpartition("-")
    is_exported = (export / LANGUAGES).is_file()
    lacks_weights = is_exported and not any(export.glob("*.safetensors"))
    return Model(
        name=name,
        variant=variant,
        seed=int(seed) if seed.isdecimal() else 0,
        log=read_lines(files.log),
        conditioning=Conditioning.load(export) if is_exported and not lacks_weights else None,
        provenance=export_provenance(export),
        lacks_weights=lacks_weights,
    )
