"""Donors as a document: a table a target, why each one stands where it stands, and the doubts."""

import re
from collections.abc import Iterator, Mapping, Sequence

from langsamp.analysis.donors.record import Donor, DonorsAnalysis
from langsamp.errors import first_of
from langsamp.render.document import Column, Document, Note, Sentence, Table, Value, is_absent
from langsamp.render.numbers import cosine, whole
from langsamp.views.names import known, short_name

_SHOWN = 6
"""So many tags are named in one doubt."""
_ALTERNATIVES = 3
"""So many donors after the first stand beside it."""
_CLOSEST = (
    Column("Target", short_name, "name"), Column("Tag", kind="code"), Column("Rows", whole, "number", "wide"),
    Column("Donor", short_name, "name"), Column("Its tag", kind="code"), Column("Cosine", cosine, "number"),
    Column("Family", only="narrow"), Column("Why, and how far", only="wide"), Column("English", cosine, "number"),
    Column("Alternatives", only="wide"), Column("Warnings", only="wide"), Column("Doubt", only="narrow"),
)  # fmt: skip
_RANKED = (
    Column(""), Column("donor"), Column("name", short_name), Column("cosine", cosine), Column("family"),
    Column("script"), Column("edges"), Column("km", whole), Column("rows", whole),
)  # fmt: skip


def donors_of_all(analysis: DonorsAnalysis) -> Document:
    """The closest donor of every target."""
    table = closest_table(analysis, analysis.subject, {})
    return Document([table, *_marks(analysis), *map(Note, analysis.notes)])


def closest_table(analysis: DonorsAnalysis, label: str, others: Mapping[str, DonorsAnalysis]) -> Table:
    """The closest donor of every target, by name, why, and with what doubts.

    `label` is the readers' name of the model, `others` are the rankings of other models by theirs.
    """
    elsewhere = {other: {line.target: line.donor for line in ranked.first} for other, ranked in others.items()}
    rows = []
    for target in analysis.targets:
        first, *rest = analysis.of(target)
        differing = (
            f"{other}: {known(donors[target]).name}"
            for other, donors in elsewhere.items()
            if donors.get(target, first.donor) != first.donor
        )
        rows.append(
            (
                first.target_name, target, first.target_rows, Value(first.donor_name, below="; ".join(differing)),
                first.donor, first.cosine, _same(first.same_family), ", ".join(_beside_cosine(first)),
                first.english_cosine, ", ".join(map(_named, rest[:_ALTERNATIVES])),
                "; ".join(split_warnings(first.warnings)), "!" if first.warnings else None,
            )
        )  # fmt: skip
    caption = "Where a target has no trained vector, candidates stand by their distance in Glottolog's tree."
    return Table(
        f"The closest donor of each language, by the language vectors of {label}", _CLOSEST,
        sorted(rows, key=lambda row: row[0].casefold()), caption, is_by_language=True, name="donor-table",
    )  # fmt: skip


def _beside_cosine(line: Donor) -> Iterator[str]:
    """What speaks for a donor, or tells how far away it is."""
    if line.same_family:
        yield "same family" + ("" if line.tree_distance is None else f", {line.tree_distance} edges in the tree")
    if line.same_script:
        yield "same script"
    if not is_absent(line.kilometres):
        yield f"{whole(line.kilometres)} km"
    yield f"{whole(line.donor_rows)} rows"


def _named(line: Donor) -> str:
    """A candidate; one with the target's own name, in another script, has its tag beside it."""
    name = f"{line.donor_name} ({line.donor})" if line.donor_name == line.target_name else line.donor_name
    return name if is_absent(line.cosine) else f"{name} {cosine(line.cosine)}"


def donors_of_each(analysis: DonorsAnalysis, *, explain: bool = False) -> Document:
    """The donors of each target with the doubts; with `explain` a sentence on each donor."""
    parts: list[Table | Sentence | Note] = []
    for target in analysis.targets:
        donors = analysis.of(target)
        parts.append(_ranked(analysis, donors))
        parts += [Sentence(f"  {line}") for line in _beside(analysis, donors, explain=explain)]  # of this table
    return Document([*parts, *map(Note, analysis.notes)])


