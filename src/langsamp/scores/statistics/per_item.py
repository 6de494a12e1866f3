"""What each item adds to a metric, so that the metric of any resample of items is a matter of sums.

Every metric here is a mean of ratios of sums over items: accuracy is one ratio (hits over items), F1 over spans is one
(twice the right ones over predicted and true ones), macro F1 has one for each class. Summing the numerators and
denominators of the drawn items gives the metric of the draw, equal to what the metric itself gives for it.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
from numpy.typing import NDArray

from langsamp.errors import UserError
from langsamp.scores.statistics.seqeval_counts import Labels, check_lengths, span_counts, split_labels

_TOP = re.compile(r"top(\d+)_accuracy")


@dataclass(frozen=True)
class ItemSums:
    """What each item adds to a metric."""

    top: NDArray[np.float32]
    """Numerators, shape (items, ratios)."""
    bottom: NDArray[np.float32]
    """Denominators, same shape."""

    @property
    def items(self) -> int:
        """How many items there are."""
        return len(self.top)


def metrics(sums: Sequence[ItemSums], weights_RN: NDArray[np.float32] | None = None) -> NDArray[np.float64]:
    """The metric in per cent of each of several predictions of the same items, shape (R, len(sums)).

    Item n counts `weights_RN[r, n]` times; by default each once, so that R is 1. A ratio without a denominator (a class
    that neither gold nor prediction has) is left out of the mean, as in scikit-learn; without any ratio it is 0.
    """
    if weights_RN is None:
        weights_RN = np.ones((1, sums[0].items), dtype=np.float32)
    columns = np.concatenate([part for each in sums for part in (each.top, each.bottom)], axis=1)
    sums_RC = (weights_RN @ columns).astype(np.float64)  # sums of whole numbers, exact in single precision below 2**24
    ends = np.cumsum([2 * each.top.shape[1] for each in sums])
    return np.stack([_mean_ratio(part_RC) for part_RC in np.split(sums_RC, ends[:-1], axis=1)], axis=1)


def _mean_ratio(sums_RC: NDArray[np.float64]) -> NDArray[np.float64]:
    """The mean over ratios, in per cent; the first half of the columns are numerators, the second denominators."""
    top_RK, bottom_RK = np.split(sums_RC, 2, axis=1)
    there_RK = bottom_RK > 0
    ratio_RK = np.divide(top_RK, bottom_RK, out=np.zeros_like(top_RK), where=there_RK)
    return np.asarray(100 * ratio_RK.sum(axis=1) / np.maximum(there_RK.sum(axis=1), 1))


def item_sums(metric: str, predictions: pd.DataFrame, *, of_words: bool) -> ItemSums:
    """The sums of one language's predictions, one line an item.

    Metrics are `top<k>_accuracy` (of the column `rank`), and of `gold` and `predicted`: `accuracy`, `macro_f1` and
    `seqeval_f1`. With `of_words` an item is a sentence, its labels joined by spaces.

    Raises:
        UserError: for another metric, or where the columns it needs are absent.
        DamagedError: where a sentence has not as many predicted as gold labels.
    """
    if match := _TOP.fullmatch(metric):
        hits = (_column(predictions, "rank", metric) <= int(match[1])).to_numpy(np.float32)[:, None]
        return ItemSums(hits, np.ones_like(hits))
    if metric not in ("accuracy", "macro_f1", "seqeval_f1"):
        raise UserError(f"no resampling for the metric {metric!r}; there is for top<k>_accuracy, accuracy, macro_f1 "
                        "and seqeval_f1")  # fmt: skip
    gold, predicted = (_labels(_column(predictions, name, metric), of_words=of_words) for name in ("gold", "predicted"))
    check_lengths(gold, predicted)
    if metric == "seqeval_f1":
        counts_N3 = span_counts(gold, predicted, sentences=len(predictions)).astype(np.float32)
        return ItemSums(2 * counts_N3[:, :1], counts_N3[:, 1:].sum(axis=1, keepdims=True))
    return _label_sums(metric, gold, predicted, items=len(predictions))


def _column(predictions: pd.DataFrame, name: str, metric: str) -> Any:
    if name not in predictions:
        raise UserError(
            f"{metric} needs the column {name!r} of the predictions; they have {', '.join(map(str, predictions))}"
        )
    return predictions[name]


def _labels(column: Any, *, of_words: bool) -> Labels:
    if of_words:
        return split_labels(pa.array(column, type=pa.string()))
    codes, names = pd.factorize(column)
    return Labels(np.arange(len(column)), codes, [str(name) for name in names])


def _label_sums(metric: str, gold: Labels, predicted: Labels, *, items: int) -> ItemSums:
    """Sums over the labels that belong to each item."""
    names = {name: number for number, name in enumerate(dict.fromkeys(gold.names + predicted.names))}
    true, guessed = (
        np.array([names[name] for name in side.names], dtype=np.intp)[side.code] for side in (gold, predicted)
    )
    item, right = gold.sentence, true == guessed
    if metric == "accuracy":
        hits, words = np.bincount(item[right], minlength=items), np.bincount(item, minlength=items)
        return ItemSums(hits[:, None].astype(np.float32), words[:, None].astype(np.float32))

    def count(item: NDArray[np.intp], label: NDArray[np.intp]) -> NDArray[np.float32]:
        flat = np.bincount(item * len(names) + label, minlength=items * len(names))
        return flat.reshape(items, len(names)).astype(np.float32)

    return ItemSums(2 * count(item[right], true[right]), count(item, true) + count(item, guessed))
