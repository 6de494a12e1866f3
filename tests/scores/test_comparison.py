"""One model against another: the published numbers say what was found in them before, and odd cases end well."""

import numpy as np
import pytest
from scipy import stats

from langsamp.errors import UserError
from langsamp.scores.comparison import compare
from langsamp.scores.statistics.signed_ranks import wilcoxon
from langsamp.scores.systems import open_system
from tests.scores.scored import KIN, TAGS, side, spread

PUBLISHED = {  # task: languages, difference, better/tie/worse, p, over languages, by family
    "sr-bible": (369, 2.15, (269, 17, 83), 2e-32, (1.84, 2.47), (1.40, 3.04)),
    "sr-tatoeba": (98, 1.42, (77, 2, 19), 5e-11, (1.05, 1.77), (1.10, 2.32)),
    "taxi1500": (351, 3.07, (295, 4, 52), 2e-44, (2.76, 3.40), (2.33, 3.78)),
    "sib200": (172, 0.88, (122, 0, 50), 3e-10, (0.62, 1.14), (0.54, 1.35)),
    "ner": (164, 0.41, (100, 4, 60), 0.015, (0.10, 0.75), (-0.10, 0.80)),
    "pos": (91, 0.14, (38, 12, 41), 0.53, (-0.12, 0.51), (-0.12, 0.76)),
}
"""LangSAMP less baseline over the rows of Tables 7 to 14 of the paper, reckoned by another program."""


@pytest.fixture(scope="module")
def paper():
    return compare(open_system("paper:baseline"), open_system("paper:langsamp"))


def test_the_published_numbers_of_every_task(paper):
    assert [task.grid.setting.task for task in paper.tasks] == list(PUBLISHED)
    for task in paper.tasks:
        languages, mean, counts, p, plain, clustered = PUBLISHED[task.grid.setting.task]
        found = task.difference
        assert found.languages == languages
        assert round(found.mean, 2) == mean
        assert (found.better, found.tie, found.worse) == counts
        assert p / 3 < task.p < 3 * p
        assert found.plain == pytest.approx(plain, abs=0.1)
        assert found.clustered == pytest.approx(clustered, abs=0.1)


def test_what_the_published_numbers_show(paper):
    verdicts = {task.grid.setting.task: task.verdict for task in paper.tasks}
    assert verdicts == dict.fromkeys(PUBLISHED, "better") | {"ner": "indistinct", "pos": "indistinct"}
    (ner,) = (task for task in paper.tasks if task.grid.setting.task == "ner")
    assert ner.q < 0.05  # languages differ, families do not
    assert not ner.difference.clustered.excludes_zero


def test_q_values_are_those_of_benjamini_and_hochberg_over_tasks(paper):
    by_p = sorted(paper.tasks, key=lambda task: task.p)
    expected = [task.p * len(by_p) / rank for rank, task in enumerate(by_p, start=1)]
    expected = np.minimum.accumulate(expected[::-1])[::-1]
    assert [task.q for task in by_p] == pytest.approx(list(expected))


def test_groups_add_up_and_keep_the_order_of_the_paper(paper):
    groups = paper.tasks[0].groups["paper"]
    assert list(groups) == ["head", "tail", "latin", "nonlatin", "all"]
    assert groups["head"].languages + groups["tail"].languages == groups["all"].languages == 369
    assert groups["all"] == paper.tasks[0].difference
    assert round(groups["tail"].mean_a, 1) == 36.9
    assert round(groups["tail"].mean_b, 1) == 39.5


def test_turned_round_everything_changes_sign(paper):
    back = compare(open_system("paper:langsamp"), open_system("paper:baseline"), by=("family", "area", "script"))
    for one, other in zip(paper.tasks, back.tasks, strict=True):
        assert other.difference.mean == pytest.approx(-one.difference.mean)
        assert (other.difference.worse, other.difference.better) == (one.difference.better, one.difference.worse)
        assert other.p == pytest.approx(one.p)
        assert {"better": "worse", "indistinct": "indistinct"}[one.verdict] == other.verdict
    assert list(back.tasks[0].groups["family"])[:3] == ["indo1319", "atla1278", "aust1307"]
    assert next(iter(back.tasks[0].groups["area"])) == "Africa"
    assert list(back.tasks[0].groups["script"])[:2] == ["Latn", "Cyrl"]


def test_published_scores_have_no_predictions_and_the_notes_say_so(paper):
    assert not any(task.tested for task in paper.tasks)
    assert any("no predictions are kept of paper:baseline and paper:langsamp" in note for note in paper.tasks[0].notes)


def test_the_same_input_gives_the_same_result():
    a, b = side(spread(50, 5)), side(spread(51, 5, seed=1), "B")
    one, other = (compare(a, b, seed=3).tasks[0] for _ in range(2))
    assert (one.difference, one.p, one.groups) == (other.difference, other.p, other.groups)


