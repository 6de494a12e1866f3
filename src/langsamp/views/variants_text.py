"""An ablation, and families, as documents."""

from collections.abc import Mapping, Sequence

from langsamp.analysis.variant_analyses import AblationAnalysis, FamiliesAnalysis
from langsamp.analysis.variants_record import FamilyMean, VariantMean
from langsamp.render.document import Column, Document, Note, Sentence, Table, Value, is_absent
from langsamp.render.numbers import ends, probability, score, signed, with_ends
from langsamp.views.names import group_name

_SPREAD = "± standard deviation over trainings (over seeds, where one was trained)"


def ablation_document(analysis: AblationAnalysis) -> Document:
    """A table a task: a variant with its means over groups and its difference to the baseline."""
    said = map(Sentence, analysis.sentences)
    return Document([*ablation_tables(analysis), *said, *map(Note, analysis.notes)], title=analysis.subject)


def family_document(analysis: FamiliesAnalysis) -> Document:
    """A table a task: a family with the mean of each model, and the difference of two."""
    said = map(Sentence, analysis.sentences)
    return Document([*family_tables(analysis, {}), *said, *map(Note, analysis.notes)], title=analysis.subject)


def ablation_tables(analysis: AblationAnalysis) -> list[Table]:
    """A table a task, variants in the order of the analysis."""
    tasks = dict.fromkeys(line.task for line in analysis.ablation)
    return [_variants(task, [line for line in analysis.ablation if line.task == task]) for task in tasks]


def _variants(task: str, lines: Sequence[VariantMean]) -> Table:
    line_of = {(line.variant, line.group): line for line in lines}
    numbers: dict[str, int] = {}
    for line in lines:
        numbers[line.group] = max(numbers.get(line.group, 0), line.languages)
    rows: list[Sequence[object]] = []
    for variant in dict.fromkeys(line.variant for line in lines):
        mine = [line_of.get((variant, group)) for group in numbers]
        whole = line_of.get((variant, "all"))
        first = next(line for line in mine if line is not None)
        means = (_mean(line, is_best=line.is_best) if line else None for line in mine)
        q = whole.q if whole else None
        rows.append((first.name, first.seeds, *means, *_against(whole), q))
    groups = (Column(f"{group_name(group)} ({number})", score, "number") for group, number in numbers.items())
    columns = (
        Column("Variant", kind="name"), Column("Seeds", str, "number"), *groups, *_AGAINST,
        Column("q", probability, "number"),
    )  # fmt: skip
    caption = (
        f"Per cent, mean over (n) languages of means over trainings, each the mean over its seeds; {_SPREAD}. The best "
        "of a column is marked. Differences are to the baseline, in points, with their 95 % interval; q is that of all "
        "languages."
    )
    return Table(f"{task}: variants side by side", columns, rows, caption)


def family_tables(analysis: FamiliesAnalysis, names: Mapping[str, str]) -> list[Table]:
    """A table a task, families in the order of the analysis; `names` are readers' names of the models."""
    tasks = dict.fromkeys(line.task for line in analysis.families)
    lines_of = {task: [line for line in analysis.families if line.task == task] for task in tasks}
    return [_families(task, lines, analysis, names) for task, lines in lines_of.items()]


def _families(task: str, lines: Sequence[FamilyMean], analysis: FamiliesAnalysis, names: Mapping[str, str]) -> Table:
    line_of = {(line.family, line.model): line for line in lines}
    rows: list[Sequence[object]] = []
    for family in dict.fromkeys(line.family for line in lines):
        mine = [line_of.get((family, model)) for model in analysis.models]
        present = [line for line in mine if line is not None]
        top = max(line.mean for line in present) - 1e-9
        means = (_mean(line, is_best=len(present) > 1 and line.mean >= top) if line else None for line in mine)
        against = mine[-1] if analysis.compares else None
        rows.append((present[0].family_name, max(line.languages for line in present), *means, *_against(against)))
    models = (Column(names.get(model, model), score, "number") for model in analysis.models)
    columns = (Column("Family", kind="name"), Column("Languages", str, "number"), *models, *_AGAINST)
    caption = (
        f"Per cent, mean over the languages of a family; {_SPREAD}. The best of a family is marked. Differences are in "
        "points, with their 95 % interval."
    )
    return Table(f"{task} by family", columns, rows, caption)


_AGAINST = (Column("Difference", signed, only="narrow"), Column("95 %", only="narrow"))


def _against(line: VariantMean | FamilyMean | None) -> tuple[float | None, str | None]:
    if line is None:
        return None, None
    return line.difference, ends(line.low, line.high, signed)


def _mean(line: VariantMean | FamilyMean, *, is_best: bool) -> Value:
    """The mean with its deviation beside and its difference below it."""
    spread = "" if is_absent(line.deviation) else f"± {score(line.deviation)}"
    against = "" if is_absent(line.difference) else with_ends(line.difference, line.low, line.high, signed)
    return Value(line.mean, spread, against, is_best)
