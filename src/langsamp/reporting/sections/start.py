"""What the trainings made of the encoder that they continue from, group by group and language by language."""

from collections.abc import Sequence
from dataclasses import dataclass

from langsamp.render.document import Column, Table, Value
from langsamp.render.numbers import score, signed
from langsamp.reporting.findings.against_start import Outcome
from langsamp.reporting.report import Report
from langsamp.reporting.sections.section import Section
from langsamp.views.appearance import side_name
from langsamp.views.names import known


@dataclass(frozen=True, kw_only=True)
class Start(Section):
    """Each trained side against its start on each task."""

    id = "start"
    title = "Start"
    tables: Sequence[Table]
    """Of groups, then of the languages of each side and task."""


_NUMBERS = (
    Column("Start", score, "number"), Column("Trained", score, "number"), Column("Difference", signed, "points"),
    Column("95 %", kind="number"), Column("Against the start"),
)  # fmt: skip
_GROUPS = (
    Column("Task"), Column("Model"), Column("Group"), Column("Languages", kind="number"), *_NUMBERS,
)  # fmt: skip
_LANGUAGES = (Column("Language", kind="name"), Column("Tag", kind="code"), *_NUMBERS)


def start(report: Report) -> Start | None:
    """The sides against their starts; None where no start was scored."""
    outcomes = report.outcomes
    return Start(tables=[_groups(outcomes), *map(_languages, outcomes)]) if outcomes else None


def _groups(outcomes: Sequence[Outcome]) -> Table:
    rows = [
        (
            outcome.label, side_name(outcome.side), row.group, row.languages, row.start, row.trained, row.difference,
            row.interval, row.verdict or "–",
        )
        for outcome in outcomes
        for row in outcome.groups
    ]  # fmt: skip
    caption = (
        "95 %: interval of the difference with families of languages and seeds drawn anew, of a single language with "
        "its items drawn anew. Better or worse: the interval excludes zero and, of fewer than six languages, one is "
        "so by its own items."
    )
    return Table("Groups of languages against the start", _GROUPS, rows, caption)


def _languages(outcome: Outcome) -> Table:
    rows = [
        (
            known(row.tag).name, row.tag, row.start, row.trained, row.difference, row.interval,
            Value(row.verdict, beside=row.why_not and f"({row.why_not})"),
        )
        for row in outcome.languages
    ]  # fmt: skip
    caption = (
        "Largest loss first. 95 %: the items of the language drawn anew; better or worse: the interval excludes zero "
        "and q is below 0.05 over the languages. A language that cannot be tested alone is judged by its difference."
    )
    title = f"{outcome.label}, {side_name(outcome.side)}: every language against the start"
    return Table(title, _LANGUAGES, rows, caption, is_by_language=True)
