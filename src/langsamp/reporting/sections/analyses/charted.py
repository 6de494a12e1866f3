"""An analysis of models side by side as the page shows it: sentences, charts, tables, notes."""

from collections.abc import Mapping, Sequence
from typing import NamedTuple

from langsamp.render.chart import Chart, Picture
from langsamp.render.document import Table
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
    pictures: Sequence[Picture]
    tables: Sequence[Table]
    notes: Sequence[str]


def charted(
    stored: Stored[Kind], number: int, tables: Sequence[Table], charts: Mapping[str, Chart], summary: str
) -> Charted:
    """The analysis that is the page's `number`-th of its kind; `summary` says what the chart of a task shows."""
    pictures = [
        Picture(f"{stored.analysis.kind}-{number}-{key}", chart, _CAPTIONS.get(key, f"{key}: {summary}"))
        for key, chart in charts.items()
    ]
    return Charted(stored.analysis.subject, stored.sentences, pictures, tables, stored.analysis.notes)
