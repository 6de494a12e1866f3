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
from typing import Any, NamedTuple

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy import stats

from langsamp.progress import Bar
from langsamp.scores.cell_files import PREDICTIONS, read_table
from langsamp.scores.pairing import Pair
from langsamp.scores.statistics.bootstrap import LEVEL, draws, percentile_interval, seed_deviations, seed_noise
from langsamp.scores.statistics.per_item import ItemSums, item_sums, metrics
from langsamp.scores.systems import System

RESAMPLES = 1_000
"""Draws behind the interval of one language."""
COLUMNS = ("difference", "low", "high", "p", "q", "verdict", "items", "why_not")
_CHUNK = 8_000_000
"""Drawn items that are counted at once."""
_PATIENCE = 2.0
"""Seconds before a progress bar shows."""
_NEAR = 0.01
"""Points by which the metric of kept predictions may differ from the score beside them."""


class _Unit(NamedTuple):
    """One scored cell of one language: the predictions of one seed of one training."""

    replicate: str
    text: str
    """Its revision."""
    sums: ItemSums


class _Kept(NamedTuple):
    """What one side keeps of a task's predictions."""

    units: dict[str, list[_Unit]]
    """By tag."""
    faults: dict[str, str]
    """Why a tag cannot be tested."""


def language_tests(
    pair: Pair, a: System, b: System, *, resamples: int = RESAMPLES, seed: int = 0, progress: bool = True
) -> pd.DataFrame | None:
    """The languages of one task, tested one by one: index `tag` (A's, in the order of the pair), columns `COLUMNS`.

    Numbers are missing where a language cannot be tested, and `why_not` says why. None where a side keeps no
    predictions (published scores). The same predictions, `resamples` and `seed` always give the same table.

    Raises:
        DamagedError: where predictions cannot be read.
        UserError: for a metric without resampling.
    """
    if a.cells is None or b.cells is None:
        return None
    of_words = "seqeval_f1" in set(a.scores.loc[a.scores["task"] == pair.task, "metric"])
    sides = ((a.cells, pair.rows_a), (b.cells, pair.rows_b))
    total = len(pair.tags) + sum(rows["cell"].nunique() for _, rows in sides)
    with Bar(f"{pair.label} by language", total=total, unit="parts", patience=_PATIENCE, is_shown=progress) as bar:
        kept_a, kept_b = (_kept(rows, folder, pair.metric, of_words=of_words, bar=bar) for folder, rows in sides)
        sizes = {tag: sum(unit.sums.items for unit in kept_a.units.get(tag, ())) for tag in pair.tags}
        rows = {}
        for tag in sorted(pair.tags, key=sizes.__getitem__):  # languages of one size share their draws
            other = pair.other_tags.get(tag, tag)
            mine, theirs = kept_a.units.get(tag, []), kept_b.units.get(other, [])
            fault = kept_a.faults.get(tag) or kept_b.faults.get(other) or _obstacle(mine, theirs, paired=pair.paired)
            rows[tag] = {"why_not": fault} if fault else _tested(mine, theirs, pair.paired, resamples, seed)
            bar.update()
    _item_weights.cache_clear()
    table = pd.DataFrame([{"tag": tag, **rows[tag]} for tag in pair.tags], columns=["tag", *COLUMNS]).set_index("tag")
    return _judged(table)


def _kept(rows: pd.DataFrame, folder: Path, metric: str, *, of_words: bool, bar: Bar) -> _Kept:
    kept = _Kept({}, {})
    for cell, scored in rows.groupby("cell", sort=False):
        predictions = _read(folder / str(cell))
        places = predictions.groupby("tag", sort=False).indices
        for row in scored.to_dict("records"):
            tag = str(row["tag"])
            if tag not in places:
                kept.faults[tag] = "its predictions are not kept"
                continue
            sums = item_sums(metric, predictions.iloc[places[tag]], of_words=of_words)
            if abs(metrics([sums])[0, 0] - row["value"]) > _NEAR:
                kept.faults[tag] = "its predictions give another score than the one beside them"
            kept.units.setdefault(tag, []).append(_Unit(str(row["replicate"]), str(row["revision"]), sums))
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


def _tested(a: Sequence[_Unit], b: Sequence[_Unit], paired: bool, resamples: int, seed: int) -> dict[str, Any]:
    """One line of the table, `q` and `verdict` left open."""
    texts = sorted({unit.text for unit in a})
    items = [next(unit.sums.items for unit in a if unit.text == text) for text in texts]
    drawn = {text: _item_weights(n, resamples, seed, texts.index(text)) for text, n in zip(texts, items, strict=True)}
    point_a, point_b = (_by_replicate(units, dict.fromkeys(texts)) for units in (a, b))
    value_a, value_b = (_by_replicate(units, drawn) for units in (a, b))
    noise = seed_noise(point_a, point_b, paired=paired)
    moved_R = seed_deviations(point_a[0], point_b[0], noise, resamples, np.random.default_rng(seed))
    value_R = value_b.mean(axis=1) - value_a.mean(axis=1) + moved_R
    difference, (low, high) = float(point_b.mean() - point_a.mean()), percentile_interval(value_R)
    return {
        "difference": difference,
        "low": low,
        "high": high,
        "p": _p_value(difference, float(value_R.std(ddof=1)), sum(items)),
        "items": sum(items),
        "why_not": "",
    }


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


def _judged(table: pd.DataFrame) -> pd.DataFrame:
    """The table with `q` and `verdict`."""
    tested = table["p"].notna()
    table = table.astype({"why_not": str, **dict.fromkeys(["difference", "low", "high", "p", "q"], float)})
    table["verdict"] = tested.map({True: "indistinct", False: ""})
    if tested.any():
        table.loc[tested, "q"] = stats.false_discovery_control(table.loc[tested, "p"].to_numpy())
    sure = table["q"] < LEVEL
    table.loc[sure & (table["low"] > 0), "verdict"] = "better"
    table.loc[sure & (table["high"] < 0), "verdict"] = "worse"
    return table.astype({"items": "Int64"})
