"""The stages of a recipe from Python: each gives what the next one takes, and what is there is not made again."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pandas as pd

from langsamp import pipeline
from langsamp.addresses import with_addresses
from langsamp.analysis.model_refs import find_model_refs
from langsamp.api.given import given_recipe, words
from langsamp.api.result import Result, readable
from langsamp.api.scores import compare
from langsamp.disk.layout import ModelLayout, RunLayout
from langsamp.errors import DataMissingError
from langsamp.remote.session import opened, session, takes_addresses
from langsamp.remote.working_copy import bring
from langsamp.scores.reading import read_scores
from langsamp.training.checkpoint import checkpoints, step_of
from langsamp.views.score_lines import score_tables

if TYPE_CHECKING:
    from concurrent.futures import Executor

    from langsamp.data.rows import PreparedRows
    from langsamp.evaluation.run import Failure
    from langsamp.recipe import Recipe


@dataclass(frozen=True)
class Run:
    """A run on disk: its report, scores and models. `Run("runs/mine")` opens one that was made before.

    Of one at an address (`s3://bucket/run`) `folder` is where it is worked on here, with what lies there now.

    Raises:
        DataMissingError: where the folder holds no run.
    """

    folder: Path
    failures: "tuple[Failure, ...]" = ()
    """What was asked for and has no score, of the call that made it."""

    def __post_init__(self) -> None:
        """Accept a path as text, and refuse a folder that is no run."""
        with session():
            object.__setattr__(self, "folder", opened(self.folder).expanduser())
        if not RunLayout(self.folder).exists:
            raise DataMissingError(
                f"{with_addresses(str(self.folder))} is no run: expected the folder that `langsamp run` writes"
            )

    def __fspath__(self) -> str:
        """Its folder, so that every call here that takes a run's path takes the run."""
        return str(self.folder)

    @property
    def report(self) -> Path:
        """The page about it."""
        return RunLayout(self.folder).report

    @cached_property
    def scores(self) -> pd.DataFrame:
        """The tidy table of scores (`scores.cells.COLUMNS`), a line for each language, metric and seed."""
        return read_scores(str(self.folder))

    @property
    def models(self) -> dict[str, str]:
        """The folder of each exported model by name, such as `both-0`; every call here takes such a folder."""
        models = find_model_refs([str(self.folder)])
        for model in models:
            bring(model.folder)
        return {model.name: str(model.folder) for model in models}

    def compare(self, a: str = "none", b: str = "both", **options: Any) -> Result:
        """Variant or model `b` against `a`; `options` as in `langsamp.compare`."""
        return compare(f"{self.folder}:{a}", f"{self.folder}:{b}", **options)

    def __str__(self) -> str:
        """The means by model and group of languages, and where the report lies; how far it is, where none is scored."""
        return str(self._shown())

    def _repr_html_(self) -> str:
        """The same, as a notebook shows it."""
        return self._shown()._repr_html_()

    def _shown(self) -> Result:
        try:
            scores = self.scores
        except DataMissingError:
            how_far = (f"{each.folder.name}: {_how_far(each)}" for each in RunLayout(self.folder).trainings)
            lines = ("Nothing is scored yet; the same command goes on where it was", *how_far)
            return Result(title=self.folder.name, tables={}, lines=lines, data=pd.DataFrame())
        lines = (f"Report: {with_addresses(str(self.report))}", *(f"failed: {failure}" for failure in self.failures))
        return Result(title=self.folder.name, tables=readable(score_tables(scores)), lines=lines, data=scores)


def _how_far(training: ModelLayout) -> str:
    kept = checkpoints(training.checkpoints)
    if training.export.is_dir():
        return "trained"
    return f"in training, with a checkpoint of step {step_of(kept[-1]):,}" if kept else "in training"


@takes_addresses
def run(
    recipe: "str | Path | Recipe", settings: str | Sequence[str] = (), *, executor: "Executor | None" = None
) -> Run:
    """All of a recipe, from text to report; what is there already is not made again.

    `settings` such as `training.steps=100` are put over a recipe that is given as a file. The workers of `executor`,
    such as a Dask client's, prepare text and score; they must see the same folders.

    Raises:
        StoppedError: asked to stop; the same call goes on.
        UserError: for everything the user can mend.
    """
    loaded = given_recipe(recipe, settings)
    _, evaluation = pipeline.run(loaded, executor=executor)
    return Run(loaded.folder, evaluation.failures)


@takes_addresses
def prepare(
    recipe: "str | Path | Recipe", settings: str | Sequence[str] = (), *, executor: "Executor | None" = None
) -> "PreparedRows":
    """The packed rows of a recipe, with clean text and its tokenizer, made (as in `run`) or found.

    Raises:
        UserError: as `pipeline.prepare`.
    """
    return pipeline.prepare(given_recipe(recipe, settings), executor=executor)


@takes_addresses
def train(
    recipe: "str | Path | Recipe",
    settings: str | Sequence[str] = (),
    *,
    variants: str | Sequence[str] = (),
    seeds: int | Sequence[int] = (),
) -> dict[str, Path]:
    """The exports of a recipe's trainings by name, such as `both-0`; of some variants and seeds, by default of all.

    Rows are prepared first where they are not there.

    Raises:
        StoppedError: asked to stop; a checkpoint was saved, and the same call goes on.
        UserError: for a variant or seed that the recipe does not train, and as `pipeline.train_one`.
    """
    loaded = given_recipe(recipe, settings)
    chosen = pipeline.chosen_trainings(loaded, words(variants), [seeds] if isinstance(seeds, int) else seeds)
    rows = pipeline.prepare(loaded)
    return {f"{variant}-{seed}": pipeline.train_one(loaded, rows, variant, seed) for variant, seed in chosen}
