"""Pictures and lines of an analysis of vectors: who is in them, which tree is drawn, in which columns."""

import numpy as np
import pytest
from matplotlib.collections import LineCollection
from matplotlib.colors import to_hex

from langsamp.analysis.vectors.analyse import VectorsConfig, analyse_vectors
from langsamp.render.charts.dendrogram import Leaf, dendrogram
from langsamp.render.palette import FAMILIES, VERMILION
from langsamp.render.saving import save_figures
from langsamp.render.svg import INK
from langsamp.views.charts.vector_charts import figures
from langsamp.views.names import short_name
from langsamp.views.vectors import vectors_document
from tests.analysis.kin import kin_model, known_tags

TAGS = known_tags(30)
UNTRAINED = str(TAGS[3])


@pytest.fixture(scope="module")
def analysis(tmp_path_factory):
    subject = kin_model(tmp_path_factory.mktemp("kin"), TAGS, untrained=(UNTRAINED,))
    return analyse_vectors(subject, VectorsConfig(shuffles=100, embedding="tsne"))


def leaves_and_joins(number: int) -> tuple[list[Leaf], np.ndarray]:
    """A tree that joins one leaf after the other."""
    joins = [
        (0 if step == 0 else number + step - 1, step + 1, 0.1 + step / number, step + 2) for step in range(number - 1)
    ]
    return [Leaf(f"leaf {place}", "indo1319") for place in range(number)], np.array(joins)


def test_every_picture_is_there_and_can_be_saved(analysis, tmp_path):
    charts = figures(analysis)
    pictures = {"languages-family", "languages-script", "languages-tier", "scripts"}
    embeddings = {f"{name}-embedding" for name in pictures}
    assert set(charts) == pictures | embeddings | {"languages-tree", "scripts-tree", "statistics"}
    assert len(save_figures({"scripts": charts["scripts"]}, tmp_path)) == 3


def test_each_trained_language_has_one_tooltip_and_the_untrained_none(analysis):
    titles = [tip for tips in figures(analysis)["languages-tier"].titles.values() for tip in tips]
    assert len(titles) == len(TAGS) - 1
    assert all("head" in tip or "tail" in tip for tip in titles)
    assert not any(f"({UNTRAINED[:3]})" in tip for tip in titles)


def test_the_tree_names_its_leaves_in_the_order_of_its_joins(analysis):
    chart = figures(analysis)["languages-tree"]
    axes = chart.figure.axes[0]
    labels = [label.get_text() for label in axes.get_yticklabels()]
    points = analysis.trained("language")
    assert sorted(labels) == sorted(f"{short_name(point.name)} ({point.tag})" for point in points)
    first = next(join for join in analysis.tree if join.table == "language" and join.step == 0)
    sisters = [points[side].tag for side in (first.left, first.right)]
    places = [next(place for place, label in enumerate(labels) if tag in label) for tag in sisters]
    assert abs(places[0] - places[1]) == 1


def test_branches_of_one_family_have_its_colour():
    joins = np.array([[0, 1, 0.2, 2], [2, 4, 0.5, 3], [3, 5, 0.9, 4]])
    leaves = [Leaf("a", "atla1278"), Leaf("b", "atla1278"), Leaf("c", "atla1278"), Leaf("d", "indo1319")]
    axes = dendrogram(leaves, joins, marks=FAMILIES, names={}).figure.axes[0]
    drawn = next(each for each in axes.collections if isinstance(each, LineCollection))
    assert [to_hex(colour) for colour in drawn.get_colors()] == [VERMILION.lower(), VERMILION.lower(), INK]
    assert [segment[1][0] for segment in drawn.get_segments()] == pytest.approx([0.2, 0.5, 0.9])


@pytest.mark.parametrize(("number", "columns"), [(2, 1), (60, 1), (600, 6)])
def test_a_long_tree_goes_on_in_the_next_column(number, columns):
    figure = dendrogram(*leaves_and_joins(number), marks=FAMILIES, names={}).figure
    labels = [label.get_text() for axes in figure.axes for label in axes.get_yticklabels()]
    assert len(figure.axes) == columns
    assert sorted(labels) == sorted(f"leaf {place}" for place in range(number))
    assert figure.get_size_inches()[1] < 15


def test_the_document_has_statistics_and_the_neighbours_of_what_has_most_text(analysis):
    document = vectors_document(analysis)
    statistics, near, _ = (table.written for table in document.tables)
    assert len(statistics["Measured"]) == len(analysis.statistics)
    assert all(over.endswith(("languages", "scripts")) for over in statistics["Over"])
    rows = [int(number.replace(",", "")) for number in near["Rows"]]
    assert rows == sorted(rows, reverse=True) and len(rows) == 10
    assert any("*" in named for named in near["Nearest"])
    assert f"Untrained language vectors, left out: {UNTRAINED[:3]}." in document.lines
    assert analysis.as_json()["points"][-1]["is_head"] is None


def test_names_lose_what_stands_in_brackets():
    assert short_name("Swahili (individual language)") == "Swahili"
    assert short_name("Luo (Kenya and Tanzania)") == "Luo"
