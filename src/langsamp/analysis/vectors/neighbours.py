"""What the language and script vectors know: nearest neighbours, a picture in two dimensions, purity by group.

Only trained vectors take part: one under whose id no token was predicted is still its random start and would look like
a finding.
"""

from collections.abc import Mapping
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from langsamp.errors import DataMissingError
from langsamp.languages.tags import LangScript
from langsamp.model.conditioning import Conditioning, VectorTable
from langsamp.scores.statistics.permutation import Statistic, Strata, beside_null
from langsamp.scores.statistics.unit_length import unit_length

Table = VectorTable
Floats = NDArray[np.floating]


class Vectors(NamedTuple):
    """Trained vectors of one table: `codes[i]` owns `vectors[i]` and has seen `rows[i]` training rows."""

    codes: tuple[str, ...]
    vectors: Floats
    """Shape (codes, hidden), double precision."""
    rows: tuple[int, ...]
    untrained: tuple[str, ...]
    """Codes left out because their vectors have had no gradient."""


class Projection(NamedTuple):
    """A picture of vectors in two dimensions."""

    coordinates: Floats
    """Shape (vectors, 2)."""
    shares: tuple[float, float]
    """Share of the variance that each axis shows."""


def trained(conditioning: Conditioning, table: Table = "language") -> Vectors:
    """The vectors of one table that have had a gradient, in the order of their ids.

    Raises:
        DataMissingError: where the model was trained without this table.
    """
    values = conditioning.language if table == "language" else conditioning.script
    if values is None:
        raise DataMissingError(
            f"the model has no {table} vectors: its variant is {conditioning.variant!r}. Choose a model whose variant "
            f"is {table!r} or 'both'"
        )
    codes = conditioning.ids.languages if table == "language" else conditioning.ids.scripts
    rows_of = conditioning.rows_of_language if table == "language" else conditioning.rows_of_script
    rows = [rows_of(code) for code in codes]
    is_trained = [conditioning.is_trained(table, code) for code in codes]
    kept = [index for index, had_gradient in enumerate(is_trained) if had_gradient]
    return Vectors(
        codes=tuple(codes[index] for index in kept),
        vectors=values[kept].astype(np.float64),
        rows=tuple(rows[index] for index in kept),
        untrained=tuple(code for code, had_gradient in zip(codes, is_trained, strict=True) if not had_gradient),
    )


def main_tags(conditioning: Conditioning, table: Table = "language") -> dict[str, LangScript]:
    """Of each language (or script) the tag with the most training rows, the last by tag of equals.

    One whose rows had nothing to predict speaks for a vector only where no other does.
    """
    by_rows = sorted((conditioning.gave_gradient(tag), rows, tag) for tag, rows in conditioning.rows_seen.items())
    return {getattr(tag, table): tag for *_, tag in by_rows}


def nearest(
    conditioning: Conditioning, table: Table = "language", *, k: int = 5, centred: bool = False
) -> dict[str, list[tuple[str, float]]]:
    """The `k` most similar trained vectors of every trained vector, `code: [(code, cosine), ...]`, closest first.

    The plain cosine is the similarity with which the paper chooses donors (section 5.4). With `centred` the mean of
    all trained vectors is subtracted first: what the vectors have in common then no longer lifts every cosine, so
    values spread out; the order of neighbours may change.
    """
    chosen = trained(conditioning, table)
    cosines = cosine(chosen.vectors, centred=centred)
    np.fill_diagonal(cosines, -np.inf)
    order = np.argsort(-cosines, axis=1, kind="stable")[:, : min(k, len(chosen.codes) - 1)]
    return {
        code: [(chosen.codes[other], float(cosines[index, other])) for other in order[index]]
        for index, code in enumerate(chosen.codes)
    }


def cosine(vectors: Floats, *, centred: bool = False) -> Floats:
    """Cosine of each pair, shape (vectors, vectors); a vector of length 0 has cosine 0 with all."""
    units = unit_length(vectors - vectors.mean(axis=0) if centred else vectors)
    return np.asarray(units @ units.T)


def project(vectors: Floats) -> Projection:
    """The first two principal components of `vectors` (at least two, of two dimensions or more).

    An axis has no direction of its own, so each is turned until its farthest point lies on the positive side: the
    same vectors always give the same picture.
    """
    left, scale, _ = np.linalg.svd(vectors - vectors.mean(axis=0), full_matrices=False)
    coordinates = left[:, :2] * scale[:2]
    farthest = np.abs(coordinates).argmax(axis=0)
    coordinates = coordinates * np.where(coordinates[farthest, [0, 1]] < 0, -1.0, 1.0)
    total = float((scale**2).sum())
    shares = scale[:2] ** 2 / total if total > 0 else np.zeros(2)
    return Projection(coordinates, (float(shares[0]), float(shares[1])))


def neighbour_purity(  # labels and how they are shuffled
    vectors: Vectors,
    labels: Mapping[str, str],
    *,
    k: int = 5,
    groups: Mapping[str, str] | None = None,
    shuffles: int = 1000,
    seed: int = 0,
) -> Statistic:
    """Share of the `k` nearest of a vector that have its label (a family, a script), mean over vectors.

    Codes without a label are left out, so are labels that only one code has: they have nobody to agree with. The null
    shuffles the labels over all codes, or with `groups` only among codes of one group, which asks whether vectors know
    more of the label than the group tells.

    Raises:
        DataMissingError: where fewer than three codes remain, or all with one label.
    """
    sizes: dict[str, int] = {}
    for code in vectors.codes:
        if code in labels:
            sizes[labels[code]] = sizes.get(labels[code], 0) + 1
    kept = [i for i, code in enumerate(vectors.codes) if sizes.get(labels.get(code, ""), 0) > 1]
    if len(kept) < 3:
        raise DataMissingError(f"purity needs three vectors or more whose label another shares, got {len(kept)}")
    label_numbers = np.unique([labels[vectors.codes[index]] for index in kept], return_inverse=True)[1]
    if label_numbers.max() == 0:
        raise DataMissingError(f"purity needs two labels or more, all {len(kept)} vectors have the same")
    cosines = cosine(vectors.vectors[kept])
    np.fill_diagonal(cosines, -np.inf)
    neighbours = np.argsort(-cosines, axis=1, kind="stable")[:, : min(k, len(kept) - 1)]
    strata = Strata([groups.get(vectors.codes[index], "") for index in kept] if groups is not None else None, len(kept))
    rng = np.random.default_rng(seed)
    null = np.empty(shuffles)
    for index in range(shuffles):
        shuffled = label_numbers[strata.shuffled(rng)]
        null[index] = (shuffled[neighbours] == shuffled[:, None]).mean()
    return beside_null(float((label_numbers[neighbours] == label_numbers[:, None]).mean()), null, len(kept))
