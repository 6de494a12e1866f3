"""The training text of every language, and what its figures mean."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

from langsamp.data.findings import odd_sentences, overlap_sentences, sentences
from langsamp.render.document import Column, Table
from langsamp.render.numbers import share, whole
from langsamp.reporting.inputs.run_folder import Run
from langsamp.reporting.report import Report
from langsamp.reporting.sections.section import Section
from langsamp.views.names import known


class RunText(NamedTuple):
    """The training text of one run."""

    run: Run
    findings: Sequence[str]
    table: Table


@dataclass(frozen=True, kw_only=True)
class Data(Section):
    """The training text, run by run."""

    id = "data"
    title = "Data"
    texts: Sequence[RunText]


def data(report: Report) -> Data | None:
    """The training text; None where no input has prepared rows."""
    runs = [run for run in report.inputs.runs if run.manifest is not None]
    texts = [RunText(run, data_findings(run), _table(run, is_alone=len(runs) == 1)) for run in runs]
    return Data(texts=texts) if texts else None


def _table(run: Run, *, is_alone: bool) -> Table:
    """The text of every language, with how many documents were dropped by reason, and remarks."""
    tags, remarks = run.manifest.tags if run.manifest is not None else {}, _remarks(run)
    reasons = sorted({reason for counts in tags.values() for reason in counts.dropped})
    rows = [
        (
            known(tag).name, tag, counts.documents, counts.tokens, counts.rows, counts.held_out_rows,
            counts.unknown_share, counts.share_in_script, *(counts.dropped.get(reason, 0) for reason in reasons),
            "; ".join(remarks.get(tag, ())),
        )
        for tag, counts in sorted(tags.items())
    ]  # fmt: skip
    columns = (
        Column("Language", kind="name"), Column("Tag", kind="code"),
        *(Column(name, whole, "number") for name in ("Documents", "Tokens", "Rows", "Held-out rows")),
        *(Column(name, share, "number") for name in ("Unknown tokens", "Letters in script")),
        *(Column(reason.replace("_", " "), whole, "number") for reason in reasons), Column("Remarks"),
    )  # fmt: skip
    dropped = "; the last columns count documents that were dropped, by reason" if reasons else ""
    title = "Text of every language" + ("" if is_alone else f", {run.name}")
    return Table(title, columns, rows, f"After cleaning{dropped}.", is_by_language=True)


def data_findings(run: Run) -> list[str]:
    """What the figures of the training text mean, in the words that preparing said."""
    said = []
    if run.manifest is not None:
        said = [*odd_sentences(run.manifest.notes, run.manifest.remarks), *sentences(run.judged)]
    overlap = run.overlap
    if overlap is not None:
        said += overlap_sentences(overlap.tags, dropped=overlap.dropped)
        if not overlap.tags:
            said.append(f"No document holds a test sentence of {', '.join(overlap.looked_for.sentences)}")
    return [f"{sentence}." for sentence in said]


def _remarks(run: Run) -> dict[str, list[str]]:
    remarks: dict[str, list[str]] = {}
    for finding in run.judged:
        remarks.setdefault(finding.tag, []).append(finding.kind)
    for tag, tasks in run.overlap.tags.items() if run.overlap is not None else ():
        for task, shared in tasks.items():
            verb = "dropped" if run.overlap is not None and run.overlap.dropped else "with test sentences"
            remarks.setdefault(tag, []).append(f"{shared.documents:,} documents {verb} ({task})")
    return remarks
