"""An ablation, and families, as documents."""

from langsamp.analysis.variant_analyses import AblationAnalysis, FamiliesAnalysis
from langsamp.analysis.variants_record import FamilyMean, VariantMean
from langsamp.render.document import Document, Note, Sentence, Table, is_absent
from langsamp.render.numbers import ABSENT, probability, score, signed


def ablation_document(analysis: AblationAnalysis) -> Document:
    """A table a task: a variant with its means over groups and its difference to the baseline."""
    rows_of: dict[str, dict[str, dict[str, object]]] = {}
    for row in analysis.ablation:
        by_row = rows_of.setdefault(row.task, {})
        line = by_row.setdefault(row.variant, {"variant": row.name, "seeds": row.seeds})
        line[f"{row.group} ({row.languages})"] = f"{score(row.mean)}{'*' if row.is_best else ''}"
        if row.group == "all":
            line |= {"±": None if is_absent(row.deviation) else score(row.deviation)}
            line |= {"diff.": signed(row.difference), "95 %": _ends(row), "q": probability(row.q)}
    title = "mean over (n) languages, per cent, ± over trainings or seeds; * the highest; difference in points"
    tables = [Table.of(f"{task}: {title}", by_row.values()) for task, by_row in rows_of.items()]
    said = map(Sentence, analysis.sentences)
    return Document([*tables, *said, *map(Note, analysis.notes)], title=analysis.subject)


def family_document(analysis: FamiliesAnalysis) -> Document:
    """A table a task: a family with the mean of each model, and the difference of two."""
    rows_of: dict[str, dict[str, dict[str, object]]] = {}
    for row in analysis.families:
        blank = {"family": row.family_name, "languages": row.languages, **dict.fromkeys(analysis.models, ABSENT)}
        line = rows_of.setdefault(row.task, {}).setdefault(row.family, blank)
        spread = "" if is_absent(row.deviation) else f" ± {score(row.deviation)}"
        line[row.model] = f"{score(row.mean)}{spread}"
        if row.model == analysis.models[-1] and analysis.compares:
            line |= {"difference": signed(row.difference), "95 %": _ends(row)}
    title = "per cent, mean over languages; differences in points"
    tables = [Table.of(f"{task}, {title}", by_row.values()) for task, by_row in rows_of.items()]
    said = map(Sentence, analysis.sentences)
    return Document([*tables, *said, *map(Note, analysis.notes)], title=analysis.subject)


def _ends(row: VariantMean | FamilyMean) -> str:
    return ABSENT if is_absent(row.low) else f"[{signed(row.low)}, {signed(row.high)}]"
