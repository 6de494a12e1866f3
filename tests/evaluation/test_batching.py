"""Laws of the batches: nothing lost, the budget kept, and no cut that costs less."""

from itertools import product

import numpy as np
import pytest
from transformers import AutoConfig, AutoModel

from langsamp.evaluation.batching import batch_cost, by_length


@pytest.mark.parametrize("cost", [0, 8, 10_000])
@pytest.mark.parametrize("budget", [100, 1000])
def test_batches_hold_each_item_once_within_the_budget(budget, cost):
    lengths = np.random.default_rng(6).integers(1, 60, size=200).tolist()
    batches = list(by_length(lengths, budget, batch_cost=cost))
    assert sorted(index for batch in batches for index in batch) == list(range(200))
    assert all(max(lengths[i] for i in batch) * len(batch) <= budget for batch in batches)
    tops = [lengths[batch[0]] for batch in batches]
    assert tops == sorted(tops, reverse=True)


def test_an_item_over_the_budget_is_a_batch_and_no_items_are_none():
    assert [len(batch) for batch in by_length([7, 8, 9], 5)] == [1, 1, 1]
    assert list(by_length([], 5)) == []
    assert list(by_length([0, 0], 5)) == [[0, 1]]


def test_equal_items_stand_in_their_order():
    assert list(by_length([5] * 6, 15)) == [[0, 1, 2], [3, 4, 5]]


def test_batches_are_full_where_starting_one_is_dear():
    assert [len(batch) for batch in by_length(list(range(20, 0, -1)), 100, batch_cost=10_000)] == [5, 6, 9]


def test_a_batch_costs_more_tokens_of_a_smaller_model():
    costs = [
        batch_cost(
            AutoModel.from_config(AutoConfig.for_model(
                "bert", vocab_size=10, hidden_size=width, num_hidden_layers=layers, num_attention_heads=2,
                intermediate_size=width,
            ))
        )
        for width, layers in ((32, 2), (64, 2), (64, 4))
    ]  # fmt: skip
    assert costs[0] > costs[1] >= 1
    assert costs[2] == pytest.approx(costs[1], rel=0.2)


@pytest.mark.parametrize("cost", [0, 8])
@pytest.mark.parametrize("seed", range(5))
def test_no_other_cut_of_the_sorted_items_costs_less(seed, cost):
    lengths = sorted(np.random.default_rng(seed).integers(1, 40, size=9).tolist(), reverse=True)
    budget = 90

    def price(sizes):
        starts = np.cumsum([0, *sizes])
        tokens = [lengths[start] * size for start, size in zip(starts[:-1], sizes, strict=True)]
        return sum(tokens) + cost * len(sizes) if max(tokens) <= budget else float("inf")

    least = min(price(_sizes(cuts)) for cuts in product([False, True], repeat=8))
    assert price([len(batch) for batch in by_length(lengths, budget, batch_cost=cost)]) == least


def _sizes(cuts):
    borders = [0, *(place + 1 for place, cut in enumerate(cuts) if cut), len(cuts) + 1]
    return np.diff(borders).tolist()
