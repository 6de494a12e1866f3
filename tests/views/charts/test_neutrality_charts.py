import re

import pytest

from langsamp.analysis.model_refs import find_model_refs
from langsamp.analysis.neutrality.analyse import NeutralityConfig, analyse_neutrality
from langsamp.render.chart import Picture
from langsamp.render.numbers import decimals
from langsamp.views.charts.neutrality_charts import figures, similarity_heatmaps
from langsamp.views.neutrality import neutrality_document

LANGUAGES = "eng_Latn,deu_Latn,rus_Cyrl,ukr_Cyrl"
PAIRS = 6


@pytest.fixture(scope="module")
def analysis(tiny_run):
    config = NeutralityConfig(languages=LANGUAGES, sentences=12, resamples=100)
    return analyse_neutrality(find_model_refs([str(tiny_run.out)]), config)


@pytest.fixture(scope="module")
def many(tiny_run):
    config = NeutralityConfig(languages="family:indo1319+nonlatin", sentences=10, resamples=100)
    return analyse_neutrality(find_model_refs([str(tiny_run.export)]), config)


def test_each_chart_stands_in_a_page_with_a_tooltip_for_each_pair(analysis):
    charts = figures(analysis)
    assert list(charts) == ["similarity", "layers", "probes", "change", "difference"]
    tooltips = {name: Picture(name, chart, "x").svg.count("<title>") for name, chart in charts.items()}
    assert tooltips == {"similarity": 2 * PAIRS, "layers": 0, "probes": 0, "change": PAIRS, "difference": PAIRS}


def test_two_models_share_one_scale_that_is_neutral_at_nothing(analysis):
    chart = similarity_heatmaps(analysis)
    colours = {
        round(value, 9): tuple(colour)
        for picture, model in zip(chart.figure.axes, ("none-0", "both-0"), strict=False)
        for value, colour in zip(
            [pair.parallel for pair in analysis.pairs(model)], picture.collections[0].get_facecolor(), strict=True
        )
    }
    signs = [(value, colour[2] > colour[0]) for value, colour in colours.items() if abs(value) > 0.05]
    assert signs
    assert all(is_blue == (value > 0) for value, is_blue in signs)  # blue above, orange below


def test_another_layer_can_be_drawn(analysis):
    chart = similarity_heatmaps(analysis.model_copy(update={"layers": {"none-0": 0, "both-0": 2}}))
    assert [axes.get_title("left") for axes in chart.figure.axes[:2]] == [
        "Baseline, seed 0, layer 0", "LangSAMP, seed 0, layer 2",
    ]  # fmt: skip


def test_one_model_and_many_languages(many):
    assert len(many.tags) > 12
    charts = figures(many)
    assert list(charts) == ["similarity", "layers", "probes"]
    assert not charts["similarity"].figure.axes[0].texts  # no room for numbers
    _, pairs = neutrality_document(many).tables
    assert len(pairs.rows) == 10  # the most and the least alike


def test_the_words_fit_the_tables(analysis):
    models, first, *_ = (table.written for table in neutrality_document(analysis).tables)
    assert models["Centred"][0].startswith(f"{decimals(analysis.means('none-0').parallel)} [")
    assert (models["Layer"][0], models["Model"][1]) == ("1", "both-0")
    assert tuple(first[""]) == analysis.tags[1:]
    assert re.fullmatch(r"\N{MINUS SIGN}?\d\.\d{3}", first["deu"][1])
    assert analysis.as_json()["change"][0]["base"] == "none-0"
