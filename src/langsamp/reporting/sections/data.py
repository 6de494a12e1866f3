"""The training text of every language, and what its figures mean."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

from langsamp.data.findings import judge_manifest, odd_sentences, overlap_sentences, sentences
from langsamp.data.rows import TagRows
from langsamp.languages.table import LanguageInfo
from langsamp.reporting.inputs.run_folder import Run
from langsamp.reporting.report import Report
from langsamp.reporting.sections.section import Section
from langsamp.views.names import known


class DataRow(NamedTuple):
    """One line of the table of training text."""

    language: LanguageInfo
    counts: TagRows
    remarks: Sequence[str] = ()
    """What is wrong with its figures, and what it shares with test sets, in a few words each."""


class RunText(NamedTuple):
    """The training text of one run."""

    run: Run
    rows: Sequence[DataRow]
    reasons: Sequence[str]
    """Why documents were dropped."""
    findings: Sequence[str]


@dataclass(frozen=True, kw_only=True)
class Data(Section):
    """The training text, run by run."""

    id = "data"
    title = "Data"
    texts: Sequence[RunText]


def data(report: Report) -> Data | None:
    """The training text; None where no input has prepared rows."""
    texts = [_of_run(run) for run in report.inputs.runs if run.manifest is not None]
    return Data(texts=texts) if texts else None


def _of_run(run: Run) -> RunText:
    tags, remarks = run.manifest.tags if run.manifest is not None else {}, _remarks(run)
    reasons = sorted({reason for counts in tags.values() for reason in counts.dropped})
    rows = [DataRow(known(tag), counts, remarks.get(tag, ())) for tag, counts in sorted(tags.items())]
    return RunText(run, rows, reasons, data_findings(run))


def data_findings(run: Run) -> list[str]:
    """What the figures of the training text mean, in the words that preparing said."""
    said = []
    if run.manifest is not None:
        said = [*odd_sentences(run.manifest.notes, run.manifest.remarks), *sentences(judge_manifest(run.manifest))]
    overlap = run.overlap
    if overlap is not None:
        said += overlap_sentences(overlap.tags, dropped=overlap.dropped)
        if not overlap.tags:
            said.append(f"No document holds a test sentence of {', '.join(overlap.looked_for.sentences)}")
    return [f"{sentence}." for sentence in said]


def _remarks(run: Run) -> dict[str, list[str]]:
    remarks: dict[str, list[str]] = {}
    for finding in judge_manifest(run.manifest) if run.manifest is not None else ():
        remarks.setdefault(finding.tag, []).append(finding.kind)
    for tag, tasks in run.overlap.tags.items() if run.overlap is not None else ():
        for task, shared in tasks.items():
            verb = "dropped" if run.overlap is not None and run.overlap.dropped else "with test sentences"
            remarks.setdefault(tag, []).append(f"{shared.documents:,} documents {verb} ({task})")
    return remarks
