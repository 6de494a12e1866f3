"""`report.html`: one file that shows a whole run, readable offline, by keyboard, on paper and without JavaScript."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup

from langsamp.artifacts import write_text
from langsamp.evaluation.tasks import TASKS
from langsamp.report import numbers
from langsamp.report.figures import Chart, Point, group_chart, loss_curves, score_scatter
from langsamp.report.palette import FAMILIES
from langsamp.report.run import VARIANTS, Model, Run, read_run
from langsamp.report.sections import (
    LanguageRow,
    all_tags,
    data_rows,
    data_totals,
    groups,
    known,
    language_rows,
    model_summary,
    rows_seen,
    training_rows,
)
from langsamp.report.svg import inline_svg
from langsamp.report.tables import Comparison, GroupRow, compare, group_rows
from langsamp.report.vectors import NEIGHBOURS, neighbour_rows, pictures, purity_rows
from langsamp.report.verdict import TaskVerdict, cards, held_out_sentence, task_verdict


class TaskSection(NamedTuple):
    """All that the page shows of one comparison."""

    comparison: Comparison
    measures: str
    verdict: TaskVerdict
    groups: Sequence[GroupRow]
    languages: Sequence[LanguageRow]
    group_picture: Markup
    scatter: Markup | None


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
    tags, seen = all_tags(run), rows_seen(run)
    metrics = {name: task.metric for name, task in TASKS.items()}
    found = compare(run.scores, metrics) if run.scores is not None else []
    comparisons = [comparison for comparison in found if comparison.shared]
    tasks = [_task_section(index, comparison, tags, seen) for index, comparison in enumerate(comparisons)]
    shown = _model_with_vectors(run.models)
    lines, reasons = data_rows(run)
    return {
        "run": run,
        "variants": VARIANTS,
        "tags": tags,
        "models": model_summary(run.models),
        "tasks": tasks,
        "cards": cards(run, comparisons),
        "held_out": held_out_sentence(run.models),
        "absent": absent(run, found),
        "plain_languages": language_rows(None, tags, seen=seen) if not tasks else [],
        "training": training_rows(run.models),
        "loss": _svg("loss", loss_curves(run.models), "Training and held-out loss by step for every model")
        if any(model.train or model.held_out for model in run.models)
        else None,
        "shown": shown,
        "pictures": _pictures(shown),
        "languages_near": neighbour_rows(shown.conditioning, "language") if shown and shown.conditioning else [],
        "scripts_near": neighbour_rows(shown.conditioning, "script") if shown and shown.conditioning else [],
        "purity": purity_rows(run.models),
        "neighbours": NEIGHBOURS,
        "data": lines,
        "reasons": reasons,
        "totals": data_totals(run),
        "failures": [
            (cell["cell"], tag, why) for cell in run.cells for tag, why in sorted(cell.get("failures", {}).items())
        ],
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
        f"No language was scored on {comparison.setting.task} for every encoder, so it is not shown."
        for comparison in comparisons
        if not comparison.shared
    ]
    waiting = [model.label for model in run.models if model.conditioning is None]
    if waiting:
        said.append(f"Not exported yet: {', '.join(waiting)}.")
    if run.manifest is None:
        said.append("The folder holds no prepared rows, so nothing is said about the training text.")
    return said


def _model_with_vectors(models: Sequence[Model]) -> Model | None:
    """The model whose vectors are shown: LangSAMP itself if it is there, the first seed."""
    able = [
        model for model in models
        if model.conditioning and (model.conditioning.language is not None or model.conditioning.script is not None)
    ]  # fmt: skip
    return next((model for model in able if model.variant == "both"), able[0] if able else None)


def _task_section(index: int, comparison: Comparison, tags: Sequence[str], seen: Mapping[str, int]) -> TaskSection:
    lines = group_rows(comparison, groups(comparison.shared))
    layer0 = ("layer0", comparison.main or comparison.variants[0])
    controls = {layer0: "control: layer 0", ("ngram", comparison.variants[0]): "control: n-grams"}
    controls = {key: name for key, name in controls.items() if key in lines[0].controls}
    task = comparison.setting.task
    chart = group_chart(lines, variants=comparison.variants, controls=controls)
    return TaskSection(
        comparison=comparison,
        measures=TASKS[task].measures,
        verdict=task_verdict(comparison),
        groups=lines,
        languages=language_rows(comparison, tags, seen=seen),
        group_picture=_svg(f"groups{index}", chart, f"{task}: mean score of each group of languages"),
        scatter=_scatter(index, comparison),
    )


def _scatter(index: int, comparison: Comparison) -> Markup | None:
    main = comparison.main
    if main is None or "none" not in comparison.variants:
        return None
    means = comparison.means.loc[comparison.shared]
    points, names = [], {}
    for tag, before, after in zip(means.index, means["none"], means[main], strict=True):
        language = known(str(tag))
        family = language.family or ""
        names[family] = language.family_name or "no known family"
        points.append(
            Point(
                x=float(before), y=float(after), label=str(tag).partition("_")[0],
                title=f"{language.name} ({tag}): {numbers.score(before)} to {numbers.score(after)}",
                group=family, weight=abs(float(after - before)),
            )
        )  # fmt: skip
    labels = ("Baseline, per cent", f"{VARIANTS.get(main, main)}, per cent")
    chart = score_scatter(points, marks=FAMILIES, names=names, axis_labels=labels, gid=f"scatter{index}")
    return _svg(
        f"scatter{index}", chart, f"{labels[1]} against baseline, one dot a language; the table has every value"
    )


def _pictures(model: Model | None) -> Mapping[str, Markup]:
    if model is None or model.conditioning is None:
        return {}
    summaries = {
        "languages-family": "Language vectors on two principal components, coloured by family",
        "languages-script": "Language vectors on two principal components, coloured by script",
        "scripts": "Script vectors on two principal components",
    }
    return {name: _svg(name, chart, summaries[name]) for name, chart in pictures(model.conditioning)}


def _svg(name: str, chart: Chart, summary: str) -> Markup:
    return Markup(inline_svg(chart.figure, name=name, summary=summary, titles=chart.titles))  # its texts are escaped
