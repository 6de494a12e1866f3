"""Languages as dots: where their vectors lie, or where the languages are at home; coloured by family or script.

picture = language_map("runs/mine/models/both-0/export", by="places", colour="script")
picture.chart.figure.savefig("map.png")
"""

import re
from collections.abc import Mapping
from functools import partial
from pathlib import Path
from typing import Literal, NamedTuple, get_args

from matplotlib.figure import Figure
from matplotlib.ticker import FuncFormatter, MultipleLocator

from langsamp.analysis.vectors.neighbours import Table, main_tags, nearest, project, trained
from langsamp.errors import DataMissingError, UserError
from langsamp.languages.table import describe, families, scripts
from langsamp.model.conditioning import Conditioning
from langsamp.render.chart import Chart, Point, dots, legend, vector_picture
from langsamp.render.label_placing import place_labels
from langsamp.render.numbers import whole
from langsamp.render.palette import FAMILIES, SCRIPTS, Mark
from langsamp.render.svg import LINE, page_style

By = Literal["vectors", "places"]
Colour = Literal["family", "script"]

_FEWEST = 3
"""Vectors for a picture of their principal components."""
_NAMED = 80
"""With more languages the dots carry codes, of which more find room."""
_MARGIN = 6
"""Degrees around the outermost homes."""
_NEIGHBOURS = 3


class LanguageMap(NamedTuple):
    """A picture and what a reader should know about it."""

    chart: Chart
    summary: str
    """What it shows, in a sentence."""
    left_out: tuple[str, ...]
    """Codes that are not in the picture: untrained vectors, or homes that are not known."""


def language_map(
    model: Conditioning | Path | str, *, table: Table = "language", by: By = "vectors", colour: Colour = "family"
) -> LanguageMap:
    """Every trained language (or script) of a model as a dot, larger for more rows seen.

    `by` is `vectors` (their first two principal components) or `places` (coordinates of Glottolog); scripts have no
    places. Pointing at a dot tells its name, family, script, rows and nearest neighbours.

    Raises:
        DataMissingError: where the model has no such vectors, or too few of them for a picture.
        UserError: for another word, or scripts by places.
    """
    for word, words in ((table, get_args(Table)), (by, get_args(By)), (colour, get_args(Colour))):
        if word not in words:
            raise UserError(f"expected one of {', '.join(words)}, got {word!r}")
    conditioning = model if isinstance(model, Conditioning) else Conditioning.load(Path(model))
    if table == "script":
        if by == "places":
            raise UserError("scripts have no place on the globe; show them by their vectors")
        chosen_map = _scripts(conditioning)
    else:
        chosen_map = _by_vectors(conditioning, colour) if by == "vectors" else _by_places(conditioning, colour)
    return chosen_map._replace(summary=f"{chosen_map.summary} {conditioning.warning}".rstrip())


def _by_vectors(conditioning: Conditioning, colour: Colour) -> LanguageMap:
    vectors = trained(conditioning)
    _check_number(len(vectors.codes))
    picture = project(vectors.vectors)
    places = {code: (float(x), float(y)) for code, (x, y) in zip(vectors.codes, picture.coordinates, strict=True)}
    marks, names = _marks(colour)
    points = _points(conditioning, places, colour)
    chart = vector_picture(points, marks=marks, names=names, shares=picture.shares, gid="map")
    return LanguageMap(
        chart,
        f"Vectors of {len(points)} languages on their first two principal components, which show "
        f"{sum(picture.shares):.0%} of their variance; colour: {colour}, size: rows seen in training.",
        vectors.untrained,
    )


def _by_places(conditioning: Conditioning, colour: Colour) -> LanguageMap:
    vectors = trained(conditioning)
    facts = {code: describe(tag) for code, tag in main_tags(conditioning).items()}
    places = {code: (at[1], at[0]) for code in vectors.codes if (at := facts[code].coordinates) is not None}
    if not places:
        raise DataMissingError("Glottolog's coordinates are known of none of the trained languages")
    homeless = tuple(code for code in vectors.codes if code not in places)
    points = _points(conditioning, places, colour)
    return LanguageMap(
        _globe(points, colour),
        f"Homes of {len(points)} trained languages by Glottolog, one point each; colour: {colour}, size: rows seen in "
        "training. No coast is drawn: the picture is made without any map data.",
        (*homeless, *vectors.untrained),
    )


