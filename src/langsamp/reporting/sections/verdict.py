"""The verdict: what came out, what is decided and what is not, what the inputs lack, and what the report is about."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import chain
from typing import NamedTuple

from langsamp.model.variants import START
from langsamp.render.chart import Picture
from langsamp.render.document import Column, Table, Value
from langsamp.render.numbers import duration, probability, score, signed, tone, whole
from langsamp.reporting.findings.against_start import Outcome
from langsamp.reporting.findings.decided import Finding
from langsamp.reporting.findings.verdicts import TaskVerdict
from langsamp.reporting.inputs.combined import Inputs
from langsamp.reporting.inputs.comparisons import SystemComparison
from langsamp.reporting.inputs.group_rows import Tests
from langsamp.reporting.inputs.metric_names import metric_name
from langsamp.reporting.inputs.run_folder import Run
from langsamp.reporting.pictures.overview_chart import Lead, overview_chart
from langsamp.reporting.report import Report
from langsamp.reporting.sections.section import Section
from langsamp.scores.reading import LACKING
from langsamp.views.comparison_text import DIFFERENCE, difference_cells


class Card(NamedTuple):
    """One headline number."""

    label: str
    value: str
    note: str
    tone: str = ""
    """`better`, `worse` or empty."""


@dataclass(frozen=True, kw_only=True)
class Verdict(Section):
    """What came out, and of what."""

    id = "verdict"
    title = "Verdict"
    is_demonstration: bool
    unlearned: Sequence[str]
    pictures: Sequence[Picture]
    """The scores at one glance; none where there are none."""
    findings: Sequence[Finding]
    headlines: Sequence[str]
    outcomes: Sequence[Outcome]
    verdicts: Sequence[TaskVerdict]
    """Of each task and side."""
    summary: Table | None
    """A line for each task, where there is more to compare than one task for two models."""
    is_short: bool
    """Whether few tasks and models are compared, so that their limits fit beside."""
    cards: Sequence[Card]
    absent: Sequence[str]
    """What a whole report has and this one lacks, in sentences."""
    about: Sequence[tuple[str, str]]
    """What the inputs are, each with its name."""


def verdict(report: Report) -> Verdict:
    """The verdict of a report."""
    inputs, comparisons = report.inputs, report.comparisons
    sides = [side for side in inputs.sides if any(side in each.sides for each in comparisons)]
    is_one = len(comparisons) <= 1 and all(len(each.trained) <= 2 for each in comparisons)
    return Verdict(
        is_demonstration=any(run.is_demonstration for run in inputs.runs),
        unlearned=report.unlearned,
        pictures=[_overview(report)] if comparisons else [],
        findings=report.findings,
        headlines=report.headlines,
        outcomes=report.outcomes,
        verdicts=[*chain.from_iterable(report.verdicts)],
        summary=None if is_one else _summary(report, sides),
        is_short=len(comparisons) < 4 and len(sides) < 3,
        cards=[] if len(sides) > 2 and not is_one else _cards(inputs.runs, comparisons, report.tests),
        absent=[
            *report.trained_differently,
            *report.lost,
            *_absent(inputs, report.compared),
            *report.not_compared,
            *inputs.left_out,
        ],
        about=[*(_of_run(inputs.single, inputs) if inputs.single else _of_inputs(inputs))],
    )


def _overview(report: Report) -> Picture:
    comparisons, wholes = report.comparisons, [groups["paper"][0] for groups in report.groups]
    over_baseline = [
        Lead(each.label, side, against.mean, against.clustered, report.tests[each.setting, side].is_sure)
        for each, whole in zip(comparisons, wholes, strict=True)
        for side, against in whole.against.items()
    ]
    over_start = [
        Lead(each.label, each.side, each.groups[0].difference, each.groups[0].ends, each.groups[0].is_sure)
        for each in report.outcomes
    ]
    leads = {"over the baseline, points": over_baseline, "over the start, points": over_start}
    return Picture(
        "overview",
        overview_chart(comparisons, wholes, leads, marks=report.inputs.marks),
        "The scores at one glance",
        "In brackets the number of languages; grey: controls; lines: 95 % intervals; filled: told apart.",
        summary="Mean score of each task, and differences to the baseline and the start",
    )


def _summary(report: Report, sides: Sequence[str]) -> Table:
    """A line for each comparison: the mean of each side, and its difference to the baseline where one is tested."""
    tests, marks, baseline = report.tests, report.inputs.marks, report.inputs.baseline
    tested = {side for _, side in tests}
    columns = [Column("Task"), Column("Metric"), Column("Languages", whole, "number"), Column("Over", kind="control")]
    for side in sides:
        difference = (*DIFFERENCE[:2], Column("q", probability, "number"), DIFFERENCE[2]) if side in tested else ()
        columns += [Column(marks[side].name, score, "number"), *difference]
    rows = []
    for number, each in enumerate(report.comparisons):
        trials = [each.trials(side) for side in each.sides]
        over = " / ".join(trials if len(set(trials)) > 1 else trials[:1])
        row: list[object] = [
            Value(each.label, link=f"scores-{number + 1}"), metric_name(each.metric), len(each.shared), over
        ]  # fmt: skip
        means = each.means.loc[each.shared].mean()
        for side in sides:
            row.append(means.get(side))
            if side in tested:
                test = tests.get((each.setting, side))
                points, interval, counts = difference_cells(test.difference if test else None)
                row += [points, interval, test and test.q, counts]
        rows.append(row)
    there = f", {marks[baseline].name} where it is there" if baseline else ""
    caption = (
        "Main metric in per cent, mean over languages of means over trainings, or over seeds where one was trained; "
        f"differences in points to the baseline of the same way of scoring{there}. 95 %: interval of the difference "
        "with families of languages and the same trainings or seeds drawn anew. q: Wilcoxon's test over languages, "
        "adjusted for the number of tasks. Over: how many trainings, each with how many fine-tunings, stand behind a "
        "score, in the order of the models where they differ."
    )
    return Table("All tasks", columns, rows, caption, name="summary")


def _cards(runs: Sequence[Run], comparisons: Sequence[SystemComparison], tests: Tests) -> list[Card]:
    """The headline numbers: of the only comparison in detail or of each of several, then of the training text."""
    compared = [comparison for comparison in comparisons if comparison.compares]
    shown = [card for comparison in compared for card in _of_comparison(comparison, tests, alone=len(compared) == 1)]
    for run in runs:
        if run.manifest:
            tags = run.manifest.tags
            languages, scripts = ({tag.split("_")[part] for tag in tags} for part in (0, 1))
            label = "Trained on" if len(runs) == 1 else f"{run.name}: trained on"
            shown.append(Card(label, whole(len(tags)), f"tags: {len(languages)} languages in {len(scripts)} scripts"))
    return shown


def _of_comparison(comparison: SystemComparison, tests: Tests, *, alone: bool) -> list[Card]:
    main, baseline = str(comparison.main), str(comparison.baseline)
    result = tests[comparison.setting, main].difference
    before, after, points = score(result.mean_a), score(result.mean_b), signed(result.mean)
    counts = f"worse on {result.worse}, equal on {result.tie}"
    if not alone:
        note = f"{before} to {after} %; better on {result.better}, {counts}"
        return [Card(comparison.label, points, note, tone(points))]
    over = f"{comparison.label}, mean over languages"
    note = "trained on the same rows, without the vectors" if baseline == "none" else over
    return [
        Card(comparison.names[main], f"{after} %", over),
        Card(comparison.names[baseline], f"{before} %", note),
        Card("Difference", points, "points, mean over languages", tone(points)),
        Card("Better on", f"{result.better} of {result.languages}", counts),
    ]


def _absent(inputs: Inputs, comparisons: Sequence[SystemComparison]) -> Iterator[str]:
    for run in filter(lambda run: run.is_run, inputs.runs):
        before = "" if len(inputs.runs) == 1 else f"{run.name}: "
        yield from (f"{before}{sentence}" for sentence in _absent_in(run, alone=not before))
    yield from (
        f"The table of scores of {run.name} {LACKING.format(run.unlisted)}." for run in inputs.runs if run.unlisted
    )
    if inputs.baseline is None and not inputs.single:
        yield "There is nothing to compare: the report is about one model."
    if inputs.models and not comparisons:
        yield "No model has been evaluated yet: there are no scores."
    for comparison in comparisons:
        if not comparison.shared:
            yield f"No language was scored on {comparison.label} for every encoder, so it is not shown."
    waiting = [model.label for model in inputs.models if model.conditioning is None and not model.lacks_weights]
    if waiting:
        yield f"Not exported yet: {', '.join(waiting)}."
    if left_out := [model.label for model in inputs.models if model.lacks_weights]:
        yield f"This is a copy without weights, so what vectors know is not computed: {', '.join(left_out)}."


def _absent_in(run: Run, *, alone: bool) -> Iterator[str]:
    variants = {model.variant for model in run.models}
    if not run.models:
        yield "No model has been trained yet."
    elif alone and "none" not in variants:
        yield "There is no baseline (variant none), so nothing shows what the vectors bring."
    elif alone and variants == {"none"}:
        yield "Only the baseline was trained, so there are no language vectors and there is no comparison."
    if run.manifest is None:
        yield "The folder holds no prepared rows, so nothing is said about the training text."
    if run.models and run.recipe.get("model", {}).get("init") and START not in run.model_names.values():
        yield "The encoder that the trainings continue from was not scored, so nothing shows what they forgot."
    yield from (f"{each[0].upper()}{each[1:]}." for each in run.unmade)


def _of_run(run: Run, inputs: Inputs) -> Iterator[tuple[str, str]]:
    yield "Models", _seeds(inputs) or "none"
    yield "Tags", whole(len(inputs.tags))
    if steps := dict.fromkeys(model.log.train[-1].step for model in run.models if model.log.train):
        yield "Steps", ", ".join(map(whole, steps))
    if run.manifest:
        rows, totals = run.manifest, run.totals
        yield "Text", rows.source
        yield "Licence of the text", rows.licence or "not stated"
        yield "Documents", whole(totals.documents)
        yield "Tokens", whole(totals.tokens)
        yield "Rows", f"{whole(totals.rows)} of {whole(rows.row_tokens)} tokens"
        yield "Vocabulary", f"{whole(rows.vocabulary_size)} tokens"
    if seconds := run.provenance.get("wall_seconds"):
        yield "Time of the last command", duration(seconds)


def _of_inputs(inputs: Inputs) -> Iterator[tuple[str, str]]:
    yield "Models", ", ".join(mark.name for mark in inputs.marks.values())
    yield "Compared with", inputs.marks[inputs.baseline].name if inputs.baseline else "nothing"
    yield "Tags", whole(len(inputs.tags))
    for run in inputs.runs:
        is_one = len(run.models) == 1
        kind = f"run, {len(run.models)} model{'' if is_one else 's'} trained" if run.is_run else ""
        paper = "the paper's per-language numbers (arXiv 2409.18199), rounded to 0.1, made on the authors' texts"
        yield run.name, paper if run.is_published else kind or f"evaluation, {len(run.cells)} cells"


def _seeds(inputs: Inputs) -> str:
    """The models in a few words, e.g. `Baseline (seeds 0, 1), LangSAMP (seed 0)`."""
    seeds: dict[str, list[str]] = {}
    for model in inputs.models:
        seeds.setdefault(inputs.marks[model.side].name, []).append(str(model.seed))
    return ", ".join(f"{name} (seed{'s' * (len(numbers) > 1)} {', '.join(numbers)})" for name, numbers in seeds.items())
