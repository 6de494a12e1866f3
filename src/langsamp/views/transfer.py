"""The study of source languages as a document."""

from collections.abc import Iterator, Mapping, Sequence

from langsamp.analysis.transfer.record import Role, RoleMean, TransferAnalysis
from langsamp.render.document import Column, Document, Note, Sentence, Table, Value, is_absent
from langsamp.render.numbers import cosine, ends, score, signed
from langsamp.views.names import group_name, known

ROLE_NAMES: dict[Role, str] = {
    "english": "English", "closest": "closest donor", "family": "same family",
    "kinship": "nearest kin", "neighbours": "nearest neighbours", "random": "random donor",
    "best": "best in hindsight",
}  # fmt: skip
_GROUPS = ("tail", "head", "latin", "nonlatin", "with kin", "all")
"""Groups that a narrow place shows."""
_CAPTION = (
    "Mean score in per cent over (n) languages, by way of choosing the source; the best that needs no hindsight is "
    "marked. Over all languages: to English, the difference to English as the source; regret, points below the best "
    "source, which only hindsight knows; hits, for how many languages the source is the best one; ranking, how good "
    "the order of all candidates is (NDCG, 1 in hindsight). With kin: languages with a candidate of their family."
)


def transfer_document(analysis: TransferAnalysis) -> Document:
    """A table for each task and model: means over groups by source, difference to English, regret, hits."""
    lost = [
        Sentence(f"left out of {entry.task}, {entry.model}: {len(entry.targets)} languages, {entry.reason}")
        for entry in analysis.left_out
    ]
    tables = [means_table(analysis, *study, {}) for study in analysis.studies]
    said = map(Sentence, analysis.sentences)
    return Document([*tables, *said, *lost, *map(Note, analysis.notes)], title=analysis.subject)


def means_table(analysis: TransferAnalysis, task: str, model: str, names: Mapping[str, str]) -> Table:
    """Means over groups by way of choosing, of one task and model; `names` are readers' names of the models."""
    line_of = {(line.group, line.role): line for line in analysis.means_of(task, model)}
    numbers: dict[str, int] = {}
    for (group, _), line in line_of.items():
        numbers[group] = max(numbers.get(group, 0), line.languages)
    top = {
        group: max((line.score for (of, role), line in line_of.items() if of == group and role != "best"), default=0.0)
        for group in numbers
    }
    rows: list[Sequence[object]] = []
    for role, name in ROLE_NAMES.items():
        mine = [line_of.get((group, role)) for group in numbers]
        if any(mine):
            scores = (line and _score(line, numbers[line.group], top[line.group]) for line in mine)
            rows.append((name, *scores, *_over_all(line_of.get(("all", role)))))
    groups = (
        Column(f"{group_name(group)} ({number})", score, "number", "" if group in _GROUPS else "wide")
        for group, number in numbers.items()
    )
    columns = (
        Column("Source"), *groups, Column("To English", signed, "number"), Column("Regret", score, "number", "narrow"),
        Column("Hits", "{:.0%}".format, "number"), Column("Ranking", cosine, "number"),
    )  # fmt: skip
    return Table(f"{task}, {names.get(model, model)}", columns, rows, _CAPTION)


def _score(line: RoleMean, languages: int, top: float) -> Value:
    regret = [] if is_absent(line.regret) else [f"regret {score(line.regret)}"]
    fewer = [] if line.languages == languages else [f"{line.languages:,} languages"]
    return Value(line.score, "", ", ".join((*regret, *fewer)), line.role != "best" and line.score >= top - 1e-9)


def _over_all(line: RoleMean | None) -> Iterator[object]:
    if line is None:
        return
    yield None if line.role == "english" else Value(line.difference, below=ends(line.low, line.high, signed))
    yield line.regret
    yield None if line.role == "best" else line.hits
    yield line.ndcg


def targets_table(analysis: TransferAnalysis, task: str, model: str, names: Mapping[str, str]) -> Table:
    """The score of every target from each source, by name."""
    rows = []
    for target, by_role in analysis.scores_of(task, model).items():
        scores = (
            line and Value(line.score, line.source if line.draws <= 1 else f"mean of {line.draws}")
            for line in map(by_role.get, ROLE_NAMES)
        )
        rows.append((known(target).name, target, *scores))
    columns = (
        Column("Target", kind="name"), Column("Tag", kind="code"),
        *(Column(name, score, "number") for name in ROLE_NAMES.values()),
    )  # fmt: skip
    title = f"{task}, {names.get(model, model)}: scores of {len(rows)} targets by source"
    caption = "Per cent, and the source that it came from."
    return Table(title, columns, sorted(rows, key=lambda row: row[0].casefold()), caption, is_by_language=True)
