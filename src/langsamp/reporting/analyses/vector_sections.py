"""The part of the page that shows what the vectors know: who lies near whom, in words, tables and a first picture."""

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np
import pandas as pd
from markupsafe import Markup

from langsamp.analysis.analysis import Analysis
from langsamp.analysis.vectors.neighbours import Table
from langsamp.analysis.vectors.vector_statistics import STATISTICS
from langsamp.languages.table import describe
from langsamp.languages.tags import LangScript
from langsamp.render.charts.scatter import ScatterDot, on_grid, scatter
from langsamp.render.numbers import decimals, whole
from langsamp.render.palette import FAMILIES, OTHER, SCRIPTS
from langsamp.reporting.analyses.records import records

NEIGHBOURS = 5
"""So many neighbours stand in the tables; the script shows more where the analysis has them."""
LEVEL = 0.05
_FIRST = "deu"  # the language shown before the others: its relatives are known to many readers
_FEWEST = 3  # vectors for a picture
_LONGEST = 16  # letters of a name written beside a dot; beyond that the code stands there


class VectorView(NamedTuple):
    """The vectors of one model as the page shows them."""

    key: str
    """Tells the models of one page apart."""
    label: str
    """What readers call the model."""
    analysis: Analysis

    def points(self, table: Table) -> pd.DataFrame:
        """The trained vectors of one table that have a place in the picture; empty where there are too few."""
        points = self.analysis.tables["points"]
        shown = points[(points["table"] == table) & points["trained"].astype(bool) & points["pc1"].notna()]
        return shown.reset_index(drop=True) if len(shown) >= _FEWEST else shown.iloc[:0]

    def neighbours(self, table: Table) -> dict[str, list[tuple[str, float]]]:
        """Of each code the nearest with their cosine, closest first."""
        near = self.analysis.tables["neighbours"]
        near = near[near["table"] == table].sort_values(["code", "rank"], kind="stable")
        neighbours: dict[str, list[tuple[str, float]]] = {}
        for code, other, similarity in zip(near["code"], near["neighbour"], near["cosine"], strict=True):
            neighbours.setdefault(code, []).append((other, float(similarity)))
        return neighbours

    def shares(self, table: Table) -> tuple[float, float]:
        """Share of the variance that the two axes show; NaN where it is not known."""
        first, second = self.analysis.values.get("shares", {}).get(table) or (np.nan, np.nan)
        return float(first), float(second)


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


class StatisticRow(NamedTuple):
    """One statistic of one model beside its null."""

    model: str
    table: str
    name: str
    """What it is, for a table."""
    sentence: str
    """The same in words; empty for those that only stand in the table."""
    number: int
    observed: float
    null_mean: float
    null_low: float
    null_high: float
    p_value: float
    is_share: bool


_TOLD = ("purity family", "purity script", "mantel tree distance", "mantel geographic distance")
"""Statistics that are also said in words."""


def first_picture(view: VectorView, table: Table) -> Markup | None:
    """The picture that stands without a script: principal components, coloured by family (scripts: by script)."""
    points = view.points(table)
    if points.empty:
        return None
    dots = []
    for at, point in enumerate(records(points)):
        group = point["family"] if table == "language" else point["code"]
        marks = FAMILIES if table == "language" else SCRIPTS
        name = point["name"]
        said = point["family_name"] or "no known family"
        dots.append(
            ScatterDot(
                x=at, y=at, weight=float(point["rows_seen"]), mark=marks.get(group, OTHER),
                label=name if len(name) <= _LONGEST else point["code"],
                title=f"{name} ({point['code']}): {said + ', ' if table == 'language' else ''}"
                f"{whole(point['rows_seen'])} rows seen",
            )
        )  # fmt: skip
    across, up = on_grid(points["pc1"].to_numpy(float)), on_grid(points["pc2"].to_numpy(float))
    placed = [dot._replace(x=x, y=y) for dot, x, y in zip(dots, across, up, strict=True)]
    kind = "Language" if table == "language" else "Script"
    return scatter(
        placed, axes=axis_names(view.shares(table)), tag=f"dots-{table}",
        summary=f"{kind} vectors of {view.label} on two principal components; the tables below have the neighbours",
    )  # fmt: skip


