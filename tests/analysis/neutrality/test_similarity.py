import numpy as np
import pytest

from langsamp.analysis.neutrality.similarity import change, compare_languages, mean_interval, pairs
from langsamp.scores.statistics.bootstrap import draws

LANGUAGES, SENTENCES, WIDTH = 4, 30, 16
N_PAIRS = LANGUAGES * (LANGUAGES - 1) // 2


@pytest.fixture
def rng():
    return np.random.default_rng(3)


@pytest.fixture
def content(rng):
    """What sentences say: one vector each."""
    return rng.normal(size=(SENTENCES, WIDTH))


@pytest.fixture
def vectors(rng, content):
    """A model that knows some of the content, and something of the language."""
    noise = rng.normal(size=(LANGUAGES, SENTENCES, WIDTH))
    return content + noise + 3 * rng.normal(size=(LANGUAGES, 1, WIDTH))


@pytest.fixture
def drawn(rng):
    return draws(SENTENCES, 400, rng)


def test_language_plus_content_is_perfectly_neutral_once_centred(rng, content):
    found = compare_languages(content + 5 * rng.normal(size=(LANGUAGES, 1, WIDTH)))
    assert found.parallel == pytest.approx(np.ones((N_PAIRS, SENTENCES)))
    assert (found.raw < 0.99).all()
    assert (found.raw_gap.mean(axis=1) > 0).all()


def test_centring_removes_what_all_sentences_of_a_language_share(rng, vectors):
    moved = compare_languages(vectors + 7 * rng.normal(size=(LANGUAGES, 1, WIDTH)))
    assert moved.parallel == pytest.approx(compare_languages(vectors).parallel)
    assert moved.non_parallel == pytest.approx(compare_languages(vectors).non_parallel)


def test_leaving_a_sentence_out_of_its_centroid_changes_no_cosine_of_translations(vectors):
    others = (vectors.sum(axis=1, keepdims=True) - vectors) / (SENTENCES - 1)
    a, b = (vectors - others)[[0, 1]]
    expected = (a * b).sum(axis=1) / np.linalg.norm(a, axis=1) / np.linalg.norm(b, axis=1)
    assert compare_languages(vectors).parallel[0] == pytest.approx(expected)


def test_all_numbers_are_those_of_a_plain_loop(vectors):
    def cosine(a, b):
        return float(a @ b / np.sqrt((a @ a) * (b @ b)))

    found = compare_languages(vectors)
    centred = [[sentence - own.mean(axis=0) for sentence in own] for own in vectors]
    for pair, (first, second) in enumerate(zip(*pairs(LANGUAGES), strict=True)):
        for model, parallel, non_parallel in (
            (centred, found.parallel, found.non_parallel),
            (vectors, found.raw, found.raw_non_parallel),
        ):
            a, b = model[first], model[second]
            others = [cosine(a[i], b[j]) for i in range(SENTENCES) for j in range(SENTENCES) if i != j]
            assert parallel[pair] == pytest.approx([cosine(a[i], b[i]) for i in range(SENTENCES)])
            assert non_parallel[pair] == pytest.approx(np.mean(others))
    assert found.raw_gap.mean(axis=1) == pytest.approx(found.raw.mean(axis=1) - found.raw_non_parallel)


def test_vectors_that_point_one_way_have_high_cosines_and_no_gap(rng):
    found = compare_languages(100 + rng.normal(size=(LANGUAGES, SENTENCES, WIDTH)))
    assert (found.raw > 0.99).all()
    assert np.abs(found.raw_gap.mean(axis=1)).max() < 1e-4


def test_a_vector_of_nothing_is_similar_to_nothing():
    found = compare_languages(np.ones((2, SENTENCES, WIDTH)))
    assert (found.parallel == 0).all()
    assert found.raw == pytest.approx(np.ones((1, SENTENCES)))


def test_intervals_hold_the_estimate_and_shrink_with_sentences(rng, content, vectors, drawn):
    found = compare_languages(vectors)
    for values in (found.parallel, found.raw, found.raw_gap):
        low, high = mean_interval(values, drawn)
        assert ((low < values.mean(axis=1)) & (values.mean(axis=1) < high)).all()
    more = compare_languages(np.tile(vectors, (1, 4, 1))).parallel
    low_more, high_more = mean_interval(more, draws(4 * SENTENCES, 400, rng))
    low, high = mean_interval(found.parallel, drawn)
    assert (high_more - low_more).mean() == pytest.approx((high - low).mean() / 2, rel=0.15)


def test_holding_the_centroids_gives_the_interval_of_drawing_them_anew(vectors, drawn):
    low, high = mean_interval(compare_languages(vectors).parallel, drawn)
    anew = [compare_languages(np.repeat(vectors, times.astype(int), axis=1)).parallel.mean(axis=1) for times in drawn]
    full_low, full_high = np.quantile(anew, [0.025, 0.975], axis=0)
    assert (high - low).mean() == pytest.approx((full_high - full_low).mean(), rel=0.15)


def test_the_interval_of_the_gap_is_that_of_drawing_sentences_anew(rng):
    vectors = rng.normal(size=(SENTENCES, WIDTH)) + 0.7 * rng.normal(size=(2, SENTENCES, WIDTH)) + 1
    drawn = draws(SENTENCES, 400, rng)
    own = compare_languages(vectors).raw_gap
    anew = []
    for times in drawn.astype(int):
        unit = vectors / np.linalg.norm(vectors, axis=2, keepdims=True)
        cosines, weights = unit[0] @ unit[1].T, np.outer(times, times) * (1 - np.eye(SENTENCES))
        anew.append(np.diag(cosines) @ times / SENTENCES - (cosines * weights).sum() / weights.sum())
    low, high = mean_interval(own, drawn)
    assert high[0] - low[0] == pytest.approx(np.subtract(*np.quantile(anew, [0.975, 0.025])), rel=0.15)


def test_a_change_is_paired_and_in_per_cent_of_what_was(rng, vectors, drawn):
    before = compare_languages(vectors).parallel
    found = change(before, 1.1 * before, drawn)
    assert found.percent == pytest.approx(np.full(N_PAIRS, 10.0))
    assert found.percent_low == pytest.approx(found.percent)  # every draw changes by the same
    assert found.percent_high == pytest.approx(found.percent)
    assert ((found.low < found.difference) & (found.difference < found.high)).all()


def test_per_cent_of_what_may_be_nothing_are_not_given(rng, drawn):
    before = rng.normal(size=(1, SENTENCES))
    found = change(before - before.mean() + 1e-3, before, drawn)
    assert np.isnan([found.percent, found.percent_low, found.percent_high]).all()
    assert np.isfinite([found.difference, found.low, found.high]).all()
