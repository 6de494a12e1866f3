"""What a report is about: one or more runs, evaluations and published models, read together.

Each model is a side (`views.appearance`); one side is the baseline and every other one is compared with it.
"""

import shlex
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from itertools import chain
from pathlib import Path

import pandas as pd

from langsamp.disk.layout import RunLayout
from langsamp.errors import UserError
from langsamp.render.palette import Mark
from langsamp.reporting.inputs.cell_remarks import current_scores
from langsamp.reporting.inputs.comparisons import from_english
from langsamp.reporting.inputs.run_folder import Model, Run, read_input
from langsamp.scores.reading import distinct, places_to_tell, side_by_side
from langsamp.views.appearance import choose_baseline, in_order, looks, split_name


@dataclass(frozen=True, kw_only=True)
class Inputs:
    """All that a report is made from."""

    runs: tuple[Run, ...]
    """In the order in which they were named; their models carry their place where names clash."""
    scores: pd.DataFrame | None
    """The tables of all inputs as one, models told apart, from English where a task has more sources; None where
    nothing was scored."""
    sides: tuple[str, ...]
    """Everything that was trained or scored, the baseline first."""
    baseline: str | None
    """What every other side is compared with."""
    title: str
    asked: tuple[str, ...]
    """Baseline and title as options of the command line, where the user gave them."""
    left_out: tuple[str, ...] = ()
    """A sentence for each model and task some of whose scores are no part of `scores`."""

    @cached_property
    def models(self) -> list[Model]:
        """The trained models of all runs."""
        return [model for run in self.runs for model in run.models]

    @cached_property
    def marks(self) -> dict[str, Mark]:
        """Name, colour and shape of each side, the same in all charts."""
        return looks(self.sides)

    @cached_property
    def tags(self) -> list[str]:
        """Every tag that a run prepared, trained on or that was scored, in alphabetical order."""
        tags: set[str] = {tag for run in self.runs if run.manifest for tag in run.manifest.tags}
        for model in self.models:
            if model.conditioning is not None:
                tags |= {str(tag) for tag, rows in model.conditioning.rows_seen.items() if rows > 0}
        if self.scores is not None:
            tags |= set(self.scores.tag)
        return sorted(tags)

    @cached_property
    def rows_seen(self) -> dict[str, int]:
        """Training rows by tag, of the first exported model that has vectors; the sampling is the same for a run."""
        with_rows = [model.conditioning for model in self.models if model.conditioning is not None]
        with_vectors = [tables for tables in with_rows if tables.language is not None or tables.script is not None]
        chosen = next(iter(with_vectors or with_rows), None)
        return {str(tag): rows for tag, rows in chosen.rows_seen.items()} if chosen is not None else {}

    @cached_property
    def single(self) -> Run | None:
        """The run of a report about one run; None where there are several inputs, or the one is no run."""
        return self.runs[0] if len(self.runs) == 1 and self.runs[0].is_run else None

    def command(self, *options: str) -> str:
        """The command line that makes the report, `options` beside those that were asked for."""
        return shlex.join(["langsamp", "report", *(run.word for run in self.runs), *self.asked, *options])

    @property
    def default_out(self) -> Path:
        """Where the report goes unless the user says: into the only folder that it is about, else here."""
        alone = len(self.runs) == 1 and not self.runs[0].is_published
        return RunLayout(self.runs[0].folder if alone else Path()).report


def read_inputs(words: Sequence[str], *, baseline: str | None = None, title: str | None = None) -> Inputs:
    """What the report on `words` is made from; each is as `run_folder.read_input` takes it.

    Raises:
        DataMissingError: where one names nothing.
        DamagedError: where a file cannot be read.
        UserError: where none is given, and where no side is called `baseline`.
    """
    if not words:
        raise UserError("name what to report on: folders of runs or evaluations, paper:baseline, paper:langsamp")
    runs = [read_input(word) for word in distinct(words)]
    current = [current_scores(run) for run in runs]
    runs = [replace(run, scores=scores) for run, (scores, _) in zip(runs, current, strict=True)]
    runs = _told_apart(runs)
    scored = [run for run in runs if run.scores is not None]
    frames = [run.scores for run in scored if run.scores is not None]
    scores = side_by_side(frames, [run.run_prefix for run in scored]) if frames else None
    names = dict.fromkeys(scores.model_name) if scores is not None else ()
    scores, elsewhere = from_english(scores) if scores is not None else (None, [])
    sides = in_order(
        chain((split_name(name)[0] for name in names), (model.side for run in runs for model in run.models))
    )
    chosen = choose_baseline(sides, baseline, several=len(runs) > 1 or not runs[0].is_run)
    return Inputs(
        runs=tuple(runs),
        scores=scores,
        sides=tuple(in_order(sides, first=chosen)),
        baseline=chosen,
        title=title or _listed([run.name for run in runs]),
        asked=(*(["--baseline", baseline] if baseline else []), *(["--title", title] if title else [])),
        left_out=(*(sentence for _, said in current for sentence in said), *elsewhere),
    )


def _told_apart(runs: Sequence[Run]) -> list[Run]:
    """The inputs with the places that their models need, because of clashing scores or trainings of one name."""
    scored = [run for run in runs if run.scores is not None]
    frames = [run.scores for run in scored if run.scores is not None]
    places = dict(zip((run.word for run in scored), places_to_tell(frames, [run.word for run in scored]), strict=True))
    trained = [{model.name for model in run.models} for run in runs]
    renamed = []
    for run, names in zip(runs, trained, strict=True):
        twice = any(names & others for others in trained if others is not names)
        prefix = places.get(run.word, "") or (f"{run.name}:" if twice else "")
        models = tuple(replace(model, run_prefix=prefix) for model in run.models)
        renamed.append(replace(run, run_prefix=prefix, models=models))
    return renamed


def _listed(names: Sequence[str]) -> str:
    return names[0] if len(names) == 1 else f"{', '.join(names[:-1])} and {names[-1]}"
