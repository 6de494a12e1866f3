"""Who lies near whom: the nearest vectors of every language and script."""

from collections.abc import Sequence
from dataclasses import dataclass

from langsamp.analysis.vectors.analyse import TABLES
from langsamp.render.document import Table
from langsamp.reporting.report import Report
from langsamp.reporting.sections.section import Section
from langsamp.views.vectors import neighbours_table


@dataclass(frozen=True, kw_only=True)
class Neighbours(Section):
    """The nearest vectors of the model that is shown first."""

    id = "neighbours"
    title = "Neighbours"
    tables: Sequence[Table]
    """Of languages, of scripts."""

    @property
    def example(self) -> tuple[str, list[str]] | None:
        """The first language with its nearest; None where the tables have none."""
        for table in filter(lambda table: table.is_by_language, self.tables):
            first, *_, near = table.rows[0]
            return first, [each.name for each in near]
        return None


def neighbours(report: Report) -> Neighbours | None:
    """The nearest vectors; None where there are none to compare."""
    tables = [
        neighbours_table(view.analysis, table, view.label)
        for view in report.vectors[:1]
        for table in TABLES
        if view.analysis.placed(table)
    ]
    return Neighbours(tables=tables) if tables else None
