"""Means over groups of languages, as the paper's tables have them, with both standard deviations.

A language counts once: its score is the mean over its seeds, and a group's mean is the unweighted mean over its
languages. Two standard deviations answer two questions, and the paper does not say which it prints:

- `sd_over_seeds`: how far the group's mean moves from seed to seed;
- `mean_sd_of_languages`: how far one language's score does, on average over the group.

Both divide by the number of seeds less one, and are missing where there is one seed.
"""

from collections.abc import Callable, Sequence

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from langsamp.errors import UserError, did_you_mean
from langsamp.languages.select import GROUPS
from langsamp.languages.table import AREAS, FAMILY_GROUPS, describe
from langsamp.languages.tags import LangScript

ONE_TABLE = (
    "model", "model_name", "task", "protocol", "source", "metric", "layer", "selection", "precision", "settings",
    "training",
)  # fmt: skip
"""Scores that agree in these columns stand in one table; others are never averaged together."""

_BY_TAG: dict[str, Callable[[LangScript], str]] = {
    "tier": lambda tag: "head" if GROUPS["head"](tag) else "tail",
    "latin": lambda tag: "latin" if GROUPS["latin"](tag) else "nonlatin",
    "family": lambda tag: describe(tag).family_group,
    "area": lambda tag: describe(tag).area or "unknown",
    "script": lambda tag: tag.script,
    "all": lambda _: "all",
}
GROUPINGS = ("paper", *_BY_TAG)
"""What languages can be grouped by: `paper` has head, tail, latin, nonlatin and all; `family` the groups of Table 6."""
_ORDER = {"paper": tuple(GROUPS), "tier": ("head", "tail"), "latin": ("latin", "nonlatin"),
          "family": FAMILY_GROUPS, "area": (*AREAS, "unknown"), "all": ("all",)}  # fmt: skip


def group_means(scores: pd.DataFrame, by: str = "paper") -> pd.DataFrame:
    """One row for each group of languages and each model, task, protocol, source, metric and setting in `scores`.

    Columns: those of `ONE_TABLE` that `scores` has, `group`, `mean_over_languages` in the unit of `value`,
    `sd_over_seeds` (over the languages that have all seeds of the group; NaN if none has), `mean_sd_of_languages`
    (over the languages with two seeds or more), `languages`, `seeds` (distinct ones) and `fewest_seeds` (of a
    language). A group without a language has no row. `by` is one of `GROUPINGS`; scripts come in alphabetical order,
    other groups in that of the paper.

    Raises:
        UserError: for an unknown `by`, and where a language has several scores for one seed, so that it would count
            twice.
    """
    if by not in GROUPINGS:
        raise UserError(f"no grouping {by!r}.{did_you_mean(by, GROUPINGS)} There are {', '.join(GROUPINGS)}")
    columns = [name for name in ONE_TABLE if name in scores]
    table = row_numbers(scores, columns)
    tag, tags = pd.factorize(scores["tag"], sort=True)
    seed = pd.factorize(scores["seed"])[0]
    if pd.DataFrame({"table": table, "tag": tag, "seed": seed}).duplicated().any():
        raise UserError("some languages have several scores for one seed; give the scores of one run")
    cells = pd.DataFrame({"table": table, "tag": tag, "seed": seed, "value": scores["value"].to_numpy(float)})
    heads = scores[columns].assign(table=table).drop_duplicates("table").set_index("table")
    parsed = [LangScript.parse(each) for each in tags]
    parts = [
        _means(cells[members[cells["tag"].to_numpy()]]).assign(group=group) for group, members in _groups(parsed, by)
    ]
    means = pd.concat(parts) if parts else _means(cells).assign(group="")
    table_of_means = means.join(heads, on="table")
    order = {group: rank for rank, group in enumerate(_ORDER.get(by, sorted(set(table_of_means["group"]))))}
    table_of_means = table_of_means.assign(place=table_of_means["group"].map(order)).sort_values(
        [*columns, "place"], ignore_index=True
    )
    numbers = ["mean_over_languages", "sd_over_seeds", "mean_sd_of_languages", "languages", "seeds", "fewest_seeds"]
    return table_of_means[[*columns, "group", *numbers]]


def groups_of(tag: LangScript, by: str) -> list[str]:
    """The groups of one grouping that a tag belongs to.

    Raises:
        UserError: where a code of the tag does not exist, as `languages.table.check` says.
    """
    return [group for group, belongs in GROUPS.items() if belongs(tag)] if by == "paper" else [_BY_TAG[by](tag)]


def row_numbers(scores: pd.DataFrame, columns: Sequence[str]) -> NDArray[np.intp]:
    """A number for each row: the same where `columns` agree, absent values counting as equal."""
    number = np.zeros(len(scores), dtype=np.intp)
    for name in columns:
        codes, values = pd.factorize(scores[name], use_na_sentinel=False)
        number = pd.factorize(number * max(len(values), 1) + codes)[0]
    return number


def _groups(tags: list[LangScript], by: str) -> list[tuple[str, NDArray[np.bool_]]]:
    """Which tags belong to each inhabited group."""
    member_of = [groups_of(tag, by) for tag in tags]
    names = dict.fromkeys(name for groups in member_of for name in groups)
    return [(name, np.array([name in groups for groups in member_of])) for name in names]


def _means(cells: pd.DataFrame) -> pd.DataFrame:
    """The means of one group of languages, a line a table; `cells` holds its scores."""
    language = cells.groupby(["table", "tag"])["value"].agg(["mean", "std", "count"])
    by_table = language.groupby(level="table")
    means = pd.DataFrame({
        "mean_over_languages": by_table["mean"].mean(),
        "mean_sd_of_languages": by_table["std"].mean(),
        "languages": by_table.size(),
        "seeds": cells.groupby("table")["seed"].nunique(),
        "fewest_seeds": by_table["count"].min(),
    })  # fmt: skip
    seeds_of = cells.groupby(["table", "tag"])["seed"].transform("size")
    complete = cells[seeds_of == cells["table"].map(means["seeds"])]
    of_seeds = complete.groupby(["table", "seed"])["value"].mean()
    means["sd_over_seeds"] = of_seeds.groupby(level="table").std()
    return means.reset_index()
