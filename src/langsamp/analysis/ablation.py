"""Variants side by side: what each table, the placement and the ids themselves bring (paper, section 5.1, Table 2)."""

from collections.abc import Collection, Iterator, Sequence
from itertools import chain
from typing import Any, NamedTuple

import pandas as pd

from langsamp.analysis.ablation_findings import findings
from langsamp.analysis.analysis import lines_of
from langsamp.analysis.variant_analyses import AblationAnalysis
from langsamp.analysis.variants_record import Contrast, VariantMean
from langsamp.errors import UserError
from langsamp.model.variants import training_of
from langsamp.scores.columns import Columns, columns_of, only, shared_languages
from langsamp.scores.comparability import listed
from langsamp.scores.comparison import Comparison
from langsamp.scores.reading import read_runs
from langsamp.scores.side_by_side import NUMBERS, compared, comparison_notes, difference_rows, means, with_verdicts

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
_WAY = ("task", "protocol", "source", "metric", "layer", "selection", "precision", "settings", "training")


_DIFFERENCE = ["label", "group", *NUMBERS]
_CONTRAST = ["contrast", "first", "second", "group", *NUMBERS]


class _Found(NamedTuple):
    """What one task, scored in one way, shows."""

    rows: pd.DataFrame
    contrasts: pd.DataFrame
    notes: list[str]


def analyse_ablation(runs: Sequence[str], *, seed: int = 0) -> AblationAnalysis:
    """The variants of one run, or of several that `scores.reading.read_runs` reads, on each task and group.

    Per cent and points. Only languages that every variant has are counted, and only models that are trainings of a
    variant; trainings of one variant stand together. The same scores and `seed` (of the bootstrap) give the same.

    Raises:
        DataMissingError: where there are no scores.
        UserError: where no model is a training of a variant.
    """
    scores = read_runs(runs)
    is_training = scores["model_name"].map(lambda name: training_of(name) is not None)
    if not is_training.any():
        raise UserError(
            f"no variant among the models of {', '.join(runs)} ({listed(sorted(set(scores['model_name'])))}): expected "
            "names like none-0 and both-0, as `langsamp run` gives them"
        )
    ways = list(_ways(scores[is_training]))
    results = [_analyse_way(label, rows, seed=seed) for label, rows in ways]
    rows = with_verdicts(pd.concat([each.rows for each in results], ignore_index=True))
    contrasts = with_verdicts(pd.concat([each.contrasts for each in results], ignore_index=True))
    present = {variant.rpartition(":")[2] for variant in rows["variant"]}
    missing = [variant for variant in EXPECTED if variant not in present]
    others = sorted(set(scores.loc[~is_training, "model_name"]))
    notes = [f"No variant, left out: {listed(others)}."] if others else []
    alone = sorted(set(scores.loc[is_training, "task"]) - {task for _, rows in ways for task in rows["task"]})
    notes += [f"Scored for one variant only, left out: {listed(alone)}."] if alone else []
    return AblationAnalysis(
        subject=", ".join(runs),
        settings={"runs": list(runs), "models": _fingerprints(scores[is_training]), "seed": seed},
        sentences=tuple(findings(rows, contrasts, missing=missing)),
        notes=tuple(dict.fromkeys([*notes, *chain.from_iterable(each.notes for each in results)])),
        variants=tuple(dict.fromkeys(rows["variant"])),
        missing=tuple(missing),
        ablation=lines_of(VariantMean, rows),
        contrasts=lines_of(Contrast, contrasts),
    )


def _ways(scores: pd.DataFrame) -> Iterator[tuple[str, pd.DataFrame]]:
    """The main scores of each task and way of scoring, with a label that tells them apart.

    Ways in which one variant alone was scored have nothing to set side by side: they are left out beside others.
    """
    main = scores[scores["main"].eq(True)]
    every = list(main.groupby(list(_WAY), dropna=False, sort=False))
    ways = [(key, rows) for key, rows in every if rows["model_name"].map(_variant).nunique() > 1] or every
    for key, rows in ways:
        apart = [
            f"{name} {key[number]}"
            for number, name in enumerate(_WAY)
            if len({str(other[number]) for other, _ in ways if other[0] == key[0]}) > 1
        ]
        yield f"{key[0]} ({', '.join(apart)})" if apart else str(key[0]), rows


