import numpy as np
import pytest

from langsamp.analysis.donors.neighbour_votes import NeighbourConfig, neighbour_votes, vote
from langsamp.languages.tags import LangScript


def test_the_candidate_whose_sentences_lie_nearest_gets_the_votes():
    rng = np.random.default_rng(0)
    target = rng.normal(size=(10, 6))
    near, far = target[:8] + 0.01 * rng.normal(size=(8, 6)), -np.abs(rng.normal(size=(8, 6)))
    shares = vote(target[:8], np.stack([far, near]), neighbours=1)
    assert shares.tolist() == [0, 1]


def test_shares_sum_to_one_and_length_does_not_count():
    rng = np.random.default_rng(1)
    target, pool = rng.normal(size=(5, 4)), rng.normal(size=(3, 7, 4))
    shares = vote(target, pool, neighbours=4)
    assert shares.sum() == pytest.approx(1)
    longer = pool * np.array([1.0, 9.0, 0.2])[:, None, None]
    assert vote(3 * target, longer, neighbours=4) == pytest.approx(shares)


def test_all_neighbours_that_there_are_say_nothing():
    pool = np.random.default_rng(2).normal(size=(4, 3, 5))
    assert vote(pool[0], pool, neighbours=99) == pytest.approx(np.full(4, 1 / 4))


def test_votes_of_an_encoder(tiny_run):
    """No target is among its own candidates, nor does one without sentences take part."""
    tags = [LangScript.parse(tag) for tag in ("deu_Latn", "eng_Latn", "hin_Deva", "swh_Latn", "xxx_Latn")]
    config = NeighbourConfig(task="sr-cldr", sentences=6, candidate_sentences=12)
    votes = neighbour_votes(tiny_run.export, tags, tags[1:], config)
    assert set(votes) == set(tags[:4])
    assert set(votes[tags[1]]) == {tags[2], tags[3]}
    assert all(sum(of_target.values()) == pytest.approx(1) for of_target in votes.values())
    assert neighbour_votes(tiny_run.export, tags, tags[1:], config) == votes
