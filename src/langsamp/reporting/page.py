"""`report.html`: one file about runs and models, readable offline, by keyboard, on paper and without JavaScript."""

from collections.abc import Mapping, Sequence
from functools import cache
from importlib.metadata import version
from pathlib import Path
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined

from langsamp.analysis.unmade import read_unmade
from langsamp.disk.files import write_text
from langsamp.model.variants import START
from langsamp.render import numbers
from langsamp.render.chart import embedded
from langsamp.render.document import is_absent
from langsamp.reporting.analyses.analysis_sections import analysis_parts
from langsamp.reporting.citations import sources
from langsamp.reporting.curves import dev_curves, forgetting_curves, loss_curves, monitor_curves
from langsamp.reporting.headline import cards
from langsamp.reporting.inputs.cell_remarks import alias_uses, cell_counts, failures, notes, tuning_rows, tunings
from langsamp.reporting.inputs.combined import Inputs
from langsamp.reporting.inputs.comparisons import SystemComparison, not_compared
from langsamp.reporting.inputs.group_rows import group_name, tone
from langsamp.reporting.inputs.metric_names import meanings
from langsamp.reporting.inputs.run_folder import Run
from langsamp.reporting.inputs.shown_examples import EXAMPLES, Library
from langsamp.reporting.losses import LOSERS, WITH_EXAMPLES, losses
from langsamp.reporting.report import Report
from langsamp.reporting.sections import (
    all_tags,
    data_findings,
    data_rows,
    data_totals,
    exact_scores,
    model_summary,
    overview_rows,
    rows_seen,
    training_rows,
)
from langsamp.reporting.seeds import dev_test_chart, has_seeds, strip_chart
from langsamp.reporting.task_sections import GROUPINGS, task_sections
from langsamp.reporting.verdict import headlines, significance, summary_rows
from langsamp.scores.cell_files import unlisted_cells
from langsamp.scores.reading import LACKING
from langsamp.views.appearance import is_start, meanings_of_sides, side_name


def write_report(
    *words: str | Path,
    out: Path | None = None,
    title: str | None = None,
    baseline: str | None = None,
    redact_text: bool = False,
) -> Path:
    """Write the report on runs, evaluations and published scores and give its path: `out`, or `Inputs.default_out`.

    `baseline` is the model that every other one is compared with; `redact_text` leaves out every sentence of test sets.
    What an input lacks (no evaluation, one model only) is named in the report instead of shown.

    Raises:
        DataMissingError: where a word names no run, evaluation or published scores.
        DamagedError: where a file of one cannot be read.
        UserError: where the report cannot be written, and for an unknown baseline.
    """
    return write_page(Report.read(words, baseline=baseline, title=title), out=out, redact_text=redact_text)


def write_page(report: Report, *, out: Path | None = None, redact_text: bool = False) -> Path:
    """The same of a report that was read.

    Raises:
        DamagedError: where a file of it cannot be read.
        UserError: where it cannot be written.
    """
    target = out or report.inputs.default_out
    write_text(target, _templates().get_template("page.html").render(_context(report, redact_text=redact_text)))
    return target


@cache
def _templates() -> Environment:
    """The page's templates, compiled once."""
    environment = Environment(
        loader=PackageLoader("langsamp.reporting"), autoescape=True, undefined=StrictUndefined, trim_blocks=True,
        lstrip_blocks=True,
    )  # fmt: skip
    for name in ("score", "signed", "whole", "share", "decimals", "cosine", "duration"):
        environment.filters[name] = getattr(numbers, name)
    environment.filters |= {"side": side_name, "tone": tone, "group": group_name}
    environment.globals["zip"] = zip
    environment.tests |= {"start": is_start, "known": lambda value: not is_absent(value)}
    return environment


def _context(report: Report, *, redact_text: bool) -> Mapping[str, Any]:
    """Every value that the template prints, by name."""
    inputs, comparisons = report.inputs, report.comparisons
    tests = significance(comparisons, by=GROUPINGS)
    tags, seen = all_tags(inputs), rows_seen(inputs.models)
    tasks = task_sections(comparisons, tests, marks=inputs.marks, tags=tags, seen=seen)
    shown = {side for comparison in comparisons for side in comparison.sides}
    return {
        "inputs": inputs,
        "langsamp_version": version("langsamp"),
        "redact_text": redact_text,
        "command": inputs.command(*(["--redact-text"] if redact_text else [])),
        "tags": tags,
        "models": model_summary(inputs.models),
        "tasks": tasks,
        "headlines": headlines(comparisons, tests),
        "against_start": report.outcomes,
        "unlearned": report.unlearned,
        "summary": summary_rows(comparisons, [task.whole for task in tasks], tests),
        "shown_sides": [side for side in inputs.sides if side in shown],
        "meanings": {**meanings_of_sides(inputs.sides), **meanings(comparisons)},
        "cards": cards(inputs.runs, comparisons),
        "decided": report.findings,
        "absent": [
            *report.trained_differently,
            *report.lost,
            *absent(inputs, report.compared),
            *not_compared(report.compared),
            *inputs.left_out,
        ],
        "overview": overview_rows(comparisons, tags, seen=seen),
        "exact_scores": exact_scores(comparisons) if len(shown) > 2 else {},
        "losses": losses(comparisons, None if redact_text else Library(inputs.runs)),
        "losers": LOSERS,
        "with_examples": WITH_EXAMPLES,
        "examples": EXAMPLES,
        "failures": [remark for run in inputs.runs for remark in failures(run)],
        "notes": [remark for run in inputs.runs for remark in notes(run)],
        "aliases": list(dict.fromkeys(said for run in inputs.runs for said in alias_uses(run))),
        "data": [
            (run, *data_rows(run), data_totals(run), data_findings(run))
            for run in inputs.runs
            if run.manifest is not None
        ],
        "sources": sources([comparison.setting.task for comparison in comparisons]),
        **_training_parts(inputs, comparisons),
        **_seed_parts(inputs, comparisons),
        **analysis_parts(inputs.runs, report.stored),
    }


