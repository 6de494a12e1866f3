"""What metrics are called and what they mean, for tables that show several."""

from collections.abc import Sequence

import pandas as pd

from langsamp.reporting.inputs.comparisons import SystemComparison

_NAMES = {
    "top1_accuracy": "top-1 accuracy",
    "top5_accuracy": "top-5 accuracy",
    "top10_accuracy": "top-10 accuracy",
    "macro_f1": "macro-F1",
    "seqeval_f1": "seqeval F1",
    "accuracy": "accuracy",
}
_CONTROLS = {"layer0": "control: layer 0", "ngram": "control: n-grams", "chance": "chance"}
_MEANINGS = {
    "top10_accuracy": "Share of English sentences whose translation is among the 10 nearest sentences.",
    "top5_accuracy": "The same among the 5 nearest.",
    "top1_accuracy": "The same for the nearest alone.",
    "macro_f1": "F1 of each class, mean over the classes that occur in the gold labels or the predictions.",
    "accuracy": "Share of texts, or of words where words are labelled, that got the right label.",
    "seqeval_f1": "F1 over spans (names), right only with both ends and the type; all spans of a language together. "
    "On part-of-speech labels it is what the paper prints: neighbours with one label count as one span and the first "
    "letter as a prefix, so it is neither accuracy nor F1 of words. Accuracy and macro-F1 are those of words.",
}


def other_metrics(comparison: SystemComparison) -> pd.DataFrame:
    """The metrics beside the main one, controls last: means over languages of means over replicates, per cent.

    A line each, a column each side, over the shared languages; NaN where a side was not measured so.
    """
    means = comparison.other_metrics.reindex(comparison.shared).mean().unstack()
    order = sorted(means.index, key=lambda metric: (str(metric).partition("_")[0] in _CONTROLS, metric))
    return means.reindex(index=order, columns=comparison.sides)


def metric_name(metric: str) -> str:
    """What readers call a metric, and the control that it may be of."""
    control, _, measured = metric.partition("_")
    if control in _CONTROLS:
        return f"{_NAMES.get(measured, measured.replace('_', ' '))}, {_CONTROLS[control]}"
    return _NAMES.get(metric, metric.replace("_", " "))


def meanings(comparisons: Sequence[SystemComparison]) -> dict[str, str]:
    """What the metrics of some comparisons mean, by reader's name."""
    used = {comparison.metric for comparison in comparisons}
    used |= {
        str(metric) for comparison in comparisons for metric in comparison.other_metrics.columns.get_level_values(0)
    }
    return {metric_name(metric): meaning for metric, meaning in _MEANINGS.items() if metric in used}
