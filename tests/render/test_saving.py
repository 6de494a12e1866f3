"""Figures as files: three kinds, the colours of paper, text as text, the chart as it was."""

import re

import numpy as np
import pytest
from matplotlib import image
from matplotlib.colors import to_hex

from langsamp.errors import UserError
from langsamp.render.chart import Point, vector_picture
from langsamp.render.palette import BLUE, FAMILIES
from langsamp.render.saving import PRINTED, save_figures
from langsamp.render.svg import INK, LINE, inline_svg


@pytest.fixture
def chart():
    points = [
        Point(x=float(i), y=float(i % 3), label=f"l{i}", title="", group=("indo1319", "x")[i % 2]) for i in range(7)
    ]
    return vector_picture(points, marks=FAMILIES, names={}, shares=(0.5, 0.2), gid="dots")


def test_each_chart_is_three_files_in_the_colours_of_paper(chart, tmp_path):
    paths = save_figures({"first": chart, "second": chart}, tmp_path / "figures")
    assert [path.name for path in paths] == [
        f"{name}.{kind}" for name in ("first", "second") for kind in ("pdf", "svg", "png")
    ]
    svg = (tmp_path / "figures/first.svg").read_text("utf-8")
    assert not {INK, LINE} & set(re.findall(r"#[0-9a-f]{6}", svg))
    assert {*PRINTED.values(), BLUE.lower()} <= set(re.findall(r"#[0-9a-f]{6}", svg))
    pdf = (tmp_path / "figures/first.pdf").read_bytes()
    assert b"/FontFile2" in pdf and b"/Type3" not in pdf
    pixels = image.imread(tmp_path / "figures/first.png")
    assert pixels.shape[1] == pytest.approx(200 * chart.figure.get_size_inches()[0], abs=2)
    assert np.array_equal(pixels[0, 0], [1, 1, 1, 1])


def test_the_chart_itself_keeps_the_colours_of_the_page(chart, tmp_path):
    before = inline_svg(chart.figure, name="a", summary="", titles=chart.titles)
    save_figures({"one": chart}, tmp_path)
    assert inline_svg(chart.figure, name="a", summary="", titles=chart.titles) == before
    assert to_hex(chart.figure.axes[0].xaxis.label.get_color()) == INK


def test_equal_charts_give_equal_files(chart, tmp_path):
    first = [path.read_bytes() for path in save_figures({"one": chart}, tmp_path / "a")]
    assert first == [path.read_bytes() for path in save_figures({"one": chart}, tmp_path / "b")]


def test_a_folder_that_cannot_be_written_is_named(chart, tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(UserError, match="file"):
        save_figures({"one": chart}, tmp_path / "file")