def _training_parts(inputs: Inputs, comparisons: Sequence[SystemComparison]) -> dict[str, Any]:
    logged = [model for model in inputs.models if model.log.train or model.log.held_out]
    summary = "Training and held-out loss by step for every model"
    forgetting, monitored = (curves(inputs.models, inputs.marks) for curves in (forgetting_curves, monitor_curves))
    return {
        "training": training_rows(inputs.models),
        "loss": embedded("loss", loss_curves(logged, inputs.marks), summary) if logged else None,
        "forgetting": embedded("forgetting", forgetting, "Held-out loss by step, head against tail languages")
        if forgetting
        else None,
        "monitored": embedded("monitored", monitored, "Scores by step while training") if monitored else None,
    }


def _seed_parts(inputs: Inputs, comparisons: Sequence[SystemComparison]) -> dict[str, Any]:
    tuned = {
        each.label: tuning
        for each in comparisons
        if (tuning := [one for run in inputs.runs for one in tunings(run, each)])
    }
    tested = {label: curves for label, curves in tuned.items() if any(each.test is not None for each in curves)}
    by_label = {comparison.label: comparison for comparison in comparisons}
    several = [comparison for comparison in comparisons if has_seeds(comparison)]
    marks = inputs.marks
    return {
        "strips": embedded("seeds", strip_chart(several, marks), "Mean score of every seed") if several else None,
        "dev": embedded("dev", dev_curves(tuned, marks), "Dev score during fine-tuning") if tuned else None,
        "dev_test": embedded("devtest", dev_test_chart(tested, marks), "Dev score against mean test score")
        if tested
        else None,
        "tunings": [row for label, curves in tuned.items() for row in tuning_rows(by_label[label], curves)],
        "cells": cell_counts(inputs.runs),
    }


def absent(inputs: Inputs, comparisons: Sequence[SystemComparison]) -> list[str]:
    """What a whole report has and this one lacks, in sentences."""
    runs = [run for run in inputs.runs if run.is_run]
    said = [sentence for run in runs for sentence in _absent_in(run, alone=len(inputs.runs) == 1)]
    for run in inputs.runs:
        if run.evaluation is not None and run.scores is not None:
            lacking = unlisted_cells(run.evaluation, run.scores)
            said += [f"The table of scores of {run.name} {LACKING.format(len(lacking))}."] if lacking else []
    if inputs.baseline is None and not inputs.single:
        said.append("There is nothing to compare: the report is about one model.")
    if inputs.models and not comparisons:
        said.append("No model has been evaluated yet: there are no scores.")
    said += [
        f"No language was scored on {comparison.label} for every encoder, so it is not shown."
        for comparison in comparisons
        if not comparison.shared
    ]
    waiting = [model.label for model in inputs.models if model.conditioning is None and not model.lacks_weights]
    if waiting:
        said.append(f"Not exported yet: {', '.join(waiting)}.")
    if left_out := [model.label for model in inputs.models if model.lacks_weights]:
        said.append(f"This is a copy without weights, so what vectors know is not computed: {', '.join(left_out)}.")
    return said


def _absent_in(run: Run, *, alone: bool) -> list[str]:
    variants, said = {model.variant for model in run.models}, []
    if not run.models:
        said.append("No model has been trained yet.")
    elif alone and "none" not in variants:
        said.append("There is no baseline (variant none), so nothing shows what the vectors bring.")
    elif alone and variants == {"none"}:
        said.append("Only the baseline was trained, so there are no language vectors and there is no comparison.")
    if run.manifest is None:
        said.append("The folder holds no prepared rows, so nothing is said about the training text.")
    if run.models and run.recipe.get("model", {}).get("init") and START not in run.model_names.values():
        said.append("The encoder that the trainings continue from was not scored, so nothing shows what they forgot.")
    said += [f"{str(each)[0].upper()}{str(each)[1:]}." for each in read_unmade(run.folder)]
    return said if alone else [f"{run.name}: {sentence}" for sentence in said]
