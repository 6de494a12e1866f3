"""The part of the page that shows what the vectors know: pictures, neighbours, purity."""

from collections.abc import Mapping, Sequence
from typing import NamedTuple

from langsamp.analysis.conditioning import Purity, Table, Vectors, nearest, neighbour_purity, project, trained
from langsamp.errors import DataMissingError
from langsamp.languages.table import LanguageInfo, describe, families, scripts
from langsamp.model.conditioning import Conditioning
from langsamp.report.figures import Chart, Point, vector_picture
from langsamp.report.numbers import whole
from langsamp.report.palette import FAMILIES, SCRIPTS
from langsamp.report.run import Model

NEIGHBOURS = 5
_FIRST = "deu"  # the language shown before the others: its relatives are known to many readers
_FEWEST = 3  # vectors for a picture


class Neighbour(NamedTuple):
    """One of the nearest vectors of a language or script."""

    code: str
    name: str
    cosine: float
    is_kin: bool
    """The same family as the language it is near to; never for scripts."""


class NeighbourRow(NamedTuple):
    """One line of the table of neighbours."""

    code: str
    name: str
    group: str
    """Family of a language, empty for a script."""
    rows: int
    search: str
    """Words that find this line beside those it shows."""
    neighbours: Sequence[Neighbour]


class PurityRow(NamedTuple):
    """How far neighbours of one model agree in family or script."""

    model: str
    what: str
    purity: Purity


def language_facts(conditioning: Conditioning) -> dict[str, LanguageInfo]:
    """What is known of each trained language, in the script in which it has seen most rows."""
    by_rows = sorted((rows, tag) for tag, rows in conditioning.rows_seen.items() if rows > 0)
    return {tag.language: describe(tag) for _, tag in by_rows}


def pictures(conditioning: Conditioning) -> list[tuple[str, Chart]]:
    """Names and charts: language vectors by family and by script, script vectors by script, as far as trained."""
    found: list[tuple[str, Chart]] = []
    languages = _enough(conditioning, "language")
    if languages is not None:
        facts = language_facts(conditioning)
        by_family = {code: (facts[code].family or "") for code in languages.codes}
        by_script = {code: facts[code].tag.script for code in languages.codes}
        labels = {code: (code, f"{facts[code].name} ({code})") for code in languages.codes}
        for name, groups, marks, names in (
            ("languages-family", by_family, FAMILIES, families()),
            ("languages-script", by_script, SCRIPTS, scripts()),
        ):
            points, shares = _points(languages, labels, groups, names)
            found.append((name, vector_picture(points, marks=marks, names=names, shares=shares, gid=name)))
    written = _enough(conditioning, "script")
    if written is not None:
        names = scripts()
        labels = {code: (names.get(code, code), names.get(code, code)) for code in written.codes}
        points, shares = _points(written, labels, {code: code for code in written.codes}, names)
        found.append(("scripts", vector_picture(points, marks=SCRIPTS, names=names, shares=shares, gid="scripts")))
    return found


def neighbour_rows(conditioning: Conditioning, table: Table) -> list[NeighbourRow]:
    """Every trained vector with its nearest; German first if it is there, the others by name."""
    vectors = _enough(conditioning, table)
    if vectors is None:
        return []
    facts, names = language_facts(conditioning), scripts()
    near = nearest(conditioning, table, k=NEIGHBOURS)
    rows = []
    for code, seen in zip(vectors.codes, vectors.rows, strict=True):
        own = facts[code] if table == "language" else None
        rows.append(
            NeighbourRow(
                code=code,
                name=own.name if own else names.get(code, code),
                group=(own.family_name or "") if own else "",
                rows=seen,
                search=" ".join((*own.other_names, own.script_name, own.family_name or "")) if own else "",
                neighbours=tuple(
                    Neighbour(
                        code=other,
                        name=facts[other].name if own else names.get(other, other),
                        cosine=similarity,
                        is_kin=own is not None and own.family is not None and own.family == facts[other].family,
                    )
                    for other, similarity in near[code]
                ),
            )
        )
    return sorted(rows, key=lambda row: (row.code != _FIRST, row.name.casefold()))


def purity_rows(models: Sequence[Model]) -> list[PurityRow]:
    """Agreement of neighbours in family and in script for every model with language vectors."""
    rows = []
    for model in models:
        if model.conditioning is None or model.conditioning.language is None:
            continue
        facts, vectors = language_facts(model.conditioning), trained(model.conditioning)
        families_of = {code: info.family for code, info in facts.items() if info.family}
        scripts_of = {code: info.tag.script for code, info in facts.items()}
        for what, labels in (("family", families_of), ("script", scripts_of)):
            try:
                rows.append(PurityRow(model.label, what, neighbour_purity(vectors, labels, k=NEIGHBOURS)))
            except DataMissingError:
                continue  # too few languages share a label; the table then has no such line
    return rows


def _enough(conditioning: Conditioning, table: Table) -> Vectors | None:
    if (conditioning.language if table == "language" else conditioning.script) is None:
        return None
    vectors = trained(conditioning, table)
    return vectors if len(vectors.codes) >= _FEWEST else None


def _points(
    vectors: Vectors,
    labels: Mapping[str, tuple[str, str]],
    groups: Mapping[str, str],
    names: Mapping[str, str],
) -> tuple[list[Point], tuple[float, float]]:
    picture = project(vectors.vectors)
    points = [
        Point(
            x=float(x), y=float(y), label=labels[code][0],
            title=f"{labels[code][1]}: {names.get(groups[code], 'no known family')}, {whole(rows)} rows seen",
            group=groups[code], weight=float(rows),
        )
        for code, (x, y), rows in zip(vectors.codes, picture.coordinates, vectors.rows, strict=True)
    ]  # fmt: skip
    return points, picture.shares
