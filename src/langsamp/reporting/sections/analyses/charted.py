"""An analysis of models side by side as the page shows it: sentences, charts, tables, notes."""

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from markupsafe import Markup

from langsamp.render.chart import Chart, embedded
from langsamp.reporting.inputs.stored import Kind, Stored

_CAPTIONS = {
    "contrasts": "What each part brings, task by task",
    "strategies": "What each way to choose a source gives, beside English",
    "regret": "How far each way to choose a source stays behind the best one",
}


class Charted(NamedTuple):
    """An analysis as the page shows it."""

    subject: str
    sentences: Sequence[str]
    """What was found, in words, with readers' names of the models."""
    pictures: Sequence[tuple[str, Markup]]
    """Each with its caption."""
    tables: Sequence[Any]
    notes: Sequence[str]


def charted(
    stored: Stored[Kind], number: int, tables: Sequence[Any], charts: Mapping[str, Chart], summary: str
) -> Charted:
    """The analysis that is the page's `number`-th of its kind; `summary` says what the chart of a task shows."""
    pictures = []
    for key, chart in charts.items():
        caption = _CAPTIONS.get(key, f"{key}: {summary}")
        pictures.append((caption, embedded(f"{stored.analysis.kind}-{number}-{key}", chart, caption)))
    return Charted(stored.analysis.subject, stored.sentences, pictures, tables, stored.analysis.notes)
