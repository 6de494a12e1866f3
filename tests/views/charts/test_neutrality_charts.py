import re

import pytest

from langsamp.analysis.model_refs import find_model_refs
from langsamp.analysis.neutrality.analyse import NeutralityConfig, analyse_neutrality
from langsamp.render.chart import embedded
from langsamp.views.charts.neutrality_charts import figures, similarity_heatmaps
from langsamp.views.neutrality_text import as_json, model_rows, pair_tables

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
    tooltips = {name: str(embedded(name, chart, "x")).count("<title>") for name, chart in charts.items()}
    assert tooltips == {"similarity": 2 * PAIRS, "layers": 0, "probes": 0, "change": PAIRS, "difference": PAIRS}


def test_two_models_share_one_scale_that_is_neutral_at_nothing(analysis):
    chart = similarity_heatmaps(analysis)
    table = analysis.tables["similarity"]
    at_layer = table[table["layer"] == 1]
    colours = {
        round(value, 9): tuple(colour)
        for picture, model in zip(chart.figure.axes, ("none-0", "both-0"), strict=False)
        for value, colour in zip(
            at_layer[at_layer["model"] == model]["parallel"], picture.collections[0].get_facecolor(), strict=True
        )
    }
    signs = [(value, colour[2] > colour[0]) for value, colour in colours.items() if abs(value) > 0.05]
    assert signs
    assert all(is_blue == (value > 0) for value, is_blue in signs)  # blue above, orange below


def test_another_layer_can_be_drawn(analysis):
    chart = similarity_heatmaps(analysis, layers={"none-0": 0, "both-0": 2})
    assert [axes.get_title("left") for axes in chart.figure.axes[:2]] == [
        "Baseline, seed 0, layer 0", "LangSAMP, seed 0, layer 2",
    ]  # fmt: skip


def test_one_model_and_many_languages(many):
    assert len(many.values["tags"]) > 12
    charts = figures(many)
    assert list(charts) == ["similarity", "layers", "probes"]
    assert not charts["similarity"].figure.axes[0].texts  # no room for numbers
    (rows,) = pair_tables(many).values()
    assert len(rows) == 10  # the most and the least alike


def test_the_words_fit_the_tables(analysis):
    none, both = model_rows(analysis)
    curve = analysis.tables["curve"].set_index(["model", "layer"])
    assert none["centred"].startswith(f"{curve.loc[('none-0', 1), 'parallel']:.3f} [")
    assert (none["layer"], both["model"]) == (1, "both-0")
    first = next(iter(pair_tables(analysis).values()))
    assert [row[""] for row in first] == analysis.values["tags"][1:]
    assert re.fullmatch(r"\N{MINUS SIGN}?\d\.\d{3}", first[0]["deu"])
    assert as_json(analysis)["change"][0]["base"] == "none-0"
