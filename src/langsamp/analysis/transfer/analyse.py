"""What choosing a source language by its vector is worth: the paper's case study (section 5.4), with what it lacks.

Beside English and the closest donor stand the donor of the target's family, a random donor and the best one in
hindsight, each with its regret: how far it stays below the best. `transfer_roles` defines them.
"""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from langsamp.analysis.transfer.choices import ENGLISH
from langsamp.analysis.transfer.record import LeftOut, Role, RoleMean, SourceUse, TargetScore, TransferAnalysis
from langsamp.analysis.transfer.roles import RoleScores
from langsamp.analysis.vectors.neighbours import Floats
from langsamp.languages.select import GROUPS
from langsamp.languages.table import describe
from langsamp.languages.tags import LangScript
from langsamp.scores.groups import groups_of
from langsamp.scores.published import CLOSEST
from langsamp.scores.statistics.bootstrap import Interval, difference_interval, seed_noise

KIN_GROUPS = ("with kin", "without kin")
"""Targets that have, and that lack, a candidate of their own family."""


def analyse_transfer(
    results: Sequence[RoleScores],
    *,
    subject: str,
    settings: Mapping[str, Any],
    items: Mapping[str, Mapping[str, int]] | None = None,
    notes: Sequence[str] = (),
) -> TransferAnalysis:
    """The study as an analysis; `items` says how many training items a source has, by task."""
    means = [line for each in results for line in _means(each)]
    return TransferAnalysis(
        subject=subject,
        settings=dict(settings),
        sentences=(*(_sentence(each, means) for each in results), *_footnotes(results)),
        notes=tuple(dict.fromkeys([*notes, *(note for each in results for note in each.notes)])),
        donors=donor_files(results),
        left_out=tuple(
            LeftOut(each.task, each.model, reason, targets)
            for each in results
            for reason, targets in each.left_out.items()
        ),
        transfer=tuple(line for each in results for line in _transfer(each)),
        means=tuple(means),
        sources=tuple(line for each in results for line in _sources(each, items or {})),
    )


def donor_files(results: Sequence[RoleScores]) -> dict[str, dict[str, str | dict[str, str]]]:
    """By model what `langsamp table --donors` reads: the closest donor of each target, by task where tasks differ.

    Published scores do not say which donors they are from, so they have none.
    """
    by_model: dict[str, dict[str, dict[str, str]]] = {}
    for each in results:
        for target, source in zip(each.targets, each.sources["closest"], strict=True):
            if source != CLOSEST:
                by_model.setdefault(each.model, {}).setdefault(target, {})[each.task] = source
    return {
        model: {
            target: next(iter(tasks.values())) if len(set(tasks.values())) == 1 else tasks
            for target, tasks in sorted(targets.items())
        }
        for model, targets in by_model.items()
    }


def _transfer(each: RoleScores) -> Iterator[TargetScore]:
    best_L = _best(each).mean(axis=1)
    for role, score_LS in each.scores.items():
        for index, (target, score) in enumerate(zip(each.targets, score_LS.mean(axis=1).tolist(), strict=True)):
            draws = len(each.pools[index]) if role == "random" else 1
            regret, source = float(best_L[index] - score), each.sources[role][index]
            quality = float(each.ndcg[role][index]) if role in each.ndcg else np.nan
            yield TargetScore(
                each.task, each.model, target, role, source, score, draws, regret, len(each.seeds), quality
            )


def _best(each: RoleScores) -> Floats:
    """Scores of the best source; NaN where it is not known."""
    return each.scores.get("best", np.full_like(each.scores["english"], np.nan))


def _means(each: RoleScores) -> Iterator[RoleMean]:
    families = np.array([describe(LangScript.parse(target)).family or target for target in each.targets])
    best, unknown = _best(each), (np.nan, np.nan)
    for group, members in _groups(each):
        clusters = np.unique(families[members], return_inverse=True)[1]
        english = each.scores["english"][members]
        for role, score in each.scores.items():
            ours = score[members]
            regret = float((best[members] - ours).mean())
            yield RoleMean(
                each.task, each.model, group, role, float(ours.mean()), len(members), float((ours - english).mean()),
                *(_interval(english, ours, clusters) or unknown), regret,
                *((None if np.isnan(regret) else _interval(ours, best[members], clusters)) or unknown),
                float(_hits(each, role)[members].mean()),
                float(each.ndcg[role][members].mean()) if role in each.ndcg else np.nan,
            )  # fmt: skip


