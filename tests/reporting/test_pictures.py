"""Charts: who is shown, under which name, in which colour."""

import re

import numpy as np
import pytest
from matplotlib.figure import Figure

from langsamp.render.chart import Point, vector_picture
from langsamp.render.label_placing import place_labels
from langsamp.render.numbers import duration, score, signed, whole
from langsamp.render.palette import FAMILIES, SCRIPTS
from langsamp.render.svg import inline_svg
from langsamp.reporting.inputs.run_folder import read_run
from langsamp.reporting.pictures.curves import loss_curves, smoothed
from langsamp.views.appearance import looks


def test_every_dot_has_its_own_tooltip_whatever_its_size_and_group():
    names = {"indo1319": "Indo-European", "rare1234": "Rare"}
    points = [
        Point(x=float(i), y=float(-i), label="abc", title=f"<tip {i}>", group=list(names)[i % 2], weight=i)
        for i in range(9)
    ]
    chart = vector_picture(points, marks=FAMILIES, names=names, shares=(0.5, 0.25), gid="dots")
    svg = inline_svg(chart.figure, name="dots", summary='a "quoted" one', titles=chart.titles)
    assert sorted(tip for tips in chart.titles.values() for tip in tips) == [f"<tip {i}>" for i in range(9)]
    assert svg.count("<title>") == 9 and "&lt;tip 8&gt;</title>" in svg
    assert "http" not in svg and "DejaVu" not in svg and 'aria-label="a &quot;quoted&quot; one"' in svg
    assert "currentColor" in svg and "var(--line)" in svg


def test_marks_differ_in_colour_or_shape():
    assert len(set(FAMILIES.values())) == len(FAMILIES)
    han = {"Hans", "Hant"}  # one mark with Hani: one script in Unicode
    assert len({mark for code, mark in SCRIPTS.items() if code not in han}) == len(SCRIPTS) - len(han)


def test_labels_never_cover_one_another():
    axes = Figure().subplots()
    crowd = [Point(x=0.5, y=0.5, label="crowded", title="", group="") for _ in range(50)]
    apart = [
        Point(x=0.1, y=0.1, label="apart", title="", group=""),
        Point(x=0.9, y=0.9, label="away", title="", group=""),
    ]
    assert place_labels(axes, apart, size=8) == 2
    assert place_labels(axes, crowd, size=8) < 9


def test_smoothing_starts_at_the_first_loss_and_keeps_a_constant():
    assert smoothed(np.full(500, 2.5)) == pytest.approx(np.full(500, 2.5))
    assert smoothed(np.array([7.0, 1.0, 1.0]))[0] == 7.0


def test_loss_curves_stand_without_held_out_values(run_folder):
    models = read_run(run_folder).models
    chart = loss_curves(models[:1], looks([models[0].side]))
    assert [axes.get_title(loc="left") for axes in chart.figure.axes] == ["Training loss (smoothed)", "Held-out loss"]


def test_numbers_are_printed_as_a_reader_expects():
    assert (signed(4.44), signed(-0.26), signed(-0.04), signed(float("nan"))) == ("+4.4", "−0.3", "0.0", "–")
    assert (score(None), whole(1234567), duration(59.6), duration(7260)) == (
        "–",
        "1,234,567",
        "1 min 00 s",
        "2 h 01 min",
    )


def test_places_are_shortened_but_what_is_written_is_not():
    figure = Figure()
    axes = figure.subplots()
    axes.plot([0.001, 0.0123456], [0.5, 0.0625])
    axes.set_yticks([0.0625, 0.5], ["0.0625", "0.5000"])
    svg = inline_svg(figure, name="small", summary="")
    assert ">0.0625<" in svg and ">0.5000<" in svg
    assert not re.search(r'd="[^"]*\.\d{3}', svg)
