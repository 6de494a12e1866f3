"""Laws of the batches: nothing lost, the budget kept, and no cut that costs less."""

from itertools import product

import numpy as np
import pytest

from langsamp.evaluation.batching import _BATCH_COST, by_length


@pytest.mark.parametrize("device", ["cpu", "cuda", "mps"])
@pytest.mark.parametrize("budget", [100, 1000])
def test_batches_hold_each_item_once_within_the_budget(budget, device):
    lengths = np.random.default_rng(6).integers(1, 60, size=200).tolist()
    batches = list(by_length(lengths, budget, device=device))
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


@pytest.mark.parametrize("seed", range(5))
def test_no_other_cut_of_the_sorted_items_costs_less(seed):
    lengths = sorted(np.random.default_rng(seed).integers(1, 40, size=9).tolist(), reverse=True)
    budget, cost = 90, _BATCH_COST["cpu"]

    def price(sizes):
        starts = np.cumsum([0, *sizes])
        tokens = [lengths[start] * size for start, size in zip(starts[:-1], sizes, strict=True)]
        return sum(tokens) + cost * len(sizes) if max(tokens) <= budget else float("inf")

    least = min(price(_sizes(cuts)) for cuts in product([False, True], repeat=8))
    assert price([len(batch) for batch in by_length(lengths, budget)]) == least


def _sizes(cuts):
    borders = [0, *(place + 1 for place, cut in enumerate(cuts) if cut), len(cuts) + 1]
    return np.diff(borders).tolist()