def axis_names(shares: tuple[float, float]) -> tuple[str, str]:
    """What the two axes of a picture of principal components are, with their share of the variance where known."""
    said = [f" ({share:.0%} of the variance)" if not np.isnan(share) else "" for share in shares]
    return f"first principal component{said[0]}", f"second principal component{said[1]}"


def legend(view: VectorView, table: Table) -> list[tuple[str, str, str]]:
    """Name, colour and shape of the groups in the first picture, as the palette orders them, then all others."""
    points = view.points(table)
    if table == "script" or points.empty:
        return []
    names = dict(zip(points["family"], points["family_name"], strict=True))
    entries = [(names[family], mark.colour, mark.shape) for family, mark in FAMILIES.items() if family in names]
    rest = [("other", OTHER.colour, OTHER.shape)] if set(names) - FAMILIES.keys() else []
    return entries + rest


def neighbour_rows(view: VectorView, table: Table) -> list[NeighbourRow]:
    """Every trained vector with its nearest; German first if it is there, the others by name."""
    points = {point["code"]: point for point in records(view.points(table))}
    near = view.neighbours(table)
    rows = []
    for code, point in points.items():
        info = describe(LangScript.parse(point["tag"])) if table == "language" else None
        rows.append(
            NeighbourRow(
                code=code,
                name=point["name"],
                group=(point["family_name"] or "") if info else "",
                rows=int(point["rows_seen"]),
                search=" ".join((*info.other_names, info.script_name, info.family_name or "")) if info else "",
                neighbours=tuple(
                    Neighbour(
                        code=other,
                        name=points[other]["name"],
                        cosine=similarity,
                        is_kin=info is not None
                        and bool(point["family"])
                        and point["family"] == points[other]["family"],
                    )
                    for other, similarity in near.get(code, [])[:NEIGHBOURS]
                    if other in points
                ),
            )
        )
    return sorted(rows, key=lambda row: (row.code != _FIRST, row.name.casefold()))


def statistic_rows(views: Sequence[VectorView]) -> list[StatisticRow]:
    """Every statistic of every model beside its null, language vectors before script vectors."""
    rows = []
    for view in views:
        for line in records(view.analysis.tables["statistics"]):
            name = STATISTICS.get(line["statistic"], line["statistic"])
            numbers = {key: _number(line[key]) for key in ("observed", "null_mean", "null_low", "null_high", "p_value")}
            row = StatisticRow(
                model=view.label, table=line["table"], name=name, sentence="", number=int(line["number"]),
                is_share=line["statistic"].startswith("purity"), **numbers,
            )  # fmt: skip
            said = _sentence(row, line["statistic"]) if line["statistic"] in _TOLD else ""
            rows.append(row._replace(sentence=said))
    return rows


def _sentence(row: StatisticRow, statistic: str) -> str:
    """A statistic in words, beside its null; it says so where chance does as well."""
    by_chance = "no more than chance may give" if row.p_value > LEVEL else "more than chance gives"
    kind, _, what = statistic.partition(" ")
    p_value = f"p = {decimals(row.p_value)}"
    if kind == "purity":
        return (
            f"{100 * row.observed:.0f} % of the nearest neighbours of {row.number} languages are of the same {what}; "
            f"shuffled labels give {100 * row.null_mean:.0f} %{_range(row, 100, '.0f', ' %')}, {p_value}: {by_chance}."
        )
    where = {"tree distance": "in Glottolog's tree", "geographic distance": "on the globe"}[what]
    return (
        f"Distance between vectors and distance {where}: rank correlation {_signed(row.observed)} over {row.number} "
        f"languages; shuffled ones give {_signed(row.null_mean)}{_range(row, 1, '.2f', '')}, {p_value}: {by_chance}."
    )


def _range(row: StatisticRow, unit: int, digits: str, sign: str) -> str:
    if np.isnan(row.null_low):
        return ""
    low, high = (format(unit * value, digits).replace("-", "−") for value in (row.null_low, row.null_high))
    return f" ({low} to {high}{sign})"


def _signed(value: float) -> str:
    return f"{round(value, 2) + 0.0:.2f}".replace("-", "−")


def _number(value: Any) -> float:
    return float("nan") if value is None or pd.isna(value) else float(value)
