"""What each part of the page shows, as plain values: the template prints them and decides nothing."""

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import pandas as pd

from langsamp.languages.table import LanguageInfo, describe
from langsamp.languages.tags import LangScript
from langsamp.report.groups import tone
from langsamp.report.run import VARIANTS, Model, Run
from langsamp.report.tables import Comparison


class LanguageRow(NamedTuple):
    """One line of the table of all languages in one comparison."""

    language: LanguageInfo
    rows_seen: int | None
    items: int | None
    means: Mapping[str, float]
    difference: float | None
    """Of the main variant to the baseline, in points."""
    layer0: float | None
    ngram: float | None

    @property
    def tone(self) -> str:
        """`better`, `worse` or empty."""
        return tone(self.difference)


class TrainingRow(NamedTuple):
    """One line of the table of models."""

    model: Model
    steps: int | None
    loss: float | None
    """Mean of the last tenth of the training log."""
    held_out: Mapping[str, Any]
    tokens_per_second: float | None
    data_wait: float | None
    seconds: float | None


class DataRow(NamedTuple):
    """One line of the table of training text."""

    language: LanguageInfo
    counts: Mapping[str, Any]
    dropped: Mapping[str, int]


def known(tag: str) -> LanguageInfo:
    """What the language table says of a tag written as `deu_Latn`."""
    return describe(LangScript.parse(tag))


def all_tags(run: Run) -> list[str]:
    """Every tag that the run prepared, trained on or scored, in alphabetical order."""
    tags: set[str] = set(run.manifest["tags"]) if run.manifest else set()
    for model in run.models:
        if model.conditioning is not None:
            tags |= {str(tag) for tag, rows in model.conditioning.rows_seen.items() if rows > 0}
    if run.scores is not None:
        tags |= set(run.scores["tag"])
    return sorted(tags)


def model_summary(models: Sequence[Model]) -> str:
    """The models in a few words, e.g. `Baseline (seeds 0, 1), LangSAMP (seed 0)`."""
    seeds: dict[str, list[str]] = {}
    for model in models:
        seeds.setdefault(VARIANTS.get(model.variant, model.variant), []).append(str(model.seed))
    return ", ".join(f"{name} (seed{'s' * (len(found) > 1)} {', '.join(found)})" for name, found in seeds.items())


def rows_seen(run: Run) -> dict[str, int]:
    """Training rows by tag, of the first exported model that has vectors; the sampling is the same for all."""
    with_rows = [model.conditioning for model in run.models if model.conditioning is not None]
    with_vectors = [found for found in with_rows if found.language is not None or found.script is not None]
    chosen = next(iter(with_vectors or with_rows), None)
    return {str(tag): rows for tag, rows in chosen.rows_seen.items()} if chosen is not None else {}


class OverviewRow(NamedTuple):
    """One line of the table of all languages over all comparisons."""

    language: LanguageInfo
    rows_seen: int | None
    scores: Sequence[float | None]
    """Of the main variant (of the only one where there is one), by comparison; None where not scored."""
    differences: Sequence[float | None]
    """To the baseline, in points."""

    @property
    def tones(self) -> list[str]:
        """`better`, `worse` or empty, by comparison."""
        return [tone(difference) for difference in self.differences]


def overview_rows(
    comparisons: Sequence[Comparison], tags: Sequence[str], *, seen: Mapping[str, int]
) -> list[OverviewRow]:
    """One line for every tag, scored or not, with what it got in each comparison."""
    columns = [comparison.means[comparison.main or comparison.variants[0]] for comparison in comparisons]
    differences = [_difference(comparison) for comparison in comparisons]
    return [
        OverviewRow(
            known(tag), seen.get(tag), [_present(c, tag) for c in columns], [_present(d, tag) for d in differences]
        )
        for tag in tags
    ]


def language_rows(comparison: Comparison, tags: Sequence[str], *, seen: Mapping[str, int]) -> list[LanguageRow]:
    """One line for every tag, scored or not."""
    means, main = comparison.means, comparison.main
    layer0, ngram = comparison.control("layer0", main or comparison.variants[0]), comparison.control("ngram")
    differences = _difference(comparison)
    rows = []
    for tag in tags:
        rows.append(
            LanguageRow(
                language=known(tag),
                rows_seen=seen.get(tag),
                items=int(items) if (items := _present(comparison.items, tag)) is not None else None,
                means={
                    name: value for name in comparison.variants if (value := _present(means[name], tag)) is not None
                },
                difference=_present(differences, tag),
                layer0=_present(layer0, tag),
                ngram=_present(ngram, tag),
            )
        )
    return rows


def training_rows(models: Sequence[Model]) -> list[TrainingRow]:
    """One line a model: where training ended and how fast it was."""
    rows = []
    for model in models:
        log, last = model.train, model.train[-1] if model.train else {}
        tail = log[-max(1, len(log) // 10) :] if log else ()
        rows.append(
            TrainingRow(
                model=model,
                steps=last.get("step"),
                loss=sum(record["loss"] for record in tail) / len(tail) if tail else None,
                held_out=model.held_out[-1] if model.held_out else {},
                tokens_per_second=_median([record.get("tokens_per_second") for record in log]),
                data_wait=_median([record.get("data_wait") for record in log]),
                seconds=last.get("seconds"),
            )
        )
    return rows


def data_rows(run: Run) -> tuple[list[DataRow], list[str]]:
    """One line a tag of the manifest, and the reasons for which documents were dropped."""
    if run.manifest is None:
        return [], []
    tags: Mapping[str, Mapping[str, Any]] = run.manifest["tags"]
    reasons = sorted({reason for counts in tags.values() for reason in counts.get("dropped", {})})
    return [DataRow(known(tag), counts, counts.get("dropped", {})) for tag, counts in sorted(tags.items())], reasons


def data_totals(run: Run) -> dict[str, int]:
    """Sums over tags of documents, tokens, rows and held-out rows."""
    tags = run.manifest["tags"].values() if run.manifest else ()
    return {key: sum(counts.get(key, 0) for counts in tags) for key in ("documents", "tokens", "rows", "held_out_rows")}


def _difference(comparison: Comparison) -> pd.Series:
    """The main variant's lead over the baseline by tag, in points; empty where there are not both."""
    means, main = comparison.means, comparison.main
    return means[main] - means["none"] if main and "none" in means.columns else pd.Series(dtype=float)


def _present(column: pd.Series, tag: str) -> float | None:
    value = column.get(tag)
    return None if value is None or pd.isna(value) else float(value)


def _median(values: Sequence[float | None]) -> float | None:
    present = sorted(value for value in values if value is not None)
    return present[len(present) // 2] if present else None