def test_a_model_compared_with_itself_is_level_everywhere():
    scores = spread(50, 5)
    (task,) = compare(side(scores), side(scores, "B")).tasks
    assert (task.p, task.q, task.verdict) == (1.0, 1.0, "indistinct")
    assert (task.difference.better, task.difference.tie, task.difference.worse) == (0, len(TAGS), 0)
    assert task.difference.clustered == (0.0, 0.0)


def test_one_language():
    (task,) = compare(side({"deu_Latn": 50.0}), side({"deu_Latn": 60.0}, "B")).tasks
    assert task.difference.mean == 10.0
    assert (task.difference.clustered, task.difference.plain) == (None, None)
    assert (task.p, task.verdict) == (1.0, "indistinct")
    assert any("one language" in note for note in task.notes)


def test_one_family_has_an_interval_over_its_languages_only():
    a = spread(50, 5, tags=KIN)
    (task,) = compare(side(a), side({tag: value + 2 for tag, value in a.items()}, "B")).tasks
    assert task.difference.clustered is None
    assert task.difference.plain == pytest.approx((2.0, 2.0))
    assert any("one family, so nothing is known about other families" in note for note in task.notes)
    assert any("4 languages" in note for note in task.notes)


def test_few_families_are_said_to_be_few():
    tags = (*KIN, "tur_Latn", "jpn_Jpan")
    (task,) = compare(side(spread(50, 1, tags=tags)), side(spread(50, 1, seed=1, tags=tags), "B")).tasks
    assert task.difference.families == 3
    assert any("3 families are few" in note for note in task.notes)


def test_a_difference_that_printing_rounds_to_zero_is_a_tie_and_a_tenth_is_not():
    a = dict.fromkeys(TAGS, 43.8)
    b = {**a, "deu_Latn": 43.84, "eng_Latn": 43.9, "tur_Latn": 43.7, "jpn_Jpan": 43.85}
    (task,) = compare(side(a), side(b, "B")).tasks
    assert (task.difference.better, task.difference.tie, task.difference.worse) == (2, len(TAGS) - 3, 1)


def test_wild_seeds_hide_a_difference_that_all_languages_share():
    a, b = spread(50, 5), spread(50, 5)
    steady = compare(
        side({tag: [value, value + 0.1, value - 0.1] for tag, value in a.items()}),
        side({tag: [value + 1, value + 1.1, value + 0.9] for tag, value in b.items()}, "B"),
    ).tasks[0]
    wild = compare(
        side({tag: [value, value + 4, value - 4] for tag, value in a.items()}),
        side({tag: [value + 1, value + 5, value - 3] for tag, value in b.items()}, "B"),
    ).tasks[0]
    assert steady.difference.mean == pytest.approx(wild.difference.mean) == pytest.approx(1.0)
    assert (steady.verdict, wild.verdict) == ("better", "indistinct")
    assert steady.noise.detectable < 1 < wild.noise.detectable


def test_what_seeds_do_to_a_group_is_told_by_its_languages_alone():
    a = {"deu_Latn": [52.0, 48.0, 51.0, 49.0], "tur_Latn": [62.0, 58.0, 61.0, 59.0]}
    b = {"deu_Latn": [52.0, 53.0, 49.0, 50.0], "tur_Latn": [62.0, 63.0, 59.0, 60.0]}
    calm, wild = {"rus_Cyrl": [50.0] * 4}, {"rus_Cyrl": [50.0, 50.0, 50.0, 90.0]}
    alone, among = (compare(side(x), side(y, "B")).tasks[0].groups["paper"] for x, y in ((a, b), (a | calm, b | wild)))
    assert alone["latin"] == among["latin"]


def test_tasks_of_one_side_are_named():
    import pandas as pd

    from langsamp.scores.systems import choose
    from tests.scores.scored import frame

    a = pd.concat([frame(spread(50, 5)), frame(spread(50, 5), task="ner")], ignore_index=True)
    found = compare(choose(a, name="A"), side(spread(50, 5), "B"))
    assert found.notes[:-1] == ("only A has ner",)
    assert found.notes[-1].startswith("both sides hold model: a difference is one between two evaluations")


def test_an_unknown_grouping_is_an_error():
    with pytest.raises(UserError, match=r"no grouping 'famly'. Did you mean 'family'"):
        compare(side({"deu_Latn": 1.0}), side({"deu_Latn": 1.0}, "B"), by=("famly",))


@pytest.mark.parametrize(("languages", "decimals"), [(1, 9), (5, 1), (9, 9), (10, 0), (11, 1), (40, 9)])
def test_the_exact_test_counts_as_scipy_does_with_and_without_ties(languages, decimals):
    change = (np.random.default_rng(languages).normal(0.4, 1, languages) * 3).round(decimals)
    change = change[change != 0]
    assert wilcoxon(change) == pytest.approx(float(stats.wilcoxon(change).pvalue))
