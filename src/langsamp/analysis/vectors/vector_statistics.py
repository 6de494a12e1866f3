"""What the vectors know, in numbers: agreement of neighbours, correlation with genealogy, globe and amount of text."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import partial
from typing import NamedTuple

import numpy as np

from langsamp.analysis.vectors.language_distances import (
    Floats,
    ancestry_distances,
    kilometre_distances,
    row_distances,
    tree_distances,
)
from langsamp.analysis.vectors.neighbours import Vectors, cosine, neighbour_purity
from langsamp.errors import DataMissingError
from langsamp.languages.table import LanguageInfo, lineage
from langsamp.languages.tags import LangScript
from langsamp.scores.statistics.mantel import mantel
from langsamp.scores.statistics.permutation import Statistic

STATISTICS = {
    "purity family": "share of the nearest neighbours that are of the same family",
    "purity family within scripts": "the same, against families shuffled only among languages of one script",
    "purity script": "share of the nearest neighbours whose main script is the same",
    "purity script within families": "the same, against scripts shuffled only among languages of one family",
    "mantel tree distance": "correlation of vector distance with distance in Glottolog's tree",
    "mantel tree distance within families": "the same, only between languages of one family",
    "mantel common ancestors": "correlation of vector distance with how few nodes of the tree two languages share",
    "mantel common ancestors within families": "the same, only between languages of one family",
    "mantel geographic distance": "correlation of vector distance with kilometres between homes",
    "mantel geographic distance within families": "the same, only between languages of one family",
    "mantel rows seen": "control: correlation of vector distance with difference in text seen (log rows)",
}
"""What each statistic is, in the order in which tables have them. `purity` is a share, `mantel` a rank correlation."""


class Shuffling(NamedTuple):
    """How every statistic is made and tested."""

    neighbours: int
    shuffles: int
    seed: int


Outcome = tuple[str, Statistic | str]
"""Name of a statistic, and what it is or why it could not be computed."""


def language_statistics(vectors: Vectors, facts: Mapping[str, LanguageInfo], how: Shuffling) -> Iterator[Outcome]:
    """Each of `STATISTICS` over the trained languages, in its order; `facts` by code, in the main script.

    A language counts where what is asked of it is known: a family that is a genealogy (`table.lineage` is not empty), a
    place in the tree, a home.
    """
    families = {code: info.family for code, info in facts.items() if info.family and lineage(code)}
    scripts = {code: info.tag.script for code, info in facts.items()}
    at_home = [code for code in vectors.codes if facts[code].coordinates is not None]
    in_tree = [code for code in vectors.codes if lineage(code)]
    purity = partial(neighbour_purity, vectors, k=how.neighbours, shuffles=how.shuffles, seed=how.seed)
    correlation = partial(_correlation, vectors, facts, how)
    distances = {
        "mantel tree distance": (in_tree, tree_distances),
        "mantel common ancestors": (in_tree, ancestry_distances),
        "mantel geographic distance": (at_home, kilometre_distances),
    }
    statistics: dict[str, Callable[[], Statistic]] = {
        "purity family": partial(purity, families),
        "purity family within scripts": partial(purity, families, groups=scripts),
        "purity script": partial(purity, scripts),
        "purity script within families": partial(purity, scripts, groups=families),
        "mantel rows seen": partial(_amount_of_text, vectors, how),
    }
    for name, chosen in distances.items():
        statistics[name] = partial(correlation, *chosen)
        statistics[f"{name} within families"] = partial(correlation, *chosen, families=families)
    return _outcomes({name: statistics[name] for name in STATISTICS})


def script_statistics(vectors: Vectors, how: Shuffling) -> Iterator[Outcome]:
    """Those of `STATISTICS` that make sense for scripts: only the control."""
    return _outcomes({"mantel rows seen": partial(_amount_of_text, vectors, how)})


def _outcomes(statistics: Mapping[str, Callable[[], Statistic]]) -> Iterator[Outcome]:
    for name, statistic in statistics.items():
        try:
            yield name, statistic()
        except DataMissingError as trouble:
            yield name, str(trouble)


def _amount_of_text(vectors: Vectors, how: Shuffling) -> Statistic:
    """Whether vectors are near because they have seen about as much text, as a Mantel correlation."""
    distances = 1 - cosine(vectors.vectors)
    return mantel(distances, row_distances(vectors.rows), shuffles=how.shuffles, seed=how.seed)


def _correlation(
    vectors: Vectors,
    facts: Mapping[str, LanguageInfo],
    how: Shuffling,
    codes: Sequence[str],
    distances: Callable[[Sequence[LangScript]], Floats],
    *,
    families: Mapping[str, str] | None = None,
) -> Statistic:
    if families is not None:
        codes = [code for code in codes if code in families]
    cosines = cosine(vectors.vectors[np.isin(vectors.codes, codes)])
    groups = [families[code] for code in codes] if families is not None else None
    tags = [facts[code].tag for code in codes]
    return mantel(1 - cosines, distances(tags), groups=groups, shuffles=how.shuffles, seed=how.seed)
