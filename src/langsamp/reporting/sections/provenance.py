"""Where everything comes from: commands, files, machines, the data of tasks with their licences, and definitions."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from langsamp.analysis.donors.record import DonorsAnalysis
from langsamp.analysis.neutrality.record import NeutralityAnalysis
from langsamp.analysis.transfer.record import TransferAnalysis
from langsamp.evaluation.tasks.registry import TASKS
from langsamp.render.document import Column, Table
from langsamp.reporting.inputs.metric_names import meanings
from langsamp.reporting.inputs.run_folder import Run
from langsamp.reporting.report import Report
from langsamp.reporting.sections.section import Section
from langsamp.views.appearance import meanings_of_sides
from langsamp.views.paper_tables.task_names import in_order
from langsamp.views.vectors import NEIGHBOURS

_CITATIONS = {
    "sr-bible": "Mayer and Cysouw (2014), Creating a massively parallel Bible corpus; ImaniGooghari et al. (2023), "
    "Glot500",
    "sr-tatoeba": "Artetxe and Schwenk (2019), Massively multilingual sentence embeddings for zero-shot cross-lingual "
    "transfer and beyond",
    "taxi1500": "Ma et al. (2023), Taxi1500: a multilingual dataset for text classification in 1500 languages",
    "sib200": "Adelani et al. (2024), SIB-200: a simple, inclusive, and big evaluation dataset for topic "
    "classification",
    "ner": "Pan et al. (2017), Cross-lingual name tagging and linking for 282 languages; Rahimi et al. (2019), "
    "Massively multilingual transfer for NER",
    "pos": "de Marneffe et al. (2021), Universal Dependencies",
    "sr-cldr": "Unicode Consortium, Common Locale Data Repository",
    "topic-cldr": "Unicode Consortium, Common Locale Data Repository",
    "ner-cldr": "Unicode Consortium, Common Locale Data Repository",
}
"""By task, the works that made its data."""


@dataclass(frozen=True, kw_only=True)
class Provenance(Section):
    """What repeats the page, what it was made from, and what its numbers mean."""

    id = "provenance"
    title = "Provenance"
    command: str
    runs: Sequence[Run]
    sources: Table
    measures: Mapping[str, str]
    """What a task measures."""
    meanings: Mapping[str, str]
    """Of variants and metrics."""
    counted: int
    """Neighbours whose families count; 0 without vectors."""
    shuffles: int | None
    has_neutrality: bool
    has_donors: bool


def provenance(report: Report) -> Provenance:
    """Where everything comes from."""
    inputs, comparisons = report.inputs, report.comparisons
    tasks = dict.fromkeys(each.setting.task for each in comparisons)
    vectors = next((each.analysis.settings for each in report.vectors), {})
    return Provenance(
        command=inputs.command(*(["--redact-text"] if report.redact_text else [])),
        runs=inputs.runs,
        sources=_sources(tasks, redacts_text=report.redact_text),
        measures={name: TASKS[name].measures for name in tasks if name in TASKS and TASKS[name].measures},
        meanings={**meanings_of_sides(inputs.sides), **meanings(comparisons)},
        counted=vectors.get("neighbours", NEIGHBOURS) if report.vectors else 0,
        shuffles=vectors.get("shuffles"),
        has_neutrality=bool(report.of_kind(NeutralityAnalysis)),
        has_donors=bool(report.of_kind(DonorsAnalysis) or report.of_kind(TransferAnalysis)),
    )


def _sources(tasks: Iterable[str], *, redacts_text: bool) -> Table:
    """The data of some tasks, each once, the paper's first; what is not known of a task of the user's own is said."""
    rows = [
        (name, TASKS[name].licence if name in TASKS else "not stated", _CITATIONS.get(name, "not stated"))
        for name in in_order(tasks)
    ]
    few = " and a few sentences of these data, under Who got worse; --redact-text leaves them out"
    caption = f"This file holds scores{' and no sentence of these data' if redacts_text else few}."
    return Table("Test data", (Column("Task"), Column("Licence"), Column("Cite")), rows, caption)
