"""`report.html`: one file about runs and models, readable offline, by keyboard, on paper and without JavaScript.

The page is a list of sections; each has a module below `sections` and a template of the same name.
"""

from functools import cache
from importlib.metadata import version
from pathlib import Path

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup

from langsamp.disk.files import write_text
from langsamp.disk.folders import check_file
from langsamp.disk.layout import PAGE_MARK
from langsamp.render.html_table import table_html
from langsamp.render.numbers import whole
from langsamp.reporting.report import Report
from langsamp.reporting.sections.analyses.ablation import ablation
from langsamp.reporting.sections.analyses.donors import donors
from langsamp.reporting.sections.analyses.identification import identification
from langsamp.reporting.sections.analyses.neighbours import neighbours
from langsamp.reporting.sections.analyses.neutrality import neutrality
from langsamp.reporting.sections.analyses.unmade import unmade
from langsamp.reporting.sections.analyses.vectors import vectors
from langsamp.reporting.sections.data import data
from langsamp.reporting.sections.languages import languages
from langsamp.reporting.sections.losses import losses
from langsamp.reporting.sections.provenance import provenance
from langsamp.reporting.sections.scores import scores
from langsamp.reporting.sections.section import Section
from langsamp.reporting.sections.seeds import seeds
from langsamp.reporting.sections.start import start
from langsamp.reporting.sections.training import training
from langsamp.reporting.sections.verdict import verdict
from langsamp.views.appearance import side_name


def write_report(
    *words: str | Path,
    out: Path | None = None,
    title: str | None = None,
    baseline: str | None = None,
    redact_text: bool = False,
) -> Path:
    """Write the report on runs, evaluations and published scores and give its path: `out`, or `Inputs.default_out`.

    `baseline` is the model that every other one is compared with; `redact_text` leaves out every sentence of test sets.
    What an input lacks (no evaluation, one model only) is named in the report instead of shown.

    Raises:
        DataMissingError: where a word names no run, evaluation or published scores.
        DamagedError: where a file of one cannot be read.
        UserError: where the report cannot be written, and for an unknown baseline.
    """
    return write_page(Report.read(words, baseline=baseline, title=title, redact_text=redact_text), out=out)


def write_page(report: Report, *, out: Path | None = None) -> Path:
    """The same of a report that was read.

    Raises:
        DamagedError: where a file of it cannot be read.
        UserError: where it cannot be written.
    """
    page = (
        _templates()
        .get_template("page.html")
        .render(inputs=report.inputs, langsamp_version=version("langsamp"), sections=_sections(report))
    )
    target = out or report.inputs.default_out
    check_file(target, mark=PAGE_MARK)
    write_text(target, page)
    return target


def _sections(report: Report) -> list[Section]:
    """The parts of the page in the order in which they are read, without those that have nothing to show."""
    every = (
        verdict(report),
        start(report),
        scores(report),
        languages(report),
        losses(report),
        seeds(report),
        training(report),
        vectors(report),
        neighbours(report),
        identification(report),
        neutrality(report),
        donors(report),
        ablation(report),
        unmade(report),
        data(report),
        provenance(report),
    )
    return [section for section in every if section is not None]


@cache
def _templates() -> Environment:
    """The page's templates, compiled once."""
    environment = Environment(
        loader=PackageLoader("langsamp.reporting"), autoescape=True, undefined=StrictUndefined, trim_blocks=True,
        lstrip_blocks=True,
    )  # fmt: skip
    environment.filters |= {"side": side_name, "table": lambda table: Markup(table_html(table)), "whole": whole}
    return environment
