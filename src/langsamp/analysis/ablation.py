"""Variants side by side: what each table, the placement and the ids themselves bring (paper, section 5.1, Table 2)."""

from collections.abc import Collection, Iterator, Sequence
from itertools import chain
from typing import NamedTuple

import pandas as pd

from langsamp.analysis.ablation_findings import findings, judged
from langsamp.analysis.variant_analyses import AblationAnalysis
from langsamp.analysis.variants_record import Contrast, VariantMean
from langsamp.errors import UserError
from langsamp.model.variants import split_side
from langsamp.scores.comparability import left_out_notes, listed, training_notes
from langsamp.scores.difference import TaskComparison, difference, limits, numbers
from langsamp.scores.grid import Grid, grids
from langsamp.scores.groups import group_means
from langsamp.scores.reading import distinct, read_runs
from langsamp.scores.score_table import main_rows
from langsamp.scores.systems import System, baseline_of, systems_of

EXPECTED = ("none", "language", "script", "both", "both@input", "both@shuffled")
"""What a whole ablation has: the four variants of the paper, the other placement, and the control."""
CONTRASTS = {
    "ids": ("both@shuffled", "both"),
    "placement": ("both@input", "both"),
    "language vectors": ("script", "both"),
    "script vectors": ("language", "both"),
}
"""Differences that isolate one thing: by what it is, the variant without it and the one with it."""
BEST = "best"
"""The highest mean of a task against the second highest. It was picked because it is high, so its difference flatters
it: an interval that excludes zero here says less than one of the other differences."""


class _OneGrid(NamedTuple):
    """What one task, scored in one way, shows."""

    rows: list[VariantMean]
    contrasts: list[Contrast]
    notes: list[str]


def analyse_ablation(runs: Sequence[str], *, seed: int = 0) -> AblationAnalysis:
    """The variants of one run, or of several that `scores.reading.read_runs` reads, on each task and group.

    Per cent and points. Only languages that every variant has are counted, and only models that are trainings of a
    variant; trainings of one variant stand together. The same scores and `seed` (of the bootstrap) give the same.

    Raises:
        DataMissingError: where there are no scores.
        UserError: where no model is a training of a variant.
    """
    runs = distinct(runs)
    scores = read_runs(runs)
    systems = systems_of(main_rows(scores))
    variants = [system for system in systems if system.variant]
    if not variants:
        raise UserError(
            f"no variant among the models of {', '.join(runs)} ({listed(sorted(set(scores['model_name'])))}): expected "
            "names like none-0 and both-0, as `langsamp run` gives them"
        )
    every = grids(variants, mixed="apart")
    compared = [grid for grid in every if len(grid.systems) > 1] or every
    parts = [_analyse_grid(grid, seed=seed) for grid in compared]
    rows = judged(chain.from_iterable(part.rows for part in parts))
    contrasts = judged(chain.from_iterable(part.contrasts for part in parts))
    present = {split_side(row.variant)[1] for row in rows}
    missing = [variant for variant in EXPECTED if variant not in present]
    notes = [*_left_out(systems, every, compared), *chain.from_iterable(part.notes for part in parts)]
    return AblationAnalysis(
        subject=", ".join(runs),
        settings={"runs": list(runs), "models": _fingerprints(variants), "seed": seed},
        sentences=tuple(findings(rows, contrasts, missing=missing)),
        notes=tuple(dict.fromkeys(notes)),
        variants=tuple(dict.fromkeys(row.variant for row in rows)),
        missing=tuple(missing),
        ablation=tuple(rows),
        contrasts=tuple(contrasts),
    )


def _left_out(systems: Sequence[System], every: Sequence[Grid], compared: Sequence[Grid]) -> list[str]:
    others = [system.name for system in systems if not system.variant]
    alone = {grid.setting.task for grid in every} - {grid.setting.task for grid in compared}
    notes = [f"No variant, left out: {listed(sorted(others))}."] if others else []
    return [*notes, *([f"Scored for one variant only, left out: {listed(sorted(alone))}."] if alone else [])]


def _analyse_grid(grid: Grid, *, seed: int) -> _OneGrid:
    shared = grid.over_shared()
    notes = [*training_notes(grid.systems), *left_out_notes(shared)]
    if not shared.tags:
        return _OneGrid([], [], notes)
    tests: dict[tuple[str, str], TaskComparison] = {}

    def tested(first: str, second: str) -> TaskComparison:
        if (first, second) not in tests:
            tests[first, second] = difference(shared, first, second, seed=seed)
        return tests[first, second]

    means = group_means(shared)
    highest = {group: max(mean.mean for mean in means if mean.group == group) for group in {m.group for m in means}}
    against = {name: tested(baseline, name) for name in shared.names if (baseline := baseline_of(name, shared.names))}
    labels = {system.name: system.label for system in shared.systems}
    rows = [
        VariantMean(
            grid.label,
            mean.system,
            labels[mean.system],
            mean.group,
            mean.mean,
            mean.sd_over_seeds,
            mean.seeds,
            mean.languages,
            *numbers(against[mean.system].groups["paper"][mean.group] if mean.system in against else None),
            q=float("nan"),
            told_apart=False,
            is_best=mean.mean == highest[mean.group],
        )
        for mean in means
    ]
    ranked = sorted((row for row in rows if row.group == "all"), key=lambda row: -row.mean)
    contrasts = [
        Contrast(grid.label, contrast, first, second, group, *numbers(difference), q=float("nan"), told_apart=False)
        for contrast, first, second in _contrasts(shared.names, [row.variant for row in ranked])
        for group, difference in tested(first, second).groups["paper"].items()
        if contrast != BEST or group == "all"
    ]
    return _OneGrid(rows, contrasts, [*notes, *limits(tests.values())])


def _contrasts(present: Collection[str], ranked: Sequence[str]) -> Iterator[tuple[str, str, str]]:
    """The contrasts that can be made: which, first and second; `ranked` are the variants, the highest mean first."""
    for run in dict.fromkeys(split_side(variant)[0] for variant in present):
        for contrast, (first, second) in CONTRASTS.items():
            if {run + first, run + second} <= set(present):
                yield contrast, run + first, run + second
    if len(ranked) > 1:
        yield BEST, ranked[1], ranked[0]


def _fingerprints(systems: Sequence[System]) -> dict[str, str]:
    pairs = pd.concat([system.scores[["model_name", "model"]] for system in systems]).drop_duplicates()
    return {str(name): str(model) for name, model in pairs.itertuples(index=False)}
