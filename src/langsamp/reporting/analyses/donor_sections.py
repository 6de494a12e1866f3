"""The part of the page about donors: whom to transfer from, why, with what doubts; and what transfer really gave."""

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import pandas as pd

from langsamp.analysis.analysis import Analysis
from langsamp.languages.table import describe
from langsamp.languages.tags import LangScript
from langsamp.render.numbers import whole
from langsamp.reporting.analyses.records import records
from langsamp.views.donors_text import split_warnings

ALTERNATIVES = 3
"""So many donors after the first stand in the table."""

ROLES = {
    "english": "English",
    "closest": "Closest donor",
    "family": "Same-family donor",
    "random": "Random donor",
    "best": "Best in hindsight",
}
"""Ways to choose a donor, as the page calls them, in its order."""


class Donor(NamedTuple):
    """One candidate for a target."""

    tag: str
    name: str
    cosine: float | None
    reasons: Sequence[str]
    """What speaks for it, or tells how far away it is."""


class DonorRow(NamedTuple):
    """One target with its donors, the closest first."""

    target: str
    name: str
    rows: int
    chosen: Donor
    others: Sequence[Donor]
    elsewhere: Sequence[str]
    """`model: donor` for each other model of the page that ranks another donor first."""
    warnings: Sequence[str]


class TransferRow(NamedTuple):
    """One way of choosing, over all groups of languages of one task and model."""

    role: str
    scores: Mapping[str, float]
    """By group; absent where no language of the group has such a donor."""
    regrets: Mapping[str, float]
    languages: Mapping[str, int]
    best: frozenset[str]
    """Groups in which no way but hindsight is better."""


class TransferTable(NamedTuple):
    """What transfer gave on one task with the donors of one model."""

    task: str
    model: str
    groups: Mapping[str, int]
    """Number of languages by group; a way of choosing may lack some of them."""
    rows: Sequence[TransferRow]
    sources: Sequence["SourceRow"]


class SourceRow(NamedTuple):
    """Scores of one target by way of choosing: source, score, and how many draws a mean is over."""

    target: str
    name: str
    by_role: Mapping[str, tuple[str, float, int]]


def donor_rows(shown: Analysis, others: Mapping[str, Analysis]) -> list[DonorRow]:
    """A line for each target of `shown`, by name; `others` are the rankings of other models by their names."""
    table = shown.tables["donors"].sort_values(["target", "rank"], kind="stable")
    elsewhere = {
        label: {line["target"]: line["donor"] for line in records(other.tables["donors"]) if line["rank"] == 1}
        for label, other in others.items()
    }
    rows = []
    for target, lines in table.groupby("target", sort=False):
        info = describe(LangScript.parse(str(target)))
        chosen, *rest = [_donor(line, info.name) for line in records(lines)]
        first = next(records(lines))
        differing = [
            f"{label}: {_name(donors_there[str(target)])}"
            for label, donors_there in elsewhere.items()
            if donors_there.get(str(target), chosen.tag) != chosen.tag
        ]
        rows.append(
            DonorRow(
                target=str(target), name=info.name, rows=int(first["target_rows"]), chosen=chosen,
                others=rest[:ALTERNATIVES], elsewhere=differing, warnings=split_warnings(first["warnings"]),
            )
        )  # fmt: skip
    return sorted(rows, key=lambda row: row.name.casefold())


def _donor(line: Mapping[str, Any], target: str) -> Donor:
    """A candidate; one with the target's own name, in another script, has its tag beside it."""
    reasons = []
    if line["same_family"]:
        edges = f", {line['tree_distance']:.0f} edges in the tree" if line["tree_distance"] is not None else ""
        reasons.append(f"same family{edges}")
    if line["same_script"]:
        reasons.append("same script")
    if line["kilometres"] is not None:
        reasons.append(f"{whole(line['kilometres'])} km")
    reasons.append(f"{whole(line['donor_rows'])} rows")
    name = _name(line["donor"])
    name = f"{name} ({line['donor']})" if name == target else name
    return Donor(tag=line["donor"], name=name, cosine=line["cosine"], reasons=reasons)


def _name(tag: str) -> str:
    return describe(LangScript.parse(tag)).name


def transfer_tables(analysis: Analysis, labels: Mapping[str, str]) -> list[TransferTable]:
    """A table for each task and model, in the order of the analysis; `labels` are readers' names of the models."""
    means, scores = analysis.tables["means"], analysis.tables["transfer"]
    tables = []
    for (task, model), lines in means.groupby(["task", "model"], sort=False):
        groups = {
            str(group): int(most) for group, most in lines.groupby("group", sort=False)["languages"].max().items()
        }
        model_scores = scores[(scores["task"] == task) & (scores["model"] == model)]
        tables.append(
            TransferTable(
                task=str(task),
                model=labels.get(str(model), str(model)),
                groups=groups,
                rows=_roles(lines),
                sources=_sources(model_scores),
            )
        )
    return tables


def _roles(means: pd.DataFrame) -> list[TransferRow]:
    rows = []
    real = means[means["role"] != "best"]
    top = real.groupby("group")["score"].max()
    for role, name in ROLES.items():
        lines = list(records(means[means["role"] == role]))
        if not lines:
            continue
        scores = {line["group"]: line["score"] for line in lines if line["score"] is not None}
        best = {group for group, score in scores.items() if role != "best" and score >= top[group] - 1e-9}
        rows.append(
            TransferRow(
                role=name, scores=scores, best=frozenset(best),
                regrets={line["group"]: line["regret"] for line in lines if line["regret"] is not None},
                languages={line["group"]: int(line["languages"]) for line in lines},
            )
        )  # fmt: skip
    return rows


def _sources(scores: pd.DataFrame) -> list[SourceRow]:
    rows = []
    for target, lines in scores.groupby("target", sort=False):
        info = describe(LangScript.parse(str(target)))
        by_role = {
            line["role"]: (line["source"] or "", line["score"], int(line["draws"] or 1))
            for line in records(lines)
            if line["score"] is not None
        }
        rows.append(SourceRow(str(target), info.name, by_role))
    return sorted(rows, key=lambda row: row.name.casefold())
