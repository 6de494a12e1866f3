"""Which languages differ, one by one: a paired bootstrap over the items of each, from the predictions that cells keep.

For a language that both sides have on the same text, items are drawn with replacement, the same ones for A and for B.
The metric is that of the task, made anew on every draw for each seed, and averaged over seeds. Where both sides have
several seeds, what drawing them anew would change is added, as in `bootstrap.py`: each side's own seeds, or the same
for both where each seed has a text of its own.

The interval is the middle 95 % of the draws. p is two-sided normal from their standard deviation, so that it does not
end at one in the number of draws when hundreds of languages are tested. q is Benjamini and Hochberg's over the
languages of the task. A language is better or worse where q < 0.05 and the interval excludes zero.
"""

from collections.abc import Sequence
from functools import lru_cache
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy import stats

from langsamp.progress import Bar
from langsamp.scores.cell_files import PREDICTIONS, read_table
from langsamp.scores.grid import Grid
from langsamp.scores.statistics.bootstrap import LEVEL, draws, percentile_interval, seed_deviations, seed_noise
from langsamp.scores.statistics.per_item import ItemSums, item_sums, metrics

RESAMPLES = 1_000
"""Draws behind the interval of one language."""
_CHUNK = 8_000_000
"""Drawn items that are counted at once."""
_PATIENCE = 2.0
"""Seconds before a progress bar shows."""
_NEAR = 0.01
"""Points by which the metric of kept predictions may differ from the score beside them."""


class LanguageTest(NamedTuple):
    """What the items of one language say of a difference; numbers are NaN where it cannot be tested."""

    difference: float
    """Points."""
    low: float
    """With `high`, the ends of the 95 % interval, in points."""
    high: float
    p: float
    q: float
    """Benjamini and Hochberg's, over the languages of the task."""
    verdict: str
    """`better`, `worse` or `indistinct`; empty where it cannot be tested."""
    items: int | None
    why_not: str
    """Why it cannot be tested; empty where it was."""

    @property
    def is_tested(self) -> bool:
        """Whether there is a verdict."""
        return not self.why_not


_NAN = float("nan")


class _Unit(NamedTuple):
    """One scored cell of one language: the predictions of one seed of one training."""

    replicate: str
    text: str
    """Its revision."""
    sums: ItemSums


class _Scored(NamedTuple):
    """A row of the grid."""

    tag: str
    own_tag: str
    value: float
    replicate: str
    revision: str | None


class _Kept(NamedTuple):
    """What one side keeps of a task's predictions."""

    units: dict[str, list[_Unit]]
    """By tag."""
    faults: dict[str, str]
    """Why a tag cannot be tested."""


def language_tests(
    pair: Grid,
    cells_a: Path | None,
    cells_b: Path | None,
    *,
    paired: bool,
    of_words: bool,
    resamples: int = RESAMPLES,
    seed: int = 0,
    progress: bool = True,
) -> dict[str, LanguageTest] | None:
    """The languages of a grid of two systems, tested one by one: by A's tag, in the order of the grid.

    `cells_a` and `cells_b` hold the cells of each system; None where one keeps no predictions (published scores). With
    `paired` the same seeds are drawn for both; `of_words` says that an item is a sentence of labelled words. The same
    predictions, `resamples` and `seed` always give the same.

    Raises:
        DamagedError: where predictions cannot be read.
        UserError: for a metric without resampling.
    """
    if cells_a is None or cells_b is None:
        return None
    sides = [(cells, pair.rows[pair.rows.system == name])
             for cells, name in zip((cells_a, cells_b), pair.names, strict=True)]  # fmt: skip
    total = len(pair.tags) + sum(rows.cell.nunique() for _, rows in sides)
    with Bar(f"{pair.label} by language", total=total, unit="parts", patience=_PATIENCE, is_shown=progress) as bar:
        kept_a, kept_b = (
            _kept(rows, folder, pair.setting.metric, of_words=of_words, bar=bar) for folder, rows in sides
        )
        sizes = {tag: sum(unit.sums.items for unit in kept_a.units.get(tag, ())) for tag in pair.tags}
        tests = {}
        for tag in sorted(pair.tags, key=sizes.__getitem__):  # languages of one size share their draws
            mine, theirs = kept_a.units.get(tag, []), kept_b.units.get(tag, [])
            fault = kept_a.faults.get(tag) or kept_b.faults.get(tag) or _obstacle(mine, theirs, paired=paired)
            tests[tag] = _untested(fault) if fault else _tested(mine, theirs, paired, resamples, seed)
            bar.update()
    _item_weights.cache_clear()
    return _judged({tag: tests[tag] for tag in pair.tags})