def _variant(model_name: str) -> str:
    training = training_of(model_name)
    return training.side if training else model_name


def _analyse_way(label: str, rows: pd.DataFrame, *, seed: int) -> _Found:
    columns, notes = _shared(label, rows)
    label_of = {columns.variants[name]: name for name in columns.labels}
    group_rows = means(columns, ("paper",)).assign(task=label)
    differences_of: dict[tuple[str, str], Comparison] = {}

    def differences(first: str, second: str) -> list[dict[str, Any]]:
        names = (label_of[first], label_of[second])
        if names not in differences_of and (rows := compared(columns, *names, by=("paper",), seed=seed)) is not None:
            differences_of[names] = rows
        return difference_rows(differences_of[names]) if names in differences_of else []

    against = [
        {**row, "label": label_of[variant]}
        for variant in label_of
        for baseline in _baselines(variant, label_of)
        for row in differences(baseline, variant)
    ]
    contrasts = [
        {**row, "contrast": contrast, "first": first, "second": second}
        for contrast, first, second in _pairs(
            label_of, group_rows.assign(variant=group_rows["label"].map(columns.variants))
        )
        for row in differences(first, second)
        if contrast != BEST or row["group"] == "all"
    ]
    group_rows = group_rows.merge(pd.DataFrame(against, columns=_DIFFERENCE), how="left", on=["label", "group"])
    group_rows.insert(1, "variant", group_rows["label"].map(columns.variants))
    best = group_rows["mean"] == group_rows.groupby("group")["mean"].transform("max")
    return _Found(
        rows=group_rows.rename(columns={"label": "name"}).assign(is_best=best),
        contrasts=pd.DataFrame(contrasts, columns=_CONTRAST).assign(task=label),
        notes=[*notes, *columns.notes, *comparison_notes(differences_of.values())],
    )


def _shared(label: str, rows: pd.DataFrame) -> tuple[Columns, list[str]]:
    """The columns of the variants over what all of them were scored on, and what is left out for it."""
    texts = rows.groupby(["tag", "seed"])["revision"].nunique()
    differing = sorted(set(texts[texts > 1].index.get_level_values("tag")))
    notes = [f"{label}: scored on different texts, left out: {listed(differing)}."] if differing else []
    columns = columns_of(rows[~rows["tag"].isin(differing)])
    twins = [name for name in columns.labels if name not in columns.variants]
    if twins:
        notes.append(f"{label}: several models of one name, left out: {listed(twins)}.")
        columns = only(columns, list(columns.variants))
    return shared_languages(columns), notes


def _baselines(variant: str, present: Collection[str]) -> list[str]:
    """The baseline that a variant is compared with, that of its own place if it is there; none for the baseline."""
    prefix, colon, name = variant.rpartition(":")
    names = [each for each in (f"{prefix}{colon}none", "none") if each in present]
    return names[:1] if name != "none" else []


def _pairs(present: Collection[str], group_rows: pd.DataFrame) -> list[tuple[str, str, str]]:
    """The contrasts that can be made: which, first and second."""
    places = dict.fromkeys(variant[: variant.rfind(":") + 1] for variant in present)
    pairs = [
        (contrast, prefix + first, prefix + second)
        for prefix in places
        for contrast, (first, second) in CONTRASTS.items()
        if {prefix + first, prefix + second} <= set(present)
    ]
    ranked = (
        group_rows[group_rows["group"] == "all"].sort_values("mean", ascending=False, kind="stable")["variant"].tolist()
    )
    return [*pairs, (BEST, ranked[1], ranked[0])] if len(ranked) > 1 else pairs


def _fingerprints(scores: pd.DataFrame) -> dict[str, str]:
    pairs = scores[["model_name", "model"]].drop_duplicates()
    return {str(name): str(model) for name, model in pairs.itertuples(index=False)}
