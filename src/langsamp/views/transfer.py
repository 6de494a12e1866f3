"""The study of source languages as a document."""

from collections.abc import Iterator, Sequence

from langsamp.analysis.transfer.record import Role, RoleMean, TransferAnalysis
from langsamp.render.document import Column, Document, Note, Sentence, Table
from langsamp.render.numbers import cosine, score, signed, with_ends

ROLE_NAMES: dict[Role, str] = {
    "english": "English", "closest": "closest donor", "family": "same family",
    "kinship": "nearest kin", "neighbours": "nearest neighbours", "random": "random donor",
    "best": "best in hindsight",
}  # fmt: skip
_GROUPS = {
    "tail": "tail", "head": "head", "latin": "Latn", "nonlatin": "non-Latn", "with kin": "kin", "all": "all",
}  # fmt: skip
_EXPLAINED = Sentence(
    "Over all languages: to English, the difference to English as the source; regret, points below the best source in "
    "hindsight; hits, for how many languages the source is the best one; ndcg, how good the ranking of all candidates "
    "is, 1 being that of hindsight. kin: languages with a candidate of their family."
)


def transfer_document(analysis: TransferAnalysis) -> Document:
    """A table for each task and model: means over groups by source, difference to English, regret, hits."""
    lost = [
        Sentence(f"left out of {entry.task}, {entry.model}: {len(entry.targets)} languages, {entry.reason}")
        for entry in analysis.left_out
    ]
    tables = [_table(f"{task}, {model}", analysis.means_of(task, model)) for task, model in analysis.studies]
    said = map(Sentence, analysis.sentences)
    return Document([*tables, _EXPLAINED, *said, *lost, *map(Note, analysis.notes)], title=analysis.subject)


def _table(of: str, means: Sequence[RoleMean]) -> Table:
    line_of = {(line.group, line.role): line for line in means}
    groups = [group for group in _GROUPS if (group, "english") in line_of]
    numbers = [line_of[group, "english"].languages for group in groups]
    rows: list[Sequence[object]] = [("(languages)", *numbers, None, None, None, None)]
    for line in means:
        if line.group == "all":
            scores = (line_of[group, line.role].score if (group, line.role) in line_of else None for group in groups)
            rows.append((line.role, *scores, *_over_all(line)))
    columns = (
        Column("source"), *(Column(_GROUPS[group], _number) for group in groups), Column("to English"),
        Column("regret", score), Column("hits"), Column("ndcg", cosine),
    )  # fmt: skip
    return Table(f"{of}: mean score in per cent over languages, by source", columns, rows)


def _over_all(line: RoleMean) -> Iterator[object]:
    yield None if line.role == "english" else with_ends(line.difference, line.low, line.high, signed)
    yield line.regret
    yield None if line.role == "best" or line.hits != line.hits else f"{line.hits:.0%}"
    yield line.ndcg


def _number(value: float) -> str:
    """A number of languages, or a score."""
    return str(value) if isinstance(value, int) else score(value)
