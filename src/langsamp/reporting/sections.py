"""What each part of the page shows, as plain values: the template prints them and decides nothing."""

from collections.abc import Mapping, Sequence
from typing import NamedTuple

import pandas as pd

from langsamp.data.findings import judge_manifest, odd_sentences, overlap_sentences, sentences
from langsamp.data.rows import TagRows
from langsamp.languages.table import LanguageInfo
from langsamp.reporting.inputs.combined import Inputs
from langsamp.reporting.inputs.comparisons import SystemComparison
from langsamp.reporting.inputs.run_folder import Model, Run
from langsamp.training.reading_log import HeldOutLine
from langsamp.views.appearance import side_name
from langsamp.views.names import known


class LanguageRow(NamedTuple):
    """One line of the table of all languages in one comparison."""

    language: LanguageInfo
    rows_seen: int | None
    items: int | None
    means: Mapping[str, float]
    """By side."""
    differences: Mapping[str, float]
    """To the baseline by side, in points."""
    layer0: float | None
    ngram: float | None


class TrainingRow(NamedTuple):
    """One line of the table of models."""

    model: Model
    steps: int | None
    loss: float | None
    """Mean of the last tenth of the training log."""
    held_out: HeldOutLine | None
    tokens_per_second: float | None
    data_wait: float | None
    seconds: float | None


class DataRow(NamedTuple):
    """One line of the table of training text."""

    language: LanguageInfo
    counts: TagRows
    remarks: Sequence[str] = ()
    """What is wrong with its figures, and what it shares with test sets, in a few words each."""


def all_tags(inputs: Inputs) -> list[str]:
    """Every tag that a run prepared, trained on or that was scored, in alphabetical order."""
    tags: set[str] = {tag for run in inputs.runs if run.manifest for tag in run.manifest.tags}
    for model in inputs.models:
        if model.conditioning is not None:
            tags |= {str(tag) for tag, rows in model.conditioning.rows_seen.items() if rows > 0}
    if inputs.scores is not None:
        tags |= set(inputs.scores.tag)
    return sorted(tags)


def model_summary(models: Sequence[Model]) -> str:
    """The models in a few words, e.g. `Baseline (seeds 0, 1), LangSAMP (seed 0)`."""
    seeds: dict[str, list[str]] = {}
    for model in models:
        seeds.setdefault(side_name(model.side), []).append(str(model.seed))
    return ", ".join(f"{name} (seed{'s' * (len(numbers) > 1)} {', '.join(numbers)})" for name, numbers in seeds.items())


def rows_seen(models: Sequence[Model]) -> dict[str, int]:
    """Training rows by tag, of the first exported model that has vectors; the sampling is the same for a whole run."""
    with_rows = [model.conditioning for model in models if model.conditioning is not None]
    with_vectors = [tables for tables in with_rows if tables.language is not None or tables.script is not None]
    chosen = next(iter(with_vectors or with_rows), None)
    return {str(tag): rows for tag, rows in chosen.rows_seen.items()} if chosen is not None else {}


class TaskScores(NamedTuple):
    """What one language got in one comparison."""

    means: Mapping[str, float]
    """By side, per cent."""
    differences: Mapping[str, float]
    """To the baseline by side, in points."""


class OverviewRow(NamedTuple):
    """One line of the table of all languages over all comparisons."""

    language: LanguageInfo
    rows_seen: int | None
    tasks: Sequence[TaskScores]
    """By comparison; empty where not scored."""


def overview_rows(
    comparisons: Sequence[SystemComparison], tags: Sequence[str], *, seen: Mapping[str, int]
) -> list[OverviewRow]:
    """One line for every tag, scored or not, with what it got in each comparison."""
    tables = [_scores_by_tag(comparison) for comparison in comparisons]
    nothing = TaskScores({}, {})
    return [OverviewRow(known(tag), seen.get(tag), [table.get(tag, nothing) for table in tables]) for tag in tags]


def exact_scores(comparisons: Sequence[SystemComparison]) -> dict[str, list[list[float | None]]]:
    """By tag, comparison and side (in its order) the score to three decimals, from which the page takes differences."""
    tables = [_scores_by_tag(comparison) for comparison in comparisons]
    tags = sorted({tag for table in tables for tag in table})
    nothing = TaskScores({}, {})
    scores: dict[str, list[list[float | None]]] = {}
    for tag in tags:
        means = [table.get(tag, nothing).means for table in tables]
        scores[tag] = [
            [round(mine[side], 3) if side in mine else None for side in comparison.sides]
            for comparison, mine in zip(comparisons, means, strict=True)
        ]
    return scores


