"""A comparison of two models as JSON, for programs: all numbers and every language."""

import math
from dataclasses import asdict
from typing import Any

from langsamp.scores.comparison import Comparison
from langsamp.scores.difference import Difference, LanguageDifference, TaskComparison
from langsamp.views.comparison_text import finding, limits


def as_json(comparison: Comparison) -> dict[str, Any]:
    """All that `comparison_text.comparison_document` shows and every language, ready for `json.dumps`."""
    return {
        "a": comparison.a.name,
        "b": comparison.b.name,
        "difference": "b - a, in points",
        "tasks": [_task_json(task, comparison) for task in comparison.tasks],
        "notes": list(comparison.notes),
    }


def _task_json(task: TaskComparison, comparison: Comparison) -> dict[str, Any]:
    grid, noise = task.grid, task.noise
    sides = dict(zip("ab", grid.names, strict=True))
    return {
        "task": grid.setting.task,
        "label": grid.label,
        "metric": grid.setting.metric,
        "made": {side: grid.settings[name].stamps for side, name in sides.items()},
        "seeds": {side: list(grid.replicates(name)) for side, name in sides.items()},
        "verdict": task.verdict,
        "sentence": finding(task, comparison.a.name, comparison.b.name),
        **_difference_json(task.difference),
        "p": task.p,
        "q": task.q,
        "sd_over_seeds": {"a": noise.spread_a, "b": noise.spread_b},
        "smallest_visible_difference": noise.detectable,
        "groups": {
            grouping: {group: _difference_json(difference) for group, difference in groups.items()}
            for grouping, groups in task.groups.items()
        },
        "languages": [_language_json(language) for language in task.languages],
        "dropped": {reason: list(tags) for reason, tags in grid.dropped.items()},
        "other_tags": grid.other_tags,
        "limits": limits(task),
    }


def _difference_json(difference: Difference) -> dict[str, Any]:
    content = asdict(difference)
    ends = {
        name: list(content.pop(old) or ()) or None
        for name, old in (("by_family", "clustered"), ("by_language", "plain"))
    }
    return {"difference": difference.mean, "interval_95": ends, **content}


def _language_json(language: LanguageDifference) -> dict[str, Any]:
    test = {name: _known(value) for name, value in language.test._asdict().items()} if language.test else {}
    return {
        **test,
        "tag": language.tag,
        "other_tag": language.other_tag,
        "a": language.a,
        "b": language.b,
        "difference": language.difference,
    }


def _known(value: str | float | None) -> str | float | None:
    """None for NaN."""
    return None if isinstance(value, float) and math.isnan(value) else value