def split_warnings(said: str) -> list[str]:
    """The warnings of one line, each by itself; a `;` inside brackets divides nothing."""
    return [part for part in re.split(r";\s+(?![^()]*\))", said) if part]


def _ranked(analysis: DonorsAnalysis, donors: Sequence[Donor]) -> Table:
    first = donors[0]
    how = "by the language vectors" if first.basis == "vectors" else "by kinship, not by the vectors,"
    title = f"Donors for {short_name(first.target_name)} ({first.target}), {how} of {analysis.subject}"
    rows = [
        (
            row.rank, row.donor, row.donor_name, row.cosine, _same(row.same_family), _same(row.same_script),
            row.tree_distance, row.kilometres, row.donor_rows,
            *(of_task.get(row.donor, "none") for of_task in analysis.items.values()),
        )
        for row in donors
    ]  # fmt: skip
    tasks = (Column(task, _items) for task in analysis.items)
    return Table(title, (*_RANKED, *tasks), rows)


def _items(number: int | str) -> str:
    """`1,234`, or `none`."""
    return f"{number:,}" if isinstance(number, int) else number


def _marks(analysis: DonorsAnalysis) -> Iterator[Sentence]:
    """What `!` means: every doubt with its targets."""
    doubts: dict[str, list[str]] = {}
    for row in analysis.first:
        kind = split_warnings(row.warnings) if row.basis == "vectors" else ["a target without a trained vector"]
        for doubt in kind:
            doubts.setdefault(doubt.partition(" (")[0], []).append(row.target)
    return (Sentence(f"! {doubt}: {first_of(targets, _SHOWN)}") for doubt, targets in doubts.items())


def _beside(analysis: DonorsAnalysis, donors: Sequence[Donor], *, explain: bool) -> Iterator[str]:
    """What a reader should know beside a target's table."""
    first = donors[0]
    if explain:
        yield from (_sentence(analysis, row) for row in donors)
    yield from split_warnings(first.target_warnings)
    doubts: dict[str, list[str]] = {}
    for row in donors:
        for doubt in split_warnings(row.donor_warnings):
            doubts.setdefault(doubt, []).append(row.donor)
    yield from (f"{first_of(tags, _SHOWN)}: {doubt}" for doubt, tags in doubts.items())
    if first.english_rank is not None and not is_absent(first.english_cosine):
        others = len({*analysis.candidates} - {first.target})
        yield f"English stands {first.english_rank} of {others} (cosine {cosine(first.english_cosine)})"
    nearest = analysis.nearest.get(first.target)
    if nearest and analysis.settings.get("candidates") != "all":
        named = ", ".join(f"{tag} {cosine(value)}" for tag, value in nearest)
        yield f"Closest of all trained languages: {named}"


def _sentence(analysis: DonorsAnalysis, row: Donor) -> str:
    return f"{row.rank}. {row.donor} ({short_name(row.donor_name)}): {'; '.join(_reasons(analysis, row))}"


def _reasons(analysis: DonorsAnalysis, row: Donor) -> Iterator[str]:
    if not is_absent(row.cosine):
        yield f"cosine {cosine(row.cosine)}"
    edges = "" if row.tree_distance is None else f", {row.tree_distance} edges apart in Glottolog's tree"
    yield f"same family{edges}" if row.same_family else "another family"
    yield "same script" if row.same_script else "another script"
    if not is_absent(row.kilometres):
        yield f"{whole(row.kilometres)} km away"
    yield f"{whole(row.donor_rows)} rows of text seen (the target: {whole(row.target_rows)})"
    for task, of_task in analysis.items.items():
        number = of_task.get(row.donor)
        yield f"no {task} training data" if number is None else f"{number:,} training items for {task}"


def _same(holds: bool) -> str | None:
    return "same" if holds else None
