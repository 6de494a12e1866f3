"""What choosing a source language by its vector is worth: the paper's case study (section 5.4), with what it lacks.

Beside English and the closest donor stand the donor of the target's family, a random donor and the best one in
hindsight, each with its regret: how far it stays below the best. `transfer_roles` defines them.
"""

from collections.abc import Hashable, Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from langsamp.analysis.analysis import Analysis
from langsamp.analysis.transfer.roles import ENGLISH, RoleScores
from langsamp.analysis.vectors.neighbours import Floats
from langsamp.languages.select import GROUPS
from langsamp.languages.table import describe
from langsamp.languages.tags import LangScript
from langsamp.scores.groups import groups_of
from langsamp.scores.published import CLOSEST
from langsamp.scores.statistics.bootstrap import Interval, difference_interval, seed_noise

KIN_GROUPS = ("with kin", "without kin")
"""Targets that have, and that lack, a candidate of their own family."""
MEANS = (
    "task", "model", "group", "role", "score", "languages", "difference", "low", "high", "regret", "regret_low",
    "regret_high", "hits",
)  # fmt: skip
TRANSFER = ("task", "model", "target", "role", "source", "score", "draws", "regret", "seeds")


def analyse_transfer(
    results: Sequence[RoleScores],
    *,
    subject: str,
    settings: Mapping[str, Any],
    items: Mapping[str, Mapping[str, int]] | None = None,
    notes: Sequence[str] = (),
) -> Analysis:
    """The study as an analysis of the kind `transfer`; `items` says how many training items a source has, by task.

    Tables:

    - `transfer`: task, model, target, role, source (empty for `random`), score (per cent, mean over seeds), draws (how
      many donors a mean is over: 1, for `random` all candidates), regret, seeds.
    - `means`: task, model, group (the paper's, and `KIN_GROUPS`), role, score, languages; difference to English with
      its 95 % interval (low, high); regret, the mean over languages of the best score less this one, with its interval;
      hits, the share of languages for which the role's source is the best one (missing for `random`).
    - `sources`: task, model, source, items, and for how many targets it is the donor: closest, family, best.

    Intervals are percentile intervals of a bootstrap over families and seeds (`bootstrap.difference_interval`); they
    are missing with fewer than two families, and what is not known of published scores is missing too.

    Values: `sentences`, `donors` (by target the closest donor, or the donor by task where tasks differ), `left_out`
    (task, model, reason, targets), `notes`.
    """
    means = pd.concat([_means(each) for each in results], ignore_index=True)
    return Analysis(
        kind="transfer",
        subject=subject,
        settings=dict(settings),
        values={
            "sentences": [_sentence(each, means) for each in results] + _footnotes(results),
            "donors": donor_files(results),
            "left_out": [
                {"task": each.task, "model": each.model, "reason": reason, "targets": list(targets)}
                for each in results
                for reason, targets in each.left_out.items()
            ],
            "notes": list(dict.fromkeys([*notes, *(note for each in results for note in each.notes)])),
        },
        tables={
            "transfer": pd.concat([_transfer(each) for each in results], ignore_index=True),
            "means": means,
            "sources": pd.concat([_sources(each, items or {}) for each in results], ignore_index=True),
        },
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


def _transfer(each: RoleScores) -> pd.DataFrame:
    best = _best(each)
    rows = []
    for role, score_LS in each.scores.items():
        score_L = score_LS.mean(axis=1)
        for index, target in enumerate(each.targets):
            draws = len(each.pools[index]) if role == "random" else 1
            score, regret = float(score_L[index]), float(best.mean(axis=1)[index] - score_L[index])
            source = each.sources[role][index]
            rows.append((each.task, each.model, target, role, source, score, draws, regret, len(each.seeds)))
    return pd.DataFrame(rows, columns=list(TRANSFER))


def _best(each: RoleScores) -> Floats:
    """Scores of the best source; NaN where it is not known."""
    return each.scores.get("best", np.full_like(each.scores["english"], np.nan))


def _means(each: RoleScores) -> pd.DataFrame:
    families = np.array([describe(LangScript.parse(target)).family or target for target in each.targets])
    best, rows = _best(each), []
    for group, members in _groups(each):
        clusters = np.unique(families[members], return_inverse=True)[1]
        english = each.scores["english"][members]
        for role, score in each.scores.items():
            ours = score[members]
            difference, regret = float((ours - english).mean()), float((best[members] - ours).mean())
            low, high = _interval(english, ours, clusters) or (np.nan, np.nan)
            known = not np.isnan(regret)
            regret_low, regret_high = (_interval(ours, best[members], clusters) if known else None) or (np.nan, np.nan)
            hits = _hits(each, role)[members].mean()
            rows.append((
                each.task, each.model, group, role, float(ours.mean()), len(members), difference, low, high, regret,
                regret_low, regret_high, float(hits),
            ))  # fmt: skip
    return pd.DataFrame(rows, columns=list(MEANS))


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


def _hits(each: RoleScores, role: str) -> Floats:
    """1 where the role's source is as good as the best, NaN where there is no one source or no known best."""
    best = each.sources.get("best")
    if role == "random" or best is None:
        return np.full(len(each.targets), np.nan)
    equal = np.isclose(each.scores[role].mean(axis=1), each.scores["best"].mean(axis=1), atol=1e-9)
    return np.asarray(equal, dtype=float)


def _sources(each: RoleScores, items: Mapping[str, Mapping[str, int]]) -> pd.DataFrame:
    named = sorted({source for pool in each.pools for source in pool} | {ENGLISH})
    rows = [
        {
            "task": each.task, "model": each.model, "source": source, "items": items.get(each.task, {}).get(source),
            **{role: each.sources.get(role, ()).count(source) for role in ("closest", "family", "best")},
        }
        for source in named
    ]  # fmt: skip
    return pd.DataFrame(rows).astype({"items": "Int64"})


_WAYS = (("closest", "the closest donor"), ("family", "one of the family"), ("random", "a random one"))


def _sentence(each: RoleScores, means: pd.DataFrame) -> str:
    """The result of one model and task over all its languages."""
    rows = means[(means["task"] == each.task) & (means["model"] == each.model) & (means["group"] == "all")]
    by_role = rows.set_index("role").to_dict("index")
    parts = [f"{name} {row['score']:.1f} ({_signed(row)})" for role, name in _WAYS if (row := by_role.get(role))]
    said = (
        f"{each.task}, {each.model}: over {len(each.targets)} languages English as the source gives "
        f"{by_role['english']['score']:.1f}, {', '.join(parts)}."
    )
    if "best" not in by_role:
        return said
    regrets = ", ".join(f"{name} {by_role[role]['regret']:.1f}" for role, name in (("english", "English"), *_WAYS))
    hits = round(by_role["closest"]["hits"] * len(each.targets))
    return (
        f"{said} The best donor in hindsight would give {by_role['best']['score']:.1f}; points behind it (regret): "
        f"{regrets}. The closest donor is the best one for {hits} of {len(each.targets)} languages."
    )


def _signed(row: Mapping[Hashable, float]) -> str:
    interval = "" if np.isnan(row["low"]) else f" [{row['low']:+.1f}, {row['high']:+.1f}]"
    return f"{row['difference']:+.1f}{interval}"


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
