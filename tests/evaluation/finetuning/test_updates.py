"""The arithmetic of both protocols, against what the original scripts do (counts from their own data sizes)."""

from itertools import pairwise

import numpy as np
import pytest

from langsamp.evaluation.finetuning.updates import num_looks, num_updates, updates
from langsamp.evaluation.protocols import FINE_TUNING

TEXTS, WORDS = "sequence-classification", "token-classification"


def all_updates(number, kind, protocol, *, seed=1, **changes):
    settings = FINE_TUNING[kind, protocol].model_copy(update=changes)
    found = list(updates(number, settings, seed=seed))
    assert len(found) == num_updates(number, settings)
    assert sum(update.looks for update in found) == num_looks(number, settings)
    assert [update.number for update in found] == list(range(1, len(found) + 1))
    return found


def of_epoch(found, epoch):
    return [update for update in found if update.epoch == epoch]


@pytest.mark.parametrize("kind", [TEXTS, WORDS])
@pytest.mark.parametrize("number", [1, 16, 32, 70])
def test_fixed_uses_every_example_once_an_epoch(kind, number):
    found = all_updates(number, kind, "fixed", epochs=3)
    for epoch in (1, 2, 3):
        updates_of_epoch = of_epoch(found, epoch)
        used = np.concatenate([part for update in updates_of_epoch for part in update.parts])
        assert sorted(used) == list(range(number))
        assert all(len(update.parts) == 1 for update in updates_of_epoch)
        assert [update.looks for update in updates_of_epoch] == [False] * (len(updates_of_epoch) - 1) + [True]


def test_the_order_is_a_pure_function_of_seed_and_epoch():
    def order(epoch, **settings):
        return np.concatenate([u.passed for u in of_epoch(all_updates(50, TEXTS, "fixed", **settings), epoch)]).tolist()

    assert order(2, epochs=2) == order(2, epochs=5, batch_size=4)
    assert order(1, epochs=2) != order(2, epochs=2)
    assert order(1, epochs=2, seed=1) != order(1, epochs=2, seed=2)


@pytest.mark.parametrize("kind", [TEXTS, WORDS])
def test_fixed_falls_linearly_from_the_full_rate_to_almost_nothing(kind):
    rates = [update.rate for update in all_updates(100, kind, "fixed")]
    full = FINE_TUNING[kind, "fixed"].learning_rate
    np.testing.assert_allclose(rates, full * (1 - np.arange(len(rates)) / len(rates)))


def test_paper_loses_the_first_part_of_each_pair_and_halves_the_rate():
    found = all_updates(701, TEXTS, "paper")  # English of SIB-200: 88 parts an epoch
    assert len(found) == 40 * 44
    for update in found[:44]:
        (part,) = update.parts
        assert update.passed[-len(part) :].tolist() == part.tolist() and len(part) in {8, 5}
    assert sum(len(update.passed) for update in found[:44]) == 701
    assert sum(len(part) for update in found[:44] for part in update.parts) == 43 * 8 + 5
    np.testing.assert_allclose([update.rate for update in found], 1e-5 * (1 - np.arange(1760) / 3520))
    assert found[-1].rate > 0.5e-5


def test_paper_steps_after_a_lone_last_part():
    found = all_updates(20, TEXTS, "paper", epochs=1)  # parts of 8, 8 and 4
    assert [[len(part) for part in update.parts] for update in found] == [[8], [4]]
    assert [update.looks for update in found] == [False, True]


def test_paper_looks_every_thousand_updates_and_after_the_last():
    found = all_updates(20_000, WORDS, "paper")  # English of WikiANN
    assert len(found) == 6250
    assert [update.number for update in found if update.looks] == [1000, 2000, 3000, 4000, 5000, 6000, 6250]


def test_paper_starts_below_the_full_rate_and_ends_at_zero():
    rates = [update.rate for update in all_updates(320, WORDS, "paper")]
    np.testing.assert_allclose(rates, 2e-5 * (1 - np.arange(1, 101) / 100))
    assert rates[-1] == 0


def test_paper_carries_left_over_parts_into_the_next_epoch():
    found = all_updates(100, WORDS, "paper", epochs=3)  # 13 parts an epoch: three batches of four, one left over
    assert [len(update.parts) for update in found] == [4, 4, 4, 5, 4, 4, 5, 4, 4]
    assert [update.epoch for update in found] == [1, 1, 1, 2, 2, 2, 3, 3, 3]
    carried, first = found[3].parts[0], np.concatenate([u.passed for u in found[:3]])
    assert sorted([*carried, *first]) == list(range(100))


def test_too_few_examples_for_a_batch_of_parts_give_no_update_under_paper():
    assert all_updates(24, WORDS, "paper") == []
    assert len(all_updates(25, WORDS, "paper", epochs=2)) == 2


@pytest.mark.parametrize("protocol", ["fixed", "paper"])
@pytest.mark.parametrize("kind", [TEXTS, WORDS])
@pytest.mark.parametrize("number", [25, 64, 203])
def test_rates_fall_and_no_example_passes_twice_in_an_epoch(kind, protocol, number):
    found = all_updates(number, kind, protocol, epochs=4, select_every=7)
    assert all(former.rate > later.rate for former, later in pairwise(found))
    assert found[-1].looks
    passed = np.bincount(np.concatenate([update.passed for update in found]), minlength=number)
    assert passed.max() <= 4 and passed.min() >= 3
