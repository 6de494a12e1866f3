"""What is known of one language as a document: its scores, neighbours and donors."""

from langsamp.explorer.language_profile import LanguageProfile
from langsamp.render.document import Column, Document, Sentence, Table
from langsamp.render.numbers import cosine, score, signed, whole

_SCORES = (
    Column("task"), Column("text", ", ".join), Column("score", score), Column("baseline", score),
    Column("difference", signed), Column("how"),
)  # fmt: skip
_NEIGHBOURS = (
    Column("code"), Column("name"), Column("family"), Column("script"), Column("cosine", cosine), Column("rows", whole)
)  # fmt: skip
_DONORS = (
    Column("donor"), Column("name"), Column("cosine", cosine), Column("edges"), Column("km", whole),
    Column("rows", whole), Column("doubts"),
)  # fmt: skip


def profile_document(profile: LanguageProfile) -> Document:
    """All of a language that a terminal or a notebook has room for."""
    tables = [
        Table("Scores", _SCORES, [
            (line.task, line.text, line.score, line.baseline, line.difference, line.how) for line in profile.tasks
        ]),
        Table("Neighbours", _NEIGHBOURS, [
            (line.code, line.name, line.family, line.script, line.cosine, line.rows) for line in profile.neighbours
        ]),
        Table("Donors", _DONORS, [
            (
                line.donor, line.donor_name, line.cosine, line.tree_distance, line.kilometres, line.donor_rows,
                line.donor_warnings,
            )
            for line in profile.donors
        ]),
    ]  # fmt: skip
    said = map(Sentence, (_rows(profile), *profile.notes))
    title = f"{profile.info.name} ({profile.info.tag}), {profile.family}"
    return Document([*(table for table in tables if table.rows), *said], title=title)


def _rows(profile: LanguageProfile) -> str:
    if profile.rows is None:
        return "The model keeps no record of what it was trained on."
    return f"{profile.rows:,} training rows of this tag, {profile.language_rows or 0:,} of the language in all scripts."