def language_rows(comparison: SystemComparison, tags: Sequence[str], *, seen: Mapping[str, int]) -> list[LanguageRow]:
    """One line for every tag, scored or not."""
    layer0, ngram = comparison.control("layer0", comparison.main or comparison.sides[0]), comparison.control("ngram")
    table, rows = _scores_by_tag(comparison), []
    for tag in tags:
        task_scores = table.get(tag, TaskScores({}, {}))
        items = _present(comparison.items, tag)
        rows.append(
            LanguageRow(
                language=known(tag),
                rows_seen=seen.get(tag),
                items=int(items) if items is not None else None,
                means=task_scores.means,
                differences=task_scores.differences,
                layer0=_present(layer0, tag),
                ngram=_present(ngram, tag),
            )
        )
    return rows


def _scores_by_tag(comparison: SystemComparison) -> dict[str, TaskScores]:
    means: dict[str, dict[str, float]] = {}
    for side in comparison.sides:
        for tag, value in comparison.means[side].dropna().items():
            means.setdefault(str(tag), {})[side] = float(value)
    others, baseline = comparison.others, str(comparison.baseline)
    return {
        tag: TaskScores(
            mean_of,
            {side: mean_of[side] - mean_of[baseline] for side in others if side in mean_of and baseline in mean_of},
        )
        for tag, mean_of in means.items()
    }


def training_rows(models: Sequence[Model]) -> list[TrainingRow]:
    """One line a model: where training ended and how fast it was."""
    rows = []
    for model in models:
        log, last = model.log.train, model.log.train[-1] if model.log.train else None
        tail = log[-max(1, len(log) // 10) :]
        rows.append(
            TrainingRow(
                model=model,
                steps=last.step if last else None,
                loss=sum(line.loss for line in tail) / len(tail) if tail else None,
                held_out=model.log.held_out[-1] if model.log.held_out else None,
                tokens_per_second=_median([line.tokens_per_second for line in log]),
                data_wait=_median([line.data_wait for line in log]),
                seconds=last.seconds if last else None,
            )
        )
    return rows


def data_rows(run: Run) -> tuple[list[DataRow], list[str]]:
    """One line a tag of the manifest, and the reasons for which documents were dropped."""
    if run.manifest is None:
        return [], []
    tags, remarks = run.manifest.tags, _remarks(run)
    reasons = sorted({reason for counts in tags.values() for reason in counts.dropped})
    rows = [DataRow(known(tag), counts, remarks.get(tag, ())) for tag, counts in sorted(tags.items())]
    return rows, reasons


def data_findings(run: Run) -> list[str]:
    """What the figures of the training text mean, in the words that preparing said."""
    said = []
    if run.manifest is not None:
        said = [*odd_sentences(run.manifest.notes, run.manifest.remarks), *sentences(judge_manifest(run.manifest))]
    overlap = run.overlap
    if overlap is not None:
        said += overlap_sentences(overlap.tags, dropped=overlap.dropped)
        if not overlap.tags:
            said.append(f"No document holds a test sentence of {', '.join(overlap.looked_for.sentences)}")
    return [f"{sentence}." for sentence in said]


def _remarks(run: Run) -> dict[str, list[str]]:
    remarks: dict[str, list[str]] = {}
    for finding in judge_manifest(run.manifest) if run.manifest is not None else ():
        remarks.setdefault(finding.tag, []).append(finding.kind)
    for tag, tasks in run.overlap.tags.items() if run.overlap is not None else ():
        for task, shared in tasks.items():
            verb = "dropped" if run.overlap is not None and run.overlap.dropped else "with test sentences"
            remarks.setdefault(tag, []).append(f"{shared.documents:,} documents {verb} ({task})")
    return remarks


def data_totals(run: Run) -> dict[str, int]:
    """Sums over tags of documents, tokens, rows and held-out rows."""
    tags = run.manifest.tags.values() if run.manifest else ()
    return {key: sum(getattr(counts, key) for counts in tags) for key in _TOTALS}


_TOTALS = ("documents", "tokens", "rows", "held_out_rows")


def _present(column: pd.Series, tag: str) -> float | None:
    value = column.get(tag)
    return None if value is None or pd.isna(value) else float(value)


def _median(values: Sequence[float | None]) -> float | None:
    present = sorted(value for value in values if value is not None)
    return present[len(present) // 2] if present else None
