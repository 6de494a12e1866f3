"""`report.html`: one file that shows a whole run, readable offline, by keyboard, on paper and without JavaScript."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined

from langsamp.artifacts import write_text
from langsamp.evaluation.tasks import TASKS
from langsamp.report import numbers
from langsamp.report.analysis_sections import analysis_parts
from langsamp.report.cells import alias_uses, current_scores, failures, notes, tuning_rows, tunings
from langsamp.report.curves import dev_curves, loss_curves
from langsamp.report.figures import embedded
from langsamp.report.metrics import meanings
from langsamp.report.run import VARIANTS, Run, read_run
from langsamp.report.sections import (
    all_tags,
    data_rows,
    data_totals,
    model_summary,
    overview_rows,
    rows_seen,
    training_rows,
)
from langsamp.report.tables import Comparison, compare, not_compared
from langsamp.report.task_sections import task_sections
from langsamp.report.verdict import (
    cards,
    headline,
    held_out_sentence,
    significance,
    summary_rows,
)


def write_report(run: Path, out: Path | None = None) -> Path:
    """Write the report of a run folder and give its path: `out`, or `report.html` in the folder.

    What the run lacks (no evaluation, one model only) is named in the report instead of shown.

    Raises:
        DataMissingError: where `run` is no run folder.
        DamagedError: where a file in it cannot be read.
        UserError: where the report cannot be written.
    """
    target = out or run / "report.html"
    write_text(target, render(read_run(run)))
    return target


def render(run: Run) -> str:
    """The report as HTML text."""
    environment = Environment(
        loader=PackageLoader("langsamp.report"), autoescape=True, undefined=StrictUndefined, trim_blocks=True,
        lstrip_blocks=True,
    )  # fmt: skip
    for name in ("score", "signed", "whole", "share", "decimals", "duration"):
        environment.filters[name] = getattr(numbers, name)
    return environment.get_template("page.html").render(context(run))


def context(run: Run) -> Mapping[str, Any]:
    """Every value that the template prints, by name."""
    scores, replaced = current_scores(run)
    order = list(TASKS)
    found = compare(scores) if scores is not None else []
    found.sort(key=lambda each: order.index(each.setting.task) if each.setting.task in order else len(order))
    comparisons = [comparison for comparison in found if comparison.shared]
    tests = significance(scores, comparisons) if scores is not None else {}
    tags, seen = all_tags(run), rows_seen(run)
    tasks = task_sections(comparisons, tests, tags=tags, seen=seen)
    lines, reasons = data_rows(run)
    return {
        "run": run,
        "variants": VARIANTS,
        "tags": tags,
        "models": model_summary(run.models),
        "tasks": tasks,
        "headline": headline(comparisons, tests),
        "summary": summary_rows(comparisons, [task.groups[0] for task in tasks], tests),
        "shown_variants": _variants(comparisons),
        "meanings": meanings(comparisons),
        "cards": cards(run, comparisons),
        "held_out": held_out_sentence(run.models),
        "absent": [*absent(run, found), *not_compared(found), *replaced],
        "overview": overview_rows(comparisons, tags, seen=seen) if len(tasks) != 1 else [],
        "failures": failures(run),
        "notes": notes(run),
        "aliases": alias_uses(run),
        "data": lines,
        "reasons": reasons,
        "totals": data_totals(run),
        **_training_parts(run, comparisons),
        **analysis_parts(run),
    }


def _training_parts(run: Run, comparisons: Sequence[Comparison]) -> dict[str, Any]:
    tuned = {comparison.label: tunings(run, comparison) for comparison in comparisons}
    tuned = {label: found for label, found in tuned.items() if found}
    has_log = any(model.train or model.held_out for model in run.models)
    by_label = {comparison.label: comparison for comparison in comparisons}
    return {
        "training": training_rows(run.models),
        "loss": embedded("loss", loss_curves(run.models), "Training and held-out loss by step for every model")
        if has_log
        else None,
        "dev": embedded("dev", dev_curves(tuned), "Dev score during fine-tuning") if tuned else None,
        "tunings": [row for label, found in tuned.items() for row in tuning_rows(by_label[label], found)],
    }


def absent(run: Run, comparisons: Sequence[Comparison]) -> list[str]:
    """What a whole run has and this one lacks, in sentences."""
    variants = {model.variant for model in run.models}
    said = []
    if not run.models:
        said.append("No model has been trained yet.")
    elif "none" not in variants:
        said.append("There is no baseline (variant none), so nothing shows what the vectors bring.")
    elif variants == {"none"}:
        said.append("Only the baseline was trained, so there are no language vectors and there is no comparison.")
    if run.models and not comparisons:
        said.append("No model has been evaluated yet: there are no scores.")
    said += [
        f"No language was scored on {comparison.label} for every encoder, so it is not shown."
        for comparison in comparisons
        if not comparison.shared
    ]
    waiting = [model.label for model in run.models if model.conditioning is None]
    if waiting:
        said.append(f"Not exported yet: {', '.join(waiting)}.")
    if run.manifest is None:
        said.append("The folder holds no prepared rows, so nothing is said about the training text.")
    return said


def _variants(comparisons: Sequence[Comparison]) -> list[str]:
    """Every variant that some comparison has, baseline first."""
    present = {variant for comparison in comparisons for variant in comparison.variants}
    return [variant for variant in VARIANTS if variant in present] + sorted(present - VARIANTS.keys())