def _scripts(conditioning: Conditioning) -> LanguageMap:
    vectors = trained(conditioning, "script")
    _check_number(len(vectors.codes))
    picture, names = project(vectors.vectors), scripts()
    near = nearest(conditioning, "script", k=_NEIGHBOURS)
    points = [
        Point(
            x=float(x), y=float(y), label=names.get(code, code), group=code, weight=float(rows),
            title=f"{names.get(code, code)} ({code}), {whole(rows)} rows; nearest: {_listed(near[code], names)}",
        )
        for code, (x, y), rows in zip(vectors.codes, picture.coordinates, vectors.rows, strict=True)
    ]  # fmt: skip
    return LanguageMap(
        vector_picture(points, marks=SCRIPTS, names=names, shares=picture.shares, gid="map"),
        f"Vectors of {len(points)} scripts on their first two principal components, which show "
        f"{sum(picture.shares):.0%} of their variance; size: rows seen in training.",
        vectors.untrained,
    )


def _globe(points: list[Point], colour: Colour) -> Chart:
    """Dots by longitude and latitude, on a plate carrée: a degree is as wide as it is high."""
    marks, names = _marks(colour)
    west, east = min(point.x for point in points) - _MARGIN, max(point.x for point in points) + _MARGIN
    south, north = min(point.y for point in points) - _MARGIN, max(point.y for point in points) + _MARGIN
    height = min(7.5, max(3.0, 9.0 * (north - south) / (east - west)) + 1.0)
    with page_style():
        figure = Figure(figsize=(9.6, height), layout="constrained")
        axes = figure.subplots()
        titles = dots(axes, points, marks=marks, names=names, gid="map", sized=True)
        axes.set(xlim=(west, east), ylim=(south, north))
        axes.set_aspect("equal", adjustable="box")
        for axis, ends in ((axes.xaxis, "WE"), (axes.yaxis, "SN")):
            axis.set_major_locator(MultipleLocator(30))
            axis.set_major_formatter(FuncFormatter(partial(_degrees, ends)))
        axes.grid(zorder=0)
        axes.axhline(0, color=LINE, linewidth=1.4, zorder=0)
        legend(figure, axes)
        place_labels(axes, points, size=8)
    return Chart(figure, titles)


def _degrees(ends: str, value: float, _place: int | None = None) -> str:
    return f"{abs(value):.0f}°{ends[int(value > 0)] if value else ''}"


def _points(conditioning: Conditioning, places: Mapping[str, tuple[float, float]], colour: Colour) -> list[Point]:
    facts = {code: describe(tag) for code, tag in main_tags(conditioning).items()}
    names = {code: re.sub(r" \([^)]*\)", "", info.name) for code, info in facts.items()}
    near = nearest(conditioning, k=_NEIGHBOURS)
    points = []
    for code, (x, y) in places.items():
        info, rows = facts[code], conditioning.rows_of_language(code)
        kin = info.family_name or "no known family"
        points.append(
            Point(
                x=x, y=y, weight=float(rows),
                label=names[code] if len(places) <= _NAMED else code,
                title=f"{names[code]} ({code}): {kin}, {info.script_name}, {whole(rows)} rows; "
                f"nearest: {_listed(near[code], names)}",
                group=(info.family or "") if colour == "family" else info.tag.script,
            )
        )  # fmt: skip
    return points


def _marks(colour: Colour) -> tuple[Mapping[str, Mark], Mapping[str, str]]:
    return (FAMILIES, families()) if colour == "family" else (SCRIPTS, scripts())


def _listed(near: list[tuple[str, float]], names: Mapping[str, str]) -> str:
    return ", ".join(f"{names.get(code, code)} {cosine:.2f}".replace("-", "−") for code, cosine in near) or "none"


def _check_number(number: int) -> None:
    if number < _FEWEST:
        raise DataMissingError(f"a picture of vectors needs {_FEWEST} trained ones or more; the model has {number}")
