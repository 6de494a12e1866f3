"""What is known of one language as a document: its scores, neighbours and donors."""

from collections.abc import Sequence

from langsamp.analysis.donors.record import Donor
from langsamp.explorer.language_profile import LanguageProfile
from langsamp.render.document import Column, Document, Sentence, Table, Value
from langsamp.render.numbers import cosine, score, signed, whole

_WHERE = {"paper": "in the paper", "embedded": "embedded", "run": "in this run"}
_SCORES = (
    Column("Task"), Column("Text of the language"), Column("Score", score, "number"),
    Column("Baseline", score, "number"), Column("Difference", signed, "points"), Column("How"),
)  # fmt: skip
_NEIGHBOURS = (
    Column("#"), Column("Language", kind="name"), Column("Code", kind="code"), Column("Family", kind="name"),
    Column("Script"), Column("Cosine", cosine, "number"), Column("Rows seen", whole, "number"),
)  # fmt: skip
_DONORS = (
    Column("#"), Column("Donor", kind="name"), Column("Tag", kind="code"), Column("Cosine", cosine, "number"),
    Column("Same"), Column("Edges", whole, "number"), Column("Kilometres", whole, "number"),
    Column("Rows seen", whole, "number"), Column("Doubts"),
)  # fmt: skip


def profile_document(profile: LanguageProfile) -> Document:
    """All of a language that is no fact of the world."""
    said = map(Sentence, (seen(profile), *profile.notes))
    title = f"{profile.info.name} ({profile.info.tag}), {profile.family}"
    return Document([*profile_tables(profile), *said], title=title)


def profile_tables(profile: LanguageProfile) -> list[Table]:
    """Neighbours, donors and scores, those that there are."""
    tasks = [
        (line.task, ", ".join(_WHERE[source] for source in line.text), line.score, line.baseline, line.difference,
         line.how)
        for line in profile.tasks
    ]  # fmt: skip
    neighbours = [
        (line.rank, line.name, line.code, Value(line.family, is_best=line.same_family), line.script,
         Value(line.cosine, bar=line.cosine), line.rows)
        for line in profile.neighbours
    ]  # fmt: skip
    tables = [
        Table(
            "Nearest neighbours", _NEIGHBOURS, neighbours,
            "Languages with the most similar vectors, by cosine; the same family is marked.",
        ),
        Table("Donors", _DONORS, [*map(_donor, profile.donors)], _basis(profile.donors)),
        Table(
            "Tasks with text of this language", _SCORES, tasks,
            "Scores in per cent, mean over seeds; difference to the model without vectors in points.",
        ),
    ]  # fmt: skip
    return [table for table in tables if table.rows]


def seen(profile: LanguageProfile) -> str:
    """What the model was trained on."""
    if profile.rows is None:
        return "The model keeps no record of what it was trained on."
    return f"{profile.rows:,} training rows of this tag, {profile.language_rows or 0:,} of the language in all scripts."


def _donor(line: Donor) -> Sequence[object]:
    same = [word for word, holds in (("family", line.same_family), ("script", line.same_script)) if holds]
    return (
        line.rank, line.donor_name, line.donor, line.cosine, " and ".join(same), line.tree_distance, line.kilometres,
        line.donor_rows, line.donor_warnings,
    )  # fmt: skip


def _basis(donors: Sequence[Donor]) -> str:
    is_by_vectors = any(donor.basis == "vectors" for donor in donors)
    by = "similarity of vectors" if is_by_vectors else "kinship, for want of a trained vector"
    return f"Languages to transfer from, by {by}; edges in Glottolog's tree, kilometres between homes."