def _kept(rows: pd.DataFrame, folder: Path, metric: str, *, of_words: bool, bar: Bar) -> _Kept:
    kept = _Kept({}, {})
    for cell, scored in rows.groupby("cell", sort=False):
        predictions = _read(folder / str(cell))
        places = predictions.groupby("tag", sort=False).indices
        for row in map(_Scored._make, scored[list(_Scored._fields)].itertuples(index=False, name=None)):
            if row.own_tag not in places:
                kept.faults[row.tag] = "its predictions are not kept"
                continue
            sums = item_sums(metric, predictions.iloc[places[row.own_tag]], of_words=of_words)
            if abs(metrics([sums])[0, 0] - row.value) > _NEAR:
                kept.faults[row.tag] = "its predictions give another score than the one beside them"
            kept.units.setdefault(row.tag, []).append(_Unit(row.replicate, str(row.revision), sums))
        bar.update()
    return kept


def _read(cell: Path) -> pd.DataFrame:
    """The predictions of a cell; none where it is not there."""
    return read_table(cell, PREDICTIONS) if cell.is_dir() else pd.DataFrame({"tag": []})


def _obstacle(a: Sequence[_Unit], b: Sequence[_Unit], *, paired: bool) -> str:
    """Why the two sides' predictions of a language cannot be set side by side; empty where they can."""
    items = [{(unit.text, unit.sums.items) for unit in units} for units in (a, b)]
    if items[0] != items[1] or len({text for text, _ in items[0]}) < len(items[0]):
        return "its text differs between the two sides"
    if paired and {unit.replicate for unit in a} != {unit.replicate for unit in b}:
        return "its seeds differ between the two sides, and each seed has a text of its own"
    return "" if items[0] else "its predictions are not kept"


def _tested(a: Sequence[_Unit], b: Sequence[_Unit], paired: bool, resamples: int, seed: int) -> LanguageTest:
    """What is found of one language, `q` and `verdict` left open."""
    texts = sorted({unit.text for unit in a})
    items = [next(unit.sums.items for unit in a if unit.text == text) for text in texts]
    drawn = {text: _item_weights(n, resamples, seed, texts.index(text)) for text, n in zip(texts, items, strict=True)}
    point_a, point_b = (_by_replicate(units, dict.fromkeys(texts)) for units in (a, b))
    value_a, value_b = (_by_replicate(units, drawn) for units in (a, b))
    noise = seed_noise(point_a, point_b, paired=paired)
    moved_R = seed_deviations(point_a[0], point_b[0], noise, resamples, np.random.default_rng(seed))
    value_R = value_b.mean(axis=1) - value_a.mean(axis=1) + moved_R
    difference, (low, high) = float(point_b.mean() - point_a.mean()), percentile_interval(value_R)
    p = _p_value(difference, float(value_R.std(ddof=1)), sum(items))
    return LanguageTest(difference, low, high, p, _NAN, "indistinct", sum(items), "")


def _untested(why_not: str) -> LanguageTest:
    return LanguageTest(_NAN, _NAN, _NAN, _NAN, _NAN, "", None, why_not)


def _by_replicate(
    units: Sequence[_Unit], drawn: dict[str, NDArray[np.float32]] | dict[str, None]
) -> NDArray[np.float64]:
    """The metric of each replicate on each draw, shape (draws, replicates); a replicate's cells are averaged."""
    replicates = sorted({unit.replicate for unit in units})
    by_replicate: list[list[NDArray[np.float64]]] = [[] for _ in replicates]
    for text, weights_RN in drawn.items():
        those = [unit for unit in units if unit.text == text]
        for unit, value_R in zip(those, metrics([unit.sums for unit in those], weights_RN).T, strict=True):
            by_replicate[replicates.index(unit.replicate)].append(value_R)
    return np.stack([np.mean(values, axis=0) for values in by_replicate], axis=1)


@lru_cache(maxsize=6)
def _item_weights(items: int, resamples: int, seed: int, text: int) -> NDArray[np.float32]:
    """How often each item is drawn, shape (resamples, items)."""
    rng = np.random.default_rng([seed, items, text])
    rows = max(1, _CHUNK // items)
    return np.concatenate([draws(items, min(rows, resamples - r), rng) for r in range(0, resamples, rows)])


def _p_value(difference: float, deviation: float, items: int) -> float:
    """Two-sided, normal. Without any deviation all items say the same: then by the sign test over them."""
    if deviation > 0:
        return float(2 * stats.norm.sf(abs(difference) / deviation))
    return float(2.0 ** (1 - items)) if abs(difference) > 0 else 1.0


def _judged(tests: dict[str, LanguageTest]) -> dict[str, LanguageTest]:
    """The tests with `q` and `verdict`."""
    tested = {tag: test for tag, test in tests.items() if test.is_tested}
    qs = stats.false_discovery_control([test.p for test in tested.values()]) if tested else []
    for (tag, test), q in zip(tested.items(), qs, strict=True):
        is_shown = q < LEVEL and (test.low > 0 or test.high < 0)
        verdict = ("better" if test.low > 0 else "worse") if is_shown else "indistinct"
        tests[tag] = test._replace(q=float(q), verdict=verdict)
    return tests
