"""The tables of one study in Markdown, made from what `study_results.py` has stored of it."""

import json
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any

import pandas as pd

from langsamp.analysis.ablation import analyse_ablation
from langsamp.analysis.neutrality.record import EDIT_NAMES
from langsamp.analysis.variants_record import VariantMean
from langsamp.evaluation.tasks.readers.formats.parallel import ENGLISH
from langsamp.model.variants import DISPLAY_NAMES, VARIANTS, training_of
from langsamp.render.numbers import ABSENT, cosine, decimals, probability, score, share, signed, with_ends
from langsamp.views.transfer import ROLE_NAMES

ABOUT = "about.json"
"""Versions, machine and losses of a study."""
GROUPS = ("tail", "head", "all")
CONTROLS = {"chance": "chance", "ngram": "character n-grams", "layer0": "embedding layer"}
STATISTICS = (
    "purity family", "purity family within scripts", "mantel tree distance", "mantel geographic distance",
    "mantel rows seen",
)  # fmt: skip
"""Of those about language vectors, what the tables show."""


def study(folder: Path) -> Iterator[str]:
    """The tables of one study in Markdown, each with a heading or sentence before it."""
    about = json.loads((folder / ABOUT).read_text(encoding="utf-8"))
    yield f"## The study `{folder.name}`"
    versions = ", ".join(f"{name} {about['versions'][name]}" for name in ("torch", "transformers"))
    yield (
        f"{len(about['trainings'])} trainings, finished {str(about['finished'])[:10]} with {versions}. Scores in per "
        "cent, differences to the baseline in points, brackets: 95 % over language families and trainings."
    )
    yield from _scores(folder)
    yield "Held-out text, bits per byte, mean over trainings (lowest to highest):"
    yield _held_out(about["trainings"])
    for make in (_controls, _neutrality, _vectors, _donors):
        yield from make(folder)


def _scores(folder: Path) -> Iterator[str]:
    analysis = analyse_ablation([str(folder)])
    names = {line.variant: line.name for line in analysis.ablation}
    for group in GROUPS:
        lines = {(line.task, line.variant): line for line in analysis.ablation if line.group == group}
        tasks = dict.fromkeys(task for task, _ in lines)
        rows = [[task, *(_mean(lines.get((task, variant))) for variant in names)] for task in tasks]
        if rows:
            yield f"Scores, {group} languages:"
            yield markdown(["task", *names.values()], rows)
    yield "\n".join(f"- {sentence}" for sentence in analysis.sentences)


def _mean(line: VariantMean | None) -> str:
    """A mean over languages and, but for the baseline, its difference to that."""
    if line is None:
        return ABSENT
    difference = "" if line.difference != line.difference else with_ends(line.difference, line.low, line.high, signed)
    return ", ".join(filter(None, (score(line.mean), difference)))


def _controls(folder: Path) -> Iterator[str]:
    scores = pd.read_parquet(folder / "scores.parquet")
    scores = scores[scores["source"].eq(str(ENGLISH))]  # a study of donors has scores from others, too
    values = scores.groupby(["task", "metric"])["value"].mean()
    mains = scores[scores["main"].eq(True)].groupby("task", sort=False)["metric"].first()
    rows = [
        [str(task), *(score(values.get((task, f"{control}_{metric}"))) for control in CONTROLS)]
        for task, metric in mains.items()
        if any((task, f"{control}_{metric}") in values.index for control in CONTROLS)
    ]
    if rows:
        yield "What a score must beat, mean over the same languages (the embedding layer's over all models, too):"
        yield markdown(["task", *CONTROLS.values()], rows)


def _held_out(trainings: Sequence[dict[str, Any]]) -> str:
    table = pd.DataFrame(trainings)
    table["variant"] = [side_of(name) for name in table["name"]]
    by_variant = table.groupby("variant")["held_out_bits_per_byte"].agg(["mean", "min", "max"])
    rows = [
        [DISPLAY_NAMES[variant], f"{decimals(line['mean'])} ({decimals(line['min'])} to {decimals(line['max'])})"]
        for variant, line in ((name, by_variant.loc[name]) for name in VARIANTS if name in by_variant.index)
    ]
    return markdown(["variant", "bits per byte"], rows)


def _neutrality(folder: Path) -> Iterator[str]:
    table = stored(folder, "post_hoc")
    if table is None or table.empty:
        return
    table = table.assign(variant=[side_of(model) for model in table["model"]])
    rows = []
    for (text, variant, edit), lines in table.groupby(["text", "variant", "edit"], sort=False):
        mean = lines.mean(numeric_only=True)
        told = [f"{share(mean[f'{of}_probe'])} ({share(mean[f'{of}_chance'])})" for of in ("language", "script")]
        near = f"{share(mean['retrieval'])} ({share(mean['retrieval_chance'])})"
        rows.append(
            [text, DISPLAY_NAMES.get(variant, variant), EDIT_NAMES[edit], decimals(mean["parallel"]),
             decimals(mean["raw_gap"]), *told, near]
        )  # fmt: skip
    layer = int(table["layer"].iloc[0])
    yield f"Neutrality at layer {layer}, mean over trainings (brackets: chance), and what edits without training give:"
    names = ["text", "variant", "vectors", "centred cosine", "raw gap", "language told", "script told", "nearest"]
    yield markdown(names, rows)


def _vectors(folder: Path) -> Iterator[str]:
    table = stored(folder, "vectors")
    if table is None:
        return
    table = table[(table["table"] == "language") & table["statistic"].isin(STATISTICS)]
    table = table.assign(variant=[side_of(model) for model in table["model"]])
    rows = [
        [DISPLAY_NAMES.get(str(variant), str(variant)), str(statistic),
         f"{cosine(lines['observed'].mean())} ({cosine(lines['observed'].min())} to {cosine(lines['observed'].max())})",
         f"{cosine(lines['null_low'].mean())} to {cosine(lines['null_high'].mean())}",
         probability(lines["p_value"].max())]
        for (variant, statistic), lines in table.groupby(["variant", "statistic"], sort=False)
    ]  # fmt: skip
    yield "What the language vectors know, mean over trainings (lowest to highest), beside 95 % of shuffled labels:"
    yield markdown(["variant", "statistic", "observed", "shuffled", "highest p"], rows)


def _donors(folder: Path) -> Iterator[str]:
    table = stored(folder, "transfer")
    if table is None:
        return
    table = table[table["group"] == "all"]
    table = table.assign(variant=[side_of(model) for model in table["model"]])
    rows = [
        [str(task), DISPLAY_NAMES.get(str(variant), str(variant)), ROLE_NAMES[role], str(lines["languages"].iloc[0]),
         score(lines["score"].mean()), score(lines["regret"].mean()), cosine(lines["ndcg"].mean())]
        for (task, variant, role), lines in table.groupby(["task", "variant", "role"], sort=False)
    ]  # fmt: skip
    yield "Donors, mean over targets and trainings; regret: points behind the best in hindsight; NDCG: of the ranking:"
    yield markdown(["task", "vectors of", "source", "targets", "score", "regret", "NDCG"], rows)


def side_of(model: str) -> str:
    """The variant of which a model is a training; its name where it is none, as the start of a continued study."""
    training = training_of(model)
    return model if training is None else training.variant


def stored(folder: Path, name: str) -> pd.DataFrame | None:
    """A table of a study; None where it has none of the name."""
    path = folder / f"{name}.parquet"
    return pd.read_parquet(path) if path.is_file() else None


def markdown(names: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """A table in Markdown."""
    lines = [names, ["---"] * len(names), *rows]
    return "\n".join(f"| {' | '.join(cells)} |" for cells in lines)
