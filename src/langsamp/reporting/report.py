"""What a report is made from, each part read and computed once: for the page and for the last lines of a run."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

from langsamp.analysis.analysis import Analysis
from langsamp.analysis.model_refs import ModelRef
from langsamp.analysis.vectors.analyse import analyse_vectors
from langsamp.analysis.vectors.record import VectorsAnalysis
from langsamp.disk.layout import RunLayout
from langsamp.errors import DataMissingError
from langsamp.evaluation.tasks.registry import TASKS
from langsamp.reporting.findings.against_start import Outcome, outcomes
from langsamp.reporting.findings.decided import Finding, findings
from langsamp.reporting.findings.verdicts import TaskVerdict, headlines, significance, task_verdicts
from langsamp.reporting.inputs.combined import Inputs, read_inputs
from langsamp.reporting.inputs.comparisons import SystemComparison, compare, not_compared
from langsamp.reporting.inputs.group_rows import GroupRow, Tests, group_rows
from langsamp.reporting.inputs.run_folder import Model, Run
from langsamp.reporting.inputs.stored import Kind, Stored, of_kind, read_stored
from langsamp.scores.comparability import listed, training_changes
from langsamp.training.reading_log import learned_nothing

GROUPINGS = ("paper", "family", "area")
"""Groupings of `scores.groups` that the page shows; `paper` holds head, tail, Latin, other scripts, all."""


@dataclass(frozen=True)
class Report:
    """Inputs with what follows from them; a part that nobody asks for is not read."""

    inputs: Inputs
    redact_text: bool = False
    """Whether the page leaves out every sentence of test sets."""

    @classmethod
    def read(
        cls,
        words: Sequence[str | Path],
        *,
        baseline: str | None = None,
        title: str | None = None,
        redact_text: bool = False,
    ) -> "Report":
        """The report on runs, evaluations and published scores.

        Raises:
            DataMissingError: where a word names none of them.
            DamagedError: where a file of one cannot be read, here or in a part that is asked for.
            UserError: for an unknown baseline.
        """
        return cls(read_inputs([str(word) for word in words], baseline=baseline, title=title), redact_text)

    @cached_property
    def compared(self) -> list[SystemComparison]:
        """Every comparison, in the order of the registered tasks."""
        order = list(TASKS)
        every = compare(self.inputs.scores, self.inputs.baseline) if self.inputs.scores is not None else []
        return sorted(
            every, key=lambda each: order.index(each.setting.task) if each.setting.task in order else len(order)
        )

    @cached_property
    def comparisons(self) -> list[SystemComparison]:
        """Those with a language that every side was scored on."""
        return [each for each in self.compared if each.shared]

    @cached_property
    def tests(self) -> Tests:
        """What the test of each side against the baseline says, in the groups of all groupings too."""
        return significance(self.comparisons, by=GROUPINGS)

    @cached_property
    def verdicts(self) -> list[list[TaskVerdict]]:
        """Of each comparison what it says of each side."""
        return [task_verdicts(each, self.tests) for each in self.comparisons]

    @cached_property
    def headlines(self) -> list[str]:
        """What they say together, a sentence for each side over several tasks."""
        return headlines(self.comparisons, self.tests)

    @cached_property
    def groups(self) -> list[Mapping[str, Sequence[GroupRow]]]:
        """Of each comparison by grouping its groups of languages; the first of `paper` is all of them."""
        by_grouping = [group_rows(self.comparisons, by, self.tests) for by in GROUPINGS]
        return [dict(zip(GROUPINGS, rows, strict=True)) for rows in zip(*by_grouping, strict=True)]

    @cached_property
    def stored(self) -> list[Stored[Analysis]]:
        """The analyses of the runs."""
        return read_stored(self.inputs.runs)

    def of_kind(self, kind: type[Kind]) -> list[Stored[Kind]]:
        """Those of one kind."""
        return of_kind(self.stored, kind)

    @cached_property
    def vectors(self) -> list[Stored[VectorsAnalysis]]:
        """The vectors of every model that has some, LangSAMP itself first: as stored, else computed now."""
        stored = {each.key: each for each in self.of_kind(VectorsAnalysis)}
        mains, others = list[Stored[VectorsAnalysis]](), list[Stored[VectorsAnalysis]]()
        for run in self.inputs.runs:
            for model in run.models:
                vectors = stored.pop(f"{run.folder}:{model.name}", None) or _vectors(run, model)
                if vectors is not None:
                    (mains if model.variant == "both" else others).append(vectors)
        return [*mains, *others, *stored.values()]

    @cached_property
    def outcomes(self) -> list[Outcome]:
        """Each trained side against the start of its run."""
        return outcomes(self.inputs, self.comparisons)

    @cached_property
    def findings(self) -> list[Finding]:
        """What is decided and what is not."""
        return findings(self.inputs.runs, self.comparisons, self.stored)

    @cached_property
    def unlearned(self) -> list[str]:
        """Each training whose loss tells that it learned nothing, and why, a sentence each."""
        return [
            f"{model.run_prefix}{model.name}: {said}."
            for run in self.inputs.runs
            if run.manifest is not None
            for model in run.models
            if (said := learned_nothing(model.log, vocabulary_size=run.manifest.vocabulary_size))
        ]

    @cached_property
    def lost(self) -> list[str]:
        """Each training of whose log the end is missing, a sentence each."""
        return [said for model in self.inputs.models if (said := model.lost_steps)]

    @cached_property
    def not_compared(self) -> list[str]:
        """Each task whose sides were not all scored in one way, a sentence each."""
        return not_compared(self.compared)

    @cached_property
    def trained_differently(self) -> list[str]:
        """In what trainings of several runs differ beside variant and seed, a sentence for each run after the first."""
        trained = [(run.name, each) for run in self.inputs.runs if (each := _identity(run.models))]
        (first, mine), others = trained[0] if trained else ("", {}), trained[1:]
        return [
            f"{name} and {first} were not trained alike: {listed(changes)}."
            for name, theirs in others
            if (changes := training_changes(mine, theirs))
        ]


def _vectors(run: Run, model: Model) -> Stored[VectorsAnalysis] | None:
    """What the vectors of a model know, computed now; None where it has none, or too few to compare."""
    there = model.conditioning
    if there is None or (there.language is None and there.script is None):
        return None
    folder = RunLayout(run.folder).model(model.name).export
    try:
        return Stored(analyse_vectors(ModelRef(model.name, folder, run.folder)), {model.name: model.label}, run)
    except DataMissingError:
        return None


def _identity(models: Sequence[Model]) -> Mapping[str, Any]:
    """What the trainings of a run were made with, by the first that says it."""
    return next((identity for model in models if (identity := model.provenance.get("identity"))), {})
