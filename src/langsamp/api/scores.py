"""Scores from Python: make them, compare models, lay them out as the paper does, write the report."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from langsamp.analysis.ablation import analyse_ablation
from langsamp.analysis.families import analyse_families
from langsamp.api.given import model_folders, path, words
from langsamp.api.result import Result, readable
from langsamp.errors import checked
from langsamp.evaluation.config import EvaluationConfig
from langsamp.evaluation.run import evaluate as run_evaluation
from langsamp.remote.session import takes_addresses
from langsamp.reporting.page import write_report
from langsamp.scores.comparison import compare as compare_sides
from langsamp.scores.reading import read_runs
from langsamp.scores.systems import open_pair
from langsamp.views.comparison_text import comparison_document
from langsamp.views.paper_tables.make import paper_table
from langsamp.views.score_lines import score_tables
from langsamp.views.variants_text import ablation_document, family_document

if TYPE_CHECKING:
    from concurrent.futures import Executor

    from transformers import PreTrainedModel, PreTrainedTokenizerBase


@takes_addresses
def evaluate(
    models: "str | Path | PreTrainedModel | Sequence[str | Path | PreTrainedModel]",
    tasks: str | Sequence[str] = ("sr-cldr",),
    *,
    data: str | Path | None = None,
    languages: str = "all",
    out: str | Path = "runs/evaluation",
    tokenizer: "PreTrainedTokenizerBase | None" = None,
    device: str | None = None,
    executor: "Executor | None" = None,
    **settings: Any,
) -> Result:
    """Score one encoder or several: folders, hub ids, or models in memory with their `tokenizer`.

    The workers of `executor`, such as a Dask client's, score the cells where there is one. `settings` are the other
    fields of `EvaluationConfig` (`protocol`, `seeds`, `layer`, ...). What is scored in `out` already is not scored
    again. The result's `data` is the tidy table, in per cent.

    Raises:
        DataMissingError: where a task's data are absent.
        UserError: for a wrong setting, and as `evaluation.run.evaluate`. What goes wrong with one model or language is
            a line of the result.
    """
    content = {"tasks": words(tasks), "data": data, "languages": languages, **settings}
    config = checked(EvaluationConfig, content)
    folder = path(out)
    with model_folders(models, tokenizer) as (folders, names):
        done = run_evaluation(folders, config, folder, device=device, names=names or None, executor=executor)
    lines = tuple(f"failed: {failure}" for failure in done.failures)
    return Result(title="", tables=readable(score_tables(done.scores)), lines=lines, data=done.scores, folder=folder)


@takes_addresses
def compare(
    a: str | Path,
    b: str | Path,
    *,
    by: str | Sequence[str] = ("paper",),
    metrics: Mapping[str, str] | None = None,
    allow_mixed: bool = False,
) -> Result:
    """`b` against `a` on the languages that both have: differences b - a in points, intervals, tests, counts.

    Each is a run with one model, `RUN:MODEL` (`runs/mine:none` means all trainings of the variant), an evaluation's
    folder or `paper:baseline` and the like. The result's `data` is the `Comparison`.

    Raises:
        DataMissingError: where there are no scores, or none that both have.
        UserError: where a name is unclear, both are one model's scores, or they were made in different ways and
            `allow_mixed` is not set.
    """
    comparison = compare_sides(
        *open_pair(*words([a, b])), by=words(by), metrics=dict(metrics or {}), allow_mixed=allow_mixed
    )
    return Result.of(comparison_document(comparison), comparison)


@takes_addresses
def ablation(*runs: str | Path, seed: int = 0) -> Result:
    """All variants of some runs side by side, as the paper's Table 2: tables, placement, ids; `data` is the analysis.

    Raises:
        DataMissingError: where there are no scores.
        UserError: where no model is a training of a variant.
    """
    analysis = analyse_ablation(words(runs), seed=seed)
    return Result.of(ablation_document(analysis), analysis)


@takes_addresses
def families(*runs: str | Path, source: str = "eng_Latn", seed: int = 0) -> Result:
    """Scores by language family, as the paper's Table 6, with differences where there are two models.

    Raises:
        DataMissingError: where there are no scores, or no language that all models have.
        UserError: where no score is from `source`.
    """
    analysis = analyse_families(words(runs), source=source, seed=seed)
    return Result.of(family_document(analysis), analysis)


@takes_addresses
def table(number: int, *runs: str | Path, **options: Any) -> Result:
    """Scores of runs in the layout of the paper's Table `number`, 1 to 19; `options` as in `paper_table`.

    The result's `data` is the `PaperTable`; `views.paper_tables.writers` writes it as Markdown, LaTeX, CSV or HTML.

    Raises:
        UserError: for a table or an option that there is not, and scores that do not fit it.
    """
    if options.get("tasks"):
        options["tasks"] = words(options["tasks"])
    table = paper_table(number, read_runs(words(runs)), **options)
    return Result(title=f"Table {number}. {table.caption}", tables={"": table.tidy}, lines=table.notes, data=table)


@takes_addresses
def report(
    *inputs: str | Path,
    out: str | Path | None = None,
    title: str | None = None,
    baseline: str | None = None,
    redact_text: bool = False,
) -> Path:
    """One offline page about runs, evaluations and published models; where it was written.

    Raises:
        DataMissingError: where an input has no scores.
        UserError: for inputs that are not what they should be.
    """
    page = path(out) if out is not None else None
    return write_report(*words(inputs), out=page, title=title, baseline=baseline, redact_text=redact_text)
