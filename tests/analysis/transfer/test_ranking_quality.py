from itertools import permutations

import pytest

from langsamp.analysis.transfer.ranking_quality import chance_ndcg, ndcg

SCORES = {"deu": 50.0, "fra": 70.0, "swh": 40.0, "rus": 55.0}


def test_the_order_of_hindsight_has_all_and_its_reverse_has_least():
    best = sorted(SCORES, key=lambda source: -SCORES[source])
    every = {order: ndcg(order, SCORES) for order in permutations(SCORES)}
    assert every[tuple(best)] == pytest.approx(1) == max(every.values())
    assert every[tuple(best[::-1])] == min(every.values()) > 0


def test_chance_is_the_mean_over_all_orders():
    every = [ndcg(order, SCORES) for order in permutations(SCORES)]
    assert chance_ndcg(SCORES) == pytest.approx(sum(every) / len(every))


def test_points_that_all_sources_have_count_for_nothing():
    order = ("rus", "fra", "deu", "swh")
    assert ndcg(order, SCORES) == pytest.approx(ndcg(order, {key: value + 30 for key, value in SCORES.items()}))


def test_where_all_score_alike_every_order_is_right():
    alike = dict.fromkeys(SCORES, 12.0)
    assert ndcg(tuple(alike), alike) == chance_ndcg(alike) == 1


def test_a_better_source_first_is_a_better_ranking():
    assert ndcg(("fra", "deu", "rus", "swh"), SCORES) > ndcg(("deu", "fra", "rus", "swh"), SCORES)
