"""Donors: whom to transfer from, why, with what doubts; and what transfer really gave."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from langsamp.analysis.donors.record import Donor, DonorsAnalysis
from langsamp.analysis.transfer.record import Role, RoleMean, TargetScore, TransferAnalysis
from langsamp.render.document import is_absent
from langsamp.render.numbers import whole
from langsamp.reporting.report import Report
from langsamp.reporting.sections.analyses.charted import Charted, charted
from langsamp.reporting.sections.section import Section
from langsamp.views.charts.transfer_charts import study_charts
from langsamp.views.donors import split_warnings
from langsamp.views.names import known

ALTERNATIVES = 3
"""So many donors after the first stand in the table."""

ROLES: dict[Role, str] = {
    "english": "English",
    "closest": "Closest donor",
    "family": "Same-family donor",
    "kinship": "Nearest kin",
    "neighbours": "Nearest neighbours",
    "random": "Random donor",
    "best": "Best in hindsight",
}
"""Ways to choose a donor, as the page calls them, in its order."""


class DonorCell(NamedTuple):
    """One candidate for a target."""

    donor: Donor
    name: str

    @property
    def reasons(self) -> list[str]:
        """What speaks for it, or tells how far away it is."""
        line = self.donor
        edges = "" if line.tree_distance is None else f", {line.tree_distance} edges in the tree"
        kin = [f"same family{edges}"] if line.same_family else []
        script = ["same script"] if line.same_script else []
        apart = [] if is_absent(line.kilometres) else [f"{whole(line.kilometres)} km"]
        return [*kin, *script, *apart, f"{whole(line.donor_rows)} rows"]


class DonorRow(NamedTuple):
    """One target with its donors, the closest first."""

    target: str
    name: str
    rows: int
    chosen: DonorCell
    others: Sequence[DonorCell]
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
    ndcg: float
    """Of its ranking of all candidates, over all languages; NaN where it does not rank them."""


class TransferTable(NamedTuple):
    """What transfer gave on one task with the donors of one model."""

    task: str
    model: str
    groups: Mapping[str, int]
    """Number of languages by group; a way of choosing may lack some of them."""
    rows: Sequence[TransferRow]
    sources: Sequence["SourceRow"]


class SourceRow(NamedTuple):
    """Scores of one target by way of choosing."""

    target: str
    name: str
    by_role: Mapping[Role, TargetScore]


@dataclass(frozen=True, kw_only=True)
class Donors(Section):
    """Donors by the vectors of one model, and what came of donors."""

    id = "donors"
    title = "Donors"
    label: str
    """The model that ranks."""
    candidates: int
    rows: Sequence[DonorRow]
    notes: Sequence[str]
    transfers: Sequence[Charted]
    roles: Mapping[Role, str]


def donors(report: Report) -> Donors | None:
    """Donors and transfer; None where neither was analysed."""
    order = [view.key for view in report.vectors]
    ranked = sorted(
        {each.key: each for each in report.of_kind(DonorsAnalysis)}.values(),
        key=lambda each: order.index(each.key) if each.key in order else len(order),
    )
    transfers = [
        charted(
            each,
            number,
            transfer_tables(each.analysis, each.names),
            study_charts(each.analysis),
            "ways to choose a source",
        )
        for number, each in enumerate(report.of_kind(TransferAnalysis), start=1)
    ]
    if not ranked and not transfers:
        return None
    first = ranked[0] if ranked else None
    return Donors(
        label=first.label if first else "",
        candidates=len(first.analysis.candidates) if first else 0,
        rows=donor_rows(first.analysis, {each.label: each.analysis for each in ranked[1:]}) if first else [],
        notes=first.analysis.notes if first else (),
        transfers=transfers,
        roles=ROLES,
    )


def donor_rows(shown: DonorsAnalysis, others: Mapping[str, DonorsAnalysis]) -> list[DonorRow]:
    """A line for each target of `shown`, by name; `others` are the rankings of other models by their names."""
    elsewhere = {label: {line.target: line.donor for line in other.first} for label, other in others.items()}
    rows = []
    for target in shown.targets:
        first, *rest = shown.of(target)
        differing = [
            f"{label}: {known(donors_there[target]).name}"
            for label, donors_there in elsewhere.items()
            if donors_there.get(target, first.donor) != first.donor
        ]
        rows.append(
            DonorRow(
                target=target, name=first.target_name, rows=first.target_rows, chosen=_cell(first),
                others=[_cell(line) for line in rest[:ALTERNATIVES]], elsewhere=differing,
                warnings=split_warnings(first.warnings),
            )
        )  # fmt: skip
    return sorted(rows, key=lambda row: row.name.casefold())


def _cell(line: Donor) -> DonorCell:
    """A candidate; one with the target's own name, in another script, has its tag beside it."""
    is_same = line.donor_name == line.target_name
    return DonorCell(line, f"{line.donor_name} ({line.donor})" if is_same else line.donor_name)


def transfer_tables(analysis: TransferAnalysis, labels: Mapping[str, str]) -> list[TransferTable]:
    """A table for each task and model, in the order of the analysis; `labels` are readers' names of the models."""
    tables = []
    for task, model in analysis.studies:
        lines = analysis.means_of(task, model)
        groups: dict[str, int] = {}
        for line in lines:
            groups[line.group] = max(groups.get(line.group, 0), line.languages)
        rows = [
            SourceRow(target, known(target).name, by_role)
            for target, by_role in analysis.scores_of(task, model).items()
        ]
        rows.sort(key=lambda row: row.name.casefold())
        tables.append(TransferTable(task, labels.get(model, model), groups, _roles(lines), rows))
    return tables


def _roles(means: Sequence[RoleMean]) -> list[TransferRow]:
    top: dict[str, float] = {}
    for line in means:
        if line.role != "best":
            top[line.group] = max(top.get(line.group, line.score), line.score)
    rows = []
    for role, name in ROLES.items():
        lines = [line for line in means if line.role == role]
        if lines:
            best = {line.group for line in lines if role != "best" and line.score >= top[line.group] - 1e-9}
            rows.append(
                TransferRow(
                    role=name, scores={line.group: line.score for line in lines}, best=frozenset(best),
                    regrets={line.group: line.regret for line in lines if not is_absent(line.regret)},
                    languages={line.group: line.languages for line in lines},
                    ndcg=next((line.ndcg for line in lines if line.group == "all"), math.nan),
                )
            )  # fmt: skip
    return rows