def _groups(each: RoleScores) -> list[tuple[str, NDArray[np.intp]]]:
    """The inhabited groups with the places of their targets, in the paper's order."""
    belonging = [groups_of(LangScript.parse(target), "paper") for target in each.targets]
    members = {group: [index for index, groups in enumerate(belonging) if group in groups] for group in GROUPS}
    for group, has in zip(KIN_GROUPS, (True, False), strict=True):
        members[group] = [index for index, kin in enumerate(each.kin) if kin is has]
    return [(group, np.array(places)) for group, places in members.items() if places]


def _interval(a_LS: Floats, b_LS: Floats, clusters_L: NDArray[np.intp]) -> Interval | None:
    """Of B - A; both sides have the same seeds, and often the same fine-tuning, so seeds are drawn in pairs."""
    return difference_interval(a_LS, b_LS, clusters_L, noise=seed_noise(a_LS, b_LS, paired=True))


def _hits(each: RoleScores, role: Role) -> Floats:
    """1 where the role's source is as good as the best, NaN where there is no one source or no known best."""
    best = each.sources.get("best")
    if role == "random" or best is None:
        return np.full(len(each.targets), np.nan)
    equal = np.isclose(each.scores[role].mean(axis=1), each.scores["best"].mean(axis=1), atol=1e-9)
    return np.asarray(equal, dtype=float)


def _sources(each: RoleScores, items: Mapping[str, Mapping[str, int]]) -> list[SourceUse]:
    return [
        SourceUse(
            each.task, each.model, source, items.get(each.task, {}).get(source),
            *(each.sources.get(role, ()).count(source) for role in _DONORS),
        )
        for source in sorted({source for pool in each.pools for source in pool} | {ENGLISH})
    ]  # fmt: skip


_DONORS: tuple[Role, ...] = ("closest", "family", "best")
_WAYS: tuple[tuple[Role, str], ...] = (
    ("closest", "the closest donor"), ("family", "one of the family"), ("kinship", "the nearest in the family tree"),
    ("neighbours", "the one that neighbours vote for"), ("random", "a random one"),
)  # fmt: skip

_RANKINGS: tuple[tuple[Role, str], ...] = (
    ("closest", "vectors"), ("kinship", "kinship"), ("neighbours", "neighbours"),
)  # fmt: skip


def _sentence(each: RoleScores, means: Sequence[RoleMean]) -> str:
    """The result of one model and task over all its languages."""
    by_role = {
        line.role: line for line in means if (line.task, line.model, line.group) == (each.task, each.model, "all")
    }
    english, best = by_role["english"], by_role.get("best")
    parts = [f"{name} {row.score:.1f} ({_signed(row)})" for role, name in _WAYS if (row := by_role.get(role))]
    said = (
        f"{each.task}, {each.model}: over {len(each.targets)} languages English as the source gives "
        f"{english.score:.1f}, {', '.join(parts)}."
    )
    if best is None:
        return said
    ways = [(english, "English"), *((by_role[role], name) for role, name in _WAYS if role in by_role)]
    hits = round(by_role["closest"].hits * len(each.targets))
    return (
        f"{said} The best donor in hindsight would give {best.score:.1f}; points behind it (regret): "
        f"{', '.join(f'{name} {row.regret:.1f}' for row, name in ways)}. The closest donor is the best one for {hits} "
        f"of {len(each.targets)} languages. {_rankings(by_role)}"
    )


def _rankings(by_role: Mapping[Role, RoleMean]) -> str:
    """How good the rankings of all candidates are."""
    ranked = [f"by {name} {by_role[role].ndcg:.2f}" for role, name in _RANKINGS if role in by_role]
    return f"Quality of the ranking of all candidates (NDCG, chance {by_role['random'].ndcg:.2f}): {', '.join(ranked)}."


def _signed(row: RoleMean) -> str:
    interval = "" if np.isnan(row.low) else f" [{row.low:+.1f}, {row.high:+.1f}]"
    return f"{row.difference:+.1f}{interval}"


def _footnotes(results: Sequence[RoleScores]) -> list[str]:
    notes = ["In brackets: 95 % intervals of the difference to English, by a bootstrap over families and seeds."]
    if any(len(each.seeds) == 1 for each in results):
        notes.append(
            "With one seed it is not known how far another seed would move a score, so intervals are too narrow."
        )
    if any("best" in each.scores for each in results):
        notes.append("The best donor is chosen by the test scores it is shown with: a bound, not a way of choosing.")
    else:
        notes.append(
            "Scores from every candidate are not known, so there is no random donor, no best one and no regret."
        )
    return notes
