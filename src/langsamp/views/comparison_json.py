"""A comparison of two models as JSON, for programs: all numbers and every language."""

import math
from dataclasses import asdict
from typing import Any

import pandas as pd

from langsamp.scores.comparison import Comparison, Difference, TaskComparison
from langsamp.views.comparison_text import finding, limits


def as_json(comparison: Comparison) -> dict[str, Any]:
    """All that `comparison_text.print_comparison` shows and every language, ready for `json.dumps`."""
    return {
        "a": comparison.a.name,
        "b": comparison.b.name,
        "difference": "b - a, in points",
        "tasks": [_task_json(task, comparison) for task in comparison.tasks],
        "notes": list(comparison.notes),
    }


def _task_json(task: TaskComparison, comparison: Comparison) -> dict[str, Any]:
    pair, noise = task.pair, task.noise
    rows = task.languages.reset_index().to_dict("records")
    return {
        "task": pair.task,
        "label": pair.label,
        "metric": pair.metric,
        "made": {"a": dict(pair.stamp_a), "b": dict(pair.stamp_b)},
        "seeds": {"a": [str(name) for name in pair.a], "b": [str(name) for name in pair.b]},
        "verdict": task.verdict,
        "sentence": finding(task, comparison),
        **_difference_json(task.difference),
        "p": task.p,
        "q": task.q,
        "sd_over_seeds": {"a": noise.spread_a, "b": noise.spread_b},
        "smallest_visible_difference": noise.detectable,
        "groups": {
            grouping: {group: _difference_json(difference) for group, difference in groups.items()}
            for grouping, groups in task.groups.items()
        },
        "languages": [{str(key): _plain(value) for key, value in row.items()} for row in rows],
        "dropped": {reason: list(tags) for reason, tags in pair.dropped.items()},
        "other_tags": dict(pair.other_tags),
        "limits": limits(task),
    }


def _difference_json(difference: Difference) -> dict[str, Any]:
    content = asdict(difference)
    ends = {
        name: list(content.pop(old) or ()) or None
        for name, old in (("by_family", "clustered"), ("by_language", "plain"))
    }
    return {"difference": difference.mean, "interval_95": ends, **content}


def _plain(value: Any) -> Any:
    """A value that JSON has; None for what is missing."""
    if value is None or value is pd.NA or (isinstance(value, float) and math.isnan(value)):
        return None
    return value if isinstance(value, str | bool | int | float) else str(value)
