"""The analyses that lie in runs, each with what readers call the models that it speaks of."""

import re
from collections.abc import Mapping, Sequence
from typing import Generic, NamedTuple, TypeVar

from langsamp.analysis.analysis import Analysis
from langsamp.analysis.read_analyses import read_analyses
from langsamp.disk.layout import RunLayout
from langsamp.model.variants import DISPLAY_NAMES
from langsamp.render.numbers import with_minus
from langsamp.reporting.inputs.run_folder import Run

Kind = TypeVar("Kind", bound=Analysis)


class Stored(NamedTuple, Generic[Kind]):
    """An analysis of a run, with what readers call the run's models."""

    analysis: Kind
    labels: Mapping[str, str]
    run: Run

    @property
    def key(self) -> str:
        """What tells its subject from all others of the page."""
        return f"{self.run.folder}:{self.analysis.subject}"

    @property
    def label(self) -> str:
        """What readers call its subject."""
        return self.labels.get(self.analysis.subject, self.analysis.subject)

    @property
    def names(self) -> Mapping[str, str]:
        """Readers' names of models and of variants, whichever the analysis speaks of."""
        return {**DISPLAY_NAMES, **self.labels}

    @property
    def sentences(self) -> list[str]:
        """What was found, in words, with readers' names in place of those of the models."""
        return [with_minus(with_labels(said, self.labels)) for said in self.analysis.sentences]


def with_labels(said: str, labels: Mapping[str, str]) -> str:
    """A sentence with readers' names in place of those of the models."""
    for name, label in labels.items():
        said = re.sub(rf"(?<![\w@-]){re.escape(name)}(?![\w@-])", label, said)
    return said


def read_stored(runs: Sequence[Run]) -> list[Stored[Analysis]]:
    """Every analysis of some runs.

    Raises:
        DamagedError: where one cannot be read.
    """
    return [
        Stored(analysis, {model.name: model.label for model in run.models}, run)
        for run in runs
        if run.folder.is_dir()  # published scores have none
        for analysis in read_analyses(RunLayout(run.folder).analyses)
    ]


def of_kind(stored: Sequence[Stored[Analysis]], kind: type[Kind]) -> list[Stored[Kind]]:
    """Those of one kind."""
    return [Stored(each.analysis, each.labels, each.run) for each in stored if isinstance(each.analysis, kind)]
