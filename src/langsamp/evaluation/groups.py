"""Means over groups of languages, as the paper's tables have them."""

import pandas as pd

from langsamp.errors import UserError
from langsamp.languages.select import GROUPS
from langsamp.languages.tags import LangScript

_ONE_TABLE = ["model", "model_name", "task", "protocol", "source", "metric", "layer", "selection", "precision"]


def group_means(scores: pd.DataFrame) -> pd.DataFrame:
    """One row for each group of languages and each model, task, protocol, source tag, metric and setting in `scores`.

    `mean_over_languages` is the unweighted mean over the group's languages of each language's mean over seeds;
    `languages` and `seeds` count what it is over. A group without a language has no row.

    Raises:
        UserError: where a language has several scores for one seed, so that it would count twice.
    """
    if scores.duplicated([*_ONE_TABLE, "seed", "tag"]).any():
        raise UserError("some languages have several scores for one seed; give the scores of one run")
    by_language = (
        scores.groupby([*_ONE_TABLE, "tag"], dropna=False)
        .agg(value=("value", "mean"), seeds=("seed", "nunique"))
        .reset_index()
    )
    tags = {tag: LangScript.parse(tag) for tag in by_language["tag"].unique()}
    parts = []
    for group, belongs in GROUPS.items():
        members = by_language[by_language["tag"].isin([tag for tag, parsed in tags.items() if belongs(parsed)])]
        means = members.groupby(_ONE_TABLE, dropna=False).agg(
            mean_over_languages=("value", "mean"), languages=("tag", "nunique"), seeds=("seeds", "max")
        )
        parts.append(means.reset_index().assign(group=group))
    order = pd.CategoricalDtype(list(GROUPS), ordered=True)
    table = pd.concat(parts, ignore_index=True).astype({"group": order})
    table = table.sort_values([*_ONE_TABLE, "group"], ignore_index=True).astype({"group": str})
    return table[[*_ONE_TABLE, "group", "mean_over_languages", "languages", "seeds"]]
